"""A source becomes a notebook without outputs: header, first cell, cells,
the way on. The workshop is made of other sources' tagged cells.

Executes nothing.
"""

import jupytext
import nbformat
from building.loop import embedded
from building.series import (
    PLACEHOLDER,
    badge,
    colab_link,
    following,
    source_of,
)

FIRST_CELL = """\
#@title Run this first: it finds agentic_lib, or installs it
import importlib.util, subprocess, sys; sys.path.append("..")  # a clone?
if importlib.util.find_spec("agentic_lib") is None:
    url = "git+https://github.com/{repository}@{branch}"
    pip = f'"{{sys.executable}}" -m pip install -q --no-deps {{url}}'
    failed, said = subprocess.getstatusoutput(pip)
    assert "command 'git'" not in said, "Git is missing: install it first."
    assert not failed, "No network?" if "unable" in said else f"Not at {{url}}"
from agentic_lib.course.notebook import get_ready; get_ready()"""
# As long as nobody has said where the series lives.
WITHOUT_ADDRESS = """\
#@title Run this first: it finds agentic_lib
import importlib.util, sys; sys.path.append("..")  # a clone has it there
assert importlib.util.find_spec("agentic_lib"), (
    "this copy has no address yet: "
    "`python notebooks/build.py --repository owner/name`")
from agentic_lib.course.notebook import get_ready; get_ready()"""


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
    return joined(cells + own[end:])


def joined(cells) -> list:
    """Text that follows text becomes one cell; folded solutions stay."""
    kept = []
    for cell in cells:
        if kept and all(c.cell_type == "markdown" and "solution" not in tags(
                c) for c in (kept[-1], cell)):
            kept[-1].source += "\n\n" + cell.source
        else:
            kept.append(cell)
    return kept


def markdown(text):
    return nbformat.v4.new_markdown_cell(text)


def tags(cell) -> list:
    return cell.metadata.get("tags", [])


def folded(cell):
    """A solution as text that unfolds; a form if a cell has a title; the
    diagram of the loop inside the text that shows it."""
    if "solution" in tags(cell):
        text = markdown(
            "<details><summary>One solution (try first)</summary>\n\n"
            f"```python\n{cell.source}\n```\n\n</details>")
        text.metadata = cell.metadata
        return text
    if cell.cell_type == "code" and cell.source.startswith("#@title"):
        cell.metadata["cellView"] = "form"
    if cell.cell_type == "markdown":
        cell.source = embedded(cell.source)
    return cell


def first_cell(series):
    known = series["repository"] != PLACEHOLDER
    text = FIRST_CELL.format(**series) if known else WITHOUT_ADDRESS
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
