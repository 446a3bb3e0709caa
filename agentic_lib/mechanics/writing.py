"""Numbers as text, short and always in the same form.

Knows nothing about what the numbers mean.
"""


def percent(value) -> str:
    """An accuracy in percent, with one decimal."""
    return f"{value:.1f}"


def number(value) -> str:
    """A loss or a rate, with three significant digits."""
    return f"{value:.3g}"


def share(change) -> str:
    """A change of -0.25 as -25%; a very large one in powers of ten."""
    return f"{100 * change:{'+.0f' if abs(change) < 100 else '+.0e'}}%"


def count(n, noun) -> str:
    """1 decision, 2 decisions."""
    return f"{n} {noun}{'' if n == 1 else 's'}"
