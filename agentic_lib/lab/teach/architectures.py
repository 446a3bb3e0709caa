"""Small networks of kinds that people train, for `stacked.py` to run.

Each function makes one network, (B, features) -> (B, classes), with weights
as torch draws them. If a network expects a picture, the features are the
picture's rows, one after another. Convolutions take patches that do not
overlap, as the first layer of many newer networks does. That is a matrix
product, which is fast for many networks at once. Knows nothing about training.
"""

import math

import torch
from torch import nn


def convolution(features, classes, channels=16):
    """Two convolutions of 2 x 2 patches, and a linear layer."""
    return nn.Sequential(
        Picture(), Patches(1, channels), nn.ReLU(),
        Patches(channels, 2 * channels), nn.ReLU(), nn.Flatten(),
        nn.Linear(features // 16 * 2 * channels, classes))


def batch_norm(features, classes, channels=16, dropout=0.2):
    """The same with batch normalisation, and dropout before the last layer."""
    return nn.Sequential(
        Picture(), Patches(1, channels), Normalisation(channels), nn.ReLU(),
        Patches(channels, 2 * channels), Normalisation(2 * channels),
        nn.ReLU(), nn.Flatten(), nn.Dropout(dropout),
        nn.Linear(features // 16 * 2 * channels, classes))


def dense_norm(features, classes, width=48, dropout=0.1):
    """Fully connected, with batch normalisation and dropout."""
    return nn.Sequential(
        nn.Linear(features, width), Normalisation(width), nn.ReLU(),
        nn.Dropout(dropout), nn.Linear(width, width), Normalisation(width),
        nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, classes))


def layer_norm(features, classes, width=32, blocks=2):
    """Residual blocks with layer normalisation before each."""
    return nn.Sequential(
        nn.Linear(features, width),
        *[Residual(nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.ReLU(),
            nn.Linear(2 * width, width))) for _ in range(blocks)],
        nn.LayerNorm(width), nn.Linear(width, classes))


def recurrent(features, classes, width=24):
    """A GRU that reads a picture row by row."""
    return nn.Sequential(Picture(), Gru(math.isqrt(features), width),
                         nn.Linear(width, classes))


class Picture(nn.Module):
    """(B, side * side) -> (B, side, side, 1)."""

    def forward(self, x):
        side = math.isqrt(x.shape[1])
        return x.reshape(len(x), side, side, 1)


class Patches(nn.Linear):
    """A 2 x 2 convolution with a stride of 2: the weights are those of
    nn.Conv2d, in another order.
    (B, side, side, inputs) -> (B, side / 2, side / 2, outputs)"""

    def __init__(self, inputs, outputs):
        super().__init__(4 * inputs, outputs)

    def forward(self, x):
        many, side, _, inputs = x.shape
        x = x.reshape(many, side // 2, 2, side // 2, 2, inputs)
        return super().forward(x.transpose(2, 3).reshape(
            many, side // 2, side // 2, 4 * inputs))


class Normalisation(nn.BatchNorm1d):
    """Batch normalisation of the last dimension, over all others."""

    def forward(self, x):
        return super().forward(x.flatten(0, -2)).reshape(x.shape)


class Residual(nn.Module):
    """x -> x + inner(x)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Gru(nn.Module):
    """A gated recurrent unit that reads a picture row by row; gives its last
    state, (B, width). Written out: vmap has no rule for torch's own cell."""

    def __init__(self, side, width):
        super().__init__()
        self.width = width
        self.of_row = nn.Linear(side, 3 * width)
        self.of_state = nn.Linear(width, 3 * width)

    def forward(self, x):
        state = x.new_zeros(len(x), self.width)
        for row in self.of_row(x[..., 0]).unbind(1):
            reset, update, new = row.chunk(3, 1)
            keep = self.of_state(state).chunk(3, 1)
            update = torch.sigmoid(update + keep[1])
            new = torch.tanh(new + torch.sigmoid(reset + keep[0]) * keep[2])
            state = new + update * (state - new)
        return state


ARCHITECTURES = {"convolution": convolution, "batch_norm": batch_norm,
                 "dense_norm": dense_norm, "layer_norm": layer_norm,
                 "recurrent": recurrent}
PICTURES = ("convolution", "batch_norm", "recurrent")  # these read pictures
DROP = ("batch_norm", "dense_norm")  # these have dropout
