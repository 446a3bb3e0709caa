"""What was measured in a run so far, and the part of it that a prompt shows.

Adding an evaluation and taking the extract cost the same, however long the run
is. Knows nothing about decisions: what is added has an `epoch` and numbers.
"""

import math

from agentic_lib.mechanics.divergence import SIGNS


class Story:
    """The evaluations of a run, oldest first.

    history  every evaluation; the same list throughout
    results  how good each was, higher is better, or None
    peaks    {name of a number: the evaluation at which it was best}
    starts   {name: the first evaluation at which it was a positive number}
    begin    the index in the history at which the run began, or began again
    """

    def __init__(self):
        self.history = []
        self.clear()

    def add(self, metrics, result):
        """Takes in one more evaluation."""
        self.history.append(metrics)
        self.results.append(result)
        for name, sign in SIGNS.items():
            x = getattr(metrics, name)
            if x is not None and math.isfinite(x) and (
                    name not in self.peaks
                    or sign * x > sign * getattr(self.peaks[name], name)):
                self.peaks[name] = metrics
        for name in ("learning_rate", "train_loss", "val_loss"):
            if 0 < (getattr(metrics, name) or 0) < math.inf:
                self.starts.setdefault(name, metrics)

    def extract(self, every) -> list:
        """The evaluations that a prompt needs.

        They are the first ones, the best ones, those since the last decision
        (`every` evaluations ago), and the one at the decision before that.
        """
        at = max(self.begin, len(self.history) - 2 * every - 1)
        last = self.history[at:]
        parts = (self.history[self.begin], *self.starts.values(),
                 *self.peaks.values(),
                 *last[-2 * every - 1:-2 * every], *last[-every - 1:])
        return sorted({m.epoch: m for m in parts}.values(),
                      key=lambda m: m.epoch)

    def since_begin(self) -> list:
        """Every evaluation since the run began, or began again."""
        return self.history[self.begin:]

    def begin_again(self):
        """Begins a new attempt at the run.

        What was seen belongs to an attempt that was given up. It stays in the
        history, but says nothing about what follows.
        """
        self.begin, self.peaks, self.starts = len(self.history), {}, {}

    def clear(self):
        """Forgets everything: nothing has been seen yet."""
        self.history.clear()
        self.results = []
        self.begin_again()
