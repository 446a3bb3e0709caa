"""The original's three rules, as it states them.

They mistake divergence for slow learning, and answer it with a higher rate.
Kept for teaching, and for comparison with `fallback_decision`, which is what
runs.
"""

from collections.abc import Sequence

from agentic_lib.brain.decision import (
    ACTIONS,
    Action,
    Decision,
    Metrics,
    check_history,
    last_decision,
)
from agentic_lib.brain.fallback import (
    BIG_GAP,
    GREAT,
    big_gap,
    choose,
    gained,
    great,
    is_higher,
    is_lower,
    is_plain,
    is_stop,
)

SLOW = 2.0  # points of training accuracy from decision to decision


def plain_rules(history: list[Metrics], actions: Sequence[Action] = ACTIONS,
                every: int = 5) -> Decision:
    """A decision by three rules; an unknown metric triggers none of them.

    history  list of Metrics, oldest first; every is the number of epochs
             between two decisions
    """
    history = check_history(history)
    now, before = history[-1], last_decision(history, every)
    if now.gap is not None and now.gap > BIG_GAP:
        return choose(is_lower, actions, big_gap(now))
    if (now.val_acc or 0) > GREAT:
        return choose(is_stop, actions, great(now))
    if gained(before, now, "train_acc", every) < SLOW:
        return choose(is_higher, actions, "Learning is slow.")
    return choose(is_plain, actions, "Learning goes well.")
