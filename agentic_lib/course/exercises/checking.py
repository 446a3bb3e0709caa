"""How a check speaks to a learner: a hint or a word of praise, no traceback.

Knows nothing about any exercise.
"""

import functools
import sys
import textwrap
import traceback

passed = {}  # {name of the check: True or False}
seen = {}    # {place of an `expect`: how often its hint was given}


class Hint(Exception):
    """What is not right yet, said so that it helps."""


def expect(condition, hint, *more):
    """Ends the check with `hint` if `condition` does not hold; the next time
    the first of `more` is added, and so on. So the first hint can say what is
    wrong, and leave to the learner what to do about it."""
    if not condition:
        caller = sys._getframe(1)  # hints hold numbers, so count by place
        place = caller.f_code.co_filename, caller.f_lineno
        times = seen[place] = seen.get(place, 0) + 1
        raise Hint(" ".join([hint, *more[:times - 1]]))


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
