"""A logistic regression on the labels: what they say without language.

The language model is compared with it, both when it is judged and when methods
are compared.
"""

from functools import cache

import numpy as np

from agentic_lib.lab.teach.labels import (
    LABELS,
    probabilities,
    table,
    unpack,
    with_stop,
)


@cache
def fit_logistic(path):
    """A logistic regression on the labels that the bundled brain was taught,
    every action weighted by its probability. It is fitted on one thread:
    beside other processes, several threads wait for each other after every
    small product, and a fit takes a minute instead of three seconds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    rows, values, now, _ = table(unpack(path))
    shares = probabilities(with_stop(values, now))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    with threadpool_limits(1):
        return model.fit(
            np.repeat(rows, 4, 0), np.tile(range(4), len(rows)),
            logisticregression__sample_weight=shares.ravel())


def no_labels():
    """Why there can be no regression, or None."""
    return None if LABELS.exists() else "this copy holds no labels"
