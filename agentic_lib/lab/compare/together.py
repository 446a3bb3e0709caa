"""Runs of a task side by side, as one computation.

Weights and data are as `train()` would have them, so that a row does not
depend on its neighbours. `Twins` are the fully connected networks of
`lab/batch.py`; `Networks` are any others, by `torch.func` (`functional_call`,
`grad`, `vmap`). Knows nothing about what sets the rates, except that a pilot
holds them.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from agentic_lib.brain.decision import Metrics
from agentic_lib.lab.batch import METRICS, Batch, Data, Shape
from agentic_lib.lab.compare.rows import (
    guessing,
    make_row,
    score_of,
    val_score,
)
from agentic_lib.lab.pilots import Group

CHUNK = 2 ** 22  # inputs that one evaluation may hold at once
ADAM = ("adam", "adamw")


class Twins(Batch):
    """A batch whose rates may change from step to step.

    plan     [(rates, momenta)] of the steps to come, or None
    task     the Task, for its optimizer and its units
    watch    called with the batch before each update of the weights; the
             step's gradients are then in the batch's `gradient`
    losses   [(N,)] of each step, if it is a list
    """

    plan = task = watch = losses = gradient = None

    def _step(self, rows):
        if self.plan:
            rate, momentum = self.plan.pop(0)
            self.rate = torch.as_tensor(rate).to(self.rate)
            self.momentum = torch.as_tensor(momentum).to(self.rate)
        loss, right = self.step_on(rows)
        if self.losses is not None:
            self.losses.append(loss * self.task.units / rows.shape[1])
        return loss * self.task.units, right

    def step_on(self, rows):
        return super()._step(rows)

    def _update(self, gradient):
        self.gradient = gradient.mul_(self.task.units)
        if self.watch:
            self.watch(self)
        if self.task.optimizer != "rmsprop":
            return super()._update(gradient)
        self.first.mul_(0.99).addcmul_(gradient, gradient, value=0.01)
        self.weights.addcmul_(gradient / self.first.sqrt().add_(1e-8),
                              -self.rate[:, None])

    def measure(self, part):
        accuracy, loss = super().measure(part)
        return accuracy, loss * self.task.units

    def pieces(self) -> list[tuple]:
        """(name, start, end, shape) of every tensor in a row of weights."""
        found, at = [], 0
        for k, (wide, out) in enumerate(self.layers):
            for name, shape in (("weight", (wide, out)), ("bias", (out,))):
                end = at + math.prod(shape)
                found.append((f"{name}{k}", at, end, shape))
                at = end
        return found

    def as_torch(self, flat, shape):
        """These numbers of a row, in the shape that torch's layers have:
        outputs come first there, and second here."""
        return flat.view(shape).t()

    def trained(self) -> int:
        """How many numbers of a row the optimizer moves: the first ones."""
        return self.weights.shape[1]


class Networks(Twins):
    """Any network that `torch.func` can batch. After its weights, a row
    holds its buffers: the running means of batch normalisation."""

    def set_networks(self, networks):
        """Takes these networks' weights, one network per row."""
        self.network = networks[0]
        self.names = [(name, p.shape) for name, p in
                      self.network.named_parameters()]
        self.buffer_names = [(name, b.shape) for name, b in
                             self.network.named_buffers()
                             if b.is_floating_point()]
        self.weights = torch.stack([flat_state(n) for n in networks])
        self.size = sum(s.numel() for _, s in self.names)
        self.first = torch.zeros_like(self.weights[:, :self.size])
        self.second = (torch.zeros_like(self.first)
                       if self.task.optimizer in ADAM else None)
        self.steps_of = vmap(grad(self.one_step, has_aux=True),
                             randomness="same")
        self.results_of = vmap(self.one_result)

    def one_step(self, weights, buffers, x, y):
        """Loss of one network on one batch; with (loss, right, buffers)."""
        buffers = {name: b.clone() for name, b in
                   unflat(buffers, self.buffer_names).items()}
        counts = {name: b.clone() for name, b in
                  self.network.named_buffers() if name not in buffers}
        logits = functional_call(
            self.network,
            {**unflat(weights, self.names), **buffers, **counts}, (x,))
        loss = nn.functional.cross_entropy(logits, y)
        parts = [b.flatten() for b in buffers.values()]
        kept = torch.cat(parts) if parts else weights[:0]
        return loss, (loss.detach(), right(logits, y), kept)

    def one_result(self, state, x, y):
        named = unflat(state, self.names + self.buffer_names)
        logits = functional_call(self.network, named, (x,))
        loss = nn.functional.cross_entropy(logits, y)
        return right(logits, y), loss * len(x)

    @torch.enable_grad()
    def step_on(self, rows):
        self.network.train()
        x = self.data.x[self.sets[:, None], rows]
        y = self.data.y[self.sets[:, None], rows]
        weights = self.weights[:, :self.size]
        gradient, (loss, correct, buffers) = self.steps_of(
            weights, self.weights[:, self.size:], x, y)
        with torch.no_grad():
            whole, self.weights = self.weights, weights
            self._update(gradient)
            self.weights = whole
            whole[:, self.size:] = buffers
        return loss.detach() * rows.shape[1], correct.detach()

    @torch.no_grad()
    def measure(self, part):
        self.network.eval()
        prefix = "" if part == "train" else part + "_"
        xs, ys = getattr(self.data, prefix + "x"), \
            getattr(self.data, prefix + "y")
        size = max(16, CHUNK // (len(self) * xs.shape[2] * 4))
        loss, correct = 0, 0
        for at in range(0, xs.shape[1], size):
            more, lost = self.results_of(
                self.weights, xs[self.sets, at:at + size],
                ys[self.sets, at:at + size])
            correct, loss = correct + more, loss + lost
        return (100 * correct / xs.shape[1],
                loss * self.task.units / xs.shape[1])

    def pieces(self):
        found, at = [], 0
        for name, shape in self.names + self.buffer_names:
            end = at + shape.numel()
            found.append((name.replace(".", "_"), at, end, shape))
            at = end
        return found

    def as_torch(self, flat, shape):
        return flat.view(shape)

    def trained(self):
        return self.size


def right(logits, y):
    """Number of right answers; a window of tokens counts by its share."""
    hits = (logits.argmax(1) == y).float()
    return hits.sum() / (hits[0].numel())


def flat_state(network):
    """A network's weights, then its buffers, in one row."""
    parts = [*network.parameters(),
             *(b for b in network.buffers() if b.is_floating_point())]
    return torch.cat([part.detach().flatten() for part in parts])


def unflat(flat, names) -> dict:
    parts = flat.split([shape.numel() for _, shape in names])
    return {name: part.view(shape)
            for (name, shape), part in zip(names, parts)}


def flat_weights(model):
    """A fully connected network's weights in one row, as in Batch."""
    layers = [m for m in model if isinstance(m, nn.Linear)]
    return torch.cat([part.detach().flatten() for layer in layers
                      for part in (layer.weight.T, layer.bias)])


# -- making and training them -------------------------------------------------

def make_group(task, pairs, examples) -> Group:
    rates, seeds = zip(*pairs)
    return Group(rates, seeds, task.epochs, -(-examples // task.batch_size),
                 task.optimizer, task.momentum, task.name)


def make_batch(task, pairs, dtype=torch.float32) -> Twins:
    """The networks of these (rate, seed) pairs, not yet trained: weights and
    data as `train()` would have them."""
    seeds = sorted({seed for _, seed in pairs})
    sets = [task.load(seed) for seed in seeds]
    parts = [torch.stack([getattr(s, part)[i].flatten(1) if i == 0
                          else getattr(s, part)[i] for s in sets])
             for part in ("train", "val", "test") for i in (0, 1)]
    data = Data(*parts, torch.full((len(sets),), parts[0].shape[2]),
                torch.full((len(sets),), sets[0].classes))
    which = torch.tensor([seeds.index(seed) for _, seed in pairs])
    shape = Shape((task.width,) * task.depth, task.batch_size,
                  adam=task.optimizer in ADAM)
    kind = Networks if task.network else Twins
    rates = torch.tensor([r for r, _ in pairs], dtype=dtype)
    batch = kind(data, shape, which, rates,
                 momentum=task.momentum, dtype=dtype,
                 decay=0.01 if task.optimizer == "adamw" else 0.0)
    batch.task = task
    fresh = [task.make_network(s, seed) for s, seed in zip(sets, seeds)]
    if task.network:
        batch.set_networks([fresh[k].to(dtype) for k in which])
    else:
        rows = torch.stack([flat_weights(network) for network in fresh])
        batch.weights = rows[which].to(dtype)
    return batch


def order_of(seed, epoch, examples):
    """The order in which Training's DataLoader goes through the data."""
    random = torch.Generator().manual_seed(seed * 100_003 + epoch)
    torch.empty((), dtype=torch.int64).random_(generator=random)
    return torch.randperm(examples, generator=random)


def train_epoch(batch, seeds, epoch) -> dict:
    """One epoch of every run; {name of METRICS: list of N floats}."""
    examples = batch.data.x.shape[1]
    orders = {seed: order_of(seed, epoch, examples) for seed in set(seeds)}
    with torch.random.fork_rng(devices=[]):  # for dropout
        torch.manual_seed(seeds[0] * 100_003 + epoch)
        metrics = batch.epoch(torch.stack([orders[seed] for seed in seeds]))
    found = {name: metrics[name].tolist() for name in METRICS}
    if batch.task.loss_only:
        nothing = [None] * len(batch)
        found |= {"train_acc": nothing, "val_acc": nothing}
    return found


def train_on(batch, pilot, histories, first, last, other=0):
    """Trains from epoch `first` to `last` at the pilot's rates, adds to the
    histories, and yields each epoch's number. The caller steps the pilot.

    other  a different number gives a different order of the data
    """
    seeds = [seed + 1000 * other for seed in pilot.group.seeds]
    for epoch in range(first, last + 1):
        going = ~pilot.stopped
        batch.rate = torch.tensor(pilot.rates * going).to(batch.rate)
        batch.plan = pilot.plan()
        planned = bool(batch.plan)
        values = train_epoch(batch, seeds, epoch)
        rates = values["learning_rate"] if planned else pilot.rates
        for i in np.flatnonzero(going):
            histories[i].append(Metrics(
                epoch=epoch, total_epochs=pilot.group.epochs,
                learning_rate=rates[i],
                **{name: values[name][i] for name in METRICS[:4]}))
        yield epoch


class Finish:
    """Keeps the best weights of every run by validation data, and makes the
    rows at the end. A run that was stopped stays as it is."""

    def __init__(self, batch):
        self.batch, self.best = batch, batch.weights.clone()
        self.score = torch.full((len(batch),), -1.0)

    def see(self, histories):
        """After every epoch."""
        now = torch.tensor([val_score(self.batch.task, h[-1])
                            for h in histories])
        better = now > self.score  # never where it is nan
        self.best = torch.where(better[:, None], self.batch.weights,
                                self.best)
        self.score = torch.where(better, now, self.score)

    def rows(self, method, pairs, histories, actions, searched=None):
        task, batch = self.batch.task, self.batch
        last = self.scores()
        batch.weights = self.best
        chosen = self.scores()
        guess = [guessing(task, batch.data.val_y[k]) for k in batch.sets]
        searched = searched or [()] * len(pairs)
        return [make_row(task, method, *rest) for rest in zip(
            pairs, histories, last, chosen, actions, guess, searched)]

    def scores(self):
        found = (part.tolist() for part in self.batch.measure("test"))
        return [score_of(self.batch.task, *pair) for pair in zip(*found)]


@torch.no_grad()
def run_batched(task, method, pairs, dtype=torch.float32) -> list:
    """Trains all pairs at once. A run that was stopped goes on at a rate of
    0, which changes nothing, and is no longer recorded."""
    batch = make_batch(task, pairs, dtype)
    pilot = method.start(make_group(task, pairs, batch.data.x.shape[1]))
    histories, finish = [[] for _ in pairs], Finish(batch)
    for epoch in train_on(batch, pilot, histories, 1, task.epochs):
        finish.see(histories)
        if epoch < task.epochs:
            pilot.step(histories, batch)
    return finish.rows(method, pairs, histories, pilot.actions)
