"""The picture of a run: accuracies above, learning rate and decisions below.

Draws with matplotlib's object interface and changes no global setting. Knows
nothing about models or training: what it draws is a Run.
"""

import io
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten

from matplotlib import pyplot as plt
from matplotlib import rc_context, rcParams
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from agentic_lib.brain.decision import ACTIONS, Action
from agentic_lib.run.record import Run

# Ink and paper. None in their place follows matplotlib's own settings.
THEMES = {"light": ("#222222", "#ffffff"), "dark": ("#e6e6e6", "#1c1f24")}
# Okabe and Ito's colours; dashes tell the curves apart without any colour.
CURVES = {
    "val": ("validation", "#009E73", "-", 2.2),
    "train": ("training", "#CC79A7", "--", 1.6),
}
# How a marker is filled says who decided.
FILLS = {"model": "full", "fallback": "none", "guard": "bottom",
         "human": "left"}
# For actions that bring no marker of their own, or one that is taken.
SPARE = (("D", "#CC79A7"), ("P", "#56B4E9"), ("X", "#009E73"),
         ("*", "#F0E442"), ("p", "#0072B2"), ("h", "#E69F00"))


def plot_run(run: Run, compare: Run | None = None, theme: str | None = None,
             actions: Sequence[Action] | None = None,
             size: tuple[float, float] = (8.0, 6.0)) -> Figure:
    """Draws a run and returns matplotlib's Figure.

    compare  a second Run, drawn dotted, such as the same start at a constant
             rate
    theme    'light', 'dark', or None for matplotlib's current settings
    actions  where markers and colours come from; None takes the actions
             that the run's settings hold, or the four of this package
    size     width and height in inches

    The figure is not registered with pyplot: a notebook shows it once, as
    the last value of a cell or through `display`.
    """
    with rc_context(theme_settings(theme)):
        figure = plt.figure(figsize=size, layout="constrained")
        plt.close(figure)
        upper, lower = figure.subplots(
            2, 1, sharex=True, height_ratios=(3, 2))
        measure = "acc" if has(run, "acc") or not has(run, "loss") else "loss"
        draw_curves(upper, run, measure, compare)
        draw_rates(lower, run, compare)
        looks = looks_of(run, actions)
        draw_decisions(lower, run, looks)
        write_legend(upper, upper.get_legend_handles_labels()[0], size[0])
        write_legend(lower, decision_legend(run, looks), size[0])
        finish(figure, upper, lower, run, compare)
    figure.set_label(alt_text(run, compare))
    return figure


def theme_settings(theme) -> dict:
    """matplotlib's settings for a theme."""
    if theme is None:
        return {}
    if theme not in THEMES:
        raise ValueError(f"theme={theme!r} must be one of {list(THEMES)}, or "
                         "None for matplotlib's current settings.")
    ink, paper = THEMES[theme]
    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color",
            "ytick.color")
    papers = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return {**dict.fromkeys(inks, ink), **dict.fromkeys(papers, paper),
            "font.size": 11, "legend.facecolor": paper}


def has(run, measure) -> bool:
    """True if the run holds any training or validation `measure`."""
    return any(getattr(m, f"{part}_{measure}") is not None
               for m in run.metrics for part in CURVES)


def draw_curves(axes, run, measure, compare=None):
    """Accuracy ('acc') or 'loss' over the epochs, NaN left blank."""
    for part, (name, colour, dashes, width) in CURVES.items():
        epochs, values = series(run, f"{part}_{measure}")
        if epochs:
            axes.plot(epochs, values, dashes, color=colour, lw=width,
                      label=name)
    if compare is not None:
        name, colour, _, width = CURVES["val"]
        epochs, values = series(compare, f"val_{measure}")
        if epochs:
            axes.plot(epochs, values, ":", color=colour, lw=width,
                      label=plain(f"{name}, {name_of(compare)}"))
    lost = [m.epoch for m in run.metrics if m.diverged]
    if lost:
        axes.plot(lost, [0.02] * len(lost), "x", color="#D55E00", ms=6,
                  transform=axes.get_xaxis_transform(), clip_on=False,
                  label="diverged (loss nan or infinite)")
    axes.set_ylabel("accuracy (%)" if measure == "acc" else "loss")
    shown = [y for line in axes.lines for y in line.get_ydata()]
    if measure == "loss" and all(y > 0 for y in shown if not math.isnan(y)):
        axes.set_yscale("log")


def series(run, field):
    """(epochs, values) of a field of Metrics, infinities as nan."""
    known = [(m.epoch, getattr(m, field)) for m in run.metrics
             if getattr(m, field) is not None]
    return ([epoch for epoch, _ in known],
            [x if math.isfinite(x) else math.nan for _, x in known])


def name_of(run) -> str:
    """What a run is called in a legend."""
    if not run.decisions:
        return "constant rate"
    return shorten(str(run.settings.get("brain", "other run")), 40)


def plain(text) -> str:
    """The text, escaped so that matplotlib finds no formula in it."""
    return text.replace("$", r"\$")


def draw_rates(axes, run, compare=None):
    """The learning rate as steps: the step for epoch 5 ends at 5."""
    seen = []
    for drawn, dashes, width in ((run, "-", 1.6), (compare, ":", 1.6)):
        epochs, rates = series(drawn, "learning_rate") if drawn else ([], [])
        if epochs:
            axes.step(epochs, rates, where="pre", ls=dashes, lw=width,
                      color=rcParams["text.color"])
            seen += [rate for rate in rates if rate > 0]
    scale_rates(axes, seen)


def scale_rates(axes, seen):
    """Learning rates on a log scale, over whole epochs."""
    axes.set_yscale("log")
    if seen:  # room for a few ticks, and for a marker one step away
        axes.set_ylim(min(seen) / 2, max(seen) * 2)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("learning rate")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(
        MaxNLocator(integer=True, steps=(1, 2, 5, 10)))


def looks_of(run, actions=None) -> dict[str, tuple[str, str]]:
    """{action name: (marker, colour)} for every action of a run, no two of
    them with the same marker."""
    if actions is None:
        actions = run.settings.get("actions") or ACTIONS
    wanted = {}
    for action in actions:
        if isinstance(action, Action):
            action = vars(action)
        wanted[action["name"]] = (action.get("marker", "o"),
                                  action.get("colour", "#777777"))
    for decision in run.decisions:
        wanted.setdefault(decision.action, (None, None))
    spare, looks = list(SPARE), {}
    for name, (marker, colour) in wanted.items():
        while marker is None or marker in [m for m, _ in looks.values()]:
            marker, colour = spare.pop(0) if spare else (
                f"${len(looks) + 1}$", "#777777")  # a number as a marker
        looks[name] = (marker, colour)
    return looks


def draw_decisions(axes, run, looks):
    """One marker per decision, at its epoch and the rate that it led to."""
    rates = {m.epoch: m.learning_rate for m in run.metrics}
    for decision in run.decisions:
        rate = decision.new_lr or rates.get(decision.epoch)
        if decision.epoch is None:
            continue
        place = {} if rate else {"transform": axes.get_xaxis_transform()}
        marker, colour = looks[decision.action]
        axes.plot([decision.epoch], [rate or 0.5], ls="none", zorder=3,
                  label=f"_{decision.action}", **place,
                  **marker_style(marker, colour, decision.source))


def marker_style(marker, colour, source) -> dict:
    """Shape and colour say what was decided, the fill says who decided."""
    fill = FILLS[source]
    paper, ink = rcParams["axes.facecolor"], rcParams["text.color"]
    return {"marker": marker, "markersize": 9, "markeredgecolor": ink,
            "markeredgewidth": 1.0,
            "markerfacecolor": paper if fill == "none" else colour,
            "markerfacecoloralt": paper,
            "fillstyle": "full" if fill == "none" else fill}


def decision_legend(run, looks) -> list:
    """Legend entries for the actions and the deciders that occur."""
    decided = [d for d in run.decisions if d.epoch is not None]
    entries = [
        Line2D([], [], ls="none", label=plain(name.replace("_", " ")),
               **marker_style(marker, colour, "model"))
        for name, (marker, colour) in looks.items()
        if any(d.action == name for d in decided)
    ]
    sources = [s for s in FILLS if any(d.source == s for d in decided)]
    if sources != ["model"]:
        entries += [
            Line2D([], [], ls="none", label=f"by {source}",
                   **marker_style("o", rcParams["text.color"], source))
            for source in sources
        ]
    return entries


def write_legend(axes, entries, width):
    """A legend above the panel, with as many columns as fit."""
    if entries:
        axes.legend(
            handles=entries, loc="lower left", bbox_to_anchor=(0, 1),
            ncols=max(2, int(width // 2)), frameon=False, fontsize="small",
            borderaxespad=0.2, handletextpad=0.4, columnspacing=1.2)


def finish(figure, upper, lower, run, compare):
    """Grid, and the result on the test set as a title."""
    for axes in (upper, lower):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels()
    epochs = [m.total_epochs or m.epoch for drawn in (run, compare) if drawn
              for m in drawn.metrics]
    lower.set_xlim(0, 1.02 * max(epochs, default=1))
    if not run.metrics:
        upper.text(0.5, 0.5, "no epoch yet", transform=upper.transAxes,
                   ha="center", va="center")
    if run.test_acc is not None:
        title = plain(test_line(run, compare))
        if figure.get_figwidth() < 6:
            title = title.replace(" (", "\n(")
        figure.suptitle(title, x=0.01, ha="left")


def test_line(run, compare=None) -> str:
    """The result on the test set, next to that of the other run."""
    if run.test_acc is None:
        return "The test set has not been read."
    text = f"Test accuracy {run.test_acc:.1f} %"
    if compare is not None and compare.test_acc is not None:
        text += f" ({name_of(compare)}: {compare.test_acc:.1f} %)"
    return text


def alt_text(run, compare=None) -> str:
    """The picture in two or three sentences, for those who cannot see it."""
    if not run.metrics:
        return "An empty figure: no epoch was run yet."
    measure = "acc" if has(run, "acc") or not has(run, "loss") else "loss"
    word, unit = ("accuracy", " %") if measure == "acc" else ("loss", "")
    parts = []
    for part, (name, *_) in CURVES.items():
        epochs, values = series(run, f"{part}_{measure}")
        if epochs:
            parts.append(f"{name} {word} from {values[0]:.3g}{unit} to "
                         f"{values[-1]:.3g}{unit}")
    rates = series(run, "learning_rate")[1]
    if rates:
        parts.append(f"learning rate from {rates[0]:.3g} to "
                     f"{rates[-1]:.3g}")
    text = (f"Epochs {run.metrics[0].epoch} to {run.metrics[-1].epoch}: "
            f"{', '.join(parts)}. ")
    text += describe_decisions(run)
    lost = [m.epoch for m in run.metrics if m.diverged]
    if lost:
        text += f" The run diverged at epoch {lost[0]}."
    if run.test_acc is not None:
        text += f" {test_line(run, compare)}."
    return text


def describe_decisions(run) -> str:
    """How many decisions were made, which, and by whom."""
    if not run.decisions:
        return "No decision was made."

    def tally(names):
        return ", ".join(f"{count} {name.replace('_', ' ')}"
                         for name, count in Counter(names).items())
    number = len(run.decisions)
    return (f"{number} decision{'s' * (number > 1)}: "
            f"{tally(d.action for d in run.decisions)} "
            f"(by source: {tally(d.source for d in run.decisions)}).")


def save_figure(run: Run, path: str | Path, compare: Run | None = None,
                theme: str | None = "light",
                actions: Sequence[Action] | None = None,
                size: tuple[float, float] = (8.0, 6.0)) -> Path:
    """Draws a run into a .png or .svg file, with its alt text inside."""
    path = Path(path)
    path.write_bytes(image(run, path.suffix.lstrip("."), compare, theme,
                           actions, size))
    return path


def image(run, kind="svg", compare=None, theme="light", actions=None,
          size=(8.0, 6.0)) -> bytes:
    """The picture of a run as the bytes of a 'png' or 'svg' file."""
    if kind not in ("png", "svg"):
        raise ValueError(f"kind={kind!r} must be 'png' or 'svg': end the "
                         "file's name in .png or .svg.")
    figure = plot_run(run, compare, theme, actions, size)
    metadata = {"Title": "Training run", "Description": figure.get_label()}
    if kind == "svg":
        metadata["Date"] = None  # the same run, the same file
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "run"}):
        figure.savefig(file, format=kind, dpi=150, metadata=metadata)
    return file.getvalue()
