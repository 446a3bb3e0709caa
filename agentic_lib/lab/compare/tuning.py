"""Settings for the peers, chosen where the brain's were chosen.

    python -m agentic_lib.lab.compare.tuning [plateau] [greedy] [brain]

Five settings each train the same runs of the teaching families; the one with
the highest mean final accuracy is taken into `methods.TUNED`. None of the
tasks that methods are compared on is touched.
"""

import sys
from functools import partial

import numpy as np
import torch

from agentic_lib.brain.decision import Metrics
from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.compare.deciders import Brain
from agentic_lib.lab.compare.methods import greedy, plateau, scheduled
from agentic_lib.lab.pilots import Group
from agentic_lib.lab.teach.situations import draw_runs, draw_situation

SITUATIONS, RUNS = 4, 24
SETTINGS = {
    "plateau": [scheduled(plateau, "val_loss", factor=factor, patience=wait)
                for factor, wait in (
                    (0.1, 5), (0.3, 2), (0.3, 5), (0.5, 2), (0.5, 5))],
    "greedy": [scheduled(greedy, "val_loss", factor=factor, patience=wait)
               for factor, wait in (
                   (0.5, 0), (0.5, 1), (0.7, 0), (0.7, 1), (0.9, 1))],
    "brain": [partial(Brain, every=every, reduce=reduce, increase=increase)
              for every, reduce, increase in (
                  (5, 0.7, 1.3), (5, 0.5, 2.0), (3, 0.5, 2.0), (2, 0.7, 1.3),
                  (2, 0.5, 2.0))],
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


def tune(names=SETTINGS, say=print):
    """Prints the mean final accuracy of every setting of these methods."""
    for name in names:
        for start in SETTINGS[name]:
            mean = np.mean([final_accuracies(start, seed)
                            for seed in range(SITUATIONS)])
            say(f"{name} {describe(start)}: {mean:.2f}", flush=True)


def describe(start) -> dict:
    """The settings that were bound to a start."""
    inner = getattr(start.keywords.get("make"), "keywords", {})
    return inner or start.keywords


if __name__ == "__main__":
    torch.set_num_threads(1)
    tune(sys.argv[1:] or SETTINGS)
