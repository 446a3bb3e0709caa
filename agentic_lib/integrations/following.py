"""What the callbacks of all frameworks have in common.

A callback makes a Follower, tells it when training begins, and hands it each
epoch's numbers under the user's own names. Knows no framework.
"""

import warnings
from pathlib import Path

from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.processes import is_first
from agentic_lib.run.checkpoint import set_aside
from agentic_lib.run.record import Run, RunFile, describe, versions


class Follower:
    """An AgenticLR behind a callback.

    names    {"val_acc": the framework's name for it, ...}; None leaves out
    percent  False: accuracies are fractions from 0 to 1, as is usual there
    folder   where run.jsonl is written as it happens, or None
    options  the rest goes to AgenticLR: every, reduce, guards, ...
    """

    def __init__(self, brain, names, percent=False, folder=None, **options):
        self.brain, self.percent, self.folder = brain, percent, folder
        self.names = {key: name for key, name in names.items()
                      if name is not None}
        self.options = options
        self.controller = self.file = self.saved = None

    def begin(self, optimizer, scheduler=None, model=None,
              total_epochs=None):
        """Makes the controller; takes up the state that was loaded."""
        self.controller = AgenticLR(
            optimizer, self.brain, total_epochs=total_epochs,
            scheduler=scheduler, model=model, **self.options)
        if self.saved is not None:
            self.load(self.saved)
        if self.folder is not None and is_first():
            if self.saved is None:
                set_aside(Path(self.folder))
            self.file = RunFile(self.folder, self.run())

    def see(self, epoch, numbers):
        """One epoch's numbers by name -> Decision or None."""
        found = {key: self.in_percent(key, numbers[name])
                 for key, name in self.names.items() if name in numbers}
        if not found:
            warnings.warn(
                f"None of {list(self.names.values())} was measured, so "
                f"nothing can be decided. There is: {sorted(numbers)}. Name "
                "yours: AgenticCallback(brain, val_acc=..., val_loss=...).",
                stacklevel=2)
            return None
        decision = self.controller.step(epoch, **found)
        if self.file is not None:
            self.file.update()
        if decision is not None and is_first():
            print(decision)
        return decision

    def in_percent(self, key, value):
        """Accuracies from 0 to 100, everything as a plain number."""
        return float(value) * (
            100 if key.endswith("acc") and not self.percent else 1)

    def run(self) -> Run:
        """What has happened so far."""
        controller = self.controller
        settings = {
            "data": "your own", "lr": controller.get_last_lr()[0],
            "epochs": controller.total_epochs, "every": controller.every,
            "brain": getattr(self.brain, "description", repr(self.brain)),
            "actions": [describe(a) for a in controller.actions],
            "versions": versions()}
        return Run(settings, controller.history, controller.decisions)

    def state_dict(self) -> dict:
        """The controller's state with the best weights, for a checkpoint."""
        if self.controller is None:
            return {}
        best = self.controller.best
        return {"controller": self.controller.state_dict(),
                "best": best and best.state_dict()}

    def load(self, state):
        """Takes up a state; a checkpoint may have left the weights out."""
        if state.get("controller"):
            self.controller.load_state_dict(state["controller"])
        if state.get("best") and self.controller.best:
            self.controller.best.load_state_dict(state["best"])
