"""The actions as the lab counts them: by index, by letter.

Knows nothing about runs, prompts or models.
"""

from agentic_lib.brain.decision import ACTIONS
from agentic_lib.control.guards import COOL_DOWN

NAMES = [action.name for action in ACTIONS]
TAUGHT = [*NAMES, COOL_DOWN.name]  # what the bundled brain knows

LETTER = {"continue": "c", "reduce_learning_rate": "r",
          "increase_learning_rate": "i", "stop_training": "s",
          "cool_down": "d"}


def letter(choice) -> str:
    """c, r, i, s or d; a capital if the rules stood in for a brain."""
    found = LETTER[getattr(choice, "action", choice)]
    stood_in = getattr(choice, "source", None) == "fallback"
    return found.upper() if stood_in else found


def without_stop(actions=ACTIONS):
    return tuple(a for a in actions if not a.stop)
