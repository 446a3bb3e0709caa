"""The nouns: what can be said with them, and what is refused."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib.brain.decision import (
    ACTIONS,
    Action,
    Decision,
    Metrics,
    check_actions,
    check_history,
    with_factors,
)

percent = st.one_of(st.none(), st.floats(0, 100))
loss = st.one_of(st.none(), st.floats())  # nan and infinity among them


@settings(deadline=None)
@given(st.integers(1, 10**6), percent, percent, loss, loss)
def test_every_observation_is_kept_as_it_was(epoch, train, val, lt, lv):
    if train is val is lt is lv is None:
        with pytest.raises(ValueError, match="nothing was measured"):
            Metrics(epoch, train, val, lt, lv)
        return
    metrics = Metrics(epoch, train, val, lt, lv)
    assert metrics.epoch == epoch
    assert (metrics.train_acc, metrics.val_acc) == (train, val)
    assert metrics.diverged == any(
        x is not None and not math.isfinite(x) for x in (lt, lv))
    if train is not None and val is not None:
        assert metrics.gap == train - val
    else:
        assert metrics.gap is None


@pytest.mark.parametrize("field, value", [
    ("train_acc", 140), ("train_acc", -0.1), ("val_acc", float("nan")),
    ("val_acc", "92"), ("train_loss", "low"), ("val_loss", True),
    ("val_loss", [1.0, 2.0]), ("epoch", 0), ("epoch", 2.5), ("epoch", "3"),
    ("epoch", float("nan")), ("epoch", float("inf")), ("epoch", True),
    ("total_epochs", 1), ("learning_rate", -1.0),
    ("learning_rate", float("inf")), ("train_loss", torch.ones(2)),
])
def test_bad_values_are_named(field, value):
    good = {"epoch": 3, "train_acc": 50.0}
    with pytest.raises(ValueError) as error:
        Metrics(**{**good, field: value})
    assert field in str(error.value)


def test_tensors_and_numpy_numbers_become_floats():
    metrics = Metrics(epoch=torch.tensor(4), val_acc=torch.tensor(50.0),
                      train_loss=torch.tensor(0.5).numpy())
    assert (type(metrics.epoch), type(metrics.val_acc),
            type(metrics.train_loss)) == (int, float, float)


@settings(deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_a_history_is_taken_exactly_when_its_epochs_rise(epochs):
    history = [Metrics(e, val_acc=1.0) for e in epochs]
    rising = all(a < b for a, b in zip(epochs, epochs[1:]))
    if rising:
        assert check_history(history) == history
    else:
        with pytest.raises(ValueError, match="oldest first"):
            check_history(history)


@pytest.mark.parametrize("history", [[], [{"epoch": 1}], ["epoch 1"]])
def test_what_is_no_history_is_refused(history):
    with pytest.raises(ValueError, match="history"):
        check_history(history)


def test_actions_are_plain_data():
    lower = next(a for a in ACTIONS if a.factor < 1)
    assert "0.7" in lower.line and lower.line.startswith(lower.name + ": ")
    assert [a.factor for a in with_factors(ACTIONS, 0.5, 2)] == [1, .5, 2, 1]
    mine = (*ACTIONS, Action("restore_best", "go back"))
    assert check_actions(list(mine)) == mine


@pytest.mark.parametrize("make", [
    lambda: Action("two words", "x"), lambda: Action("", "x"),
    lambda: Action("up", "x", factor=0), lambda: Action("up", "x", factor=-1),
    lambda: Action("up", "x", factor=float("nan")),
    lambda: with_factors(ACTIONS, reduce=1.5),
    lambda: with_factors(ACTIONS, increase=0.5),
    lambda: with_factors(ACTIONS, increase=float("inf")),
    lambda: check_actions(ACTIONS[:1]),
    lambda: check_actions([ACTIONS[0], ACTIONS[0]]),
    lambda: check_actions(["continue", "stop"]),
    lambda: Decision("continue", "why", source="nobody"),
])
def test_unusable_nouns_are_refused(make):
    with pytest.raises(ValueError):
        make()


def test_a_decision_unpacks_and_prints():
    decision = Decision("reduce_learning_rate", "It jumps.", epoch=5,
                        old_lr=0.1, new_lr=0.07, probabilities={
                            "reduce_learning_rate": 0.81})
    action, reason = decision
    assert (action, reason) == ("reduce_learning_rate", "It jumps.")
    for part in ("epoch 5", "0.1 -> 0.07", "model", "81%", "It jumps."):
        assert part in str(decision)
