"""Row: what is kept from one run, made from its metrics and its scores.

A score is what a run is judged by: accuracy in percent, or, for a task that
has only a loss, 100 / perplexity. That is the probability in percent that the
right token got on (geometric) average. Knows nothing about methods.
"""

import math
from dataclasses import dataclass

import numpy as np

RISE = 1.01  # a training loss above this times the lowest so far has risen
NEAR = 1.0   # points: a score this close to guessing is guessing


@dataclass(frozen=True)
class Row:
    """One run: what the results file holds about it.

    rate        the starting rate; nan for a method that has none
    test        score on the test data with the last weights
    test_best   the same with the weights that were best on validation data
    val_best    the validation score of those: what one would have seen
    area        mean validation score over the budget's epochs
    epochs      epochs trained; fewer than the budget if it was stopped
    to_target   epochs to the task's target; nan if it was never reached
    diverged    1 if a loss is not finite at the end, or if the run ends at
                the level of guessing after its loss had risen
    last_rate   the rate of the last epoch
    actions     a letter for each decision: c, r, i, s; a capital if the
                rules decided in a brain's place
    """

    task: str
    method: str
    rate: float
    seed: int
    test: float
    test_best: float
    val_best: float
    area: float
    epochs: int
    to_target: float
    diverged: int
    last_rate: float
    actions: str = ""


def score_of(task, accuracy, loss) -> float:
    """The score of these results of a task. An accuracy of None is below
    1 %: the controller leaves it out, since it might be a fraction."""
    if not task.loss_only:
        return 0.0 if accuracy is None else accuracy
    return 100 * math.exp(-loss / task.units) if math.isfinite(loss) else 0.0


def val_score(task, metrics) -> float:
    return score_of(task, metrics.val_acc, metrics.val_loss)


def guessing(task, labels) -> float:
    """The score of guessing, knowing only how common each class is."""
    shares = labels.ravel().bincount().double() / labels.numel()
    if not task.loss_only:
        return 100 * shares.max().item()
    return 100 * math.exp(-entropy(shares))


def entropy(shares) -> float:
    shares = shares[shares > 0]
    return float(-(shares * shares.log()).sum())


def diverged(task, history, guess) -> bool:
    """True if a loss is not finite at the end; or if the run ends no better
    than guessing, and not because it is slow: its training loss has risen on
    the way."""
    losses = [m.train_loss for m in history]
    lowest = np.minimum.accumulate(losses)
    rose = any(not now <= RISE * low
               for low, now in zip(lowest, losses[1:]))
    return history[-1].diverged or (
        rose and val_score(task, history[-1]) <= guess + NEAR)


def make_row(task, method, pair, history, last, chosen, actions, guess,
             searched=()) -> Row:
    """The Row of a run from its history and its test scores.

    searched  the validation score that one had so far, epoch by epoch, while
              starting rates were being tried
    """
    seen = [*searched, *(val_score(task, m) for m in history)]
    trained = len(seen)
    seen += seen[-1:] * (task.epochs - len(seen))
    reached = [e for e, score in enumerate(seen, 1) if score >= task.target]
    rate, seed = pair
    return Row(
        task.name, method.name, float("nan") if method.rateless else rate,
        seed, round(last, 3), round(chosen, 3), round(max(seen), 3),
        round(float(np.mean(seen)), 3), trained,
        reached[0] if reached else float("nan"),
        int(diverged(task, history, guess)),
        float(f"{history[-1].learning_rate:.3g}"), actions)
