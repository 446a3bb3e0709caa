"""The commands `check` and `bench`: what they count, and that they run."""

import argparse
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import make_history, save_tiny_model

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS, Decision
from agentic_lib.lab import bench, check
from agentic_lib.lab.calibration import calibration_error
from agentic_lib.lab.saved_states import write_states
from agentic_lib.run.record import to_line

NAMES = [action.name for action in ACTIONS]


def make_state(epochs, **outcomes):
    return {"history": make_history(epochs), "every": 5,
            "factors": [0.7, 1.3], "outcomes": {
                name: [outcomes.get(name, 50.0)] * 2 for name in NAMES}}


@pytest.fixture
def states():
    return [make_state(5, reduce_learning_rate=90.0),
            make_state(10, increase_learning_rate=80.0, stop_training=79.9),
            make_state(15, **{"continue": 70.0})]


def arguments(command, *given):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(given)


def test_choices_are_held_against_what_they_led_to(states):
    found = check.judge_names(
        states, ["reduce_learning_rate", "stop_training", "stop_training"])
    assert found["best"] == pytest.approx(2 / 3)  # 79.9 is as good as 80
    assert found["regret"] == pytest.approx((0 + 0.1 + 20) / 3)


def test_the_best_possible_and_always_the_same(states):
    best = [max(check.worth(s), key=check.worth(s).get) for s in states]
    assert check.judge_names(states, best) == {"best": 1, "regret": 0}
    same = check.judge_names(states, ["continue"] * 3)
    assert same["best"] == pytest.approx(1 / 3)


def test_who_decided_is_counted(states):
    decisions = [
        Decision("continue", "x", seconds=1.0),
        Decision("continue", "x", source="fallback", seconds=2.0,
                 note="the model's reply holds no decision", reply="Bananas."),
        Decision("continue", "x", source="fallback", seconds=3.0,
                 note="broken")]
    found = check.judge(states, decisions)
    assert found["by model"] == pytest.approx(1 / 3)
    assert found["unreadable"] == pytest.approx(1 / 3)
    assert found["seconds"] == 2 and "error" not in found


@pytest.mark.parametrize("pairs, error", [
    ([(1.0, True)] * 5, 0), ([(1.0, False)] * 5, 1),
    ([(0.75, True)] * 3 + [(0.75, False)], 0),
    ([(0.55, True), (0.95, False)], (0.45 + 0.95) / 2),
])
def test_calibration_error(pairs, error):
    assert calibration_error(pairs) == pytest.approx(error)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_error_lies_between_0_and_1(pairs):
    assert 0 <= calibration_error(pairs) <= 1 + 1e-9


@given(st.lists(st.floats(0, 100), min_size=4, max_size=4))
def test_what_is_right_sums_to_one_as_probabilities_do(values):
    state = make_state(5, **dict(zip(NAMES, values, strict=True)))
    shares = [check.share_of_best(state, name) for name in NAMES]
    assert sum(shares) == pytest.approx(1)
    assert shares[values.index(max(values))] == max(shares)


def test_ties_are_shared(states):
    share = check.share_of_best
    assert share(states[0], "reduce_learning_rate") == 1
    assert share(states[0], "continue") == 0
    assert share(states[1], "increase_learning_rate") == 0.5
    assert share(states[1], "stop_training") == 0.5


class Firstish:
    """Prefers what is named first by `lean`, and one name by `like`."""

    name = description = "firstish"
    default_mode = "score"

    def __init__(self, lean, like=0.0):
        self.lean, self.like = lean, like

    def generate(self, messages, **options):
        return ""

    def score_many(self, list_of_messages, options):
        return [{name: self.lean * (i == 0)
                 + self.like * (name == "increase_learning_rate")
                 for i, name in enumerate(options)} for _ in list_of_messages]


@pytest.mark.parametrize("lean, like, before, after", [
    (0.0, 1.0, 0, 0),   # does not mind the order
    (0.3, 0.2, 1, 0),   # a little: both orders mend it
    (9.0, 0.0, 1, 1),   # so sure of the first that no second look is taken
])
def test_flips_before_and_after(states, lean, like, before, after):
    brain = SimpleAIBrain(Firstish(lean, like), quiet=True)
    assert check.flips(brain, states) == {
        "flips": before, "flips, both orders": after}
    assert brain.both_orders


def test_the_command_checks_a_real_model(states, tmp_path, capsys):
    save_tiny_model(tmp_path / "model")
    write_states([{**s, "history": [vars(m) for m in s["history"]]}
                  for s in states], tmp_path / "states.gz")
    numbers = check.run(arguments(
        check, "--brain", str(tmp_path / "model"), "--mode", "score",
        "--states", str(tmp_path / "states.gz"), "--record",
        str(tmp_path / "out" / "answers.jsonl")))
    told = capsys.readouterr().out
    assert "picks the best" in told and "always stop_training" in told
    mine = numbers[str(tmp_path / "model")]
    assert mine["by model"] == 1 and 0 <= mine["error"] <= 1
    assert set(numbers) >= {"the rules", "always continue"}
    head, *answers = map(json.loads, (
        tmp_path / "out" / "answers.jsonl").read_text().splitlines())
    assert head["mode"] == "score" and "date" in head and "revision" in head
    assert len(answers) == 3
    for answer, state in zip(answers, states):
        assert answer["worth"] == check.worth(state)
        assert math.isclose(sum(answer["probabilities"].values()), 1)


def test_calibrating_divides_out_what_the_model_prefers(states, tmp_path):
    model = str(tmp_path / "model")
    save_tiny_model(model)
    write_states([{**s, "history": [vars(m) for m in s["history"]]}
                  for s in states], tmp_path / "states.gz")
    found = []
    for more in ([], ["--calibrate"]):
        check.run(arguments(
            check, "--brain", model, "--mode", "score", "--record",
            str(tmp_path / "answers.jsonl"), "--states",
            str(tmp_path / "states.gz"), *more))
        _, *lines = (tmp_path / "answers.jsonl").read_text().splitlines()
        found.append([json.loads(line)["probabilities"] for line in lines])
    brain = SimpleAIBrain(model, mode="score", calibrate=True, quiet=True)
    for state, raw, calibrated in zip(states, *found):
        assert raw != calibrated
        assert calibrated == pytest.approx(brain.probabilities(
            [state["history"]], check.actions_of(state), state["every"])[0],
            abs=1e-5)


def test_no_states_is_told(tmp_path):
    with pytest.raises(ValueError, match="lab.compare.states makes one"):
        check.find_states(tmp_path / "none.gz")


def test_states_are_read_as_they_were_written(states, tmp_path):
    path = tmp_path / "states.gz"
    write_states([{**s, "history": [vars(m) for m in s["history"]]}
                  for s in states], path)
    assert check.find_states(path) == states
    assert to_line({"a": 1}).endswith("\n")


def test_the_bench_measures_a_model_made_by_itself(tmp_path, capsys):
    model = bench.make_model(
        tmp_path, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8,
        vocab_size=2010)
    rows = bench.run(arguments(bench, "--model", model, "--rounds", "1",
                               "--device", "cpu"))
    told = capsys.readouterr().out
    for words in ("bfloat16", "loading", "bare pass", "scored decision",
                  "batch of 32", "25 generated tokens", "full pass",
                  "reading the weights"):
        assert words in told
    assert all(len(row["seconds"]) in (1, 2) for row in rows)
    assert all(s > 0 for row in rows for s in row["seconds"])
    assert "times the weights" in rows[0]["note"]
