"""What sets the rates of a group of runs, epoch by epoch.

A pilot is started for runs that are trained side by side. After every epoch
it reads all their histories and sets their rates for the next one. Knows
nothing about data, networks or statistics.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from agentic_lib.brain.decision import ACTIONS, with_factors
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.lab.actions import letter

MIN_LR, MAX_LR = 1e-7, 10.0  # the controller's bounds


@dataclass(frozen=True)
class Group:
    """Runs that are trained side by side.

    rates, seeds  one of each for every run
    epochs        the budget; steps: optimizer steps in one epoch
    optimizer     'sgd' or 'adamw'; momentum is for sgd
    """

    rates: tuple[float, ...]
    seeds: tuple[int, ...]
    epochs: int = 60
    steps: int = 10
    optimizer: str = "sgd"
    momentum: float = 0.9
    task: str = ""


class Constant:
    """Keeps every rate as it is. All other pilots build on it.

    rates    (N,) for the next epoch
    stopped  (N,) True if the run has been stopped
    actions  one text per run, with a letter for each decision
    """

    def __init__(self, group):
        self.group = group
        self.rates = np.array(group.rates, dtype=float)
        self.stopped = np.zeros(len(self.rates), bool)
        self.actions = [""] * len(self.rates)

    def plan(self):
        """[(rates, momenta)] for each step of the coming epoch, or None
        if neither changes within it."""
        return None

    def step(self, histories, batch=None):
        """Reads what was measured so far and sets `rates`, `stopped`."""


class Scheduled(Constant):
    """A scheduler of torch or transformers, with one small optimizer per run.

    make    optimizer, Group -> scheduler
    metric  the field of Metrics that is passed to its `step`, or None
    """

    def __init__(self, group, make, metric=None):
        super().__init__(group)
        self.make, self.metric = make, metric
        self.optimizers = [torch.optim.SGD([torch.zeros(1)], lr=rate,
                                           momentum=group.momentum)
                           for rate in group.rates]
        self.schedulers = [make(o, group) for o in self.optimizers]
        self.read()

    def read(self):
        self.rates = np.array([o.param_groups[0]["lr"]
                               for o in self.optimizers])

    def step(self, histories, batch=None):
        for optimizer, scheduler, history in zip(
                self.optimizers, self.schedulers, histories):
            optimizer.step()
            if self.metric:
                scheduler.step(getattr(history[-1], self.metric))
            else:
                scheduler.step()
        self.read()


class EveryStep(Scheduled):
    """A scheduler that is stepped with the optimizer, such as OneCycle. Its
    rates are proportional to the starting rate, so one serves all runs.
    """

    def __init__(self, group, make):
        super().__init__(replace(group, rates=(1.0,)), make)
        self.starts = np.array(group.rates)
        self.stopped = np.zeros(len(self.starts), bool)
        self.actions = [""] * len(self.starts)
        self.rates = self.rates * self.starts

    def plan(self):
        steps = []
        for _ in range(self.group.steps):
            now = self.optimizers[0].param_groups[0]
            self.rates = now["lr"] * self.starts
            steps.append((self.rates, np.full_like(self.starts,
                                                   now["momentum"])))
            self.optimizers[0].step()
            self.schedulers[0].step()
        return steps

    def step(self, histories, batch=None):
        pass


class Decided(Constant):
    """Rates moved by decisions, within the controller's bounds, guards off.

    decide  (histories, every, actions) -> for each history the name of an
            action, or a Decision
    """

    def __init__(self, group, decide, every=5, reduce=0.7, increase=1.3,
                 actions=ACTIONS):
        super().__init__(group)
        self.decide, self.every = decide, every
        self.cooling = np.zeros(len(self.rates), bool)
        self.table = {a.name: a
                      for a in with_factors(actions, reduce, increase)}

    def step(self, histories, batch=None):
        epoch = max(len(history) for history in histories)
        left = max(self.group.epochs - epoch, 0)
        self.rates[self.cooling] *= left / (left + 1)
        if epoch % self.every or not left:
            return
        going = np.flatnonzero(~self.stopped & ~self.cooling)
        if not len(going):
            return
        choices = self.choose([histories[i] for i in going], going, batch)
        for i, choice in zip(going, choices):
            action = self.table[getattr(choice, "action", choice)]
            self.actions[i] += letter(choice)
            self.rates[i] = bounded(self.rates[i], action.factor)
            self.stopped[i] = action.stop
            self.cooling[i] = action.name == COOL_DOWN.name

    def choose(self, histories, going, batch):
        return self.decide(histories, self.every,
                           tuple(self.table.values()))


def bounded(rate, factor):
    """rate x factor within the controller's bounds, as AgenticLR does it."""
    if factor > 1:
        return min(rate * factor, max(MAX_LR, rate))
    return max(rate * factor, min(MIN_LR, rate))


def one_by_one(rule):
    """Turns a rule for one history into a `decide` for many. The rule is
    (history, actions, every) -> Decision, name or (name, reason)."""
    def decide(histories, every, actions):
        found = [rule(history, actions, every) for history in histories]
        return [d if isinstance(d, str) else tuple(d)[0] for d in found]
    return decide
