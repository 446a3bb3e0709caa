"""Rows -> numbers: regret, intervals, leads, and what they rest on."""

import numpy as np
import pytest
from compared import NAN, everybody, row, short
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agentic_lib.brain.decision import Decision
from agentic_lib.lab.compare import compare, intervals, results, tables, views
from agentic_lib.lab.compare.methods import Method, decided
from agentic_lib.lab.compare.recorded import COPIES
from agentic_lib.lab.pilots import Decided, Group


scores = arrays(float, (2, 3, 4), elements=st.floats(
    0, 100, allow_subnormal=False))  # torch may have switched them off


@given(scores)
@settings(deadline=None, max_examples=30)
def test_the_middle_half_is_scipys_trimmed_mean(values):
    from scipy.stats import trim_mean

    assert intervals.iqm(values) == pytest.approx(
        trim_mean(values.ravel(), 0.25))


@given(scores, scores)
@settings(deadline=None, max_examples=30)
def test_improvement_is_shared_between_two(a, b):
    assert intervals.improvement(a, b) + intervals.improvement(b, a) == \
        pytest.approx(1)
    assert intervals.improvement(a + 101, b) == 1


@given(scores, st.floats(-20, 20, allow_subnormal=False))
@settings(deadline=None, max_examples=20)
def test_a_paired_interval_of_a_shift_is_the_shift(values, shift):
    found = intervals.interval(intervals.difference, values + shift, values,
                                times=50)
    assert found == pytest.approx((shift,) * 3, abs=1e-9)


def test_intervals_hold_what_they_promise():
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, (3, 2, 1))
    held = 0
    for trial in range(150):
        drawn = truth + rng.normal(0, 5, (3, 2, 12))
        _, low, high = intervals.interval(intervals.mean, drawn, times=400,
                                           seed=trial)
        held += low <= truth.mean() <= high
    assert 0.87 <= held / 150 <= 0.99


@pytest.mark.parametrize("statistic", [
    intervals.mean, intervals.iqm,
    intervals.masked(intervals.mean, np.array([[True, False]] * 3)),
    intervals.masked(intervals.mean, np.zeros((3, 2), bool))])
def test_all_draws_at_once_are_each_draw_by_itself(statistic):
    draws = np.random.default_rng(0).normal(size=(5, 3, 2, 4))
    assert statistic(draws) == pytest.approx(
        [statistic(draw) for draw in draws], nan_ok=True)


def test_a_statistic_that_mixes_the_draws_is_refused():
    with pytest.raises(ValueError, match="one number for each draw"):
        intervals.interval(np.mean, np.zeros((3, 2, 4)))


def test_profiles_rise_from_none_to_all():
    regret = np.array([[[0.0, 1.0], [5.0, 9.0]]])
    assert intervals.profile(regret, [-1, 0, 1, 5, 100]).tolist() == \
        [0, 0.25, 0.5, 0.75, 1]


def test_regret_is_measured_against_the_best_constant_rate():
    rows = [row(rate=r, seed=s, test=t + s)
            for r, t in ((0.01, 60), (0.1, 90)) for s in range(2)]
    rows += [row(method="other", rate=r, seed=s, test=80 + s)
             for r in (0.01, 0.1) for s in range(2)]
    rows += [row(method="rateless", rate=NAN, seed=s, test=95 + s)
             for s in range(2)]
    s = intervals.collect(rows)
    assert s.best.tolist() == [1]
    assert s.regret("constant").ravel().tolist() == [30, 30, 0, 0]
    assert (s.regret("other") == 10).all()
    assert (s.regret("rateless") == -5).all()
    assert s.good().tolist() == [[False, True]]
    assert "| rateless | 1 x 2 | 15.0" not in tables.overall(rows)
    assert "| rateless | 1 x 2 | -5.0 (-5.0 to -5.0) |" in tables.overall(rows)
    assert "| rateless | 1 x 2 | 15.0 behind" in tables.against(rows, "other")
    with pytest.raises(ValueError, match="constant"):
        intervals.collect(rows[4:])


def test_a_method_without_a_rate_stands_at_every_start_with_its_mean():
    rows = [row(rate=rate) for rate in (0.1, 0.00001)]
    rows += [row(method="rateless", rate=float("nan"), seed=seed, test=test)
             for seed, test in enumerate((60.0, 80.0))]
    rows += [row("other"), row("other", "rules", test=70.0)]
    assert tables.cells(rows).splitlines()[2:] == [
        "| other | 0.1 | 50.0 |  | 70.0 |", "| t | 1e-05 | 50.0 | 70.0 |  |",
        "| t | 0.1 | 50.0 | 70.0 |  |"]


def test_tables_tell_what_stopping_cost():
    rows = [row(), row(method="a", test=48, epochs=30),
            row(method="a_no_stop", test=50)]
    assert "| a | 100 % | 50 % | 2.0 (2.0 to 2.0) |" in tables.stopping(rows)


def test_a_learner_can_add_a_method(tmp_path):
    def lower_late(history, actions, every):
        late = history[-1].epoch > 5
        name = "reduce_learning_rate" if late else "continue"
        return Decision(name, "It is late.")

    method = Method("mine", decided(lower_late, reduce=0.5))
    compare.grid(["constant", method], [short("spirals", 12)], [0.1], [0, 1],
                 tmp_path / "r.csv")
    rows = results.read_rows(tmp_path / "r.csv")[1]
    mine = [r for r in rows if r.method == "mine"]
    assert {r.actions for r in mine} == {"cr"}
    assert mine[0].last_rate == pytest.approx(0.05)
    assert "mine" in tables.everything(rows, "mine")


def test_bounds_are_the_controllers():
    group = Group((5.0, 2e-7), (0, 0), epochs=60)
    pilot = Decided(group, lambda h, e, a: ["increase_learning_rate",
                                            "reduce_learning_rate"],
                    reduce=0.1, increase=3.0)
    history = [None] * 5
    pilot.step([history, history])
    assert pilot.rates.tolist() == [10.0, 1e-7]


def test_drawing_tasks_too_widens_an_interval_when_tasks_differ():
    values = np.arange(5.0)[:, None, None] * 10 + np.array([0.0, 1, 2])
    _, low, high = intervals.interval(intervals.mean, values)
    _, lower, higher = intervals.interval(intervals.mean, values, tasks=True)
    assert lower < low - 5 and higher > high + 5


def test_tasks_have_starting_rates_of_their_own():
    rows = [row(task, rate=rate * scale, test=test)
            for task, scale in (("a", 1), ("b", 1000))
            for rate, test in ((0.01, 60), (0.1, 90))]
    s = intervals.collect(rows)
    assert s.rates == [[0.01, 0.1], [10, 100]] and s.best.tolist() == [1, 1]
    with pytest.raises(ValueError, match="differ in how many"):
        intervals.collect([*rows, row("b", rate=1000.0)])


def test_a_task_in_other_units_is_not_counted_twice():
    copy = COPIES["spirals"]
    rows = [row(task, "constant", rate, seed, 50 + seed)
            for task in ("spirals", "digits", copy) for rate in (0.01, 0.1)
            for seed in range(2)]
    view, _ = views.complete(rows, core=())
    assert {r.task for r in view} == {"spirals", "digits"}
    # but it is what the table about units shows
    assert copy in tables.units(rows, ["constant"])


def led(**leads):
    """Rows in which the brain leads plateau by so much on these tasks."""
    return [row(task, method, rate, seed, 50 + seed + (
        lead if method == "brain" else 0))
        for task, lead in leads.items() for rate in (0.01, 0.1)
        for seed in range(3) for method in ("constant", "plateau", "brain")]


def test_a_lead_that_rests_on_one_task_is_said():
    for leads, tasks in (({"a": 30, "b": 0, "c": 0}, ["a"]),
                         ({"a": -30, "b": 0, "c": 0}, ["a"]),
                         ({"a": 3, "b": 3, "c": 3}, []),
                         ({"a": 0, "b": 0, "c": 0}, []),
                         # either of the first two undoes what c takes back
                         ({"a": 9, "b": 9, "c": -10}, ["a", "b"])):
        assert views.rests_on(led(**leads), "plateau", "brain") == tasks
    assert views.leads(led(a=30, b=-2), "plateau", "brain") == {
        "a": 30, "b": -2}
    text = tables.lead_by_task(led(a=30, b=0), "brain", ["plateau"])
    assert "| plateau | +30.0 | +0.0 | a |" in text


@pytest.mark.parametrize("found, text", [
    ((3.84, 2.8, 4.8), "3.8 ahead (2.8 to 4.8)"),
    ((-0.8, -1.1, -0.5), "0.8 behind (0.5 to 1.1)"),
    ((0.4, -1.3, 2.2), "0.4 ahead (1.3 behind to 2.2 ahead)"),
    ((-9.5, -12.0, -8.0), "9.5 behind (8.0 to 12.0)"), ((NAN,) * 3, "")])
def test_a_lead_is_said_in_words(found, text):
    assert tables.lead(found) == text


def test_the_best_schedule_in_hindsight_may_be_a_constant_rate():
    rows = [row(task, method, rate, seed, test + seed)
            for task, cosine in (("a", 95), ("b", 10)) for seed in range(2)
            for method, rate, test in (
                ("constant", 0.1, 90), ("constant", 0.01, 60),
                ("cosine", 0.1, cosine), ("cosine", 0.01, 5),
                *((other, rate, 1) for rate in (0.01, 0.1)
                  for other in ("linear", "rex", "one_cycle")))]
    best, which = views.best_schedules(rows, ["a", "b"], [0, 1])
    assert best.tolist() == [[95, 96], [90, 91]]
    assert which == ["cosine from 0.1", "constant from 0.1"]
    regret = views.schedule_regret(rows, rows, "constant")
    assert regret.ravel().tolist() == [35, 35, 5, 5, 30, 30, 0, 0]
    # a task on which one run of a schedule is missing does not count
    part = [r for r in rows if (r.task, r.method, r.rate, r.seed) != (
        "b", "rex", 0.1, 1)]
    regret = views.schedule_regret(rows, part, "constant")
    assert regret.ravel().tolist() == [35, 35, 5, 5]
    none = [r for r in rows if r.method != "linear"]
    assert views.schedule_regret(rows, none, "constant") is None
    assert "| b |" not in tables.schedules(rows, part)


def test_the_first_view_has_guards_on_and_tasks_that_all_have():
    rows = everybody(("a", "b"))
    rows += [row("c"), row("a", "cosine+guards"), row("a", "cosine")]
    view, left_out = views.complete(views.as_used(rows))
    assert {r.task for r in view} == {"a", "b"}
    assert left_out == ["cosine"]  # on one task, with one seed
    assert {"constant", "left_alone", "brain_quick", "halving"} <= set(
        views.names(view))
    assert not any(m.endswith("+guards") for m in views.names(view))
    assert views.complete(views.as_used(rows[:3]))[0] == []
