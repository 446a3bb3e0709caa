"""Replay: go through a saved run and see what the brain saw and answered.

Knows nothing about language models.
"""

import ipywidgets as w
from matplotlib.figure import Figure

from agentic_lib.brain.decision import Decision
from agentic_lib.run.record import Run
from agentic_lib.run.training import Training
from agentic_lib.show.branching import plot_what_if, what_if
from agentic_lib.show.plots import plot_run
from agentic_lib.show.widgets.front_end import (
    View,
    asleep,
    button,
    on_change,
    picture,
    pre,
    side_by_side,
)


class Replay(View):
    """A slider over the epochs of a run.

    run       a Run, loaded or fresh
    training  a fresh Training made like that of the run; with it, any
              decision can be branched: what would each action have led to?
    """

    def __init__(self, run: Run, training: Training | None = None,
                 theme: str | None = "light") -> None:
        self.run, self.training, self.theme = run, training, theme
        last = run.metrics[-1].epoch if run.metrics else 1
        self.epoch = w.IntSlider(min=1, max=max(last, 2), description="epoch",
                                 layout=w.Layout(width="98%"))
        on_change(self.epoch, lambda _: self.show())
        self.figure, self.words, self.branches = (w.HTML() for _ in range(3))
        self.ask = button("what if?", self.on_what_if,
                          disabled=training is None)
        self.box = w.VBox([
            self.epoch, side_by_side(self.figure, self.words, width="24rem"),
            self.ask, self.branches, asleep()])
        self.show()

    def decision(self) -> Decision | None:
        """The last decision up to the chosen epoch, or None."""
        past = [d for d in self.run.decisions if d.epoch <= self.epoch.value]
        return past[-1] if past else None

    def show(self) -> None:
        """The figure with a line at the epoch, and the decision in words."""
        self.figure.value = picture(self.draw())
        self.words.value = pre(self.describe())

    def draw(self) -> Figure:
        """The figure of the run, with a line at the epoch."""
        figure = plot_run(self.run, theme=self.theme)
        for axes in figure.axes:
            axes.axvline(self.epoch.value, lw=1, color=axes.spines[
                "left"].get_edgecolor())
        return figure

    def describe(self) -> str:
        """What was measured, asked and answered then."""
        parts = [f"Epoch {m.epoch}: training {show(m.train_acc, '.1f', ' %')}"
                 f", validation {show(m.val_acc, '.1f', ' %')}, learning "
                 f"rate {show(m.learning_rate)}" for m in self.run.metrics
                 if m.epoch == self.epoch.value]
        decision = self.decision()
        if decision is None:
            return "\n\n".join([*parts, "No decision had been made yet."])
        parts += [str(decision)]
        parts += [f"--- it {did} ---\n{text}" for did, text in (
            ("saw", decision.prompt), ("wrote", decision.reply)) if text]
        return "\n\n".join(parts)

    def on_what_if(self):
        """Branches the decision that is shown."""
        decision = self.decision()
        if decision is None:
            self.branches.value = pre("Choose an epoch with a decision.")
            return
        branches = what_if(
            self.training, self.run, decision.epoch,
            lambda name: setattr(self.branches, "value", pre(f"{name} …")))
        self.branches.value = picture(
            plot_what_if(branches, decision.epoch, self.theme))

    def still(self) -> dict:
        """The whole run as a picture, if no widget can run."""
        self.epoch.value = self.epoch.max
        still = super().still()
        still["text/plain"] += "\n" + self.describe()
        return still


def show(value, digits=".3g", unit="") -> str:
    """A number, or "unknown"."""
    return "unknown" if value is None else f"{value:{digits}}{unit}"
