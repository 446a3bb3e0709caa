"""What Python answers to 500 states: the oracle of the page's tests.

    python site/fixtures.py

Writes site/generated/fixtures.json.gz. A third of the states come from real
runs, a third are what the page's sliders can say, a third are wild: unknown
values, nan, infinity, huge numbers, and numbers that lie exactly between two
that are written.
"""

import random
from dataclasses import asdict

from export import BRAINS, NOISE, there, write  # first: it sets the path

import torch
from torch import nn

from agentic_lib import ACTIONS, Metrics, SimpleAIBrain, Training
from agentic_lib import fallback_decision, load_data, parse_decision
from agentic_lib.show.experiments import KNOBS, situation
from agentic_lib.run.trainees import make_model, make_optimizer
from replies import replies

WRITTEN = 5  # of so many reasons one is written: they take longest


def main():
    """Writes the file."""
    torch.set_num_threads(1)
    chance = random.Random(0)
    states = [*real(167), *slid(chance, 167), *wild(chance, 166)]
    brains = {n: SimpleAIBrain(n, quiet=True) for n in there()}
    answered = {name: answers(brain, states)
                for name, brain in brains.items()}
    texts = replies(chance) + [
        reply for a in answered.values() for reply in a.pop("replies")]
    write("fixtures.json.gz", {
        "states": [[asdict(m) for m in s] for s in states],
        "prompts": [brains[BRAINS[0]].prompt.messages(s) for s in states],
        "rules": [asdict(fallback_decision(s)) for s in states],
        "brains": answered,
        "written": WRITTEN,
        "formats": formats(chance),
        "replies": [[reply, found and list(found)] for reply, found in (
            (r, parse_decision(r)) for r in texts)],
        "training": training()})


def answers(brain, states) -> dict:
    """What a brain says to each state: decisions, some of them with reasons,
    tokens, and probabilities in either order of the options, also for states
    that lie so far outside what it was taught that the rules decide."""
    decisions = brain.decide_many(states)
    decisions[::WRITTEN] = brain.decide_many(states[::WRITTEN], explain=True)
    given, turned = (brain.probabilities(states, actions, both_orders=False)
                     for actions in (ACTIONS, ACTIONS[::-1]))
    return {
        "tokens": [brain.model.tokens(brain.messages(s, brain.actions))
                   for s in states],
        "given": given,
        "reversed": turned,
        "decisions": [asdict(d) for d in decisions],
        "replies": [d.reply for d in decisions if d.reply]}


def real(n) -> list:
    """Histories of real runs: too slow, good, too fast, broken."""
    found = []
    for lr in (0.001, 0.03, 0.5, 1e9):
        training = Training(load_data("digits", label_noise=NOISE), lr=lr,
                            epochs=60)
        while not training.done:
            training.step()
        found += [training.run.metrics[:k] for k in range(1, 60)]
    return found[::-1][:n // 4 * 3 + n % 4] + found[:n // 4]


def slid(chance, n) -> list:
    """What sliders can say."""
    def value(name):
        low, high, step, _ = KNOBS[name]
        if name == "learning_rate":
            return low * (high / low) ** chance.random()
        return low + step * round((high - low) / step * chance.random())

    return [situation(**{name: value(name) for name in KNOBS})
            for _ in range(n)]


def wild(chance, n) -> list:
    """Anything that Metrics allows."""
    return [wild_history(chance) for _ in range(n)]


def wild_history(chance) -> list:
    known = [chance.random() < 0.8 for _ in range(6)]
    epoch, history = chance.choice([1, 2, 5, 40, 300]), []
    total = chance.choice([None, 400])
    for _ in range(chance.choice([1, 2, 5, 6, 12])):
        values = [chance.randrange(401) / 4, chance.uniform(0, 100),
                  loss(chance), loss(chance),
                  chance.choice([0.0, 2.0 ** -chance.randrange(30), 1e3])]
        values = [v if k else None for v, k in zip(values, known)]
        if values[:4] == [None] * 4:
            values[0] = 50.0
        history.append(Metrics(epoch, *values, total))
        epoch += chance.choice([1, 1, 1, 4, 5])
    return history


def loss(chance) -> float:
    """A loss of any size; now and then broken, or an exact tie."""
    return chance.choice([
        chance.uniform(0, 3), 10.0 ** chance.randint(-9, 30),
        chance.randrange(999) / 8, float("nan"), float("inf"), -0.0,
        9.995, 0.00009995])


def formats(chance) -> list:
    """[number, .1f, +.1f, .3g, +.0f, +.0e] as Python writes them."""
    numbers = [0.0, -0.0, 0.05, 0.25, 0.75, 76.25, 2.5, 3.5, 0.03125, 1e16,
               99.95, 999.5, 9.995, 1e-5, 12345.0, -0.04, 1e300, 5e-324,
               float("nan"), float("inf"), float("-inf")]
    numbers += [chance.randrange(-4000, 4000) / 2 ** chance.randrange(12)
                for _ in range(500)]
    numbers += [chance.uniform(-1, 1) * 10.0 ** chance.randint(-12, 12)
                for _ in range(500)]
    return [[x, f"{x:.1f}", f"{x:+.1f}", f"{x:.3g}", f"{x:+.0f}",
             f"{x:+.0e}"] for x in numbers]


def training(epochs=4, batch_size=64) -> dict:
    """A run by torch: the first weights, the orders of the pictures, and
    what was measured. At a low rate, so that rounding stays rounding."""
    data = load_data("digits", label_noise=NOISE)
    model, rate = make_model(data), 0.05
    start = {k: v.flatten().tolist() for k, v in model.state_dict().items()}
    optimizer, criterion = make_optimizer("sgd", model, rate), \
        nn.CrossEntropyLoss()
    inputs, labels = data.train
    orders, measured = [], []
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(labels),
                               generator=torch.Generator().manual_seed(epoch))
        orders.append(order.tolist())
        right = lost = 0.0
        for batch in order.split(batch_size):
            logits = model(inputs[batch])
            found = criterion(logits, labels[batch])
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
            right += (logits.argmax(1) == labels[batch]).sum().item()
            lost += found.item() * len(batch)
        with torch.no_grad():
            logits = model(data.val[0])
        measured.append([
            100 * right / len(labels),
            100 * (logits.argmax(1) == data.val[1]).float().mean().item(),
            lost / len(labels), criterion(logits, data.val[1]).item()])
    return {"rate": rate, "start": list(start.values()), "orders": orders,
            "measured": measured}


if __name__ == "__main__":
    main()
