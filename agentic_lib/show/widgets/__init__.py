"""The widgets of this package, together.

PromptLab            what does the brain do, and when does it not?
LiveTraining         watch and steer a training
YouAgainstTheBrain   you decide on one run, the brain on its twin
Replay               go through a saved run, and branch its decisions
"""

from agentic_lib.show.widgets.against import YouAgainstTheBrain
from agentic_lib.show.widgets.live_view import LiveTraining
from agentic_lib.show.widgets.prompt_lab import PromptLab
from agentic_lib.show.widgets.replay import Replay

__all__ = ["LiveTraining", "PromptLab", "Replay", "YouAgainstTheBrain"]
