"""The page of recipes, run as it is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentic_lib import Run, integrations

PAGE = Path(integrations.__file__).with_name("RECIPES.md")
START, *SECTIONS = PAGE.read_text(encoding="utf8").split("\n## ")
TITLES = [section.splitlines()[0] for section in SECTIONS]


def blocks(text, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def test_the_table_leads_to_every_recipe():
    anchors = re.findall(r"\]\(#([^)]*)\)", START)
    assert anchors == [re.sub(r"[^a-z0-9 -]", "", title.lower())
                       .replace(" ", "-") for title in TITLES]


@pytest.mark.parametrize("section", SECTIONS, ids=TITLES)
def test_a_recipe_runs_as_it_stands(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "import lightning" in section:
        pytest.importorskip("lightning", reason="Lightning is an extra")
    shell = blocks(section, "sh")
    if shell:
        return started(shell, blocks(section)[0], tmp_path)
    names = {"__name__": "recipe"}
    for code in [*blocks(START), *blocks(section)]:
        exec(compile(code, PAGE.name, "exec"), names)
    assert "# <-" in section
    controller = names.get("controller")
    if controller is None and "trainer" in names:
        controller = next(c.controller for c in getattr(
            names["trainer"], "callbacks", None)
            or names["trainer"].callback_handler.callbacks
            if hasattr(c, "controller"))
    if controller is None:
        assert len(Run.load("night").metrics) == 15
    else:
        assert controller.history
        assert controller.decisions or len(controller.history) < 5


def started(commands, code, folder):
    """Each command starts the script in two processes."""
    (folder / "two.py").write_text(code)
    places = [Path(sys.executable).parent, *os.environ["PATH"].split(":")]
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=folder, text=True, timeout=600,
            capture_output=True, env={
                **os.environ, "PATH": ":".join(map(str, places)),
                "PYTHONPATH": str(PAGE.parents[2]), "OMP_NUM_THREADS": "1"})
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count("Run(digits, ") == 1
        assert Run.load(folder / "two").test_acc is not None
