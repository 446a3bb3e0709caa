"""Networks that people train, small: what `stacked.py` runs side by side.

Each function makes one network, (B, features) -> (B, classes), with weights
as torch draws them. Where a network wants a picture, the features are its
rows, one after another. Knows nothing about training.
"""

import math

import torch
from torch import nn


def convolution(features, classes, channels=8):
    """Two convolutions with pooling, and a linear layer."""
    return nn.Sequential(
        Picture(), nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(8 * channels, classes))


def batch_norm(features, classes, channels=8, dropout=0.2):
    """The same with batch normalisation, and dropout before the last."""
    return nn.Sequential(
        Picture(), nn.Conv2d(1, channels, 3, padding=1),
        nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 3, padding=1),
        nn.BatchNorm2d(2 * channels), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(dropout),
        nn.Linear(8 * channels, classes))


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
    """(B, side * side) -> (B, 1, side, side)."""

    def forward(self, x):
        side = math.isqrt(x.shape[1])
        return x.reshape(len(x), 1, side, side)


class Residual(nn.Module):
    """x -> x + inner(x)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Gru(nn.Module):
    """A gated recurrent unit that reads a picture row by row; its last state,
    (B, width). Written out, since vmap has no rule for torch's own cell."""

    def __init__(self, side, width):
        super().__init__()
        self.width = width
        self.of_row = nn.Linear(side, 3 * width)
        self.of_state = nn.Linear(width, 3 * width)

    def forward(self, x):
        state = x.new_zeros(len(x), self.width)
        for row in self.of_row(x[:, 0]).unbind(1):
            reset, update, new = row.chunk(3, 1)
            keep = self.of_state(state).chunk(3, 1)
            update = torch.sigmoid(update + keep[1])
            new = torch.tanh(new + torch.sigmoid(reset + keep[0]) * keep[2])
            state = new + update * (state - new)
        return state


ARCHITECTURES = {"convolution": convolution, "batch_norm": batch_norm,
                 "layer_norm": layer_norm, "recurrent": recurrent}
