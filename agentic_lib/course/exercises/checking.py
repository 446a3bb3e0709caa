"""How a check speaks to a learner: a hint or a word of praise, no traceback.

Knows nothing about any exercise.
"""

import functools
import textwrap
import traceback

passed = {}  # {name of the check: True or False}


class Hint(Exception):
    """What is not right yet, said so that it helps."""


def expect(condition, hint):
    """Ends the check with `hint` where `condition` does not hold."""
    if not condition:
        raise Hint(hint)


def say(text):
    """Prints text in lines that fit a projector."""
    for line in text.split("\n"):
        print(textwrap.fill(line, 76))


def where(error) -> str:
    """The line of the notebook's cell in which an error arose."""
    lines = [frame.lineno for frame in traceback.extract_tb(
        error.__traceback__) if "ipykernel" in frame.filename
        or frame.filename.startswith("<")]
    return f" (in line {lines[-1]} of its cell)" if lines else ""


def check(function):
    """Makes a check of a function that raises Hint, or returns praise."""
    @functools.wraps(function)
    def checked(*args, **kwargs):
        passed[function.__name__] = False
        try:
            praise = function(*args, **kwargs)
        except Hint as hint:
            say(f"Not yet. {hint}")
        except Exception as error:  # the learner's own, most likely
            say(f"Not yet. Your code stopped with {type(error).__name__}: "
                f"{error}{where(error)}.")
        else:
            passed[function.__name__] = True
            say(f"Passed. {praise or ''}".rstrip())
    return checked
