"""You against the brain: the same start, the same data, two deciders.

Knows nothing about language models: a brain is whatever Training takes.
"""

from functools import partial

import ipywidgets as w

from agentic_lib.decision import ACTIONS, Decision
from agentic_lib.fallback import fallback_decision
from agentic_lib.plots import alt_text, plot_run
from agentic_lib.prompt import Prompt
from agentic_lib.training import Training
from agentic_lib.widgets.front_end import (
    View, asleep, button, picture, png, pre,
)


class YouAgainstTheBrain(View):
    """You decide on one run, the brain on its twin, neither sees the other's
    decision before both have committed.

    brain    what you play against
    options  those of Training: data, lr, epochs, seed, ...

    `run` is yours, `brain_run` the brain's. `finish()` lets the rules take
    what you left undecided, and returns both.
    """

    def __init__(self, brain, theme="light", **options):
        options.setdefault("actions", getattr(brain, "actions", ACTIONS))
        self.yours = Training(brain=None, **options)
        self.brains = Training(brain=brain, **options)
        self.yours.run.settings["brain"] = "you"
        self.theme, self.last, self.agreed, self.asked = theme, "", 0, 0
        self.choices = w.Box([
            button(action.name, partial(self.on_choice, action.name))
            for action in self.yours.controller.actions],
            layout=w.Layout(flex_flow="row wrap"))
        self.words, self.figure = w.HTML(), w.HTML()
        self.box = w.VBox([self.figure, self.choices, self.words, asleep()])
        self.train_on()
        self.show()

    @property
    def run(self):
        """Your run so far."""
        return self.yours.run

    @property
    def brain_run(self):
        """The brain's run so far."""
        return self.brains.run

    @property
    def over(self) -> bool:
        """True when both runs have ended."""
        return self.run.test is not None

    def on_choice(self, name):
        """You committed: now the brain's decision is shown, too."""
        if not self.over:
            self.choose(Decision(name, "You decided.", source="human",
                                 prompt=self.question()))
            self.show()

    def choose(self, decision):
        """Applies your decision, and trains both up to the next."""
        decision = self.yours.controller.apply(decision)
        self.run.decisions.append(decision)
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

    def train_on(self):
        """Both runs up to your next decision; to their ends if there is
        none."""
        every = self.yours.controller.every
        while not self.yours.done:
            self.yours.step()
            if not self.brains.done:
                self.brains.step()
            if self.yours.epoch % every == 0 and not self.yours.done:
                return
        for training in (self.yours, self.brains):
            for _ in training:  # what is left, and the test set
                pass

    def finish(self):
        """The rules take your remaining decisions; returns both runs."""
        controller = self.yours.controller
        while not self.over:
            self.choose(fallback_decision(
                controller.history, controller.actions, controller.every))
        self.show()
        return self.run, self.brain_run

    def question(self) -> str:
        """What the brain reads about a run like yours."""
        controller = self.yours.controller
        return Prompt().messages(controller.history, controller.actions,
                                 controller.every)[1]["content"]

    def show(self):
        """The brain's curve only when all is over."""
        self.choices.layout.display = "none" if self.over else ""
        self.words.value = pre(self.describe())
        self.figure.value = picture(self.draw())

    def draw(self):
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

    def still(self):
        """Where no widget can run: the rules in your place, to the end."""
        self.finish()
        return {"image/png": png(self.draw()),
                "text/plain": alt_text(self.run, self.brain_run)}
