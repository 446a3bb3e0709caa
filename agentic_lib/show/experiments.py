"""Questions one can ask a brain: what would change its mind?

Each is a plain function. Knows nothing about widgets or pictures. A brain is
a SimpleAIBrain, or anything with `analyze_training(history, every, actions)`.
"""

import copy
import math
from dataclasses import replace
from itertools import permutations

from agentic_lib.brain.decision import ACTIONS, Metrics
from agentic_lib.brain.prompt import (
    Prompt,
    describe,
    known_lines,
    template_fields,
)

# The inputs that can be turned: (lowest, highest, step, what it is).
KNOBS = {
    "train_acc": (0.0, 100.0, 1.0, "training accuracy (%)"),
    "val_acc": (0.0, 100.0, 1.0, "validation accuracy (%)"),
    "epoch": (1, 60, 1, "epoch"),
    "learning_rate": (1e-4, 1.0, None, "learning rate (at first 0.01)"),
    "trend": (-10.0, 10.0, 0.5, "gain in 5 epochs (points)"),
}
# The situation of the original text.
START = {"train_acc": 92.0, "val_acc": 76.0, "epoch": 15,
         "learning_rate": 0.01, "trend": 0.0}


def situation(train_acc=92.0, val_acc=76.0, epoch=15, learning_rate=0.01,
              trend=0.0, total_epochs=60, every=5) -> list[Metrics]:
    """A history that ends in these metrics, losses unknown.

    trend          points that both accuracies gained in each of the last two
                   stretches of `every` epochs
    learning_rate  the rate, except at the first of several evaluations, where
                   it was 0.01
    """
    history = []
    for back in (2 * every, every, 0):
        if epoch - back >= 1:
            missing = trend * back / every
            history.append(Metrics(
                epoch - back, clip(train_acc - missing),
                clip(val_acc - missing), learning_rate=learning_rate,
                total_epochs=max(total_epochs, epoch)))
    if len(history) > 1:  # the prompt shows multiples of the first
        history[0] = replace(history[0],
                             learning_rate=START["learning_rate"])
    return history


def clip(accuracy) -> float:
    """The nearest value from 0 to 100."""
    return min(100.0, max(0.0, accuracy))


def changed(brain, **changes):
    """A brain that shares this one's model but has other attributes.

    These may be prompt, mode, on_text, ...; None leaves one as it is.
    """
    brain = copy.copy(brain)
    for name, value in changes.items():
        if value is not None and hasattr(brain, name):
            setattr(brain, name, value)
    return brain


def decide_all(brain, histories, every=5, actions=None, batch=32):
    """Yields a decision for each history, in batches if the brain can."""
    many = getattr(brain, "decide_many", None)
    for i in range(0, len(histories), batch):
        group = histories[i:i + batch]
        if many is not None:
            yield from many(group, every=every, actions=actions)
        else:
            for history in group:
                yield brain.analyze_training(
                    history, every=every, actions=actions)


def find_flip(brain, knobs, steps=None):
    """The smallest change of one knob that flips the action.

    knobs  the arguments of `situation`
    steps  how many values are tried on each knob, spread over its range; None
           tries each value that a slider has, so that no nearer one is missed
    Returns (knob, value, Decision), or None if nothing tried flips the action.
    "Smallest" is measured in shares of each knob's range.
    """
    tries = [dict(knobs, **{name: value}) for name in knobs
             for value in knob_values(name, steps or slider_steps(name))]
    decisions = list(decide_all(
        brain, [situation(**values) for values in [knobs, *tries]]))
    now = decisions.pop(0).action
    flips = []
    for values, decision in zip(tries, decisions):
        if decision.action != now:
            name = next(n for n in knobs if values[n] != knobs[n])
            flips.append((distance(name, knobs[name], values[name]), name,
                          values[name], decision))
    return min(flips, key=lambda flip: flip[0])[1:] if flips else None


def say_flip(knobs, flip) -> str:
    """What `find_flip` found, in words."""
    if flip is None:
        return "No change of a single input that was tried flips it."
    name, value, decision = flip
    text = (f"It becomes {decision.action} when {KNOBS[name][3]} goes from "
            f"{knobs[name]:.3g} to {value:.3g}.")
    if decision.source == "fallback":
        text += " There the rules decided, not the model."
    return text


def slider_steps(name) -> int:
    """How many steps a knob's range has; 40 for a rate, stepped by factors."""
    low, high, step, _ = KNOBS[name]
    return round((high - low) / step) if step else 40


def knob_values(name, steps) -> list:
    """`steps` + 1 values over a knob's range; rates are spaced by factors."""
    low, high, *_ = KNOBS[name]
    shares = [i / steps for i in range(steps + 1)]
    if name == "learning_rate":
        return [low * (high / low) ** share for share in shares]
    values = [low + (high - low) * share for share in shares]
    return [round(v) for v in values] if name == "epoch" else values


def distance(name, old, new) -> float:
    """How far two values of a knob lie apart, in shares of its range."""
    low, high, *_ = KNOBS[name]
    if name == "learning_rate":
        old, new, low, high = (math.log(x) for x in (old, new, low, high))
    return abs(new - old) / (high - low)


def blindfold(brain, history, prompt=None, every=5) -> dict:
    """{line of the template: the decision without it}.

    The key "" means that no line was left out. Lines whose values are not
    known are left out anyway.
    """
    prompt = prompt or getattr(brain, "prompt", Prompt())
    lines, known = prompt.user.splitlines(), describe(history, every)
    shown = [line for line in lines
             if template_fields(line) and known_lines(line, known)]
    decisions = {}
    for left_out in ["", *shown]:
        kept = [line for line in lines if not left_out or line != left_out]
        blind = changed(brain, prompt=Prompt(prompt.system, "\n".join(kept)))
        decisions[left_out] = blind.analyze_training(history, every=every)
    return decisions


def shuffle(brain, history, every=5, orders=8) -> list:
    """[(names in their order, decision)] for several orders of the options.

    The first order is the brain's own.
    """
    actions = getattr(brain, "actions", ACTIONS)
    every_order = list(permutations(actions))
    chosen = every_order[::max(1, len(every_order) // orders)]
    return [([a.name for a in order],
             brain.analyze_training(history, every=every, actions=order))
            for order in chosen]


def defend(brain, history, name, every=5, on_text=None) -> str:
    """What the model writes when its reply must begin with this action.

    The reason reads as well for a wrong action as for the right one: it is
    written to fit the name, not the other way round.
    """
    if getattr(brain, "model", None) is None:
        return f"{name}: (the rules cannot be made to defend an action)"
    messages = brain.messages(history, brain.actions, every)
    return brain.model.generate(messages, start=f"{name}:", on_text=on_text)
