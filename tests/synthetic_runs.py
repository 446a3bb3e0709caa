"""Made-up runs, healthy and diverged, for what tells one from the other.

A run is a list of {"train_loss", "val_loss", "val_acc"}, one an evaluation;
what is not measured is left out. Healthy ones have every kind of noise that
comes to mind; diverged ones are healthy up to a known evaluation.
"""

import math
import random

NAN, INF = math.nan, math.inf
MEASURED = (("train_loss", "val_loss", "val_acc"), ("train_loss", "val_loss"),
            ("train_loss", "val_acc"), ("train_loss",), ("val_loss",),
            ("val_acc", "val_loss"))


def noise(draw, kind, sd):
    """A function that gives the noise of the next evaluation."""
    last, count = 0.0, 0

    def next_one():
        nonlocal last, count
        count += 1
        if kind == "heavy":  # Student's t with four degrees of freedom
            return sd * draw.gauss(0, 1) / math.sqrt(
                sum(draw.gauss(0, 1) ** 2 for _ in range(4)) / 4) / 1.41
        if kind == "slow":  # remembers most of what it was
            last = 0.8 * last + draw.gauss(0, 0.6 * sd)
            return last
        if kind == "periodic":
            return sd * math.sin(count) + draw.gauss(0, sd / 4)
        if kind == "uniform":
            return draw.uniform(-1.7, 1.7) * sd
        return draw.gauss(0, sd)
    return next_one


def healthy(draw, length=None, measured=None, sd=None) -> list[dict]:
    """A run that nothing should interfere with."""
    length = length or draw.randint(8, 120)
    start, end = draw.uniform(1.5, 3), draw.uniform(0.02, 1.9)
    end = min(end, start - 0.1)
    pace = draw.choice((2, 10, 40, 200))
    sd = draw.choice((0.003, 0.02, 0.1, 0.2)) if sd is None else sd
    kind = draw.choice(("normal", "heavy", "slow", "periodic", "uniform"))
    story = draw.choice(("plain", "plain", "plain", "spikes", "overfits",
                         "harder data", "no more to learn"))
    if story == "no more to learn":
        start = end
    measured = measured or draw.choice(MEASURED)
    if story == "harder data" and measured in (("train_loss",),
                                               ("val_loss",)):
        story = "plain"  # nothing would tell it from a divergence
    on_train, on_val = (noise(draw, kind, x) for x in (sd, sd / 3))
    scale = draw.choice((1e-3, 1, 1, 1, 1e3))
    run = []
    for t in range(length):
        fall = math.exp(-t / pace)
        loss = end + (start - end) * fall
        val = loss + 0.05 + (0.01 * t if story == "overfits" else 0)
        acc = 90 - 70 * min(1, (loss - end) / 2)
        jump = 0.0
        if story == "harder data" and t > length / 2:
            jump = 1.0
        if story == "spikes" and draw.random() < 0.04 and not (
                run and run[-1]["spike"]):
            jump = draw.uniform(1, 4)
        spread = max(loss, 0.2) if draw.random() < 0.5 else 1
        run.append({
            "train_loss": scale * (loss + jump + spread * on_train()),
            "val_loss": scale * (val + on_val()),
            "val_acc": min(100, max(0, acc + 10 * on_val())),
            "spike": story == "spikes" and jump > 0})
    return [{key: m[key] for key in measured} for m in run]


def diverged(draw) -> tuple[list[dict], int]:
    """A run, and the index of its first evaluation that is lost."""
    onset = draw.randint(3, 40)
    measured = draw.choice(MEASURED[:4])
    sd = draw.choice((0.003, 0.02, 0.08))
    how = draw.choice(("nan", "inf", "chance", "explodes", "high"))
    pace = draw.choice((2, 5))
    on_train = noise(draw, "normal", sd)
    scale = draw.choice((1e-3, 1, 1, 1, 1e3))
    run = []
    for t in range(onset + 2):
        loss = 0.3 + 2 * math.exp(-(t + 1) / pace)
        acc = 90 - 35 * (loss - 0.3)
        if t >= onset:
            acc = draw.uniform(8, 14)
            loss = {"nan": NAN, "inf": INF, "chance": 2.35,
                    "explodes": 3.0 * 4 ** (t - onset), "high": 30.0}[how]
        run.append({
            "train_loss": scale * (loss + on_train()),
            "val_loss": scale * (loss + 0.1 + on_train() / 3),
            "val_acc": acc + 10 * on_train() / 3})
    return [{key: m[key] for key in measured} for m in run], onset


def many(kind, count, seed=0) -> list:
    """`count` runs of `kind`, the same ones for the same seed."""
    draw = random.Random(seed)
    return [kind(draw) for _ in range(count)]
