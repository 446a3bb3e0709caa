"""Checks of the exercises of 05, 06, 08 and 10 turn down the wrong answers
that learners give, and take right ones in another form."""

from statistics import fmean

import numpy as np
import pytest
import torch
from torch import nn

from agentic_lib import Metrics
from agentic_lib.course import exercises


def passes(check, *answer):
    check(*answer)
    return exercises.passed[check.__name__]


def last_hint(check, *answer, capsys):
    """What the check says the fifth time."""
    for _ in range(5):
        capsys.readouterr()
        assert not passes(check, *answer)
    return " ".join(capsys.readouterr().out.split())


# -- 05 -----------------------------------------------------------------------

def scale(groups=True, bases=True):
    def scaled(optimizer, scheduler, factor):
        for group in optimizer.param_groups[:None if groups else 1]:
            group["lr"] *= factor
        if bases:
            scheduler.base_lrs = [factor * r for r in scheduler.base_lrs]
    return scaled


def only_bases(optimizer, scheduler, factor):
    scheduler.base_lrs = [factor * r for r in scheduler.base_lrs]


def test_a_rate_must_reach_every_group_and_outlive_the_scheduler():
    assert passes(exercises.scale_rates, scale())
    assert not passes(exercises.scale_rates, scale(groups=False))
    assert not passes(exercises.scale_rates, scale(bases=False))
    assert not passes(exercises.scale_rates, only_bases)


def judged(decide_on="val", fixed=False):
    """A run that decides on one part of the data, or always the same."""
    def run(data, brain):
        torch.manual_seed(0)
        network, history, actions = nn.Linear(64, 10), [], []
        optimizer = torch.optim.SGD(network.parameters(), lr=0.5)

        def accuracy(part):
            with torch.no_grad():
                right = network(part[0]).argmax(1) == part[1]
            return 100 * right.float().mean().item()

        for epoch in range(1, 21):
            loss = nn.functional.cross_entropy(network(data.train[0]),
                                               data.train[1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(Metrics(epoch, val_acc=accuracy(
                getattr(data, decide_on))))
            if epoch % 5 == 0 and epoch < 20:
                actions.append("continue" if fixed else
                               brain.analyze_training(history).action)
        return actions, network, accuracy(data.test)
    return run


def test_the_test_set_must_change_no_decision():
    assert passes(exercises.judged_run, judged())
    assert not passes(exercises.judged_run, judged(decide_on="test"))
    assert not passes(exercises.judged_run, judged(decide_on="train"))
    assert not passes(exercises.judged_run, judged(fixed=True))


def test_the_best_of_many_readings_is_no_result(capsys):
    def inflated(data, brain):
        actions, network, accuracy = judged()(data, brain)
        return actions, network, accuracy + 0.5

    assert "best of many readings" in last_hint(
        exercises.judged_run, inflated, capsys=capsys)


# -- 10 -----------------------------------------------------------------------

def keep(*parts):
    """save and load that keep only these parts."""
    def save(path, network, optimizer, history):
        torch.save({"network": network.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "rate": optimizer.param_groups[0]["lr"],
                    "history": [vars(m) for m in history]}, path)

    def load(path, network, optimizer):
        state = torch.load(path)
        if "network" in parts:
            network.load_state_dict(state["network"])
        if "optimizer" in parts:
            optimizer.load_state_dict(state["optimizer"])
        if "rate" in parts:
            optimizer.param_groups[0]["lr"] = state["rate"]
        return [Metrics(**m) for m in state["history"]
                ] if "history" in parts else []
    return save, load


@pytest.mark.parametrize("parts, hint", [
    ((), "history"), (("network", "optimizer"), "history"),
    (("optimizer", "history"), "weights that come back"),
    (("network", "history"), "decided rate"),
    (("network", "rate", "history"), "momentum"),
])
def test_weights_alone_bring_no_run_back(parts, hint, capsys):
    assert passes(exercises.same_weights,
                  *keep("network", "optimizer", "history"))
    assert hint in last_hint(exercises.same_weights, *keep(*parts),
                             capsys=capsys)


# -- 06 -----------------------------------------------------------------------

def beyond(best=fmean, worst=fmean, low=min, high=max):
    """beyond_luck, right by default, wrong in one part else."""
    def find(ends):
        return [epoch for epoch, row in sorted(ends.items())
                if low(max(row.values(), key=best))
                > high(min(row.values(), key=worst))]
    return find


def test_a_difference_counts_if_no_order_undoes_it():
    check = exercises.beyond_luck
    assert passes(check, beyond())
    assert not passes(check, beyond(best=max))
    assert not passes(check, beyond(low=fmean, high=fmean))
    assert not passes(check, beyond(low=max))
    assert not passes(check, lambda ends: list(ends))
    assert not passes(check, lambda ends: beyond()(ends)[::-1])
    assert not passes(check, lambda ends: None)


def test_alt_text_needs_its_numbers_and_may_not_ramble():
    def say(run):
        return (f"{run.metrics[0].val_acc:.0f} to "
                f"{run.metrics[-1].val_acc:.0f} %, rate "
                f"{run.metrics[-1].learning_rate:.3g}, "
                f"{len(run.decisions)} decisions")

    assert passes(exercises.in_words, say)
    assert not passes(exercises.in_words, lambda run: say(run) + " so" * 60)
    assert not passes(exercises.in_words, lambda run: say(run)[:20])
    assert not passes(exercises.in_words, lambda run: None)


# -- 08 -----------------------------------------------------------------------

def soft(values):
    powers = np.exp((values - values.max()) / 0.25)
    return powers / powers.sum()


def test_a_soft_label_tells_ties_and_gives_stopping_its_share():
    check = exercises.soft_label
    assert passes(check, lambda w, now: soft(np.array([*w, now + 0.1])))
    assert passes(check, lambda w, now: torch.tensor(
        [*w, now + 0.1], dtype=torch.float64).div(0.25).softmax(0))
    assert not passes(check, lambda w, now: soft(np.array([*w, now])))
    assert not passes(check, lambda w, now: soft(np.array(w)))

    def overflows(w, now):
        with np.errstate(all="ignore"):
            powers = np.exp(np.array([*w, now + 0.1], np.float32) / 0.25)
            return powers / powers.sum()

    assert not passes(check, overflows)


def test_a_split_goes_by_runs():
    def by_run(share):
        def split(runs):
            chosen = np.unique(runs)
            chosen = chosen[:int(share * len(chosen))]
            return np.isin(runs, chosen)
        return split

    assert passes(exercises.split_by_run, by_run(0.2))
    assert not passes(exercises.split_by_run, by_run(0.6))
    assert not passes(exercises.split_by_run, by_run(0))
    assert not passes(exercises.split_by_run,
                      lambda runs: np.arange(len(runs)) < len(runs) // 5)
