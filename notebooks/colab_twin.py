"""Runs the notebooks as Colab would: its Python, its versions, nothing else.

    python3.13 notebooks/colab_twin.py             makes the twin, runs all
    python3.13 notebooks/colab_twin.py 00 03       runs these
    ... --python twin/bin/python                   takes a twin that is there
    ... --packages list.txt --brain qwen           a newer list, a real model

Each notebook runs alone in an empty folder. Its first cell installs
agentic_lib from the address in series.toml, which git is told to find in
this clone (`insteadOf`), at its last commit; for that, a copy of the series
gets an address of its own. A notebook fails here if a cell
fails, or if afterwards any package but agentic_lib is new, gone or changed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADDRESS = "twin/series"  # of no repository: git finds this clone there
RUN = """\
import sys
import nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(book, timeout=600, kernel_name="python3").execute()
for cell in book.cells:
    for output in cell.get("outputs", []):
        if output.get("name") == "stderr":
            print(cell.id, "stderr:", output.text, file=sys.stderr)
print(book.cells[[c.cell_type for c in book.cells].index("code")]
      .outputs[0].text.strip())
"""


def make_twin(packages) -> Path:
    """A virtual environment with Colab's versions; returns its Python."""
    folder = HERE.parent / "build" / "colab_twin"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", packages],
                   check=True)
    return python


def git_settings(folder, repository, branch) -> Path:
    """A git configuration in which the public address means this clone, at
    its last commit."""
    clone = folder / "clone.git"
    subprocess.run(["git", "clone", "-q", "--bare", HERE.parent, clone],
                   check=True)
    subprocess.run(["git", "update-ref", f"refs/heads/{branch}", "HEAD"],
                   cwd=clone, check=True)
    settings = folder / "gitconfig"
    settings.write_text(
        f'[url "file://{clone}"]\n'
        f"  insteadOf = https://github.com/{repository}\n"
        "[safe]\n  directory = *\n")
    return settings


def installed(python) -> set[str]:
    """Every package that is there, as name==version."""
    out = subprocess.run([python, "-m", "pip", "list", "--format=freeze"],
                         capture_output=True, text=True, check=True).stdout
    return {line for line in out.splitlines()
            if not line.startswith("agentic")}


def run_notebook(python, path, environment) -> list[str]:
    """Runs one notebook in an empty folder; returns what went wrong."""
    before = installed(python)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([python, "-c", RUN, path], cwd=folder,
                              env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    after = installed(python)
    subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y",
                    "agentic-lib"], check=True)
    wrong = [f"{path.stem}: package {line}" for line in before ^ after]
    if done.returncode:
        wrong.append(f"{path.stem}: {done.stderr[-3000:]}")
    print(f"{path.stem:24}{seconds:5.0f} s  "
          f"{done.stdout.strip() or 'did not start'}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(
        description="Runs the notebooks with Colab's Python and versions.")
    parser.add_argument("numbers", nargs="*", metavar="03")
    parser.add_argument("--python", type=Path,
                        help="the Python of a twin that is there")
    parser.add_argument("--packages", type=Path,
                        default=HERE / "colab.txt")
    parser.add_argument("--brain", default="bundled",
                        help="AGENTIC_LIB_BRAIN: bundled needs no network")
    options = parser.parse_args()
    python = options.python or make_twin(options.packages)
    series = tomllib.loads((HERE / "series.toml").read_text())
    names = [b["name"] for b in series["notebook"] + [series["workshop"]]]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        settings = git_settings(Path(folder), ADDRESS, series["branch"])
        copy = Path(folder) / "copy" / "notebooks"
        subprocess.run(["git", "clone", "-q", HERE.parent, copy.parent],
                       check=True)
        subprocess.run([python.absolute(), copy / "build.py", "--text",
                        "--repository", ADDRESS], check=True)
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings),
                       "AGENTIC_LIB_BRAIN": options.brain}
        environment.pop("PYTHONPATH", None)
        if options.brain == "bundled":
            environment["HF_HUB_OFFLINE"] = "1"
        for name in names:
            path = copy / f"{name}.ipynb"
            if path.exists() and (not options.numbers
                                  or name.split("_")[0] in options.numbers):
                wrong += run_notebook(python.absolute(), path, environment)
    print("\n".join(wrong) or "No error, and no package but agentic_lib.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
