"""Situations with networks that people train, and with room to improve.

`situations.py` has small fully connected networks on a few hundred examples,
which finish learning long before the budget ends. Here are convolutions, batch
and layer normalisation, dropout, residual blocks and gated recurrent units,
and larger fully connected problems: more examples and classes, noise on the
inputs, so that many runs are still learning at the end. Some predict a number,
and show only a loss. One group in five warms up. Budgets have 3 to 300
decisions. ATTENTION STAYS OUT, and so does predicting the next token: the
brain is judged on them.
"""

from dataclasses import replace

from agentic_lib.lab.batch import Shape
from agentic_lib.lab.teach.situations import Situation, draw_situation

KINDS = {  # how often a group of runs is of each kind
    "as before": 0.1, "dense": 0.16, "convolution": 0.17, "batch_norm": 0.07,
    "dense_norm": 0.15, "layer_norm": 0.15, "recurrent": 0.07,
    "regression": 0.13,
}
FEATURES = 64  # 8 x 8, if a network reads them as a picture
COST = 90_000  # examples times epochs that a run may cost
SLOW = {"recurrent": 60_000, "batch_norm": 60_000}


def draw_any(rng, right=Situation.right, dropouts=None) -> Situation:
    """A situation of any kind.

    right     share of data sets in which every training label is right
    dropouts  what a network's dropout is drawn from; None for its own
    """
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    if kind == "as before":
        return replace(draw_situation(rng), right=right)
    train = int(rng.choice([600, 1000, 1500], p=[.4, .4, .2]))
    every, horizon = draw_budget(rng, SLOW.get(kind, COST) // train)
    shape = Shape(
        hidden=(int(rng.choice([32, 48, 64])),) * int(rng.choice([1, 2, 3])),
        batch_size=int(rng.choice([32, 64, 128], p=[.3, .5, .2])),
        activation=str(rng.choice(["relu", "tanh"], p=[.8, .2])),
        adam=bool(rng.random() < 0.5), after=bool(rng.random() < 0.2))
    warm = min(int(rng.choice([0, 3, 5], p=[.8, .1, .1])), horizon // 4)
    return Situation(
        shape, train, val=int(rng.choice([200, 300])), horizon=horizon,
        every=every, features=FEATURES,
        classes=int(rng.choice([5, 10, 20], p=[.2, .5, .3])),
        network="" if kind == "dense" else kind,
        noise=float(rng.choice([0, 0, 0.1, 0.3])), warm=warm,
        right=right, dropout=dropouts and float(rng.choice(dropouts)))


def draw_budget(rng, longest) -> tuple[int, int]:
    """(epochs between two decisions, epochs in all): 3 to 300 decisions, as
    far as `longest` epochs allow."""
    every = int(rng.choice([1, 2, 3, 5], p=[.35, .35, .15, .15]))
    most = max(4, min(300, longest // every))
    decisions = int(rng.integers(4, most + 1))
    return every, decisions * every
