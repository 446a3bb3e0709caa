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
        path = ", ".join(f"{m.epoch}: {m.val_acc:g} %" for m in history[-8:])
        expect(answer == wanted, f"Your function says {answer!r}, expected is "
               f"{wanted!r}. Epochs and validation accuracy: {path}.",
               f"In the last five epochs the change is {gained:+g} points."
               if before else "What was measured five epochs ago?",
               "The Metrics that you need has the epoch now.epoch - 5. It is "
               "not always the sixth from the end, and may not be there: "
               "then return None.")
    return "Right on 50 histories."


def made_up_history(seed):
    """1 to 14 Metrics of a run that wanders; at times each fifth epoch."""
    draw = random.Random(seed)
    step = 1 if seed % 3 else 5
    accuracy, history = draw.randint(160, 280) / 4, []
    drift = draw.choice((-8, -2, 0, 0, 2, 8))
    for i in range(draw.randint(1, 14)):
        history.append(Metrics(epoch=(i + 1) * step, train_acc=50.0,
                               val_acc=accuracy))
        change = drift * step + draw.randint(-3, 3)
        accuracy = min(100.0, max(0.0, accuracy + change / 4))
    return history


@check
def smallest_flip(find):
    """find(decide, val_acc) -> the nearest value with another action."""
    for start, nearest, act in (
        (76, (80,), lambda v: "continue" if v >= 80 else "reduce"),
        (76, (70,), lambda v: "reduce" if v <= 70 else "continue"),
        (50, (53,), lambda v: "stop" if v >= 53 or v <= 40 else "continue"),
        (50, (47,), lambda v: "stop" if v <= 47 or v >= 60 else "continue"),
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
        expect(answer in nearest, f"Starting at {start} %, your function says "
               f"{answer!r}. " + ("But nothing flips this decision." if
               nearest == (None,) else "Another value flips the decision, and "
               "it is nearer." if answer is not None else "But there is a "
               "value that flips the decision."), "It should be "
               f"{nearest[0]}.", "Try one step down and one step up, then two "
               "steps, and so on. Return None if all of them agree.")
    return "It finds the nearest flip, up or down, or says there is none."


@check
def flip_rate(measure):
    """measure(brain, prompt, histories) -> the share of flips."""
    histories = [made_up_history(seed) for seed in range(4)]
    steady, shaky = Prompt(), Prompt(system="First is best.\n{actions}")
    brain = TakesTheFirst(shaky)
    none = measure(brain, steady, histories)
    expect(isinstance(none, (int, float)), f"You return {none!r}, and a share "
           "is a number.", "Count the flips and the other orders over all "
           "histories, and divide.")
    expect(none == 0, f"This prompt flips nothing, and you say {none!r}. Is "
           "it your `prompt` that is asked with?")
    rate = measure(brain, shaky, histories)
    expect(rate <= 1, f"You say {rate!r}, and a share is at most 1.", "Divide "
           "by the number of other orders, over all histories.")
    expect(abs(rate - 0.75) > 1e-6, f"You say {rate!r}, which is too small. "
           "How many tries does your share count?", "The usual order is not a "
           "try: leave it out of what you divide by.")
    expect(abs(rate - 6 / 7) < 0.08, f"The brain of this check takes what is "
           f"listed first. You say that {rate:.0%} of its answers flip.",
           "It is 6 of 7.", "Compare the action of each other order with that "
           "of the first pair.")
    half = measure(TakesTheFirst(shaky, histories[:2]), shaky, histories)
    expect(abs(half - rate / 2) < 1e-6, "If half of the histories flip, the "
           f"share must be half as large. You say {half!r}.", "Do you count "
           "all histories, or the first one alone?")
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
