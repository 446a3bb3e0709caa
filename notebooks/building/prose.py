"""No sentence says what a run did: a cell computes it and prints it.

Numbers that belong to runs (percentages, points, "12 of 20") are looked for
in the prose of the sources. Those that may stand there are listed in
`given.toml`, with their words: definitions, factors, budgets, round figures.
What follows "Three questions" speaks of made-up runs and is left alone.

The workshop is cut from other notebooks, so none of its sentences may point
at one of them, or to a place that is not there.
"""

import re
import tomllib

from building.compose import compose, source_cells, tags
from building.series import HERE

GIVEN = HERE / "building" / "given.toml"
NUMBER = re.compile(
    r"""\d[\d.,]*\s?(?:%|percent\b|points?\b)
    | \b(?:ten|twenty|half)\s(?:a\s)?(?:percent|point)\b
    | \b(?:a|one)\spoint\b
    | \bbetween\s\d[\d.]*\sand\s\d[\d.]*
    | \b\d[\d.]*\s(?:out\s)?of\s(?:the\s)?\d[\d.]*
    | \b(?:two|three|four|ten|twenty|several|\d+)\stimes\s
      (?:as|faster|slower|longer|more|what|the)\b
    """, re.VERBOSE | re.IGNORECASE)
POINTING = re.compile(
    r"""\bnotebook\s\d\d | \bfurther\s(?:down|up)\b | \bsee\s(?:below|above)\b
    | \bfrom\sabove\b | \bof\sbefore\b""", re.VERBOSE | re.IGNORECASE)
CELLS, LINES = 80, 20  # of the workshop: in all, and visible in one


def given() -> dict[str, list[str]]:
    """{notebook: phrases that hold numbers and may}; "all" is for all."""
    return tomllib.loads(GIVEN.read_text())


def prose_of(name) -> str:
    """The words of a source, without solutions and made-up questions."""
    cells = [cell.source.split("**Three questions**")[0]
             for cell in source_cells(name) if cell.cell_type == "markdown"
             and "solution" not in tags(cell)]
    return " ".join(" ".join(cells).split())


def numbers_of_runs(name, text, allowed) -> list[str]:
    """A line for every number that belongs to a run, and for every phrase in
    given.toml that the text does not hold any more."""
    found = [f"{name}: given.toml allows {phrase!r}, which is not there"
             for phrase in allowed if phrase not in text]
    for phrase in allowed:
        text = text.replace(phrase, "")
    for match in NUMBER.finditer(text):
        around = text[max(0, match.start() - 50):match.end() + 30]
        found.append(f"{name}: a cell should print {match[0]!r} in: {around}")
    return found


def prose_lint(series) -> list[str]:
    """What `numbers_of_runs` finds in all sources."""
    allowed, found = given(), []
    for notebook in series["notebook"]:
        found += numbers_of_runs(
            notebook["number"], prose_of(notebook["name"]),
            allowed.get(notebook["number"], []))
    return found


def workshop_lint(series) -> list[str]:
    """Is the workshop short, and complete in itself?"""
    workshop = series["notebook"][-1]
    cells = compose(series, workshop).cells
    found = []
    if len(cells) > CELLS:
        found.append(f"workshop: {len(cells)} cells are more than {CELLS}")
    closing = next(i for i, cell in enumerate(cells)
                   if "# Part 6" in cell.source)
    for cell in cells[:closing]:
        pointing = POINTING.search(cell.source)
        if cell.cell_type == "markdown" and pointing:
            found.append(f"{cell.id}: points at what is not here: "
                         f"{pointing[0]!r}")
    for cell in cells:
        lines = [line for line in cell.source.splitlines() if line]
        if (cell.cell_type == "code" and "cellView" not in cell.metadata
                and len(lines) > LINES):
            found.append(f"{cell.id}: {len(lines)} lines are to be read")
    return found
