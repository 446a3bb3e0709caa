"""The tasks and the placebos of the comparison, and who was tuned."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from compared import NAN, row
from hypothesis import given
from hypothesis import strategies as st

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.lab import teach
from agentic_lib.lab.compare import headroom, tables, tasks
from agentic_lib.lab.compare.deciders import (
    RandomActions,
    RateOnly,
    best_rates,
    frequencies,
)
from agentic_lib.lab.compare.methods import (
    SETTINGS,
    TUNED,
    find_method,
    random_actions,
    trials_of,
)
from agentic_lib.lab.compare.guarded import run_guarded
from agentic_lib.lab.compare.recorded import COPIES, GROUPS
from agentic_lib.lab.compare.rows import guessing, score_of
from agentic_lib.lab.compare.tasks import LEAK, NEW, TASKS, find_task
from agentic_lib.lab.compare.together import run_batched
from agentic_lib.lab.pilots import Decided, Group
from agentic_lib.lab.teach import situations


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_tasks_are_three_parts_drawn_by_the_seed(task):
    data, again, other = task.load(0), task.load(0), task.load(1)
    for part in ("train", "val", "test"):
        x, y = getattr(data, part)
        assert len(x) == len(y) > 100
        assert y.max() < data.classes
        assert (x == getattr(again, part)[0]).all()
    assert not (data.train[0] == other.train[0]).all()


def test_no_name_of_the_text_is_in_two_parts():
    from agentic_lib.lab.compare.tasks import unicode_names

    names = unicode_names()
    assert len(set(names)) == len(names) > 3000
    assert "LATIN SMALL LETTER A WITH GRAVE" in names


def test_a_leak_swaps_what_is_decided_on():
    honest, leaking = find_task("digits"), find_task("digits" + LEAK)
    assert (honest.load(0).val[0] == leaking.load(0).test[0]).all()
    assert (honest.load(0).test[1] == leaking.load(0).val[1]).all()


def test_random_actions_have_the_brains_frequencies():
    texts = ["cr", "ci", "rr", "ci"]
    rows = [row(method="brain", seed=i, actions=t)
            for i, t in enumerate(texts)]
    shares = frequencies(rows)
    assert shares[0] == {"continue": 0.75, "reduce_learning_rate": 0.25,
                         "increase_learning_rate": 0, "stop_training": 0}
    assert find_method("random_actions", rows).start.keywords[
        "frequencies"] == shares
    pilot = RandomActions(Group((0.1,) * 2000, tuple(range(2000))), shares)
    names = pilot.choose([None] * 2000, range(2000), None)
    assert names.count("continue") / 2000 == pytest.approx(0.75, abs=0.04)
    assert random_actions(rows).name == "random_actions"
    with pytest.raises(ValueError, match="run it first"):
        random_actions([])


@given(start=st.floats(-6, 1), best=st.floats(-4, 0))
def test_an_oracle_comes_as_near_as_its_steps_allow(start, best):
    pilot = find_method("oracle_quick", [
        row("digits", rate=10 ** best, test=90.0),
        row("digits", rate=10 ** best / 100, test=80.0)]).start(
        Group((10 ** start,), (0,), epochs=60, task="digits"))
    apart = []
    for epoch in range(2, 60, 2):
        apart.append(abs(math.log10(pilot.rates[0]) - best))
        now = Metrics(epoch, val_acc=50.0, learning_rate=pilot.rates[0])
        pilot.step([[now] * epoch])
    assert apart == sorted(apart, reverse=True)  # never further away
    assert apart[-1] <= math.log10(2) / 2 + 1e-9
    assert not pilot.stopped[0]


def test_an_oracle_is_told_the_best_rate_of_all_seeds():
    rows = [row("digits", rate=rate, seed=seed, test=test)
            for rate, seed, test in ((0.1, 0, 90.0), (0.1, 1, 70.0),
                                     (0.01, 0, 85.0), (0.01, 1, 85.0))]
    assert best_rates(rows) == {"digits": 0.01}
    for known, task in (([], "digits"), (rows, "spirals")):
        with pytest.raises(ValueError, match="run it first"):
            find_method("oracle_quick", known).start(
                Group((0.1,), (0,), task=task))


def test_what_the_rules_decided_in_a_brains_place_is_marked():
    def decide(histories, every, actions):
        return [Decision("continue", "", source=source)
                for source in ("model", "fallback")]

    pilot = Decided(Group((0.1, 0.1), (0, 1)), decide)
    pilot.step([[None] * 5, [None] * 5])
    assert pilot.actions == ["c", "C"]
    rows = [row(method="brain", seed=i, actions=a)
            for i, a in enumerate(pilot.actions)]
    assert "| brain | 2 | 50.0 % |" in tables.stood_in(rows)


@pytest.mark.parametrize("suffix, every, factors", [
    ("", 5, (0.7, 1.3)), ("_quick", 2, (0.5, 2.0))])
def test_all_that_decide_run_at_both_settings(suffix, every, factors):
    rows = [row(method="brain" + suffix, actions="cr")]
    for name in ("rules", "logistic", "brain", "shuffled_metrics",
                 "look_ahead", "qwen", "random_actions", "rate_only"):
        method = find_method(name + suffix, rows)
        pilot = method.start(Group((0.1,), (0,)))
        assert pilot.every == every, method.name
        assert {a.factor for a in pilot.table.values()} - {1.0} == \
            set(factors)
        assert f"every {every} epochs" in method.says


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match="random_actions_quick"):
        find_method("random_actions_slow")
    with pytest.raises(ValueError, match="plateau"):
        find_method("plato")
    with pytest.raises(ValueError, match="spirals"):
        find_task("spiral")


def test_tasks_stay_apart_from_what_is_taught():
    """No part of the lab that teaches imports the comparison, and no task uses
    a family of networks that is used for teaching."""
    for path in Path(teach.__file__).parent.glob("*.py"):
        assert "lab.compare" not in path.read_text(encoding="utf8"), path
    text = Path(tasks.__file__).read_text(encoding="utf8")
    assert "lab.teach" not in text
    taught = {*situations.GENERATED, *situations.REAL}
    loaders = {getattr(t.load, "func", t.load).__name__
               for t in TASKS.values()}
    assert not loaders & taught
    assert {"digits", "spirals", "breast_cancer"} <= set(situations.HELD_OUT)


def test_every_task_is_in_one_group_and_rates_span_four_decades():
    members = [t for group in GROUPS.values() for t in group]
    assert len(members) == len(set(members)) == len(set(members) & set(TASKS))
    for task in TASKS.values():
        assert len(task.rates) == 9
        assert task.rates[-1] / task.rates[0] == pytest.approx(1e4)
    assert {t.name for t in NEW} <= {*members, *COPIES.values()}
    for name, copy in COPIES.items():  # nothing but the units differs
        assert name in members and copy not in members
        assert find_task(copy).units != find_task(name).units == 1


def test_a_placebo_looks_at_the_rate_alone():
    rules = RateOnly(Group((0.1,), (0,)), low=0.01, high=0.05).rule
    for loss in (0.1, 9.0, NAN):
        now = {"epoch": 5, "total_epochs": 60, "val_acc": 50.0,
               "val_loss": loss}
        assert [rules([Metrics(learning_rate=rate, **now)], None, 2)
                for rate in (0.001, 0.03, 0.1)] == [
            "increase_learning_rate", "continue", "reduce_learning_rate"]
    late = Metrics(epoch=50, total_epochs=60, learning_rate=0.001,
                   val_loss=1.0)
    assert rules([late], None, 2) == "reduce_learning_rate"


def test_who_was_tuned_had_as_many_trials_as_the_others():
    trials = trials_of()
    assert {"plateau", "greedy", "rate_only", "brain"} <= set(trials)
    assert {len(tried) for tried in trials.values()} == {5}
    for name, tried in trials.items():
        assert max(t["accuracy"] for t in tried) == next(
            t["accuracy"] for t in tried if t["settings"] == TUNED[name])
    options, _ = SETTINGS["_quick"]
    assert options == TUNED["brain"]


def test_guards_cannot_stand_everywhere():
    with pytest.raises(ValueError, match="halving.*cannot have guards"):
        find_method("halving+guards")


def test_a_loss_alone_is_scored_by_perplexity():
    task = find_task("next_character_adamw")
    assert score_of(task, None, math.log(4)) == pytest.approx(25)
    assert score_of(task, None, NAN) == 0
    shares = torch.tensor([[0, 1], [2, 3]])  # four tokens, equally common
    assert guessing(task, shares) == pytest.approx(25)
    assert score_of(find_task("digits"), 93.0, 7.0) == 93.0


# -- does COOL_DOWN earn its place? -----------------------------------------

def test_a_problem_is_the_same_for_its_number():
    one, again, other = map(headroom.draw_problem, (0, 0, 1))
    assert one.name == again.name != other.name
    for part in ("train", "val", "test"):
        assert torch.equal(getattr(one.load(0), part)[0],
                           getattr(again.load(1), part)[0])


def test_recording_problems_goes_on_and_begins_anew(tmp_path, monkeypatch):
    path, played = tmp_path / "headroom.json", []

    def noted(number):
        played.append(number)
        return {"name": str(number), "room": 0.0, "four": 50.0, "five": 51.0}

    monkeypatch.setattr(headroom, "play", noted)
    headroom.record(path, 2)
    headroom.record(path, 3)
    assert played == [0, 1, 2]
    found = headroom.read(path)
    path.write_text(json.dumps({**found, "guards_crc32": "another"}))
    headroom.record(path, 2)
    assert played == [0, 1, 2, 0, 1]


def test_gains_are_split_by_headroom():
    text = headroom.table([
        {"room": room, "four": 50.0, "five": 50.0 + gain}
        for room, gain in ((1.0, 2.0), (0.5, 1.0), (0.4, -1.0), (-1, 0.0))])
    assert [line.split(" | ")[1:3] for line in text.splitlines()[2:]] == [
        ["2", "+1.50"], ["2", "-0.50"], ["4", "+0.50"]]


def test_a_problem_is_played_as_it_is_said(monkeypatch):
    """`room` is the best linear fall against the best constant rate; the two
    brains start at the same nine rates under guards."""
    monkeypatch.setattr(headroom, "SEEDS", 1)
    whole = headroom.draw_problem(2)
    short = replace(whole, epochs=6, rates=whole.rates[4:7])
    monkeypatch.setattr(headroom, "draw_problem", lambda _: short)
    found = headroom.play(2)
    scores = {name: [run(short, find_method(name), [(rate, 0)])[0].test
                     for rate in short.rates]
              for run, name in ((run_batched, "constant"),
                                (run_batched, "linear"),
                                (run_guarded, "brain_quick_four"),
                                (run_guarded, "brain_quick"))}
    assert found["room"] == pytest.approx(
        max(scores["linear"]) - max(scores["constant"]), abs=0.01)
    for what, name in (("four", "brain_quick_four"), ("five", "brain_quick")):
        assert found[what] == pytest.approx(
            sum(scores[name]) / 3, abs=0.01)
