"""The notebooks are fresh, and their exercises are fair.

nbval runs every notebook from top to bottom (see pyproject.toml). Here:
nothing is stale, no slug is written twice, and for every exercise the stub
does not pass and the solution does.
"""

import contextlib
import importlib
import io
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import matplotlib
import nbformat
import pytest
import torch
from needed_cells import needed

from agentic_lib.course import exercises
from agentic_lib.course.exercises import checking

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "notebooks"))
compose, execute, freshness, minutes, prose, series, tables = (
    importlib.import_module(f"building.{name}") for name in (
        "compose", "execute", "freshness", "minutes", "prose", "series",
        "tables"))

SERIES = series.read_series()
BOOKS = [b for b in SERIES["notebook"]
         if series.source_of(b["name"]).exists()]
by_name = pytest.mark.parametrize("book", BOOKS, ids=lambda b: b["name"])


def source(book):
    return jupytext.reads(series.source_of(book["name"]).read_text(),
                          fmt="py:percent")


# Fresh, clean, complete

def test_every_notebook_of_the_series_is_there():
    assert [b["name"] for b in BOOKS] == [
        b["name"] for b in SERIES["notebook"]]


def test_nothing_is_stale():
    assert freshness.stale(SERIES) == []


@by_name
def test_the_notebook_is_valid(book):
    found = nbformat.read(series.notebook_at(book["name"]), as_version=4)
    nbformat.validate(found)
    assert "widgets" not in found.metadata
    assert all("widget-view" not in mime for cell in found.cells
               for output in cell.get("outputs", [])
               for mime in output.get("data", {}))


@by_name
def test_every_image_has_a_description(book):
    found = nbformat.read(series.notebook_at(book["name"]), as_version=4)
    for cell in found.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt) > 20, f"use show(figure) in {cell.id}"


@by_name
def test_the_source_keeps_to_the_house_rules(book):
    for cell in source(book).cells:
        if cell.cell_type != "code":
            continue
        for line in cell.source.splitlines():
            assert len(line) <= 76, line
            assert not line.startswith(("%", "!")), line


def test_the_first_cell_is_the_same_everywhere_and_short():
    """Eight lines under its title, with an address and without."""
    firsts = set()
    for book in BOOKS:
        found = nbformat.read(series.notebook_at(book["name"]), as_version=4)
        firsts.add(next(c.source for c in found.cells
                        if c.cell_type == "code"))
    assert firsts == {compose.first_cell(SERIES).source}
    for text in (compose.FIRST_CELL, compose.WITHOUT_ADDRESS):
        title, *lines = text.splitlines()
        assert title.startswith("#@title") and len(lines) <= 8
        assert max(map(len, lines)) <= 79


def test_the_slug_stands_in_one_place():
    """Everything else that holds it is made by build.py."""
    made = {"colab_badges.md", "README.md", "notebooks/series.toml"}
    made |= {f"notebooks/{b['name']}.ipynb" for b in SERIES["notebook"]}
    made |= {"notebooks/room/slides.html", "notebooks/room/handout.html"}
    if SERIES["repository"] == series.PLACEHOLDER:  # these ask for it
        made |= {"notebooks/building/series.py", "site/export.py"}
    found = subprocess.run(
        ["git", "grep", "-lF", SERIES["repository"]], cwd=ROOT,
        capture_output=True, text=True).stdout.split()
    assert set(found) <= made
    text = (ROOT / "README.md").read_text()
    outside = (text.split(tables.BEGIN)[0] + text.split(tables.END)[-1])
    assert SERIES["repository"] not in outside


@pytest.fixture
def a_copy(tmp_path):
    """The notebooks and what is made from them, elsewhere."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks",
                    ignore=shutil.ignore_patterns("runs", "__pycache__"))
    for name in ("README.md", "colab_badges.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def build_in(folder, *arguments):
    return subprocess.run(
        [sys.executable, folder / "notebooks" / "build.py", *arguments],
        capture_output=True, text=True)


def test_a_move_reaches_badges_links_and_first_cells(a_copy):
    moved = build_in(a_copy, "--repository", "someone/her-fork",
                     "--branch", "v2")
    assert moved.returncode == 0, moved.stderr
    assert "up to date" in build_in(a_copy, "--check").stdout
    made = [*a_copy.glob("*.md"), *a_copy.glob("notebooks/*.ipynb"),
            a_copy / "notebooks" / "series.toml"]
    for path in made:
        assert SERIES["repository"] not in path.read_text(), path
    first = next(a_copy.glob("notebooks/00*.ipynb")).read_text()
    assert "someone/her-fork/blob/v2/notebooks" in first
    assert "git+https://github.com/someone/her-fork@v2" in first
    for name in ("slides", "handout"):
        page = (a_copy / "notebooks" / "room" / f"{name}.html").read_text()
        assert 'href="https://github.com/someone/her-fork"' in page


@pytest.mark.parametrize("bad", ["no-slash", "a/b/c", "a/b c", ""])
def test_a_slug_that_is_none_changes_nothing(bad, tmp_path, monkeypatch):
    copy = tmp_path / "series.toml"
    copy.write_text(series.SERIES.read_text())
    monkeypatch.setattr(series, "SERIES", copy)
    with pytest.raises(SystemExit):
        series.move(bad, None)
    assert copy.read_text() == (
        ROOT / "notebooks" / "series.toml").read_text()


def test_the_stated_minutes_are_those_of_the_text():
    assert minutes.minutes_lint(SERIES) == []


def test_what_is_folded_takes_no_minutes():
    cells = [nbformat.v4.new_markdown_cell("word " * 1000),
             nbformat.v4.new_code_cell("x = 1\n\n" * 50)]
    assert minutes.measured(cells) == (10, 0)
    cells[0].metadata["tags"] = ["solution"]
    cells[1].metadata["cellView"] = "form"
    assert minutes.measured(cells) == (0, 0)


def test_the_workshop_is_short_and_complete_in_itself():
    assert prose.workshop_lint(SERIES) == []


# Prose

@pytest.mark.parametrize("text", [
    "Worse: it ends at 10 %.", "It ends between 15 and 30 %.",
    "The gap grew by 4.1 points.", "It was right in 12 of 20 runs.",
    "Guards win by half a point.", "That is three times as fast."])
def test_a_number_of_a_run_in_prose_is_named(text):
    assert len(prose.numbers_of_runs("00", text, [])) == 1


def test_a_number_may_stand_if_its_words_are_listed():
    text = "Of the labels, 30 % of them, are drawn anew. Notebook 07 knows."
    assert prose.numbers_of_runs("00", text, ["30 % of them"]) == []
    assert prose.numbers_of_runs("00", "Nothing.", ["30 % of them"])


def test_no_source_states_the_number_of_a_run():
    assert prose.prose_lint(SERIES) == []


# The builder

def cell_with(output, *cell_tags):
    cell = nbformat.v4.new_code_cell("pass", outputs=[output])
    cell.metadata["tags"] = list(cell_tags)
    return cell


def printed(text, name="stdout"):
    return nbformat.v4.new_output("stream", text=text, name=name)


@pytest.mark.parametrize("output, what", [
    (printed("Traceback (most recent call last):"), "a traceback"),
    (printed("DeprecationWarning: old"), "a warning"),
    (printed("saved to /home/ann/runs"), "a path"),
    (printed(r"saved to C:\Users\ann"), "a path"),
    (printed(" 67%|######   | 97/144"), "a progress bar"),
    (printed("something", "stderr"), "stderr"),
    (nbformat.v4.new_output("error", ename="ValueError", evalue="no",
                            traceback=[]), "ValueError"),
    (nbformat.v4.new_output("execute_result", {
        "text/html": "<b>/tmp/x</b>"}), "a path"),
])
def test_debris_in_an_output_is_named(output, what):
    book = nbformat.v4.new_notebook(cells=[cell_with(output)])
    assert any(what in line for line in execute.debris(book))


@pytest.mark.parametrize("text", [
    "Test accuracy: 95.0 %", "epoch 5: continue  lr 0.1", "98% sure",
    "Note: nothing\nelse"])
def test_ordinary_output_is_no_debris(text):
    book = nbformat.v4.new_notebook(cells=[cell_with(printed(text))])
    assert execute.debris(book) == []


def test_streams_are_joined_and_widgets_leave_a_line():
    cell = cell_with(printed("a"))
    cell.outputs += [printed("b"), nbformat.v4.new_output("display_data", {
        execute.WIDGET: {"model_id": "1"}, "text/plain": "VBox()"})]
    execute.clean(cell)
    assert [o.get("text") or o.data["text/plain"] for o in cell.outputs] == [
        "ab", execute.INSTEAD]


def test_a_result_that_gives_a_guess_away_is_left_out():
    cell = cell_with(printed("42"), "hidden-result")
    execute.clean(cell)
    assert cell.outputs == []


def test_a_solution_is_folded_and_never_code():
    cell = nbformat.v4.new_code_cell("answer = 42")
    cell.metadata["tags"] = ["solution"]
    text = compose.folded(cell)
    assert text.cell_type == "markdown"
    assert text.source.startswith("<details>")
    assert "answer = 42" in text.source


def test_the_route_leads_from_the_core_to_the_core():
    books = {b["number"]: b for b in SERIES["notebook"]}
    assert [b["number"] for b in series.following(SERIES, books["00"])] == [
        "02", "01"]
    assert [b["number"] for b in series.following(SERIES, books["03"])] == [
        "05", "04"]
    assert [b["number"] for b in series.following(SERIES, books["06"])] == [
        "07"]
    assert [b["number"] for b in series.following(SERIES, books["05"])] == [
        "07", "10", "06"]
    route, number = [], "00"
    while number:
        route.append(number)
        onward = series.following(SERIES, books[number])
        number = onward[0]["number"] if onward and onward[0][
            "route"] == "core" else None
    assert route == ["00", "02", "03", "05", "07"]


def test_gpu_notebooks_ask_colab_for_one_and_the_others_do_not():
    asking = {b["number"] for b in SERIES["notebook"]
              if compose.metadata(b).get("accelerator") == "GPU"}
    assert asking == {"01", "02", "04", "05", "08", "workshop"}


def test_the_number_of_threads_changes_no_output(tmp_path, monkeypatch):
    """Whatever a reader's machine is set to, the texts are the same."""
    monkeypatch.chdir(tmp_path)
    found = []
    for threads in (1, 4):
        torch.set_num_threads(threads)
        names = {"__name__": "__main__"}
        found.append([run_cell(cell.source, names)
                      for cell in source(BOOKS[0]).cells
                      if cell.cell_type == "code"])
    assert found[0] == found[1] and len("".join(found[0])) > 500


# The exercises

def run_cell(text, names):
    """One cell as plain Python; returns what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "<cell>", "exec"), names)
    return printed.getvalue()


def exercise_of(cells, i):
    """The solution that follows the check at i."""
    for cell in cells[i + 1:]:
        if "check" in compose.tags(cell):
            return None
        if "solution" in compose.tags(cell):
            return cell.source
    return None


EXERCISE = {"exercise", "check", "solution"}
WITH_EXERCISES = [b for b in BOOKS if any(
    "check" in compose.tags(c) for c in source(b).cells)]


@pytest.mark.parametrize("book", WITH_EXERCISES, ids=lambda b: b["name"])
def test_stubs_do_not_pass_and_solutions_do(book, tmp_path, monkeypatch):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["notebook"])
    cells = source(book).cells
    names = {"__name__": "__main__"}
    checks = [i for i, c in enumerate(cells) if "check" in compose.tags(c)]
    run = needed(
        {i: c.source for i, c in enumerate(cells) if c.cell_type == "code"
         and "demo" not in compose.tags(c)},
        {i for i, c in enumerate(cells) if EXERCISE & set(compose.tags(c))})
    for i, cell in enumerate(cells[:checks[-1] + 1]):  # nbval runs all
        found = compose.tags(cell)
        if i not in run or "solution" in found:
            continue
        exercises.passed.clear()
        printed = run_cell(cell.source, names)
        if "check" not in found:
            continue
        assert list(exercises.passed.values()) == [False], printed
        assert printed.startswith("Not yet."), printed
        again = run_cell(cell.source, names)  # hints escalate
        assert len(again) > len(printed) or "code stopped" in again, again
        solution = exercise_of(cells, i)
        assert solution, f"no solution follows {cell.source}"
        stub = dict(names)
        run_cell(solution, names)
        printed = run_cell(cell.source, names)
        assert list(exercises.passed.values()) == [True], printed
        names.clear()
        names.update(stub)  # the notebook goes on with the stub


def test_the_buttons_of_the_quickstart_train_on(tmp_path, monkeypatch):
    """Two clicks: two decisions by a person, ten more epochs, a new picture;
    and letters lead to the same run as clicks."""
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    cells = [cell.source for cell in source(BOOKS[0]).cells
             if cell.cell_type == "code"]
    shown = [cell for cell in cells if "make_button(" in cell]
    for cell in cells[:cells.index(shown[0]) + 1]:
        run_cell(cell, names)
    before = names["screen"].value
    for name, count in (("reduce learning rate", 1), ("continue", 2)):
        found = {b.description: b for b in names["buttons"].children}
        found[name].click()
        assert len(names["training"].run.decisions) == count
        assert names["training"].epoch == 5 + 5 * count
    assert names["screen"].value != before and "alt=" in before
    assert [d.source for d in names["training"].run.decisions] == [
        "human", "human"]
    again = names["new_run"]()
    for letter in "rc":
        names["decide"](again, letter)
    assert again.run.metrics == names["training"].run.metrics


def test_a_check_never_raises_and_says_where(capsys):
    @checking.check
    def check_sum(function):
        checking.expect(function(1, 2) == 3, "One and two make three.")
        return "It adds."

    names = {}
    exec("def broken(a, b):\n    return a / 0", names)
    check_sum(lambda a, b: a - b)
    check_sum(names["broken"])
    assert exercises.passed["check_sum"] is False
    check_sum(lambda a, b: a + b)
    assert exercises.passed["check_sum"] is True
    printed = " ".join(capsys.readouterr().out.split())
    assert "Not yet. One and two make three." in printed
    assert "ZeroDivisionError: division by zero (in line 2" in printed
    assert "Passed. It adds." in printed
