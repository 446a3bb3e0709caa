"""Many small networks trained side by side, as one computation.

A small network cannot keep a computer busy: most of the time goes into
starting operations. Here N networks, each with its own weights, data, order of
the data and learning rate, are trained by the same batched matrix products.
Knows nothing about decisions: the caller sets the learning rates.
"""

import math
from dataclasses import dataclass, replace

import torch

METRICS = ("train_acc", "val_acc", "train_loss", "val_loss", "learning_rate")
CHUNK = 256 * 1024  # numbers that one evaluation step may hold at once


@dataclass
class Data:
    """S data sets of one size, padded to the same features and classes.

    x, y            (S, T, D) and (S, T): the training data
    val_x, val_y    (S, V, D) and (S, V): what decisions look at
    test_x, test_y  (S, U, D) and (S, U): read at the end
    features        (S,) how many of the D columns are in use
    classes         (S,) how many of the C classes are in use
    """

    x: torch.Tensor
    y: torch.Tensor
    val_x: torch.Tensor
    val_y: torch.Tensor
    test_x: torch.Tensor
    test_y: torch.Tensor
    features: torch.Tensor
    classes: torch.Tensor

    def to(self, dtype):
        """The same data with its features in another precision."""
        return replace(self, x=self.x.to(dtype), val_x=self.val_x.to(dtype),
                       test_x=self.test_x.to(dtype))


@dataclass(frozen=True)
class Shape:
    """What all networks of a batch have in common.

    hidden      the widths of the hidden layers
    batch_size  examples in one step
    activation  'relu' or 'tanh'
    adam        True for Adam and AdamW, False for SGD and momentum
    after       True: training metrics are measured after the epoch, on all
                training data; False: they are averaged while it runs
    """

    hidden: tuple[int, ...] = (64, 64)
    batch_size: int = 64
    activation: str = "relu"
    adam: bool = False
    after: bool = False


class Batch:
    """N networks in training. `rate` may be changed between two epochs.

    data      Data; `sets`, (N,), says which of its sets each network has
    rate      (N,) learning rates
    momentum  (N,) for SGD: 0 for plain SGD
    decay     (N,) decoupled weight decay for Adam: 0 for plain Adam
    noise     standard deviation of the noise added to inputs in training
    """

    noise = 0.0

    def __init__(self, data, shape, sets, rate, momentum=0.9, decay=0.0,
                 seed=0, dtype=torch.float32):
        torch.set_flush_denormal(True)  # dying networks are slow without it
        self.data, self.shape, self.sets = data.to(dtype), shape, sets
        n = len(sets)
        self.rate = torch.as_tensor(rate, dtype=dtype).expand(n).clone()
        self.momentum = torch.as_tensor(
            momentum, dtype=dtype).expand(n).clone()
        self.decay = torch.as_tensor(decay, dtype=dtype).expand(n).clone()
        self.stream = torch.arange(n)  # equal numbers: equal data order
        self.random = torch.Generator().manual_seed(seed)
        sizes = (data.x.shape[2], *shape.hidden, int(data.classes.max()))
        self.layers = list(zip(sizes, sizes[1:]))
        self.width = max(sizes)  # the most numbers that one example takes
        self.weights = self._initial(dtype)
        self.first = torch.zeros_like(self.weights)  # moments of gradients
        self.second = torch.zeros_like(self.weights) if shape.adam else None
        self.steps = torch.zeros(n, dtype=dtype)

    def __len__(self):
        return len(self.sets)

    def _initial(self, dtype):
        """Weights as torch.nn.Linear draws them, (N, P)."""
        parts = []
        for i, (wide, out) in enumerate(self.layers):
            fan_in = (self.data.features[self.sets] if i == 0
                      else torch.full((len(self),), wide))
            bound = 1 / fan_in.to(dtype).sqrt()[:, None]
            for size in (wide * out, out):
                uniform = torch.rand(len(self), size, dtype=dtype,
                                     generator=self.random)
                parts.append((2 * uniform - 1) * bound)
        return torch.cat(parts, 1)

    def split(self, flat):
        """(N, P) -> [(N, in, out) weights, (N, 1, out) biases] per layer."""
        views, at = [], 0
        for wide, out in self.layers:
            end = at + wide * out
            views.append((flat[:, at:end].view(-1, wide, out),
                          flat[:, None, end:end + out]))
            at = end + out
        return views

    def take(self, rows, seed=0):
        """A new batch of copies of these rows: a snapshot, or branches.

        Copies of one row that share a stream see the data in the same order.
        """
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        for name in ("sets", "rate", "momentum", "decay", "stream", "weights",
                     "first", "second", "steps"):
            value = getattr(self, name)
            setattr(new, name, None if value is None else value[rows].clone())
        new.random = torch.Generator().manual_seed(seed)
        return new

    def epoch(self, order=None):
        """Trains one epoch; returns {name of METRICS: (N,) values}.

        order  (N, T) the order of the training data; drawn at random if
               None
        """
        total = self.data.x.shape[1]
        if order is None:
            streams = int(self.stream.max()) + 1
            order = torch.rand(
                streams, total, generator=self.random).argsort(1)
            order = order[self.stream]
        loss, right = 0, 0
        for rows in order.split(self.shape.batch_size, dim=1):
            each_loss, each_right = self._step(rows)
            loss, right = loss + each_loss, right + each_right
        if self.shape.after:
            train_acc, train_loss = self.measure("train")
        else:
            train_acc, train_loss = 100 * right / total, loss / total
        val_acc, val_loss = self.measure("val")
        return {"train_acc": train_acc, "val_acc": val_acc,
                "train_loss": train_loss, "val_loss": val_loss,
                "learning_rate": self.rate.clone()}

    def logits(self, x):
        """(N, B, D) -> (N, B, C), with the networks as they are evaluated;
        classes that a set does not have get -1e9."""
        return self._forward(x)[-1]

    def _mask(self, logits):
        """Overwrites the classes that a network's set does not have."""
        absent = torch.arange(logits.shape[2]) >= \
            self.data.classes[self.sets][:, None]
        return logits.masked_fill_(absent[:, None], -1e9)

    def _forward(self, x):
        """(N, B, D) -> the activations of every layer, logits last."""
        outs = [x]
        layers = self.split(self.weights)
        for weight, bias in layers[:-1]:
            z = torch.baddbmm(bias, outs[-1], weight)
            outs.append(z.relu_() if self.shape.activation == "relu"
                        else z.tanh_())
        logits = torch.baddbmm(layers[-1][1], outs[-1], layers[-1][0])
        outs.append(self._mask(logits))
        return outs

    def _step(self, rows):
        """One step on the examples `rows`, (N, B): (N,) sums of the loss and
        of right answers."""
        x = self.data.x[self.sets[:, None], rows]
        if self.noise:  # the same for all, so that branches stay comparable
            x = x + self.noise * torch.randn(
                x.shape[1:], dtype=x.dtype, generator=self.random)
        gradient, loss, right = self._gradient(
            x, self.data.y[self.sets[:, None], rows])
        self._update(gradient)
        return loss, right

    def _gradient(self, x, y):
        """((N, P) gradient of the mean loss, sum of the loss, number right),
        by back-propagation."""
        outs = self._forward(x)
        off, loss, right = self._judge(outs[-1], y)
        delta = self._delta(off, y) / y.shape[1]
        gradient = torch.empty_like(self.weights)
        places = self.split(gradient)
        weights = self.split(self.weights)
        for i in reversed(range(len(self.layers))):
            places[i][0].copy_(outs[i].transpose(1, 2) @ delta)
            places[i][1].copy_(delta.sum(1, keepdim=True))
            if i:
                delta = delta @ weights[i][0].transpose(1, 2)
                delta *= (outs[i] > 0 if self.shape.activation == "relu"
                          else 1 - outs[i] ** 2)
        return gradient, loss, right

    def _judge(self, out, y):
        """Outputs (N, B, C) -> (log-probabilities, (N,) sum of the loss, (N,)
        number right)."""
        logp = out.log_softmax(2)
        picked = logp.gather(2, y[..., None])
        return logp, -picked.sum((1, 2)), (logp.argmax(2) == y).sum(1)

    def _delta(self, logp, y):
        """The gradient of the summed loss w.r.t. the outputs, (N, B, C)."""
        delta = logp.exp()
        return delta.scatter_add_(2, y[..., None], torch.full_like(
            delta[..., :1], -1))

    def _update(self, gradient):
        """torch.optim's SGD, Adam or AdamW, each row with its own rate."""
        rate = self.rate[:, None]
        if not self.shape.adam:
            self.first.mul_(self.momentum[:, None]).add_(gradient)
            self.weights.addcmul_(self.first, -rate)
            return
        self.steps += 1
        self.weights.mul_(1 - rate * self.decay[:, None])
        self.first.lerp_(gradient, 0.1)
        self.second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        steps = self.steps[:, None]
        bottom = (self.second / (1 - 0.999 ** steps)).sqrt_().add_(1e-8)
        self.weights.addcmul_(self.first / bottom,
                              -rate / (1 - 0.9 ** steps))

    @torch.no_grad()
    def measure(self, part):
        """Accuracy in percent and mean loss, (N,) each; nan when diverged.

        part  'train', 'val' or 'test'
        """
        prefix = "" if part == "train" else part + "_"
        xs, ys = getattr(self.data, prefix + "x"), \
            getattr(self.data, prefix + "y")
        size = max(1, CHUNK // (len(self) * self.width))
        loss, right = 0, 0
        for at in range(0, xs.shape[1], max(size, 16)):
            out = self.logits(xs[self.sets, at:at + max(size, 16)])
            _, lost, more = self._judge(
                out, ys[self.sets, at:at + max(size, 16)])
            loss, right = loss + lost, right + more
        return 100 * right / xs.shape[1], loss / xs.shape[1]

    def worths(self, part="test"):
        """What the networks are worth now, (2, N), in points.

        The first row is accuracy in percent minus the loss (capped at that of
        pure guessing), which breaks ties. The second row is by the loss alone,
        as 100 / perplexity: for runs of which only the loss is known.
        """
        acc, loss = self.measure(part)
        guess = self.data.classes[self.sets].log()
        loss = torch.where(loss.isfinite(), loss, guess).minimum(guess)
        return torch.stack([acc - loss, 100 * torch.exp(-loss)]).numpy()


def finite(values, instead=math.inf):
    """`values` with nan and infinity replaced."""
    return torch.where(values.isfinite(), values,
                       torch.full_like(values, instead))
