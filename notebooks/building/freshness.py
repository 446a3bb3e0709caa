"""Is what is committed what a build would write? And the renewal of text
alone.

Executes nothing.
"""

import nbformat
from building.compose import compose
from building.execute import LIMIT, debris
from building.loop import stale_loop
from building.minutes import minutes_lint
from building.prose import prose_lint, workshop_lint
from building.room import stale_pages
from building.series import HERE, ROOT, notebook_at, source_of
from building.tables import (
    BADGES,
    BEGIN,
    END,
    README,
    badge_table,
    readme_with_table,
)


def stale(series) -> list[str]:
    """One line for everything that a build would change."""
    found = []
    for notebook in series["notebook"]:
        found += stale_notebook(series, notebook)
    found += prose_lint(series) + workshop_lint(series)
    found += minutes_lint(series) + stale_loop()
    found += stale_pages(series)
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
