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
def draw_rate(draw):
    """draw(run) -> a figure: log scale, a shape for each action."""
    for seed in (0, 3):
        run = made_up_run(seed)
        figure = draw(run)
        expect(hasattr(figure, "axes"), "It must return a figure, and it "
               f"returned {figure!r}.")
        drawn = [(x, y, shape) for axes in figure.axes
                 if axes.get_yscale() == "log"
                 for x, y, shape in markers_in(axes)]
        close(figure)
        expect(any(axes.get_yscale() == "log" for axes in figure.axes),
               "No axis has a log scale, so equal factors do not look equal.",
               'Every axis has set(yscale=...).')
        shapes = {}
        for d in run.decisions:
            found = [shape for x, y, shape in drawn if abs(x - d.epoch) < 1e-6
                     and abs(y / d.new_lr - 1) < 1e-6]
            expect(found, f"There is no marker at epoch {d.epoch} and rate "
                   f"{d.new_lr:.3g}, where a decision was made.",
                   "Does every decision of the run get a marker, at its epoch "
                   "and at the rate that it led to?")
            shapes.setdefault(d.action, set()).update(found)
        for one in shapes:
            for other in shapes:
                expect(one == other or not shapes[one] & shapes[other],
                       f"In grey nobody can tell {one} from {other}.",
                       "They have the same shape.", "Each Action brings a "
                       "marker of its own: action.marker.")
    return "Every decision is there, and has a shape of its own."


def markers_in(axes):
    """(x, y, shape) of every marker in the axes, plotted or scattered."""
    for line in axes.lines:
        if line.get_marker() not in ("", " ", "None", None):
            for x, y in zip(line.get_xdata(), line.get_ydata()):
                yield float(x), float(y), str(line.get_marker())
    for cloud in axes.collections:
        paths = cloud.get_paths()
        for x, y in getattr(cloud, "get_offsets", list)():
            yield float(x), float(y), str(
                paths[0].vertices.round(3).tolist() if paths else None)


def close(figure):
    """Before a front end shows a figure that was drawn for a check."""
    from matplotlib import pyplot

    pyplot.close(figure)


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
