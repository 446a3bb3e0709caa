"""The checks that notebooks call behind an exercise.

A check looks at what the learner's code does, never at its text; it gives a
hint and never raises. `passed` holds how the last call of each check ended.
A section for each notebook.
"""

import functools
import traceback

passed = {}  # {name of the check: True or False}


class Hint(Exception):
    """What is not right yet, said so that it helps."""


def expect(condition, hint):
    """Ends the check with `hint` where `condition` does not hold."""
    if not condition:
        raise Hint(hint)


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
            print(f"Not yet. {hint}")
        except Exception as error:  # the learner's own, most likely
            print(f"Not yet. Your code stopped with {type(error).__name__}: "
                  f"{error}{where(error)}.")
        else:
            passed[function.__name__] = True
            print(f"Passed. {praise or ''}".rstrip())
    return checked
