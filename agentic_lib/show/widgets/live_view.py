"""A training run to watch and steer in a notebook.

The browser's clock drives it: each tick trains one epoch and returns, so that
a button is answered between two epochs. Knows nothing about language models.
"""

import time

import ipywidgets as w
from matplotlib.figure import Figure

from agentic_lib.run.record import Run
from agentic_lib.run.training import Training
from agentic_lib.show.plots import plot_run
from agentic_lib.show.widgets.by_hand import ByHand
from agentic_lib.show.widgets.front_end import (
    asleep,
    button,
    in_turn,
    on_change,
    picture,
    pre,
    row,
)

STALE = 0.02  # seconds: a tick that comes sooner had been waiting in a queue
CHUNK = 0.4   # seconds of training between two looks at the buttons
PAUSE = 0.5   # seconds at least between two drawings


class LiveTraining(ByHand):
    """Shows a training while it runs; pause it, steer it, decide yourself.

    training  a Training
    compare   a Run to be drawn beside it, dotted
    interval  milliseconds from epoch to epoch
    theme     as in `plot_run`

    `finish()` trains what is left without waiting for anybody, and returns
    the Run. The next cell of a notebook calls it, so that "run all" works.
    """

    def __init__(self, training: Training, compare: Run | None = None,
                 interval: int = 150, theme: str | None = "light") -> None:
        self.training, self.compare, self.theme = training, compare, theme
        self.waiting = self.hurry = self.ended = False
        self.last_work = self.last_drawing = self.drawing_takes = 0.0
        self.play = w.Play(max=10**6, interval=interval, show_repeat=False)
        on_change(self.play, self.on_tick)
        on_change(self.play, lambda _: self.show(draw=True),
                  playing(self.play))
        self.mine = w.Checkbox(description="I take the decisions",
                               indent=False)
        self.why = w.Text(placeholder="because (as you like)")
        self.choices = row(*self.buttons(), self.why)
        self.figure, self.words = w.HTML(), w.HTML()
        self.box = w.VBox([
            row(self.play, button("one epoch", self.on_step),
                button("skip to the end", self.on_skip),
                button("stop training", self.on_stop), self.mine),
            self.figure, self.choices, self.words, asleep()])
        self.show(draw=True)

    # -- what answers an event ---------------------------------------------

    def on_tick(self, change):
        """Answers the browser's clock.

        A tick that waited in a queue is dropped. So is the jump back to 0
        that the clock's own stop button makes.
        """
        idle = time.perf_counter() - self.last_work
        if change["new"] > change["old"] and idle > STALE:
            self.advance(CHUNK if self.hurry else 0)

    def on_step(self):
        """Trains one more epoch."""
        self.advance()
        self.show(draw=True)

    def on_skip(self):
        """From now on, trains as many epochs per tick as fit."""
        self.hurry = True
        self.hand_over()
        setattr(self.play, playing(self.play), True)
        self.advance(CHUNK)

    def on_stop(self):
        """A person ends the training; that is a decision too."""
        if self.training.epoch == 0 or self.training.done:
            return
        controller = self.training.controller
        for action in [a for a in controller.actions if a.stop][:1]:
            self.decide(self.human(action.name, "A person pressed stop."))
        self.waiting, controller.should_stop = False, True
        self.advance()

    def on_decision(self, name):
        """A person made the decision that was due."""
        if self.waiting:
            reason = self.why.value.strip() or "A person decided."
            self.decide(self.human(name, reason))
            self.waiting, self.why.value = False, ""
            self.show(draw=True)

    # -- training ----------------------------------------------------------

    def advance(self, seconds: float = 0) -> None:
        """Trains one epoch, or as many as fit into `seconds`."""
        until = time.perf_counter() + seconds
        while self.step() and time.perf_counter() < until:
            pass
        self.show(draw=self.waiting or self.ended)
        self.last_work = time.perf_counter()

    def step(self) -> bool:
        """Trains one epoch; False if there is nothing to go on with."""
        if self.waiting or self.ended:
            return False
        if self.training.done:
            self.training.finish()
            self.ended = True
            return False
        epoch = self.training.epoch + 1
        due = self.mine.value and epoch != self.training.epochs \
            and epoch % self.training.controller.every == 0
        _, by_guard = self.training.step(ask=not due)
        # If a guard had to act, there is nothing left to decide.
        self.waiting = due and by_guard is None
        return not self.waiting

    def hand_over(self) -> None:
        """Leaves all decisions to the brain, including the one now awaited."""
        controller, self.mine.value = self.training.controller, False
        if self.waiting and controller.brain is not None:
            self.decide(controller.brain.analyze_training(
                controller.history, every=controller.every,
                actions=controller.actions))
        self.waiting = False

    @in_turn
    def finish(self) -> Run:
        """Trains to the end under the brain, and returns the Run."""
        self.hand_over()
        while self.step():
            pass
        self.show(draw=True)
        return self.run

    # -- showing -----------------------------------------------------------

    def show(self, draw: bool = False) -> None:
        """Shows the words at once, and the figure less often.

        Unless `draw` is True, the figure is drawn at most twice a second, and
        drawing takes at most a tenth of the time.
        """
        if self.ended:
            setattr(self.play, playing(self.play), False)
        self.choices.layout.display = "" if self.waiting else "none"
        self.words.value = pre(self.question() if self.waiting
                               else self.describe())
        started = time.perf_counter()
        wait = max(PAUSE, 10 * self.drawing_takes)
        if draw or started - self.last_drawing > wait:
            self.figure.value = picture(self.draw())
            self.last_drawing = time.perf_counter()
            self.drawing_takes = self.last_drawing - started

    def draw(self) -> Figure:
        """The figure of the run so far."""
        return plot_run(self.run, self.compare, self.theme)

    def describe(self) -> str:
        """Where the training stands, and the last decision with its reason."""
        if not self.run.metrics:
            return "Press play."
        now = self.run.metrics[-1]
        text = f"Epoch {now.epoch} of {self.training.epochs}"
        if now.val_acc is not None:
            text += f", validation {now.val_acc:.1f} %"
        text += f", learning rate {now.learning_rate:.3g}"
        if self.ended:
            text += ", the end"
        return "\n".join([text, *map(str, self.run.decisions[-1:])])

    def still(self) -> dict:
        """Where no widget can run: the run, trained to its end."""
        self.finish()
        return super().still()


def playing(play) -> str:
    """The name of the trait that says whether the clock runs."""
    return "playing" if play.has_trait("playing") else "_playing"  # 8, 7
