"""One method on one task: trains its runs and returns a row for each.

Small networks are trained side by side (`batch.py`), everything else one
after another in the loop of `train()`. Both begin with the same weights and
go through the data in the same order, so that a row does not depend on which
of the two made it. The test data is read once, at the end.
"""

from dataclasses import dataclass

import numpy as np
import torch

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.guards import Guards
from agentic_lib.mechanics.rates import inner
from agentic_lib.lab.actions import letter
from agentic_lib.lab.batch import METRICS, Batch, Data, Shape
from agentic_lib.lab.pilots import Decided, Group, Scheduled
from agentic_lib.run.trainees import make_model
from agentic_lib.run.training import Training

RISE = 1.01  # a training loss of so many times the lowest yet has risen
NEAR = 1.0   # points: validation accuracy this close to guessing is guessing


@dataclass(frozen=True)
class Row:
    """One run: what the results file holds of it.

    rate        the starting rate; nan for a method that has none
    test        accuracy on the test data with the last weights, in percent
    test_best   the same with the weights that were best on validation data
    val_best    the validation accuracy of those: what one would have seen
    area        mean validation accuracy over the budget's epochs
    epochs      epochs trained; fewer than the budget where it was stopped
    to_target   epochs to the task's target; nan where it was never reached
    diverged    1 where a loss is not finite at the end, or where the run
                ends at the level of guessing after its loss had risen
    last_rate   the rate of the last epoch
    actions     a letter for each decision: c, r, i, s; a capital where the
                rules decided in a brain's place
    """

    task: str
    method: str
    rate: float
    seed: int
    test: float
    test_best: float
    val_best: float
    area: float
    epochs: int
    to_target: float
    diverged: int
    last_rate: float
    actions: str = ""


def run_job(task, method, pairs) -> list[Row]:
    """Runs of a method on a task, one for each (rate, seed)."""
    torch.set_num_threads(1)
    if not (method.optimizer or method.guards or task.model):
        return run_batched(task, method, pairs)
    return [run_alone(task, method, *pair) for pair in pairs]


def make_group(task, pairs, examples) -> Group:
    rates, seeds = zip(*pairs)
    return Group(rates, seeds, task.epochs, -(-examples // task.batch_size),
                 task.optimizer, task.momentum, task.name)


# -- side by side -------------------------------------------------------------

class Twins(Batch):
    """A batch whose rates may change from step to step."""

    plan = None

    def _step(self, rows):
        if self.plan:
            rate, momentum = self.plan.pop(0)
            self.rate = torch.as_tensor(rate).to(self.rate)
            self.momentum = torch.as_tensor(momentum).to(self.rate)
        return super()._step(rows)


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
                  adam=task.optimizer == "adamw")
    batch = Twins(data, shape, which, torch.tensor([r for r, _ in pairs]),
                  momentum=task.momentum, decay=0.01, dtype=dtype)
    weights = [flat_weights(make_model(s, "mlp", task.width, task.depth, seed))
               for s, seed in zip(sets, seeds)]
    batch.weights = torch.stack(weights)[which].to(dtype)
    return batch


def flat_weights(model):
    """A network's weights in a row, as Batch keeps them."""
    layers = [m for m in model if isinstance(m, torch.nn.Linear)]
    return torch.cat([part.detach().flatten() for layer in layers
                      for part in (layer.weight.T, layer.bias)])


def order_of(seed, epoch, examples):
    """The order in which Training's DataLoader goes through the data."""
    random = torch.Generator().manual_seed(seed * 100_003 + epoch)
    torch.empty((), dtype=torch.int64).random_(generator=random)
    return torch.randperm(examples, generator=random)


def train_epoch(batch, seeds, epoch) -> dict:
    """One epoch of every run; {name of METRICS: list of N floats}."""
    examples = batch.data.x.shape[1]
    orders = {seed: order_of(seed, epoch, examples) for seed in set(seeds)}
    metrics = batch.epoch(torch.stack([orders[seed] for seed in seeds]))
    return {name: metrics[name].tolist() for name in METRICS}


def train_on(batch, pilot, histories, first, last, other=0):
    """Trains from epoch `first` to `last` at the pilot's rates, adds to the
    histories, and yields each epoch's number; the pilot is stepped by
    whoever calls it.

    other  another number gives another order of the data
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


@torch.no_grad()
def run_batched(task, method, pairs, dtype=torch.float32) -> list[Row]:
    """Trains all pairs at once. A run that was stopped goes on at a rate of
    0, which changes nothing, and is no longer recorded."""
    batch = make_batch(task, pairs, dtype)
    group = make_group(task, pairs, batch.data.x.shape[1])
    pilot = method.start(group)
    histories = [[] for _ in pairs]
    best, best_acc = batch.weights.clone(), torch.full((len(pairs),), -1.0)
    for epoch in train_on(batch, pilot, histories, 1, task.epochs):
        # of a run that was stopped, weights and accuracy stay as they are
        val_acc = torch.tensor([h[-1].val_acc for h in histories])
        better = val_acc > best_acc
        best = torch.where(better[:, None], batch.weights, best)
        best_acc = torch.where(better, val_acc, best_acc)
        if epoch < task.epochs:
            pilot.step(histories, batch)
    last = batch.measure("test")[0].tolist()
    batch.weights = best
    chosen = batch.measure("test")[0].tolist()
    guess = [guessing(batch.data.val_y[k]) for k in batch.sets]
    return [make_row(task, method, pair, history, *rest)
            for pair, history, *rest in zip(
                pairs, histories, last, chosen, pilot.actions, guess)]


# -- one after another --------------------------------------------------------

class OneTraining(Training):
    """Training that tells optimizers which keep two sets of weights, such as
    Schedule-Free's, when it trains and when it measures."""

    def train_one_epoch(self, epoch):
        self.optimizer.train()
        return super().train_one_epoch(epoch)

    def evaluate(self, inputs, labels, batch_size=1024):
        self.optimizer.eval()
        return super().evaluate(inputs, labels, batch_size)


def make_optimizer(task, method):
    """(parameters, rate) -> optimizer, as the method or the task has it."""
    if method.optimizer is not None:
        return lambda parameters, lr: method.optimizer(parameters, lr, task)
    if task.optimizer == "adamw":
        return "adamw"
    return lambda parameters, lr: torch.optim.SGD(parameters, lr=lr,
                                                  momentum=task.momentum)


def run_alone(task, method, rate, seed) -> Row:
    """One run in the loop of `train()`, the pilot beside it."""
    data = task.load(seed)
    model = make_model(data, task.model or "mlp", task.width, task.depth,
                       seed)
    training = OneTraining(
        data, None, lr=1.0 if method.rateless else rate, epochs=task.epochs,
        model=model, optimizer=make_optimizer(task, method),
        batch_size=task.batch_size, seed=seed)
    pilot = method.start(make_group(task, [(rate, seed)],
                                    len(data.train[1])))
    steer = guarded if method.guards else unguarded
    after_epoch = steer(training, pilot, model, method)
    best, best_acc = None, -1.0
    while not training.done and not pilot.stopped[0]:
        metrics, _ = training.step()
        if metrics.val_acc > best_acc:
            best_acc = metrics.val_acc
            best = {k: v.clone() for k, v in model.state_dict().items()}
        if not training.done:
            after_epoch()
    last, _ = training.evaluate(*data.test)
    model.load_state_dict(best)
    chosen, _ = Training.evaluate(training, *data.test)
    return make_row(task, method, (rate, seed), training.run.metrics, last,
                    chosen, pilot.actions[0], guessing(data.val[1]))


def unguarded(training, pilot, model, method):
    """Lets the pilot set the rate; returns what is to be called after every
    epoch but the last."""
    optimizer = inner(training.optimizer)
    plan = []

    def before_step(*_):
        if plan:
            set_rates(optimizer, *[float(x[0]) for x in plan.pop(0)])

    def ready():
        if not method.rateless:
            set_rates(optimizer, float(pilot.rates[0]))
        plan[:] = pilot.plan() or []

    def after_epoch():
        pilot.step([training.controller.history])
        ready()

    optimizer.register_step_pre_hook(before_step)
    ready()
    return after_epoch


def guarded(training, pilot, model, method):
    """The same under the real controller and its usual guards: a pilot that
    decides is its brain, one with a scheduler gives it that."""
    options = {"brain": None, "total_epochs": training.epochs,
               "model": model, "guards": Guards()}
    scheduler = None
    if isinstance(pilot, Decided):
        options |= {"brain": AsBrain(pilot), "every": pilot.every}
    elif isinstance(pilot, Scheduled):
        scheduler = pilot.make(inner(training.optimizer), pilot.group)
    training.controller = AgenticLR(training.optimizer, scheduler=scheduler,
                                    **options)

    def after_epoch():
        if scheduler is not None and pilot.metric:
            last = training.controller.history[-1]
            scheduler.step(getattr(last, pilot.metric))
        elif scheduler is not None:
            scheduler.step()
    return after_epoch


class AsBrain:
    """A pilot that decides, as the brain of a controller."""

    def __init__(self, pilot):
        self.pilot = pilot
        self.actions = tuple(pilot.table.values())

    def analyze_training(self, history, every, actions):
        choice = self.pilot.decide([history], every, actions)[0]
        self.pilot.actions[0] += letter(choice)
        if isinstance(choice, Decision):
            return choice
        return Decision(choice, "the pilot's")


def set_rates(optimizer, rate, momentum=None):
    for group in optimizer.param_groups:
        group["lr"] = rate
        if momentum and "momentum" in group:
            group["momentum"] = momentum


# -- what is kept of a run ----------------------------------------------------

def guessing(labels) -> float:
    """Accuracy in percent of always naming the commonest class."""
    return 100 * labels.bincount().max().item() / len(labels)


def diverged(history, guess) -> bool:
    """A loss that is not finite at the end; or no better than guessing
    there, and not for slowness: the training loss has risen on the way."""
    losses = [m.train_loss for m in history]
    lowest = np.minimum.accumulate(losses)
    rose = any(not now <= RISE * low
               for low, now in zip(lowest, losses[1:]))
    return history[-1].diverged or (
        rose and history[-1].val_acc <= guess + NEAR)


def make_row(task, method, pair, history, last, chosen, actions,
             guess) -> Row:
    """The Row of a run from its history and its test accuracies."""
    seen = [m.val_acc for m in history]
    seen += seen[-1:] * (task.epochs - len(seen))
    reached = [e for e, acc in enumerate(seen, 1) if acc >= task.target]
    rate, seed = pair
    return Row(
        task.name, method.name, float("nan") if method.rateless else rate,
        seed, round(last, 3), round(chosen, 3), round(max(seen), 3),
        round(float(np.mean(seen)), 3), len(history),
        reached[0] if reached else float("nan"),
        int(diverged(history, guess)),
        float(f"{history[-1].learning_rate:.3g}"), actions)

