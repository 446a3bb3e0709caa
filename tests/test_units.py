"""Other units of the loss: the same run, and how a brain reads it."""

import pytest
import torch
from tiny_model import make_history

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.lab.teach import units


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("c", [2.0 ** -10, 2.0 ** 10])
def test_a_loss_in_other_units_is_the_same_run_under_sgd(c, momentum):
    random = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 32, generator=random)

    def trained(c):
        weight = torch.zeros(2, requires_grad=True)
        sgd = torch.optim.SGD([weight], lr=0.1 / c, momentum=momentum)
        for _ in range(20):
            sgd.zero_grad()
            (c * (weight[0] * x + weight[1] - y).square().mean()).backward()
            sgd.step()
        return weight

    assert torch.equal(trained(c), trained(1.0))  # c is a power of two


def test_only_losses_and_rates_are_in_other_units():
    history = [Metrics(epoch=1, train_acc=50, val_acc=40, train_loss=2.0,
                       val_loss=3.0, learning_rate=0.5, total_epochs=9),
               Metrics(epoch=2, train_loss=1.0)]
    assert units.in_units(history, 4) == [
        Metrics(epoch=1, train_acc=50, val_acc=40, train_loss=8.0,
                val_loss=12.0, learning_rate=0.125, total_epochs=9),
        Metrics(epoch=2, train_loss=4.0)]


class Rule:
    """Decides by a function of the last metrics."""

    mode, model = "score", object()

    def __init__(self, choose):
        self.choose = choose

    def decide_many(self, histories, every, actions):
        return [Decision(*self.choose(h[-1])) for h in histories]


def test_decisions_are_counted_that_differ_with_the_units():
    states = [{"history": make_history(n), "every": 5, "factors": [0.7, 1.3]}
              for n in (5, 10)]
    above = [s["history"][-1].train_loss for s in states]
    limit = sum(above) / 2  # between the two

    def by_loss(m):
        source = "fallback" if m.train_loss > 100 * max(above) else "model"
        return ("continue" if m.train_loss > limit else "stop_training", "",
                source)

    found = units.measure(Rule(by_loss), states, units=(1e-3, 1.0, 1e3))
    assert found[1.0] == {"differ": 0, "by model": 1, "model differs": 0}
    assert found[1e-3] == {"differ": 0.5, "by model": 1,
                           "model differs": 0.5}
    assert found[1e3] == {"differ": 0.5, "by model": 0, "model differs": 0}
    same = units.measure(Rule(lambda m: ("continue", "")), states)
    assert all(row["differ"] == 0 for row in same.values())


def test_the_command_prints_a_share_for_each_unit(capsys):
    units.main("bundled", 3)
    told = capsys.readouterr().out
    assert "bundled, 3 states" in told and "over all units" in told
    for c in units.UNITS:
        assert f"| {c:g} |" in told


def test_states_are_of_sgd_runs_that_can_be_asked_about():
    states = units.sgd_states(3)
    brain = SimpleAIBrain("rules", quiet=True)
    assert len(units.check.ask(brain, states)) == 3


def test_the_bundled_brain_reads_no_units():
    """At most 2 % of its decisions differ over six decades."""
    brain = SimpleAIBrain("bundled", explain=False, quiet=True)
    found = units.measure(brain, units.sgd_states(40))
    differ = [row["differ"] for row in found.values()]
    assert sum(differ) / len(differ) <= 0.02
