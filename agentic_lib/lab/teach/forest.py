"""What the labels teach in the end: a forest that smooths them.

Single labels are noisy, so a forest averages over many that are alike
(extremely randomised trees: Geurts, Ernst and Wehenkel, 2006). It predicts
better than the stand-in, but is too slow to decide while labels are made.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from agentic_lib.lab.features import without_accuracy
from agentic_lib.lab.teach.labels import (
    cooled,
    knows,
    recent,
    table,
    with_stop,
)

CAP = 5.0     # points: a gain larger than this hardly counts for more
TREES = 200


def teacher(groups, seed=0, trees=TREES):
    """What the labels teach in the end: numbers (N, F) -> (N, 4), the worth
    of continue, reduce, increase and stop, in points above the mean of the
    first three."""
    return fit(*table(groups), seed, trees)


def loss_teacher(groups, seed=0):
    """The same for runs of which only losses are known, and in which a low
    validation loss is all that counts; None if no group has such labels."""
    if not any(knows(g, "loss_") for g in groups):
        return None
    rows, *rest = table(groups, "loss_")
    predict = fit(without_accuracy(rows), *rest, seed)
    return lambda rows: predict(without_accuracy(rows))


def with_cool_down(teach, groups, seed=0, by=""):
    """What `teacher` or `loss_teacher` gave, with a fifth column for
    cool_down; unchanged if no group was branched for that."""
    rows, gains, rounds = cooled(groups, by)
    if teach is None or not len(rows):
        return teach
    cool = smooth(rows, gains, rounds, seed)
    return lambda rows: np.column_stack([teach(rows), cool(rows)])


def fit(rows, values, now, rounds, seed, trees=TREES):
    """Fits a forest to a table of labels; returns its function."""
    gains = with_stop(values, now) - values.mean(1, keepdims=True)
    return smooth(rows, gains, rounds, seed, trees)


def smooth(rows, gains, rounds, seed, trees=TREES):
    """Fits a forest; returns its function, rows -> gains without the noise."""
    forest = ExtraTreesRegressor(trees, min_samples_leaf=20,
                                 max_features=0.5, random_state=seed)
    forest.fit(rows, CAP * np.tanh(gains / CAP), recent(rounds))
    return forest.predict
