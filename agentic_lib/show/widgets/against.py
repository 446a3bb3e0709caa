"""You against the brain: the same start, the same data, two deciders.

Knows nothing about language models: a brain is whatever Training takes.
"""

from typing import Any

import ipywidgets as w
from matplotlib.figure import Figure

from agentic_lib.brain.decision import ACTIONS, Decision
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.run.record import Run
from agentic_lib.run.training import Training
from agentic_lib.show.plots import plot_run
from agentic_lib.show.widgets.by_hand import ByHand
from agentic_lib.show.widgets.front_end import (
    asleep,
    in_turn,
    picture,
    pre,
    row,
)


class YouAgainstTheBrain(ByHand):
    """You decide on one run, the brain on its twin.

    Neither sees the other's decision before both have committed.

    brain    what you play against
    options  those of Training: data, lr, epochs, seed, ...

    `run` is yours, `brain_run` the brain's. `finish()` lets the rules make the
    decisions that you left open, and returns both runs.
    """

    def __init__(self, brain: Any, theme: str | None = "light",
                 **options: Any) -> None:
        options.setdefault("actions", getattr(brain, "actions", ACTIONS))
        self.training = Training(brain=None, **options)
        self.brains = Training(brain=brain, **options)
        self.brain_run = self.brains.run
        self.run.settings["brain"] = "you"
        self.theme, self.last, self.agreed, self.asked = theme, "", 0, 0
        self.choices = row(*self.buttons())
        self.words, self.figure = w.HTML(), w.HTML()
        self.box = w.VBox([self.figure, self.choices, self.words, asleep()])
        self.train_on()
        self.show()

    @property
    def over(self) -> bool:
        """True when both runs have ended."""
        return self.run.test is not None

    def on_decision(self, name):
        """You committed: now the brain's decision is shown, too."""
        if not self.over:
            self.choose(self.human(name, "You decided."))
            self.show()

    def choose(self, decision: Decision) -> None:
        """Applies your decision, and trains both runs up to the next one."""
        decision = self.decide(decision)
        others = [d for d in self.brain_run.decisions
                  if d.epoch == decision.epoch]
        self.last = f"At epoch {decision.epoch} you chose {decision.action}, "
        if others:
            self.asked += 1
            self.agreed += others[0].action == decision.action
            self.last += f"the brain {others[0].action}: {others[0].reason}"
        else:
            self.last += "the brain had ended its run."
        self.train_on()

    def train_on(self) -> None:
        """Trains both runs up to your next decision.

        If there is none, they are trained to their ends.
        """
        every = self.training.controller.every
        while not self.training.done:
            self.training.step()
            if not self.brains.done:
                self.brains.step()
            if self.training.epoch % every == 0 and not self.training.done:
                return
        for training in (self.training, self.brains):
            for _ in training:  # what is left, and the test set
                pass

    @in_turn
    def finish(self) -> tuple[Run, Run]:
        """Lets the rules make your remaining decisions; returns both runs."""
        controller = self.training.controller
        while not self.over:
            self.choose(fallback_decision(
                controller.history, controller.actions, controller.every))
        self.show()
        return self.run, self.brain_run

    def show(self) -> None:
        """Shows the runs, but the brain's curve only when all is over."""
        self.choices.layout.display = "none" if self.over else ""
        self.words.value = pre(self.describe())
        self.figure.value = picture(self.draw())

    def draw(self) -> Figure:
        """The figure of your run; of both at the end."""
        return plot_run(self.run, self.brain_run if self.over else None,
                        self.theme)

    def describe(self) -> str:
        """What happened last, and what is asked now."""
        if not self.over:
            return f"{self.last}\n\n{self.question()}".strip()
        return (f"{self.last}\n\nTest accuracy: you {self.run.test_acc:.1f} "
                f"%, the brain {self.brain_run.test_acc:.1f} %. You agreed "
                f"in {self.agreed} of {self.asked} decisions.")

    def still(self) -> dict:
        """Where no widget can run: the rules decide for you, to the end."""
        self.finish()
        return super().still()
