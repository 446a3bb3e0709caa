"""What is trained in the lab: data, networks and rates, in great variety.

A `Situation` is what a group of runs has in common; `draw_data` makes a
separate data set for each run. Digits, breast cancer and spirals are HELD_OUT:
the brain is never taught on them, so that it can be judged on them.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from sklearn import datasets

from agentic_lib.lab.batch import Batch, Data, Shape
from agentic_lib.lab.stacked import Stacked
from agentic_lib.lab.teach.architectures import ARCHITECTURES, DROP, PICTURES
from agentic_lib.lab.teach.regression import Regression, draw_numbers

HELD_OUT = ("digits", "breast_cancer", "spirals")
REAL = ("iris", "wine", "diabetes")
TEST = 800  # examples on which the end of a run is judged
FACTORS = ((0.7, 1.3), (0.7, 1.3), (0.5, 2.0), (0.5, 2.0), (0.8, 1.25),
           (0.5, 1.5), (0.3, 3.0), (0.9, 1.1))


@dataclass(frozen=True)
class Situation:
    """What the runs of a group share.

    shape     batch.Shape: hidden layers, batch size, activation, optimizer
    train     training examples; val: validation examples
    horizon   epochs in all
    every     epochs between two decisions
    features  the most features of the inputs; classes: the most classes
    network   a name of architectures.ARCHITECTURES; "" for fully connected,
              "regression" for fully connected that predicts a number
    noise     standard deviation of the noise added to inputs in training
    right     share of data sets in which every training label is right
    dropout   of networks that have any; None for the architecture's own
    warm      epochs in which the rate rises to its value; no decisions then
    """

    shape: Shape
    train: int
    val: int
    horizon: int
    every: int
    features: int = 64
    classes: int = 10
    network: str = ""
    noise: float = 0.0
    right: float = 0.4
    dropout: float | None = None
    warm: int = 0


def decision_epochs(every, horizon, warm=0):
    """The epochs after which a decision is made: none while the rate warms
    up, and none at the end of the budget."""
    epochs = np.arange(every, horizon, every)
    return epochs[epochs > warm]


def draw_situation(rng) -> Situation:
    """A situation drawn from a numpy Generator: small, so that many fit in."""
    width = int(rng.choice([16, 24, 32, 48, 64], p=[.2, .2, .3, .15, .15]))
    shape = Shape(
        hidden=(width,) * int(rng.choice([1, 2, 3], p=[.3, .5, .2])),
        batch_size=int(rng.choice([16, 32, 64, 128], p=[.1, .3, .45, .15])),
        activation=str(rng.choice(["relu", "tanh"], p=[.8, .2])),
        adam=bool(rng.random() < 0.3),
        after=bool(rng.random() < 0.5),
    )
    every = int(rng.choice([1, 2, 3, 4, 5, 5, 5, 5, 6, 8, 10]))
    horizon = int(rng.choice([20, 25, 30, 40, 50, 60, 60, 80, 100, 150],
                             p=[.1, .1, .15, .15, .1, .1, .15, .07, .05, .03]))
    return Situation(
        shape, train=int(rng.choice([100, 150, 200, 300, 400, 600],
                                    p=[.1, .15, .2, .25, .15, .15])),
        val=int(rng.choice([100, 200, 400])),
        horizon=max(horizon, 4 * every), every=every,
        features=int(rng.choice([12, 24, 36, 64], p=[.2, .3, .3, .2])),
        classes=int(rng.choice([3, 5, 10], p=[.2, .3, .5])),
    )


def draw_runs(situation, count, rng, kinds=None):
    """`count` runs of a situation, not yet trained, on data of any of
    `kinds`; a network that reads pictures gets pictures.

    Returns (Batch, (count, 2) factors for lowering and raising).
    """
    if situation.network in PICTURES:
        kinds = ("patterns",)
    data = stack([draw_data(situation, rng, kinds) for _ in range(count)],
                 situation)
    low, high = (-5.5, -0.5) if situation.shape.adam else (-4.5, 0.5)
    make = {"": Batch, "regression": Regression}.get(situation.network) \
        or partial(Stacked, build=builder(situation))
    batch = make(
        data, situation.shape, torch.arange(count),
        rate=torch.tensor(10 ** rng.uniform(low, high, count)).float(),
        momentum=torch.tensor(rng.choice(
            [0.0, 0.9, 0.95], count, p=[.25, .6, .15])).float(),
        decay=torch.tensor(rng.choice([0.0, 0.01, 0.1], count)).float(),
        seed=int(rng.integers(2 ** 31)),
    )
    batch.noise = situation.noise
    return batch, np.array(FACTORS)[rng.integers(len(FACTORS), size=count)]


def builder(situation):
    """(features, classes) -> a network of the situation's architecture."""
    build = ARCHITECTURES[situation.network]
    if situation.dropout is not None and situation.network in DROP:
        return partial(build, dropout=situation.dropout)
    return build


def draw_data(situation, rng, kinds=None):
    """One data set: ((x, y) to train on, (x, y) val, (x, y) test)."""
    sizes = (situation.train, situation.val, TEST)
    if situation.network == "regression":
        return draw_numbers(situation, sizes, rng)
    kinds = kinds or (*GENERATED, "real")
    kind = str(rng.choice(kinds))
    noise = 0.0 if rng.random() < situation.right else rng.uniform(0, 0.5)
    if kind in GENERATED or kind == "spirals":
        make = spirals if kind == "spirals" else GENERATED[kind]
        x, y = make(situation, sum(sizes), rng)
        rows = np.split(rng.permutation(len(x)), np.cumsum(sizes)[:-1])
    else:
        x, y = real(str(rng.choice(REAL)) if kind == "real" else kind,
                    situation.features)
        rows = split_real(len(x), sizes, rng)
    x = scaled(x, rng)
    parts = [(x[r], y[r]) for r in rows]
    return [(parts[0][0], relabel(parts[0][1], noise, rng)), *parts[1:]]


def relabel(y, share, rng):
    """`y` with that share of its labels redrawn at random."""
    y = y.copy()
    wrong = rng.random(len(y)) < share
    y[wrong] = rng.integers(0, y.max() + 1, wrong.sum())
    return y


def scaled(x, rng):
    """Inputs scaled as people do it: standardised, or from 0 to 1."""
    if rng.random() < 0.5:
        x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    else:
        low, high = x.min(0), x.max(0)
        x = (x - low) / (high - low + 1e-6)
    return x * rng.uniform(0.7, 1.3)


def gaussians(s, count, rng):
    """scikit-learn's make_classification: clusters on a hypercube."""
    features = int(rng.integers(8, s.features + 1))
    classes = int(rng.integers(2, s.classes + 1))
    informative = int(rng.integers(5, features))
    return datasets.make_classification(
        count, features, n_informative=informative,
        n_redundant=int(rng.integers(0, features - informative + 1)),
        n_classes=classes, n_clusters_per_class=min(
            int(rng.integers(1, 4)), 2 ** informative // classes),
        class_sep=rng.uniform(0.6, 2.5), flip_y=0,
        random_state=int(rng.integers(2 ** 31)))


def blobs(s, count, rng):
    """One round cloud for each class."""
    return datasets.make_blobs(
        count, int(rng.integers(2, s.features + 1)),
        centers=int(rng.integers(2, s.classes + 1)),
        cluster_std=rng.uniform(2, 9),
        random_state=int(rng.integers(2 ** 31)))


def teacher(s, count, rng):
    """Labels from a random network: no border between classes is straight."""
    features = int(rng.integers(4, s.features + 1))
    classes = int(rng.integers(2, s.classes + 1))
    x = rng.normal(size=(count, features))
    inner = np.tanh(x @ rng.normal(size=(features, 16))
                    * rng.uniform(0.3, 1.5) / math.sqrt(features))
    score = inner @ rng.normal(size=(16, classes))
    return x, (score - score.mean(0)).argmax(1)


def rings(s, count, rng):
    """Classes by distance from the centre, in a few dimensions."""
    x = rng.normal(size=(count, int(rng.integers(2, 6))))
    radius = np.linalg.norm(x, axis=1)
    edges = np.quantile(radius, np.linspace(
        0, 1, int(rng.integers(2, min(5, s.classes) + 1)) + 1)[1:-1])
    return x, np.searchsorted(edges, radius)


def patterns(s, count, rng):
    """Small smooth pictures, one or two for each class, shifted, noisy."""
    side = int(math.sqrt(s.features))
    classes = int(rng.integers(3, s.classes + 1))
    shapes = rng.normal(size=(classes * 2, side + 2, side + 2))
    for axis in (1, 2):  # neighbours resemble each other
        shapes = shapes + np.roll(shapes, 1, axis) + np.roll(shapes, -1, axis)
    y = rng.integers(0, classes, count)
    which = y + classes * rng.integers(0, 2, count)
    down, right = rng.integers(0, 3, (2, count))
    grid = np.arange(side)
    x = shapes[which[:, None, None], (down[:, None] + grid)[:, :, None],
               (right[:, None] + grid)[:, None, :]]
    x = x.reshape(count, -1)
    return x + rng.normal(size=x.shape) * x.std() * rng.uniform(0.2, 1.2), y


def spirals(s, count, rng):
    """Arms of a spiral. Held out: never taught on."""
    classes = int(rng.integers(2, min(5, s.classes) + 1))
    y = rng.integers(0, classes, count)
    far = np.sqrt(rng.uniform(0.02, 1, count))
    angle = 2 * np.pi * (y / classes + far * rng.uniform(0.5, 1.2))
    x = far[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return x + rng.normal(size=x.shape) * 0.03, y


GENERATED = {"gaussians": gaussians, "blobs": blobs, "teacher": teacher,
             "rings": rings, "patterns": patterns}


def real(name, features):
    """A small real set that ships with scikit-learn."""
    found = getattr(datasets, f"load_{name}")()
    y = found.target
    if name == "diabetes":  # a number: its lower, middle and upper third
        y = np.searchsorted(np.quantile(y, [1 / 3, 2 / 3]), y)
    return found.data[:, :features], y


def split_real(count, sizes, rng):
    """Rows for the three parts; a part that is too small repeats rows."""
    rows = rng.permutation(count)
    parts = np.split(rows, [int(0.6 * count), int(0.8 * count)])
    return [part[:size] if len(part) >= size
            else part[np.arange(size) % len(part)]
            for part, size in zip(parts, sizes)]


def stack(sets, situation) -> Data:
    """Data sets as drawn -> one Data, padded with zeros."""
    wide = max(parts[0][0].shape[1] for parts in sets)
    arrays = []
    for part in range(3):
        xs = [np.pad(p[part][0], ((0, 0), (0, wide - p[part][0].shape[1])))
              for p in sets]
        arrays.append(torch.tensor(np.stack(xs), dtype=torch.float32))
        arrays.append(torch.tensor(np.stack([p[part][1] for p in sets])))
    classes = [1 if situation.network == "regression" else
               max(int(p[1].max()) for p in parts) + 1 for parts in sets]
    return Data(*arrays,
                features=torch.tensor([p[0][0].shape[1] for p in sets]),
                classes=torch.tensor(classes))
