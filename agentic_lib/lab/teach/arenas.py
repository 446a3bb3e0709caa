"""Where a brain is judged: the same runs, whatever sets their rates.

Every method trains the same networks from the same weights with the same
order of the data, on data that the brain was never taught on. Guards are off.
The test data is read once, at the end.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from agentic_lib.brain.decision import ACTIONS, with_factors
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.batch import METRICS, Batch, Data, Shape
from agentic_lib.lab.features import numbers
from agentic_lib.lab.teach.branching import on_numbers, play
from agentic_lib.lab.teach.situations import Situation, draw_data, stack
from agentic_lib.lab.teach.texts import State
from agentic_lib.run.data import load_data

RATES = tuple(10 ** (k / 2) for k in range(-6, 1))  # 0.001 to 1
CELLS = ((0, .001), (0, .01), (0, .1), (0, .5),
         (.3, .001), (.3, .01), (.3, .1), (.3, .5))


@dataclass
class Arena:
    """Runs to judge a method on: `cells` x `seeds`, all of one situation.

    cells  (label noise, starting rate) pairs; row i of the batch belongs to
           cell i // seeds
    """

    situation: Situation
    cells: tuple
    seeds: int
    data: Data
    sets: torch.Tensor

    def batch(self) -> Batch:
        """Fresh networks, the same at every call."""
        rate = torch.tensor([c[1] for c in self.cells], dtype=torch.float32)
        batch = Batch(self.data, self.situation.shape, self.sets,
                      rate.repeat_interleave(self.seeds), seed=1)
        # a seed has the same network and order of the data in every cell
        twin = torch.arange(self.seeds).repeat(len(self.cells))
        batch.weights = batch.weights[twin].clone()
        batch.stream = twin
        return batch

    def by_cell(self, values):
        """(rows,) -> the mean over seeds, (cells,)."""
        return np.asarray(values).reshape(len(self.cells), -1).mean(1)


def digits(cells=CELLS, seeds=8, epochs=60, every=5, first_seed=100):
    """The demonstration's trainee and data: an Arena on digits."""
    situation = Situation(Shape((64, 64), 64), 600, 400, epochs, every)
    noises = sorted({noise for noise, _ in cells})
    sets = [load_data("digits", label_noise=noise, seed=first_seed + seed)
            for noise in noises for seed in range(seeds)]
    parts = [[torch.stack([getattr(s, p)[i] for s in sets]) for i in (0, 1)]
             for p in ("train", "val", "test")]
    data = Data(*sum(parts, []), features=torch.full((len(sets),), 64),
                classes=torch.full((len(sets),), 10))
    which = torch.tensor([noises.index(noise) * seeds + seed
                          for noise, _ in cells for seed in range(seeds)])
    return Arena(situation, tuple(cells), seeds, data, which)


def held_out(kind, rates=RATES, seeds=5, epochs=60, every=5, seed=7):
    """An Arena on another family that was never taught, one set per seed."""
    shape = Shape((48, 48), 32)
    situation = Situation(shape, 300, 200, epochs, every, features=30)
    rng = np.random.default_rng(seed)
    data = stack([draw_data(situation, rng, (kind,)) for _ in range(seeds)],
                 situation)
    cells = tuple((kind, rate) for rate in rates)
    return Arena(situation, cells, seeds, data,
                 torch.arange(seeds).repeat(len(cells)))


def arenas():
    """What the brain is judged on: {name: Arena}."""
    return {
        "digits, labels right": digits(tuple((0, r) for r in RATES), 5),
        "digits, 30 % label noise": digits(tuple((.3, r) for r in RATES), 5),
        "breast cancer": held_out("breast_cancer"),
        "spirals": held_out("spirals"),
    }


def run(arena, decide=None, every=None, factors=(0.7, 1.3), scale=None):
    """Trains all runs of an arena to the end.

    decide  (seen (N, epochs, 5), batch, epoch) -> (N,) indices of NAMES, or
            None for no decisions; 3 stops a run
    scale   (seen, epoch) -> (N,) factor on the starting rate: a schedule
    Returns dict: test (N,), seen (N, epochs, 5), actions (N, epochs).
    """
    horizon = arena.situation.horizon
    every = every or arena.situation.every
    batch = arena.batch()
    start = batch.rate.clone()
    seen = np.full((len(batch), horizon, len(METRICS)), np.nan)
    actions = np.full((len(batch), horizon), -1)
    stopped = np.zeros(len(batch), bool)
    for epoch in range(horizon):
        if scale is not None:
            batch.rate = start * torch.as_tensor(
                scale(seen[:, :epoch], epoch)).to(start)
        if decide is not None and epoch and epoch % every == 0:
            act = decide(seen[:, :epoch], batch, epoch)
            act = np.where(stopped, 3, act)
            actions[:, epoch] = act
            step = np.choose(act, [1.0, factors[0], factors[1], 1.0])
            batch.rate = (batch.rate * torch.tensor(step).to(batch.rate)
                          ).clamp(max=10.0)
            batch.rate[torch.tensor(act == 3)] = 0  # weights stay
            stopped |= act == 3
        metrics = batch.epoch()
        seen[:, epoch] = np.stack([metrics[m].numpy() for m in METRICS], 1)
    test, _ = batch.measure("test")
    return {"test": test.numpy(), "seen": seen, "actions": actions}


def by_policy(policy, arena, every=None, factors=(0.7, 1.3)):
    """Turns a policy on numbers into a `decide`."""
    every = every or arena.situation.every

    def decide(seen, batch, epoch):
        rows = numbers(seen, arena.situation.horizon, every,
                       np.tile(factors, (len(seen), 1)))
        return policy(rows).argmax(1)

    return decide


def by_brain(brain, arena, every=None, factors=(0.7, 1.3)):
    """Turns a SimpleAIBrain into a `decide`: it reads prompts and scores."""
    every = every or arena.situation.every
    actions = with_factors(ACTIONS, *factors)

    def decide(seen, batch, epoch):
        histories = [
            State(row, arena.situation.horizon, every, factors).history()
            for row in seen]
        decisions = brain.decide_many(histories, every, actions)
        return np.array([NAMES.index(d.action) for d in decisions])

    return decide


def look_ahead(arena, policy, every=None, factors=(0.7, 1.3), seeds=1):
    """A `decide` that plays every action to the end, under a policy on
    numbers, and takes the one that is best by validation data: a costly
    reference, and a noisy one."""
    situation = replace(arena.situation,
                        every=every or arena.situation.every)
    after = on_numbers(lambda rows: policy(rows)[:, :3])  # never stops
    orders = torch.arange(seeds)

    def decide(seen, batch, epoch):
        n = len(batch)
        rows = torch.arange(n).repeat_interleave(3 * seeds)
        branch = batch.take(rows, seed=1000 + epoch)
        branch.stream = rows * seeds + orders.repeat(3 * n)
        first = np.tile(np.repeat(np.arange(3), seeds), n)
        play(branch, seen[rows], np.tile(factors, (len(rows), 1)), situation,
             after, first=first)
        return branch.worths("val")[0].reshape(n, 3, seeds).mean(2).argmax(1)

    return decide
