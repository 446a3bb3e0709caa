"""The controller in Lightning 2, in Lightning's own idiom.

    trainer = Trainer(callbacks=[AgenticLightningCallback(brain)])

The LightningModule logs its numbers: self.log("val_acc", ...), and with
sync_dist=True if there are several processes. The callback counts validations:
one per epoch, or as many as `val_check_interval` makes. Without a validation
set it counts epochs. With unit="steps", `every` counts optimizer steps.
"""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback
from torch import nn

from agentic_lib.brain.decision import Decision
from agentic_lib.control.controller import AgenticLR
from agentic_lib.mechanics.processes import is_first
from agentic_lib.mechanics.rates import inner
from agentic_lib.integrations.following import Follower, facts
from agentic_lib.messages import warn_once

USUAL = {name: name for name in ("train_acc", "val_acc", "train_loss",
                                 "val_loss")}


class AgenticLightningCallback(Callback):
    """Lets `brain` set the learning rate, on top of a schedule or alone.

    brain      SimpleAIBrain or your own
    train_acc, val_acc, train_loss, val_loss
               your names for them, as you log them
    percent    True if your accuracies are in percent, not fractions
    folder     where run.jsonl is written as it happens
    optimizer  which one, if configure_optimizers gives several: pass one
               callback for each that you want to steer. A callback rolls back
               only the weights of its own optimizer.
    ema        a module of averaged weights that goes back to its best
               together with the network
    options    go to AgenticLR: every, reduce, increase, guards, ...

    Every process takes the action that the first one decided on. The state
    goes into Lightning's checkpoints and comes back with ckpt_path.
    LearningRateMonitor shows the rate that is used, and every decision goes
    to all loggers as "decision/action", "source", "reason", "learning_rate",
    "probability".
    """

    def __init__(self, brain: Any, train_acc: str | None = "train_acc",
                 val_acc: str | None = "val_acc",
                 train_loss: str | None = "train_loss",
                 val_loss: str | None = "val_loss", percent: bool = False,
                 folder: str | Path | None = None, optimizer: int = 0,
                 ema: nn.Module | None = None, **options: Any) -> None:
        names = {"train_acc": train_acc, "val_acc": val_acc,
                 "train_loss": train_loss, "val_loss": val_loss}
        self.follower = Follower(brain, names, USUAL, percent, folder, ema,
                                 **options)
        self.which = optimizer
        self.training_names = {name for name in (train_acc, train_loss)
                               if name}
        self.curtain = Curtain(self)
        self.saved: dict | None = None
        self.last: dict[str, Any] = {}
        self.validated = False  # at the end of the current epoch

    @property
    def controller(self) -> AgenticLR | None:
        """The AgenticLR, once training has begun."""
        return self.follower.controller

    @property
    def state_key(self) -> str:
        """A different key for each optimizer."""
        return self._generate_state_key(optimizer=self.which)

    # -- the rates, for those who look at them -----------------------------

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Goes to the front of the callbacks, and puts its curtain last."""
        callbacks = trainer.callbacks
        if stage == "fit":
            callbacks.remove(self)
            callbacks.insert(0, self)
            if self.curtain not in callbacks:
                callbacks.append(self.curtain)

    def on_train_epoch_start(self, trainer, pl_module):
        self.controller.rates.show()

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.controller.rates.show()

    # -- decisions ---------------------------------------------------------

    def on_train_start(self, trainer, pl_module):
        optimizer = trainer.optimizers[self.which]
        schedulers = [config.scheduler
                      for config in trainer.lr_scheduler_configs
                      if inner(config.scheduler) is inner(optimizer)]
        model = pl_module if len(trainer.optimizers) == 1 else Part(
            pl_module, optimizer)
        self.follower.begin(
            optimizer, schedulers[0] if schedulers else None, model,
            count_evaluations(trainer), count_steps(trainer), self.saved)
        self.saved, self.last, self.validated = None, {}, False
        trainer.should_stop = (trainer.should_stop
                               or self.controller.should_stop)

    def on_validation_end(self, trainer, pl_module):
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        if trainer.is_last_batch:
            self.validated = True  # the epoch's own numbers come at its end
            return
        stale = {name for name in self.training_names
                 if name in self.last and
                 trainer.callback_metrics.get(name) == self.last[name]}
        # within an epoch, what is logged by steps is that of one batch
        self.look(trainer, stale | self.logged(trainer, on_step=True))

    def on_train_epoch_end(self, trainer, pl_module):
        if self.validated or not trainer.enable_validation:
            self.look(trainer)
        self.validated = False

    def look(self, trainer: Any, stale: Collection[str] = ()) -> None:
        """Takes in one evaluation: all numbers except the stale ones."""
        single = self.logged(trainer, on_step=True) - self.logged(
            trainer, on_epoch=True)
        if single:
            warn_once(self.follower.told, "single", f"{', '.join(single)}: "
                      "that of a single batch, so left out. Log it with "
                      "on_step=False, on_epoch=True.")
        numbers = {name: value for name, value
                   in trainer.callback_metrics.items()
                   if name not in {*stale, *single}}
        self.last = {name: trainer.callback_metrics[name].clone()
                     for name in self.training_names
                     if name in trainer.callback_metrics}
        decision = self.follower.see(numbers, trainer.global_step)
        assert self.controller is not None  # since training has begun
        if decision is not None and is_first():
            for logger in trainer.loggers:
                self.tell(logger, decision, trainer.global_step)
        if self.controller.should_stop:
            trainer.should_stop = True

    def logged(self, trainer: Any, **how: bool) -> set[str]:
        """Names of numbers on the training data that the network logs so."""
        results = getattr(trainer.fit_loop.epoch_loop, "_results", None) or {}
        return self.training_names & {
            one.meta.name for one in results.values()
            if all(getattr(one.meta, k) == v for k, v in how.items())}

    def tell(self, logger: Any, decision: Decision, step: int) -> None:
        """Sends a decision to one of Lightning's loggers. No logger may end a
        training just because it does not take text."""
        known = facts(decision)
        numbers = {k: v for k, v in known.items() if not isinstance(v, str)}
        try:
            if not hasattr(logger.experiment, "add_text"):
                logger.log_metrics(known, step)
                return
            for name in known.keys() - numbers.keys():  # TensorBoard
                logger.experiment.add_text(name, known[name], step)
        except Exception as error:
            kind = type(logger).__name__
            warn_once(self.follower.told, kind,
                      f"{kind} takes only a decision's numbers: {error}")
        logger.log_metrics(numbers, step)

    def on_fit_end(self, trainer, pl_module):
        self.follower.end()

    def state_dict(self) -> dict:
        return self.follower.state_dict()

    def load_state_dict(self, state_dict: dict) -> None:
        self.saved = state_dict


AgenticCallback = AgenticLightningCallback


class Curtain(Callback):
    """Runs last among the callbacks and takes off what the first one put on,
    so that a schedule only ever sees its own rates."""

    def __init__(self, callback):
        self.callback = callback

    def on_train_epoch_start(self, trainer, pl_module):
        self.callback.controller.rates.take_off()

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.callback.controller.rates.take_off()


class Part:
    """The part of a module's state that belongs to one of several optimizers:
    its parameters, and the buffers of layers that hold no other
    parameters."""

    def __init__(self, module, optimizer):
        self.module = module
        steered = {id(p) for group in optimizer.param_groups
                   for p in group["params"]}
        self.names = set()
        for prefix, layer in module.named_modules():
            own = dict(layer.named_parameters(prefix, recurse=False))
            mine = {name for name, p in own.items() if id(p) in steered}
            self.names |= mine
            if mine and len(mine) == len(own):
                self.names |= dict(layer.named_buffers(
                    prefix, recurse=False)).keys()

    def state_dict(self) -> dict:
        return {name: value for name, value
                in self.module.state_dict().items() if name in self.names}

    def load_state_dict(self, weights):
        self.module.load_state_dict(weights, strict=False)


def count_steps(trainer) -> int | None:
    """How many optimizer steps there will be, or None."""
    steps = trainer.estimated_stepping_batches
    return int(steps) if math.isfinite(steps) else None


def count_evaluations(trainer) -> int | None:
    """How many validations there will be (epochs if there is no validation
    set), or None if that is not known."""
    batches = trainer.num_training_batches
    steps = trainer.estimated_stepping_batches
    if not (math.isfinite(batches) and math.isfinite(steps) and batches):
        return None
    accumulated = trainer.accumulate_grad_batches
    epochs = steps / math.ceil(batches / accumulated)
    between, each = trainer.val_check_batch, trainer.check_val_every_n_epoch
    if not trainer.enable_validation:
        return math.ceil(epochs) or None
    if not between or not math.isfinite(between):
        return None
    if each is None:  # counted across epochs
        return int(steps * accumulated // between) or None
    whole, rest = divmod(epochs, 1)
    count = whole // each * (batches // between)
    if (whole + 1) % each == 0:
        count += rest * batches // between
    return int(count) or None
