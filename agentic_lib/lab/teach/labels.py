"""Labels by branching: what did each action lead to in the end?

A run is stopped at a decision, copied, and every copy takes another action;
then all are trained to the end of the budget under the decisions that the
controller would really take. The end counts, not the next few epochs, and a
continuation that is not followed afterwards would mislead. Every group of
runs is one file, so that the work can be interrupted and taken up again.
"""

import io
import itertools
import lzma
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor

from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.teach.features import numbers
from agentic_lib.lab.teach.policies import StandIn, rules
from agentic_lib.lab.teach.situations import draw_runs, draw_situation

RUNS = 24     # base runs in a group
POINTS = 4    # decisions of each run that are branched
SEEDS = 2     # orders of the data that every branch is played with
HALVING = 2   # rounds after which a label counts half
REST = ("horizon", "every", "adam", "seed", "round")
MARGIN = 0.1  # points that going on must promise, else stopping is right
CAP = 5.0     # points beyond which a gain hardly counts for more


def on_numbers(policy):
    """A policy on rows of numbers, as what `play` asks."""
    def decide(seen, factors, situation):
        return policy(numbers(seen, situation.horizon, situation.every,
                              factors)).argmax(1)

    return decide


def play(batch, past, factors, situation, decide, first=None, rng=None,
         wild=None, keep=()):
    """Trains `batch` from the end of `past` to the end of the budget.

    past     (N, epochs so far, 5) metrics
    decide   (seen, factors, situation) -> (N,) indices of continue, reduce,
             increase
    first    (N,) the first action, as an index; that of `decide` where None
    wild     (N,) share of decisions taken at random
    keep     epochs after which a copy of the batch is kept
    Returns ((N, horizon, 5) metrics, {epoch: Batch}).
    """
    horizon, every = situation.horizon, situation.every
    seen = np.full((len(batch), horizon, len(METRICS)), np.nan)
    begin = past.shape[1]
    seen[:, :begin] = past
    copies = {}
    for epoch in range(begin, horizon):
        if epoch and epoch % every == 0:
            if epoch in keep:
                copies[epoch] = batch.take(torch.arange(len(batch)))
            if epoch == begin and first is not None:
                act = first
            else:
                act = decide(seen[:, :epoch], factors, situation)
                if wild is not None:
                    act = np.where(rng.random(len(act)) < wild,
                                   rng.integers(0, 3, len(act)), act)
            scale = np.choose(act, [np.ones(len(act)), *factors.T])
            batch.rate *= torch.tensor(scale).to(batch.rate)
        metrics = batch.epoch()
        seen[:, epoch] = np.stack([metrics[m].numpy() for m in METRICS], 1)
    return seen, copies


def worth(batch, part="test"):
    """What a batch is worth now, (N,), in points of accuracy.

    Accuracy on data kept for this, in percent, less the loss on it (at most
    that of pure guessing), which decides where accuracies tie.
    """
    acc, loss = batch.measure(part)
    guess = batch.data.classes[batch.sets].log()
    loss = torch.where(loss.isfinite(), loss, guess).minimum(guess)
    return (acc - loss).numpy()


def label_group(seed, policy, number=0, kinds=None, situation=None):
    """One group of runs with what each action was worth.

    Returns a dictionary of arrays: `seen` (N, horizon, 5); `epochs` (P,)
    where runs were branched; `worth` (N, P, 3, SEEDS) for continue, reduce,
    increase; `now` (N, P) without training on; `factors` (N, 2); ...
    """
    rng = np.random.default_rng(seed)
    situation = situation or draw_situation(rng)
    batch, factors = draw_runs(situation, RUNS, rng, kinds)
    n, every, horizon = len(batch), situation.every, situation.horizon
    decide = on_numbers(policy)
    decisions = np.arange(every, horizon, every)
    epochs = np.sort(rng.permutation(decisions)[:POINTS])
    wild = rng.choice([0.05, 0.25, 0.6, 1.0], n)
    seen, copies = play(batch, np.empty((n, 0, 5)), factors, situation,
                        decide, rng=rng, wild=wild, keep=set(epochs))
    gains, now = [], []
    for epoch in epochs:
        now.append(worth(copies[epoch]))
        rows = torch.arange(n).repeat_interleave(3 * SEEDS)
        branch = copies[epoch].take(rows, seed=seed + int(epoch))
        # the same order of the data for the three actions
        branch.stream = rows * SEEDS + torch.arange(SEEDS).repeat(n * 3)
        first = np.tile(np.repeat(np.arange(3), SEEDS), n)
        play(branch, seen[rows, :epoch], factors[rows], situation, decide,
             first=first)
        gains.append(worth(branch).reshape(n, 3, SEEDS))
    return {
        "seen": seen.astype(np.float32), "epochs": epochs,
        "worth": np.stack(gains, 1).astype(np.float32),
        "now": np.stack(now, 1).astype(np.float32),
        "factors": factors, "horizon": horizon, "every": every,
        "adam": situation.shape.adam, "seed": seed, "round": number,
    }


def load_groups(folder):
    """The groups in a folder, in the order in which they were made."""
    return [dict(np.load(path)) for path in
            sorted(Path(folder).glob("group_*.npz"))]


def table(groups):
    """All labelled states: (rows of numbers, worth (N, 3), now, round)."""
    rows, values, now, rounds = [], [], [], []
    for g in groups:
        for i, epoch in enumerate(g["epochs"]):
            rows.append(numbers(g["seen"][:, :epoch], int(g["horizon"]),
                                int(g["every"]), g["factors"]))
            values.append(g["worth"][:, i].mean(-1))
            now.append(g["now"][:, i])
            rounds.append(np.full(len(rows[-1]), int(g["round"])))
    return [np.concatenate(x) for x in (rows, values, now, rounds)]


def stand_in(groups, seed=0, **options):
    """The policy that the labels made so far teach; it never stops."""
    rows, values, _, rounds = table(groups)
    return StandIn(**options).fit(rows, values, recent(rounds), seed=seed)


def teacher(groups, seed=0):
    """What the labels teach in the end: numbers (N, F) -> (N, 4) points that
    continue, reduce, increase and stop are worth, beside the first three's
    mean.

    Single labels are noisy, so a forest averages over many alike (extremely
    randomised trees: Geurts, Ernst and Wehenkel, 2006). It reads better than
    the stand-in, and is too slow to play labels with.
    """
    rows, values, now, rounds = table(groups)
    gains = with_stop(values, now) - values.mean(1, keepdims=True)
    forest = ExtraTreesRegressor(200, min_samples_leaf=20, max_features=0.5,
                                 random_state=seed)
    forest.fit(rows, CAP * np.tanh(gains / CAP), recent(rounds))
    return forest.predict


def recent(rounds):
    """Weights of labels: those of early rounds count less."""
    return 0.5 ** ((rounds.max() - rounds) / HALVING)


def with_stop(values, now):
    """(N, 3) worths and (N,) worth now -> (N, 4): stopping is worth what
    there is now and the margin."""
    return np.concatenate([values, now[:, None] + MARGIN], 1)


def make_labels(folder, seconds, groups_a_round=30, seed=0, jobs=1,
                say=print):
    """Adds groups to `folder` for that long; takes up where it was left.

    The first round is played under rules, every later one under a stand-in
    taught on the rounds before. `jobs` processes work side by side.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    end = time.time() + seconds
    with ProcessPoolExecutor(jobs, get_context("spawn"), one_thread) as pool:
        for number in itertools.count():
            first = number * groups_a_round
            todo = [k for k in range(first, first + groups_a_round)
                    if not group_path(folder, k).exists()]
            if not todo:
                continue
            groups = load_groups(folder)
            policy = stand_in(groups[:first]) if number else rules
            say(f"round {number} of labels: {len(groups)} groups so far, "
                f"{len(groups) * RUNS * POINTS} labelled states, "
                f"{end - time.time():.0f} s left")
            waiting = [pool.submit(make_group, folder, k, seed, policy,
                                   number, end) for k in todo]
            if not all(job.result() for job in waiting):
                return len(load_groups(folder))


def one_thread():
    """For a process that works beside others."""
    torch.set_num_threads(1)


def group_path(folder, k):
    return Path(folder) / f"group_{k:05d}.npz"


def make_group(folder, k, seed, policy, number, end):
    """Makes group `k` and its file; False where the time is over."""
    if time.time() > end:
        return False
    save_group(group_path(folder, k),
               label_group(seed * 10 ** 6 + k, policy, number))
    return True


def save_group(path, group):
    """Writes a group's file, whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with open(part, "wb") as file:
        np.savez_compressed(file, **group)
    part.rename(path)


def half(values):
    """In half precision; what is too large becomes infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float16)


def pack(groups, path):
    """All groups in one file, as exact as the prompt shows them."""
    arrays = {}
    for k, g in enumerate(groups):
        seen = g["seen"]
        arrays |= {
            f"{k}_acc": np.round(10 * seen[..., :2]).astype(np.int16),
            f"{k}_loss": half(seen[..., 2:4]),
            f"{k}_rate": seen[..., 4].T.copy(),
            f"{k}_worth": g["worth"].astype(np.float16),
            f"{k}_now": g["now"].astype(np.float16),
            f"{k}_factors": g["factors"].astype(np.float32),
            f"{k}_epochs": g["epochs"].astype(np.int16),
            f"{k}_rest": np.array([int(g[name]) for name in REST]),
        }
    with lzma.open(path, "wb") as file:
        np.savez(file, **arrays)


def unpack(path):
    """The groups of a packed file."""
    with lzma.open(path) as file:
        arrays = dict(np.load(io.BytesIO(file.read())))
    groups = []
    for k in range(len(arrays) // 8):
        acc, loss, rate = (arrays[f"{k}_{n}"].astype(np.float32)
                           for n in ("acc", "loss", "rate"))
        groups.append({
            "seen": np.concatenate(
                [acc / 10, loss, rate.T[..., None]], -1),
            **{n: arrays[f"{k}_{n}"].astype(np.float32)
               for n in ("worth", "now", "factors")},
            "epochs": arrays[f"{k}_epochs"].astype(int),
            **dict(zip(REST, arrays[f"{k}_rest"])),
        })
    return groups
