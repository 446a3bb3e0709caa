"""What a brain was taught, as its folder says in brain.json.

A small model that was taught one task answers anything, and is sure of it. So
its folder lists what it knows, and what lies outside is left to the rules.
Knows nothing about language models.

brain.json, every field optional:
  actions      names of the actions it was taught
  mode         "score" or "generate", its default
  temperature  its scores are divided by it, so that 80 % sure is right in 80 %
  lines        {line of the prompt with # for each number: [[low, high], ...]}
               every line it was taught with, and the range of each number
"""

import json
import re
from pathlib import Path

FIELDS = ("actions", "mode", "temperature", "lines")
NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def read_taught(folder) -> dict:
    """What brain.json in `folder` says; {} where there is none."""
    path = Path(folder) / "brain.json"
    if not path.is_file():
        return {}
    taught = json.loads(path.read_text(encoding="utf-8"))
    return {name: taught[name] for name in FIELDS if name in taught}


def write_taught(folder, **fields):
    """Writes brain.json. Raises ValueError for a field it does not have."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"brain.json has no field {sorted(unknown)}. It has: "
                         f"{', '.join(FIELDS)}.")
    path = Path(folder) / "brain.json"
    path.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def line_shapes(messages):
    """Yields (line with # for each number, its numbers) for each line.

    "nan" and "inf" stay words.
    """
    for message in messages:
        for line in message["content"].splitlines():
            numbers = [float(text) for text in NUMBER.findall(line)]
            yield NUMBER.sub("#", line), numbers


def learn_lines(list_of_messages) -> dict:
    """The field `lines` for all prompts that a brain is taught with."""
    lines = {}
    for messages in list_of_messages:
        for shape, numbers in line_shapes(messages):
            ranges = lines.setdefault(shape, [[x, x] for x in numbers])
            for span, x in zip(ranges, numbers):
                span[:] = min(span[0], x), max(span[1], x)
    return lines


def outside(taught, actions, messages) -> str | None:
    """Why this prompt lies outside what was taught, or None.

    actions  the Actions to choose from; messages the prompt
    """
    names = [action.name for action in actions]
    unknown = set(names) - set(taught.get("actions", names))
    if unknown:
        return f"it was not taught {', '.join(sorted(unknown))}"
    lines = taught.get("lines")
    if lines is None:
        return None
    for shape, numbers in line_shapes(messages):
        if shape not in lines:
            return f"it was taught no prompt with the line {shape!r}"
        for x, (low, high) in zip(numbers, lines[shape]):
            if not low <= x <= high:
                return (f"{x:g} in {shape!r} lies outside the {low:g} to "
                        f"{high:g} that it was taught with")
    return None
