"""What the labels teach in the end: a forest that smooths them.

Single labels are noisy, so a forest averages over many that are alike
(extremely randomised trees: Geurts, Ernst and Wehenkel, 2006). It predicts
better than the stand-in, and is too slow to play labels with.
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

CAP = 5.0     # points beyond which a gain hardly counts for more
TREES = 200


def teacher(groups, seed=0, trees=TREES):
    """What the labels teach in the end: numbers (N, F) -> (N, 4) points that
    continue, reduce, increase and stop are worth, beside the first three's
    mean."""
    return fit(*table(groups), seed, trees)


def loss_teacher(groups, seed=0):
    """The same for runs of which losses alone are known, and in which a low
    validation loss is all that counts; None if no group says so."""
    if not any(knows(g, "loss_") for g in groups):
        return None
    rows, *rest = table(groups, "loss_")
    predict = fit(without_accuracy(rows), *rest, seed)
    return lambda rows: predict(without_accuracy(rows))


def with_cool_down(teach, groups, seed=0, by=""):
    """What `teacher` or `loss_teacher` gave, with a fifth column for
    cool_down; as it was where no group was branched for that."""
    rows, gains, rounds = cooled(groups, by)
    if teach is None or not len(rows):
        return teach
    cool = smooth(rows, gains, rounds, seed)
    return lambda rows: np.column_stack([teach(rows), cool(rows)])


def fit(rows, values, now, rounds, seed, trees=TREES):
    """A forest on a table of labels, as its function."""
    gains = with_stop(values, now) - values.mean(1, keepdims=True)
    return smooth(rows, gains, rounds, seed, trees)


def smooth(rows, gains, rounds, seed, trees=TREES):
    """A forest's function: rows -> gains, noise averaged out."""
    forest = ExtraTreesRegressor(trees, min_samples_leaf=20,
                                 max_features=0.5, random_state=seed)
    forest.fit(rows, CAP * np.tanh(gains / CAP), recent(rounds))
    return forest.predict
