"""The results file and the command that makes it."""

import numpy as np
import pytest
from compared import row, short

from agentic_lib import __main__
from agentic_lib.control.guards import Guards
from agentic_lib.lab.compare import (
    choices,
    compare,
    costs,
    fingerprint,
    recorded,
    regression,
    results,
    stopping,
)
from agentic_lib.lab.compare.methods import METHODS, Method
from agentic_lib.lab.compare.recorded import Preset
from agentic_lib.lab.compare.tasks import find_task


def small_grid(out, **options):
    compare.grid(["constant", "rules"], [short("spirals", 6)], [0.01, 0.1],
                 range(2), out, **options)
    return sorted(map(str, results.read_rows(out)[1]))


def test_an_interrupted_comparison_goes_on(tmp_path):
    whole = small_grid(tmp_path / "whole.csv")
    assert len(whole) == 8
    text = (tmp_path / "whole.csv").read_text()
    for cut in (len(text) // 2, len(text) - 3, text.index("\n") + 1):
        part = tmp_path / f"cut{cut}.csv"
        part.write_text(text[:cut])
        assert len(small_grid(part)) == 8
        assert {line.split(",")[0] for line in small_grid(part)} == {
            line.split(",")[0] for line in whole}


def test_a_dask_cluster_gives_the_same(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1,
                                  dashboard_address=None) as cluster:
        there = small_grid(tmp_path / "there.csv",
                           dask=cluster.scheduler_address)
    assert there == small_grid(tmp_path / "here.csv")


def test_the_file_comes_back_as_it_was(tmp_path):
    rows = [row(seed=s, rate=r, actions="cris", to_target=7.0)
            for s in range(3) for r in (0.0001, 0.3162)]
    results.append_rows(tmp_path / "a.csv", rows[:4], {"command": "one"})
    results.append_rows(tmp_path / "b.csv", rows[3:], {"command": "two"})
    results.pack([tmp_path / "a.csv", tmp_path / "b.csv"],
                 tmp_path / "r.csv.gz")
    info, back = results.read_rows(tmp_path / "r.csv.gz")
    assert info["commands"] == ["one", "two"]
    assert "torch" in info["versions"]
    assert sorted(map(str, back)) == sorted(map(str, rows))


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "r.csv"
    results.append_rows(path, [row()])
    path.write_text(path.read_text().replace("0.1", "one"))
    with pytest.raises(ValueError, match="line 3"):
        results.read_rows(path)


def test_a_method_that_cannot_run_is_said(tmp_path, capsys):
    method = Method("absent", METHODS["constant"].start,
                    missing=lambda: "no such thing")
    compare.grid([method, METHODS["constant"]], [short("spirals", 2)], [0.1],
                 [0], tmp_path / "r.csv")
    assert "absent: not measured here (no such thing)" in \
        capsys.readouterr().out
    assert len(results.read_rows(tmp_path / "r.csv")[1]) == 1


def count_again(monkeypatch) -> list:
    """The names of what is made again beside the rows, as it is."""
    asked = []
    for module in (choices, stopping, costs, regression):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, "record",
                            lambda *_, name=name: asked.append(name))
    return asked


def test_what_was_recorded_beside_the_rows_is_of_their_brain():
    rows = {"brain_crc32": "a", "labels_crc32": "b", "guards_crc32": "c"}
    assert results.of_these({**rows, "guards_crc32": "other"}, rows)
    assert not results.of_these({**rows, "brain_crc32": "old"}, rows)
    assert not results.of_these({**rows, "labels_crc32": "old"}, rows)
    assert not results.of_these({}, rows)


def test_what_rests_on_another_brain_is_made_again(tmp_path, monkeypatch):
    old, out = tmp_path / "recorded.csv.gz", tmp_path / "out.csv"
    task = short("spirals", 3)
    results.append_rows(old, [
        row("spirals", "constant", test=-1.0),  # told from one made anew
        row("spirals", "rules", test=-1.0),
        row("spirals", "brain", test=-1.0, actions="c"),
        row("spirals", "logistic", test=-1.0)],
        {"brain_crc32": "old", "labels_crc32": "same", "commands": ["one"]})
    monkeypatch.setattr(results, "RECORDED", old)
    monkeypatch.setattr(results, "checksums", lambda: {
        "brain": "new", "labels": "same"})
    monkeypatch.setattr(recorded, "find_task", lambda name: task)
    monkeypatch.setattr(compare, "RECORDED", (
        Preset(("constant", "rules", "cosine"), ("spirals",), (0.1,), 1),))
    asked = count_again(monkeypatch)
    command = ["compare", "--record", "--redo", "rules", "--out", str(out)]
    __main__.main(command)
    info, rows = results.read_rows(old)
    found = {r.method: r.test for r in rows}
    assert found["constant"] == found["logistic"] == -1
    assert "brain" not in found and found["rules"] > 0 < found["cosine"]
    assert info["brain_crc32"] == "new" and info["commands"][0] == "one"
    assert not out.exists()
    # the old brain was asked about these as well
    assert asked == ["choices", "stopping", "costs", "regression"]


def test_guards_are_part_of_what_rows_rest_on(tmp_path, monkeypatch):
    old, out = tmp_path / "old.csv", tmp_path / "new.csv"
    results.append_rows(old, [row(), row(method="constant+guards"),
                              row(method="brain+guards")],
                        {"guards_crc32": "other"})
    results.pack([old], out)
    assert [r.method for r in results.read_rows(out)[1]] == ["constant"]


def test_the_guards_fingerprint_changes_with_what_they_do(monkeypatch):
    before = fingerprint.guards_crc32.__wrapped__()
    assert before == fingerprint.guards_crc32.__wrapped__()
    rng = np.random.default_rng(0)
    found = " ".join(fingerprint.decided(*fingerprint.made_up(rng))
                     for _ in range(fingerprint.RUNS))
    assert {"guard" in word for word in found.split()} == {True, False}
    for options in ({"cooldown": 4}, {"leap": None}, {"nowhere": None}):
        monkeypatch.setattr(fingerprint, "Guards", lambda o=options: Guards(
            **o))
        assert fingerprint.guards_crc32.__wrapped__() != before


def test_progress_counts_what_the_plan_asks_for(monkeypatch):
    monkeypatch.setattr(recorded, "RECORDED", (
        Preset(("constant", "halving"), ("spirals",), seeds=2),
        Preset(("constant",), ("spirals",), seeds=1)))
    rates = find_task("spirals").rates
    assert recorded.progress([]) == (0, 2 * 9 + 2)
    rows = [row("spirals", rate=rate) for rate in rates]
    assert recorded.progress(rows) == (9, 20)
    assert recorded.progress([*rows, row("spirals", "cosine")]) == (9, 20)
    work = recorded.work_of(recorded.RECORDED[0], rows)
    assert [(m.name, len(pairs)) for _, m, pairs in work] == [
        ("constant", 9), ("halving", 2)]
    whole = recorded.all_work(rows, ())
    assert sum(len(pairs) for *_, pairs in whole) == 18 + 2 + 9
    assert sum(len(pairs) for *_, pairs in recorded.all_work(rows)) == 11


def test_recording_ends_when_its_time_is_over(tmp_path, monkeypatch):
    old, out = tmp_path / "recorded.csv.gz", tmp_path / "out.csv"
    results.append_rows(old, [row("spirals")], {"commands": []})
    monkeypatch.setattr(results, "RECORDED", old)
    monkeypatch.setattr(compare, "find_task", find_task)
    monkeypatch.setattr(compare, "RECORDED", (
        Preset(("constant",), ("spirals", "digits"), (0.1, 0.01), 1),))
    monkeypatch.setattr(recorded, "find_task",
                        lambda name: short(name, 3))
    command = ["compare", "--record", "--out", str(out)]
    __main__.main([*command, "--minutes", "0"])
    assert out.exists() and len(results.read_rows(out)[1]) == 2
    count_again(monkeypatch)
    __main__.main(command)
    assert len(results.read_rows(old)[1]) == 4 and not out.exists()
