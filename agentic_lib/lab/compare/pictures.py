"""Figures from the rows of a results file, and from nothing else.

Each function returns a matplotlib Figure, not registered with pyplot.
"""

import numpy as np
from matplotlib import pyplot as plt

from agentic_lib.lab.compare.intervals import (
    interval,
    key,
    masked,
    mean,
    profile,
)
from agentic_lib.lab.compare.views import SHOWN, honest, names, pair

# Okabe and Ito's colours, with dashes that tell curves apart without colour.
LOOKS = {
    "constant": ("#999999", "-"), "left_alone": ("#333333", ":"),
    "linear": ("#CC79A7", "--"), "plateau": ("#56B4E9", "--"),
    "plateau_tuned": ("#56B4E9", "--"), "greedy": ("#E69F00", "-."),
    "greedy_tuned": ("#E69F00", "-."), "cosine": ("#CC79A7", ":"),
    "rules": ("#009E73", "--"), "plain_rules": ("#F0E442", ":"),
    "brain": ("#0072B2", "--"), "brain_quick": ("#0072B2", "-"),
    "prodigy": ("#D55E00", ":"), "look_ahead": ("#000000", ":"),
}
OTHER = ("#D55E00", "--")


def empty(columns=1, size=(8.0, 4.5)):
    """A figure with `columns` axes side by side."""
    figure = plt.figure(figsize=size, layout="constrained")
    plt.close(figure)
    return figure, np.atleast_1d(figure.subplots(1, columns, squeeze=True))


def draw_starts(rows, task, methods, size=(8.0, 4.5)):
    """Final test accuracy against the starting rate: is a method still good
    if the start is poor? Bands cover all seeds."""
    figure, (axes,) = empty(size=size)
    for method in methods:
        found = {}
        for r in rows:
            if (r.task, r.method) == (task, method):
                found.setdefault(key(r.rate), []).append(r.test)
        colour, dash = LOOKS.get(method, OTHER)
        if None in found:  # a method without a rate: one level for all
            axes.axhline(np.mean(found[None]), color=colour, ls=dash,
                         label=method)
            continue
        rates = sorted(found)
        axes.plot(rates, [np.mean(found[r]) for r in rates], color=colour,
                  ls=dash, lw=2, label=method)
        axes.fill_between(rates, [min(found[r]) for r in rates],
                          [max(found[r]) for r in rates], color=colour,
                          alpha=0.12, lw=0)
    axes.set(xscale="log", xlabel="learning rate at the start",
             ylabel="final test accuracy, %", title=task)
    axes.legend(fontsize=9)
    return figure


def draw_regret(rows, methods=None, size=(8.0, 4.5)):
    """Mean regret with its interval of 95 %, at good and at poor starts."""
    figure, panels = empty(2, size)
    methods = methods or names(rows)
    spans = {}
    for method in methods:
        s = pair(rows, method)
        spans[method] = [interval(masked(mean, mask), s.regret(method))
                         for mask in (s.is_good, ~s.is_good)]
    order = sorted(methods, key=lambda m: -spans[m][1][0])
    for k, (axes, title) in enumerate(zip(
            panels, ("good starting rates", "poor starting rates"))):
        for place, method in enumerate(order):
            value, low, high = spans[method][k]
            colour, _ = LOOKS.get(method, OTHER)
            axes.plot([low, high], [place, place], color=colour, lw=3)
            axes.plot(value, place, "o", color=colour)
        axes.axvline(0, color="#999999", lw=0.8)
        axes.set(yticks=range(len(order)),
                 yticklabels=order if k == 0 else [], title=title,
                 xlabel="points behind the best constant rate")
    return figure


# One colour for each group of the summary's picture, Okabe and Ito's.
GROUP_COLOURS = ("#0072B2", "#666666", "#D55E00")


def draw_summary(rows, size=(8.0, 5.0)):
    """Mean regret of nine methods in three labelled groups, guards on, with
    intervals for these tasks (thick) and for tasks like them (thin).

    rows  the view `views.as_used`, complete
    """
    figure, (axes,) = empty(size=size)
    labels, place = [], 0.0
    for colour, (group, methods) in zip(GROUP_COLOURS, SHOWN.items()):
        shown = [LEFT_ALONE.get(m, m) for m in methods]
        spans = {m: pair(rows, m).regret(m) for m in shown
                 if m in names(rows)}
        axes.text(0.98, place - 0.45, group, ha="right", color=colour,
                  transform=axes.get_yaxis_transform(), weight="bold")
        for method in sorted(spans, key=lambda m: spans[m].mean()):
            value, low, high = interval(mean, spans[method])
            _, *wide = interval(mean, spans[method], tasks=True)
            axes.plot(wide, [place] * 2, color=colour, lw=1)
            axes.plot([low, high], [place] * 2, color=colour, lw=5,
                      solid_capstyle="butt")
            axes.plot(value, place, "o", color=colour, ms=7)
            axes.annotate(f"{value:.1f}", (value, place), xytext=(0, 7),
                          textcoords="offset points", ha="center",
                          fontsize=9)
            labels.append((place, SPOKEN.get(method, method)))
            place += 1
        place += 0.6
    axes.axvline(0, color="black", lw=0.8)
    axes.set(yticks=[at for at, _ in labels],
             yticklabels=[text for _, text in labels],
             ylim=(place - 1.0, -0.8),
             xlabel="points behind the best constant rate in hindsight "
                    "(lower is better)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


LEFT_ALONE = {"constant": "left_alone"}
SPOKEN = {"brain_quick": "the bundled brain, quick",
          "greedy_tuned": "GreedyLR, tuned",
          "plateau_tuned": "ReduceLROnPlateau, tuned",
          "left_alone": "the starting rate, left alone",
          "linear": "linear decay to zero",
          "halving": "successive halving, 8 runs",
          "range_one_cycle": "range test, then OneCycle",
          "prodigy_cosine": "Prodigy, with a cosine",
          "schedule_free_advised": "Schedule-Free, as advised"}


def say_summary(rows) -> str:
    """What `draw_summary` shows."""
    parts = []
    for group, methods in SHOWN.items():
        found = {m: mean(pair(rows, m).regret(m))
                 for m in (LEFT_ALONE.get(m, m) for m in methods)
                 if m in names(rows)}
        parts.append(f"{group}: " + ", ".join(
            f"{SPOKEN[m]} {found[m]:.1f}"
            for m in sorted(found, key=found.get)))
    return ("Points behind the best constant rate in hindsight, guards on. "
            + "; ".join(parts) + ".")


def save_summary(rows, path):
    """The picture of RESULTS.md as a file."""
    from agentic_lib.lab.compare.views import as_used, complete

    draw_summary(complete(as_used(rows))[0]).savefig(path, dpi=110)


def draw_profiles(rows, methods, size=(8.0, 4.5)):
    """Share of runs that stay within a number of points of the best constant
    rate: higher is better, whatever the number."""
    figure, (axes,) = empty(size=size)
    points = np.linspace(-2, 40, 200)
    for method in methods:
        colour, dash = LOOKS.get(method, OTHER)
        shares = profile(pair(rows, method).regret(method), points)
        axes.plot(points, 100 * shares, color=colour, ls=dash, lw=2,
                  label=method)
    axes.set(xlabel="regret of at most so many points", ylim=(0, 101),
             ylabel="share of runs, %")
    axes.legend(fontsize=9)
    return figure


def draw_reliability(pairs, bins=5, size=(5.0, 4.5)):
    """How often a brain was right, by how sure it was.

    pairs  [(confidence from 0 to 1, its share of being best, from 0 to 1)]
    """
    figure, (axes,) = empty(size=size)
    sure, right = (np.array(x, float) for x in zip(*pairs))
    which = np.minimum((sure * bins).astype(int), bins - 1)
    axes.plot([0, 1], [0, 1], color="#999999", lw=0.8)
    for b in range(bins):
        inside = which == b
        if inside.any():
            axes.plot(sure[inside].mean(), right[inside].mean(), "o",
                      color="#0072B2")
            axes.annotate(f"{inside.sum()}", (sure[inside].mean(),
                                              right[inside].mean()),
                          xytext=(6, -10), textcoords="offset points")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="how sure it was",
             ylabel="how often it was best (ties shared)")
    return figure


# -- the same in words, for those who cannot see them -------------------------

def say_starts(rows, task, methods) -> str:
    """What `draw_starts` shows."""
    parts = []
    for method in methods:
        s = pair(rows, method, tasks=[task])
        level = s.columns[method]["test"][0].mean(1)
        parts.append(f"{method} from {level.min():.0f} to {level.max():.0f} "
                     f"%, highest from a start at "
                     f"{s.rates[0][level.argmax()]:g}")
    return (f"Final test accuracy on {task} against the learning rate at the "
            f"start, one curve a method: {'; '.join(parts)}.")


def say_regret(rows, few=3) -> str:
    """What `draw_regret` shows, for the best and the worst methods."""
    texts = []
    for place, good in (("good", True), ("poor", False)):
        found = {}
        for method in names(rows):
            s = pair(rows, method)
            found[method] = mean(s.regret(method)[s.is_good == good])
        order = [f"{m} {found[m]:.1f}" for m in sorted(found, key=found.get)]
        texts.append(f"at {place} starts it is lowest for "
                     f"{', '.join(order[:few])} and highest for "
                     f"{', '.join(order[-few:])}")
    return ("Mean regret of every method, with its interval of 95 %: "
            + "; ".join(texts) + ".")


def say_profiles(rows, methods, points=(2, 10)) -> str:
    """What `draw_profiles` shows, at two widths."""
    parts = []
    for method in methods:
        shares = profile(pair(rows, method).regret(method), points)
        parts.append(f"{method} " + " and ".join(
            f"{100 * share:.0f} %" for share in shares))
    return (f"Share of runs within {points[0]} and within {points[1]} points "
            f"of the best constant rate: {'; '.join(parts)}.")


def say_reliability(pairs) -> str:
    """What `draw_reliability` shows, in one number for each axis."""
    sure, right = (100 * np.mean(x) for x in zip(*pairs))
    return (f"How sure the brain was against how often it was right, ties "
            f"shared, at {len(pairs)} states: {sure:.0f} % sure on average, "
            f"right in {right:.0f} %. A dot on the diagonal is as right as it "
            "is sure; above it, it is too modest, below it, too bold.")


def save_all(rows, folder):
    """Every figure as a PNG file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = honest(rows)
    few = [m for m in LOOKS if m in names(rows)]
    figures = {"regret": draw_regret(rows), "profiles":
               draw_profiles(rows, few)}
    for task in dict.fromkeys(r.task for r in rows):
        figures[f"starts_{task}"] = draw_starts(rows, task, few)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
