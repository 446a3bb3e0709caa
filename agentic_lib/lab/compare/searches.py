"""Searching instead of steering, at the same total of epochs.

Successive halving over eight starting rates, and the range test (Smith 2017,
"Cyclical learning rates for training neural networks") with the rule of
Lightning's `lr_find`. Neither is given a starting rate. Both train more than
one run: what is measured here is what they reach for the same number of
epochs, not what they ask of the user.
"""

from collections import deque
from dataclasses import replace

import numpy as np
import torch

from agentic_lib.lab.compare.rows import guessing, val_score
from agentic_lib.lab.compare.together import (
    Finish,
    make_batch,
    make_group,
    train_epoch,
    train_on,
)
from agentic_lib.lab.pilots import Constant

NAN = float("nan")
ROUNDS = ((8, 2), (4, 3), (2, 6))  # rates still in the race, epochs for each
STEPS = 100                        # of the range test, from LOW to HIGH
LOW, HIGH = 1e-8, 1.0
SMOOTH, WORSE = 0.98, 4.0          # of its losses; WORSE x the best ends it


# -- successive halving -------------------------------------------------------

def eight_rates(task) -> list[float]:
    """Eight rates over the range that all methods' starting rates span."""
    return np.geomspace(task.rates[0], task.rates[-1], ROUNDS[0][0]).tolist()


@torch.no_grad()
def halve(task, method, seeds) -> list:
    """Each seed's rates compete among themselves. After each round the worse
    half by validation is dropped; the best gets the rest of the budget."""
    pairs = [(rate, seed) for seed in seeds for rate in eight_rates(task)]
    batch = make_batch(task, pairs)
    histories = [[] for _ in pairs]
    guess = [guessing(task, batch.data.val_y[k]) for k in batch.sets]
    searched = {seed: [] for seed in seeds}
    best_yet = {seed: guess[k] for k, (_, seed) in enumerate(pairs)}
    done = spent = 0
    for count, epochs in ROUNDS:
        pilot = Constant(make_group(task, pairs, batch.data.x.shape[1]))
        for _ in train_on(batch, pilot, histories, done + 1, done + epochs):
            pass
        done, spent = done + epochs, spent + count * epochs
        scores = [val_score(task, h[-1]) for h in histories]
        keep = []
        for seed in seeds:
            searched[seed] += [best_yet[seed]] * (count * epochs)
            rows = [k for k, (_, s) in enumerate(pairs) if s == seed]
            rows.sort(key=lambda k: nan_last(scores[k]))
            best_yet[seed] = max(best_yet[seed], scores[rows[0]])
            keep += sorted(rows[:count // 2])
        batch = batch.take(torch.tensor(keep))
        pairs = [pairs[k] for k in keep]
        histories = [histories[k] for k in keep]
    pilot, finish = Constant(make_group(task, pairs, 1)), Finish(batch)
    finish.see(histories)
    for _ in train_on(batch, pilot, histories, done + 1,
                      done + task.epochs - spent):
        finish.see(histories)
    ends = [history[done:] for history in histories]
    return finish.rows(method, [(NAN, seed) for _, seed in pairs], ends,
                       pilot.actions, [searched[s] for _, s in pairs])


def nan_last(score):
    """For sorting: the best score first."""
    return -score if np.isfinite(score) else np.inf


# -- the range test -----------------------------------------------------------

def suggest(losses, skip_begin=10, skip_end=1) -> float | None:
    """The rate at which the smoothed losses of a range test fall fastest
    from one step to the next; None if too few of them are finite.

    Lightning's rule, as it was for years. Its version 2.6 divides by the
    distance between the rates instead, which is so small at the beginning
    that noise there decides.

    losses  of the steps, at the rates of `test_rates`
    """
    smoothed, average, best = [], 0.0, 0.0
    for k, loss in enumerate(losses, start=1):
        average = SMOOTH * average + (1 - SMOOTH) * loss
        now = average / (1 - SMOOTH ** (k + 1))
        smoothed.append(now)
        if k > 1 and now > WORSE * best:
            break
        if now < best or k == 1:
            best = now
    at = slice(skip_begin, len(smoothed) - skip_end)
    losses, rates = np.array(smoothed)[at], test_rates()[at]
    finite = np.isfinite(losses)
    if finite.sum() < 2:
        return None
    losses, rates = losses[finite], rates[finite]
    return float(rates[np.gradient(losses).argmin()])


def test_rates() -> np.ndarray:
    """(STEPS,) the rate of every step of the test."""
    share = np.arange(1, STEPS + 1) / STEPS
    share[0] = 0  # as Lightning has it
    return LOW * (HIGH / LOW) ** share


@torch.no_grad()
def range_test(task, seeds):
    """({seed: rate}, whole epochs that the test took). If the rule finds no
    rate, the middle one of the task's starting rates is taken."""
    pairs = [(LOW, seed) for seed in seeds]
    batch = make_batch(task, pairs)
    group = make_group(task, pairs, batch.data.x.shape[1])
    epochs = -(-STEPS // group.steps)
    momentum = np.full(len(seeds), task.momentum)
    rates = deque(test_rates())
    batch.losses = []
    for epoch in range(1, epochs + 1):
        batch.plan = [(np.full(len(seeds), rates.popleft() if rates else 0.0),
                       momentum) for _ in range(group.steps)]
        train_epoch(batch, seeds, epoch)
    losses = torch.stack(batch.losses[:STEPS]).double().numpy()
    return {seed: suggest(losses[:, k]) or task.rates[len(task.rates) // 2]
            for k, seed in enumerate(seeds)}, epochs


@torch.no_grad()
def range_then(task, method, seeds) -> list:
    """The range test; then, from fresh weights, `method.start` at the rate
    that the test suggests, with what is left of the budget."""
    found, spent = range_test(task, seeds)
    pairs = [(found[seed], seed) for seed in seeds]
    batch = make_batch(task, pairs)
    group = make_group(task, pairs, batch.data.x.shape[1])
    left = task.epochs - spent
    pilot = method.start(replace(group, epochs=left))
    histories, finish = [[] for _ in pairs], Finish(batch)
    for epoch in train_on(batch, pilot, histories, 1, left):
        finish.see(histories)
        if epoch < left:
            pilot.step(histories, batch)
    guess = [guessing(task, batch.data.val_y[k]) for k in batch.sets]
    return finish.rows(method, pairs, histories, pilot.actions,
                       [[g] * spent for g in guess])
