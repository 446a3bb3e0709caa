"""How long a notebook takes, measured on its text.

200 words of prose a minute, ten visible lines of code a minute (read, run and
looked at), six minutes an exercise. Forms, folded solutions and what describes
a picture are not read.
Learners who timed themselves took 12, 25, 40, 20, 30, 40, 18 and 30 minutes
for notebooks 00 to 07, without exercises; this rule is near that.
"""

import re

from building.compose import compose, tags

PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
WORDS, LINES, EXERCISE = 200, 10, 6


def measured(cells) -> tuple[int, int]:
    """(minutes to read and run, minutes for the exercises)."""
    words = sum(len(PICTURE.sub("", cell.source).split()) for cell in cells
                if cell.cell_type == "markdown"
                and "solution" not in tags(cell))
    lines = sum(1 for cell in cells for line in cell.source.splitlines()
                if cell.cell_type == "code" and line.strip()
                and "cellView" not in cell.metadata)
    exercises = sum("exercise" in tags(cell) for cell in cells)
    return round(words / WORDS + lines / LINES), EXERCISE * exercises


def minutes_lint(series) -> list[str]:
    """A line for each notebook whose stated minutes are far from those."""
    found = []
    for notebook in series["notebook"]:
        reading, exercises = measured(compose(series, notebook).cells)
        stated = notebook["reading"], notebook["exercises"]
        if (abs(stated[0] - reading) > max(2, reading / 10)
                or stated[1] != exercises):
            found.append(
                f"{notebook['name']} states {stated[0]} + {stated[1]} "
                f"minutes and takes {reading} + {exercises}")
    return found
