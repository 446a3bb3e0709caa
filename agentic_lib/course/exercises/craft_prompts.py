"""The checks of notebook 02, craft prompts."""

import random

from agentic_lib.brain.decision import ACTIONS, Decision, Metrics
from agentic_lib.brain.prompt import Prompt
from agentic_lib.course.exercises.checking import check, expect


@check
def trend_in_words(words_for):
    """words_for(history) -> a trend in words, or None; on 50 histories."""
    for seed in range(50):
        history = made_up_history(seed)
        before = [m.val_acc for m in history
                  if m.epoch == history[-1].epoch - 5]
        gained = history[-1].val_acc - before[0] if before else None
        answer = words_for(list(history))
        wanted = None
        if gained is not None:
            wanted = "rising fast" if gained > 3 else \
                "rising slowly" if gained > 0.5 else \
                "flat" if gained >= -0.5 else "falling"
        path = " ".join(f"{m.epoch}: {m.val_acc:g} %" for m in history[-8:])
        expect(answer == wanted, f"Your function says {answer!r} here, and "
               + (f"the change is {gained:+g} points" if before
                  else "nothing is known from five epochs ago")
               + f". Epochs and validation accuracy: {path}")
    return "True on 50 histories."


def made_up_history(seed):
    """1 to 14 Metrics of a run that wanders; at times each fifth epoch."""
    dice = random.Random(seed)
    step = 1 if seed % 3 else 5
    accuracy, history = dice.randint(160, 280) / 4, []
    drift = dice.choice((-8, -2, 0, 0, 2, 8))
    for i in range(dice.randint(1, 14)):
        history.append(Metrics(epoch=(i + 1) * step, train_acc=50.0,
                               val_acc=accuracy))
        change = drift * step + dice.randint(-3, 3)
        accuracy = min(100.0, max(0.0, accuracy + change / 4))
    return history


@check
def smallest_flip(find):
    """find(decide, val_acc) -> the nearest value with another action."""
    for start, nearest, act in (
        (76, (80,), lambda v: "continue" if v >= 80 else "reduce"),
        (76, (70,), lambda v: "reduce" if v <= 70 else "continue"),
        (50, (53,), lambda v: "stop" if v >= 53 or v <= 40 else "continue"),
        (50, (44, 56), lambda v: "continue" if 44 < v < 56 else "reduce"),
        (10, (0,), lambda v: "stop" if v == 0 else "continue"),
        (95, (100,), lambda v: "stop" if v == 100 else "continue"),
        (60, (62,), lambda v: "reduce" if v == 62 else "continue"),
        (30, (None,), lambda v: "continue"),
    ):
        def decide(value, act=act):
            expect(0 <= value <= 100, f"You asked for {value} %. An accuracy "
                   "lies from 0 to 100.")
            return act(value)

        answer = find(decide, start)
        expect(answer in nearest, f"Starting at {start} %, the nearest flip "
               f"is at {nearest[0]}, and your function says {answer!r}. "
               + ("It must look down as well as up."
                  if answer is not None and nearest[0] is not None
                  else "None means that nothing flips it."))
    return "It finds the nearest flip, up and down, and None where none is."


@check
def flip_rate(measure):
    """measure(brain, prompt, histories) -> the share of flips."""
    histories = [made_up_history(seed) for seed in range(4)]
    steady, shaky = Prompt(), Prompt(system="First is best.\n{actions}")
    brain = TakesTheFirst(shaky)
    none = measure(brain, steady, histories)
    expect(none == 0, f"This prompt flips nothing, and you say {none!r}. Is "
           "it your `prompt` that is asked with?")
    rate = measure(brain, shaky, histories)
    hint = f"The share is 6 of 7, 0.857, and you say {rate!r}."
    expect(isinstance(rate, (int, float)), hint)
    expect(rate <= 1, hint + " Divide by the number of other orders, over "
           "all histories.")
    expect(abs(rate - 0.75) > 1e-6, hint + " The usual order counts as no "
           "try: leave it out of what you divide by.")
    expect(abs(rate - 6 / 7) < 0.08, hint + " Compare each other order's "
           "action with that of the first pair.")
    half = measure(TakesTheFirst(shaky, histories[:2]), shaky, histories)
    expect(abs(half - rate / 2) < 1e-6, "Where half of the histories flip, "
           f"the share must be half as large; you say {half!r}.")
    return "It counts flips over all histories and orders."


class TakesTheFirst:
    """A brain for the check: with one prompt, and for these histories, it
    takes what is named first; else it always says "continue"."""

    actions, both_orders = ACTIONS, False

    def __init__(self, prompt, histories=None):
        self.prompt = self.shaky = prompt
        self.histories = histories

    def analyze_training(self, history, every=5, actions=None):
        first = (actions or self.actions)[0].name
        falls = self.prompt == self.shaky and (
            self.histories is None or history in self.histories)
        return Decision(first if falls else "continue", "Made up.")
