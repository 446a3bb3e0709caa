"""The nouns of the whole package: Action, Metrics, Decision.

Needs nothing but checks of arguments. Knows nothing about prompts, language
models, optimizers or pictures: those are built on these three.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agentic_lib.mechanics import checks

# Who made a decision. What a rule, a guard or a person did is never credited
# to the model.
SOURCES = ("model", "fallback", "guard", "human")


@dataclass(frozen=True)
class Action:
    """One thing that can be decided. A plain record: pass your own in a list.

    name     what the language model writes, a Python-like identifier
    meaning  one line for the prompt; may hold {factor}
    words    other ways in which people and models say it, for the parser;
             a list or a tuple
    factor   the learning rate is multiplied by it
    stop     True ends the training
    effect   optional function of the controller, for anything else
    marker   matplotlib's marker for it, and `colour` its colour, for plots
    """

    name: str
    meaning: str
    words: tuple[str, ...] = ()
    factor: float = 1.0
    stop: bool = False
    effect: Callable | None = None
    marker: str = "o"
    colour: str = "#777777"

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(
                f"Action name={self.name!r} is not usable: write one word of "
                "letters, digits and underscores, such as 'restore_best'.")
        object.__setattr__(self, "words", tuple(self.words))
        checks.positive(factor=self.factor)

    @property
    def line(self) -> str:
        """The line for the prompt, with the factor filled in."""
        meaning = self.meaning.replace("{factor}", f"{self.factor:g}")
        return f"{self.name}: {meaning}"


# Colours: Okabe and Ito's palette, which colour-blind readers can tell apart.
CONTINUE = Action(
    "continue", "keep the learning rate as it is",
    words=("keep going", "keep training", "keep rate", "carry on", "proceed",
           "maintain rate", "rate unchanged", "same rate", "no change needed",
           "继续", "保持"),
    marker="o", colour="#999999")
REDUCE = Action(
    "reduce_learning_rate", "multiply the learning rate by {factor}",
    words=("reduce", "lower", "decrease", "decay", "smaller", "drop", "cut",
           "halve", "shrink", "down", "降低", "减小", "调低", "下调"),
    factor=0.7, marker="v", colour="#0072B2")
INCREASE = Action(
    "increase_learning_rate", "multiply the learning rate by {factor}",
    words=("increase", "raise", "higher", "boost", "larger", "bump", "bigger",
           "up", "提高", "增加", "增大", "调高"),
    factor=1.3, marker="^", colour="#E69F00")
STOP = Action(
    "stop_training", "end the training now and keep what was learned",
    words=("stop", "early stopping", "end training", "terminate", "halt",
           "停止", "终止", "结束"),
    stop=True, marker="s", colour="#D55E00")


class Actions(tuple[Action, ...]):
    """A tuple of Actions that is shown as their names.

    So a signature that holds it fits on a screen.
    """

    def __repr__(self):
        return f"({', '.join(action.name for action in self)})"


ACTIONS = Actions((CONTINUE, REDUCE, INCREASE, STOP))


def with_factors(actions: Sequence[Action], reduce: float | None = None,
                 increase: float | None = None) -> tuple[Action, ...]:
    """The same actions with other step sizes for lowering and raising.

    `reduce` replaces every factor below 1, `increase` every factor above 1;
    None leaves them as they are.
    """
    checks.between(0, 1, reduce=reduce)
    checks.between(1, math.inf, increase=increase)

    def scaled(action):
        wanted = (reduce if action.factor < 1 else
                  increase if action.factor > 1 else None)
        return float(wanted or action.factor)

    return tuple(replace(action, factor=scaled(action)) for action in actions)


def meanings(actions) -> dict[str, str]:
    """{action name: its meaning, with the factor filled in}."""
    return {action.name: action.line.partition(": ")[2] for action in actions}


def check_actions(actions) -> tuple[Action, ...]:
    """`actions` as a tuple, or a ValueError saying what is wrong with it."""
    actions = tuple(actions)
    for action in actions:
        if not isinstance(action, Action):
            raise ValueError(f"actions holds {action!r}, not an Action: "
                             "write Action(name=..., meaning=...).")
    names = [action.name for action in actions]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            f"actions={names} must be two or more with different names.")
    return actions


MEASURED = ("train_acc", "val_acc", "train_loss", "val_loss")
KINDS = {
    "epoch": checks.count, "learning_rate": checks.rate,
    "train_acc": checks.percentage, "val_acc": checks.percentage,
    "train_loss": checks.number, "val_loss": checks.number}


@dataclass(frozen=True)
class Metrics:
    """What was measured after one epoch. Unknown values are None.

    epoch          counts from 1
    train_acc      accuracy on the training data, in percent (0-100)
    val_acc        accuracy on the validation data, in percent (0-100)
    train_loss, val_loss
                   NaN and infinity are allowed: they mean that the run
                   diverged
    learning_rate  the rate that was used in this epoch
    total_epochs   the budget, in epochs

    At least one of the two accuracies and two losses is needed.
    Raises ValueError naming the field and the value.
    """

    epoch: int
    train_acc: float | None = None
    val_acc: float | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    learning_rate: float | None = None
    total_epochs: int | None = None

    def __post_init__(self):
        for name, check in KINDS.items():
            value = check(name, getattr(self, name))
            object.__setattr__(self, name, value)  # the class is frozen
        if self.total_epochs is not None:
            checks.count("total_epochs", self.total_epochs)
            if self.total_epochs < self.epoch:
                raise ValueError(f"epoch={self.epoch} lies beyond "
                                 f"total_epochs={self.total_epochs}.")
        if all(getattr(self, name) is None for name in MEASURED):
            raise ValueError(f"nothing was measured at epoch={self.epoch}: "
                             f"pass at least one of {', '.join(MEASURED)}.")

    @property
    def gap(self) -> float | None:
        """Training minus validation accuracy, in percentage points."""
        train, val = self.train_acc, self.val_acc
        return None if train is None or val is None else train - val

    @property
    def diverged(self) -> bool:
        """True when a loss is NaN or infinite."""
        losses = (self.train_loss, self.val_loss)
        return any(x is not None and not math.isfinite(x) for x in losses)


def check_history(history) -> list[Metrics]:
    """`history` as a list of Metrics, or a ValueError saying what is wrong.

    Epochs must rise: the same epoch twice, or an earlier one after a later
    one, means that two runs were mixed.
    """
    history = list(history)
    if not history:
        raise ValueError("history=[] is empty: pass at least one Metrics.")
    for item in history:
        if not isinstance(item, Metrics):
            raise ValueError(f"history holds {item!r}, not a Metrics: "
                             "write Metrics(epoch=..., val_acc=...).")
    for before, after in zip(history, history[1:]):
        if after.epoch <= before.epoch:
            raise ValueError(
                f"history goes from epoch={before.epoch} to "
                f"epoch={after.epoch}: pass it oldest first, each epoch once.")
    return history


def last_decision(history, every) -> Metrics | None:
    """The Metrics at the last decision, `every` epochs before the newest.

    If nothing was measured then, the newest Metrics before that, or None.
    """
    at = history[-1].epoch - every
    return next((m for m in reversed(history) if m.epoch <= at), None)


@dataclass(frozen=True)
class Decision:
    """What was decided, why, and by whom. Unpacks to (action, reason).

    action         the name of an Action
    reason         one sentence
    source         'model', 'fallback', 'guard' or 'human'
    probabilities  {action name: probability} if the model was scored
    reply          what the model wrote, untouched; None if it wrote nothing
    prompt         the messages it was asked with, as text
    seconds        how long the decision took
    note           one sentence without its full stop if the decision is not
                   what was asked for: why the rules decided in the model's
                   place, or what a guard overruled; else None
    epoch, old_lr, new_lr
                   when it was made and what it did; set by the controller
    """

    action: str
    reason: str
    source: str = "model"
    probabilities: dict[str, float] | None = None
    reply: str | None = None
    prompt: str | None = None
    seconds: float | None = None
    note: str | None = None
    epoch: int | None = None
    old_lr: float | None = None
    new_lr: float | None = None

    def __post_init__(self):
        if self.source not in SOURCES:
            raise ValueError(
                f"source={self.source!r} must be one of {SOURCES}.")

    def __iter__(self):
        return iter((self.action, self.reason))

    def __str__(self):
        when = "" if self.epoch is None else f"epoch {self.epoch}: "
        note = f"\n    Note: {self.note}" if self.note else ""
        rate = sure = ""
        if None not in (self.old_lr, self.new_lr):
            rate = f"  lr {self.old_lr:.3g}"
            if self.new_lr != self.old_lr:
                rate += f" -> {self.new_lr:.3g}"
        if self.source == "model" and self.action in (
                self.probabilities or ()):
            sure = f", {self.probabilities[self.action]:.0%} sure"
        return (f"{when}{self.action}{rate}  ({self.source}{sure})\n"
                f"    {self.reason}{note}")
