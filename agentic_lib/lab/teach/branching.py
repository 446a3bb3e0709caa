"""What did each action lead to? A run is branched and played to the end.

A run is halted at a decision and copied, and each copy takes a different
action. Then all copies are trained to the end of the budget, under the
decisions that the controller would really make. What counts is the end, not
the next few epochs; and a continuation that is not followed in real use would
mislead.
"""

import numpy as np
import torch

from agentic_lib.lab.batch import METRICS
from agentic_lib.lab.features import numbers
from agentic_lib.lab.teach.networks import draw_any
from agentic_lib.lab.teach.situations import decision_epochs, draw_runs

COOL = 3      # cool_down, beside continue, reduce and increase
RUNS = 24     # base runs in a group
POINTS = 4    # decisions of each run that are branched
SEEDS = 1     # orders of the data that every branch is played with: one more
              # state tells more than one more try at the same state


def on_numbers(policy):
    """Turns a policy on rows of numbers into the `decide` of `play`."""
    def decide(seen, factors, situation):
        return policy(numbers(seen, situation.horizon, situation.every,
                              factors)).argmax(1)

    return decide


def play(batch, past, factors, situation, decide, first=None, rng=None,
         wild=None, keep=()):
    """Trains `batch` from the end of `past` to the end of the budget.

    past     (N, epochs so far, 5) metrics
    decide   (seen, factors, situation) -> (N,) indices of continue, reduce,
             increase, or COOL: from then on a run's rate falls to zero in a
             straight line, whatever else is decided
    first    (N,) the first action, as an index; that of `decide` if None
    wild     (N,) share of decisions taken at random
    keep     epochs after which a copy of the batch is kept
    Returns ((N, horizon, 5) metrics, {epoch: Batch}).
    """
    horizon, every, warm = situation.horizon, situation.every, situation.warm
    seen = np.full((len(batch), horizon, len(METRICS)), np.nan)
    begin = past.shape[1]
    seen[:, :begin] = past
    copies, rate = {}, batch.rate
    cooling = np.zeros(len(batch), bool)
    for epoch in range(begin, horizon):
        if cooling.any():
            left = horizon - epoch
            scale_rate(batch, np.where(cooling, left / (left + 1), 1.0))
        if epoch <= warm:
            batch.rate = rate * min((epoch + 1) / (warm + 1), 1)
        elif epoch % every == 0 and not cooling.all():
            if epoch in keep:
                copies[epoch] = batch.take(torch.arange(len(batch)))
            if epoch == begin and first is not None:
                act = first
            else:
                act = decide(seen[:, :epoch], factors, situation)
                if wild is not None:
                    act = np.where(rng.random(len(act)) < wild,
                                   rng.integers(0, 3, len(act)), act)
            scale = np.choose(act, [np.ones(len(act)), *factors.T, 1.0])
            scale_rate(batch, np.where(cooling, 1.0, scale))
            cooling |= act == COOL
        metrics = batch.epoch()
        seen[:, epoch] = np.stack([metrics[m].numpy() for m in METRICS], 1)
    return seen, copies


def scale_rate(batch, scale):
    """Multiplies the rate of each run by its own factor, (N,)."""
    batch.rate *= torch.tensor(scale).to(batch.rate)


def cool_down(batch, begin, horizon):
    """Trains `batch` from epoch `begin` to the end, at a rate that falls to
    zero in a straight line, as under the controller."""
    start = batch.rate
    for epoch in range(begin, horizon):
        batch.rate = start * ((horizon - epoch) / (horizon - begin))
        batch.epoch()


def branches(batch, actions, seed):
    """(rows of `batch`, a batch of copies of them): SEEDS copies of each run
    for each action. `actions` is how many there are; all of them get the same
    orders of the data."""
    rows = torch.arange(len(batch)).repeat_interleave(actions * SEEDS)
    copies = batch.take(rows, seed=seed)
    copies.stream = rows * SEEDS + torch.arange(SEEDS).repeat(
        len(batch) * actions)
    return rows, copies


def label_group(seed, policy, number=0, kinds=None, situation=None):
    """One group of runs with what each action was worth.

    Returns a dictionary of arrays: `seen` (N, horizon, 5); `epochs` (P,)
    at which runs were branched; `worth` (N, P, 3, SEEDS) for continue, reduce,
    increase; `cool` (N, P, SEEDS) for cool_down; `now` (N, P) without any more
    training; the same by the loss alone as `loss_worth`, `loss_cool`,
    `loss_now`; `factors` (N, 2); ...
    """
    rng = np.random.default_rng(seed)
    situation = situation or draw_any(rng)
    batch, factors = draw_runs(situation, RUNS, rng, kinds)
    n, every, horizon = len(batch), situation.every, situation.horizon
    decide = on_numbers(policy)
    decisions = decision_epochs(every, horizon, situation.warm)
    epochs = np.sort(rng.permutation(decisions)[:POINTS])
    wild = rng.choice([0.05, 0.25, 0.6, 1.0], n)
    seen, copies = play(batch, np.empty((n, 0, 5)), factors, situation,
                        decide, rng=rng, wild=wild, keep=set(epochs))
    gains, now, cool = [], [], []
    for epoch in epochs:
        now.append(copies[epoch].worths())
        rows, branch = branches(copies[epoch], 3, seed + int(epoch))
        first = np.tile(np.repeat(np.arange(3), SEEDS), n)
        play(branch, seen[rows, :epoch], factors[rows], situation, decide,
             first=first)
        gains.append(branch.worths().reshape(2, n, 3, SEEDS))
        _, branch = branches(copies[epoch], 1, seed + int(epoch))
        cool_down(branch, int(epoch), horizon)
        cool.append(branch.worths().reshape(2, n, SEEDS))
    gains = np.stack(gains, 2).astype(np.float32)
    now = np.stack(now, 2).astype(np.float32)
    cool = np.stack(cool, 2).astype(np.float32)
    return {
        "seen": seen.astype(np.float32), "epochs": epochs,
        "worth": gains[0], "now": now[0],
        "loss_worth": gains[1], "loss_now": now[1],
        "cool": cool[0], "loss_cool": cool[1], "warm": situation.warm,
        "factors": factors, "horizon": horizon, "every": every,
        "adam": situation.shape.adam, "seed": seed, "round": number,
        "network": situation.network,
    }
