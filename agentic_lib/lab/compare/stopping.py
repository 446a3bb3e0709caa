"""What stopping early saves and costs, by how sure the brain must be.

    python -m agentic_lib.lab.compare.stopping

Each run of the quick brain is trained to its end. How far stopping was ahead
of every other action is noted at each decision. A run that stops once a given
margin is reached is the beginning of the same run, so one training run gives
the whole curve. Guards are off, but no run stops before epoch 10.
"""

import json
from pathlib import Path

import pandas as pd
import torch

from agentic_lib.brain.decision import STOP
from agentic_lib.lab.compare.deciders import Brain
from agentic_lib.lab.compare.methods import OFFERED, SETTINGS
from agentic_lib.lab.compare.recorded import DENSE, GROUPS
from agentic_lib.lab.compare.results import versions
from agentic_lib.lab.compare.tables import markdown
from agentic_lib.lab.compare.tasks import find_task
from agentic_lib.lab.compare.together import (
    Finish,
    make_batch,
    make_group,
    train_on,
)

FILE = Path(__file__).parents[1] / "data" / "stopping.json"
MARGINS = (-0.3, -0.2, -0.1, 0.0, 0.05, 0.1)
FIRST, SEEDS = 10, 1


class Reluctant(Brain):
    """Never stops, and notes in `margins` how much it would have liked to:
    for each run [(epoch, probability of stopping minus the next best)]."""

    def __init__(self, group, **options):
        super().__init__(group, **options)
        self.margins = [[] for _ in group.rates]

    def choose(self, histories, going, batch):
        names = []
        for row, history, decision in zip(going, histories, super().choose(
                histories, going, batch)):
            shares = dict(decision.probabilities or {})
            stop = shares.pop(STOP.name, 0.0)
            if shares:
                self.margins[row].append(
                    (history[-1].epoch, stop - max(shares.values())))
            instead = max(shares, key=shares.get) if shares else "continue"
            names.append(instead if decision.action == STOP.name
                         else decision.action)
        return names


@torch.no_grad()
def ends(task, seeds=SEEDS) -> list[dict]:
    """For every run and margin: {margin, epochs, test, test_best} where it
    would have stopped, with `full` and `full_best` at the budget's end."""
    pairs = [(rate, seed) for rate in task.rates for seed in range(seeds)]
    batch = make_batch(task, pairs)
    pilot = Reluctant(make_group(task, pairs, batch.data.x.shape[1]),
                      actions=OFFERED["_quick"], **SETTINGS["_quick"][0])
    histories, finish, seen = [[] for _ in pairs], Finish(batch), {}
    for epoch in train_on(batch, pilot, histories, 1, task.epochs):
        finish.see(histories)
        if epoch % pilot.every == 0 or epoch == task.epochs:
            seen[epoch] = finish.scores(), best_scores(finish)
        if epoch < task.epochs:
            pilot.step(histories, batch)
    found = []
    for row in range(len(pairs)):
        for margin in MARGINS:
            at = next((epoch for epoch, ahead in pilot.margins[row]
                       if ahead >= margin and epoch >= FIRST), task.epochs)
            found.append({
                "task": task.name, "margin": margin, "epochs": at,
                "budget": task.epochs,
                "test": seen[at][0][row], "test_best": seen[at][1][row],
                "full": seen[task.epochs][0][row],
                "full_best": seen[task.epochs][1][row]})
    return found


def best_scores(finish) -> list[float]:
    """The test scores of the weights that are best so far."""
    batch = finish.batch
    now, batch.weights = batch.weights, finish.best
    found = finish.scores()
    batch.weights = now
    return found


def record(path=FILE):
    found = [end for name in GROUPS[DENSE]
             for end in ends(find_task(name))]
    path.write_text(json.dumps({**versions(), "ends": [
        {k: round(v, 2) if isinstance(v, float) else v
         for k, v in end.items()} for end in found]}))


def read(path=FILE) -> dict:
    """What `record` wrote: which brain was asked, and under "ends" where its
    runs would have stopped; empty if there is no such file."""
    return json.loads(path.read_text()) if path.exists() else {}


def curve(found) -> list[tuple]:
    """[(margin, share of runs stopped, share of epochs saved, points lost
    with the last weights, with the best weights kept)]."""
    runs = pd.DataFrame(found)
    means = pd.DataFrame({
        "stopped": runs.epochs < runs.budget,
        "saved": 1 - runs.epochs / runs.budget,
        "last": runs.full - runs.test,
        "best": runs.full_best - runs.test_best}).groupby(runs.margin).mean()
    return list(means.itertuples(name=None))


def table(found) -> str:
    return markdown(
        ["stopping leads by", "runs stopped", "epochs saved",
         "points lost, last weights", "points lost, best weights kept"],
        [[f"{margin:g}", f"{100 * stopped:.0f} %", f"{100 * saved:.0f} %",
          f"{last:.2f}", f"{best:.2f}"]
         for margin, stopped, saved, last, best in curve(found)])


if __name__ == "__main__":
    torch.set_num_threads(1)
    record()
    print(table(read()["ends"]))
