"""Networks that predict a number, side by side: only a loss is known.

Squared error instead of cross-entropy, no classes, no accuracy (it is nan).
Targets are standardised, so that guessing their mean has a loss of 1; the
prompts show losses in any unit. Friedman's problems stay out: the brain is
judged on them. Knows nothing about decisions.
"""

import numpy as np
import torch
from sklearn import datasets

from agentic_lib.lab.batch import Batch


class Regression(Batch):
    """N networks in training, as in `Batch`, with one output each. The `y` of
    the data are floats, and every set has one class."""

    def _mask(self, out):
        return out

    def _judge(self, out, y):
        """Outputs (N, B, 1) -> (errors (N, B), (N,) sum of the loss, nan)."""
        error = out[..., 0] - y.to(out.dtype)
        loss = error.square().sum(1)
        return error, loss, torch.full_like(loss, torch.nan)

    def _delta(self, error, y):
        return 2 * error[..., None]

    def worths(self, part="test"):
        """Percent of the targets' variance that is explained, at least 0.
        Both rows hold the same, since accuracy is not known."""
        _, loss = self.measure(part)
        share = 1 - torch.where(loss.isfinite(), loss, 1.0).clamp(max=1)
        return torch.stack([100 * share] * 2).numpy()


def draw_numbers(situation, sizes, rng):
    """One data set: ((x, y) to train on, (x, y) val, (x, y) test), of these
    sizes. The targets are noisy in all three parts."""
    count = sum(sizes)
    make = (linear, wavy, network)[rng.integers(3)]
    x, y = make(situation, count, rng)
    y = y + y.std() * rng.uniform(0, 0.5) * rng.normal(size=count)
    y = (y - y.mean()) / y.std()
    cuts = np.cumsum(sizes)[:-1]
    return list(zip(np.split(x, cuts), np.split(y, cuts)))


def linear(s, count, rng):
    """scikit-learn's make_regression: a weighted sum of some features."""
    features = int(rng.integers(4, s.features + 1))
    return datasets.make_regression(
        count, features, n_informative=int(rng.integers(2, features + 1)),
        random_state=int(rng.integers(2 ** 31)))


def wavy(s, count, rng):
    """A sum of waves, one along each of a few directions."""
    features, waves = int(rng.integers(2, 9)), int(rng.integers(1, 5))
    x = rng.normal(size=(count, features))
    along = x @ rng.normal(size=(features, waves)) / np.sqrt(features)
    return x, np.sin(along * rng.uniform(0.5, 2.5, waves)) @ rng.normal(
        size=waves)


def network(s, count, rng):
    """The output of a random network with one hidden layer."""
    features = int(rng.integers(4, s.features + 1))
    x = rng.normal(size=(count, features))
    inner = np.tanh(x @ rng.normal(size=(features, 16))
                    * rng.uniform(0.5, 2) / np.sqrt(features))
    return x, inner @ rng.normal(size=16)
