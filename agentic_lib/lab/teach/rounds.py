"""Labels in rounds, each played under a better policy than the one before.

The first round is played under rules (or under what earlier labels teach),
every later one under a stand-in that was taught on the rounds before. Every
group of runs is one file, so that the work can be interrupted and resumed.
"""

import itertools
import math
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from agentic_lib.lab.features import without_accuracy
from agentic_lib.lab.teach.branching import POINTS, RUNS, label_group
from agentic_lib.lab.teach.labels import (
    knows,
    load_groups,
    recent,
    save_group,
    table,
)
from agentic_lib.lab.teach.policies import StandIn, rules


def make_labels(folder, seconds=math.inf, count=math.inf, groups_a_round=30,
                seed=0, jobs=1, before=(), say=print):
    """Adds groups to `folder` for `seconds`, or until there are `count`;
    resumes if it was interrupted. `jobs` processes work side by side.
    `before` are groups that were made earlier: the first round is played
    under what they teach. Returns how many groups there are.

    The groups depend on the seed alone, so that the same `count` groups come
    out whenever they are made.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    end = time.time() + seconds
    earlier = max((int(g["round"]) + 1 for g in before), default=0)
    with ProcessPoolExecutor(jobs, get_context("spawn"), one_thread) as pool:
        for number in itertools.count():
            first = number * groups_a_round
            last = min(first + groups_a_round, count)
            todo = [k for k in range(first, int(last))
                    if not group_path(folder, k).exists()]
            groups = load_groups(folder)
            if first >= count:
                return len(groups)
            if not todo:
                continue
            known = [*before, *groups[:first]]
            policy = stand_in(known) if known else rules
            say(f"round {number} of labels: {len(groups)} groups so far, "
                f"{len(groups) * RUNS * POINTS} labelled states, "
                f"{end - time.time():.0f} s left")
            waiting = [pool.submit(make_group, folder, k, seed, policy,
                                   number + earlier, end) for k in todo]
            if not all([job.result() for job in waiting]):
                return len(load_groups(folder))


def stand_in(groups, seed=0, **options):
    """The policy that the labels made so far teach, for runs with accuracies
    and without; it never stops."""
    rows, values, _, rounds = table(groups)
    if any(knows(g, "loss_") for g in groups):
        blind, by_loss, _, when = table(groups, "loss_")
        rows = np.concatenate([rows, without_accuracy(blind)])
        values = np.concatenate([values, by_loss])
        rounds = np.concatenate([rounds, when])
    return StandIn(**options).fit(rows, values, recent(rounds), seed=seed)


def one_thread():
    """For a process that works alongside others."""
    torch.set_num_threads(1)


def group_path(folder, k):
    return Path(folder) / f"group_{k:05d}.npz"


def make_group(folder, k, seed, policy, number, end):
    """Makes group `k` and its file; False if the time is up."""
    if time.time() > end:
        return False
    save_group(group_path(folder, k),
               label_group(seed * 10 ** 6 + k, policy, number))
    return True
