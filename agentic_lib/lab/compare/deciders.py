"""Pilots that decide: brains, placebos, a logistic regression, references.

Each is asked through `decide`: (histories, every, actions) -> for each history
a name or a Decision.
"""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import torch

from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.lab.actions import LETTER, NAMES, without_stop
from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.compare.intervals import collect
from agentic_lib.lab.compare.together import train_on
from agentic_lib.lab.features import numbers
from agentic_lib.lab.pilots import Decided, bounded, one_by_one
from agentic_lib.lab.teach.labels import LABELS
from agentic_lib.lab.teach.logistic import fit_logistic


@cache
def load_brain(model):
    """A brain that scores; its weights are loaded only once."""
    from agentic_lib.brain.brain import SimpleAIBrain

    return SimpleAIBrain(model, explain=False, quiet=True)


def ask_brain(model):
    """The `decide` of a SimpleAIBrain. If the rules decide in its place,
    their decision stands, as in a training run."""
    def decide(histories, every, actions):
        return load_brain(model).decide_many(histories, every, actions)
    return decide


def no_model(model):
    """A `missing`: why this language model cannot be asked here."""
    def missing():
        from agentic_lib.models.loading import LanguageModelError

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
    """A placebo: the brain does decide, but on the metrics of another run of
    the same task. So what it gains does not come from reading its own run."""

    def __init__(self, group, **options):
        super().__init__(group, **options)
        self.random = np.random.default_rng(sum(group.seeds))

    def choose(self, histories, going, batch):
        others = self.random.permutation(len(histories))
        return super().choose([histories[i] for i in others], going, batch)


class RateOnly(Decided):
    """A placebo that cannot read: it looks at the rate alone. It raises the
    rate below `low`, lowers it above `high`, and lowers it in the last fifth
    of the run."""

    def __init__(self, group, low, high, **options):
        super().__init__(group, one_by_one(self.rule), **options)
        self.low, self.high = low, high

    def rule(self, history, actions, every):
        now = history[-1]
        late = now.epoch > 0.8 * now.total_epochs
        if late or now.learning_rate > self.high:
            return "reduce_learning_rate"
        if now.learning_rate < self.low:
            return "increase_learning_rate"
        return "continue"


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


def frequencies(rows, method="brain", names=NAMES) -> list[dict]:
    """[{action: share}] for the first, second, ... decision of a method, from
    the rows of a comparison."""
    texts = [r.actions.lower() for r in rows
             if r.method == method and r.actions]
    if not texts:
        raise ValueError(f"there are no rows of method={method!r} to take "
                         "frequencies from: run it first.")
    letters = [LETTER[name] for name in names]
    columns = [[t[at] for t in texts if at < len(t)]
               for at in range(max(map(len, texts)))]
    return [{name: column.count(letter) / len(column)
             for name, letter in zip(names, letters)} for column in columns]


# -- what the labels say without a language model -----------------------------

def as_rows(histories, every, actions) -> np.ndarray:
    """Histories up to the same epoch, as rows of `numbers`. If there is no
    accuracy, the probability that the loss implies takes its place. If a run
    began again, its first evaluation since then fills the epochs before."""
    now = histories[0][-1].epoch
    filled = [[h[0]] * (now - len(h)) + h for h in histories]
    seen = np.array([[[getattr(m, name) for name in METRICS] for m in h]
                     for h in filled], dtype=float)
    for accuracy, loss in ((0, 2), (1, 3)):
        instead = 100 * np.exp(-np.nan_to_num(seen[..., loss], nan=99.0))
        seen[..., accuracy] = np.where(np.isnan(seen[..., accuracy]),
                                       instead, seen[..., accuracy])
    factors = [min(a.factor for a in actions), max(a.factor for a in actions)]
    return numbers(seen, histories[0][-1].total_epochs, every,
                   np.tile(factors, (len(seen), 1)))


class Logistic(Decided):
    """A logistic regression in the language model's place."""

    def __init__(self, group, path=LABELS, **options):
        super().__init__(group, self.ask, **options)
        self.path = path

    def ask(self, histories, every, actions):
        shares = fit_logistic(self.path).predict_proba(
            as_rows(histories, every, actions))
        offered = [a.name for a in actions]
        places = [i for i, name in enumerate(NAMES) if name in offered]
        return [NAMES[places[k]] for k in shares[:, places].argmax(1)]


# -- references, not methods -------------------------------------------------

class Oracle(Decided):
    """Is told what nobody knows before a run, the best constant rate in
    hindsight, and moves there step by step. What it loses is the price of the
    start, of the pace and of the guards. It never stops.

    rates  {task: rate}
    """

    def __init__(self, group, rates, **options):
        super().__init__(group, one_by_one(self.rule), **options)
        if group.task not in rates:
            raise ValueError(f"task={group.task!r} has no rows of method="
                             "'constant', which tell its best rate: run it "
                             "first.")
        self.rate = rates[group.task]

    def rule(self, history, actions, every):
        """The action that brings the rate nearest to the best, as a ratio."""
        factors = {a.name: a.factor for a in actions if not a.stop}
        apart = {name: abs(math.log(history[-1].learning_rate * factor
                                    / self.rate))
                 for name, factor in factors.items()}
        return min(apart, key=apart.get)


def best_rates(rows) -> dict:
    """{task: its best constant rate in hindsight} from the rows of a
    comparison, each task with all of its own seeds."""
    constant = [r for r in rows if r.method == "constant"]
    found = [collect(constant, [task])
             for task in dict.fromkeys(r.task for r in constant)]
    return {s.tasks[0]: s.rates[0][s.best[0]] for s in found}


class LookAhead(Decided):
    """Tries every action on a copy of the run, and takes the one that led to
    the best validation result. It costs several training runs. It is a
    reference, not a bound: one try is noisy, and afterwards `after` decides.

    ahead   epochs that are tried; None goes to the end of the budget
    after   what decides on the copies after the first action
    """

    def __init__(self, group, ahead=None, after=None, **options):
        super().__init__(group, None, actions=without_stop(), **options)
        self.ahead = ahead or group.epochs
        self.after = after or one_by_one(fallback_decision)

    def choose(self, histories, going, batch):
        actions = list(self.table.values())
        rows = np.repeat(going, len(actions))
        factors = np.tile([a.factor for a in actions], len(going))
        copies = batch.take(torch.tensor(rows))
        group = replace(
            self.group, seeds=tuple(self.group.seeds[i] for i in rows),
            rates=tuple(bounded(self.rates[i], f)
                        for i, f in zip(rows, factors)))
        pilot = Decided(group, self.after, self.every,
                        actions=tuple(actions))
        paths = [list(histories[k // len(actions)])
                 for k in range(len(rows))]
        first = paths[0][-1].epoch + 1
        last = min(first + self.ahead - 1, group.epochs)
        for _ in train_on(copies, pilot, paths, first, last, other=1):
            pilot.step(paths)
        best = copies.worths("val")[0].reshape(len(going), -1).argmax(1)
        return [actions[k].name for k in best]
