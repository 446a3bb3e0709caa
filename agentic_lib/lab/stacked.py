"""Networks of any one architecture trained side by side, by torch.func.

In `batch.py` the gradients of fully connected networks are written by hand.
Here torch derives them for any module: vmap runs N networks, each with its own
weights, buffers and data, as one computation. In it, N convolutions become one
grouped convolution.
"""

from contextlib import contextmanager

import torch
from torch.func import (
    functional_call,
    grad_and_value,
    stack_module_state,
    vmap,
)
from torch.nn.functional import cross_entropy

from agentic_lib.lab.batch import Batch


class Stacked(Batch):
    """N networks in training, as in `Batch`, of any architecture.

    build  (features, classes) -> a new torch.nn.Module that maps (B, features)
           to (B, classes); it draws random numbers from torch's own
           generator. All sets must use all features.

    Dropout draws one mask for all networks, so that branches of a run differ
    only in their action.
    """

    def __init__(self, data, shape, sets, rate, build, **options):
        self.build = build
        super().__init__(data, shape, sets, rate, **options)

    def _initial(self, dtype):
        """Weights as the modules draw them, (N, P)."""
        features, classes = self.data.x.shape[2], int(self.data.classes.max())
        with seeded(self.random):
            networks = [self.build(features, classes).to(dtype)
                        for _ in range(len(self))]
        self.module = networks[0]
        weights, self.buffers = stack_module_state(networks)
        self.sizes = {name: w.shape[1:] for name, w in weights.items()}
        self.width = largest_output(
            self.module, self.data.x[0, :1].to(dtype))
        return torch.cat([w.detach().flatten(1) for w in weights.values()], 1)

    def split(self, flat):
        """(N, P) -> {name of a parameter: (N, *its shape)}."""
        parts = flat.split([size.numel() for size in self.sizes.values()], 1)
        return {name: part.unflatten(1, size) if size else part[:, 0]
                for (name, size), part in zip(self.sizes.items(), parts)}

    def take(self, rows, seed=0):
        new = super().take(rows, seed)
        new.buffers = {name: values[rows].clone()
                       for name, values in self.buffers.items()}
        return new

    @torch.no_grad()
    def logits(self, x):
        self.module.eval()
        return self._mask(vmap(self._call)(
            self.split(self.weights), self.buffers, x))

    def _call(self, weights, buffers, x):
        """One network on (B, D)."""
        return functional_call(self.module, (weights, buffers), (x,))

    def _gradient(self, x, y):
        self.module.train()

        def loss_of(weights, buffers, x, y, absent):
            logits = self._call(weights, buffers, x)
            logits = logits.masked_fill(absent, -1e9)
            return cross_entropy(logits, y), logits

        absent = torch.arange(int(self.data.classes.max())) >= \
            self.data.classes[self.sets][:, None]
        one = vmap(grad_and_value(loss_of, has_aux=True), randomness="same")
        with seeded(self.random), torch.enable_grad():
            gradients, (loss, logits) = one(
                self.split(self.weights), self.buffers, x, y, absent)
        flat = torch.cat([gradients[name].flatten(1) for name in self.sizes],
                         1).detach()
        right = (logits.detach().argmax(2) == y).sum(1)
        return flat, loss.detach() * y.shape[1], right


@contextmanager
def seeded(generator):
    """Seeds torch's own generator from another one, then restores it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2 ** 31, (),
                                            generator=generator)))
        yield


def largest_output(module, x) -> int:
    """How many numbers one example's largest intermediate result has."""
    sizes = [x.numel()]
    hooks = [part.register_forward_hook(
        lambda part, given, out: sizes.append(out.numel()))
        for part in module.modules()]
    module.eval()
    with torch.no_grad():
        module(x)
    for hook in hooks:
        hook.remove()
    return max(sizes)
