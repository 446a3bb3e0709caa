"""What the callbacks of all frameworks have in common.

A callback makes a Follower, tells it when training begins and ends, and hands
it the numbers of each evaluation under the user's own names. Knows nothing
about any framework.
"""

import inspect
from pathlib import Path

import torch

from agentic_lib.brain.decision import Decision
from agentic_lib.control.controller import AgenticLR
from agentic_lib.mechanics.processes import is_first
from agentic_lib.messages import say, warn, warn_once
from agentic_lib.run.checkpoint import set_aside
from agentic_lib.run.record import (
    Run,
    RunFile,
    describe,
    stand_ins,
    versions,
)

# What a callback fills in by itself.
FILLED_IN = ("optimizer", "brain", "total_epochs", "scheduler", "model",
             "total")
UNITS = ("evaluations", "steps")  # what a callback can count


class Follower:
    """An AgenticLR behind a callback.

    names    {"val_acc": the framework's name for it, ...}; None leaves it out
    usual    the same with the framework's defaults: a name that differs from
             its default was asked for by the user, who is told if it is not
             measured
    percent  False: accuracies are fractions from 0 to 1, as is usual there
    folder   where run.jsonl is written as it happens, or None
    ema      a module of averaged weights that goes back to its best together
             with the network, or None
    options  the rest goes to AgenticLR: every, reduce, guards, ...

    Raises TypeError or ValueError at once for options that AgenticLR would
    refuse when training begins.
    """

    def __init__(self, brain, names, usual, percent=False, folder=None,
                 ema=None, **options):
        check_options(brain, options)
        self.brain, self.percent, self.folder = brain, percent, folder
        self.names = {key: name for key, name in names.items()
                      if name is not None}
        self.asked_for = {name for key, name in self.names.items()
                          if name != usual[key]}
        own = options.get("metric")
        if own is not None and own not in names:
            self.asked_for.add(own)
        self.ema, self.options, self.told = ema, options, set()
        self.by_steps = options.get("unit") == "steps"
        self.controller = self.file = None
        self.others = set()  # what was measured when nothing was found
        self.trained, self.rare = set(), set()  # numbers of training data

    def begin(self, optimizer, scheduler=None, model=None,
              evaluations=None, steps=None, saved=None):
        """Makes a controller when a training begins. Its budget is
        `evaluations` or, with unit="steps", `steps`. If the training
        continues from a checkpoint, loads the state that was `saved`."""
        if any(hasattr(part, "peft_config") for part in
               getattr(model, "modules", tuple)()):
            # the base is large and never changes: no copies of it
            model = torch.nn.ParameterList(
                p for p in model.parameters() if p.requires_grad)
        if model is not None and self.ema is not None:
            model = torch.nn.ModuleList([model, self.ema])
        budget = {"total": steps if self.by_steps else evaluations}
        self.controller = AgenticLR(
            optimizer, self.brain, scheduler=scheduler, model=model,
            **budget | {"unit": "evaluations"} | self.options)
        if saved:
            self.load(saved)
        if self.folder is not None and is_first():
            if not saved:
                set_aside(Path(self.folder))
            self.file = RunFile(self.folder, self.run())

    def measured(self, numbers) -> dict:
        """Those of `names` that were measured, in the form that
        `AgenticLR.step` takes."""
        found = {key: self.in_percent(key, numbers[name])
                 for key, name in self.names.items() if name in numbers}
        own = self.options.get("metric")  # by its own name, in its own unit
        return found | ({own: numbers[own]} if own in numbers else {})

    def see(self, numbers, step) -> Decision | None:
        """Takes in the numbers of one evaluation, by name, after `step`
        optimizer steps. What is missing is reported once and left out."""
        found = self.measured(numbers)
        for name in sorted(self.asked_for - set(numbers)):
            warn_once(self.told, name, f"{name!r} is not measured. There is: "
                      f"{sorted(numbers)}.")
        if not found:
            self.others |= set(numbers)
            return None
        found = self.without_rare(found)
        decision = self.controller.step(step if self.by_steps else None,
                                        **found)
        if self.file is not None:
            self.file.update()
        if decision is not None and is_first():
            say(str(decision).replace("epoch", "evaluation", 1))
        return decision

    def without_rare(self, found) -> dict:
        """`found` without numbers on the training data that come less often
        than validations: a brain was taught to see them each time, or
        never."""
        self.rare |= self.trained - set(found)
        if self.rare:
            names = ", ".join(self.names[key] for key in sorted(self.rare))
            warn_once(self.told, "rare", f"{names}: logged less often than "
                      "there is a validation, so left out. Log it as often.")
        self.trained |= {key for key in found if key.startswith("train")}
        return {k: x for k, x in found.items() if k not in self.rare}

    def end(self):
        """Says what is worth knowing when training has ended."""
        if not is_first():
            return
        if not self.controller.history:
            warn("No decision was made: none of "
                 f"{sorted(self.names.values())} was measured. There is: "
                 f"{sorted(self.others)}. Name yours: val_acc=..., "
                 "val_loss=... of the callback.")
        summary = stand_ins(self.controller.decisions)
        if summary:
            warn(summary)

    def in_percent(self, key, value) -> float:
        """Accuracies as 0 to 100, and everything as a plain number."""
        if not key.endswith("acc") or self.percent:
            return float(value)
        if value > 1.01:
            warn_once(self.told, "percent", f"{key}={float(value):g} is no "
                      "fraction from 0 to 1: pass percent=True to the "
                      "callback.")
        return 100 * float(value)

    def run(self) -> Run:
        """What has happened so far."""
        controller = self.controller
        settings = {
            "data": "your own", "lr": max(controller.get_last_lr()),
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
        """Loads a state; a checkpoint may have left the weights out."""
        if state.get("controller"):
            self.controller.load_state_dict(state["controller"])
        if state.get("best") and self.controller.best:
            self.controller.best.load_state_dict(state["best"])


def check_options(brain, options):
    """Tries the options on a network of one weight, so that a mistake shows
    where it was typed and not when training begins."""
    known = [name for name in inspect.signature(AgenticLR).parameters
             if name not in FILLED_IN]
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"{name}={value!r}: there is no such option. "
                            f"There are: {', '.join(known)}.")
    if options.get("unit", UNITS[0]) not in UNITS:
        raise ValueError(f"unit={options['unit']!r} must be one of {UNITS}.")
    model = torch.nn.Linear(1, 1)
    AgenticLR(torch.optim.SGD(model.parameters(), lr=1e-3), brain,
              model=model, total=10**9, **options)


def facts(decision) -> dict:
    """A decision as flat names and values, for a framework's loggers."""
    sure = (decision.probabilities or {}).get(decision.action)
    return {name: value for name, value in {
        "decision/action": decision.action,
        "decision/source": decision.source,
        "decision/reason": decision.reason,
        "decision/learning_rate": decision.new_lr,
        "decision/probability": sure}.items() if value is not None}
