"""What the prompt says about a run, as a row of numbers.

For everything in the lab that is not a language model: the policy that plays
labels to their end, and the logistic regression that the language model is
compared with. Works on N runs at once, with numpy.
"""

import numpy as np

NUMBERS = (
    "rate", "rate_change", "rate_change_before", "done", "left",
    "decisions_left", "every", "reduce", "increase",
    "train_acc", "train_acc_1", "train_acc_2",
    "val_acc", "val_acc_1", "val_acc_2", "gap",
    "train_loss", "train_loss_change", "train_loss_change_before",
    "val_loss", "val_loss_change", "val_loss_change_before",
    "train_rises", "val_rises", "below_best", "since_best",
    "above_lowest_loss", "since_lowest_loss", "diverged", "first", "second",
)
LOG_LOSS = (-12.0, 6.0)  # losses are compared as logarithms, within this


def log_loss(values):
    """Natural logarithm of losses, nan and infinity as the upper bound."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)
    return np.clip(np.nan_to_num(logs, nan=LOG_LOSS[1]), *LOG_LOSS)


def numbers(seen, horizon, every, factors):
    """(N, epochs, 5) metrics in batch.METRICS' order -> (N, len(NUMBERS)).

    horizon, every  epochs in all, and between two decisions; (N,) or one
    factors         (N, 2), for lowering and raising the rate
    """
    seen = np.asarray(seen, dtype=np.float64)
    now = seen.shape[1]
    points = [max(now - 1 - k * every, 0) for k in range(3)]
    points[1] = points[1] if now > every else points[0]
    points[2] = points[2] if now > 2 * every else points[1]
    train_acc, val_acc = seen[:, points, 0] / 100, seen[:, points, 1] / 100
    train_loss = log_loss(seen[:, points, 2])
    val_loss = log_loss(seen[:, points, 3])
    rate = np.log10(np.maximum(seen[:, points, 4], 1e-12))
    start = max(now - 1 - every, 0)
    # nan is a rise, as in the prompt: `not later <= earlier`
    rises = [(~(seen[:, start + 1:now, k] <= seen[:, start:now - 1, k]))
             .sum(1) / max(now - 1 - start, 1) for k in (2, 3)]
    best = seen[:, :, 1].argmax(1)
    losses = log_loss(seen[:, :, 3])
    lowest = losses.argmin(1)
    row = np.arange(len(seen))
    ones = np.ones(len(seen))
    left = horizon - now
    columns = (
        rate[:, 0], rate[:, 0] - rate[:, 1], rate[:, 1] - rate[:, 2],
        ones * now / horizon, np.log(left + 1) * ones,
        np.log(left / every + 1) * ones, np.log(every) * ones,
        np.log(factors[:, 0]), np.log(factors[:, 1]),
        *train_acc.T, *val_acc.T, train_acc[:, 0] - val_acc[:, 0],
        train_loss[:, 0], train_loss[:, 0] - train_loss[:, 1],
        train_loss[:, 1] - train_loss[:, 2],
        val_loss[:, 0], val_loss[:, 0] - val_loss[:, 1],
        val_loss[:, 1] - val_loss[:, 2],
        *rises, seen[row, best, 1] / 100 - val_acc[:, 0],
        np.log(now - best), val_loss[:, 0] - losses[row, lowest],
        np.log(now - lowest),
        (~np.isfinite(seen[:, -1, 2:4])).any(1).astype(float),
        ones * (now <= every), ones * (now <= 2 * every),
    )
    return np.stack(columns, 1)
