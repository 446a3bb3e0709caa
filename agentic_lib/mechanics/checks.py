"""Checks of arguments: a good value is returned, a bad one raises ValueError.

Each error names the argument, the value and the way out. Uses only the
standard library.
"""

import math
import sys


def number(name: str, value) -> float | None:
    """`value` as a float; None stays None.

    It may also be a tensor, say, with or without a graph.
    """
    if value is None:
        return None
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        return float(getattr(value, "detach", lambda: value)())
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ValueError(f"{name}={value!r} is not a number: pass a float, "
                         "or None if it is not known.") from None


def percentage(name: str, value) -> float | None:
    """A number from 0 to 100; None stays None."""
    return within(0, 100, name, value,
                  "a percentage from 0 to 100, or None if it is not known")


def rate(name: str, value) -> float | None:
    """A learning rate: finite, not negative; None stays None."""
    return within(0, sys.float_info.max, name, value,
                  "finite and not negative")


def within(low, high, name, value, what) -> float | None:
    """A number from `low` to `high`; None stays None, NaN is refused."""
    value = number(name, value)
    if value is not None and not low <= value <= high:
        raise ValueError(f"{name}={value!r} must be {what}.")
    return value


def count(name: str, value) -> int:
    """A whole number of 1 or more."""
    try:
        whole = int(value) == value and 1 <= value < 10**12
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or isinstance(value, bool):
        raise ValueError(
            f"{name}={value!r} must be a whole number of 1 or more.")
    return int(value)


def positive(**arguments):
    """Each must be a finite number above 0."""
    for name, value in arguments.items():
        if number(name, value) is None or not 0 < value < math.inf:
            raise ValueError(f"{name}={value!r} must be a number above 0.")


def between(low, high, **arguments):
    """Each is None, or a number above `low` and below `high`."""
    for name, value in arguments.items():
        if value is not None and not low < number(name, value) < high:
            raise ValueError(f"{name}={value!r} must be a number above {low} "
                             f"and below {high}.")
