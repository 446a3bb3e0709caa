"""What was measured in a run so far, and the part of it that a prompt shows.

Adding one evaluation, and taking the extract, cost the same at any length of
the run. Knows nothing about decisions: what is added has an `epoch` and
numbers.
"""

import math

from agentic_lib.mechanics.divergence import SIGNS


class Story:
    """The evaluations of a run, oldest first.

    history  every evaluation; the same list throughout
    results  how good each was, higher is better, or None
    peaks    {name of a number: the evaluation at which it was best}
    starts   {name: the first evaluation at which it was a positive number}
    """

    def __init__(self):
        self.history, self.results, self.peaks, self.starts = [], [], {}, {}

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
        """The first evaluations, the best ones, those since the last
        decision, `every` evaluations ago, and the one as long before that."""
        parts = (self.history[0], *self.starts.values(),
                 *self.peaks.values(),
                 *self.history[-2 * every - 1:-2 * every],
                 *self.history[-every - 1:])
        return sorted({m.epoch: m for m in parts}.values(),
                      key=lambda m: m.epoch)

    def clear(self):
        """Nothing has been seen yet."""
        self.history.clear()
        self.results, self.peaks, self.starts = [], {}, {}
