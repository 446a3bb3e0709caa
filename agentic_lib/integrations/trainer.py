"""The controller in transformers.Trainer, in its own idiom.

    trainer = Trainer(..., callbacks=[AgenticCallback(SimpleAIBrain())])

An epoch is one evaluation here: eval_strategy="epoch" or "steps".
"""

import math

from transformers import TrainerCallback
from transformers.trainer_callback import ExportableState

from agentic_lib.integrations.following import Follower


class AgenticCallback(TrainerCallback, ExportableState):
    """Lets `brain` scale the Trainer's learning-rate schedule.

    brain      SimpleAIBrain or your own
    train_acc, val_acc, train_loss, val_loss
               your names for them, as the Trainer logs them
    percent    True where your accuracies are percent, not fractions
    folder     where run.jsonl is written as it happens
    options    go to AgenticLR: every, reduce, increase, guards, ...

    Stops through `control`. Its state goes into the Trainer's checkpoints
    and comes back with resume_from_checkpoint; the best weights that guards
    go back to are those at hand then.
    """

    def __init__(self, brain, train_acc=None, val_acc="eval_accuracy",
                 train_loss="loss", val_loss="eval_loss", percent=False,
                 folder=None, **options):
        names = {"train_acc": train_acc, "val_acc": val_acc,
                 "train_loss": train_loss, "val_loss": val_loss}
        self.follower = Follower(brain, names, percent, folder, **options)
        self.seen_step = None  # None while no training goes on

    @property
    def controller(self):
        """The AgenticLR, once training has begun."""
        return self.follower.controller

    def on_train_begin(self, args, state, control, model=None,
                       optimizer=None, lr_scheduler=None, **kwargs):
        sharded = args.deepspeed or args.fsdp  # no process holds it all
        saved = (state.stateful_callbacks or {}).get(type(self).__name__)
        if isinstance(saved, dict):
            self.follower.saved = saved["attributes"].get("saved")
        self.follower.begin(optimizer, lr_scheduler,
                            None if sharded else model,
                            count_evaluations(args, state))
        self.seen_step = state.global_step
        if self.controller.should_stop:
            control.should_training_stop = True
        return control

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        if state.global_step in (None, self.seen_step) or \
                self.seen_step is None:
            return control  # before, after, or once more at the same step
        logged = {}
        for entry in state.log_history:
            if entry["step"] > self.seen_step:
                logged |= entry
        decision = self.follower.see(len(self.controller.history) + 1,
                                     {**logged, **metrics})
        self.seen_step = state.global_step
        if decision is not None and self.controller.should_stop:
            control.should_training_stop = True
        return control

    def on_log(self, args, state, control, logs=None, **kwargs):
        """The log shows the rate that is used, not the schedule's own."""
        if logs and "learning_rate" in logs and self.seen_step is not None:
            rate = self.controller.get_last_lr()[0]
            logs["learning_rate"] = rate
            state.log_history[-1]["learning_rate"] = rate

    def on_train_end(self, args, state, control, **kwargs):
        self.seen_step = None

    def state(self) -> dict:
        """Plain numbers and text, for trainer_state.json."""
        saved = None
        if self.controller is not None:
            saved = {"controller": self.controller.state_dict()}
        return {"args": {}, "attributes": {"saved": saved}}


def count_evaluations(args, state):
    """How many evaluations there will be, or None if that is not known."""
    if args.eval_strategy == "epoch":
        return math.ceil(state.num_train_epochs) or None
    if args.eval_strategy == "steps" and state.eval_steps:
        return state.max_steps // state.eval_steps or None
    return None
