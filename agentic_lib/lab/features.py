"""What the prompt says about a run, as a row of numbers.

For everything in the lab that is not a language model: the policy that decides
while labels are made, and the logistic regression that the language model is
compared with. Works on N runs at once, with numpy.
"""

import numpy as np

NUMBERS = (
    "rate_of_first", "rate_change", "rate_change_before", "done",
    "decisions_left", "reduce", "increase",
    "train_acc", "train_acc_1", "train_acc_2",
    "val_acc", "val_acc_1", "val_acc_2", "gap",
    "train_loss_of_first", "train_loss_change", "train_loss_change_before",
    "val_loss_of_first", "val_loss_change", "val_loss_change_before",
    "train_rises", "val_rises", "below_best", "since_best",
    "above_lowest_loss", "since_lowest_loss", "diverged", "first", "second",
)
LOG_LOSS = (-12.0, 6.0)  # losses are compared as logarithms, clipped to this


def log_loss(values):
    """Natural logarithm of losses; nan and infinity become the upper bound."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)
    return np.clip(np.nan_to_num(logs, nan=LOG_LOSS[1]), *LOG_LOSS)


def of_first(values):
    """(N, epochs) -> the same values, each row divided by its first one that
    is a positive number; by 1 if none is."""
    fits = np.isfinite(values) & (values > 0)
    row = np.arange(len(values))
    start = np.where(fits.any(1), values[row, fits.argmax(1)], 1.0)
    return values / start[:, None]


def numbers(seen, horizon, every, factors):
    """(N, epochs, 5) metrics in batch.METRICS' order -> (N, len(NUMBERS)).

    As in the prompt, no number has a unit: rates and losses are multiples of
    the first ones, time is in shares of the budget and in decisions. If
    accuracies are not known (nan), the numbers that rest on them are 0.

    horizon, every  epochs in all, and between two decisions; (N,) or one
    factors         (N, 2), for lowering and raising the rate
    """
    seen = np.asarray(seen, dtype=np.float64)
    now = seen.shape[1]
    points = [max(now - 1 - k * every, 0) for k in range(3)]
    points[1] = points[1] if now > every else points[0]
    points[2] = points[2] if now > 2 * every else points[1]
    train_acc, val_acc = seen[:, points, 0] / 100, seen[:, points, 1] / 100
    losses = [log_loss(of_first(seen[:, :, k])) for k in (2, 3)]
    train_loss, val_loss = (each[:, points] for each in losses)
    rates = of_first(seen[:, :, 4])
    rate = np.log10(np.maximum(rates[:, points], 1e-9))
    start = max(now - 1 - every, 0)
    # nan counts as a rise, as in the prompt: `not later <= earlier`
    rises = [(~(seen[:, start + 1:now, k] <= seen[:, start:now - 1, k]))
             .sum(1) / max(now - 1 - start, 1) for k in (2, 3)]
    best, lowest = seen[:, :, 1].argmax(1), losses[1].argmin(1)
    row, ones = np.arange(len(seen)), np.ones(len(seen))
    columns = (
        rate[:, 0], rate[:, 0] - rate[:, 1], rate[:, 1] - rate[:, 2],
        ones * now / horizon,
        np.log((horizon - 1) // every - now // every + 1) * ones,
        np.log(factors[:, 0]), np.log(factors[:, 1]),
        *train_acc.T, *val_acc.T, train_acc[:, 0] - val_acc[:, 0],
        train_loss[:, 0], train_loss[:, 0] - train_loss[:, 1],
        train_loss[:, 1] - train_loss[:, 2],
        val_loss[:, 0], val_loss[:, 0] - val_loss[:, 1],
        val_loss[:, 1] - val_loss[:, 2],
        *rises, seen[row, best, 1] / 100 - val_acc[:, 0],
        decisions_ago(best, now, every),
        val_loss[:, 0] - losses[1][row, lowest],
        decisions_ago(lowest, now, every),
        (~np.isfinite(seen[:, -1, 2:4])).any(1).astype(float),
        ones * (now <= every), ones * (now <= 2 * every),
    )
    rows = np.stack(columns, 1)
    return without_accuracy(rows) if np.isnan(rows).any() else rows


def without_accuracy(rows):
    """Rows of `numbers` as they would be if only losses were known."""
    rows = rows.copy()
    rows[:, [i for i, name in enumerate(NUMBERS)
             if "acc" in name or name in ("gap", "below_best",
                                          "since_best")]] = 0
    return rows


def decisions_ago(at, now, every):
    """log(1 + k), where k is how many decisions ago epoch `at` (N,) was."""
    return np.log(np.ceil((now - 1 - at) / every) + 1)
