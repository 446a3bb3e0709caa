"""site/dist, made once in a run of the tests, by the first that needs it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

SITE = Path(__file__).parents[1] / "site"
RUN = os.environ.get("SITE_RUN") or os.environ.get(  # SITE_RUN: see .ci/run
    "PYTEST_XDIST_TESTRUNUID", f"process {os.getpid()}")


def built() -> Path:
    """The folder of the finished site, its fixtures made as well. Skips
    if the tools to make it are missing."""
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is missing: it builds the web page, and "
                        "nothing else needs it")
    for name in ("onnx", "onnxscript"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f'{name} is missing: pip install ".[site]"')
    mark = SITE / "generated" / "made_for"
    with FileLock(SITE / ".lock"):
        if not mark.exists() or mark.read_text() != RUN:
            command([sys.executable, "make.py", "--fixtures"])
            command(["node", "build.mjs", "--tests"])
            mark.write_text(RUN)
    return SITE / "dist"


def npm(*arguments) -> str:
    """What `npm ...` in site/ prints; a test fails if it does."""
    return command(["npm", *arguments])


def command(words) -> str:
    done = subprocess.run(words, cwd=SITE, text=True, timeout=900,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{words} failed:\n{done.stdout[-6000:]}"
    return done.stdout
