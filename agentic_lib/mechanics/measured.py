"""The numbers that a training loop hands in: no bad one ends the training.

Impossible values are reported once and left out. Knows nothing about
decisions.
"""

import math
from contextlib import suppress

from agentic_lib.mechanics import checks
from agentic_lib.messages import warn_once

KNOWN = ("train_acc", "val_acc", "train_loss", "val_loss")


class Measured:
    """Cleans the numbers of each evaluation.

    metric            the name of the number that says how good the weights
                      are; None: validation accuracy, or the loss
    higher_is_better  its direction; already known for accuracies and losses
    """

    def __init__(self, metric=None, higher_is_better=None):
        if metric in KNOWN and higher_is_better is None:
            higher_is_better = metric.endswith("acc")
        if metric is not None and not isinstance(higher_is_better, bool):
            raise ValueError(f"metric={metric!r}: is a higher one better? "
                             "Pass higher_is_better=True or False.")
        self.metric, self.sign = metric, 1 if higher_is_better else -1
        # share: is the metric from 0 to 1? percent: do accuracies go to 100?
        self.share, self.percent, self.told = None, False, set()

    def clean(self, given) -> tuple[dict, float | None]:
        """The numbers that a brain reads, and how good the metric is.

        The first are {name: number}, of the four that a brain knows; the
        second is one number, higher is better, or None.

        A metric of another name stands in if nothing else was measured on
        validation data: as a loss if lower is better, or as an accuracy if it
        is a share between 0 and 1.
        """
        found = {}
        for name, raw in given.items():
            if name not in (*KNOWN, self.metric):
                self.tell(name, f"{name} is not a metric that is used; it is "
                          f"left out. Used: {', '.join(KNOWN)}, and one of "
                          "your own with metric=.")
            elif raw is not None and (x := self.number(name, raw)) is not None:
                found[name] = x
        own = found.get(self.metric)
        if self.metric and own is None:
            self.tell("missing", f"metric={self.metric!r} was not measured, "
                      f"only {', '.join(found) or 'nothing'}.")
        result = None if own is None or math.isnan(own) else self.sign * own
        if self.metric not in KNOWN:
            found.pop(self.metric, None)
            if own is not None and not found.keys() & {"val_acc", "val_loss"}:
                found |= self.stand_in(own)
        if math.isnan(found.get("val_loss", 0)) and "val_acc" not in found \
                and math.isfinite(found.get("train_loss", math.nan)):
            del found["val_loss"]
            self.tell("not validated", "A validation loss of nan beside a "
                      "finite train_loss is left out: pass None instead.")
        self.look_for_fractions(found)
        if not found and not self.told & {"fractions", "no share"}:
            self.tell("nothing", "Nothing was measured that a decision could "
                      f"rest on: pass at least one of {', '.join(KNOWN)}.")
        return found, result

    def result(self, metrics) -> float | None:
        """How good the metric is in recorded Metrics, if they hold it."""
        value = getattr(metrics, self.metric or "", None)
        return None if value is None else self.sign * value

    def number(self, name, value):
        """The value as a float, or None if it is impossible."""
        with suppress(ValueError):
            x = checks.number(name, value)
            if name in ("train_acc", "val_acc"):  # 100.001 is rounding
                x = min(x, 100) if x <= 100.01 else x
                return checks.percentage(name, x)
            # an error that is nan or infinite is a run that has diverged
            if name in KNOWN or self.sign < 0 or math.isfinite(x):
                return x
        self.tell(f"{name} odd", f"{name}={value!r} is impossible: left out.")
        return None

    def stand_in(self, own) -> dict:
        """The metric of another name, as a number that a brain can read."""
        if self.sign < 0:
            return {"val_loss": own}
        self.share = self.share is not False and own <= 1.0001  # rounding
        if self.share and own >= 0:
            return {"val_acc": 100 * min(own, 1)}
        self.tell("no share", f"{self.metric}={own:g} is not a share from 0 "
                  "to 1, so a brain cannot read it; the best weights go by it "
                  "all the same. Pass val_acc= or val_loss= as well.")
        return {}

    def look_for_fractions(self, found):
        """Leaves out accuracies that look like shares, not like percent."""
        top = max(found.get("train_acc", 0), found.get("val_acc", 0))
        self.percent = self.percent or top > 1
        if not self.percent and top > 0 and not self.share:
            self.tell("fractions", f"An accuracy of {top:g} looks like "
                      "a fraction: percent is expected, from 0 to 100. "
                      "Multiply fractions by 100. Accuracies are left out "
                      "until one is above 1.")
            for name in ("train_acc", "val_acc"):
                found.pop(name, None)

    def tell(self, cause, text):
        warn_once(self.told, cause, text)


def validation(metrics) -> float | None:
    """How good the validation results are, higher is better: accuracy, else
    minus the loss; None if neither is known."""
    if metrics.val_acc is not None:
        return metrics.val_acc
    return None if metrics.val_loss is None else -metrics.val_loss


def goodness(metrics) -> tuple[bool, float] | None:
    """How good the weights are, higher is better: (was it validated, number).

    Validation decides; whatever was validated ranks above what was not, which
    has only its training loss. None for a run that has diverged.
    """
    known = validation(metrics)
    if metrics.diverged:
        return None
    if known is None and metrics.train_loss is not None:
        return False, -metrics.train_loss
    return (False, metrics.train_acc) if known is None else (True, known)
