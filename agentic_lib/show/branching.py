"""What if: one decision, and the run that each action would lead to.

A Training is deterministic, so one can go back to any recorded decision.
Test data are not touched: branches are compared on validation data. Knows
nothing about widgets or language models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from matplotlib import rc_context, rcParams
from matplotlib.figure import Figure

from agentic_lib.brain.decision import Decision
from agentic_lib.run.record import Run
from agentic_lib.show.plots import (
    looks_of,
    plain,
    scale_rates,
    series,
    theme_settings,
)

if TYPE_CHECKING:  # it loads torch
    from agentic_lib.run.training import Training

DASHES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def what_if(training: Training, run: Run, epoch: int,
            on_branch: Callable[[str], None] | None = None
            ) -> dict[str, Run]:
    """{action: the Run that it would have led to}, one for every action.

    training   a fresh Training made like that of `run`; it is put back to its
               start at the end. Its brain makes the decisions that follow the
               branch.
    run        the recorded run; its decisions before `epoch` are repeated
    epoch      the epoch of a decision
    on_branch  a function that gets the name of each branch as it begins

    Raises ValueError if `training` does not repeat `run`.
    """
    if training.epoch:
        raise ValueError(f"training is at epoch {training.epoch}: pass a "
                         "fresh Training(...), made like that of the run.")
    if epoch not in [d.epoch for d in run.decisions]:
        raise ValueError(f"epoch={epoch!r}: no decision was made there. "
                         "There were decisions at epochs "
                         f"{[d.epoch for d in run.decisions]}.")
    start = training.state_dict()
    repeat(training, run, epoch)
    here = training.state_dict()
    branches = {}
    for action in training.controller.actions:
        if on_branch is not None:
            on_branch(action.name)
        training.load_state_dict(here)
        training.controller.apply(
            Decision(action.name, "What if?", source="human"))
        while not training.done:
            training.step()
        branches[action.name] = Run(
            dict(training.run.settings), list(training.run.metrics),
            list(training.run.decisions))
    training.load_state_dict(start)
    return branches


def repeat(training, run, epoch):
    """Trains up to `epoch` with the recorded decisions; no brain is asked."""
    while training.epoch < epoch:
        metrics, by_guard = training.step(ask=False)
        check_same(metrics, run.metrics[training.epoch - 1])
        made = [d for d in run.decisions if d.epoch == metrics.epoch]
        # A guard acts by itself, now as in the recorded run.
        for decision in made[by_guard is not None:]:
            if metrics.epoch < epoch:
                training.controller.apply(decision)


def check_same(metrics, recorded):
    """Raises a ValueError if a repetition differs from what it repeats."""
    if repr(metrics) != repr(recorded):  # as text, nan equals nan
        raise ValueError(
            f"training does not repeat the run: at epoch {metrics.epoch} it "
            f"has {metrics}, the run {recorded}. Pass a Training with the "
            "same data, model, rate, seed and options.")


def plot_what_if(branches: dict[str, Run], epoch: int,
                 theme: str | None = None,
                 size: tuple[float, float] = (8.0, 6.0)) -> Figure:
    """Draws the branches of `what_if` and returns matplotlib's Figure."""
    with rc_context(theme_settings(theme)):
        figure = plt.figure(figsize=size, layout="constrained")
        plt.close(figure)
        upper, lower = figure.subplots(2, 1, sharex=True,
                                       height_ratios=(3, 2))
        looks = looks_of(next(iter(branches.values())))
        for dashes, (name, run) in zip(DASHES * 9, branches.items()):
            draw_branch(upper, "val_acc", run, epoch, dashes, *looks[name],
                        f"{name}: {summary(run)}")
            draw_branch(lower, "learning_rate", run, epoch, dashes,
                        *looks[name])
        for axes in (upper, lower):
            axes.axvline(epoch, color=rcParams["text.color"], lw=0.8)
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
        upper.set_ylabel("validation accuracy (%)")
        scale_rates(lower, [rate for run in branches.values()
                            for rate in run.learning_rates if rate])
        figure.align_ylabels()
        figure.legend(loc="outside upper left", frameon=False,
                      ncols=max(1, int(size[0] // 4)))
    figure.set_label(describe_branches(branches, epoch))
    return figure


def draw_branch(axes, field, run, epoch, dashes, marker, colour, label=None):
    """One branch: in the text colour up to the decision, then in its own."""
    points = list(zip(*series(run, field)))
    before = [p for p in points if p[0] <= epoch]
    after = [p for p in points if p[0] >= epoch]
    style = "steps-pre" if field == "learning_rate" else "default"
    axes.plot(*zip(*before), color=rcParams["text.color"], lw=1.5,
              drawstyle=style)
    axes.plot(*zip(*after), ls=dashes, marker=marker, color=colour, lw=2,
              markevery=[-1], ms=9, drawstyle=style, label=label)


def summary(run) -> str:
    """The end of a branch in words."""
    last = run.metrics[-1]
    end = f", ended at epoch {last.epoch}" if last.epoch != \
        last.total_epochs else ""
    return plain(f"{last.val_acc:.1f} %{end}")


def describe_branches(branches, epoch) -> str:
    """The figure in words."""
    ends = "; ".join(f"{name}: {summary(run)}"
                     for name, run in branches.items())
    return (f"Validation accuracy at the end, by what was decided at epoch "
            f"{epoch}: {ends}.")
