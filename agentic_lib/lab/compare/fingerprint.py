"""A number that changes when the guards act differently, and only then.

Made-up runs (healthy, noisy, exploding, lost at once, standing still, with
small, large or huge steps) are shown to the controller under its usual guards,
with a brain that asks for every action in turn. What was decided, and when, is
the fingerprint. So code can be moved and reworded, and recorded rows stay
valid.
"""

import zlib
from functools import cache

import numpy as np
import torch

from agentic_lib.brain.decision import ACTIONS, Decision
from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.guards import Guards

EPOCHS, RUNS, EVERY, STEPS = 40, 30, 2, 4


class InTurn:
    """Asks for every action but stopping in turn, and in the end to stop."""

    actions = ACTIONS

    def analyze_training(self, history, every, actions):
        epoch = history[-1].epoch
        names = [action.name for action in actions]
        return Decision(names[-1] if epoch > 30
                        else names[epoch // every % 3], "In turn.")


def curves(rng) -> list[dict]:
    """One made-up run: the metrics of every epoch."""
    kind = rng.choice(["learns", "explodes", "nan", "nowhere", "stands"])
    epochs = np.arange(1, EPOCHS + 1)
    loss = 0.1 + 2.2 * np.exp(-epochs / rng.uniform(3, 30))
    if kind in ("nowhere", "stands"):
        loss = 2.3 + 0 * epochs
    noise = rng.choice([0.0, 0.01, 0.1]) + 0.2 * (kind == "nowhere")
    at = int(rng.integers(5, EPOCHS))
    found = []
    for k, level in enumerate(loss):
        train, val = (level * np.exp(noise * rng.normal()) for _ in range(2))
        if kind == "explodes" and k >= at:
            train, val = train * 20, val * 20
        if kind == "nan" and k >= at:
            train = val = float("nan")
        train_acc, val_acc = (
            10.0 if not x < 2.25 else 10 + 85 * (1 - x / 2.3)
            for x in (train, val))
        found.append({"train_acc": train_acc, "val_acc": val_acc,
                      "train_loss": float(train), "val_loss": float(val)})
    return found


def made_up(rng) -> tuple[list[dict], float]:
    """The metrics of a run, and how far its steps move the weights."""
    return curves(rng), float(rng.choice([-0.2, 0.05, 0.005]))


def decided(metrics, share) -> str:
    """What the guards, and the brain under them, decided in such a run;
    every step moves the weights by this share of their length."""
    model = torch.nn.Linear(2, 1)
    torch.nn.init.ones_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    controller = AgenticLR(optimizer, InTurn(), total_epochs=EPOCHS,
                           every=EVERY, model=model, guards=Guards())
    for epoch, measured in enumerate(metrics, start=1):
        for _ in range(STEPS):
            for p in model.parameters():
                p.grad = share * p.detach() / optimizer.param_groups[0]["lr"]
            optimizer.step()
        controller.step(epoch=epoch, **measured)
        if controller.should_stop:
            break
    return " ".join(f"{d.epoch}{d.action}{d.source}{d.new_lr:.3g}"
                    for d in controller.decisions)


@cache
def guards_crc32(seed=0) -> str:
    """The fingerprint, as eight digits."""
    rng = np.random.default_rng(seed)
    text = "\n".join(decided(*made_up(rng)) for _ in range(RUNS))
    return f"{zlib.crc32(text.encode()):08x}"
