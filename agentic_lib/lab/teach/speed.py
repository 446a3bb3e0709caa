"""How much quicker are trainings side by side than one after another?

    python -m agentic_lib.lab.teach.speed

The same networks on the same data, on one core: `train()` runs a few of them
one by one, `batch.py` many at once. The smaller the networks, the more of the
time goes into starting operations, and the more is saved.
"""

import time
from dataclasses import replace

import torch

from agentic_lib.lab.batch import Shape
from agentic_lib.lab.teach.arenas import digits, run
from agentic_lib.run.data import load_data
from agentic_lib.run.trainees import make_model
from agentic_lib.run.training import train

MANY, FEW, EPOCHS = 24, 4, 20
SIZES = ((64, 600), (32, 300), (16, 100))  # width, examples to train on


def one_by_one(width, examples) -> float:
    """Epochs a second, of runs one after another."""
    data = load_data("digits", train_size=examples)
    spent = 0.0
    for seed in range(FEW + 1):
        model = make_model(data, width=width, seed=seed)
        started = time.perf_counter()
        train(data, None, epochs=EPOCHS, lr=0.1, seed=seed, model=model)
        if seed:  # the first is the warm-up
            spent += time.perf_counter() - started
    return FEW * EPOCHS / spent


def side_by_side(width, examples) -> float:
    """Epochs a second, of as many runs as the lab takes together."""
    arena = digits(cells=((0, 0.1),), seeds=MANY, epochs=EPOCHS)
    x, y = arena.data.x[:, :examples], arena.data.y[:, :examples]
    shape = Shape((width, width), 64)
    arena = replace(arena, data=replace(arena.data, x=x, y=y),
                    situation=replace(arena.situation, shape=shape,
                                      train=examples))
    started = time.perf_counter()
    run(arena)
    return MANY * EPOCHS / (time.perf_counter() - started)


def main():
    torch.set_num_threads(1)
    for width, examples in SIZES:
        alone = one_by_one(width, examples)
        together = side_by_side(width, examples)
        print(f"width {width}, {examples} examples: {alone:.0f} epochs a "
              f"second one by one, {together:.0f} with {MANY} side by side: "
              f"{together / alone:.1f} times as many")


if __name__ == "__main__":
    main()
