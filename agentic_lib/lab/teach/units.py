"""Does a brain read the run, or the units of its numbers?

    python -m agentic_lib.lab.teach.units [brain] [number of states]

With SGD and no weight decay, the loss times c at rates divided by c gives the
same run, number for number; only the printed losses and rates differ. A brain
that reads the run makes the same decisions. It is asked about states of such
runs that the bundled brain was not taught on, for c from a thousandth to a
thousand. Knows nothing about how a brain was made.
"""

import sys
from dataclasses import replace
from statistics import fmean

import torch

from agentic_lib.lab import check
from agentic_lib.lab.teach.labels import (
    LABELS,
    held_back,
    unpack,
    unseen_states,
)

UNITS = (1e-3, 1e-2, 1e-1, 1e1, 1e2, 1e3)
STATES = 300


def in_units(history, c):
    """The same run with its loss times c."""
    def times(value, factor):
        return None if value is None else value * factor

    return [replace(m, train_loss=times(m.train_loss, c),
                    val_loss=times(m.val_loss, c),
                    learning_rate=times(m.learning_rate, 1 / c))
            for m in history]


def measure(brain, states, units=UNITS) -> dict:
    """{c: shares of the states} for a SimpleAIBrain.

    states    dictionaries with `history`, `every`, `factors`, of SGD runs
    differ    the action is not the one at c = 1, whoever decided
    by model  decided by the model, here and at c = 1 (the rest lies outside
              what it was taught, and is left to the rules)
    model differs  of those, the action is not the one at c = 1
    """
    usual = check.ask(brain, states, quiet=True)
    found = {}
    for c in units:
        decisions = check.ask(brain, [
            {**s, "history": in_units(s["history"], c)} for s in states],
            quiet=True)
        pairs = list(zip(decisions, usual))
        asked = [(a, b) for a, b in pairs
                 if {a.source, b.source} == {"model"}]
        found[c] = {
            "differ": fmean(a.action != b.action for a, b in pairs),
            "by model": len(asked) / len(pairs),
            "model differs": fmean(a.action != b.action for a, b in asked)
            if asked else 0.0}
    return found


def sgd_states(count=STATES) -> list[dict]:
    """Labelled states of SGD runs that the bundled brain was not taught on."""
    _, kept = held_back(unpack(LABELS))
    states = unseen_states([g for g in kept if not g["adam"]], count)
    return [{"history": s.history(), "every": s.every,
             "factors": list(s.factors)} for s in states]


def main(model="bundled", count=STATES):
    """Prints a table, and the share over all units."""
    from agentic_lib.brain.brain import SimpleAIBrain

    torch.set_num_threads(1)
    states = sgd_states(int(count))
    found = measure(SimpleAIBrain(model, explain=False, quiet=True), states)
    print(f"{model}, {len(states)} states\n\n"
          "| loss times | decisions that differ | decided by the model | of "
          "those differ |\n|---|---|---|---|")
    for c, row in found.items():
        print(f"| {c:g} | " + " | ".join(f"{x:.1%}" for x in row.values())
              + " |")
    print("\nover all units: " + ", ".join(
        f"{fmean(row[name] for row in found.values()):.1%} {name}"
        for name in ("differ", "by model", "model differs")))


if __name__ == "__main__":
    main(*sys.argv[1:])
