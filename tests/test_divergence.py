"""What tells a diverged run from a noisy one: no needless rescue, and no
late one. The runs are made up; see synthetic_runs.py."""

import random

import pytest
import torch

from agentic_lib import AgenticLR, Training, load_data
from agentic_lib.control.guards import RESTART, Guards
import synthetic_runs as made_up


def rescues(run, guards=None) -> list[int]:
    """The indices of the evaluations after which a guard interfered."""
    layer = torch.nn.Linear(2, 1)
    controller = AgenticLR(torch.optim.SGD(layer.parameters(), lr=0.1), None,
                           model=layer, guards=guards or Guards())
    fell = [controller.step(i, **measured)
            for i, measured in enumerate(run, start=1)]
    return [i for i, decision in enumerate(fell) if decision is not None]


def test_at_most_one_healthy_run_in_a_hundred_meets_a_rescue():
    runs = made_up.many(made_up.healthy, 1000)
    assert sum(bool(rescues(run)) for run in runs) <= 10


def test_diverged_runs_are_rescued_within_two_evaluations():
    caught = 0
    for run, onset in made_up.many(made_up.diverged, 200):
        acted = rescues(run)
        caught += bool(acted) and onset <= acted[0] <= onset + 1
    assert caught >= 198


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_loss_that_falls_slowly_is_left_alone(seed):
    draw = random.Random(seed)
    run = [{"train_loss": 2 - 0.1 * t / 60 + draw.gauss(0, 0.2),
            "val_loss": 2 - t / 100} for t in range(60)]
    assert rescues(run) == []


def test_no_rollback_while_validation_is_at_its_best():
    fit = [{"train_loss": 2.3 * 0.7 ** t, "val_acc": 20 + 5 * t}
           for t in range(10)]
    harder = [{"train_loss": 2.5, "val_acc": 66 + t} for t in range(10)]
    lost = [{"train_loss": 2.5, "val_acc": 20} for t in range(2)]
    assert rescues(fit + harder) == []  # augmentation was switched on, say
    assert rescues(fit + lost) == [10, 11]
    broken = [{"train_loss": float("nan"), "val_acc": 68}]
    assert rescues(fit + broken) == []  # the batch was bad


def test_a_spike_is_no_divergence():
    run = [{"train_loss": 0.5 + 1.5 / (t + 1)} for t in range(30)]
    run[15] = {"train_loss": 6.0}
    assert rescues(run) == []
    run[16] = {"train_loss": 6.0}
    assert rescues(run) == [16]


def test_units_of_the_loss_make_no_difference():
    for run, _ in made_up.many(made_up.diverged, 40, seed=1):
        scaled = [{key: x * (1e-4 if "loss" in key else 1)
                   for key, x in m.items()} for m in run]
        assert rescues(run) == rescues(scaled)


def test_what_was_seen_is_known_again_after_a_resume():
    def fresh(optimizer):
        return AgenticLR(optimizer, None, guards=Guards())

    for run in made_up.many(made_up.healthy, 20) + [
            run for run, _ in made_up.many(made_up.diverged, 20)]:
        whole, half = (fresh(torch.optim.SGD(
            [torch.nn.Parameter(torch.ones(1))], lr=0.1)) for _ in "ab")
        for i, measured in enumerate(run, start=1):
            whole.step(i, **measured)
            if i == len(run) - 1:
                state, half = half.state_dict(), fresh(half.optimizer)
                half.load_state_dict(state)
            half.step(i, **measured)
        assert repr(whole.decisions) == repr(half.decisions)


def train_normalised(lr, optimizer, seed, guards):
    """A run of a network with batch normalisation, and its controller."""
    data = load_data(seed=seed)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 32),
        torch.nn.BatchNorm1d(32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    training = Training(data, None, lr=lr, epochs=25, seed=seed, model=model,
                        optimizer=optimizer, guards=guards)
    list(training)
    return training


def test_a_run_that_goes_nowhere_without_a_nan_begins_again():
    """Adam at a rate far too high, with normalisation: nothing is nan."""
    again = 0
    for seed in range(4):
        torch.manual_seed(seed)
        lost = train_normalised(3.0, "adam", seed, False)
        assert not any(m.diverged for m in lost.controller.history)
        torch.manual_seed(seed)
        guarded = train_normalised(3.0, "adam", seed, Guards())
        names = [d.action for d in guarded.controller.decisions]
        again += RESTART.name in names
        assert guarded.run.test_acc > lost.run.test_acc + 10
    assert again >= 2


def test_a_rate_that_is_too_low_does_not_go_nowhere():
    for seed, optimizer in ((0, "sgd"), (1, "adam")):
        torch.manual_seed(seed)
        slow = train_normalised(1e-6, optimizer, seed, Guards())
        assert slow.controller.decisions == []
