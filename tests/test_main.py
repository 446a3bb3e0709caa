"""The command line: the main job from its options to its files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agentic_lib import Run
from agentic_lib.__main__ import COMMANDS, main, main_parser, new_folder

SHORT = ["--brain", "rules", "--epochs", "12", "--every", "5"]


def test_the_main_job_leaves_run_picture_and_report(tmp_path, capsys):
    main([*SHORT, "--out", str(tmp_path), "--name", "first"])
    shown = capsys.readouterr().out
    folder = tmp_path / "first"
    run, constant = Run.load(folder), Run.load(folder / "constant")
    assert [d.epoch for d in run.decisions] == [5, 10]
    assert constant.decisions == []
    assert len(set(constant.learning_rates)) == 1
    for decision in run.decisions:
        assert decision.reason in shown
    assert f"{run.test_acc:.1f}" in shown
    assert f"{constant.test_acc:.1f}" in shown
    for name in ("run.jsonl", "run.png", "report.html"):
        assert (folder / name).stat().st_size > 1000
        assert str(folder / name) in shown
    for line in (folder / "run.jsonl").read_text().splitlines():
        json.loads(line)


def test_no_earlier_run_is_overwritten(tmp_path):
    for _ in range(2):
        main([*SHORT, "--out", str(tmp_path), "--name", "same"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["same", "same-2"]


def test_a_finished_run_is_resumed_to_the_same_result(tmp_path):
    same = [*SHORT, "--out", str(tmp_path), "--name", "same"]
    main(same)
    before = Run.load(tmp_path / "same")
    main([*same, "--resume"])
    after = Run.load(tmp_path / "same")
    assert [p.name for p in tmp_path.iterdir()] == ["same"]
    assert (after.metrics, after.test) == (before.metrics, before.test)


@pytest.mark.parametrize("wrong, says", [
    (["--lr", "-1"], "lr=-1"),
    (["--every", "0"], "every=0"),
    (["--reduce", "1.5"], "reduce=1.5"),
    (["--data", "mnist"], "name='mnist'"),
    (["--label-noise", "2"], "label_noise=2"),
])
def test_bad_options_are_told_in_one_line(tmp_path, capsys, wrong, says):
    with pytest.raises(SystemExit) as stopped:
        main([*SHORT, *wrong, "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err


def test_help_comes_without_loading_torch():
    code = ("import sys\nfrom agentic_lib.__main__ import main\n"
            "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
            "sys.exit('torch' in sys.modules)")
    shown = subprocess.run([sys.executable, "-c", code], text=True,
                           capture_output=True,
                           cwd=Path(__file__).parent.parent)
    assert shown.returncode == 0, shown.stderr
    for name in ("--data", "--brain", "--lr", "--epochs", "--every",
                 "--reduce", "--increase", "--out", "--seed", *COMMANDS):
        assert name in shown.stdout


def test_a_brain_that_cannot_be_had_is_told_in_words(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--brain", str(tmp_path / "nowhere"), "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "nowhere" in capsys.readouterr().err


def test_no_password_of_a_servers_address_is_in_the_folders_name(tmp_path):
    options = main_parser().parse_args([
        "--brain", "http://me:secret@host:8000/v1", "--out", str(tmp_path)])
    assert "host-8000" in new_folder(options).name
    assert "secret" not in new_folder(options).name
