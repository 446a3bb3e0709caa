"""Checks of arguments: a good value comes back, a bad one is a ValueError.

Each error names the argument, the value and the way out. Uses the standard
library alone.
"""

import math


def number(name, value) -> float | None:
    """`value` as a float (from a tensor, say); None stays None."""
    if value is None:
        return None
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ValueError(
            f"{name}={value!r} is not a number: pass a float, or None where "
            "it is not known."
        ) from None


def percentage(name, value) -> float | None:
    """A number from 0 to 100; None stays None."""
    value = number(name, value)
    if value is not None and not 0 <= value <= 100:
        raise ValueError(
            f"{name}={value!r} is not a percentage: pass a number from 0 to "
            "100, or None where it is not known."
        )
    return value


def rate(name, value) -> float | None:
    """A learning rate: finite, not negative; None stays None."""
    value = number(name, value)
    if value is not None and not 0 <= value < math.inf:
        raise ValueError(f"{name}={value!r} must be finite and not negative.")
    return value


def count(name, value) -> int:
    """A whole number of 1 or more."""
    try:
        if isinstance(value, (str, bytes, bool)) or int(value) != value:
            raise TypeError
        if not 1 <= value < 10**12:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"{name}={value!r} must be a whole number of 1 or more."
        ) from None
    return int(value)


def positive(**arguments):
    """Each must be a finite number above 0."""
    for name, value in arguments.items():
        if number(name, value) is None or not 0 < value < math.inf:
            raise ValueError(f"{name}={value!r} must be a number above 0.")


def between(low, high, **arguments):
    """Each is None, or a number between `low` and `high`, both left out."""
    for name, value in arguments.items():
        if value is not None and not low < number(name, value) < high:
            raise ValueError(f"{name}={value!r} must be a number above {low} "
                             f"and below {high}.")
