"""The data to train on: a data set in three parts that are kept apart.

The validation part is for decisions; the test part is read once, at the end.
Knows nothing about models or training.
"""

import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

NAMES = ("digits", "fashion_mnist", "cifar10")
ADDRESSES = {
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1."
                     "amazonaws.com",
    "cifar10": "https://www.cs.toronto.edu/~kriz/cifar.html",
}


@dataclass(frozen=True)
class Data:
    """Three (inputs, labels) pairs of tensors.

    inputs are float32, of shape (N, ...); labels int64, of shape (N,).
    """

    name: str
    classes: int
    train: tuple
    val: tuple
    test: tuple

    @property
    def crc32(self) -> int:
        """A number that tells this training data from any other."""
        inputs, labels = self.train
        return zlib.crc32(labels.cpu().numpy(),
                          zlib.crc32(inputs.cpu().contiguous().numpy()))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{part} {len(getattr(self, part)[1])}"
                          for part in ("train", "val", "test"))
        return f"Data({self.name}: {self.classes} classes, {sizes})"


def load_data(name: str = "digits", train_size: int | None = None,
              val_size: int | None = None, label_noise: float = 0.0,
              seed: int = 0, folder: str | Path = "data") -> Data:
    """Loads a data set and splits it.

    name         'digits' ships with scikit-learn; 'fashion_mnist' and
                 'cifar10' are downloaded by torchvision into `folder`
    train_size, val_size
                 how many examples; the rest of the digits is for testing,
                 the others have a test set of their own. A small training
                 set shows overfitting.
    label_noise  this share of the training labels is replaced by labels
                 drawn at random
    Raises ValueError for a bad argument, ConnectionError naming the address
    if a download fails. Nothing is ever substituted.
    """
    if name not in NAMES:
        raise ValueError(f"name={name!r} is not one of {NAMES}.")
    if not 0 <= label_noise <= 1:
        raise ValueError(f"label_noise={label_noise!r} must be a share, "
                         "from 0 to 1.")
    generator = torch.Generator().manual_seed(seed)
    if name == "digits":
        inputs, labels = load_digits()
        test = None
    else:
        inputs, labels, test = load_torchvision(name, folder)
    wanted = (600, 400) if name == "digits" else (45_000, 5_000)
    train_size = wanted[0] if train_size is None else train_size
    val_size = wanted[1] if val_size is None else val_size
    check_sizes(name, train_size, val_size,
                room=len(labels) - (test is None))
    order = torch.randperm(len(labels), generator=generator)
    train, val, rest = order.split(
        [train_size, val_size, len(labels) - train_size - val_size])
    classes = int(labels.max()) + 1
    train_labels = labels[train].clone()
    noisy = torch.rand(train_size, generator=generator) < label_noise
    drawn = torch.randint(classes, (train_size,), generator=generator)
    train_labels[noisy] = drawn[noisy]
    if test is None:
        test = (inputs[rest], labels[rest])
    return Data(name, classes, (inputs[train], train_labels),
                (inputs[val], labels[val]), test)


def check_sizes(name: str, train_size: int, val_size: int,
                room: int) -> None:
    """Raises a ValueError if the two sizes do not fit into `room`."""
    sizes = {"train_size": train_size, "val_size": val_size}
    for size in sizes.values():
        if not isinstance(size, int) or size < 1 or sum(
                sizes.values()) > room:
            raise ValueError(
                f"{sizes} do not fit: both must be whole numbers of 1 or "
                f"more, and {name} has {room} examples to split.")


@cache
def load_digits() -> tuple[torch.Tensor, torch.Tensor]:
    """1,797 handwritten digits of 8 x 8 pixels, inputs from 0 to 1."""
    from sklearn.datasets import load_digits as sklearn_digits

    pixels, labels = sklearn_digits(return_X_y=True)
    return (torch.tensor(pixels / 16.0, dtype=torch.float32),
            torch.tensor(labels, dtype=torch.int64))


def load_torchvision(name: str, folder: str | Path) -> tuple:
    """Inputs and labels for training, and the (inputs, labels) for testing.

    Pixels are float32 with mean 0 and standard deviation 1, channels first.
    """
    from torchvision import datasets

    source = {"fashion_mnist": datasets.FashionMNIST,
              "cifar10": datasets.CIFAR10}[name]
    try:
        parts = [source(folder, train=train, download=True)
                 for train in (True, False)]
    except (OSError, RuntimeError) as error:
        raise ConnectionError(
            f"{name} could not be downloaded from {ADDRESSES[name]} "
            f"({type(error).__name__}: {error}). Without a network use "
            "load_data('digits'), which ships with scikit-learn."
        ) from error
    pairs = []
    for part in parts:
        pixels = torch.as_tensor(part.data).float() / 255
        channels = pixels[..., None] if pixels.ndim == 3 else pixels
        pairs.append((channels.permute(0, 3, 1, 2).contiguous(),
                      torch.as_tensor(part.targets, dtype=torch.int64)))
    (inputs, labels), (test_inputs, test_labels) = pairs
    mean, deviation = inputs.mean(), inputs.std()
    return ((inputs - mean) / deviation, labels,
            ((test_inputs - mean) / deviation, test_labels))
