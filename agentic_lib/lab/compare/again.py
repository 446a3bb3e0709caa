"""Recorded runs, made again: does another machine find the same?

    python -m agentic_lib compare --again --methods brain_quick+guards constant

A processor of another kind rounds differently, and at a high rate a rounding
error grows to several points within a few epochs. So not every single run can
be made again, but means over many runs can. Knows nothing about how a run is
made.
"""

from pathlib import Path

import numpy as np

from agentic_lib.lab.compare.intervals import interval, mean
from agentic_lib.lab.compare.methods import find_method
from agentic_lib.lab.compare.recorded import jobs, where
from agentic_lib.lab.compare.tables import markdown, with_interval
from agentic_lib.lab.compare.tasks import find_task
from agentic_lib.lab.compare.views import (
    REFERENCE,
    names,
    pair,
    without_copies,
)

# What was made again on another machine than the record; ships.
FILE = Path(__file__).parents[1] / "data" / "again.csv.gz"
SAME = 0.05  # points


def work(methods, tasks, rows, done) -> list[tuple]:
    """The jobs that make the recorded runs of these methods again.

    tasks  names, or None for all that were recorded
    rows   the record; done: what was made again already
    Raises ValueError for a method of which nothing is recorded.
    """
    unknown = set(methods) - set(names(rows))
    if unknown:
        raise ValueError(f"methods={sorted(unknown)}: nothing is recorded of "
                         f"them; take some of {', '.join(names(rows))}.")
    found = []
    for name in methods:
        seeds = {}
        for r in rows:
            if r.method == name and (tasks is None or r.task in tasks):
                seeds.setdefault(r.task, set()).add(r.seed)
        for task, which in seeds.items():
            found += jobs([find_method(name, rows)], [find_task(task)], None,
                          sorted(which), done)
    return found


def table(rows, again) -> str:
    """One line a method: how many runs came out the same, and the mean regret
    as recorded and as found again, over the same runs."""
    old = {where(row): row for row in rows}
    again = [row for row in again if where(row) in old]
    before = [old[where(row)] for row in again]
    lines = []
    for name in names(again):
        apart = np.array([abs(now.test - then.test) for then, now
                          in zip(before, again) if now.method == name])
        lines.append([
            name, str(len(apart)), f"{(apart < SAME).mean():.0%}",
            f"{np.percentile(apart, 90):.1f}",
            regret(before, name), regret(again, name)])
    return markdown(["method", "runs", "the same", "nine in ten differ by "
                     "less than", "mean regret, recorded", "made again"],
                    lines)


def regret(rows, method) -> str:
    """Its mean regret with the interval, as in the first table; empty for the
    reference itself, and as long as the two have no runs in common."""
    if method == REFERENCE:
        return ""
    try:
        behind = pair(without_copies(rows), method).regret(method)
    except ValueError:
        return ""
    return with_interval(interval(mean, behind))
