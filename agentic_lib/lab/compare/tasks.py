"""What methods are compared on: data, network, optimizer, budget.

Nothing here is in the teaching families of `situations.py`: digits, breast
cancer and spirals are held out there, text and photographs are not known at
all. All of it ships with Python or scikit-learn, but for the two large ones.
Knows nothing about methods.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import torch

from agentic_lib.run.data import Data, load_data

CONTEXT = 4          # characters that are read to predict the next one
LETTERS = " -ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PATCH = 8            # pixels on a side, averaged to 4 x 4 colours
LEAK = "+leak"


@dataclass(frozen=True)
class Task:
    """One problem to train on.

    load        seed -> agentic_lib.run.data.Data, its split drawn by the seed
    kind        'images', 'tabular' or 'text'
    width, depth, batch_size, epochs
                of the network (ReLU) and of its training
    optimizer   'sgd' or 'adamw'; momentum is for sgd
    target      validation accuracy that "epochs to the target" counts to:
                two points below the best that the best constant rate sees
    model       None for such a network, 'resnet' for a small ResNet
    """

    name: str
    load: Callable
    kind: str
    width: int = 64
    depth: int = 2
    batch_size: int = 64
    epochs: int = 60
    optimizer: str = "sgd"
    momentum: float = 0.9
    target: float = 90.0
    model: str | None = None


def split(name, x, y, sizes, seed, noise=0.0) -> Data:
    """Three parts drawn at random, features standardised as the training
    part says, this share of the training labels drawn anew."""
    rng = np.random.default_rng(seed)
    rows = np.split(rng.permutation(len(x)), np.cumsum(sizes))[:3]
    mean, std = x[rows[0]].mean(0), x[rows[0]].std(0) + 1e-6
    classes = int(y.max()) + 1
    y = y.copy()
    wrong = rows[0][rng.random(len(rows[0])) < noise]
    y[wrong] = rng.integers(0, classes, len(wrong))
    parts = [(torch.tensor((x[r] - mean) / std, dtype=torch.float32),
              torch.tensor(y[r], dtype=torch.int64)) for r in rows]
    return Data(name, classes, *parts)


def breast_cancer(seed, noise=0.2) -> Data:
    """30 measurements of a tumour: is it benign?"""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return split("breast_cancer", x, y, (250, 119, 200), seed, noise)


def spirals(seed, noise=0.0) -> Data:
    """Three arms of a spiral, in two dimensions: which one is it?"""
    rng = np.random.default_rng(1000 + seed)
    y = rng.integers(0, 3, 1300)
    far = np.sqrt(rng.uniform(0.02, 1, len(y)))
    angle = 2 * np.pi * (y / 3 + far)
    x = far[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    x = x + rng.normal(size=x.shape) * 0.03
    return split("spirals", x, y, (300, 200, 800), seed, noise)


@lru_cache
def unicode_names() -> tuple[str, ...]:
    """The names of characters of Unicode 3.2, which every Python knows and
    no later Unicode may change: 'LATIN SMALL LETTER A WITH GRAVE', ..."""
    known = unicodedata.ucd_3_2_0
    names = (known.name(chr(code), "") for code in range(0x2E80))
    return tuple(n for n in names if n and not set(n) - set(LETTERS))


def characters(seed, sizes=(600, 400, 1000)) -> Data:
    """The next character of a text from the four before it.

    The text is the list of character names; a name is in one part only.
    """
    rng = np.random.default_rng(seed)
    names = [unicode_names()[i]
             for i in rng.permutation(len(unicode_names()))]
    third = len(names) // 3
    parts = []
    for k, size in enumerate(sizes):
        text = " " * CONTEXT + " ".join(names[k * third:(k + 1) * third])
        codes = np.array([LETTERS.index(c) for c in text])
        at = rng.permutation(len(codes) - CONTEXT)[:size]
        window = codes[at[:, None] + np.arange(CONTEXT)]
        x = np.eye(len(LETTERS), dtype=np.float32)[window]
        parts.append((torch.tensor(x.reshape(size, -1)),
                      torch.tensor(codes[at + CONTEXT], dtype=torch.int64)))
    return Data("characters", len(LETTERS), *parts)


@lru_cache
def patches():
    """All 8 x 8 patches of scikit-learn's two photographs, none overlapping
    another: (N, 48) colours, and which half of which photograph."""
    from sklearn.datasets import load_sample_images

    xs, ys = [], []
    for k, image in enumerate(load_sample_images().images):
        down, right = (side // PATCH for side in image.shape[:2])
        image = image[:down * PATCH, :right * PATCH] / 255.0
        grid = image.reshape(down, 4, 2, right, 4, 2, 3)
        small = grid.mean((2, 5))  # (down, 4, right, 4, 3)
        xs.append(small.transpose(0, 2, 1, 3, 4).reshape(down * right, 48))
        half = (np.arange(down) >= down // 2).astype(int)
        ys.append(2 * k + np.repeat(half, right))
    return np.concatenate(xs), np.concatenate(ys)


def photographs(seed, noise=0.0) -> Data:
    """A patch of a photograph: which half of which of two is it from?"""
    return split("photographs", *patches(), (600, 400, 1000), seed, noise)


def digits(seed, noise=0.0) -> Data:
    """Handwritten digits, as everywhere in the series."""
    return load_data("digits", label_noise=noise, seed=seed)


def large(name, seed) -> Data:
    """A data set that has to be downloaded, its training part reduced."""
    return load_data(name, train_size=10_000, val_size=5_000, seed=seed)


TASKS = {task.name: task for task in (
    Task("digits", digits, "images", target=94.0),
    Task("digits_noisy", partial(digits, noise=0.3), "images", target=89.5),
    Task("digits_adamw", partial(digits, noise=0.1), "images",
         optimizer="adamw", target=92.0),
    Task("photographs", photographs, "images", momentum=0.0, target=69.0),
    Task("breast_cancer", breast_cancer, "tabular", width=48, batch_size=32,
         target=94.5),
    Task("spirals", spirals, "tabular", width=48, batch_size=32, target=97.5),
    Task("characters", characters, "text", depth=1, target=45.5),
    Task("characters_adamw", characters, "text", depth=1,
         optimizer="adamw", target=45.5),
)}
LARGE = {task.name: task for task in (
    Task("fashion_resnet", partial(large, "fashion_mnist"), "images",
         batch_size=128, epochs=30, model="resnet"),
    Task("cifar_resnet", partial(large, "cifar10"), "images",
         batch_size=128, epochs=30, model="resnet"),
)}


def leaked(task) -> Task:
    """The task with its validation and test parts swapped: as if decisions
    and the choice of the best epoch were made on the test data. What `Row`
    calls the test is then data that nobody has looked at."""
    return replace(task, name=task.name + LEAK,
                   load=partial(swapped, task.load))


def swapped(load, seed) -> Data:
    data = load(seed)
    return replace(data, val=data.test, test=data.val)


def find_task(name) -> Task:
    """The task of that name; "+leak" behind it swaps parts. Raises
    ValueError listing those there are."""
    if name.endswith(LEAK):
        return leaked(find_task(name.removesuffix(LEAK)))
    known = {**TASKS, **LARGE}
    if name not in known:
        raise ValueError(
            f"task={name!r} is not one of: {', '.join(known)}.")
    return known[name]
