"""A taught network as the folder that the package loads.

Besides weights and tokenizer, the folder holds brain.json: the temperature at
which the network's probabilities can be trusted, and every line of a prompt
that it was taught. It also holds the two files with which transformers reads
it as a decision model.
"""

import itertools
import re

import numpy as np
import torch

from agentic_lib.brain.prompt import USER, Prompt
from agentic_lib.lab.actions import NAMES, TAUGHT
from agentic_lib.lab.calibration import calibration_error, find_temperature
from agentic_lib.lab.teach.labels import probabilities, with_stop
from agentic_lib.lab.teach.texts import WORDINGS, State
from agentic_lib.lab.teach.visits import scores
from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.systemone import save_decision_model
from agentic_lib.models.taught import learn_lines


def save(network, tokenizer, lessons, kept, folder):
    """Writes the folder that the package loads; returns what was measured.

    kept  groups for calibration: the first half finds the temperature, the
          second half measures the error that is left
    """
    model = LanguageModel(network, tokenizer)
    table, best = answers(model, kept)
    half = len(best) // 2
    temperature = find_temperature(table[:half], best[:half])
    save_decision_model(model, folder, NAMES, {
        "actions": names_taught(lessons), "mode": "score",
        "temperature": round(temperature, 2),
        "lines": widened(pooled(learn_lines(prompts_taught(lessons)))),
        "most": MOST})
    return {
        "temperature": temperature, "states": len(best) - half,
        "agreement": float((table.argmax(1) == best)[half:].mean()),
        "calibration error": calibration_error(
            confidences(table[half:], best[half:], temperature)),
    }


def names_taught(lessons) -> list:
    """The actions that the lessons' policy judged."""
    return TAUGHT[:lessons.targets.shape[1]]


def confidences(table, best, temperature):
    """(confidence, 1.0 if it was right) of each row of log-probabilities,
    as `calibration_error` expects them."""
    chances = torch.tensor(table / temperature).softmax(1).numpy()
    return list(zip(chances.max(1).tolist(),
                    (chances.argmax(1) == best).astype(float).tolist()))


def answers(model, groups):
    """What the model says about labelled states, and what was best.

    model  a LanguageModel
    Returns ((N, 4) log-probabilities, (N,) index of the best action).
    """
    told, best = [], []
    for g in groups:
        for p, epoch in enumerate(g["epochs"]):
            values = with_stop(g["worth"][:, p].mean(-1), g["now"][:, p])
            best.append(probabilities(values).argmax(1))
            told.append(scores(model, g["seen"][:, :epoch], g["factors"],
                               int(g["horizon"]), int(g["every"])))
    return np.concatenate(told), np.concatenate(best)


PROMPTS = 12_000  # prompts whose lines and ranges of numbers are all noted


def prompts_taught(lessons):
    """Messages of many prompts, and of every way losses can be nan or inf."""
    for _ in range(PROMPTS):
        question, _, _ = lessons.draw()
        yield question.messages
    for length in (1, 2, 3):
        for losses in itertools.product((1.0, np.nan, np.inf), repeat=length):
            seen = np.full((1 + 5 * length, 5), 0.5)
            seen[::5, 2:4] = np.array([*losses, losses[-1]])[:, None]
            state = State(seen[1:], 60, 5, (0.7, 1.3))
            for line in (USER, *map("\n".join, zip(*[
                    (w * 5)[:5] for w in WORDINGS]))):
                yield Prompt(user=line).messages(state.history())


# Few of the runs that are taught have more decisions or epochs to come.
MOST = {"decisions": 90, "epoch": 140}


def pooled(lines):
    """Gives each number its range over all lines that say it in the same
    words: "Gap: # points" in a rare prompt and in a frequent one, or the loss
    in a line whose end was left out."""
    spans = {}
    for shape, ranges in lines.items():
        for words, (low, high) in zip(words_of(shape), ranges):
            before = spans.get(words, (low, high))
            spans[words] = min(low, before[0]), max(high, before[1])
    return {shape: [list(spans[words]) for words in words_of(shape)]
            for shape in lines}


def words_of(shape):
    """For each # in a line, what it stands for: the line's beginning, the
    piece that holds it, and its place there."""
    begin = shape.partition(":")[0]
    return [(begin, piece, k) for piece in re.split(r", |(?= \()", shape)
            for k in range(piece.count("#"))]


def widened(lines):
    """Ranges of numbers, a tenth wider on both sides, rounded. What was never
    below zero stays at or above it: a loss below zero is another matter."""
    def wider(low, high):
        tenth = 0.1 * (high - low)
        below = low - tenth if low < 0 else max(0.0, low - tenth)
        return [float(f"{below:.3g}"), float(f"{high + tenth:.3g}")]

    return {shape: [wider(*span) for span in spans]
            for shape, spans in lines.items()}
