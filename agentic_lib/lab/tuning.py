"""Settings for the peers, chosen where the brain's were chosen.

    python -m agentic_lib.lab.tuning

Every setting trains the same runs of the teaching families; the one with the
highest mean final accuracy is taken into `methods.TUNED`. None of the tasks
that methods are compared on is touched.
"""

import numpy as np
import torch

from agentic_lib.decision import Metrics
from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.methods import greedy, plateau, scheduled
from agentic_lib.lab.pilots import Group
from agentic_lib.lab.situations import draw_runs, draw_situation

SITUATIONS, RUNS = 4, 24
SETTINGS = {
    "plateau": (plateau, [
        {"factor": factor, "patience": patience} for factor, patience in (
            (0.1, 5), (0.3, 2), (0.3, 5), (0.5, 2), (0.5, 5))]),
    "greedy": (greedy, [
        {"factor": factor, "patience": patience} for factor, patience in (
            (0.5, 0), (0.5, 1), (0.7, 0), (0.7, 1), (0.9, 1))]),
}


@torch.no_grad()
def final_accuracies(start, seed) -> np.ndarray:
    """(RUNS,) test accuracies of one teaching situation under a method."""
    rng = np.random.default_rng(10 ** 9 + seed)
    situation = draw_situation(rng)
    batch, _ = draw_runs(situation, RUNS, rng)
    pilot = start(Group(tuple(batch.rate.tolist()), tuple(range(RUNS)),
                        situation.horizon))
    for epoch in range(1, situation.horizon + 1):
        batch.rate = torch.tensor(pilot.rates).to(batch.rate)
        values = {k: v.tolist() for k, v in batch.epoch().items()}
        if epoch < situation.horizon:
            pilot.step([[Metrics(epoch=epoch, **{
                name: values[name][i] for name in METRICS})]
                for i in range(RUNS)])
    return batch.measure("test")[0].numpy()


def tune(say=print) -> dict:
    """{peer: its best setting}; prints the mean of every setting."""
    best = {}
    for name, (make, settings) in SETTINGS.items():
        means = []
        for options in settings:
            start = scheduled(make, "val_loss", **options)
            means.append(np.mean([final_accuracies(start, seed)
                                  for seed in range(SITUATIONS)]))
            say(f"{name} {options}: {means[-1]:.2f}", flush=True)
        best[name] = settings[int(np.argmax(means))]
    return best


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(tune())
