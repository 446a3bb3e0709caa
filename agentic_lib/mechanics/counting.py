"""Counts the evaluations of a run, by epochs, steps or calls.

A brain reads the numbers of the evaluations, 1, 2, 3, ...; a user gives
`every` and `total` in the unit of their own loop. Knows nothing about metrics
or rates.
"""

from agentic_lib.mechanics import checks

UNITS = ("epochs", "evaluations", "steps")
# pace -> every, reduce, increase, and whether COOL_DOWN is offered. These
# numbers were chosen on the families that the brain is taught with, never on
# the tasks of the comparison; RESULTS.md says what is known of COOL_DOWN.
PACES = {"original": (5, None, None, False), "quick": (2, 0.5, 2.0, True)}


def make_counter(unit, every, total, total_epochs, pace) -> "Counter":
    """The counter that these arguments of AgenticLR ask for."""
    if pace not in PACES:
        raise ValueError(f"pace={pace!r} must be one of {list(PACES)}.")
    if total_epochs is not None:
        if total or unit != "epochs":
            raise ValueError("total_epochs counts epochs: with another unit, "
                             "pass total= alone.")
        total = checks.count("total_epochs", total_epochs)
    if unit == "steps" and every is None:
        raise ValueError("unit='steps' needs every=, the steps between two "
                         "decisions.")
    return Counter(unit, PACES[pace][0] if every is None else every, total)


class Counter:
    """Numbers the evaluations of a run, and says when a decision is due.

    unit   "epochs", numbered by the user; "evaluations": each call is one; or
           "steps" of the optimizer, numbered by the user, with the same
           number of steps between any two evaluations
    every  how many of that unit pass between two decisions
    total  the budget in that unit, or None
    """

    def __init__(self, unit="epochs", every=5, total=None):
        if unit not in UNITS:
            raise ValueError(f"unit={unit!r} must be one of {UNITS}.")
        self.unit, self.every = unit, checks.count("every", every)
        self.total = None if total is None else checks.count("total", total)
        self.number = self.at = self.before = 0

    def count(self, at=None):
        """Counts the next evaluation.

        at  its epoch or step; None: one more than the last
        Raises ValueError unless it comes after the one before.
        """
        if at is None or self.unit == "evaluations":
            if self.unit == "steps":
                raise ValueError("unit='steps' needs the number of the step: "
                                 "step(n, val_loss=...).")
            at = self.at + 1
        name = self.unit.rstrip("s")
        at = checks.count(name, at)
        if at <= self.at:
            raise ValueError(f"{name}={at} does not come after {name}="
                             f"{self.at}: pass it oldest first, each once.")
        first = 0 if self.unit == "steps" else at - 1
        self.before, self.at = self.at or first, at
        self.number = self.number + 1 if self.unit == "steps" else at

    @property
    def step(self) -> float:
        """How many of the unit lie between two evaluations."""
        return self.at / self.number if (
            self.unit == "steps" and self.number) else 1

    def evaluations(self, amount):
        """An amount of the unit, as a number of evaluations; None of None."""
        return amount and max(1, round(amount / self.step))

    def due(self) -> bool:
        """Does a decision follow this evaluation?

        Never after the last one, where it would change nothing.
        """
        crossed = self.at // self.every > self.before // self.every
        return crossed and self.at != self.total

    def advice(self) -> str | None:
        """A warning if this budget yields no decision, and what would."""
        if self.total is None or self.every < self.total:
            return None
        return (f"every={self.every} yields no decision in {self.total} "
                f"{self.unit}: the first would come at the end. Take every="
                f"{max(1, self.total // 4)}.")
