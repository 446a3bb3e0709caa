"""The nouns of the whole package: Action, Metrics, Decision.

Uses the standard library alone. Knows nothing about prompts, language models,
optimizers or pictures: those are built on these three.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

# Who made a decision. What a rule, a guard or a person did is never credited
# to the model.
SOURCES = ("model", "fallback", "guard", "human")


@dataclass(frozen=True)
class Action:
    """One thing that can be decided. A plain record: pass your own in a list.

    name     what the language model writes, a Python-like identifier
    meaning  one line for the prompt; may hold {factor}
    words    other ways in which people and models say it, for the parser
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
                "letters, digits and underscores, such as 'restore_best'."
            )
        if not (math.isfinite(self.factor) and self.factor > 0):
            raise ValueError(
                f"Action factor={self.factor!r} must be a finite number "
                "above 0: the learning rate is multiplied by it."
            )

    @property
    def line(self) -> str:
        """The line for the prompt, with the factor filled in."""
        return f"{self.name}: " + self.meaning.replace(
            "{factor}", f"{self.factor:g}"
        )


# Colours: Okabe and Ito's palette, told apart by colour-blind readers.
CONTINUE = Action(
    name="continue",
    meaning="keep the learning rate as it is",
    words=("keep going", "keep training", "keep rate", "carry on", "proceed",
           "maintain rate", "rate unchanged", "same rate", "no change needed",
           "继续", "保持"),
    marker="o",
    colour="#999999",
)
REDUCE = Action(
    name="reduce_learning_rate",
    meaning="multiply the learning rate by {factor}",
    words=("reduce", "lower", "decrease", "decay", "smaller", "drop", "cut",
           "halve", "shrink", "down", "降低", "减小", "调低", "下调"),
    factor=0.7,
    marker="v",
    colour="#0072B2",
)
INCREASE = Action(
    name="increase_learning_rate",
    meaning="multiply the learning rate by {factor}",
    words=("increase", "raise", "higher", "boost", "larger", "bump", "bigger",
           "up", "提高", "增加", "增大", "调高"),
    factor=1.3,
    marker="^",
    colour="#E69F00",
)
STOP = Action(
    name="stop_training",
    meaning="end the training now and keep what was learned",
    words=("stop", "early stopping", "end training", "terminate", "halt",
           "停止", "终止", "结束"),
    stop=True,
    marker="s",
    colour="#D55E00",
)
ACTIONS = (CONTINUE, REDUCE, INCREASE, STOP)


def with_factors(actions, reduce=None, increase=None) -> tuple[Action, ...]:
    """The same actions with other step sizes for lowering and raising.

    `reduce` replaces every factor below 1, `increase` every factor above 1;
    None leaves them as they are.
    """
    if reduce is not None and not 0 < reduce < 1:
        raise ValueError(
            f"reduce={reduce!r} must lie between 0 and 1, such as 0.7."
        )
    if increase is not None and not 1 < increase < math.inf:
        raise ValueError(
            f"increase={increase!r} must be a number above 1, such as 1.3."
        )

    def scaled(action):
        if action.factor < 1 and reduce is not None:
            return replace(action, factor=float(reduce))
        if action.factor > 1 and increase is not None:
            return replace(action, factor=float(increase))
        return action

    return tuple(scaled(action) for action in actions)


def check_actions(actions) -> tuple[Action, ...]:
    """`actions` as a tuple, or a ValueError saying what is wrong with it."""
    actions = tuple(actions)
    for action in actions:
        if not isinstance(action, Action):
            raise ValueError(
                f"actions holds {action!r}, which is no Action. Write "
                "Action(name=..., meaning=...)."
            )
    names = [action.name for action in actions]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            f"actions={names} must be two or more with different names."
        )
    return actions


@dataclass(frozen=True)
class Metrics:
    """What was measured after one epoch. Unknown values are None.

    epoch          counts from 1
    train_acc      accuracy on the training data, in percent (0-100)
    val_acc        accuracy on the validation data, in percent (0-100)
    train_loss, val_loss
                   NaN and infinity are allowed: the run diverged
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
        for name in ("train_acc", "val_acc"):
            self._set_number(name)
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 100:
                raise ValueError(
                    f"{name}={value!r} is not a percentage: pass a number "
                    "from 0 to 100, or None where it is not known."
                )
        for name in ("train_loss", "val_loss", "learning_rate"):
            self._set_number(name)
        rate = self.learning_rate
        if rate is not None and not 0 <= rate < math.inf:
            raise ValueError(
                f"learning_rate={rate!r} must be finite and not negative."
            )
        self._set_count("epoch")
        if self.total_epochs is not None:
            self._set_count("total_epochs")
            if self.total_epochs < self.epoch:
                raise ValueError(
                    f"epoch={self.epoch} lies beyond "
                    f"total_epochs={self.total_epochs}."
                )
        if self.train_acc is self.val_acc is self.train_loss \
                is self.val_loss is None:
            raise ValueError(
                f"nothing was measured at epoch={self.epoch}: pass at least "
                "one of train_acc, val_acc, train_loss, val_loss."
            )

    def _set_number(self, name):
        """Turns field `name` into a float (from a tensor, say), or raises."""
        value = getattr(self, name)
        if value is None:
            return
        try:
            if isinstance(value, (str, bytes, bool)):
                raise TypeError
            number = float(value)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(
                f"{name}={value!r} is not a number: pass a float, or None "
                "where it is not known."
            ) from None
        object.__setattr__(self, name, number)

    def _set_count(self, name):
        """Turns field `name` into an int of 1 or more, or raises."""
        value = getattr(self, name)
        try:
            if isinstance(value, (str, bytes, bool)) or int(value) != value:
                raise TypeError
            if value < 1:
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise ValueError(
                f"{name}={value!r} must be a whole number of 1 or more: "
                "epochs count from 1."
            ) from None
        object.__setattr__(self, name, int(value))

    @property
    def gap(self) -> float | None:
        """Training minus validation accuracy, in percentage points."""
        if self.train_acc is None or self.val_acc is None:
            return None
        return self.train_acc - self.val_acc

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
            raise ValueError(
                f"history holds {item!r}, which is no Metrics. Write "
                "Metrics(epoch=..., train_acc=..., val_acc=...)."
            )
    for before, after in zip(history, history[1:]):
        if after.epoch <= before.epoch:
            raise ValueError(
                f"history goes from epoch={before.epoch} to "
                f"epoch={after.epoch}: pass it oldest first, each epoch once."
            )
    return history


@dataclass(frozen=True)
class Decision:
    """What was decided, why, and by whom. Unpacks to (action, reason).

    action         the name of an Action
    reason         one sentence
    source         'model', 'fallback', 'guard' or 'human'
    probabilities  {action name: probability} where the model was scored
    reply          what the model wrote, untouched
    prompt         the messages it was asked with, as text
    seconds        how long the decision took
    note           what went wrong, where something did
    epoch, old_lr, new_lr
                   when it fell and what it did; set by the controller
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
                f"source={self.source!r} must be one of {SOURCES}."
            )

    def __iter__(self):
        return iter((self.action, self.reason))

    def __str__(self):
        when = "" if self.epoch is None else f"epoch {self.epoch}: "
        rate = ""
        if self.old_lr is not None and self.new_lr is not None:
            rate = f"  lr {self.old_lr:.3g}"
            if self.new_lr != self.old_lr:
                rate += f" -> {self.new_lr:.3g}"
        sure = ""
        if self.probabilities and self.action in self.probabilities:
            sure = f", {self.probabilities[self.action]:.0%} sure"
        return f"{when}{self.action}{rate}  ({self.source}{sure})\n" \
               f"    {self.reason}"
