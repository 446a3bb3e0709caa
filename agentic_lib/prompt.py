"""Metrics -> chat messages.

What a small language model is bad at (differences, counting, comparing) is
computed here and said in words. Knows nothing about language models: its
output is a list of {"role", "content"} dictionaries.
"""

import math
import string
from dataclasses import dataclass

from agentic_lib.decision import ACTIONS, check_history

SYSTEM = """\
You control the learning rate of a neural network while it trains. \
Every {every} epochs you read its metrics and choose one action.
{actions}
A loss that jumps, rises or is nan calls for a lower rate; progress that is \
steady but slow for a higher one; stop only when nothing more is to be gained.
Answer with the name of one action, a colon and one short reason."""

USER = """\
Epoch: {progress}
Learning rate: {learning_rates}
Training accuracy: {train_accs} %
Validation accuracy: {val_accs} %
Gap, training minus validation: {gap} points
Training loss: {train_losses}
Validation loss: {val_losses}
Change since the last decision: {changes}
Training loss rose in {train_loss_rises}
Validation loss rose in {val_loss_rises}
Best validation accuracy: {best_val_acc} % at epoch {best_epoch}, \
{since_best} epochs ago
Lowest validation loss: {best_val_loss} at epoch {best_loss_epoch}, \
{since_best_loss} epochs ago
Which action?"""


@dataclass(frozen=True)
class Prompt:
    """Two templates: `system`, constant during a run, and `user`, the metrics.

    `system` may hold {actions} and {every}; `user` any field of `FIELDS`.
    A line of `user` that holds a value which is not known (no loss was given,
    say) is left out, never printed as None.
    Raises ValueError naming an unknown field and listing the fields there are.
    """

    system: str = SYSTEM
    user: str = USER

    def __post_init__(self):
        check_template("system", self.system, ("actions", "every"))
        check_template("user", self.user, FIELDS)

    def messages(self, history, actions=ACTIONS, every=5) -> list[dict]:
        """The chat messages for a history of Metrics, oldest first.

        The system message depends on `actions` and `every` alone, so that a
        language model can keep what it computed for it.
        """
        options = "\n".join(f"- {action.line}" for action in actions)
        system = self.system.format(actions=options, every=every)
        values = describe(history, every)
        lines = [
            line.format(**values)
            for line in self.user.splitlines()
            if all(field in values for field in template_fields(line))
        ]
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": "\n".join(lines)},
        ]


def template_fields(template) -> list[str]:
    """The names in curly brackets in a template, in their order."""
    return [name for _, name, _, _ in string.Formatter().parse(template)
            if name is not None]


def check_template(argument, template, known):
    """Raises a ValueError that says which field is wrong and which exist."""
    try:
        names = template_fields(template)
    except ValueError as error:
        raise ValueError(
            f"{argument}={template!r} cannot be read: {error}. Write {{{{ "
            "and }}} for curly brackets that are meant as text."
        ) from None
    for name in names:
        if name not in known:
            raise ValueError(
                f"{argument} holds the unknown field {{{name}}}. The fields "
                f"there are: {', '.join(sorted(known))}."
            )


# Every field a user template may hold, with its meaning.
FIELDS = {
    "progress": "epoch, epochs in all and epochs left, in words",
    "epoch": "the epoch just finished, counted from 1",
    "total_epochs": "the budget",
    "epochs_left": "budget minus epoch",
    "learning_rate": "the rate of this epoch",
    "learning_rates": "the rate at the last three decisions, oldest first",
    "train_acc": "training accuracy, in percent",
    "val_acc": "validation accuracy, in percent",
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "train_accs": "training accuracy at the last three decisions",
    "val_accs": "validation accuracy at the last three decisions",
    "train_losses": "training loss at the last three decisions",
    "val_losses": "validation loss at the last three decisions",
    "gap": "training minus validation accuracy, in points",
    "changes": "change of all that is known since the last decision",
    "train_loss_rises": "how often the training loss rose since then",
    "val_loss_rises": "how often the validation loss rose since then",
    "best_val_acc": "best validation accuracy so far, in percent",
    "best_epoch": "when that was",
    "since_best": "how many epochs ago that was",
    "best_val_loss": "lowest validation loss so far",
    "best_loss_epoch": "when that was",
    "since_best_loss": "how many epochs ago that was",
    "trend": "where validation accuracy is heading, in words",
}


def describe(history, every=5) -> dict[str, str]:
    """The values of `FIELDS` that are known, as text.

    history  list of Metrics, oldest first; `every` is the number of epochs
             between two decisions: changes are counted over it.
    """
    history = check_history(history)
    now = history[-1]
    at_decisions = decision_points(history, every)
    values = {"epoch": str(now.epoch), "progress": str(now.epoch)}
    if now.total_epochs is not None:
        left = now.total_epochs - now.epoch
        values["total_epochs"] = str(now.total_epochs)
        values["epochs_left"] = str(left)
        values["progress"] = f"{now.epoch} of {now.total_epochs}, {left} left"
    for name, show in (
        ("learning_rate", number), ("train_acc", percent),
        ("val_acc", percent), ("train_loss", number), ("val_loss", number),
    ):
        if getattr(now, name) is not None:
            values[name] = show(getattr(now, name))
            path = [getattr(m, name) for m in at_decisions]
            values[plural(name)] = " -> ".join(
                show(x) for x in path if x is not None)
    if now.gap is not None:
        values["gap"] = percent(now.gap)
    values.update(describe_change(at_decisions))
    for name in ("train_loss", "val_loss"):
        values.update(describe_rises(history, name, every))
    values.update(describe_best(history))
    return values


def plural(name) -> str:
    """The name of the field that holds several of `name`."""
    return name + "es" if name.endswith("s") else name + "s"


def percent(value) -> str:
    """An accuracy in percent, with one digit behind the point."""
    return f"{value:.1f}"


def number(value) -> str:
    """A loss or a rate, with three digits that count."""
    return f"{value:.3g}"


def decision_points(history, every) -> list:
    """The newest Metrics and those one and two decisions before it."""
    epoch = history[-1].epoch
    wanted = (epoch - 2 * every, epoch - every, epoch)
    return [m for m in history if m.epoch in wanted]


def describe_change(at_decisions) -> dict[str, str]:
    """`changes` and `trend`, from the last decision to now."""
    if len(at_decisions) < 2:
        return {}
    before, now = at_decisions[-2:]
    parts = []
    for name, title in (
        ("train_acc", "training accuracy"), ("val_acc", "validation accuracy"),
        ("train_loss", "training loss"), ("val_loss", "validation loss"),
    ):
        old, new = getattr(before, name), getattr(now, name)
        if old is None or new is None or not math.isfinite(new - old):
            continue
        digits = ".1f" if name.endswith("acc") else ".3g"
        parts.append(f"{title} {new - old:+{digits}}")
    values = {"changes": ", ".join(parts)} if parts else {}
    if before.val_acc is not None and now.val_acc is not None:
        values["trend"] = trend(now.val_acc - before.val_acc)
    return values


def trend(points) -> str:
    """A change of accuracy, in percentage points, as one word or two."""
    if points > 3:
        return "rising fast"
    if points > 0.5:
        return "rising slowly"
    if points >= -0.5:
        return "flat"
    return "falling"


def describe_rises(history, name, every) -> dict[str, str]:
    """How often loss `name` rose from one epoch to the next since then."""
    first = history[-1].epoch - every
    losses = [getattr(m, name) for m in history if m.epoch >= first]
    pairs = [(a, b) for a, b in zip(losses, losses[1:])
             if a is not None and b is not None]
    if not pairs:
        return {}
    rises = sum(not b <= a for a, b in pairs)  # nan counts as a rise
    return {f"{name}_rises": f"{rises} of the last {len(pairs)} epochs"}


def describe_best(history) -> dict[str, str]:
    """The best validation result so far, when it was, and how long ago."""
    values = {}
    now = history[-1].epoch
    seen = [m for m in history if m.val_acc is not None]
    if len(seen) > 1:
        best = max(seen, key=lambda m: m.val_acc)
        values["best_val_acc"] = percent(best.val_acc)
        values["best_epoch"] = str(best.epoch)
        values["since_best"] = str(now - best.epoch)
    seen = [m for m in history
            if m.val_loss is not None and math.isfinite(m.val_loss)]
    if len(seen) > 1:
        best = min(seen, key=lambda m: m.val_loss)
        values["best_val_loss"] = number(best.val_loss)
        values["best_loss_epoch"] = str(best.epoch)
        values["since_best_loss"] = str(now - best.epoch)
    return values
