"""The rules: valid for every history, and harmless where harm is known."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib import ACTIONS, Action, Metrics, fallback_decision
from agentic_lib.lab.plain_rules import plain_rules

RULES = [plain_rules, fallback_decision]
accuracies = st.none() | st.floats(0, 100)
losses = st.none() | st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def histories(draw):
    epochs = sorted(draw(st.sets(st.integers(1, 200), min_size=1,
                                 max_size=12)))
    return [Metrics(epoch, draw(accuracies), draw(accuracies), draw(losses),
                    draw(st.floats(0, 10))) for epoch in epochs]


@pytest.mark.parametrize("rules", RULES)
@given(history=histories(), every=st.integers(1, 20))
@settings(max_examples=300, deadline=None)
def test_any_history_gives_a_valid_decision(rules, history, every):
    decision = rules(history, ACTIONS, every)
    assert decision.action in [a.name for a in ACTIONS]
    assert decision.source == "fallback"
    assert decision.reason.endswith(".")


@given(history=histories(), every=st.integers(1, 20),
       loss=st.sampled_from([math.nan, math.inf, -math.inf]))
@settings(max_examples=200, deadline=None)
def test_a_diverged_run_is_never_raised(history, every, loss):
    last = Metrics(history[-1].epoch + 1, 10.0, 10.0, loss, loss)
    decision = fallback_decision([*history, last], ACTIONS, every)
    assert decision.action == "reduce_learning_rate"


def run_of(train_accs, val_accs=None, train_losses=None):
    """Metrics for epochs 1, 2, ..."""
    val_accs = val_accs or train_accs
    losses = train_losses or [None] * len(train_accs)
    return [Metrics(i, a, b, c) for i, (a, b, c) in
            enumerate(zip(train_accs, val_accs, losses), start=1)]


@pytest.mark.parametrize("rules, history, action", [
    (plain_rules, run_of([92.0], [76.0]), "reduce_learning_rate"),
    (fallback_decision, run_of([92.0], [76.0]), "reduce_learning_rate"),
    (plain_rules, run_of([12.0] * 6), "increase_learning_rate"),
    (plain_rules, run_of([99.0], [98.0]), "stop_training"),
    (fallback_decision, run_of([99.0] * 6, [98.0] * 6), "stop_training"),
    (fallback_decision, run_of([10, 10.5, 11, 11.5, 12, 12.5]),
     "increase_learning_rate"),
    (fallback_decision, run_of([40, 50, 60, 70, 80, 88]), "continue"),
    # Slow because the rate is too high: the plain rules raise it further.
    (plain_rules, run_of([11.0] * 6, None, [2.3, 9, 4, 12, 5, 8]),
     "increase_learning_rate"),
    (fallback_decision, run_of([11.0] * 6, None, [2.3, 9, 4, 12, 5, 8]),
     "reduce_learning_rate"),
    # Great, but still rising: no reason to stop.
    (fallback_decision, run_of([90, 92, 94, 96, 98, 99]), "continue"),
])
def test_known_situations(rules, history, action):
    assert rules(history).action == action


@pytest.mark.parametrize("rules", RULES)
def test_missing_actions_are_replaced_by_harmless_ones(rules):
    actions = (Action("wait", "do nothing"), Action("halt", "end", stop=True))
    history = run_of([92.0], [70.0])
    assert rules(history, actions).action == "wait"


def test_never_a_stop_while_something_else_can_be_chosen():
    actions = (Action("halt", "end", stop=True), Action("up", "raise",
                                                        factor=1.3))
    assert fallback_decision(run_of([92.0], [70.0]), actions).action == "up"


@pytest.mark.parametrize("rules", RULES)
def test_an_empty_history_is_an_error(rules):
    with pytest.raises(ValueError, match="history"):
        rules([])
