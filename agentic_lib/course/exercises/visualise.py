"""The checks of notebook 06, visualise."""

import random
import re

from agentic_lib.brain.decision import ACTIONS, Decision, Metrics
from agentic_lib.course.exercises.checking import check, expect


def made_up_run(seed, decisions=True, epochs=20):
    """A Run that nobody trained, its four actions in turn."""
    from agentic_lib.run.record import Run

    dice, run, rate = random.Random(seed), Run(), 0.01 * (seed + 1)
    for epoch in range(1, epochs + 1):
        run.metrics.append(Metrics(
            epoch, dice.uniform(20, 99), dice.uniform(20, 99), 1.0, 1.0,
            rate, epochs))
        if decisions and epoch % 4 == 0 and epoch < epochs:
            action = ACTIONS[epoch // 4 % 4]
            rate *= action.factor
            run.decisions.append(Decision(
                action.name, "Made up.", epoch=epoch, new_lr=rate,
                old_lr=rate / action.factor))
    return run


@check
def in_words(describe):
    """describe(run) -> the picture in at most 60 words, with its numbers."""
    runs = [made_up_run(1), made_up_run(2, epochs=34),
            made_up_run(4, decisions=False), made_up_run(5, epochs=1)]
    for run in runs:
        text, first, last = describe(run), run.metrics[0], run.metrics[-1]
        expect(isinstance(text, str), f"It must return a text, and it "
               f"returned {text!r}.")
        numbers = re.findall(r"\d+(?:\.\d+)?", text)
        expect(text and len(text.split()) <= 60, f"{len(text.split())} words "
               "are too many to listen to: at most 60.")
        for what, value in (
                ("the first validation accuracy", f"{first.val_acc:.0f}"),
                ("the last validation accuracy", f"{last.val_acc:.0f}"),
                ("the last learning rate", f"{last.learning_rate:.3g}"),
                ("the number of decisions", f"{len(run.decisions)}")):
            expect(value in numbers, f"Of a run of {len(run.metrics)} epochs "
                   f"it says: {text!r} It does not give {what}.",
                   f"There should be a {value} in it.", "How each number is "
                   "to be rounded is said in the exercise.")
    return "Four runs, and nothing that matters left out."


@check
def beyond_luck(find):
    """find({epoch: {action: [ends]}}) -> the epochs at which every end of
    the best action is above every end of the worst; best by mean."""
    good, poor = [80.0, 81.0, 82.0], [70.0, 71.0, 72.0]
    cases = (
        ({5: {"a": good, "b": poor, "c": [75.0, 76.0, 77.0]}}, [5]),
        ({10: {"a": good, "b": [79.0, 80.5, 79.5], "c": [80.0, 80.0, 80.0]},
          5: {"a": poor, "b": [78.0, 79.0, 90.0], "c": good}}, [5]),
        # the highest single end is not that of the best action
        ({5: {"a": [60.0, 60.0, 99.0], "b": good, "c": [59.0, 60.0, 61.0]}},
         [5]),
        ({15: {"a": good, "b": poor}, 5: {"a": poor, "b": good}}, [5, 15]),
        ({5: {"a": good, "b": good}}, []),
        ({5: {"a": good, "b": [70.0, 71.0, 80.0]}}, []),
    )
    for ends, wanted in cases:
        found = find({epoch: {name: list(values) for name, values in
                              row.items()} for epoch, row in ends.items()})
        expect(found is not None, "It returned None: a list of epochs is "
               "asked.", "The list may be empty.")
        expect(list(found) == wanted, f"For {ends} your function says "
               f"{found}.", f"It should be {wanted}.", "Rank the actions by "
               "mean. Then compare the lowest end of the best one with the "
               "highest end of the worst. Take the epochs in order.")
    return "A difference counts if no order of the data can undo it."
