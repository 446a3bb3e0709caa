"""Labels: what each action was worth, as data.

`branching.py` makes them, a group of runs at a time; here they are kept in
files, read as a table, and turned into probabilities.
"""

import io
import lzma
import os
from pathlib import Path

import numpy as np

from agentic_lib.lab.features import NUMBERS, numbers
from agentic_lib.lab.teach.texts import State

LABELS = Path(__file__).parents[1] / "data" / "labels.npz.xz"
WORTHS = ("worth", "now", "cool", "loss_worth", "loss_now", "loss_cool")
REST = ("horizon", "every", "adam", "seed", "round", "warm")
HALVING = 4     # rounds after which a label counts half
MARGIN = 0.1    # points that going on must promise, else stopping is right
TIE = 0.25      # points: actions this close are nearly equally right
HELD_BACK = 12  # every twelfth group is not taught but kept for calibration


# -- what they mean ----------------------------------------------------------

def table(groups, by=""):
    """All labelled states: (rows of numbers, worth (N, 3), now, round).

    by  "" counts by accuracy, "loss_" by the loss alone; groups without such
        labels are left out
    """
    return columns([
        (rows, g[by + "worth"][:, i].mean(-1), g[by + "now"][:, i], rounds)
        for g, i, rows, rounds in branched(groups, by)])


def cooled(groups, by=""):
    """(rows of numbers, worth of cool_down minus the mean of the other three,
    round) of the groups that were branched for it."""
    groups = [g for g in groups if by + "cool" in g]
    nothing = np.empty((0, len(NUMBERS))), np.empty(0), np.empty(0)
    return columns([
        (rows, g[by + "cool"][:, i].mean(-1)
         - g[by + "worth"][:, i].mean((1, 2)), rounds)
        for g, i, rows, rounds in branched(groups, by)] or [nothing])


def branched(groups, by):
    """Yields (group, index of the epoch, rows of numbers, rounds) for each
    epoch at which runs were branched; `by` as in `table`."""
    for g in groups:
        if knows(g, by):
            for i, epoch in enumerate(g["epochs"]):
                rows = numbers(g["seen"][:, :epoch], int(g["horizon"]),
                               int(g["every"]), g["factors"])
                yield g, i, rows, np.full(len(rows), int(g["round"]))


def columns(parts):
    """[(a, b, ...)] of arrays -> [all a, all b, ...]."""
    return [np.concatenate(column) for column in zip(*parts)]


def knows(group, by="") -> bool:
    """Does a group say what actions were worth, counted as `by` says?"""
    return by + "worth" in group and (
        by == "loss_" or not predicts_number(group))


def predicts_number(group) -> bool:
    """Do these runs predict a number, so that only the loss is known?"""
    return group.get("network") == "regression"


def recent(rounds):
    """Weights of labels: those of early rounds count less."""
    return 0.5 ** ((rounds.max() - rounds) / HALVING)


def with_stop(values, now):
    """(N, 3) worths and (N,) worth now -> (N, 4): stopping is worth what
    the run is worth now, plus the margin."""
    return np.concatenate([values, now[:, None] + MARGIN], 1)


def probabilities(values):
    """(N, 4) worth of continue, reduce, increase, stop -> probabilities;
    (N, 5) with cool_down, if that was offered too."""
    scores = values / TIE
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def held_back(groups):
    """(groups to teach with, groups kept for calibration)."""
    kept = [k % HELD_BACK == HELD_BACK - 1 for k in range(len(groups))]
    return ([g for g, k in zip(groups, kept) if not k],
            [g for g, k in zip(groups, kept) if k])


def unseen_states(groups, count, seed=1):
    """`count` labelled states of these groups, drawn at random."""
    states = [State(g["seen"][i, :epoch], int(g["horizon"]), int(g["every"]),
                    tuple(g["factors"][i]))
              for g in groups for epoch in g["epochs"]
              for i in range(len(g["seen"]))]
    rows = np.random.default_rng(seed).permutation(len(states))[:count]
    return [states[i] for i in rows]


# -- files -------------------------------------------------------------------

def save_group(path, group):
    """Writes a group's file, whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with open(part, "wb") as file:
        np.savez_compressed(file, **group)
    part.rename(path)


def load_groups(folder):
    """The groups in a folder, in the order in which they were made."""
    return [dict(np.load(path)) for path in
            sorted(Path(folder).glob("group_*.npz"))]


def pack(groups, path):
    """Writes all groups to one file, as exactly as the prompt shows them."""
    arrays = {}
    for k, g in enumerate(groups):
        seen = g["seen"]
        arrays |= {
            f"{k}_acc": np.round(
                10 * np.nan_to_num(seen[..., :2])).astype(np.int16),
            f"{k}_loss": half(seen[..., 2:4]),
            f"{k}_rate": seen[..., 4].T.copy(),
            **{f"{k}_{name}": g[name].astype(np.float16)
               for name in WORTHS if name in g},
            f"{k}_network": np.array(str(g.get("network", ""))),
            f"{k}_factors": g["factors"].astype(np.float32),
            f"{k}_epochs": g["epochs"].astype(np.int16),
            f"{k}_rest": np.array([int(g.get(name, 0)) for name in REST]),
        }
    with lzma.open(path, "wb") as file:
        np.savez(file, **arrays)


def half(values):
    """In half precision; what is too large becomes infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float16)


def unpack(path):
    """The groups of a packed file."""
    with lzma.open(path) as file:
        arrays = dict(np.load(io.BytesIO(file.read())))
    groups = []
    for k in range(sum(name.endswith("_acc") for name in arrays)):
        acc, loss, rate = (arrays[f"{k}_{n}"].astype(np.float32)
                           for n in ("acc", "loss", "rate"))
        name = str(arrays.get(f"{k}_network", ""))
        if predicts_number({"network": name}):
            acc[:] = np.nan
        groups.append({
            "seen": np.concatenate(
                [acc / 10, loss, rate.T[..., None]], -1),
            **{n: arrays[f"{k}_{n}"].astype(np.float32)
               for n in (*WORTHS, "factors") if f"{k}_{n}" in arrays},
            "network": name,
            "epochs": arrays[f"{k}_epochs"].astype(int),
            **dict(zip(REST, arrays[f"{k}_rest"])),
        })
    return groups
