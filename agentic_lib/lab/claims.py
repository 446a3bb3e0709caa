"""The claims of the original text, held against what was recorded.

A verdict is computed from the rows, so that it cannot outlive the numbers
that it rests on: 'supported' or 'refuted' where an interval excludes zero,
'not shown' where it does not, 'not measured' where nobody looked.
"""

import numpy as np

from agentic_lib.lab.statistics import difference, interval
from agentic_lib.lab.tables import honest, names, pair, with_interval

PEERS = ("plateau", "plateau_tuned", "greedy", "greedy_tuned", "cosine",
         "one_cycle", "schedule_free", "prodigy")
PLACEBOS = ("random_actions", "shuffled_metrics")
NOT_MEASURED = "not measured"


def verdict(found) -> str:
    """From an interval of which above zero speaks for the claim."""
    _, low, high = found
    return ("supported" if low > 0 else "refuted" if high < 0
            else "not shown")


def gain(rows, other, ours="brain"):
    """Points of mean regret that `ours` is ahead of `other`."""
    s = pair(rows, ours, other)
    return interval(difference, s.regret(other), s.regret(ours))


def best_of(rows, methods):
    """The one of these methods with the lowest mean regret."""
    found = [m for m in methods if m in names(rows)]
    return min(found, key=lambda m: pair(rows, m).regret(m).mean(),
               default=None)


def claims(rows, ours="brain") -> list[tuple[str, str, str]]:
    """[(claim, verdict, what it rests on)]."""
    rows = honest(rows)
    return [line for part in (better, spots_patterns, faster, consistent,
                              effortless, unattended)
            for line in part(rows, ours)]


def better(rows, ours):
    peer = best_of(rows, PEERS)
    for other, who in ((peer, "the best peer"), ("rules", "the plain "
                       "alternative without a model"),
                       ("logistic", "a regression on the same labels")):
        if other in names(rows):
            found = gain(rows, other, ours)
            yield (f"better results than {other}, {who}", verdict(found),
                   f"ahead by {with_interval(found)} points of regret")


def spots_patterns(rows, ours):
    for placebo in PLACEBOS:
        if placebo in names(rows):
            found = gain(rows, placebo, ours)
            yield (f"it reads the metrics (against {placebo})",
                   verdict(found),
                   f"ahead by {with_interval(found)} points of regret")


def faster(rows, ours):
    s = pair(rows, ours)
    share = {m: np.isfinite(s.columns[m]["to_target"]).astype(float)
             for m in (ours, "constant")}
    found = interval(difference, 100 * share[ours], 100 * share["constant"])
    yield ("faster: reaches a target more often than a constant rate",
           verdict(found), f"{with_interval(found)} percentage points more "
           "of the runs")
    yield ("faster than a person who watches", NOT_MEASURED,
           "no person took part")


def consistent(rows, ours):
    s = pair(rows, ours)
    spread = {m: s.columns[m]["test"].std(2, keepdims=True)
              for m in (ours, "constant")}
    found = difference(spread["constant"], spread[ours])
    yield ("consistent: results depend less on the seed",
           "supported" if found > 0 else "refuted",
           f"spread over seeds {spread[ours].mean():.1f} points, constant "
           f"rate {spread['constant'].mean():.1f}")


def effortless(rows, ours):
    s = pair(rows, ours)
    near = 100 * (s.regret(ours) <= 2).mean()
    yield ("effortless: set and forget, from any starting rate",
           "supported" if near >= 95 else "refuted",
           f"{near:.0f} % of the runs end within 2 points of the best "
           f"constant rate; a constant rate: "
           f"{100 * (s.regret('constant') <= 2).mean():.0f} %")


def unattended(rows, ours):
    s = pair(rows, ours)
    lost = 100 * s.columns[ours]["diverged"].mean()
    yield ("zero human intervention", "supported" if lost == 0
           else "refuted", f"without guards {lost:.0f} % of the runs "
           "diverge and stay lost")
