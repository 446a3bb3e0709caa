"""Rows -> numbers that a sceptic accepts.

Interquartile means, paired bootstrap intervals, probability of improvement
and performance profiles, after Agarwal et al., "Deep reinforcement learning at
the edge of the statistical precipice" (2021). Knows nothing about training.

A score is an array of shape (tasks, rates, seeds). The bootstrap resamples the
seeds: separately for each task, and in the same way for all methods and rates.
So the intervals hold for these tasks and these starting rates. A statistic
takes scores, of one draw or with a leading axis of draws, and gives one number
for each draw.
"""

import math
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

import numpy as np

GOOD = 2.0    # points: a constant rate this close to the best is a good start
TIMES = 1000  # draws of a bootstrap
COLUMNS = ("test", "test_best", "val_best", "area", "epochs", "to_target",
           "diverged")
numbers = attrgetter(*COLUMNS)  # of a row


@dataclass
class Scores:
    """What all methods reached on the same grid.

    rates    for each task its starting rates, the lowest first
    columns  {method: {column: (tasks, rates, seeds)}}
    best     (tasks,) index of the constant rate that is best in hindsight
    """

    tasks: list
    rates: list
    seeds: list
    columns: dict
    best: np.ndarray
    is_good: np.ndarray = None  # (tasks, rates): the constant rate is good

    @property
    def methods(self):
        return list(self.columns)

    def regret(self, method, column="test"):
        """Points behind the last weights of the best constant rate in
        hindsight, with the same seed. Negative: ahead of it."""
        reference = self.columns["constant"]["test"]
        best = reference[np.arange(len(self.tasks)), self.best]
        return best[:, None, :] - self.columns[method][column]

    def good(self):
        """(tasks, rates) True where the constant rate is a good start."""
        return self.regret("constant").mean(2) <= GOOD


def collect(rows, tasks=None, methods=None) -> Scores:
    """Rows -> Scores, of the tasks, rates and seeds that every method has.

    Raises ValueError if there is no 'constant', or nothing in common.
    """
    kept = [r for r in rows if (tasks is None or r.task in tasks)
            and (methods is None or r.method in methods)]
    found, starts = {}, {}
    for row in kept:
        found.setdefault(row.method, {})[
            (row.task, key(row.rate), row.seed)] = row
        if row.method == "constant":
            starts.setdefault(row.task, set()).add(key(row.rate))
    if "constant" not in found:
        raise ValueError("rows hold no runs of the method 'constant', which "
                         "regret is measured against.")
    every_seed = sorted({r.seed for r in kept})

    def complete(task, seed):
        return all(has(f, task, rate, seed) for f in found.values()
                   for rate in starts[task])

    tasks = [t for t in starts if any(complete(t, s) for s in every_seed)]
    seeds = [s for s in every_seed if all(complete(t, s) for t in tasks)]
    if not tasks or not seeds:
        raise ValueError("the methods have no task and seed in common: "
                         f"methods={list(found)}.")
    rates = [sorted(starts[t]) for t in tasks]
    if len(set(map(len, rates))) > 1:
        raise ValueError("tasks differ in how many starting rates they have: "
                         f"{dict(zip(tasks, map(len, rates)))}.")
    columns = {}
    for method, f in found.items():
        cells = np.array([[[numbers(find(f, t, rate, s)) for s in seeds]
                           for rate in of_task]
                          for t, of_task in zip(tasks, rates)], dtype=float)
        columns[method] = dict(zip(COLUMNS, np.moveaxis(cells, -1, 0)))
    best = columns["constant"]["test"].mean(2).argmax(1)
    return Scores(tasks, rates, seeds, columns, best)


def key(rate):
    """A rate in the form that is compared; None if a method has none."""
    return None if math.isnan(rate) else four_digits(rate)


@cache
def four_digits(rate):
    return float(f"{rate:.4g}")


def has(found, task, rate, seed):
    return (task, rate, seed) in found or (task, None, seed) in found


def find(found, task, rate, seed):
    """The row; a method without a rate has one row for all rates."""
    row = found.get((task, rate, seed))
    return found[(task, None, seed)] if row is None else row


def iqm(values):
    """The mean of the middle half of all values of a draw."""
    ordered = np.sort(values.reshape(*values.shape[:-3], -1))
    cut = ordered.shape[-1] // 4
    return ordered[..., cut:ordered.shape[-1] - cut].mean(-1)


def interval(statistic, *scores, times=TIMES, seed=0, tasks=False):
    """(value, low, high): a statistic of scores of shape (tasks, rates,
    seeds), with its paired bootstrap interval of 95 %.

    statistic  reduces the last three axes of its scores: `mean`, `iqm`, ...
    tasks      True: tasks are resampled as well, so that the interval holds
               for tasks like these instead of for these tasks

    It is widened because there are few seeds, or tasks (Hesterberg, "What
    teachers should know about the bootstrap", 2015).
    """
    rng = np.random.default_rng(seed)
    count, _, seeds = scores[0].shape
    which = (rng.integers(count, size=(times, count)) if tasks
             else np.tile(np.arange(count), (times, 1)))
    drawn = rng.integers(seeds, size=(times, count, seeds))
    # (times, tasks, seeds, rates) -> (times, tasks, rates, seeds)
    samples = [s.transpose(0, 2, 1)[which[..., None], drawn]
               .transpose(0, 1, 3, 2) for s in scores]
    values = statistic(*samples)
    if np.shape(values) != (times,):
        raise ValueError("statistic must give one number for each draw, from "
                         "scores of shape (draws, tasks, rates, seeds); it "
                         f"gave the shape {np.shape(values)}: reduce the "
                         "last three axes alone, as intervals.mean does.")
    value = float(statistic(*scores))
    few = count if tasks else seeds
    wider = (few / max(few - 1, 1)) ** 0.5
    low, high = np.percentile(values, [2.5, 97.5])
    return (value, float(value + wider * (low - value)),
            float(value + wider * (high - value)))


def mean(values):
    """Over all tasks, rates and seeds; nan if there are none."""
    values = np.asarray(values)
    if not values.size:
        return np.full(values.shape[:-3], np.nan)[()]
    return values.mean(tuple(range(max(values.ndim - 3, 0), values.ndim)))


def difference(a, b):
    """Mean of a minus mean of b."""
    return mean(a) - mean(b)


def improvement(a, b):
    """How likely a run of `a` is to score higher than one of `b` from the
    same start on the same task; ties count half. Averaged over starts and
    tasks."""
    above = a[..., :, None] > b[..., None, :]
    equal = a[..., :, None] == b[..., None, :]
    return (above + 0.5 * equal).mean((-4, -3, -2, -1))


def profile(regret, points) -> np.ndarray:
    """Share of runs whose regret is at most each of `points`."""
    return (np.ravel(regret)[:, None] <= np.asarray(points)).mean(0)


def masked(statistic, mask):
    """A statistic of the (task, rate) cells where `mask` is True."""
    return lambda *scores: statistic(
        *[s[..., mask, :][..., None, :, :] for s in scores])
