"""The checks that notebooks call after an exercise, a module for each one.

A check looks at what the learner's code does, never at its text; it gives a
hint and never raises. `passed` holds how the last call of each check ended.
"""

from agentic_lib.course.exercises.checking import passed
from agentic_lib.course.exercises.craft_prompts import (
    flip_rate,
    smallest_flip,
    trend_in_words,
)
from agentic_lib.course.exercises.does_it_help import (
    beats_constant,
    paired_interval,
    regret_of,
)
from agentic_lib.course.exercises.load_the_brain import (
    agreement,
    write_without_generate,
)
from agentic_lib.course.exercises.parse_decisions import (
    REPLIES,
    check_breaking_reply,
    check_parser,
    check_safe_rule,
)
from agentic_lib.course.exercises.run_the_full_loop import (
    judged_run,
    scale_rates,
)
from agentic_lib.course.exercises.score_the_options import (
    calibration_error,
    without_prior,
)
from agentic_lib.course.exercises.survive_a_disconnect import same_weights
from agentic_lib.course.exercises.teach_the_brain import (
    soft_label,
    split_by_run,
)
from agentic_lib.course.exercises.visualise import beyond_luck, in_words
from agentic_lib.course.exercises.your_own_training import mended_loop

__all__ = [
    "REPLIES",
    "agreement",
    "beats_constant",
    "beyond_luck",
    "calibration_error",
    "check_breaking_reply",
    "check_parser",
    "check_safe_rule",
    "flip_rate",
    "in_words",
    "judged_run",
    "mended_loop",
    "paired_interval",
    "passed",
    "regret_of",
    "same_weights",
    "scale_rates",
    "smallest_flip",
    "soft_label",
    "split_by_run",
    "trend_in_words",
    "without_prior",
    "write_without_generate",
]
