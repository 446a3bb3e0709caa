"""The naive brain: it ships, it answers by itself, and it has its faults."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

import agentic_lib
from agentic_lib import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS
from agentic_lib.lab import check
from agentic_lib.lab.saved_states import read_states
from agentic_lib.lab.teach import command, faults, naive
from agentic_lib.lab.teach.branching import RUNS
from agentic_lib.lab.teach.tokens import make_tokenizer

HERE = Path(agentic_lib.__file__).parent / "naive_brain"


@pytest.fixture(scope="module")
def states():
    return read_states()[::6]  # 60, of all tasks


def with_samples(few, brain, states):
    """Its faults; random replies are drawn at a `few` of the states alone,
    which is what takes long."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(faults, "FEW", few)
        return faults.measure(brain, states)


@pytest.fixture(scope="module")
def measured(states):
    return with_samples(15, SimpleAIBrain(HERE, quiet=True), states)


@pytest.fixture(scope="module")
def bundled(states):
    return with_samples(1, SimpleAIBrain("bundled", quiet=True), states)


def test_it_is_small_and_complete():
    size = sum(path.stat().st_size for path in HERE.iterdir())
    assert size < 1.5e6
    names = {path.name for path in HERE.iterdir()}
    assert names == {p.name for p in (HERE.parent / "bundled_brain").iterdir()}


def test_nothing_answers_in_its_place(measured):
    taught = json.loads((HERE / "brain.json").read_text())
    assert "lines" not in taught and "temperature" not in taught
    assert measured["by model"] == 1


def test_it_flips_with_the_order_and_the_bundled_brain_hardly_does(bundled):
    brain = SimpleAIBrain(HERE, quiet=True)
    brain.both_orders = brain.calibrate = brain.explain = False
    # 60 states are too few for a share of some 14 %
    assert check.flips(brain, read_states()[::2])["flips"] > 0.12
    assert bundled["flips"] < 0.05


def test_it_is_surer_than_it_is_right(measured, bundled):
    assert measured["sure"] > measured["right"] + 0.3
    assert measured["error"] > bundled["error"] + 0.2


def test_it_has_a_favourite(measured):
    assert measured["favour"] > 0.5  # a fourth would be none


def test_it_makes_up_numbers_and_the_bundled_brain_does_not(measured,
                                                            bundled):
    assert 0.1 < measured["invented"] < 0.8
    assert bundled["invented"] < 0.03


def test_its_samples_differ(measured):
    assert measured["differ"] > 0.2
    assert measured["differ"] >= measured["waver"] > 0


def test_its_reply_is_a_decision():
    decision = SimpleAIBrain(HERE, quiet=True).think_about_training(92, 76,
                                                                    15)
    assert decision.source == "model" and decision.note is None
    assert decision.action in [a.name for a in ACTIONS]


@pytest.fixture
def group():
    """Two decisions of a group of runs, the second worth stopping at."""
    rng = np.random.default_rng(0)
    seen = rng.uniform(0.1, 1, (RUNS, 12, 5)).astype(np.float32)
    worth = np.zeros((RUNS, 2, 3, 2), np.float32)
    worth[:, 0, 1, 0] = 5  # reducing was best in the first try,
    worth[:, 0, 2, 1] = 50  # raising in the second
    now = np.array([[-1, 9]] * RUNS, np.float32)
    return {"seen": seen, "worth": worth, "now": now, "every": 5,
            "horizon": 20, "epochs": np.array([5, 10]),
            "factors": np.tile([0.7, 1.3], (RUNS, 1))}


def test_its_lessons_are_one_try_one_wording_one_order(group):
    lessons = naive.NaiveLessons([group], make_tokenizer(), count=20)
    drawn = [lessons.draw() for _ in range(60)]
    assert {question.names for question, _, _ in drawn} == {
        tuple(a.name for a in ACTIONS)}
    assert len({question.messages[0]["content"]
                for question, _, _ in drawn}) == 1
    chosen = {(len(lessons.groups), int(target.argmax()))
              for _, target, _ in drawn}
    assert chosen == {(1, 1), (1, 3)}
    assert all(target.max() == 1 for _, target, _ in drawn)
    assert (lessons.chances > 0).sum() == 20


def test_the_command_makes_the_same_one_again(group, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "unpack", lambda path: [group])
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    for name in ("one", "two"):
        command.run(parser.parse_args([
            "--naive", "--steps", "2", "--out", str(tmp_path / name)]))
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()}
                for n in ("one", "two"))
    assert one == two and "brain.json" in one


def test_the_command_prints_all_faults(states, capsys, monkeypatch):
    monkeypatch.setattr(faults, "read_states", lambda: states[:2])
    faults.main([str(HERE)])
    told = capsys.readouterr().out
    assert all(title in told for title in faults.TITLES.values())
