"""Metrics -> chat messages: true, complete, and silent about the unknown."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agentic_lib import ACTIONS, PRESETS, Action, Metrics, Prompt
from agentic_lib.brain.decision import with_factors
from agentic_lib.brain.prompt import FIELDS, OF_FIRST, describe


@st.composite
def histories(draw):
    """Histories in which any value may be missing, and losses not finite."""
    epochs = sorted(draw(st.sets(st.integers(1, 150), min_size=1,
                                 max_size=15)))
    accuracies = st.none() | st.floats(0, 100)
    # 1.798e308 rounded to three digits is no longer finite.
    losses = st.none() | st.floats(-1e300, 1e300) | st.sampled_from(
        [math.nan, math.inf, -math.inf])
    total = draw(st.none() | st.integers(150, 300))
    return [Metrics(epoch, draw(accuracies), draw(st.floats(0, 100)),
                    draw(losses), draw(losses),
                    draw(st.none() | st.floats(1e-6, 1.0)), total)
            for epoch in epochs]


@given(histories(), st.integers(1, 20),
       st.sampled_from(sorted(PRESETS)))
@settings(max_examples=300, deadline=None)
def test_no_prompt_says_none_or_leaves_a_bracket(history, every, name):
    system, user = PRESETS[name].messages(history, ACTIONS, every)
    assert (system["role"], user["role"]) == ("system", "user")
    for text in (system["content"], user["content"]):
        assert "None" not in text
        assert not re.search(r"[{}]", text)
    for action in ACTIONS:
        assert action.line in system["content"]


@given(histories(), st.integers(1, 20))
@settings(max_examples=300, deadline=None)
def test_what_is_said_is_true(history, every):
    values, now = describe(history, every), history[-1]
    assert set(values) <= set(FIELDS)
    assert values["epoch"] == str(now.epoch)
    if now.gap is not None:
        assert abs(float(values["gap"]) - now.gap) <= 0.051
    else:
        assert "gap" not in values
    if "best_val_acc" in values:
        best = max(m.val_acc for m in history)
        assert abs(float(values["best_val_acc"]) - best) <= 0.051
        newest = max(m.epoch for m in history if m.val_acc == best)
        first = min(m.epoch for m in history if m.val_acc == best)
        ago = {f"{best:.1f}, {n} decision{'s' * (n != 1)} ago" if n else "now"
               for n in (math.ceil((now.epoch - epoch) / every)
                         for epoch in (newest, first))}
        assert values["since_best"] in ago
    if "best_val_loss" in values:
        finite = [m.val_loss for m in history
                  if m.val_loss is not None and math.isfinite(m.val_loss)]
        assert math.isclose(float(values["best_val_loss"]), min(finite),
                            rel_tol=0.006)
    if now.total_epochs is not None:
        assert int(values["epochs_left"]) == now.total_epochs - now.epoch
        assert int(values["decisions_left"].split()[0]) == sum(
            epoch % every == 0
            for epoch in range(now.epoch + 1, now.total_epochs))
    for name, field in OF_FIRST.items():
        first = next((x for m in history if (x := getattr(m, name))
                      and 0 < x < math.inf), None)
        value = getattr(now, name)
        assert (field in values) == (None not in (first, value))
        if field in values and abs(value / first) < 1e300:
            assert math.isclose(float(values[field]), value / first,
                                rel_tol=0.006) or math.isnan(value)


def run_of(val_accs):
    return [Metrics(epoch, 90.0, acc, 0.1 * epoch, None)
            for epoch, acc in enumerate(val_accs, start=1)]


@pytest.mark.parametrize("change, words", [
    (8.0, "rising fast"), (1.0, "rising slowly"), (0.0, "flat"),
    (-2.0, "falling")])
def test_the_trend_is_told_over_one_interval(change, words):
    history = run_of([50.0] * 5 + [50.0 + change])
    assert describe(history, every=5)["trend"] == words
    assert describe(history, every=5)["val_acc_change"] == f"{change:+.1f}"


@pytest.mark.parametrize("gap, every", [(3, 5), (3, 2), (5, 2), (2, 3)])
def test_what_is_measured_seldom_is_compared_with_what_came_before(
        gap, every):
    seldom = [Metrics(gap * k, 50.0, 60.0 + k, 1 / k, 2 / k, 0.1)
              for k in range(1, 9)]
    often = [Metrics(k, 50.0, 60.0 + k, 1 / k, 2 / k, 0.1)
             for k in range(1, 9)]
    assert set(describe(seldom, every)) == set(describe(often, 2))
    steps = math.ceil(every / gap)  # to the newest before the last decision
    told = describe(seldom, every)
    assert told["val_acc_change"] == f"+{steps:.1f}"
    assert told["train_loss_rises"] == f"0 of {steps} time{'s'[:steps > 1]}"


def test_rises_are_counted_and_nan_is_one():
    losses = [1.0, 0.9, 1.1, math.nan, 0.8, 0.7]
    history = [Metrics(i, 50.0, 50.0, loss)
               for i, loss in enumerate(losses, start=1)]
    # 0.9, 1.1 (a rise), nan (a rise), 0.8 (after nan: counted), 0.7
    assert describe(history, 5)["train_loss_rises"] == "3 of 5 times"


def test_the_constant_part_depends_on_actions_and_interval_alone():
    prompt = Prompt()
    first = prompt.messages(run_of([10.0]), ACTIONS, 5)[0]
    assert first == prompt.messages(run_of([10, 20, 30]), ACTIONS, 5)[0]
    other = with_factors(ACTIONS, 0.5, 2.0)
    changed = prompt.messages(run_of([10.0]), other, 2)[0]["content"]
    assert "by 0.5" in changed and changed != first["content"]


@given(histories(), st.integers(1, 20), st.floats(-3, 3), st.floats(-3, 3),
       st.sampled_from((2, 4, 64)))
@settings(max_examples=300, deadline=None)
def test_a_known_budget_leaves_no_unit_in_the_prompt(history, every, loss,
                                                     rate, steps):
    """Powers of two, so that no value is rounded another way; and no value
    so small or so large that a factor would make it 0 or infinite."""
    def times(value, power):
        return None if value is None else value * 2.0 ** power

    def told(history, every):
        return Prompt().messages(history, ACTIONS, every)

    loss, rate = int(10 * loss / 3), int(10 * rate / 3)
    assume(all(x in (None, 0) or not math.isfinite(x)
               or 1e-290 < abs(x) < 1e290
               for m in history for x in (m.train_loss, m.val_loss)))
    history = [replace(m, total_epochs=300) for m in history]
    assert told(history, every) == told([
        replace(m, epoch=m.epoch * steps, total_epochs=300 * steps,
                train_loss=times(m.train_loss, loss),
                val_loss=times(m.val_loss, loss),
                learning_rate=times(m.learning_rate, rate))
        for m in history], every * steps)


def test_a_fifth_action_reaches_the_prompt():
    actions = (*ACTIONS, Action("restore_best", "go back to the best weights"))
    system = Prompt().messages(run_of([10.0]), actions)[0]["content"]
    assert "- restore_best: go back to the best weights" in system


@pytest.mark.parametrize("template, says", [
    ("Epoch {epok}", "epok"), ("{val_acc.__class__}", "__class__"),
    ("{", "cannot be read"), ("{} and {0}", "unknown field"),
    ("{val_acc:.2f}", "Fields are text"), ("{val_acc:{no}}", "Fields are"),
])
def test_an_unknown_field_is_an_error_that_lists_the_known(template, says):
    with pytest.raises(ValueError, match="user") as error:
        Prompt(user=template)
    assert says in str(error.value)
    if "unknown field" in str(error.value):
        for name in FIELDS:
            assert name in str(error.value)


def test_a_format_that_fits_is_used():
    prompt = Prompt(system="{every:02d}{actions:.0}", user="{val_acc:>8}")
    assert [m["content"] for m in prompt.messages(run_of([10.0]))] == [
        "05", "    10.0"]


def test_text_in_brackets_can_be_written():
    prompt = Prompt(user='{{"epoch": {epoch}}}')
    assert prompt.messages(run_of([10.0]))[1]["content"] == '{"epoch": 1}'


def test_the_three_numbers_of_the_original_are_enough():
    user = Prompt().messages([Metrics(15, 92.0, 76.0)])[1]["content"]
    assert user.splitlines() == [
        "Progress: epoch 15", "Training accuracy: 92.0",
        "Validation accuracy: 76.0", "Gap: 16.0", "Which action?"]


@pytest.mark.parametrize("old, new, words", [
    (0.4, 0.3, "-25%"), (0.4, 0.5, "+25%"), (-1.0, -2.0, "-100%"),
    (1.0, 1.001, "+0%"), (1e-6, 100.0, "+1e+10%")])
def test_a_loss_changes_in_percent_of_what_it_was(old, new, words):
    history = [Metrics(5, 50.0, 50.0, old), Metrics(10, 50.0, 50.0, new)]
    assert describe(history, 5)["train_loss_change"] == words


@pytest.mark.parametrize("old, new", [
    (math.nan, 1.0), (1.0, math.inf), (0.0, 1.0), (None, 1.0), (1.0, None)])
def test_what_has_no_change_in_percent_is_left_out(old, new):
    history = [Metrics(5, 50.0, 50.0, old), Metrics(10, 50.0, 50.0, new)]
    assert "train_loss_change" not in describe(history, 5)


def test_the_rate_before_is_told_where_a_decision_changed_it():
    def told(rate):
        history = [Metrics(5, 50.0, 50.0, learning_rate=0.1),
                   Metrics(10, 50.0, 50.0, learning_rate=rate)]
        return Prompt().messages(history)[1]["content"].splitlines()[1]

    assert told(0.07) == "Learning rate: 0.7 of the first, before 1"
    assert told(0.1) == "Learning rate: 1 of the first"


def test_a_part_in_square_brackets_is_left_out_where_it_is_not_known():
    prompt = Prompt(user="Loss {val_loss}[ ({val_loss_change})]\n"
                         "Accuracy {val_acc}[ of epoch {epoch}] [sic]")
    content = prompt.messages(run_of([10.0]))[1]["content"]
    assert content == "Accuracy 10.0 of epoch 1 [sic]"
