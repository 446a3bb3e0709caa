"""Claims, single decisions, stopping, and pictures told in words."""

import pytest
from compared import compared, row, short

from agentic_lib.lab.compare import (
    answer,
    choices,
    claims,
    costs,
    pictures,
    stopping,
    tables,
)
from agentic_lib.lab.compare.methods import METHODS


@pytest.mark.parametrize("brain, peer, peers, placebos, good", [
    (95, 80, "supported", "supported", "supported"),
    (70, 80, "refuted", "supported", "refuted"),
    (10, 10, "not shown", "refuted", "supported")])
def test_verdicts_follow_the_rows(brain, peer, peers, placebos, good):
    rows = compared(brain, peer)
    found = [verdict for _, verdict, _ in claims.aims(rows)]
    assert found == [peers, placebos, good]
    said = {claim: verdict for claim, verdict, _ in claims.claims(rows)}
    assert said["better results than plateau, the best peer"] == peers
    assert said["it spots patterns in the metrics (against random_actions)"
                ] == placebos
    assert said["educational"] == said["interpretable"] == "not measured"


def test_aims_are_reached_group_by_group():
    regrets = {"small dense networks": 0.4, "other networks": 1.2}
    found = {group: (points, 0.0, 2.0) for group, points in regrets.items()}
    assert answer.reached(found) == "reached on small dense networks alone"
    found["other networks"] = 0.9, 0.1, 1.7
    assert answer.reached(found) == "reached"
    assert answer.reached({"small dense networks": (0.6, 0, 2)}) == \
        "not reached"


def test_claims_about_a_brain_rest_on_what_it_was_asked():
    asked = {"flips, both orders": 0.0, "seconds": {
        "a decision": 0.008, "a decision with its reason": 0.05,
        "an epoch": 0.01}, "reasons": {"true in all it says": 0.97}}
    said = {claim: verdict for claim, verdict, _ in claims.asked(asked)}
    assert said["consistent: the options in another order, the same answer"
                ] == "supported"
    assert said["interpretable: the reasons that it writes are true"
                ] == "refuted"
    assert said["milliseconds a decision, the bundled brain"] == "supported"
    [cheap] = [v for claim, v in said.items() if claim.startswith("cheap")]
    assert cheap == "refuted"  # 1.6 ms of an epoch's 10


def test_guards_are_told_from_the_brain():
    rows = [row(method=m, seed=s, test=t) for s in range(3) for m, t in (
        ("constant", 50), ("constant+guards", 60), ("brain", 70),
        ("brain+guards", 75))]
    text = tables.guarded(rows)
    assert "| constant | 1 x 3 | 0.0 | -10.0 | 10.0 (10.0 to 10.0) |" in text
    assert text.splitlines()[-2].endswith("| 15.0 ahead (15.0 to 15.0) |")


def made_up_states():
    names = ("continue", "reduce_learning_rate", "increase_learning_rate",
             "stop_training")
    return [{"task": task, "every": 5, "outcomes": {
        name: [50.0 + 10 * (k == best), 50.0, 50.0 + 20 * (k == best)]
        for k, name in enumerate(names)}}
        for task in ("a", "b") for best in range(4)], list(names)


def test_choices_are_judged_state_by_state():
    states, names = made_up_states()
    best = names + names
    assert choices.lost(states, best).tolist() == [0] * 8
    assert choices.lost(states, ["continue"] * 8).tolist() == \
        [0, 10, 10, 10] * 2
    found = choices.costs(states, {"brain": best})
    assert found[choices.SHUFFLED][0].tolist() == [7.5] * 8
    # the tries are 10, 0 and 20 points above: the third is 0, 20 and 10
    assert found[choices.LOOK_AHEAD][0].tolist() == pytest.approx([0] * 8)
    text = choices.table(states, {"chosen": {"brain": best}})
    assert "| brain | 100.0 (100.0 to 100.0) | 0.00 (0.00 to 0.00) |  |" in \
        text
    assert choices.sure_and_right(states, {
        "chosen": {"brain": ["continue"] * 8}, "sure": [0.5] * 7 + [None],
    })[:2] == [(0.5, True), (0.5, False)]


def test_pictures_are_told_in_words():
    rows = compared(95, 80)
    text = pictures.say_starts(rows, "t", ["constant", "brain"])
    assert "constant from 51 to 91 %, highest from a start at 0.1" in text
    assert "brain from 96 to 96 %" in text
    text = pictures.say_regret(rows, few=1)
    assert "at good starts it is lowest for brain -5.0" in text
    assert "highest for random_actions 70.0" in text
    assert "constant 50 % and 50 %" in pictures.say_profiles(
        rows, ["constant"])
    assert "50 % sure on average, right in 100 %" in \
        pictures.say_reliability([(0.4, True), (0.6, True)])


def test_a_run_that_stops_is_the_beginning_of_the_one_that_does_not():
    found = stopping.ends(short("spirals", 24), seeds=1)
    assert len(found) == 9 * len(stopping.MARGINS)
    for _, stopped, saved, *_ in stopping.curve(found):
        assert 0 <= saved <= stopped <= 1
    at = [[e["epochs"] for e in found if e["margin"] == margin]
          for margin in stopping.MARGINS]
    for sooner, later in zip(at, at[1:]):  # the surer, the later
        assert all(a <= b for a, b in zip(sooner, later))
    for end in found:
        assert 10 <= end["epochs"] <= 24
        if end["epochs"] == 24:
            assert end["test"] == end["full"]


def test_what_stopping_lost_is_a_mean_of_differences():
    end = {"task": "t", "margin": 0.5, "budget": 60, "full": 90.0,
           "full_best": 92.0}
    found = [{**end, "epochs": 30, "test": 88.0, "test_best": 91.5},
             {**end, "epochs": 60, "test": 90.0, "test_best": 92.0}]
    assert stopping.curve(found) == [(0.5, 0.5, 0.25, 1.0, 0.25)]
    assert "| 0.5 | 50 % | 25 % | 1.00 | 0.25 |" in stopping.table(found)


def test_a_runs_cost_has_its_decisions_in_it():
    task = short("spirals", 6)
    rules = costs.cost("rules_quick", task)
    assert 0 <= rules["decisions"] < rules["seconds"]
    assert costs.cost("constant", task)["decisions"] == 0
    pairs = [(rate, 0) for rate in task.rates]
    work = [(task, METHODS["constant"], pairs)]
    known = {"tasks": {"spirals": 2.0}}
    assert costs.estimate(work, known) == pytest.approx(3.0)
    assert costs.estimate(work + work, known) == pytest.approx(3.0)
    assert costs.estimate(work, {"tasks": {}}) is None
