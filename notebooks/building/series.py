"""What the series is: `series.toml`, its paths, its links.

Knows nothing of cells.
"""

import re
import subprocess
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parent
SERIES = HERE / "series.toml"
COLAB = "https://colab.research.google.com"
PLACEHOLDER = "OWNER/REPOSITORY"


def read_series() -> dict:
    """series.toml, with the workshop as the last notebook."""
    series = tomllib.loads(SERIES.read_text())
    series["notebook"].append(series["workshop"])
    for notebook in series["notebook"]:
        notebook["number"] = notebook["name"].split("_")[0]
    return series


def source_of(name) -> Path:
    return HERE / "sources" / f"{name}.py"


def notebook_at(name) -> Path:
    return HERE / f"{name}.ipynb"


def colab_link(series, name) -> str:
    return (f"{COLAB}/github/{series['repository']}/blob/{series['branch']}"
            f"/notebooks/{name}.ipynb")


def badge(series, name) -> str:
    return (f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]"
            f"({colab_link(series, name)})")


def following(series, notebook) -> list[dict]:
    """Where to go next: on the core route the next of the core, and before
    it what goes deeper; elsewhere the next in order."""
    books = [b for b in series["notebook"] if b["route"] != "workshop"]
    if notebook not in books:
        return []
    later = books[books.index(notebook) + 1:]
    core = [b for b in later if b["route"] == "core"]
    if notebook["route"] == "core" and core:
        return [core[0], *later[:later.index(core[0])]]
    return later[:1]


def move(repository, branch):
    """Writes another repository or branch into series.toml."""
    if repository == "github":
        repository = github_remote()
    text = SERIES.read_text()
    for key, value in (("repository", repository), ("branch", branch)):
        if value is None:
            continue
        pattern = r"[\w.-]+/[\w.-]+" if key == "repository" else r"[\w./-]+"
        if not re.fullmatch(pattern, value):
            raise SystemExit(f"--{key} {value!r} is not a {key}: write "
                             "owner/name." if key == "repository" else
                             f"--{key} {value!r} is not a branch or tag.")
        text = re.sub(rf'(?m)^{key} = ".*?"', f'{key} = "{value}"', text)
    SERIES.write_text(text)


def github_remote() -> str:
    """owner/name of the git remote, if it is on github.com."""
    url = subprocess.run(["git", "remote", "get-url", "origin"], cwd=ROOT,
                         capture_output=True, text=True).stdout
    match = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(\.git)?\s*$", url)
    if not match:
        raise SystemExit("No git remote on github.com: write --repository "
                         "owner/name.")
    return match[1]
