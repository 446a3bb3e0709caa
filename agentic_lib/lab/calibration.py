"""Can a stated probability be trusted?

Two questions: how far off are the confidences, and which temperature makes
them fit best. Knows nothing about brains or runs: it is given numbers.
"""

import numpy as np
import torch

BINS = 10


def calibration_error(pairs) -> float:
    """Expected calibration error of (confidence, how right it was) pairs."""
    bins = {}
    for sure, right in pairs:
        bins.setdefault(min(int(sure * BINS), BINS - 1), []).append(
            (sure, right))
    return sum(
        abs(sum(sure for sure, _ in group) - sum(right for _, right in group))
        for group in bins.values()) / len(pairs)


def find_temperature(table, best):
    """The divisor of log-probabilities that makes the truth likeliest."""
    def surprise(temperature):
        logp = torch.tensor(table / temperature).log_softmax(1)
        return -logp[torch.arange(len(best)), torch.tensor(best)].mean()

    return float(min(np.arange(0.3, 6, 0.05), key=surprise))
