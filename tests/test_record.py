"""A run on disk: what is written comes back, and damage is named."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.run.record import (
    FILE_NAME,
    Run,
    RunFile,
    from_line,
    read_up_to,
    to_line,
)

number = st.one_of(st.none(), st.floats())
accuracy = st.one_of(st.none(), st.floats(0, 100))
text = st.text(max_size=40)


@st.composite
def runs(draw):
    epochs = draw(st.integers(0, 6))
    metrics = [Metrics(e, draw(st.floats(0, 100)), draw(accuracy),
                       draw(number), draw(number), draw(st.floats(0, 10)))
               for e in range(1, epochs + 1)]
    decisions = [Decision("continue", draw(text), reply=draw(text),
                          prompt=draw(text), epoch=m.epoch,
                          probabilities={draw(text): draw(st.floats())},
                          old_lr=m.learning_rate)
                 for m in metrics if draw(st.booleans())]
    test = draw(st.one_of(st.none(), st.just({"test_acc": 91.5})))
    return Run({"data": draw(text)}, metrics, decisions, test)


def same(a, b):
    """Equality in which nan equals nan."""
    return repr(a) == repr(b) and repr(a.events()) == repr(b.events())


@settings(max_examples=60, deadline=None)
@given(runs())
def test_a_saved_run_comes_back(tmp_path_factory, run):
    folder = tmp_path_factory.mktemp("run")
    run.save(folder)
    assert same(Run.load(folder), run)
    for line in (folder / FILE_NAME).read_bytes().split(b"\n")[:-1]:
        json.loads(line, parse_constant=pytest.fail)  # strict JSON: no NaN


@settings(deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner) | st.dictionaries(
        text.filter(lambda key: key != "float"), inner)))
def test_any_values_survive_a_line(values):
    line = to_line({"values": values})
    assert line.count("\n") == 1 and line.endswith("\n")
    assert repr(from_line(line)) == repr({"values": values})


def make_run():
    metrics = [Metrics(e, val_acc=10.0 * e, train_loss=math.nan,
                       learning_rate=0.1 / e) for e in (1, 2, 3)]
    return Run({"epochs": 5}, metrics, [Decision("continue", "why", epoch=2)])


def test_events_are_appended_one_by_one(tmp_path):
    whole, run, marks = make_run(), Run({"epochs": 5}), []
    file = RunFile(tmp_path, run)
    for metrics in whole.metrics:
        run.metrics.append(metrics)
        run.decisions += [d for d in whole.decisions
                          if d.epoch == metrics.epoch]
        file.update()
        assert same(Run.load(tmp_path), run)
        marks.append(file.mark())
    run.test = {"test_acc": 50.0}
    file.update()
    file.update()  # nothing is new
    part = Run.load(tmp_path)
    assert same(part, run)
    assert part.learning_rates == [0.1, 0.05, 0.1 / 3]
    for epochs, mark in enumerate(marks, start=1):
        part = read_up_to(tmp_path, mark)
        assert repr(part.metrics) == repr(run.metrics[:epochs])
        assert part.test == (run.test if epochs == 3 else None)


def test_a_line_cut_off_is_left_out_and_said(tmp_path, capsys):
    path = make_run().save(tmp_path)
    whole = path.read_bytes()
    lines = whole.split(b"\n")[:-1]
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        run = Run.load(tmp_path)
        kept = whole[:cut].count(b"\n")
        assert len(run.events()) == max(kept, 1)
        said = capsys.readouterr().out
        assert (FILE_NAME in said) == (kept < len(lines) and
                                       whole[:cut][-1:] not in (b"", b"\n"))


@pytest.mark.parametrize("line", [
    b"{", b"[]", b"null", b"\xff\xfe", b'{"kind": "epoch"}',
    b'{"kind": "epoch", "epoch": -1, "val_acc": 3}',
    b'{"kind": "epoch", "epoch": 1, "val_acc": 3, "__class__": "os"}',
    b'{"kind": "decision", "action": "x", "reason": "", "source": "root"}',
    b'{"kind": "import os"}', b'{"nothing": 1}', b"",
    b'{"kind": "epoch", "epoch": 1, "val_acc": {"float": []}}',
    b'{"kind": "test", "test_acc": {"float": "one"}}', b"[" * 100_000,
    b'{"kind": []}', b'{"kind": "test"}', b'{"kind": "test", "test_acc": 140}',
    b'{"kind": "decision", "action": 5, "reason": ""}',
    b'{"kind": "decision", "action": "stop", "reason": ["<script>"]}',
    b'{"kind": "decision", "action": "a", "reason": "", "epoch": "one"}',
    b'{"kind": "decision", "action": "a", "reason": "", "new_lr": "1"}',
    b'{"kind": "decision", "action": "a", "reason": "", "probabilities": 1}',
    b'{"kind": "decision", "action": "a", "reason": "", "reply": {}}',
])
def test_a_damaged_line_is_named(tmp_path, line):
    path = make_run().save(tmp_path)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], line, *lines[2:]]))
    with pytest.raises(ValueError) as error:
        Run.load(tmp_path)
    assert FILE_NAME in str(error.value) and "line 3" in str(error.value)


def test_a_decision_before_the_first_epoch_is_kept(tmp_path):
    run = make_run()
    run.decisions.insert(0, Decision("continue", "at once", epoch=0))
    run.save(tmp_path)
    assert same(Run.load(tmp_path), run)


def test_a_missing_run_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Run.load(tmp_path)


def test_what_a_run_says_of_itself():
    run = make_run()
    assert run.test_acc is None and not run.stopped_early
    assert "still going" in repr(run)
    run.test = {"test_acc": 93.25}
    assert run.test_acc == 93.25 and run.stopped_early
    assert "93.2" in repr(run) and "3 epochs" in repr(run)
