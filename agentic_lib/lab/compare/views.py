"""Which rows are compared with which: views of a results file.

A view is a list of rows in which every method has one name. Knows nothing
about how numbers are written down.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from agentic_lib.lab.compare.intervals import (
    collect,
    difference,
    interval,
    key,
)
from agentic_lib.lab.compare.methods import GUARDS, METHODS
from agentic_lib.lab.compare.recorded import (
    COPIES,
    GROUPS,
    SCHEDULES,
    SEARCHING,
)
from agentic_lib.lab.compare.tasks import LEAK, NEW

OURS = ("brain", "brain_quick")  # the brain at its two settings
# What the picture shows.
SHOWN = {"read the metrics": ("brain_quick", "greedy_tuned",
                              "plateau_tuned"),
         "follow a plan": ("constant", "linear"),
         "search, or have no rate": ("halving", "range_one_cycle",
                                     "prodigy_cosine",
                                     "schedule_free_advised")}
CORE = tuple(name for group in SHOWN.values() for name in group)
# The methods that the answer names. A task on which one of them is missing is
# not used, so that no method drops out because another task was added.
NAMED = tuple(dict.fromkeys(
    (*CORE, *SEARCHING, "rate_only_quick", "logistic_quick")))
REFERENCE = "constant"  # without guards: what regret is measured against


def names(rows):
    return list(dict.fromkeys(r.method for r in rows))


def honest(rows):
    """The comparison without guards on small dense networks: no leak, no
    guards, none of the tasks that came later."""
    new = {task.name for task in NEW}
    return [r for r in rows if not r.task.endswith(LEAK)
            and r.task not in new and not r.method.endswith(GUARDS)]


def unguarded(rows):
    """All tasks, without guards."""
    return [r for r in rows if not r.task.endswith(LEAK)
            and not r.method.endswith(GUARDS)]


def as_used(rows):
    """As people use it: with guards for every method that can have them,
    under its own name. The rate left alone is `left_alone` with guards, and
    `constant` without them, which regret is measured against."""
    view = []
    for row in rows:
        bare = row.method.removesuffix(GUARDS)
        if row.task.endswith(LEAK):
            continue
        if bare != row.method:
            name = "left_alone" if bare == REFERENCE else bare
            view.append(replace(row, method=name))
        elif bare == REFERENCE or not guardable(bare):
            view.append(row)
    return view


def guardable(name) -> bool:
    return name not in METHODS or METHODS[name].guardable


def complete(rows, core=NAMED, seeds=2) -> tuple[list, list]:
    """(rows, names left out): rows of the tasks that all of `core` have with
    at least `seeds` seeds, and of the methods that have all these tasks. A
    task that is another one in other units is left out."""
    rows, found = without_copies(rows), {}
    for r in rows:
        found.setdefault(r.method, {}).setdefault(r.task, set()).add(r.seed)
    tasks_of = {m: {t for t, s in tasks.items() if len(s) >= seeds}
                for m, tasks in found.items()}
    core = [REFERENCE, *("left_alone" if m == REFERENCE
                         and "left_alone" in found else m for m in core)]
    common = set.intersection(*(tasks_of.get(m, set()) for m in core))
    kept = [m for m in found if common and common <= tasks_of[m]]
    return ([r for r in rows if r.method in kept and r.task in common],
            [m for m in found if m not in kept])


def without_copies(rows):
    """Without the tasks that are others in other units."""
    return [r for r in rows if r.task not in COPIES.values()]


def of_group(rows, group):
    """The rows of one kind of task (`recorded.GROUPS`)."""
    return [r for r in rows if r.task in GROUPS[group]]


# -- two methods --------------------------------------------------------------

def pair(rows, method, other=REFERENCE, tasks=None):
    """Scores of two methods, and of constant, on what they have in common;
    a task's best constant rate is the best over all of its rows."""
    rows = [r for r in rows if r.method in (REFERENCE, method, other)]
    scores = collect(rows, tasks)
    reference = {task: [] for task in scores.tasks}
    for row in rows:
        if row.method == REFERENCE and row.task in reference:
            reference[row.task].append(row)
    alone = [collect(of_task) for of_task in reference.values()]
    scores.best = np.array([one.best[0] for one in alone])
    scores.is_good = np.array([one.good()[0] for one in alone])
    return scores


def meet(rows, one, other) -> bool:
    """True if two methods have a task in common."""
    return bool({r.task for r in rows if r.method == one}
                & {r.task for r in rows if r.method == other})


def ahead(rows, other, ours, tasks=False):
    """Points of mean regret that `ours` is ahead of `other`, with the
    interval; `tasks` as in `interval`."""
    s = pair(rows, ours, other)
    return interval(difference, s.regret(other), s.regret(ours), tasks=tasks)


def leads(rows, other, ours) -> dict:
    """{task: points of mean regret that `ours` is ahead of `other`}."""
    s = pair(rows, ours, other)
    apart = (s.regret(other) - s.regret(ours)).mean((1, 2))
    return dict(zip(s.tasks, apart.tolist()))


def rests_on(rows, other, ours) -> list[str]:
    """The tasks without any one of which a lead of either method can no
    longer be told from zero; none if there is no lead."""
    s = pair(rows, ours, other)
    apart = s.regret(other) - s.regret(ours)

    def side_without(left_out):
        """1 or -1: who leads on the other tasks; 0 if it cannot be told."""
        rest = np.delete(apart, left_out, 0)
        _, low, high = interval(difference, rest, 0 * rest)
        return (low > 0) - (high < 0)

    side = side_without([])
    if not side or len(s.tasks) < 2:
        return []
    return [task for k, task in enumerate(s.tasks)
            if side_without(k) != side]


# -- the best schedule in hindsight -------------------------------------------

def with_schedules(rows, tasks, seeds) -> list:
    """Those of the tasks on which every schedule was recorded from every
    start: on the others nobody knows the best one."""
    found = {(r.task, r.method, key(r.rate), r.seed) for r in rows}
    starts = {(task, rate) for task, method, rate, _ in found
              if method == REFERENCE}
    return [task for task in tasks if all(
        (task, method, rate, seed) in found for method in SCHEDULES
        for t, rate in starts if t == task for seed in seeds)]


def best_schedules(rows, tasks, seeds) -> tuple[np.ndarray, list[str]]:
    """((tasks, seeds) scores of the best schedule at its best rate in
    hindsight, its name for each task). A constant rate counts as a schedule.
    The tasks must be some of those `with_schedules`."""
    frame = pd.DataFrame(
        [(r.task, r.method, r.rate, r.seed, r.test) for r in rows
         if r.method in (REFERENCE, *SCHEDULES)],
        columns=["task", "method", "rate", "seed", "test"])
    scores = frame.pivot(index=["task", "method", "rate"], columns="seed",
                         values="test")[seeds].dropna()
    top = scores.mean(axis=1).groupby("task").idxmax()[tasks]
    return scores.loc[top].to_numpy(), [
        f"{name} from {rate:g}" for _, name, rate in top]


def schedule_regret(rows, plain, method):
    """(tasks, rates, seeds) points behind the best schedule in hindsight
    (without guards: `plain`), for a method in the view `rows`; None if there
    is no task `with_schedules`."""
    s = pair(rows, method)
    tasks = with_schedules(plain, s.tasks, s.seeds)
    if not tasks:
        return None
    s = pair([r for r in rows if r.seed in s.seeds], method, tasks=tasks)
    best, _ = best_schedules(plain, s.tasks, s.seeds)
    return best[:, None] - s.columns[method]["test"]
