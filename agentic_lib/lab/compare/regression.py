"""Does it help if a number is predicted, and only a loss is known?

    python -m agentic_lib.lab.compare.regression

Friedman's three test problems ("Multivariate adaptive regression splines",
1991), as scikit-learn makes them: a small network, squared error, no accuracy
to read. One problem's targets stay in their own unit, so that losses begin
near 300,000. The brain was taught on other problems of this kind. Runs use the
loop of `train()` and the real controller, one after another. What was recorded
is kept, and the same command goes on from there.
"""

import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn import datasets
from torch.nn.functional import mse_loss

from agentic_lib.lab.compare.alone import OneTraining, begin
from agentic_lib.lab.compare.intervals import GOOD, interval, masked, mean
from agentic_lib.lab.compare.methods import GUARDS, find_method, rests_on
from agentic_lib.lab.compare.results import changed, versions
from agentic_lib.lab.compare.tables import lead, markdown, with_interval
from agentic_lib.lab.compare.tasks import LOW, RATES, Task
from agentic_lib.run.data import Data

FILE = Path(__file__).parents[1] / "data" / "regression.json"
SIZES = (1000, 600, 1000)  # examples to train on, to validate, to test
SEEDS = 2
OURS = "brain_quick"
METHODS = ("constant", "cosine", "plateau_tuned", "greedy_tuned",
           "rules_quick", "logistic_quick", OURS)


def friedman(seed, make, noise, raw=False) -> Data:
    """One of the three problems, inputs standardised.

    make   a function of sklearn.datasets
    noise  standard deviation of the noise added to the targets
    raw    True leaves the targets in their own unit
    """
    x, y = make(sum(SIZES), noise=noise, random_state=seed)
    x = (x - x.mean(0)) / x.std(0)
    y = y if raw else (y - y.mean()) / y.std()
    parts = zip(*[torch.tensor(z, dtype=torch.float32).split(SIZES)
                  for z in (x, y)])
    return Data(make.__name__, 1, *parts)


def network(inputs, _):
    """Two hidden layers of 64 units, and one output."""
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, 1))


def task(name, load, optimizer, rates) -> Task:
    return Task(name, load, "tabular", optimizer=optimizer, rates=rates,
                network=network, loss_only=True, target=math.nan)


TASKS = (
    task("friedman1_adam",
         partial(friedman, make=datasets.make_friedman1, noise=1.0),
         "adam", LOW),
    task("friedman2_adamw, targets as they are",
         partial(friedman, make=datasets.make_friedman2, noise=50.0,
                 raw=True), "adamw", LOW),
    task("friedman3_sgd",
         partial(friedman, make=datasets.make_friedman3, noise=0.1),
         "sgd", RATES),
)


class Regression(OneTraining):
    """Training by squared error."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.loss = lambda output, y: mse_loss(output[:, 0], y)


def explained(training) -> float:
    """Percent of the test targets' variance that is explained, at least 0:
    the mean explains nothing, and neither does a run that diverged."""
    inputs, targets = training.data.test
    _, loss = training.evaluate(inputs, targets)
    share = 1 - loss / targets.var(correction=0).item()
    return 100 * max(share, 0.0) if math.isfinite(loss) else 0.0


def run(task, method, rate, seed) -> float:
    """Trains one run to its end; returns what it explained, in percent."""
    training, pilot, after_epoch = begin(task, method, rate, seed, Regression)
    while not training.done and not pilot.stopped[0]:
        training.step()
        if not training.done:
            after_epoch()
    return explained(training)


# -- recording ----------------------------------------------------------------

def names() -> list[str]:
    """The constant rate as it is, and all methods under guards."""
    return ["constant", *[name + GUARDS for name in METHODS]]


def record(path=FILE, tasks=TASKS, seeds=SEEDS, methods=None):
    """Runs what is missing, or rests on a brain, labels or guards that have
    changed since; writes the file after every task and method."""
    torch.set_num_threads(1)
    info, found = versions(), read(path)
    gone = set(changed(found))
    scores = {name: {method: values for method, values in table.items()
                     if not rests_on(method) & gone}
              for name, table in found.get("scores", {}).items()}
    for t in tasks:
        for name in methods or names():
            if name in scores.get(t.name, {}):
                continue
            method = find_method(name)
            values = [[round(run(t, method, rate, seed), 2)
                       for seed in range(seeds)] for rate in t.rates]
            print(f"{t.name}, {name}: {np.mean(values):.1f} %", flush=True)
            scores.setdefault(t.name, {})[name] = values
            path.write_text(json.dumps({**info, "scores": scores}) + "\n")


def read(path=FILE) -> dict:
    """What `record` wrote: under "scores" {task: {method: for each starting
    rate a list of percents, one per seed}}; empty if there is no file."""
    return json.loads(path.read_text()) if path.exists() else {}


# -- telling ------------------------------------------------------------------

def regrets(scores) -> dict:
    """{method: (tasks, rates, seeds) points behind the constant rate that is
    best in hindsight, without guards}; the methods that all tasks have."""
    tables = list(scores.values())
    known = [m for m in tables[0] if all(m in table for table in tables)]
    found = {m: np.array([table[m] for table in tables]) for m in known}
    constant = found["constant"]
    best = constant[np.arange(len(tables)), constant.mean(2).argmax(1)]
    return {m: best[:, None] - values for m, values in found.items()}


def table(scores, ours=OURS + GUARDS) -> str:
    """One line a method, lowest regret first."""
    found = regrets(scores)
    good = found["constant"].mean(2) <= GOOD
    lines = []
    for method, behind in found.items():
        lines.append((behind.mean(), [
            method, with_interval(interval(mean, behind)),
            *[f"{masked(mean, at)(behind):.1f}" for at in (good, ~good)],
            *[f"{one.mean():.1f}" for one in behind],
            "" if method == ours else lead(
                interval(mean, behind - found[ours]))]))
    return markdown(
        ["method", "mean regret", "at good starts", "at poor starts",
         *scores, f"{ours} is"], [line for _, line in sorted(lines)])


if __name__ == "__main__":
    record()
    print(table(read()["scores"]))
