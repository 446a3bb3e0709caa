"""The controller in transformers.Trainer, in the Trainer's own idiom.

    trainer = Trainer(..., callbacks=[AgenticTrainerCallback(brain)])

The callback counts evaluations: one per epoch with eval_strategy="epoch", one
every `eval_steps` steps with "steps". With `every=5`, a decision is made at
every fifth one. With unit="steps", `every` counts optimizer steps.
"""

import inspect
import math
from pathlib import Path
from typing import Any

from torch import nn
from transformers import TrainerCallback
from transformers.trainer_callback import CallbackHandler, ExportableState

from agentic_lib.brain.decision import Decision
from agentic_lib.control.controller import AgenticLR
from agentic_lib.integrations.following import Follower, facts
from agentic_lib.messages import warn

USUAL = {"train_acc": None, "val_acc": "eval_accuracy",
         "train_loss": "loss", "val_loss": "eval_loss"}


class AgenticTrainerCallback(TrainerCallback, ExportableState):
    """Lets `brain` scale the Trainer's learning-rate schedule.

    brain      SimpleAIBrain or your own
    train_acc, val_acc, train_loss, val_loss
               your names for them, as the Trainer logs them
    percent    True if your accuracies are in percent, not fractions
    folder     where run.jsonl is written as it happens
    ema        a module of averaged weights that goes back to its best
               together with the network
    options    go to AgenticLR: every, reduce, increase, guards, ...

    The callback stops training through `control`. Every `train()` starts over,
    so that one callback can serve several Trainers; `resume_from_checkpoint`
    continues from the state in the Trainer's checkpoint. The best weights are
    not in the checkpoint: guards then go back to the checkpoint's own weights,
    or to better ones found since.

    The Trainer's log, and whatever reports it (TensorBoard, W&B, ...), shows
    the rate that was used, and every decision as "decision/action", "source",
    "reason", "learning_rate", "probability".
    """

    def __init__(self, brain: Any, train_acc: str | None = None,
                 val_acc: str | None = "eval_accuracy",
                 train_loss: str | None = "loss",
                 val_loss: str | None = "eval_loss", percent: bool = False,
                 folder: str | Path | None = None,
                 ema: nn.Module | None = None, **options: Any) -> None:
        names = {"train_acc": train_acc, "val_acc": val_acc,
                 "train_loss": train_loss, "val_loss": val_loss}
        self.follower = Follower(brain, names, USUAL, percent, folder, ema,
                                 **options)
        self.wanted = {name for name in (val_acc, val_loss) if name}
        self.train_loss = train_loss
        self.seen_step = None  # None while no training goes on
        self.handler = None

    @property
    def controller(self) -> AgenticLR | None:
        """The AgenticLR, once training has begun."""
        return self.follower.controller

    def on_train_begin(self, args, state, control, model=None,
                       optimizer=None, lr_scheduler=None, **kwargs):
        sharded = args.deepspeed or args.fsdp  # no process holds it all
        saved = None
        if state.global_step:  # it continues from a checkpoint
            saved = (state.stateful_callbacks or {}).get(type(self).__name__)
            saved = saved and saved["attributes"].get("saved")
        self.follower.begin(optimizer, lr_scheduler,
                            None if sharded else model,
                            count_evaluations(args, state),
                            state.max_steps, saved)
        if args.eval_strategy == "no":
            warn('eval_strategy="no": nothing will be evaluated, so nothing '
                 'can be decided. Set it to "epoch" or "steps".')
        self.seen_step = state.global_step
        self.handler = calling_handler()
        if self.handler is not None:
            go_first(self, self.handler.callbacks)
        if self.controller.should_stop:
            control.should_training_stop = True
        return control

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        if state.global_step in (None, self.seen_step) or \
                self.seen_step is None:
            return control  # outside training, or twice at the same step
        if self.wanted and not self.wanted & set(metrics):
            self.follower.others |= set(metrics)
            return control  # another one of several evaluation sets
        new = [entry for entry in state.log_history
               if entry["step"] > self.seen_step]
        logged = {name: x for entry in new for name, x in entry.items()}
        losses = [entry[self.train_loss] for entry in new
                  if self.train_loss in entry]
        if losses:  # one alone may be the loss of a single batch
            logged[self.train_loss] = sum(losses) / len(losses)
        self.seen_step = state.global_step
        decision = self.follower.see({**logged, **metrics},
                                     state.global_step)
        if decision is not None:
            self.report(decision, args, state, control)
            if self.controller.should_stop:
                control.should_training_stop = True
        return control

    def on_log(self, args, state, control, logs=None, **kwargs):
        """The log shows the rate that was used, not the schedule's own."""
        if logs and "learning_rate" in logs and self.seen_step is not None:
            rate = max(self.controller.rates.used())
            logs["learning_rate"] = rate
            state.log_history[-1]["learning_rate"] = rate

    def report(self, decision: Decision, args: Any, state: Any,
               control: Any) -> None:
        """Sends a decision to where the Trainer's own numbers go."""
        logs = facts(decision)
        state.log_history.append(
            {**logs, "epoch": state.epoch, "step": state.global_step})
        if self.handler is not None:
            self.handler.on_log(args, state, control, logs)

    def on_train_end(self, args, state, control, **kwargs):
        self.follower.end()
        self.seen_step = self.handler = None

    def state(self) -> dict:
        """Plain numbers and text, for trainer_state.json."""
        saved = None
        if self.controller is not None:
            saved = {"controller": self.controller.state_dict()}
        return {"args": {}, "attributes": {"saved": saved}}


AgenticCallback = AgenticTrainerCallback


def calling_handler() -> CallbackHandler | None:
    """The Trainer's list of callbacks. A callback is not told about its
    neighbours, and those that report come before it. So this searches the
    callers for the list that is calling it."""
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, CallbackHandler):
            return caller
        frame = frame.f_back
    return None


def go_first(callback, callbacks):
    """Moves the callback to the front of the list, so that all others see
    what it corrects. A loop over the list that has reached this callback does
    not notice."""
    callbacks.remove(callback)
    callbacks.insert(0, callback)


def count_evaluations(args, state) -> int | None:
    """How many evaluations there will be, or None if that is not known."""
    delay = args.eval_delay or 0
    if args.eval_strategy == "epoch":
        last, each = math.ceil(state.num_train_epochs), 1
    elif args.eval_strategy == "steps" and state.eval_steps:
        last, each = state.max_steps, int(state.eval_steps)
    else:
        return None
    skipped = max(0, math.ceil(delay / each) - 1)
    return math.ceil(last / each) - skipped or None
