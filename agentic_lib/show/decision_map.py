"""The decision map: what a brain would do at every point of two inputs.

Knows nothing about widgets or training.
"""

from typing import Any

from matplotlib import pyplot as plt
from matplotlib import rc_context, rcParams
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from tqdm import tqdm

from agentic_lib.brain.decision import ACTIONS
from agentic_lib.run.record import Run
from agentic_lib.show.experiments import (
    KNOBS,
    START,
    decide_all,
    knob_values,
    situation,
)
from agentic_lib.show.plots import looks_of, plain, theme_settings


def plot_decision_map(brains: Any, x: str = "train_acc", y: str = "val_acc",
                      points: int = 20, theme: str | None = None,
                      size: tuple[float, float] | None = None,
                      **fixed: float) -> Figure:
    """Draws what each brain decides on a grid of `points` x `points` inputs.

    brains  a brain, or {title: brain}; with two, a third panel shows where
            they differ. One brain with two prompts counts as two brains.
    x, y    two of: train_acc, val_acc, epoch, learning_rate, trend
    fixed   the other inputs; by default the original text's situation

    Colour and marker show the action, depth of colour how sure the brain is.
    If a rule decided, the marker is hollow. Returns matplotlib's Figure.
    """
    if not isinstance(brains, dict):
        brains = {getattr(brains, "name", "brain"): brains}
    for name in (x, y, *fixed):
        if name not in KNOBS:
            raise ValueError(f"{name!r} is not an input of the map. There "
                             f"are: {', '.join(KNOBS)}.")
    maps = {title: decision_map(brain, x, y, points, **fixed)
            for title, brain in brains.items()}
    panels = len(maps) + (len(maps) == 2)
    with rc_context(theme_settings(theme)):
        figure = plt.figure(figsize=size or (4.2 * panels + 0.6, 5.0),
                            layout="constrained")
        plt.close(figure)
        axes = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
        looks = looks_of(Run(decisions=[
            d for found in maps.values() for _, _, d in found]), ACTIONS)
        for panel, (title, found) in zip(axes, maps.items()):
            draw_map(panel, found, looks, x, y, points)
            panel.set_title(plain(title))
        if len(maps) == 2:
            draw_difference(axes[2], *maps.values(), x, y)
        axes[0].set_ylabel(KNOBS[y][3])
        add_legend(figure, maps.values(), looks)
    figure.set_label(describe_maps(maps))
    return figure


def decision_map(brain, x, y, points=20, **fixed) -> list:
    """[(x value, y value, Decision)] over the whole grid.

    Shows a progress bar if it takes longer than five seconds.
    """
    grid = [(a, b) for a in knob_values(x, points - 1)
            for b in knob_values(y, points - 1)]
    histories = [situation(**{**START, **fixed, x: a, y: b})
                 for a, b in grid]
    decisions = tqdm(decide_all(brain, histories), total=len(grid),
                     delay=5, unit="point", leave=False)
    return [(a, b, d) for (a, b), d in zip(grid, decisions)]


def draw_map(axes, found, looks, x, y, points):
    """One marker per point: the surer the brain, the deeper the colour."""
    for name, (marker, colour) in looks.items():
        for ruled in (False, True):
            here = [(a, b, sureness(d)) for a, b, d in found
                    if d.action == name and (d.source != "model") == ruled]
            if here:
                shades = [(*to_rgb(colour), 0.25 + 0.75 * s)
                          for *_, s in here]
                axes.scatter(
                    [a for a, *_ in here], [b for _, b, _ in here],
                    s=(170 / points) ** 2, marker=marker,
                    facecolors="none" if ruled else shades,
                    edgecolors=shades, label=name)
    frame(axes, x, y)


def sureness(decision) -> float:
    """Probability of the action that was taken; 1 if it is not known."""
    return (decision.probabilities or {}).get(decision.action, 1.0)


def frame(axes, x, y):
    """Scales and names of the two inputs."""
    axes.set_xlabel(KNOBS[x][3])
    if x == "learning_rate":
        axes.set_xscale("log")
    if y == "learning_rate":
        axes.set_yscale("log")


def draw_difference(axes, first, second, x, y):
    """A dot for the same decision, a cross for different ones."""
    for same, marker, size in ((True, ".", 8), (False, "x", 30)):
        here = [(a, b) for (a, b, one), (_, _, two) in zip(first, second)
                if (one.action == two.action) == same]
        axes.scatter([a for a, _ in here], [b for _, b in here], s=size,
                     marker=marker, color=rcParams["text.color"],
                     linewidths=1)
    share = differing(first, second) / len(first)
    axes.set_title(f"they differ at {share:.0%} (x)")
    frame(axes, x, y)


def differing(first, second) -> int:
    """At how many points two maps differ."""
    return sum(one.action != two.action
               for (*_, one), (*_, two) in zip(first, second))


def add_legend(figure, maps, looks):
    """Names the actions that occur, below the panels."""
    decisions = [d for found in maps for *_, d in found]
    entries = [
        plt.Line2D([], [], ls="none", ms=9, marker=marker, color=colour,
                   label=plain(name.replace("_", " ")))
        for name, (marker, colour) in looks.items()
        if any(d.action == name for d in decisions)]
    if any(d.source != "model" for d in decisions):
        entries.append(plt.Line2D(
            [], [], ls="none", ms=9, marker="o", mfc="none",
            mec=rcParams["text.color"], label="hollow: not by a model"))
    columns = max(2, int(figure.get_figwidth() // 2.2))
    figure.legend(handles=entries, loc="outside lower center",
                  frameon=False, ncols=columns)


def describe_maps(maps) -> str:
    """The map in words: how often each brain takes each action."""
    parts = []
    for title, found in maps.items():
        names = [d.action for *_, d in found]
        shares = ", ".join(f"{name} {names.count(name) / len(names):.0%}"
                           for name in dict.fromkeys(names))
        parts.append(f"{title}: {shares}.")
    return f"Decisions over {len(found)} points. " + " ".join(parts)
