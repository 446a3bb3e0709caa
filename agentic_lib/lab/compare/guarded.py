"""Runs side by side under the real controller and its guards.

To the controller, one row of a batch looks like a network (`as_network`)
with an optimizer (`RowOptimizer`). The controller may set that optimizer's
rate, and copy and restore its state; the arithmetic stays that of the batch.
Knows nothing about what guards do.
"""

from dataclasses import dataclass, replace

import torch

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.guards import Guards
from agentic_lib.lab.actions import letter
from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.compare.together import (
    Finish,
    make_batch,
    make_group,
    train_epoch,
)
from agentic_lib.lab.pilots import Decided, EveryStep, Scheduled

STATE = ("first", "second", "steps")  # what a batch's optimizers remember


def as_network(batch, row) -> torch.nn.Module:
    """Row `row` of a batch as a module: its tensors are views of the batch's
    weights, so that what is loaded into it is loaded into the batch."""
    network = torch.nn.Module()
    for name, start, end, shape in batch.pieces():
        view = batch.as_torch(batch.weights[row, start:end], shape)
        if start < batch.trained():
            network.register_parameter(name, torch.nn.Parameter(view))
        else:
            network.register_buffer(name, view)
    return network


class RowOptimizer(torch.optim.Optimizer):
    """Row `row` of a batch as an optimizer. `step` moves no weights: it
    hands the current rate to the batch, which moves the weights of all
    rows."""

    def __init__(self, batch, row, network, rate):
        self.batch, self.row = batch, row
        super().__init__(network.parameters(), {
            "lr": rate, "momentum": float(batch.momentum[row])})

    def show_gradients(self):
        """Points the parameters' `grad` at the batch's last gradient."""
        gradient = self.batch.gradient[self.row]
        for p, (_, start, end, shape) in zip(
                self.param_groups[0]["params"], self.batch.pieces()):
            p.grad = self.batch.as_torch(gradient[start:end], shape)

    def step(self, closure=None):
        group = self.param_groups[0]
        self.batch.rate[self.row] = float(group["lr"])
        self.batch.momentum[self.row] = group["momentum"]

    def state_dict(self):
        state = {name: getattr(self.batch, name)[self.row].clone()
                 for name in STATE
                 if getattr(self.batch, name) is not None}
        return {**super().state_dict(), "state": {0: state}}

    def load_state_dict(self, state_dict):
        for name, value in state_dict["state"].get(0, {}).items():
            getattr(self.batch, name)[self.row] = value
        super().load_state_dict({**state_dict, "state": {}})


class Answers:
    """Takes a brain's place: all rows were asked about together, and the
    controller is given its row's answer if it asks."""

    def __init__(self, pilot, row):
        self.pilot, self.row, self.choice = pilot, row, None
        self.actions = tuple(pilot.table.values())

    def analyze_training(self, history, every, actions):
        choice = self.choice
        self.pilot.actions[self.row] += letter(choice)
        if isinstance(choice, Decision):
            return choice
        return Decision(choice, "the pilot's")


@dataclass
class Run:
    """One row with its controller; `scheduler` if the pilot has one."""

    optimizer: RowOptimizer
    controller: AgenticLR
    scheduler: object = None


def start(batch, pilot, row) -> Run:
    network = as_network(batch, row)
    optimizer = RowOptimizer(batch, row, network, pilot.group.rates[row])
    scheduler, options = None, {}
    if isinstance(pilot, Decided):
        options = {"brain": Answers(pilot, row), "every": pilot.every}
    elif isinstance(pilot, Scheduled):
        scheduler = pilot.make(optimizer, replace(
            pilot.group, rates=pilot.group.rates[row:row + 1]))
    return Run(optimizer, AgenticLR(
        optimizer, options.pop("brain", None), model=network,
        total_epochs=pilot.group.epochs, scheduler=scheduler,
        guards=Guards(), **options), scheduler)


@torch.no_grad()
def run_guarded(task, method, pairs, dtype=torch.float32) -> list:
    """Trains all pairs at once, each under a controller of its own."""
    batch = make_batch(task, pairs, dtype)
    group = make_group(task, pairs, batch.data.x.shape[1])
    pilot = method.start(group)
    if isinstance(pilot, EveryStep):  # its own rates are relative to 1
        pilot.group = group
    runs = [start(batch, pilot, row) for row in range(len(pairs))]
    first = [True]

    def before_update(batch):
        for row, run in enumerate(runs):
            if first[0]:
                run.optimizer.show_gradients()
            if run.controller.should_stop:
                batch.rate[row] = 0.0
                continue
            run.optimizer.step()
            if isinstance(pilot, EveryStep):
                run.scheduler.step()
        first[0] = False

    batch.watch, finish = before_update, Finish(batch)
    seeds = [seed for _, seed in pairs]
    for epoch in range(1, task.epochs + 1):
        values = train_epoch(batch, seeds, epoch)
        going = [k for k, run in enumerate(runs)
                 if not run.controller.should_stop]
        ask(batch, pilot, runs, going, values, epoch)
        for row in going:
            see(runs[row], pilot, epoch, task,
                {name: values[name][row] for name in METRICS[:4]})
        finish.see([run.controller.history for run in runs])
    return finish.rows(method, pairs,
                       [run.controller.history for run in runs],
                       pilot.actions)


def ask(batch, pilot, runs, going, values, epoch):
    """Asks about all rows together if a decision is due."""
    if not isinstance(pilot, Decided) or epoch % pilot.every or (
            epoch >= pilot.group.epochs or not going):
        return
    histories = [[*runs[row].controller.story.since_begin(), Metrics(
        epoch=epoch, total_epochs=pilot.group.epochs,
        learning_rate=max(runs[row].controller.rates.used()),
        **{name: values[name][row] for name in METRICS[:4]})]
        for row in going]
    for row, choice in zip(going, pilot.choose(histories, going, batch)):
        runs[row].controller.brain.choice = choice


def see(run, pilot, epoch, task, metrics):
    """The controller sees what was measured; then the schedule moves on."""
    run.optimizer.show_gradients()
    run.controller.step(epoch=epoch, **metrics)
    if isinstance(pilot, EveryStep) or run.scheduler is None or (
            epoch >= task.epochs):
        return
    if pilot.metric:
        run.scheduler.step(metrics[pilot.metric])
    else:
        run.scheduler.step()
