"""Nothing lost: killed, damaged, tampered with, or on a full disk."""

import errno
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from agentic_lib import (
    Decision,
    Run,
    ScriptedBrain,
    SimpleAIBrain,
    Training,
    load_data,
    train,
)
from agentic_lib.run import checkpoint
from agentic_lib.run.checkpoint import (
    checkpoints,
    keep,
    load_checkpoint,
    save_checkpoint,
)
from agentic_lib.run.record import FILE_NAME

DATA = load_data("digits", train_size=128, val_size=64)
HERE = Path(__file__).parent


def run_in(folder, **options):
    return train(DATA, **{"brain": SimpleAIBrain("rules", quiet=True),
                          "lr": 1.5, "epochs": 6, "every": 2,
                          "folder": folder, **options})


def final(folder):
    return load_checkpoint(checkpoints(folder)[0])["training"]["model"]


def same(one, two):
    return all(torch.equal(one[name], two[name]) for name in one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    run_in(folder)
    return folder


def cut_short(folder, epochs=3):
    """The same run, broken off after some epochs."""
    training = Training(DATA, SimpleAIBrain("rules", quiet=True), lr=1.5,
                        epochs=6, every=2)
    for metrics, _ in keep(training, folder):
        if metrics.epoch == epochs:
            break


def test_eight_kills_and_eight_ways_back():
    done = subprocess.run(
        [sys.executable, HERE / "kill_points.py", "8"], text=True,
        capture_output=True, cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent),
             "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert "8 of 8" in done.stdout


def test_what_happens_is_written_as_it_happens(tmp_path):
    seen = []

    class Looking(SimpleAIBrain):
        def analyze_training(self, history, every=5, actions=None):
            run = Run.load(tmp_path)
            seen.append((history[-1].epoch, len(run.metrics),
                         len(run.decisions)))
            return super().analyze_training(history, every, actions)
    run = run_in(tmp_path, brain=Looking("rules", quiet=True), lr=0.1,
                 epochs=7, guards=False)
    assert seen == [(2, 1, 0), (4, 3, 1), (6, 5, 2)]
    assert repr(Run.load(tmp_path).events()) == repr(run.events())


def test_a_finished_run_is_not_run_again(tmp_path, whole):
    class Untouchable(SimpleAIBrain):
        def analyze_training(self, *args, **options):
            raise KeyboardInterrupt
    run = run_in(tmp_path)
    again = run_in(tmp_path, resume=True,
                   brain=Untouchable("rules", quiet=True))
    assert repr(again.events()) == repr(run.events())
    assert same(final(tmp_path), final(whole))


def test_beginning_anew_moves_the_earlier_run_aside(tmp_path, capsys):
    first = run_in(tmp_path, lr=0.1)
    run_in(tmp_path, lr=0.2)
    third = run_in(tmp_path, lr=0.3)
    assert "earlier" in capsys.readouterr().out
    assert Run.load(tmp_path).settings["lr"] == third.settings["lr"] == 0.3
    assert Run.load(tmp_path / "earlier").settings["lr"] == 0.2
    assert first.settings["lr"] == 0.1


@pytest.mark.parametrize("change", [
    {"lr": 0.1}, {"epochs": 5}, {"seed": 1}, {"every": 3},
    {"guards": False}, {"reduce": 0.5}, {"batch_size": 32},
    {"optimizer": "adam"}, {"brain": ScriptedBrain([])},
    {"model": torch.nn.Linear(64, 10)},
    {"data": load_data("digits", 128, 64, label_noise=0.5)}])
def test_other_settings_are_refused(whole, change):
    before = final(whole)
    with pytest.raises(ValueError, match="same settings"):
        if "data" in change:
            train(change["data"], SimpleAIBrain("rules", quiet=True), lr=1.5,
                  epochs=6, every=2, folder=whole, resume=True)
        else:
            run_in(whole, resume=True, **change)
    assert same(before, final(whole))


def test_more_epochs_are_a_normal_way_to_go_on(tmp_path, whole, capsys):
    longer = run_in(tmp_path / "longer", epochs=9)
    run_in(tmp_path / "twice", epochs=5)  # no decision is due at its last
    run = run_in(tmp_path / "twice", epochs=9, resume=True)
    assert "5 epochs; it continues with 9" in capsys.readouterr().out
    assert run.settings["epochs"] == 9 and run.test == longer.test
    assert [m.total_epochs for m in run.metrics] == [5] * 5 + [9] * 4
    assert same(final(tmp_path / "twice"), final(tmp_path / "longer"))
    shorter = run_in(tmp_path / "twice", epochs=12, resume=True)
    assert len(shorter.metrics) == 12
    kept = Run.load(tmp_path / "twice")
    assert repr(kept.events()) == repr(shorter.events())


def test_fewer_epochs_than_planned_but_not_than_done(tmp_path, whole):
    cut_short(tmp_path, epochs=3)
    assert len(run_in(tmp_path, epochs=4, resume=True).metrics) == 4


def flip(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


@pytest.mark.parametrize("damage", [
    lambda c: b"", lambda c: c[:-1], lambda c: c[:len(c) // 2],
    lambda c: flip(c, 0), lambda c: flip(c, 100), lambda c: flip(c, -1 % len(
        c)), lambda c: flip(c, len(c) // 2), lambda c: b"\x00" * len(c),
    lambda c: c + b"more", lambda c: pickle.dumps(os.system)])
@pytest.mark.parametrize("both", [False, True])
def test_a_damaged_checkpoint_is_named_and_the_last_good_one_used(
        tmp_path, whole, capsys, damage, both):
    cut_short(tmp_path)
    files = checkpoints(tmp_path)
    assert len(files) == 2
    for path in files if both else files[:1]:
        path.write_bytes(damage(path.read_bytes()))
    run_in(tmp_path, resume=True)
    said = capsys.readouterr().out
    assert files[0].name in said and (files[1].name in said) == both
    assert ("starts over" in said) == both
    assert same(final(tmp_path), final(whole))
    names = {p.name for p in tmp_path.glob("*.damaged")}
    assert names == {p.name + ".damaged" for p in files[:1 + both]}


def test_what_is_damaged_twice_is_kept_twice(tmp_path):
    for _ in range(3):
        (tmp_path / "checkpoint-000009.safetensors").write_bytes(b"no")
        assert checkpoint.newest_good(tmp_path) is None
    assert {p.name.partition("tensors.")[2] for p in tmp_path.iterdir()} == {
        "damaged", "damaged-2", "damaged-3"}


@pytest.mark.parametrize("error", [
    OSError(errno.ESTALE, "Stale file handle"), PermissionError("no"),
    RuntimeError("can't allocate memory"), MemoryError()])
@pytest.mark.parametrize("where", ["read_file", "load", "read_up_to"])
def test_an_error_that_may_pass_ends_the_attempt_and_touches_nothing(
        tmp_path, whole, monkeypatch, error, where):
    cut_short(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}

    def fails(*_):
        raise error
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, where, fails)
        with pytest.raises(type(error)):
            run_in(tmp_path, resume=True)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before
    run_in(tmp_path, resume=True)
    assert same(final(tmp_path), final(whole))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "checkpoint-000009.safetensors").mkdir()
    with pytest.raises(OSError, match="000009.*try again"):
        run_in(tmp_path, resume=True)


@pytest.mark.parametrize("damage", [
    lambda c: c[:-7],  # then the state before is used
    lambda c: flip(c, 3), lambda c: flip(c, len(c) - 3),
    lambda c: c + c[-99:], lambda c: c + b"{not a line",
    lambda c: c + b'{"kind": "epoch", "epoch": 4, "val_acc": 1}\n'])
def test_a_record_that_is_a_little_damaged_is_mended(tmp_path, whole, damage):
    """Settings and the newest lines are known otherwise."""
    cut_short(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(damage(path.read_bytes()))
    run = run_in(tmp_path, resume=True)
    assert same(final(tmp_path), final(whole))
    assert repr(Run.load(tmp_path).events()) == repr(run.events())
    assert [m.epoch for m in run.metrics] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("damage", [
    lambda c: b"", lambda c: b"\xff" * 99 + b"\n",
    lambda c: c.replace(b'"epoch": 1,', b'"epoch": 0,'),
    lambda c: c.replace(b'"val_acc": ', b'"val_acc": 1', 1)])
def test_a_record_that_is_lost_is_an_error_and_the_states_stay(
        tmp_path, damage):
    cut_short(tmp_path)
    path = tmp_path / FILE_NAME
    good = path.read_bytes()
    path.write_bytes(damage(good))
    assert path.read_bytes() != good
    states = {p: p.read_bytes() for p in checkpoints(tmp_path)}
    with pytest.raises(ValueError, match="run.jsonl.*put back a copy"):
        run_in(tmp_path, resume=True)
    assert {p: p.read_bytes() for p in checkpoints(tmp_path)} == states
    path.write_bytes(good)
    run_in(tmp_path, resume=True)


def test_a_checkpoint_does_not_grow_with_the_run(tmp_path):
    training = Training(DATA, SimpleAIBrain("rules", quiet=True), lr=0.01,
                        epochs=200, every=1, guards=False)
    sizes = {}
    for metrics, _ in keep(training, tmp_path):
        training.controller.should_stop = False
        if metrics.epoch in (100, 199):
            sizes[metrics.epoch] = checkpoints(tmp_path)[0].stat().st_size
    assert abs(sizes[199] - sizes[100]) < 64


def test_what_a_person_decides_between_two_epochs_is_written(tmp_path):
    training = Training(DATA, None, lr=0.1, epochs=4)
    for metrics, _ in keep(training, tmp_path):
        if metrics.epoch == 2:
            training.controller.apply(Decision(
                "reduce_learning_rate", "I say so.", source="human"))
    kept = Run.load(tmp_path)
    assert repr(kept.events()) == repr(training.run.events())
    assert [d.epoch for d in kept.decisions] == [2]


def test_a_full_disk_is_an_error_with_a_way_back(tmp_path, whole):
    cut_short(tmp_path)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old[1]))
    try:
        with pytest.raises(OSError, match="resume=True"):
            run_in(tmp_path, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(tmp_path.glob("*.part"))
    run_in(tmp_path, resume=True)
    assert same(final(tmp_path), final(whole))


class Trap:
    """Leaves a file behind if it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_folder_that_was_tampered_with_runs_no_code(tmp_path):
    trap, folder = tmp_path / "sprung", tmp_path / "run"
    cut_short(folder)
    torch.save(Trap(trap), folder / "checkpoint-000009.safetensors")
    (folder / "checkpoint-000008.safetensors").write_bytes(
        pickle.dumps(Trap(trap)))
    (folder / FILE_NAME).write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(ValueError):
        run_in(folder, resume=True)
    assert not trap.exists()


@pytest.mark.parametrize("name", [
    FILE_NAME, FILE_NAME + ".part", "checkpoint-000004.safetensors",
    "checkpoint-000004.safetensors.part", "checkpoint-999999.safetensors",
    "earlier"])
@pytest.mark.parametrize("resume", [False, True])
def test_no_link_leads_out_of_the_folder(tmp_path, name, resume):
    outside = tmp_path / "outside"
    folder = tmp_path / "run"
    cut_short(folder)
    if name == "earlier":
        outside.mkdir()
        content = []
    else:
        outside.write_text("precious")
        (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(outside)
    try:
        run_in(folder, resume=resume)
    except ValueError as error:
        assert "link" in str(error)
    if name == "earlier":
        assert list(outside.iterdir()) == content
    else:
        assert outside.read_text() == "precious"


def test_names_in_a_checkpoint_are_no_paths(tmp_path):
    evil = {"../../up": torch.ones(2), "/etc/x": torch.zeros(1)}
    save_checkpoint(tmp_path, evil, epoch=3)
    back = load_checkpoint(checkpoints(tmp_path)[0])
    assert same(evil, back)
    assert [p.name for p in tmp_path.iterdir()] == [
        "checkpoint-000003.safetensors"]


@pytest.mark.parametrize("state", [
    {"a": {1: torch.ones(3), "b": (0.9, 0.999)}, "c": [None, True, "x"]},
    {"nan": float("nan"), "inf": -float("inf"), "empty": {}, "none": []},
    {"half": torch.ones(2, dtype=torch.bfloat16), "int": torch.tensor(7),
     "turned": torch.arange(6).reshape(2, 3).T, "void": torch.ones(0, 3),
     "bool": torch.tensor([True, False])},
    {"float": "nan", "$": "tensor", "pairs": [["x", 1]]},
])
def test_any_state_comes_back_as_it_was(tmp_path, state):
    path = save_checkpoint(tmp_path, state, epoch=1)
    assert repr(load_checkpoint(path)) == repr(state)


def test_states_made_up_by_others_are_refused(tmp_path):
    path = tmp_path / "checkpoint-000001.safetensors"
    for header in (None, {"state": "{}"}, {"state": "[" * 10**5,
                                           "digest": "0"}):
        save_file({"x": torch.ones(1)}, path, header)
        with pytest.raises((ValueError, KeyError)):
            load_checkpoint(path)


def test_only_two_checkpoints_are_kept_and_they_are_small(whole):
    assert [p.name for p in checkpoints(whole)] == [
        "checkpoint-000006.safetensors", "checkpoint-000005.safetensors"]
    lines = (whole / FILE_NAME).read_text().splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {
        "settings", "epoch", "decision", "test"}


def test_a_metric_by_name_is_known_again_after_a_resume(tmp_path):
    """The guards judge by it, also on what was seen before."""
    options = {"metric": "val_loss", "every": 2, "epochs": 6, "lr": 1.5}
    whole = run_in(tmp_path / "whole", **options)
    training = Training(DATA, SimpleAIBrain("rules", quiet=True), **options)
    for metrics, _ in keep(training, tmp_path / "cut"):
        if metrics.epoch == 3:
            break
    again = Training(DATA, SimpleAIBrain("rules", quiet=True), **options)
    list(keep(again, tmp_path / "cut", resume=True))
    assert again.controller.story.results == [
        -m.val_loss for m in whole.metrics]
    assert same(final(tmp_path / "cut"), final(tmp_path / "whole"))
