"""The prompt lab: turn the inputs, edit the prompt, watch the brain.

Puts widgets around `experiments`. Knows nothing about training.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as w

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS, Decision, Metrics
from agentic_lib.show.presets import PRESETS
from agentic_lib.brain.prompt import Prompt
from agentic_lib.show import experiments
from agentic_lib.show.experiments import (
    KNOBS,
    START,
    changed,
    say_flip,
    situation,
)
from agentic_lib.show.widgets.front_end import (
    View,
    asleep,
    button,
    on_change,
    pre,
    row,
    side_by_side,
)

FAST = 0.3  # seconds: a brain that answers in less follows a moving slider
OWN, NOTHING, OPEN = "your own", "nothing", "?"


class PromptLab(View):
    """Widgets for one question: what does the brain do, and when does it not?

    brains  one or more to choose from; the rules are always there

    `prompt` is the current prompt, `decision` the last answer; `tries` holds
    what was kept, and `export()` gives the line that goes into the loop.
    """

    def __init__(self, *brains: Any) -> None:
        self.brains = {getattr(b, "name", str(b)): b for b in brains}
        self.brains.setdefault("rules", SimpleAIBrain("rules", quiet=True))
        self.prompt, self.tries, self.guesses = Prompt(), [], []
        self.busy = False  # True while the lab itself changes a widget
        self.slow = False
        self.make_inputs()
        (self.answer, self.other, self.writing, self.asked, self.problem,
         self.findings, self.kept, self.code) = (w.HTML() for _ in range(8))
        self.box = w.VBox([
            side_by_side(
                w.VBox([*self.knobs.values(), self.brain, self.mode,
                        self.guess_first, self.guess]),
                w.VBox([self.answer, self.writing, self.other])),
            side_by_side(
                w.VBox([self.preset, self.system, self.user, self.problem]),
                self.asked),
            row(self.keep, self.compare, self.experiment, self.go),
            self.findings, self.kept, self.code, asleep()])
        self.unless_busy(self.on_brain)()

    def make_inputs(self) -> None:
        """Sliders, templates and choices, with the functions that answer."""
        wide = {"width": "98%"}
        self.knobs = {name: slider(name) for name in KNOBS}
        self.brain = choice("brain", list(self.brains))
        self.mode = choice("mode", ["generate", "score"])
        self.preset = choice("prompt", [*PRESETS, OWN])
        self.system = w.Textarea(self.prompt.system, rows=7, layout=wide)
        self.user = w.Textarea(self.prompt.user, rows=9, layout=wide)
        self.guess_first = w.Checkbox(description="guess first", indent=False)
        self.guess = w.ToggleButtons(options=[OPEN], layout=wide,
                                     style={"button_width": "auto"})
        self.keep = button("keep this try", self.unless_busy(self.on_keep))
        self.compare = choice("beside it", [NOTHING])
        self.experiment = choice("experiment", [OPEN])
        self.go = button("go", self.unless_busy(self.on_experiment))
        for widgets, answer in (
            ([*self.knobs.values(), self.mode, self.compare,
              self.guess_first], self.ask), ([self.brain], self.on_brain),
            ([self.preset], self.on_preset), ([self.guess], self.on_guess),
            ([self.system, self.user], self.on_edit),
        ):
            for widget in widgets:
                on_change(widget, self.unless_busy(answer))

    def unless_busy(self, answer: Callable[[], None]) -> Callable:
        """Answers what a person changed, not what the lab itself changed.

        While a slow brain thinks, nothing can be changed, so that no queue
        builds up.
        """
        def observer(_=None):
            if self.busy:
                return
            self.busy = True
            self.set("disabled", self.slow)
            try:
                answer()
            finally:
                self.busy = False
                self.set("disabled", False)
        return observer

    def set(self, trait: str, value: Any) -> None:
        """Sets a trait of everything that a person can change."""
        for widget in (*self.knobs.values(), self.system, self.user,
                       self.preset, self.brain, self.go, self.keep):
            if widget.has_trait(trait):
                widget.set_trait(trait, value)

    # -- what answers an event ---------------------------------------------

    def on_brain(self):
        """Another brain was chosen: offers its mode and its actions."""
        brain = self.brains[self.brain.value]
        self.mode.value = getattr(brain, "mode", "generate")
        self.mode.disabled = getattr(brain, "model", None) is None
        self.names = [a.name for a in getattr(brain, "actions", ACTIONS)]
        self.guess.options = [OPEN, *self.names]
        self.experiment.options = [
            "find the flip", "blindfold", "shuffle the options",
            *(f"defend {name}" for name in self.names)]
        self.ask()

    def on_preset(self):
        """A named prompt was chosen."""
        if self.preset.value != OWN:
            prompt = PRESETS[self.preset.value]
            self.system.value, self.user.value = prompt.system, prompt.user
            self.on_edit()

    def on_edit(self):
        """A template was edited; a broken one changes nothing else."""
        try:
            prompt = Prompt(self.system.value, self.user.value)
            prompt.messages(self.history())
        except (ValueError, AttributeError, LookupError) as error:
            self.problem.value = pre(f"Not usable yet. {error}")
            return
        self.problem.value, self.prompt = "", prompt
        self.preset.value = next((name for name, preset in PRESETS.items()
                                  if preset == prompt), OWN)
        self.ask()

    def ask(self) -> None:
        """Asks the brain; if it was fast, it will follow a moving slider."""
        self.guess.value, self.guess.disabled = OPEN, False
        self.decision = self.decide(self.prompt)
        self.slow = self.decision.seconds > FAST
        self.set("continuous_update", not self.slow)
        self.beside = None
        if self.compare.value != NOTHING:
            kept = self.tries[self.compare.index - 1]
            self.beside = self.decide(kept["prompt"])
        self.show()

    def on_guess(self):
        """A person committed to an action before seeing the brain's."""
        if self.guess.value != OPEN:
            self.guesses.append(self.guess.value == self.decision.action)
            self.guess.disabled = True  # one guess a question
        self.show()

    def on_keep(self):
        """Keeps the prompt and its answer, to be compared with others."""
        name = f"try {len(self.tries) + 1}: {self.preset.value}"
        self.tries.append({**self.values(), "name": name,
                           "prompt": self.prompt, "decision": self.decision})
        self.compare.options = [*self.compare.options, name]
        self.kept.value = pre("\n".join(map(say_try, self.tries)))

    def on_experiment(self):
        """Runs the experiment that is chosen."""
        self.findings.value = pre("…")
        self.findings.value = pre(self.findings_of(self.experiment.value))

    # -- asking ------------------------------------------------------------

    def values(self) -> dict:
        """Where the sliders stand."""
        return {name: knob.value for name, knob in self.knobs.items()}

    def history(self) -> list[Metrics]:
        """The situation that the sliders describe."""
        return situation(**self.values())

    def chosen(self, **changes: Any) -> Any:
        """The chosen brain, with the mode and the prompt as they are set."""
        return changed(self.brains[self.brain.value], **{
            "mode": self.mode.value, "prompt": self.prompt, **changes})

    def decide(self, prompt: Prompt) -> Decision:
        """One decision, with its reply shown while it is written."""
        brain = self.chosen(prompt=prompt, on_text=self.on_text())
        started = time.perf_counter()
        decision = brain.analyze_training(self.history())
        seconds = time.perf_counter() - started
        self.writing.value = ""
        return replace(decision, seconds=decision.seconds or seconds)

    def on_text(self):
        """A function that shows what is being written, ten times a second."""
        pieces, shown = [], [time.perf_counter()]

        def show(piece):
            pieces.append(piece)
            if time.perf_counter() - shown[0] > 0.1 and self.visible:
                shown[0] = time.perf_counter()
                self.writing.value = pre("".join(pieces))
        return show

    def findings_of(self, experiment: str) -> str:
        """Runs an experiment and says in words what came out."""
        kind, _, name = experiment.partition(" ")
        if kind == "defend":
            return experiments.defend(self.chosen(), self.history(), name)
        if kind == "find":
            steps = int(20 / (5 * self.decision.seconds + 1e-9))
            return say_flip(self.values(), experiments.find_flip(
                self.chosen(), self.values(), min(10, max(2, steps))))
        if kind == "blindfold":
            found = experiments.blindfold(self.chosen(), self.history())
            return "Without the line:\n" + "\n".join(
                f"{short(d):38} {line or '(nothing left out)'}"
                for line, d in found.items())
        found = experiments.shuffle(self.chosen(), self.history())
        return "Options in the order:\n" + "\n".join(
            f"{short(d):38} {', '.join(n.split('_')[0] for n in names)}"
            for names, d in found)

    # -- showing -----------------------------------------------------------

    @property
    def visible(self) -> bool:
        """False while a guess is awaited."""
        return not (self.guess_first.value and self.guess.value == OPEN)

    def show(self) -> None:
        """Writes the answers, unless a guess is awaited."""
        self.guess.layout.display = "" if self.guess_first.value else "none"
        self.other.value = ""
        if not self.visible:
            self.answer.value = pre("What will it do? Your guess first.")
        else:
            self.answer.value = pre(self.score() + say_answer(self.decision))
            if self.beside:
                self.other.value = pre(f"\n{self.compare.value}:\n"
                                       f"{say_answer(self.beside)}")
        self.asked.value = pre(self.decision.prompt)
        self.code.value = pre(self.export())

    def score(self) -> str:
        """How good a person's guesses were."""
        if not self.guesses or not self.guess_first.value:
            return ""
        return (f"You guessed {self.guess.value}. Right so far: "
                f"{sum(self.guesses)} of {len(self.guesses)}.\n\n")

    def export(self) -> str:
        """The line of Python that puts this prompt into a brain."""
        name = self.preset.value
        prompt = repr(self.prompt) if name == OWN else f"PRESETS[{name!r}]"
        return f"brain.prompt = {prompt}"

    def still(self) -> dict:
        """The question and the answer, if no widget can run."""
        text = "\n\n".join([say_answer(self.decision),
                            self.decision.prompt or "", self.export()])
        return {"text/html": pre(text), "text/plain": text}


def choice(description, options):
    """A list to choose from, as wide as its place allows."""
    return w.Dropdown(options=options, description=description, style={
        "description_width": "7.5em"}, layout=w.Layout(
            width="98%", max_width="22em"))


def slider(name):
    """A slider for one input, set to the original text's example."""
    low, high, step, _ = KNOBS[name]
    options = {"value": START[name], "description": name.replace("_", " "),
               "style": {"description_width": "7.5em"},
               "layout": w.Layout(width="98%")}
    if name == "learning_rate":
        return w.FloatLogSlider(min=-4, max=0, step=0.05,
                                readout_format=".2g", **options)
    kind = w.IntSlider if name == "epoch" else w.FloatSlider
    return kind(min=low, max=high, step=step, **options)


def short(decision) -> str:
    """The action and how sure the brain is, in a few letters."""
    share = (decision.probabilities or {}).get(decision.action)
    return decision.action + (
        f" ({decision.source})" if share is None else f" {share:.0%}")


def say_try(kept) -> str:
    """What was kept, in one line."""
    return (f"{kept['name']}: {short(kept['decision'])}, "
            f"{kept['train_acc']:g} / {kept['val_acc']:g} at epoch "
            f"{kept['epoch']}")


def say_answer(decision) -> str:
    """Decision, probabilities as bars, and the reply, as text."""
    lines = [f"{decision.action}   ({decision.source}, "
             f"{decision.seconds:.2f} s)", decision.reason]
    if decision.note:
        lines.append(f"({decision.note})")
    if decision.probabilities:
        lines.append("")
        lines += [f"{bar(share)} {share:4.0%} {name}" for name, share
                  in decision.probabilities.items()]
    if decision.reply:
        lines += ["", "It wrote:", decision.reply]
    return "\n".join(lines)


def bar(share, width=6) -> str:
    """A bar of block characters, eighths included; short enough for a
    phone."""
    full, eighths = divmod(round(8 * width * share), 8)
    return ("█" * full + " ▏▎▍▌▋▊▉"[eighths])[:width].ljust(width)
