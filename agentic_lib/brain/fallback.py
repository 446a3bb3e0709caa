"""Metrics -> Decision by rules: what stands in when the model fails.

Knows nothing about language models or optimizers.
"""

import math
from collections.abc import Sequence

from agentic_lib.brain.decision import (
    ACTIONS, Action, Decision, Metrics, check_history, last_decision)

BIG_GAP = 15.0  # percentage points between training and validation accuracy
GREAT = 95.0    # percent of accuracy
CRAWL = 0.3     # slow: less than this share of the accuracy that is missing
RESTLESS = 0.3  # share of epochs in which the training loss rose


def fallback_decision(history: list[Metrics],
                      actions: Sequence[Action] = ACTIONS,
                      every: int = 5) -> Decision:
    """The original's three rules, made to do no harm.

    history  list of Metrics, oldest first
    every    the number of epochs between two decisions
    The rules first check if the training loss is broken or restless, since a
    rate that is too high looks like slow learning. Training ends only if
    validation accuracy is above 95 % and has hardly changed since the last
    decision.
    """
    history = check_history(history)
    now, before = history[-1], last_decision(history, every)
    rises, steps = count_rises(history, every)
    if now.diverged:
        return choose(is_lower, actions, "The loss is no longer finite.")
    if steps and rises >= RESTLESS * steps:
        return choose(is_lower, actions, f"The training loss rose in {rises} "
                      f"of {steps} epochs: the rate is too high.")
    if now.gap is not None and now.gap > BIG_GAP:
        return choose(is_lower, actions, big_gap(now))
    if (now.val_acc or 0) > GREAT and before is not None and (
            abs(gained(before, now, "val_acc", every)) < 0.3):
        return choose(is_stop, actions, great(now))
    if rises == 0 and (now.gap or 0) < BIG_GAP / 2 and (
            crawls(history, before, every)):
        return choose(is_higher, actions, "Learning is slow but steady.")
    return choose(is_plain, actions, "Learning goes well.")


def gained(before, now, name, every) -> float:
    """Points that accuracy `name` has risen since the last decision.

    If only the newest value is known, this is the average rise since the
    start; if not even that is known, infinity.
    """
    new, old = getattr(now, name), getattr(before, name, None)
    if new is None:
        return math.inf
    return new * every / now.epoch if old is None else new - old


def crawls(history, before, every) -> bool:
    """True if training accuracy rises slowly but steadily.

    It is slow compared with what is missing to 100 %; it is steady if it has
    not begun to level off, compared with its own pace.
    """
    now = history[-1]
    if now.train_acc is None:
        return False
    first, gain = history[0], gained(before, now, "train_acc", every)
    pace, epochs = gain, now.epoch - first.epoch
    if epochs and first.train_acc is not None:
        pace = (now.train_acc - first.train_acc) * every / epochs
    return pace / 2 <= gain < CRAWL * (100 - now.train_acc)


def count_rises(history, every) -> tuple[int, int]:
    """(epochs in which the training loss rose, epochs that were compared).

    Both are counted since the last decision.
    """
    first = last_decision(history, every) or history[0]
    losses = [m.train_loss for m in history
              if m.epoch >= first.epoch and m.train_loss is not None]
    rises = sum(new > old for old, new in zip(losses, losses[1:]))
    return rises, max(len(losses) - 1, 0)


def is_lower(action):
    return action.factor < 1


def is_higher(action):
    return action.factor > 1


def is_stop(action):
    return action.stop


def is_plain(action):
    return action.factor == 1 and not action.stop and action.effect is None


def choose(kind, actions, reason) -> Decision:
    """The first action of that kind; else one that changes nothing; else one
    that does not end the training; else the first of all."""
    for wanted in (kind, is_plain, lambda action: not action.stop, bool):
        for action in actions:
            if wanted(action):
                return Decision(action.name, reason, source="fallback")
    raise ValueError("actions=[] is empty: there is nothing to choose from.")


def big_gap(now) -> str:
    return (f"The gap of {now.gap:.1f} points between training and "
            "validation accuracy is big.")


def great(now) -> str:
    return f"Validation accuracy is great: {now.val_acc:.1f} %."
