"""Saved states with what each action led to: is a decision a good one?

    python -m agentic_lib.lab.compare.states

Runs of the tasks that methods are compared on are halted at a decision. From
there all four actions are played to the end of the budget, each with several
orders of the data. The default rules, which favour no model, make the later
decisions. One line of `states.jsonl.gz` is one state.
"""

from dataclasses import asdict

import numpy as np
import torch

from agentic_lib.brain.decision import ACTIONS
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.lab.actions import without_stop
from agentic_lib.lab.compare.tasks import TASKS
from agentic_lib.lab.compare.together import (
    make_batch,
    make_group,
    train_on,
)
from agentic_lib.lab.pilots import Decided, Group, bounded, one_by_one
from agentic_lib.lab.saved_states import write_states

ORDERS = 3           # of the data, for every branch
EVERY = 5
WILD = 0.3           # share of decisions before the state taken at random
SEEDS = range(100, 105)  # not those of the comparison
RATES = tuple(10 ** (k / 2) for k in range(-8, 1))


class Wandering(Decided):
    """The rules with some decisions at random, so that states differ."""

    def __init__(self, group, wild=WILD):
        super().__init__(group, one_by_one(fallback_decision),
                         actions=without_stop())
        self.wild = wild
        self.random = np.random.default_rng(sum(group.seeds))

    def choose(self, histories, going, batch):
        names = super().choose(histories, going, batch)
        lots = self.random.random(len(names))
        return [str(self.random.choice(list(self.table)))
                if lot < self.wild else name
                for lot, name in zip(lots, names)]


@torch.no_grad()
def states_of(task, seeds=SEEDS, rates=RATES) -> list[dict]:
    """One state of every run, at decisions spread over the budget."""
    pairs = [(rate, seed) for rate in rates for seed in seeds]
    batch = make_batch(task, pairs)
    group = make_group(task, pairs, batch.data.x.shape[1])
    pilot, histories = Wandering(group), [[] for _ in pairs]
    decisions = np.arange(EVERY, task.epochs, EVERY)
    when = np.random.default_rng(0).permutation(
        np.resize(decisions, len(pairs)))
    found = []
    for epoch in train_on(batch, pilot, histories, 1, task.epochs - 1):
        rows = np.flatnonzero(when == epoch)
        if len(rows):
            outcomes = branch(task, batch, group, pilot.rates, histories,
                              rows, epoch)
            found += [{"task": task.name, "rate": float(f"{pairs[i][0]:.4g}"),
                       "seed": pairs[i][1], "every": EVERY,
                       "factors": [0.7, 1.3], "outcomes": outcome,
                       "history": [brief(m) for m in histories[i]]}
                      for i, outcome in zip(rows, outcomes)]
        pilot.step(histories)
    return found


def branch(task, batch, group, rates, histories, rows, epoch) -> list[dict]:
    """{action: final test accuracies, one per order} for each of `rows`."""
    stopped = batch.measure("test")[0].tolist()
    moving = [a for a in ACTIONS if not a.stop]
    copies = [(i, action, k) for i in rows for action in moving
              for k in range(ORDERS)]
    which = [int(i) for i, _, _ in copies]
    branched = batch.take(torch.tensor(which))
    # branches of the three actions see the data in the same order
    seeds = [group.seeds[i] + 1000 * (k + 1) for i, _, k in copies]
    pilot = Wandering(Group(
        tuple(bounded(rates[i], a.factor) for i, a, _ in copies),
        tuple(seeds), task.epochs), wild=0)
    paths = [list(histories[i]) for i in which]
    for _ in train_on(branched, pilot, paths, epoch + 1, task.epochs):
        pilot.step(paths)
    ends = branched.measure("test")[0].reshape(len(rows), -1, ORDERS)
    return [
        {**{a.name: [round(x, 2) for x in ends[n, k].tolist()]
            for k, a in enumerate(moving)},
         "stop_training": [round(stopped[i], 2)] * ORDERS}
        for n, i in enumerate(rows)]


def brief(metrics) -> dict:
    """Metrics as a dictionary, without needless digits."""
    return {name: float(f"{x:.5g}") if isinstance(x, float) else x
            for name, x in asdict(metrics).items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = []
    for each in TASKS.values():
        made += states_of(each)
        print(f"{each.name}: {len(made)} states in all", flush=True)
        write_states(made)
