"""From a clone to an open badge, by the commands that INSTRUCTOR.md begins
with, against a bare repository on disk; and what the first cell says if the
package is out of reach.

Git is told to find https://github.com/ on disk (`insteadOf`), so nothing here
needs a network.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
SLUG, TAG = "owner/name", "workshop-2027-01"
# An installed copy of the package must not be found.
HIDE = """\
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: (
    None if name == "agentic_lib" else found(name, *more))
"""


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True,
                          capture_output=True, text=True).stdout


def on_disk(folder):
    """An environment in which GitHub is this folder."""
    return {**os.environ, "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{folder}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_TERMINAL_PROMPT": "0"}


def commands() -> str:
    """The first block of commands in INSTRUCTOR.md."""
    text = (ROOT / "notebooks" / "INSTRUCTOR.md").read_text()
    block = re.search(r"(?s)```sh\n(.*?)```", text)[1]
    return "\n".join(line.strip() for line in block.splitlines())


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    """A folder that stands for GitHub, with the series pushed to it."""
    folder = tmp_path_factory.mktemp("github")
    bare, clone = folder / f"{SLUG}.git", folder / "clone"
    bare.parent.mkdir()
    git(folder, "init", "-q", "--bare", "-b", "main", bare)
    git(folder, "clone", "-q", ROOT, clone)
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e"], input=commands(), text=True, cwd=clone,
        capture_output=True, env={**on_disk(folder), "PATH": path})
    assert done.returncode == 0, done.stderr
    return folder


def first_cell(github):
    """Of notebook 00, as Colab opens it at the tag."""
    text = git(github / f"{SLUG}.git", "show",
               f"{TAG}:notebooks/00_quickstart.ipynb")
    book = nbformat.reads(text, as_version=4)
    return next(c.source for c in book.cells if c.cell_type == "code")


def run_alone(cell, folder, environment):
    """A cell in a fresh process, in a folder with nothing around it."""
    place = folder / "somewhere" / "else"
    place.mkdir(parents=True)
    return subprocess.run(
        [sys.executable, "-c", HIDE + cell], cwd=place, text=True,
        capture_output=True, timeout=600, env=environment)


def test_the_badges_lead_to_what_was_pushed(github):
    badges = git(github / f"{SLUG}.git", "show", f"{TAG}:colab_badges.md")
    links = re.findall(rf"/github/{SLUG}/blob/{TAG}/(\S+?\.ipynb)\)", badges)
    assert len(links) == 12
    there = git(github / f"{SLUG}.git", "ls-tree", "-r", "--name-only", TAG)
    assert set(links) <= set(there.split())


def test_the_first_cell_installs_what_was_pushed(github, tmp_path):
    target = tmp_path / "packages"
    target.mkdir()
    done = run_alone(first_cell(github), tmp_path, {
        **on_disk(github), "PIP_TARGET": str(target),
        "PYTHONPATH": str(target), "PIP_NO_BUILD_ISOLATION": "0"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Ready: agentic_lib")
    assert (target / "agentic_lib" / "bundled_brain").is_dir()


def test_a_wrong_address_is_named(github, tmp_path):
    cell = first_cell(github).replace(SLUG, "owner/no-such-name")
    done = run_alone(cell, tmp_path, on_disk(github))
    assert "Not at git+https://github.com/owner/no-such-name" in last(done)


def test_a_missing_network_is_named(github, tmp_path):
    nowhere = "http://127.0.0.1:9"  # nobody listens there
    done = run_alone(first_cell(github), tmp_path, {
        **os.environ, "https_proxy": nowhere, "HTTPS_PROXY": nowhere})
    assert "No network" in last(done)


def test_a_missing_git_is_named(github, tmp_path):
    done = run_alone(first_cell(github), tmp_path,
                     {**os.environ, "PATH": str(tmp_path)})
    assert "Git is missing: install it first." in last(done)


def test_a_copy_without_an_address_says_so(tmp_path):
    sys.path.insert(0, str(ROOT / "notebooks"))
    from building.compose import WITHOUT_ADDRESS

    done = run_alone(WITHOUT_ADDRESS, tmp_path, dict(os.environ))
    assert last(done).endswith(
        "this copy has no address yet: `python notebooks/build.py "
        "--repository owner/name`")


def last(done) -> str:
    """The last line that a cell which failed has written."""
    assert done.returncode
    return done.stderr.strip().splitlines()[-1]


