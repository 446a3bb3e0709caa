"""What is compared: everything that may set a learning rate during a run.

A `Method` starts a pilot for a group of runs; after every epoch the pilot is
shown all their histories and answers with their rates for the next one.
Knows nothing about data, networks or statistics.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
import torch

from agentic_lib.decision import ACTIONS, STOP, with_factors
from agentic_lib.fallback import fallback_decision, plain_rules

MIN_LR, MAX_LR = 1e-7, 10.0  # the controller's bounds
LETTER = {"continue": "c", "reduce_learning_rate": "r",
          "increase_learning_rate": "i", "stop_training": "s"}


@dataclass(frozen=True)
class Group:
    """Runs that are trained side by side.

    rates, seeds  one of each for every run
    epochs        the budget; steps: of the optimizer in one epoch
    optimizer     'sgd' or 'adamw'; momentum of sgd
    """

    rates: tuple[float, ...]
    seeds: tuple[int, ...]
    epochs: int = 60
    steps: int = 10
    optimizer: str = "sgd"
    momentum: float = 0.9
    task: str = ""


@dataclass(frozen=True)
class Method:
    """One way to set learning rates.

    start      Group -> pilot, an object with `step(histories, batch)`
    says       one line on what it is, and on what its settings were chosen
    optimizer  (parameters, rate, task) -> optimizer, for methods that are
               one themselves; such runs are trained one after another
    rateless   True: has no starting rate, and runs once for each task
    missing    why it cannot be run here, or None: () -> str | None
    """

    name: str
    start: Callable
    says: str = ""
    optimizer: Callable | None = None
    rateless: bool = False
    missing: Callable = field(default=lambda: None)


class Constant:
    """Keeps every rate. Pilots for anything else begin here.

    rates    (N,) for the next epoch
    stopped  (N,) True where the training has been ended
    actions  one text a run, a letter for each decision
    """

    def __init__(self, group):
        self.group = group
        self.rates = np.array(group.rates, dtype=float)
        self.stopped = np.zeros(len(self.rates), bool)
        self.actions = [""] * len(self.rates)

    def plan(self):
        """[(rates, momenta)] for each step of the coming epoch, or None
        where neither changes within it."""
        return None

    def step(self, histories, batch=None):
        """Reads what was measured so far and sets `rates`, `stopped`."""


class Scheduled(Constant):
    """A scheduler of torch or transformers on one small optimizer a run.

    make    optimizer, Group -> scheduler
    metric  the field of Metrics that is passed to its `step`, or None
    """

    def __init__(self, group, make, metric=None):
        super().__init__(group)
        self.metric = metric
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
    """A scheduler that is stepped with the optimizer, such as OneCycle."""

    def plan(self):
        steps = []
        for _ in range(self.group.steps):
            steps.append((
                np.array([o.param_groups[0]["lr"] for o in self.optimizers]),
                np.array([o.param_groups[0]["momentum"]
                          for o in self.optimizers])))
            super().step([None] * len(self.optimizers))
        return steps

    def step(self, histories, batch=None):
        pass


class Decided(Constant):
    """Rates moved by decisions, within the controller's bounds, guards off.

    decide  histories, every, actions -> a name of an action for each
    """

    def __init__(self, group, decide, every=5, reduce=0.7, increase=1.3,
                 actions=ACTIONS):
        super().__init__(group)
        self.decide, self.every = decide, every
        self.table = {a.name: a
                      for a in with_factors(actions, reduce, increase)}

    def step(self, histories, batch=None):
        epoch = max(len(history) for history in histories)
        if epoch % self.every or epoch >= self.group.epochs:
            return
        going = np.flatnonzero(~self.stopped)
        if not len(going):
            return
        names = self.choose([histories[i] for i in going], going, batch)
        for i, name in zip(going, names):
            action = self.table[name]
            self.actions[i] += LETTER[name]
            self.rates[i] = bounded(self.rates[i], action.factor)
            self.stopped[i] = action.stop

    def choose(self, histories, going, batch):
        return self.decide(histories, self.every,
                           tuple(self.table.values()))


def bounded(rate, factor):
    """rate x factor within the controller's bounds, as AgenticLR does it."""
    if factor > 1:
        return min(rate * factor, max(MAX_LR, rate))
    return max(rate * factor, min(MIN_LR, rate))


# -- peers -------------------------------------------------------------------

def cosine(optimizer, group):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, group.epochs)


def one_cycle(optimizer, group):
    """The starting rate is its highest; the momentum moves too, for SGD that
    has some."""
    cycles = group.optimizer == "sgd" and group.momentum > 0
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=optimizer.param_groups[0]["lr"],
        total_steps=group.epochs * group.steps + 1, cycle_momentum=cycles)


def plateau(optimizer, group, **options):
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)


def greedy(optimizer, group, **options):
    from transformers.optimization import GreedyLR

    return GreedyLR(optimizer, **{"min_lr": 1e-6, "max_lr": 10.0, **options})


def scheduled(make, metric=None, **options):
    return partial(Scheduled, make=partial(make, **options), metric=metric)


def schedule_free(parameters, rate, task):
    import schedulefree

    if task.optimizer == "adamw":
        return schedulefree.AdamWScheduleFree(parameters, lr=rate,
                                              weight_decay=0.01)
    return schedulefree.SGDScheduleFree(parameters, lr=rate)


def prodigy(parameters, rate, task):
    from prodigyopt import Prodigy

    decay = 0.01 if task.optimizer == "adamw" else 0.0
    return Prodigy(parameters, lr=1.0, weight_decay=decay)


def needs(*packages):
    """A `missing`: says which of these packages is not installed."""
    def missing():
        from importlib.util import find_spec

        absent = [p for p in packages if find_spec(p) is None]
        return f"pip install {' '.join(absent)}" if absent else None
    return missing


# -- decisions ----------------------------------------------------------------

def one_by_one(rule):
    """A rule (history, actions, every) -> Decision, name or (name, reason),
    as `decide` of many histories."""
    def decide(histories, every, actions):
        found = [rule(history, actions, every) for history in histories]
        return [d if isinstance(d, str) else tuple(d)[0] for d in found]
    return decide


def decided(rule, **options):
    """A `start` from a rule that looks at one history."""
    return partial(Decided, decide=one_by_one(rule), **options)


@cache
def load_brain(model):
    """A brain that scores and is asked only once for its weights."""
    from agentic_lib.brain import SimpleAIBrain

    return SimpleAIBrain(model, explain=False, quiet=True)


def ask_brain(model):
    """`decide` of a SimpleAIBrain: what the rules decide in its place is
    left standing, as in a training run."""
    def decide(histories, every, actions):
        found = load_brain(model).decide_many(histories, every, actions)
        return [d.action for d in found]
    return decide


def no_model(model):
    """A `missing`: why this language model cannot be asked here."""
    def missing():
        from agentic_lib.loading import LanguageModelError

        try:
            brain = load_brain(model)
        except (LanguageModelError, ValueError, OSError) as error:
            return str(error).splitlines()[0]
        return None if brain.model is not None else brain.description
    return missing


class Brain(Decided):
    """Decisions of a brain."""

    def __init__(self, group, model="bundled", **options):
        super().__init__(group, ask_brain(model), **options)


class ShuffledMetrics(Brain):
    """A placebo: the brain decides well, but on the metrics of another run
    of the same task. What it gains owes nothing to what it saw."""

    def __init__(self, group, **options):
        super().__init__(group, **options)
        self.random = np.random.default_rng(sum(group.seeds))

    def choose(self, histories, going, batch):
        others = self.random.permutation(len(histories))
        return super().choose([histories[i] for i in others], going, batch)


class RandomActions(Decided):
    """A placebo: actions drawn with given frequencies.

    frequencies  [{name: share}], one for each decision of a run in turn
    """

    def __init__(self, group, frequencies, **options):
        super().__init__(group, None, **options)
        self.frequencies = frequencies
        self.random = [np.random.default_rng((s, round(-1e3 * np.log10(r))
                                              % 10 ** 6))
                       for s, r in zip(group.seeds, group.rates)]

    def choose(self, histories, going, batch):
        names = []
        for i in going:
            at = min(len(self.actions[i]), len(self.frequencies) - 1)
            shares = self.frequencies[at]
            names.append(str(self.random[i].choice(
                list(shares), p=list(shares.values()))))
        return names


def without_stop(actions=ACTIONS):
    return tuple(a for a in actions if not a.stop)


METHODS = {m.name: m for m in (
    Method("constant", Constant, "the starting rate, to the end"),
    Method("cosine", scheduled(cosine), "from the starting rate to 0"),
    Method("one_cycle", partial(EveryStep, make=one_cycle),
           "the starting rate is its highest; stepped with the optimizer"),
    Method("plateau", scheduled(plateau, "val_loss"),
           "ReduceLROnPlateau as it comes: 0.1 after 10 epochs"),
    Method("greedy", scheduled(greedy, "val_loss"),
           "GreedyLR as it comes, with bounds that fit: 1e-6 and 10"),
    Method("schedule_free", Constant, "Schedule-Free SGD or AdamW, its "
           "defaults", schedule_free, missing=needs("schedulefree")),
    Method("prodigy", Constant, "Prodigy, its defaults; has no rate",
           prodigy, rateless=True, missing=needs("prodigyopt")),
    Method("plain_rules", decided(plain_rules),
           "the original's three rules as it states them"),
    Method("rules", decided(fallback_decision),
           "the rules that stand behind every brain here"),
    Method("brain", Brain, "the bundled brain: every 5 epochs, 0.7, 1.3",
           missing=no_model("bundled")),
    Method("brain_no_stop", partial(Brain, actions=without_stop()),
           "the same without the action stop_training",
           missing=no_model("bundled")),
    Method("shuffled_metrics", ShuffledMetrics,
           "placebo: the brain is shown another run's metrics",
           missing=no_model("bundled")),
    Method("qwen", partial(Brain, model="qwen"),
           "Qwen3-0.6B as it comes, every 5 epochs, 0.7, 1.3",
           missing=no_model("qwen")),
)}


def find_method(name) -> Method:
    """The method of that name. Raises ValueError listing those there are."""
    if name not in METHODS:
        raise ValueError(
            f"method={name!r} is not one of: {', '.join(METHODS)}.")
    return METHODS[name]
