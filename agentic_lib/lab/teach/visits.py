"""Runs that the language model itself steers, to learn from where it leads.

Once a brain that was taught on other policies' runs decides for itself, it
meets states that those policies never led to. So it is let loose halfway
through the teaching, and what it should have done there is taught in the
second half (DAgger: Ross, Gordon and Bagnell, 2011). Knows nothing about how
it is taught.
"""

from pathlib import Path

import numpy as np

from agentic_lib.brain.prompt import Prompt
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.teach.branching import RUNS, play
from agentic_lib.lab.teach.labels import save_group
from agentic_lib.lab.teach.networks import draw_any
from agentic_lib.lab.teach.situations import draw_runs
from agentic_lib.lab.teach.texts import State


def scores(model, seen, factors, horizon, every):
    """What a LanguageModel says after `seen` (N, epochs, 5) metrics.

    Returns (N, 4) log-probabilities of NAMES.
    """
    told = np.zeros((len(seen), len(NAMES)))
    for pair in np.unique(factors, axis=0):  # each has its own prompt prefix
        rows = np.flatnonzero((factors == pair).all(1))
        states = [State(seen[i], horizon, every, tuple(pair)) for i in rows]
        prompts = [Prompt().messages(s.history(), s.actions(), every)
                   for s in states]
        told[rows] = [[answer[name] for name in NAMES]
                      for answer in model.score_many(prompts, NAMES)]
    return told


def visit(model, seed, situation=None):
    """A group of runs under the model, never stopped: a dictionary with
    `seen`, `factors`, `horizon`, `every`, as `branching.label_group` gives."""
    rng = np.random.default_rng(seed)
    situation = situation or draw_any(rng)
    batch, factors = draw_runs(situation, RUNS, rng)

    def decide(seen, factors, situation):
        told = scores(model, seen, factors, situation.horizon,
                      situation.every)
        return told[:, :3].argmax(1)

    seen, _ = play(batch, np.empty((RUNS, 0, 5)), factors, situation, decide)
    return {"seen": seen.astype(np.float32), "factors": factors,
            "horizon": situation.horizon, "every": situation.every,
            "warm": situation.warm, "network": situation.network}


def visits(model, count, seed, folder=None):
    """`count` groups; those already in `folder` are not made again."""
    groups = []
    for k in range(count):
        path = folder and Path(folder) / f"visit_{k:05d}.npz"
        if path and path.exists():
            groups.append(dict(np.load(path)))
            continue
        groups.append(visit(model, seed=10 ** 9 + seed * 10 ** 6 + k))
        if path:
            save_group(path, groups[-1])
    return groups
