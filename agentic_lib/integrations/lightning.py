"""The controller in Lightning 2, in its own idiom.

    trainer = Trainer(callbacks=[AgenticCallback(SimpleAIBrain())])

The LightningModule logs its numbers: self.log("val_acc", ...), for whole
epochs; with several processes with sync_dist=True.
"""

from lightning.pytorch.callbacks import Callback

from agentic_lib.control.rates import inner
from agentic_lib.integrations.following import Follower


class AgenticCallback(Callback):
    """Lets `brain` set the learning rate, on top of a schedule or alone.

    brain      SimpleAIBrain or your own
    train_acc, val_acc, train_loss, val_loss
               your names for them, as you log them
    percent    True where your accuracies are percent, not fractions
    folder     where run.jsonl is written as it happens
    optimizer  which one, where configure_optimizers gives several
    options    go to AgenticLR: every, reduce, increase, guards, ...

    Every process takes the action that the first one decided on. The state
    goes into Lightning's checkpoints and comes back with ckpt_path.
    """

    def __init__(self, brain, train_acc="train_acc", val_acc="val_acc",
                 train_loss="train_loss", val_loss="val_loss", percent=False,
                 folder=None, optimizer=0, **options):
        names = {"train_acc": train_acc, "val_acc": val_acc,
                 "train_loss": train_loss, "val_loss": val_loss}
        self.follower = Follower(brain, names, percent, folder, **options)
        self.which = optimizer

    @property
    def controller(self):
        """The AgenticLR, once training has begun."""
        return self.follower.controller

    def on_train_start(self, trainer, pl_module):
        optimizer = trainer.optimizers[self.which]
        schedulers = [config.scheduler
                      for config in trainer.lr_scheduler_configs
                      if inner(config.scheduler) is inner(optimizer)]
        total = trainer.max_epochs
        self.follower.begin(
            optimizer, schedulers[0] if schedulers else None, pl_module,
            total if total and total > 0 else None)
        trainer.should_stop = (trainer.should_stop
                               or self.controller.should_stop)

    def on_train_epoch_end(self, trainer, pl_module):
        self.follower.see(trainer.current_epoch + 1,
                          trainer.callback_metrics)
        if self.controller.should_stop:
            trainer.should_stop = True

    def state_dict(self) -> dict:
        return self.follower.state_dict()

    def load_state_dict(self, state_dict):
        self.follower.saved = state_dict
