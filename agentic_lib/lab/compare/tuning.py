"""Settings, chosen where the brain's were chosen.

    python -m agentic_lib.lab.compare.tuning [plateau] [greedy] ...

For each method, five settings train the same runs of the teaching families.
All trials are recorded in `data/tuning.json`, and `methods.TUNED` holds the
best of each method. A method that is not in that file was not tuned. None of
the tasks that methods are compared on is touched.
"""

import json
import sys
from functools import partial

import numpy as np
import torch

from agentic_lib.brain.decision import Metrics
from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.compare.deciders import Brain, RateOnly
from agentic_lib.lab.compare.methods import (
    TUNING,
    greedy,
    plateau,
    scheduled,
    trials_of,
)
from agentic_lib.lab.pilots import Group
from agentic_lib.lab.teach.situations import draw_runs, draw_situation

SITUATIONS, RUNS = 4, 24
QUICK = {"every": 2, "reduce": 0.5, "increase": 2.0}


def start_of(name, settings):
    """The `start` of a method at these settings."""
    if name in ("plateau", "greedy", "greedy_min_lr"):
        make = plateau if name == "plateau" else greedy
        return scheduled(make, "val_loss", **settings)
    if name == "rate_only":
        return partial(RateOnly, **QUICK, **settings)
    return partial(Brain, **settings)


SETTINGS = {
    "plateau": [{"factor": factor, "patience": wait} for factor, wait in (
        (0.1, 5), (0.3, 2), (0.3, 5), (0.5, 2), (0.5, 5))],
    "greedy": [{"factor": factor, "patience": wait} for factor, wait in (
        (0.5, 0), (0.5, 1), (0.7, 0), (0.7, 1), (0.9, 1))],
    "greedy_min_lr": [{"min_lr": low} for low in (
        1e-3, 1e-4, 1e-5, 1e-6, 1e-7)],
    "rate_only": [{"low": low, "high": high} for low, high in (
        (0.003, 0.01), (0.01, 0.03), (0.03, 0.06), (0.05, 0.2),
        (0.1, 0.5))],
    "brain": [{"every": every, "reduce": reduce, "increase": increase}
              for every, reduce, increase in (
                  (5, 0.7, 1.3), (5, 0.5, 2.0), (3, 0.5, 2.0),
                  (2, 0.7, 1.3), (2, 0.5, 2.0))],
}


@torch.no_grad()
def final_accuracies(start, seed) -> np.ndarray:
    """(RUNS,) test accuracies of one teaching situation under a method."""
    rng = np.random.default_rng(10 ** 9 + seed)
    situation = draw_situation(rng)
    batch, _ = draw_runs(situation, RUNS, rng)
    pilot = start(Group(tuple(batch.rate.tolist()), tuple(range(RUNS)),
                        situation.horizon))
    histories = [[] for _ in range(RUNS)]
    for epoch in range(1, situation.horizon + 1):
        going = ~pilot.stopped
        batch.rate = torch.tensor(pilot.rates * going).to(batch.rate)
        values = {k: v.tolist() for k, v in batch.epoch().items()}
        for i in np.flatnonzero(going):
            histories[i].append(Metrics(
                epoch=epoch, total_epochs=situation.horizon,
                **{name: values[name][i] for name in METRICS}))
        if epoch < situation.horizon:
            pilot.step(histories)
    return batch.measure("test")[0].numpy()


def tune(names=SETTINGS, path=TUNING):
    """Tries every setting of these methods, and records all trials."""
    for name in names:
        trials = []
        for settings in SETTINGS[name]:
            start = start_of(name, settings)
            mean = np.mean([final_accuracies(start, seed)
                            for seed in range(SITUATIONS)])
            trials.append({"settings": settings,
                           "accuracy": round(float(mean), 2)})
            print(name, trials[-1], flush=True)
        path.write_text(json.dumps({**trials_of(path), name: trials},
                                   indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    tune(sys.argv[1:] or SETTINGS)
