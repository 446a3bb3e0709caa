"""Figures from the rows of a results file, and from nothing else.

Each returns matplotlib's Figure, not registered with pyplot.
"""

import numpy as np
from matplotlib import pyplot as plt

from agentic_lib.lab.statistics import interval, key, masked, mean, profile
from agentic_lib.lab.tables import honest, names, pair

# Okabe and Ito's colours, with dashes that tell curves apart without any.
LOOKS = {
    "constant": ("#999999", "-"), "plateau": ("#56B4E9", "--"),
    "plateau_tuned": ("#56B4E9", "--"), "greedy": ("#E69F00", "-."),
    "greedy_tuned": ("#E69F00", "-."), "cosine": ("#CC79A7", ":"),
    "rules": ("#009E73", "--"), "plain_rules": ("#F0E442", ":"),
    "brain": ("#0072B2", "-"), "prodigy": ("#D55E00", ":"),
}
OTHER = ("#D55E00", "--")


def empty(columns=1, size=(8.0, 4.5)):
    """A figure with so many axes side by side."""
    figure = plt.figure(figsize=size, layout="constrained")
    plt.close(figure)
    return figure, np.atleast_1d(figure.subplots(1, columns, squeeze=True))


def draw_starts(rows, task, methods, size=(8.0, 4.5)):
    """Final test accuracy against the starting rate: is a method still good
    where the start is poor? Bands hold all seeds."""
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


def draw_profiles(rows, methods, size=(8.0, 4.5)):
    """Share of runs that stay within so many points of the best constant
    rate: higher is better, at every width."""
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
    """How often a brain that was so sure was right.

    pairs  [(confidence from 0 to 1, was it among the best?)]
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
             ylabel="share among the best actions")
    return figure


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
