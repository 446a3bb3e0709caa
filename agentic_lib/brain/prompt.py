"""Metrics -> chat messages.

What a small language model is bad at (differences, counting, comparing) is
computed here and said in words. Knows nothing about language models: its
output is a list of {"role", "content"} dictionaries.

Before you change a word of SYSTEM or USER, or of an action's meaning: a small
brain answers only the lines that it was taught, which its brain.json lists.
With any other line the rules decide in its place (the brain warns, and each
decision's note names the line) until it is taught again. General models such
as Qwen read any wording.
"""

import math
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentic_lib.brain.decision import (
    ACTIONS, MEASURED, Action, Metrics, check_history, last_decision)
from agentic_lib.mechanics.writing import count, number, percent, share

SYSTEM = """\
You control the learning rate of a neural network while it trains. \
From time to time you read its metrics and choose one action.
{actions}
Accuracies are in percent; the rate and the losses are multiples of the first \
ones. Brackets hold the change since the last decision. \
The gap is training minus validation accuracy.
A loss that jumps, rises or is nan calls for a lower rate; progress that is \
steady but slow for a higher one; stop only when nothing more is to be gained.
Answer with the name of one action, a colon and one short reason."""

# The words above are processed once per run, those below at each decision. So
# explanations go above, and what changes goes below. No line holds a unit: a
# loss in other units, or time in steps instead of epochs, is the same run.
USER = """\
Progress: {progress}
Learning rate: {rate_of_first} of the first[, before {last_rate_of_first}]
Training accuracy: {train_acc}[ ({train_acc_change})]
Validation accuracy: {val_acc}[ ({val_acc_change})][, before that \
{val_acc_change_before}][, best {since_best}]
Gap: {gap}
Training loss: {train_loss_of_first} of the first[ ({train_loss_change})]\
[, before that {train_loss_change_before}][, rose {train_loss_rises}]
Validation loss: {val_loss_of_first} of the first[ ({val_loss_change})]\
[, best {since_best_loss}]
Which action?"""


@dataclass(frozen=True)
class Prompt:
    """Two templates: `system`, constant during a run, and `user`, the metrics.

    `system` may hold {actions} and {every}; `user` any field of `FIELDS`.
    A line of `user` with an unknown value (if no loss was given, say) is left
    out, never printed as None. So is a part of a line in square brackets.
    Raises ValueError naming an unknown field and listing the known ones.
    """

    # Made by functions, so that help() does not print both texts.
    system: str = field(default_factory=lambda: SYSTEM)
    user: str = field(default_factory=lambda: USER)

    def __post_init__(self):
        check_template("system", self.system, {"actions": "", "every": 5})
        check_template("user", self.user, FIELDS)

    def messages(self, history: list[Metrics],
                 actions: Sequence[Action] = ACTIONS,
                 every: int = 5) -> list[dict]:
        """The chat messages for a history of Metrics, oldest first.

        The system message depends on `actions` and `every` alone, so that a
        language model can keep what it computed for it.
        """
        options = "\n".join(f"- {action.line}" for action in actions)
        system = self.system.format(actions=options, every=every)
        values = describe(history, every)
        user = "\n".join(known_lines(self.user, values)).format(**values)
        return [{"role": "system", "content": system},
                {"role": "user", "content": user}]


def known_lines(template, known) -> list[str]:
    """The lines of a template, and the parts in square brackets, whose fields
    are all in `known`."""
    def is_known(text):
        return all(field in known for field in template_fields(text))

    lines = [OPTIONAL.sub(lambda part: part[1] if is_known(part[1]) else "",
                          line) for line in template.splitlines()]
    return [line for line in lines if is_known(line)]


OPTIONAL = re.compile(r"\[([^\[\]]*\{\w+\}[^\[\]]*)\]")


def template_fields(template) -> list[str]:
    """The names in curly brackets in a template, in their order."""
    return [name for _, name, _, _ in string.Formatter().parse(template)
            if name is not None]


def check_template(argument, template, known):
    """Raises a ValueError that says which field is wrong and which exist."""
    try:
        names = template_fields(template)
        if known.keys() >= set(names):
            template.format(**known)  # what it will be given is text, too
    except (ValueError, LookupError) as error:
        raise ValueError(
            f"{argument}={template!r} cannot be read: {error}. Fields are "
            "text; write {{ and }} for curly brackets.") from None
    for name in names:
        if name not in known:
            raise ValueError(
                f"{argument} holds the unknown field {{{name}}}. The fields "
                f"are: {', '.join(sorted(known))}.")


# Every field a user template may hold, with its meaning. "Change" and "rises"
# are counted since the last decision.
FIELDS = {
    "progress": "how much of the budget is used, in words",
    "epoch": "the epoch just finished, counted from 1",
    "total_epochs": "the budget",
    "epochs_left": "budget minus epoch",
    "decisions_left": "how many decisions there will be after this one",
    "learning_rate": "the rate of this epoch",
    "rate_of_first": "the rate as a multiple of the first epoch's",
    "last_rate_of_first": "the same before the last decision changed it",
    "train_acc": "training accuracy, in percent",
    "train_acc_change": "its change, in points",
    "train_acc_change_before": "its change up to the last decision, in points",
    "val_acc": "validation accuracy, in percent",
    "val_acc_change": "its change, in points",
    "val_acc_change_before": "its change up to the last decision, in points",
    "gap": "training minus validation accuracy, in points",
    "trend": "where validation accuracy is heading, in words",
    "best_val_acc": "best validation accuracy so far, in percent",
    "since_best": "now; or that best and how many decisions ago it was",
    "train_loss": "training loss",
    "train_loss_of_first": "the same as a multiple of the first one",
    "train_loss_change": "its change, in percent of what it was",
    "train_loss_change_before": "its change up to the last decision",
    "train_loss_rises": "how often it rose from epoch to epoch since then",
    "val_loss": "validation loss",
    "val_loss_of_first": "the same as a multiple of the first one",
    "val_loss_change": "its change, in percent of what it was",
    "val_loss_change_before": "its change up to the last decision",
    "best_val_loss": "lowest validation loss so far",
    "since_best_loss": "now; or that multiple and how many decisions ago"}


def describe(history, every=5) -> dict[str, str]:
    """The values of `FIELDS` that are known, as text.

    history  list of Metrics, oldest first
    every    the number of epochs between two decisions, over which changes
             are counted
    """
    history = check_history(history)
    now, before = history[-1], last_decision(history, every)
    values = describe_progress(now, every)
    for name in ("learning_rate", "gap", *MEASURED):
        if getattr(now, name) is not None:
            values[name] = shown(name)(getattr(now, name))
    values |= describe_multiples(history, before)
    if before is not None:
        values |= describe_changes(before, now)
        earlier = [m for m in history if m.epoch <= before.epoch]
        changes = describe_changes(last_decision(earlier, every), before)
        values |= {f"{name}_before": text for name, text in changes.items()}
    if "val_acc_change" in values:
        values["trend"] = trend(float(values["val_acc_change"]))
    return (values | describe_rises(history, before)
            | describe_best(history, "val_acc", max, every)
            | describe_best(history, "val_loss", min, every))


def describe_progress(now, every) -> dict[str, str]:
    """How far the run has come.

    It is given as a share of the budget and as a number of decisions, so that
    a budget of 20 epochs and one of 20,000 steps read alike.
    """
    values = {"epoch": str(now.epoch), "progress": f"epoch {now.epoch}"}
    if (total := now.total_epochs) is None:
        return values
    to_come = count(max((total - 1) // every - now.epoch // every, 0),
                    "decision")
    return values | {
        "total_epochs": str(total), "epochs_left": str(total - now.epoch),
        "decisions_left": to_come, "progress":
        f"{100 * now.epoch / total:.0f}% of the budget, {to_come} left"}


def describe_multiples(history, before) -> dict[str, str]:
    """The rate and the losses, as multiples of the first ones."""
    values, now = {}, history[-1]
    for name, multiple in OF_FIRST.items():
        start, value = first(history, name), getattr(now, name)
        if None not in (start, value):
            values[multiple] = number(value / start)
    start = first(history, "learning_rate")
    last = before and before.learning_rate
    if start and last and number(last) != number(now.learning_rate or last):
        values["last_rate_of_first"] = number(last / start)
    return values


OF_FIRST = {"learning_rate": "rate_of_first",
            "train_loss": "train_loss_of_first",
            "val_loss": "val_loss_of_first"}


def first(history, name) -> float | None:
    """The first value of `name` that is a positive number; None if none."""
    return next((value for m in history
                 if (value := getattr(m, name)) is not None
                 and 0 < value < math.inf), None)


def shown(name):
    """How a field's values are written: `number` or `percent`."""
    return number if name.endswith(("loss", "rate")) else percent


def describe_changes(before, now) -> dict[str, str]:
    """What changed from one decision's Metrics, if any, to another's."""
    values = {}
    for name in MEASURED:
        old, new = before and getattr(before, name), getattr(now, name)
        known = None not in (old, new)
        if known and shown(name) is percent:
            values[f"{name}_change"] = f"{new - old:+.1f}"
        elif known and old and math.isfinite((new - old) / old):
            values[f"{name}_change"] = share((new - old) / abs(old))
    return values


def trend(points) -> str:
    """A change of accuracy, in percentage points, as one word or two."""
    return ("rising fast" if points > 3 else "rising slowly" if points > 0.5
            else "flat" if points >= -0.5 else "falling")


def describe_rises(history, before) -> dict[str, str]:
    """How often the training loss rose from one epoch to the next."""
    losses = [m.train_loss for m in history
              if before is None or m.epoch >= before.epoch]
    rises = [not b <= a for a, b in zip(losses, losses[1:])  # so nan is a rise
             if None not in (a, b)]
    return {"train_loss_rises": f"{sum(rises)} of "
            f"{count(len(rises), 'time')}"} if rises else {}


def describe_best(history, name, best_of, every) -> dict[str, str]:
    """The best value of `name` so far, and how long ago that was."""
    seen = [m for m in history if getattr(m, name) is not None
            and math.isfinite(getattr(m, name))]
    if len(seen) < 2:
        return {}
    best = best_of(seen, key=lambda m: getattr(m, name))
    value = getattr(best, name)
    values = {f"best_{name}": shown(name)(value)}
    since = "since_best" if name == "val_acc" else "since_best_loss"
    ago = math.ceil((history[-1].epoch - best.epoch) / every)
    start = 1 if name == "val_acc" else first(history, name)
    if not ago:
        values[since] = "now"
    elif start is not None:
        values[since] = (f"{shown(name)(value / start)}, "
                         f"{count(ago, 'decision')} ago")
    return values
