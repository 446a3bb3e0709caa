"""Small networks of kinds other than a stack of dense layers.

Each maps flat inputs, (N, D), to logits: (N, classes), or (N, classes,
positions) if every position is asked for the next token. Written with only
what `torch.func` can batch over many networks. Knows nothing about tasks.
"""

import torch
from torch import nn


class Convolution(nn.Module):
    """Two convolutions with pooling. (N, channels x side x side)"""

    def __init__(self, inputs, classes, channels=1, width=8):
        super().__init__()
        side = int((inputs // channels) ** 0.5)
        self.layers = nn.Sequential(
            nn.Unflatten(1, (channels, side, side)),
            nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(),
            nn.AvgPool2d(2), nn.Flatten(),
            nn.Linear(2 * width * (side // 4) ** 2, classes))

    def forward(self, x):
        return self.layers(x)


class NormAndDropout(nn.Module):
    """Two layers, each with batch normalisation and dropout. (N, inputs)"""

    def __init__(self, inputs, classes, width=64, dropout=0.2):
        super().__init__()
        layers = []
        for size in (inputs, width):
            layers += [nn.Linear(size, width), nn.BatchNorm1d(width),
                       nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(width, classes))

    def forward(self, x):
        return self.layers(x)


class Recurrent(nn.Module):
    """Elman's network, one step for each row. (N, steps x inputs / steps)"""

    def __init__(self, inputs, classes, steps=8, width=48):
        super().__init__()
        self.steps = steps
        self.enter = nn.Linear(inputs // steps, width)
        self.again = nn.Linear(width, width)
        self.leave = nn.Linear(width, classes)

    def forward(self, x):
        rows = self.enter(x.unflatten(1, (self.steps, -1)))
        state = torch.zeros_like(rows[:, 0])
        for step in range(self.steps):
            state = torch.tanh(rows[:, step] + self.again(state))
        return self.leave(state)


class Attention(nn.Module):
    """One transformer block with one head. (N, positions x tokens), one-hot.

    everywhere  True: causal, and logits for every position; False: logits
                only for the last position
    """

    def __init__(self, inputs, classes, tokens, width=24, everywhere=False):
        super().__init__()
        self.positions, self.everywhere = inputs // tokens, everywhere
        self.enter = nn.Linear(tokens, width)
        self.place = nn.Parameter(0.1 * torch.randn(self.positions, width))
        self.norm = nn.LayerNorm(width)
        self.asks = nn.Linear(width, 3 * width)
        self.mixes = nn.Linear(width, width)
        self.thinks = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.ReLU(),
            nn.Linear(2 * width, width))
        self.leave = nn.Sequential(nn.LayerNorm(width),
                                   nn.Linear(width, classes))

    def forward(self, x):
        x = self.enter(x.unflatten(1, (self.positions, -1))) + self.place
        query, key, value = self.asks(self.norm(x)).chunk(3, dim=-1)
        scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
        if self.everywhere:
            later = torch.ones_like(scores[0]).triu(1).bool()
            scores = scores.masked_fill(later, float("-inf"))
        x = x + self.mixes(scores.softmax(-1) @ value)
        x = x + self.thinks(x)
        if self.everywhere:
            return self.leave(x).transpose(1, 2)
        return self.leave(x[:, -1])
