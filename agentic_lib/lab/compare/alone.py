"""One run in the loop of `train()`.

For methods with an optimizer of their own, for large networks, and as what the
tests compare runs side by side with.
"""

import torch

from agentic_lib.brain.decision import Decision
from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.guards import Guards
from agentic_lib.mechanics.rates import inner
from agentic_lib.lab.actions import letter
from agentic_lib.lab.compare.rows import (
    guessing,
    make_row,
    score_of,
    val_score,
)
from agentic_lib.lab.compare.together import make_group
from agentic_lib.lab.pilots import Decided, EveryStep, Scheduled
from agentic_lib.run.record import Run
from agentic_lib.run.training import Training


class OneTraining(Training):
    """Training in the task's units. Optimizers that keep two sets of
    weights, such as Schedule-Free's, are told when they train and when they
    are measured. Metrics that the task does not measure are None."""

    def __init__(self, task, *args, **options):
        super().__init__(*args, **options)
        self.task, plain = task, self.loss
        self.loss = lambda logits, y: task.units * plain(logits, y)

    def train_one_epoch(self, epoch):
        self.switch("train")
        return super().train_one_epoch(epoch)

    def evaluate(self, inputs, labels, batch_size=1024):
        self.switch("eval")
        return super().evaluate(inputs, labels, batch_size)

    def switch(self, mode):
        getattr(inner(self.optimizer), mode, lambda: None)()

    def put_under(self, controller):
        """Replaces the controller that a Training begins with."""
        self.controller = controller
        self.run = Run(self.run.settings, controller.history,
                       controller.decisions)

    def average(self, totals):
        accuracy, loss = super().average(totals)
        return (None if self.task.loss_only else accuracy), loss


def make_optimizer(task, method, steps):
    """(parameters, rate) -> optimizer: the method's own, else the task's."""
    if method.optimizer is not None:
        return lambda parameters, lr: method.optimizer(
            parameters, lr, task, steps)
    return lambda parameters, lr: {
        "sgd": lambda: torch.optim.SGD(parameters, lr=lr,
                                       momentum=task.momentum),
        "adam": lambda: torch.optim.Adam(parameters, lr=lr),
        "adamw": lambda: torch.optim.AdamW(parameters, lr=lr,
                                           weight_decay=0.01),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, lr=lr),
    }[task.optimizer]()


def begin(task, method, rate, seed, kind=OneTraining):
    """(training, pilot, a function to call after every epoch but the last)
    of one run that is not yet trained."""
    data = task.load(seed)
    model = task.make_network(data, seed)
    group = make_group(task, [(rate, seed)], len(data.train[1]))
    training = kind(
        task, data, None, lr=1.0 if method.rateless else rate,
        epochs=task.epochs, model=model,
        optimizer=make_optimizer(task, method, group.steps * group.epochs),
        batch_size=task.batch_size, seed=seed)
    pilot = method.start(group)
    steer = guarded if method.guards else unguarded
    return training, pilot, steer(training, pilot, model, method)


def run_alone(task, method, rate, seed):
    """The Row of one run, steered by its pilot."""
    training, pilot, after_epoch = begin(task, method, rate, seed)
    model, data = training.model, training.data
    best, best_score = None, -1.0
    while not training.done and not pilot.stopped[0]:
        metrics, _ = training.step()
        score = val_score(task, metrics)
        if best is None or score > best_score:
            best_score = score
            best = {k: v.clone() for k, v in model.state_dict().items()}
        if not training.done:
            after_epoch()
    last = training.evaluate(*data.test)
    model.load_state_dict(best)
    chosen = Training.evaluate(training, *data.test)
    return make_row(
        task, method, (rate, seed), training.run.metrics,
        score_of(task, *last), score_of(task, *chosen), pilot.actions[0],
        guessing(task, data.val[1]))


def unguarded(training, pilot, model, method):
    """Lets the pilot set the rate; returns the function to call after every
    epoch but the last."""
    optimizer = inner(training.optimizer)
    if method.optimizer and method.rateless:
        return rate_of_its_own(optimizer, pilot)
    plan = []

    def before_step(*_):
        if plan:
            set_rates(optimizer, *[float(x[0]) for x in plan.pop(0)])

    def ready():
        set_rates(optimizer, float(pilot.rates[0]))
        plan[:] = pilot.plan() or []

    def after_epoch():
        pilot.step([training.controller.history])
        ready()

    optimizer.register_step_pre_hook(before_step)
    ready()
    return after_epoch


def rate_of_its_own(optimizer, pilot):
    """For an optimizer that needs no rate from a pilot. If the pilot has a
    schedule, it scales what the optimizer does."""
    if not isinstance(pilot, Scheduled):
        return lambda: None
    return pilot.make(optimizer, pilot.group).step


def guarded(training, pilot, model, method):
    """The same under the real controller and its usual guards: a pilot that
    decides becomes its brain, one with a scheduler gives it the scheduler."""
    options = {"brain": None, "total_epochs": training.epochs,
               "model": model, "guards": Guards()}
    scheduler = None
    if isinstance(pilot, Decided):
        options |= {"brain": AsBrain(pilot), "every": pilot.every}
    elif isinstance(pilot, Scheduled):
        scheduler = pilot.make(inner(training.optimizer), pilot.group)
    training.put_under(AgenticLR(training.optimizer, scheduler=scheduler,
                                 **options))

    if isinstance(pilot, EveryStep):
        inner(training.optimizer).register_step_post_hook(
            lambda *_: scheduler.step())
        return lambda: None

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
        choice = self.pilot.choose([history], [0], None)[0]
        self.pilot.actions[0] += letter(choice)
        if isinstance(choice, Decision):
            return choice
        return Decision(choice, "the pilot's")


def set_rates(optimizer, rate, momentum=None):
    for group in optimizer.param_groups:
        group["lr"] = rate
        if momentum and "momentum" in group:
            group["momentum"] = momentum
