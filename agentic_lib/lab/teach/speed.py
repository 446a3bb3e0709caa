"""How much faster are runs side by side than one after another?

    python -m agentic_lib.lab.teach.speed

The same networks on the same data: `train()` runs a few of them one by one,
`batch.py` and `stacked.py` many at once. The smaller the networks, the more
time goes into starting operations, and the more of it is saved. Times are
processor time of one thread, so that other work on the machine does not count.
"""

import time
from functools import partial

import torch

from agentic_lib.lab.batch import Batch, Shape
from agentic_lib.lab.stacked import Stacked
from agentic_lib.lab.teach.architectures import ARCHITECTURES
from agentic_lib.lab.teach.arenas import digits
from agentic_lib.run.data import load_data
from agentic_lib.run.trainees import make_model
from agentic_lib.run.training import train

MANY, FEW, EPOCHS, RATE = 24, 4, 20, 0.1
SIZES = ((64, 600), (32, 300), (16, 100))  # width, examples to train on


def one_by_one(make, examples) -> float:
    """Epochs per second of processor time, for runs one after another.

    make  (data, seed) -> a network
    """
    data = load_data("digits", train_size=examples)
    spent = 0.0
    for seed in range(FEW + 1):
        model = make(data, seed)
        started = time.process_time()
        train(data, None, epochs=EPOCHS, lr=RATE, seed=seed, model=model)
        if seed:  # the first is the warm-up
            spent += time.process_time() - started
    return FEW * EPOCHS / spent


def side_by_side(start, shape, examples) -> float:
    """The same for as many runs as the lab trains together.

    start  (data, shape, sets, rate) -> a batch
    """
    data = digits(cells=((0, RATE),), seeds=MANY).data
    data.x, data.y = data.x[:, :examples], data.y[:, :examples]
    batch = start(data, shape, torch.arange(MANY), RATE)
    batch.epoch()  # the warm-up
    started = time.process_time()
    for _ in range(EPOCHS):
        batch.epoch()
    return MANY * EPOCHS / (time.process_time() - started)


def pairs():
    """(what, epochs a second one by one, epochs a second side by side)."""
    for width, examples in SIZES:
        yield (f"fully connected, width {width}, {examples} examples",
               one_by_one(lambda data, seed, width=width: make_model(
                   data, width=width, seed=seed), examples),
               side_by_side(Batch, Shape((width, width)), examples))
    for name, build in ARCHITECTURES.items():
        yield (f"{name}, 300 examples",
               one_by_one(lambda data, seed, build=build: torch.nn.Sequential(
                   torch.nn.Flatten(), build(64, 10)), 300),
               side_by_side(partial(Stacked, build=build), Shape(), 300))


def main():
    """Prints a line for each kind of network."""
    torch.set_num_threads(1)
    for what, alone, together in pairs():
        print(f"{what}: {alone:.0f} epochs a second one by one, "
              f"{together:.0f} with {MANY} side by side: "
              f"{together / alone:.1f} times as many", flush=True)


if __name__ == "__main__":
    main()
