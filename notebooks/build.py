"""Makes the notebooks from `series.toml` and `sources/*.py`.

    python notebooks/build.py            executes and writes every notebook
    python notebooks/build.py 03 06      only these, and all badges and tables
    python notebooks/build.py --check    executes nothing; names what is stale
    python notebooks/build.py --text     executes nothing; renews text, badges
                                         and links where the code is the same
    python notebooks/build.py --repository owner/name [--branch tag]
                                         moves the whole series there
    (`--repository github` takes the git remote, if it is on github.com)

Executing needs nbclient: pip install nbclient, or the extra "build".

How to write a source
---------------------
A source is a jupytext percent script: `# %% [markdown]` begins a cell of
prose, `# %%` a cell of code, `# %% tags=["check"]` one with tags. It holds
no title, no badge, no first cell and no link to the next notebook: those are
added here. It begins with a markdown cell that says what the learner will be
able to do, in a short list. It ends with `## Summary` (and three questions,
answers in <details>).

Code lines have at most 76 characters, and no `%magic` and no `!shell`: the
tests run the cells as plain Python. A form field is a line such as
`brain_name = "auto"  #@param ["auto", "bundled", "qwen", "rules"]`, in a cell
that begins with `#@title Settings`. Notebooks that ask for a GPU use "auto",
the others "bundled". Print `brain.description` where a brain answers.

Tags
    exercise   the learner's stub. It runs as it is, and does not pass.
    check      one call of a function from `agentic_lib.course.exercises`,
               made with `@check` there and named after the exercise.
    solution   a code cell. It becomes folded text, which folds on GitHub, in
               Colab and in Jupyter alike, and is never run in the notebook;
               the tests run it in the stub's place, then the check.
    hidden-result
               the output is left out of the committed notebook: it would
               give away what the learner is asked to guess.
    demo       nothing after it needs what it makes: the tests of the
               exercises leave it out (nbval runs it).
    workshop   goes into workshop_90.ipynb too. All parts share one runtime.
    closing    in workshop_90.py only: from here on, cells follow the parts.
    nbval-check-output
               the output is the same everywhere, and nbval compares it.
An exercise is a markdown cell `## Exercise: ...`, then cells tagged
exercise, check, solution, in this order. Checks stand in
`agentic_lib/course/exercises/`, a module for each notebook; they use
`expect(it holds, "a hint")` and return a word of praise. They look at what the
learner's code does, on data that the notebook does not show where that can be.
Comparisons of deciders switch the guards off (`guards=False`), or say that
they are on.

Figures: `show(figure)` from agentic_lib.course.notebook, with an `alt`
sentence where the figure is not from `plot_run`. Widgets: those of this
package leave a still picture in the committed notebook (AGENTIC_LIB_STATIC is
set while it is built); of any other only a line of text remains, so show a
picture beside it.
Outputs hold no paths, no warnings, nothing on stderr, no tracebacks (catch
an error that is part of the story, and print it): a build that meets any of
them ends with a message and writes nothing.
"""

import argparse
import base64
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SERIES = HERE / "series.toml"
README, BADGES = ROOT / "README.md", ROOT / "colab_badges.md"
BEGIN = "<!-- series: made by notebooks/build.py -->"
END = "<!-- end of series -->"
LIMIT = 400_000  # bytes of a committed notebook
COLAB = "https://colab.research.google.com"
WIDGET = "application/vnd.jupyter.widget-view+json"
INSTEAD = "(Here a widget appears when you run the cell.)"
DEBRIS = {  # what no output may hold -> its name in the message
    r"Traceback \(most recent": "a traceback",
    r"\w+Warning\b": "a warning",
    r"site-packages|ipykernel_|/tmp/|/root/|/home/|/Users/|[A-Z]:\\\\":
        "a path",
    r"\d%\|": "a progress bar",
}
FIRST_CELL = """\
#@title Run this first: it finds agentic_lib, or installs it
import importlib.util, os, sys
sys.path.append("..")  # a clone of the repository has it there
if importlib.util.find_spec("agentic_lib") is None:
    source = "git+https://github.com/{repository}@{branch}"
    os.system(f'"{{sys.executable}}" -m pip install -q --no-deps {{source}}')
from agentic_lib.course.notebook import get_ready
get_ready()"""


# What the series is

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


# Source -> notebook

def compose(series, notebook):
    """The notebook as it should be, without outputs."""
    if "parts" in notebook:
        cells = workshop_cells(series, notebook)
    else:
        cells = source_cells(notebook["name"])
    first = next(i for i, c in enumerate(cells) if c.cell_type == "code")
    cells = [markdown(header(series, notebook)), *cells[:first],
             first_cell(series), *cells[first:]]
    if following(series, notebook):
        cells.append(markdown(footer(series, notebook)))
    for i, cell in enumerate(cells):
        cell.id = f"{notebook['number']}-{i:03}"
    book = nbformat.v4.new_notebook(cells=cells)
    book.nbformat_minor = 5
    book.metadata = metadata(notebook)
    return book


def source_cells(name) -> list:
    """The cells of a source, its solutions folded."""
    book = jupytext.reads(source_of(name).read_text(), fmt="py:percent")
    return [folded(cell) for cell in book.cells]


def workshop_cells(series, workshop) -> list:
    """An opening, a chapter for each part with its tagged cells, a close."""
    own = source_cells(workshop["name"])
    end = next(i for i, cell in enumerate(own) if "closing" in tags(cell))
    cells = own[:end]
    books = {b["number"]: b for b in series["notebook"]}
    for i, number in enumerate(workshop["parts"], start=1):
        book = books[number]
        cells.append(markdown(f"# Part {i}. {book['title']}"))
        cells += [cell for cell in source_cells(book["name"])
                  if "workshop" in tags(cell)]
    return cells + own[end:]


def markdown(text):
    return nbformat.v4.new_markdown_cell(text)


def tags(cell) -> list:
    return cell.metadata.get("tags", [])


def folded(cell):
    """A solution as text that unfolds; a form where a cell has a title."""
    if "solution" in tags(cell):
        text = markdown(
            "<details><summary>One solution (try first)</summary>\n\n"
            f"```python\n{cell.source}\n```\n\n</details>")
        text.metadata = cell.metadata
        return text
    if cell.cell_type == "code" and cell.source.startswith("#@title"):
        cell.metadata["cellView"] = "form"
    return cell


def first_cell(series):
    text = FIRST_CELL.format(**series)
    cell = nbformat.v4.new_code_cell(text)
    cell.metadata = {"cellView": "form", "tags": ["setup"]}
    return cell


def header(series, notebook) -> str:
    """Title, badge, and what it takes."""
    number = "" if "parts" in notebook else f"{int(notebook['number'])} · "
    gpu = ("Colab gives it a GPU (T4); it runs without" if notebook["gpu"]
           else "no GPU needed")
    minutes = f"{notebook['reading']} minutes to read and run"
    if notebook["exercises"]:
        minutes += f", {notebook['exercises']} for the exercises"
    route = {"core": "Core route", "deeper": "Goes deeper",
             "workshop": "For a room"}[notebook["route"]]
    words = (f"https://github.com/{series['repository']}/blob/"
             f"{series['branch']}/notebooks/GLOSSARY.md")
    return (f"# {number}{notebook['title']}\n\n"
            f"{badge(series, notebook['name'])}\n\n"
            f"{route} · {minutes} · {gpu} · [glossary]({words})")


def footer(series, notebook) -> str:
    """The way on. A path for GitHub and Jupyter, a link for Colab."""
    def link(book):
        return (f"[{int(book['number'])} · {book['title']}]"
                f"({book['name']}.ipynb) "
                f"([in Colab]({colab_link(series, book['name'])}))")

    onward, *deeper = following(series, notebook)
    text = f"**Next:** {link(onward)}: {onward['learns']}."
    for book in deeper:
        text += f"\n\nGoes deeper: {link(book)}: {book['learns']}."
    return text


def metadata(notebook) -> dict:
    colab = {"provenance": [], "toc_visible": True}
    found = {
        "kernelspec": {"display_name": "Python 3", "language": "python",
                       "name": "python3"},
        "language_info": {"name": "python"},
        "colab": colab,
        "jupytext": {
            "cell_metadata_filter": "tags,cellView,-all",
            "notebook_metadata_filter": "colab,accelerator,-all",
        },
    }
    if notebook["gpu"]:
        colab["gpuType"] = "T4"
        found["accelerator"] = "GPU"
    return found


# Execution

def execute(book, colours=64):
    """Runs a notebook in a process and a folder of its own, offline and with
    no GPU, so with the bundled brain. Its pictures keep that many colours."""
    from nbclient import NotebookClient

    before = dict(os.environ)
    os.environ.pop("AGENTIC_LIB_BRAIN", None)
    os.environ.update(
        CUDA_VISIBLE_DEVICES="", AGENTIC_LIB_STATIC="1",
        HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1", PYTHONHASHSEED="0",
        PYTHONPATH=str(ROOT), TQDM_DISABLE="1")
    try:
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(
                book, timeout=600, kernel_name="python3",
                resources={"metadata": {"path": folder}}).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    for cell in book.cells:
        if cell.cell_type == "code":
            clean(cell)
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = squeezed(
                        output.data["image/png"], colours)
    book.metadata.pop("widgets", None)
    book.metadata["language_info"] = {"name": "python"}


def clean(cell):
    """One stream, no widgets, no times; nothing that gives a guess away."""
    cell.metadata.pop("execution", None)
    kept = []
    for output in cell.outputs:
        if WIDGET in output.get("data", {}):
            output = nbformat.v4.new_output(
                "display_data", {"text/plain": INSTEAD})
        if kept and output.output_type == "stream" and (
                kept[-1].get("name") == output.name):
            kept[-1].text += output.text
        elif output not in kept or output.get("data", {}).get(
                "text/plain") != INSTEAD:
            kept.append(output)
    cell.outputs = [] if "hidden-result" in tags(cell) else kept


def squeezed(picture, colours) -> str:
    """A PNG in base64 with few colours, a third of the size of one with all;
    plots look the same."""
    from PIL import Image  # matplotlib brings it

    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    file = io.BytesIO()
    image.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(
        file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def debris(book) -> list[str]:
    """What the outputs of a notebook hold that they should not."""
    found = []
    for cell in book.cells:
        for output in cell.get("outputs", []):
            data = dict(output.get("data", {}))
            data.pop("image/png", None)
            text = json.dumps([output.get("text", ""), data])
            if output.get("name") == "stderr":
                found.append(f"{cell.id}: stderr: {output.text[:300]}")
            if output.output_type == "error":
                found.append(f"{cell.id}: {output.ename}: {output.evalue}")
            found += [f"{cell.id}: {name}: {match[0]!r}"
                      for pattern, name in DEBRIS.items()
                      if (match := re.search(pattern, text))]
    return found


def largest(book, number=6) -> str:
    """The cells with the largest outputs, and their sizes."""
    sizes = {cell.id: len(json.dumps(cell.outputs)) for cell in book.cells
             if cell.cell_type == "code"}
    ranked = sorted(sizes, key=sizes.get, reverse=True)[:number]
    return ", ".join(f"{name} {sizes[name]:,}" for name in ranked)


def build(series, notebook) -> float:
    """Writes one executed notebook; returns the seconds that it took.
    Raises ValueError saying why it is not written."""
    book = compose(series, notebook)
    started = time.perf_counter()
    execute(book, colours=32 if "parts" in notebook else 64)
    seconds = time.perf_counter() - started
    wrong = debris(book)
    text = nbformat.writes(book) + "\n"
    if len(text) > LIMIT:
        wrong.append(f"{len(text):,} bytes are more than {LIMIT:,}; the "
                     f"largest outputs: {largest(book)}")
    if wrong:
        raise ValueError("\n  ".join(wrong))
    notebook_at(notebook["name"]).write_text(text)
    print(f"{notebook['name']:24}{seconds:5.0f} s "
          f"{len(text) / 1000:6.0f} KB", flush=True)
    return seconds


def build_all(series, chosen):
    """Builds one after the other; ends with a message where any failed."""
    total, failed = 0.0, []
    for notebook in chosen:
        try:
            total += build(series, notebook)
        except Exception as error:  # of a cell, most likely: on to the next
            lines = re.sub(r"\x1b\[[\d;]*m", "", str(error)).splitlines()
            print(f"{notebook['name']} is not written:\n  "
                  + "\n  ".join(lines[-20:]), flush=True)
            failed.append(notebook["name"])
    print(f"{'in all':24}{total:5.0f} s")
    if failed:
        raise SystemExit(f"Not written: {', '.join(failed)}")


# Tables

def minutes(book) -> str:
    return f"{book['reading']} + {book['exercises']}"


def badge_table(series) -> str:
    """colab_badges.md."""
    lines = [
        "# Open in Colab", "",
        "Made by `notebooks/build.py` from `notebooks/series.toml`. Minutes "
        "are for reading and for the exercises.", "",
        "| open | notebook | route | minutes | GPU | you learn |",
        "|---|---|---|---|---|---|",
    ]
    for book in series["notebook"]:
        lines.append(
            f"| {badge(series, book['name'])} | {book['title']} | "
            f"{book['route']} | {minutes(book)} | "
            f"{'T4' if book['gpu'] else 'none'} | {book['learns']} |")
    return "\n".join(lines) + "\n"


def readme_table(series) -> str:
    """The part of README.md between the two comments, with them."""
    lines = [BEGIN, "| | notebook | route | minutes | you learn |",
             "|---|---|---|---|---|"]
    for book in series["notebook"]:
        lines.append(
            f"| {badge(series, book['name'])} | "
            f"[{book['title']}](notebooks/{book['name']}.ipynb) | "
            f"{book['route']} | {minutes(book)} | {book['learns']} |")
    return "\n".join([*lines, END])


def readme_with_table(series) -> str | None:
    """README.md as it should be; None where it has no place for a table."""
    text = README.read_text() if README.exists() else ""
    if BEGIN not in text or END not in text:
        return None
    before, rest = text.split(BEGIN, 1)
    return before + readme_table(series) + rest.split(END, 1)[1]


def write_tables(series):
    BADGES.write_text(badge_table(series))
    text = readme_with_table(series)
    if text is not None:
        README.write_text(text)


# Is all of it up to date?

def stale(series) -> list[str]:
    """One line for everything that a build would change."""
    found = []
    for notebook in series["notebook"]:
        found += stale_notebook(series, notebook)
    if not BADGES.exists() or BADGES.read_text() != badge_table(series):
        found.append("colab_badges.md is stale")
    text = readme_with_table(series)
    if text is None:
        found.append(f"README.md has no place for the table: {BEGIN} {END}")
    elif text != README.read_text():
        found.append("the table in README.md is stale")
    names = {b["name"] for b in series["notebook"]}
    for path in [*HERE.glob("*.ipynb"), *HERE.glob("sources/*.py")]:
        if path.stem not in names:
            found.append(f"{path.relative_to(ROOT)} is not in series.toml")
    return found


def stale_notebook(series, notebook) -> list[str]:
    """What is wrong with one committed notebook, without running it."""
    name = notebook["name"]
    if not source_of(name).exists():
        return [f"{name} has no source"]
    if not notebook_at(name).exists():
        return [f"{name} was never built"]
    wanted = compose(series, notebook)
    text = notebook_at(name).read_text()
    book = nbformat.reads(text, as_version=4)
    found = [f"{name}: {line}" for line in debris(book)]
    if parts(book) != parts(wanted):
        found.append(f"{name} differs from its source")
    if book.metadata != nbformat.from_dict(wanted.metadata):
        found.append(f"{name} has other metadata than it should")
    if any(c.cell_type == "code" and c.execution_count is None
           and c.source for c in book.cells):
        found.append(f"{name} was not executed to its end")
    if len(text) > LIMIT:
        found.append(f"{name} is too large: {len(text):,} bytes")
    return found


def parts(book) -> list:
    """What of a notebook its source decides."""
    return [(c.id, c.cell_type, c.source, dict(c.metadata))
            for c in book.cells]


# The command

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


def reword(series):
    """Gives notebooks that are there their present text, badges and first
    cell; what was computed is kept, since no other code has changed."""
    for notebook in series["notebook"]:
        path = notebook_at(notebook["name"])
        if not (path.exists() and source_of(notebook["name"]).exists()):
            continue
        book = nbformat.reads(path.read_text(), as_version=4)
        wanted = compose(series, notebook)
        if code_of(book)[1:] != code_of(wanted)[1:]:
            print(f"{notebook['name']}: its code has changed, build it.")
            continue
        computed = [c for c in book.cells if c.cell_type == "code"]
        for cell in wanted.cells:
            if cell.cell_type == "code":
                before = computed.pop(0)
                cell.outputs = before.outputs
                cell.execution_count = before.execution_count
        path.write_text(nbformat.writes(wanted) + "\n")


def code_of(book) -> list[str]:
    return [c.source for c in book.cells if c.cell_type == "code"]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Makes the notebooks from series.toml and sources/.")
    parser.add_argument("numbers", nargs="*", metavar="03",
                        help="which notebooks; none means all")
    parser.add_argument("--check", action="store_true",
                        help="execute nothing, name what is stale")
    parser.add_argument("--text", action="store_true",
                        help="execute nothing, renew text and links where "
                             "the code is the same")
    parser.add_argument("--repository", metavar="owner/name",
                        help="where the series lives on GitHub")
    parser.add_argument("--branch", help="the branch or tag it is taken from")
    options = parser.parse_args(arguments)
    if options.repository or options.branch:
        move(options.repository, options.branch)
    series = read_series()
    if options.check:
        found = stale(series)
        print("\n".join(found) or "All notebooks and tables are up to date.")
        return sys.exit(bool(found))
    if options.text or options.repository or options.branch:
        reword(series)
    else:
        chosen = [b for b in series["notebook"] if not options.numbers
                  or b["number"] in options.numbers]
        if not chosen:
            raise SystemExit(f"No notebook is called {options.numbers}.")
        build_all(series, chosen)
    write_tables(series)


if __name__ == "__main__":
    main()
