"""The networks that are trained, and the optimizers that move their weights.

Knows nothing about what steers them.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

from agentic_lib.run.data import Data

OPTIMIZERS = {
    "sgd": lambda parameters, lr: torch.optim.SGD(
        parameters, lr=lr, momentum=0.9),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr=lr),
    "adamw": lambda parameters, lr: torch.optim.AdamW(parameters, lr=lr),
}


def make_optimizer(name: str | Callable, model: nn.Module,
                   lr: float) -> torch.optim.Optimizer:
    """An optimizer for the weights of `model`.

    name  'sgd' (momentum 0.9), 'adam' or 'adamw', or a function
          (parameters, lr) that makes one
    """
    make = OPTIMIZERS.get(name, name) if isinstance(name, str) else name
    if not callable(make):
        raise ValueError(f"optimizer={name!r} must be one of "
                         f"{list(OPTIMIZERS)}, or a function.")
    return make(model.parameters(), lr)


def make_model(data: Data, kind: str | None = None, width: int = 64,
               depth: int = 2, seed: int = 0) -> nn.Module:
    """A fresh network for `data`, the same for the same seed.

    kind  'mlp': `depth` hidden layers of `width` units with ReLU, or
          'resnet': a ResNet-18 for small pictures; None chooses 'mlp' for
          the digits and 'resnet' for colour pictures
    """
    shape = tuple(data.train[0].shape[1:])
    if kind is None:
        kind = "resnet" if len(shape) == 3 else "mlp"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "mlp":
            return mlp(math.prod(shape), width, depth, data.classes)
        if kind == "resnet":
            return small_resnet(shape, data.classes)
    raise ValueError(f"kind={kind!r} must be 'mlp' or 'resnet'.")


def mlp(inputs: int, width: int, depth: int,
        classes: int) -> nn.Sequential:
    """Flatten, `depth` x (Linear, ReLU), Linear. (N, ...) -> (N, classes)"""
    layers: list[nn.Module] = [nn.Flatten()]
    for size in [inputs] + [width] * (depth - 1):
        layers += [nn.Linear(size, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, classes))


def small_resnet(shape: tuple[int, ...], classes: int) -> nn.Module:
    """torchvision's ResNet-18, changed for small pictures.

    Its first layer keeps their size. (N, channels, height, width) ->
    (N, classes)
    """
    from torchvision.models import resnet18

    if len(shape) != 3:
        raise ValueError(f"kind='resnet' needs pictures, not inputs of shape "
                         f"{shape}: use kind='mlp'.")
    model = resnet18(num_classes=classes)
    model.conv1 = nn.Conv2d(shape[0], 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model
