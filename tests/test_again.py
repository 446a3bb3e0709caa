"""Recorded runs, made again on another machine, and held against these."""

import numpy as np
import pytest
from compared import compared, row

from agentic_lib import __main__
from agentic_lib.lab.compare import again, results
from agentic_lib.lab.compare.intervals import key


def lines(rows, others):
    """{method: the cells of its line}."""
    return {cells[0]: cells[1:] for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in again.table(rows, others).splitlines()[2:])}


def test_a_table_says_what_came_out_the_same_and_what_it_moved():
    rows = compared(brain=80, peer=60)
    here = [r if r.seed else row(method=r.method, rate=r.rate, seed=0,
                                 test=r.test - 3 * (r.method == "brain"))
            for r in rows if r.method in ("constant", "brain")]
    found = lines(rows, here)
    runs, same, apart, then, now = found["brain"]
    assert (runs, same, apart) == ("6", "67%", "3.0")
    assert float(then.split()[0]) == 10 and float(now.split()[0]) == 11
    assert found["constant"] == ["6", "100%", "0.0", "", ""]
    # without the reference nobody knows a regret
    assert lines(rows, [r for r in here if r.method == "brain"])[
        "brain"][3:] == ["", ""]


def test_only_recorded_runs_are_made_again_and_each_once():
    _, rows = results.read_rows()
    for name in ("constant", "halving", "brain_quick+guards"):
        jobs = again.work([name], ["spirals", "digits_norm_dropout"], rows, [])
        made = {(task.name, method.name, key(rate), seed)
                for task, method, pairs in jobs for rate, seed in pairs}
        assert made == {again.where(r) for r in rows if r.method == name
                        and r.task in ("spirals", "digits_norm_dropout")}
        done = [r for r in rows if r.method == name]
        assert again.work([name], None, rows, done) == []
    with pytest.raises(ValueError, match="nothing is recorded of them"):
        again.work(["constnat"], None, rows, [])


def test_the_command_makes_them_again_and_goes_on(tmp_path, capsys):
    out = tmp_path / "again.csv"
    command = ["compare", "--again", str(out), "--tasks", "breast_cancer"]
    __main__.main([*command, "--methods", "halving"])
    assert "| halving | 3 | " in capsys.readouterr().out
    before = results.read_rows(out)[1]
    __main__.main(command)  # the methods of the file, and nothing is missing
    assert list(map(str, results.read_rows(out)[1])) == list(map(str, before))
    crc32 = results.read_rows(out)[0]["brain_crc32"]
    out.write_text(out.read_text().replace(crc32, "0" * 8))
    with pytest.raises(SystemExit):
        __main__.main(command)
    told = capsys.readouterr().err
    assert f"{out} was made before the brain changed" in told
    recorded = {again.where(r): r.test for r in results.read_rows()[1]}
    assert np.mean([r.test - recorded[again.where(r)] for r in before]
                   ) == pytest.approx(0, abs=2.5)
