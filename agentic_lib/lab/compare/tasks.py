"""What methods are compared on: data, network, optimizer, budget.

None of this data is in the teaching families of `situations.py`: digits,
breast cancer and spirals are held out there, text and photographs are not
known there at all. The tasks of `NEW` have other kinds of network, other
optimizers and units; they were fixed on 2026-11-25. All data ships with Python
or scikit-learn or is made here, except for the two large data sets. Knows
nothing about methods.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import torch

from agentic_lib.lab.compare import networks
from agentic_lib.run.data import Data, load_data
from agentic_lib.run.trainees import make_model

CONTEXT = 4          # characters that are read to predict the next one
LETTERS = " -ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PATCH = 8            # pixels on a side, averaged to 4 x 4 colours
LEAK = "+leak"
STARTS = 9           # starting rates of a task, half a decade apart


def half_decades(lowest) -> tuple:
    """The starting rates of a task: nine, over four decades."""
    return tuple(float(f"{lowest * 10 ** (k / 2):.4g}")
                 for k in range(STARTS))


RATES = half_decades(1e-4)


@dataclass(frozen=True)
class Task:
    """One problem to train on.

    load        seed -> agentic_lib.run.data.Data, its split drawn by the seed
    kind        'images', 'tabular' or 'text'
    width, depth, batch_size, epochs
                of the network (ReLU) and of its training
    optimizer   'sgd', 'adam', 'adamw' or 'rmsprop'; momentum is for sgd
    rates       the starting rates, the same for every method
    target      validation score that "epochs to the target" counts to:
                two points below the best that the best constant rate sees;
                nan for none
    network     None for the network above, 'resnet' for a small ResNet, or
                (inputs, classes) -> nn.Module
    units       the loss is multiplied by it, which adds no information
    loss_only   True: metrics hold no accuracy, and the score of a run is
                100 / perplexity instead
    one_seed    True: randomness inside the network (dropout) forbids
                training several seeds side by side
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
    rates: tuple = RATES
    target: float = 90.0
    network: Callable | str | None = None
    units: float = 1.0
    loss_only: bool = False
    one_seed: bool = False

    @property
    def side_by_side(self) -> bool:
        """Can its runs be trained as one computation?"""
        return self.network != "resnet"

    def make_network(self, data, seed) -> torch.nn.Module:
        """Fresh weights, the same for the same seed."""
        if not callable(self.network):
            return make_model(data, self.network or "mlp", self.width,
                              self.depth, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.network(data.train[0][0].numel(), data.classes)


def split(name, x, y, sizes, seed, noise=0.0) -> Data:
    """Three parts drawn at random; features are standardised by the training
    part, and a share `noise` of the training labels is redrawn."""
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
    """A patch of one of two photographs: which one, and which half of it?"""
    return split("photographs", *patches(), (600, 400, 1000), seed, noise)


def digits(seed, noise=0.0) -> Data:
    """Handwritten digits, as everywhere in the series."""
    return load_data("digits", label_noise=noise, seed=seed)


def checkerboard(seed, fields=6, sizes=(3000, 800, 2000)) -> Data:
    """Black or white? A point on a board of 6 x 6 fields: learned slowly, so
    that runs are still getting better when the budget ends."""
    rng = np.random.default_rng(2000 + seed)
    x = rng.random((sum(sizes), 2))
    y = (x * fields).astype(int).sum(1) % 2
    return split("checkerboard", x, y, sizes, seed)


def shifted_digits(seed) -> Data:
    """1,000 digits, and the same ones moved by a pixel; top row first."""
    data = load_data("digits", train_size=1000, val_size=300, seed=seed)
    images, labels = data.train
    rng = np.random.default_rng(3000 + seed)
    ways = [(dim, by) for dim in (1, 2) for by in (-1, 1)]
    square = images.reshape(-1, 8, 8)
    moved = torch.stack([image.roll(by, dim - 1) for image, (dim, by) in zip(
        square, (ways[k] for k in rng.integers(0, 4, len(square))))])
    train = (torch.cat([images, moved.flatten(1)]), labels.repeat(2))
    return replace(data, name="shifted_digits", train=train)


@lru_cache
def colour_patches():
    """The same patches with all their pixels: (N, 3 x 8 x 8)."""
    from sklearn.datasets import load_sample_images

    xs = []
    for image in load_sample_images().images:
        down, right = (side // PATCH for side in image.shape[:2])
        grid = (image[:down * PATCH, :right * PATCH] / 255.0).reshape(
            down, PATCH, right, PATCH, 3)
        xs.append(grid.transpose(0, 2, 4, 1, 3).reshape(down * right, -1))
    return np.concatenate(xs), patches()[1]


def patches_in_colour(seed) -> Data:
    """As `photographs`, with all pixels and more examples."""
    return split("patches", *colour_patches(), (2000, 600, 2000), seed)


PAIRS, KEYS, VALUES = 8, 16, 8


def recall(seed, sizes=(2000, 600, 2000)) -> Data:
    """Eight keys, each with a value, then one of the keys: which value was
    its own? Nine places, each a one-hot key next to a one-hot value."""
    rng = np.random.default_rng(4000 + seed)
    count = sum(sizes)
    row = np.arange(count)
    keys = rng.random((count, KEYS)).argsort(1)[:, :PAIRS]
    values = rng.integers(0, VALUES, (count, PAIRS))
    asked = rng.integers(0, PAIRS, count)
    x = np.zeros((count, PAIRS + 1, KEYS + VALUES), np.float32)
    for place in range(PAIRS):
        x[row, place, keys[:, place]] = 1
        x[row, place, KEYS + values[:, place]] = 1
    x[row, PAIRS, keys[row, asked]] = 1
    y = values[row, asked]
    ends = np.cumsum(sizes)
    return Data("recall", VALUES, *[
        (torch.tensor(x[end - size:end].reshape(size, -1)),
         torch.tensor(y[end - size:end]))
        for size, end in zip(sizes, ends)])


WINDOW = 12  # characters that are predicted from those before them


def next_characters(seed, sizes=(2000, 400, 800)) -> Data:
    """Windows of text, and at every place the character that comes next. The
    text is that of `characters`, which is the same in every Python."""
    rng = np.random.default_rng(5000 + seed)
    names = [unicode_names()[i]
             for i in rng.permutation(len(unicode_names()))]
    third, parts = len(names) // 3, []
    for k, size in enumerate(sizes):
        text = " ".join(names[k * third:(k + 1) * third])
        codes = np.array([LETTERS.index(c) for c in text])
        at = rng.permutation(len(codes) - WINDOW - 1)[:size]
        window = codes[at[:, None] + np.arange(WINDOW + 1)]
        x = np.eye(len(LETTERS), dtype=np.float32)[window[:, :-1]]
        parts.append((torch.tensor(x.reshape(size, -1)),
                      torch.tensor(window[:, 1:], dtype=torch.int64)))
    return Data("next_characters", len(LETTERS), *parts)


def large(name, seed) -> Data:
    """A data set that has to be downloaded, its training part reduced."""
    return load_data(name, train_size=10_000, val_size=5_000, seed=seed)


KNOWN = (
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
)
LOW = half_decades(1e-5)  # for optimizers that divide by the gradient
NEW = (
    Task("patches_conv_adam", patches_in_colour, "images", batch_size=128,
         optimizer="adam", rates=LOW,
         network=partial(networks.Convolution, channels=3), target=77.0),
    Task("digits_norm_dropout", shifted_digits, "images", batch_size=128,
         network=networks.NormAndDropout, one_seed=True, target=97.0),
    Task("digits_recurrent_adam", shifted_digits, "images", batch_size=128,
         optimizer="adam", rates=LOW, network=networks.Recurrent, target=95.5),
    Task("recall_attention_adamw", recall, "text", batch_size=128,
         optimizer="adamw", rates=LOW,
         network=partial(networks.Attention, tokens=KEYS + VALUES),
         target=98.0),
    Task("next_character_adamw", next_characters, "text", batch_size=128,
         optimizer="adamw", rates=LOW, loss_only=True, target=float("nan"),
         network=partial(networks.Attention, tokens=len(LETTERS),
                         everywhere=True)),
    Task("checkerboard", checkerboard, "tabular", batch_size=64, target=81.0),
    Task("digits_rmsprop", partial(digits, noise=0.1), "images",
         optimizer="rmsprop", rates=LOW, target=91.5),
    Task("digits_noisy_x1000", partial(digits, noise=0.3), "images",
         units=1000.0, rates=half_decades(1e-7), target=89.5),
    Task("spirals_x0.1", spirals, "tabular", width=48, batch_size=32,
         units=0.1, rates=half_decades(1e-3), target=97.5),
)
TASKS = {task.name: task for task in (*KNOWN, *NEW)}
LARGE = {task.name: task for task in (
    Task("fashion_resnet", partial(large, "fashion_mnist"), "images",
         batch_size=128, epochs=30, network="resnet"),
    Task("cifar_resnet", partial(large, "cifar10"), "images",
         batch_size=128, epochs=30, network="resnet"),
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
    """The task of that name; "+leak" after the name swaps parts. Raises
    ValueError listing the tasks that there are."""
    if name.endswith(LEAK):
        return leaked(find_task(name.removesuffix(LEAK)))
    known = {**TASKS, **LARGE}
    if name not in known:
        raise ValueError(
            f"task={name!r} is not one of: {', '.join(known)}.")
    return known[name]
