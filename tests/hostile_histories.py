"""Feeds made-up metric histories to the controller, good and bad ones.

    python tests/hostile_histories.py 10000

Each epoch must lead to nothing, to a valid decision, or to a ValueError that
says what is wrong and leaves no trace; and no rate may leave its bounds.
"""

import random
import sys
from collections import Counter

import torch

from agentic_lib import ACTIONS, AgenticLR, Decision, SimpleAIBrain

LOW, HIGH = 1e-3, 1.0
ODD = (float("nan"), float("inf"), -float("inf"), 0, -0.0, -1, 1e308, -1e308,
       5e-324, 10**400, None, None, "nan", "12", b"1", True, [], {}, 100,
       100.0001, torch.tensor(float("nan")), torch.ones(2), 1j)


class AnyWish:
    """A brain that chooses at random, now and then an unknown action."""

    actions = ACTIONS

    def __init__(self, draw):
        self.draw = draw

    def analyze_training(self, history, every, actions):
        wish = self.draw.choice([*(a.name for a in actions), "explode", None])
        return Decision(wish, "so")


def made_up(draw):
    """One history: (epoch, train_acc, val_acc, train_loss, val_loss)."""
    epoch, oddity = 0, draw.choice((0.0, 0.1, 0.5))
    for _ in range(draw.randint(1, 12)):
        epoch += 1 if draw.random() > oddity else draw.randint(-2, 9)
        values = [draw.uniform(0, 100), draw.uniform(0, 100),
                  draw.expovariate(1), draw.expovariate(1)]
        yield [draw.choice(ODD) if draw.random() < oddity / 5 else epoch] + [
            draw.choice(ODD) if draw.random() < oddity else value
            for value in values]


def one_history(draw, tally):
    layer = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    controller = AgenticLR(
        optimizer, draw.choice((AnyWish(draw),
                                SimpleAIBrain("rules", quiet=True))),
        every=draw.randint(1, 3), min_lr=LOW, max_lr=HIGH,
        total_epochs=draw.choice((None, 8)),
        model=draw.choice((None, layer)),
        guards=draw.choice((None, False)))
    for values in made_up(draw):
        before = len(controller.history), len(controller.decisions)
        try:
            decision = controller.step(*values)
        except ValueError as error:
            assert str(error), values
            assert before == (len(controller.history),
                              len(controller.decisions)), values
            tally["a ValueError"] += 1
        else:
            tally[decision and decision.action] += 1
            assert decision is None or controller.find_action(decision.action)
        assert LOW <= controller.get_last_lr()[0] <= HIGH, values


def main(count=10_000, seed=0) -> int:
    draw, tally = random.Random(seed), Counter()
    for _ in range(count):
        one_history(draw, tally)
    print(f"{count} histories, no surprise. What the epochs led to:",
          dict(tally))
    return count


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
