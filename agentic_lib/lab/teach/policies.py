"""What decides while labels are made: rules at first, then a stand-in.

The stand-in is a small network on `numbers`, quick enough to decide for
hundreds of runs at once. It takes the language model's place until that is
taught. A policy is a function: (N, len(NUMBERS)) numbers -> (N, 3) values of
continue, reduce, increase; the action with the highest value is taken.
"""

import numpy as np
import torch

from agentic_lib.lab.features import NUMBERS

AT = {name: i for i, name in enumerate(NUMBERS)}


def rules(rows):
    """The first policy: lower on trouble, raise on slow, steady progress."""
    at = {name: rows[:, i] for name, i in AT.items()}
    trouble = (at["train_rises"] >= 0.4) | (at["diverged"] > 0)
    slow = (at["train_loss_change"] > -0.15) & (at["train_acc"] < 0.97)
    late = at["done"] > 0.8
    reduce = trouble | late
    increase = slow & ~reduce
    return np.stack([~reduce & ~increase, reduce, increase], 1).astype(float)


def small_network(width, outputs):
    """A fresh network on standardised numbers."""
    return torch.nn.Sequential(
        torch.nn.Linear(len(NUMBERS), width), torch.nn.SiLU(),
        torch.nn.Linear(width, width), torch.nn.SiLU(),
        torch.nn.Linear(width, outputs))


class StandIn:
    """A small network that says what each action is worth, in points.

    Learns, from what actions led to, how much better each was than the mean
    of the three; differences beyond `cap` points count as `cap`.
    """

    def __init__(self, width=96, members=2, cap=8.0):
        self.width, self.members, self.cap = width, members, cap

    def fit(self, rows, values, weights=None, epochs=30, seed=0):
        """rows (N, F); values (N, 3) what continue, reduce, increase gave,
        or (N, 4) with stopping."""
        torch.manual_seed(seed)
        x = torch.tensor(rows, dtype=torch.float32)
        self.mean, self.std = x.mean(0), x.std(0) + 1e-3
        x = (x - self.mean) / self.std
        y = torch.tensor(values - values[:, :3].mean(1, keepdims=True))
        y = (self.cap * torch.tanh(y / self.cap)).float()
        w = torch.ones(len(x)) if weights is None else \
            torch.tensor(weights, dtype=torch.float32)
        self.nets = [self._fit_one(x, y, w, epochs)
                     for _ in range(self.members)]
        return self

    def _fit_one(self, x, y, w, epochs):
        net = small_network(self.width, y.shape[1])
        optimizer = torch.optim.AdamW(net.parameters(), 2e-3,
                                      weight_decay=0.05)
        steps = epochs * (len(x) // 128 + 1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 4e-3, total_steps=steps)
        for _ in range(steps):
            rows = torch.randint(len(x), (128,))
            inputs = x[rows] + 0.05 * torch.randn(128, x.shape[1])
            loss = torch.nn.functional.huber_loss(
                net(inputs), y[rows], reduction="none").mean(1)
            optimizer.zero_grad()
            (loss * w[rows]).mean().backward()
            optimizer.step()
            schedule.step()
        return net

    @torch.no_grad()
    def __call__(self, rows):
        x = (torch.tensor(rows, dtype=torch.float32) - self.mean) / self.std
        return torch.stack([net(x) for net in self.nets]).mean(0).numpy()
