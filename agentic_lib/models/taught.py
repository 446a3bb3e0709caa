"""What a brain was taught, as its folder says in brain.json.

A small model that was taught one task answers any question, and is sure of
its answer. So its folder lists what it knows, and anything else is left to
the rules. Knows nothing about language models.

brain.json, every field optional:
  actions      names of the actions it was taught
  mode         its default mode, "score" or "generate"
  temperature  its scores are divided by this number, so that it is right in
               80 % of the cases in which it is 80 % sure
  lines        {line of the prompt with # for each number: [[low, high], ...]}
               every line it was taught with, and the range of each number
  most         {"decisions": n, "epoch": n}: a larger count is given as n
"""

import json
import re
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
RESULT = re.compile(r"acc|loss|\?\?\?", re.I)  # a line with a result
COUNTS = {"decisions": re.compile(r"\d+(?= decisions\b)"),
          "epoch": re.compile(r"(?<=\bepoch )\d+$", re.M)}


@dataclass(frozen=True)
class Taught:
    """The fields of brain.json. None: a general model, no limits known."""

    actions: list[str] | None = None
    mode: str | None = None
    temperature: float = 1.0
    lines: dict[str, list] | None = None
    most: dict[str, int] | None = None

    def fields(self) -> dict:
        """What is known, as plain data."""
        return {name: value for name, value in asdict(self).items()
                if value is not None}

    def told(self, messages: list[dict]) -> list[dict]:
        """The messages as the model gets them.

        A count beyond the `most` that it was taught is given as `most`. So a
        run with 600 decisions to come begins like one with 90.
        """
        text = messages[-1]["content"]
        for unit, most in (self.most or {}).items():
            text = COUNTS[unit].sub(partial(at_most, most), text)
        return [*messages[:-1], {**messages[-1], "content": text}]

    def outside(self, names: list[str], messages: list[dict]) -> str | None:
        """Why this question lies outside what was taught, or None.

        names     the actions to choose from
        messages  the prompt
        """
        unknown = sorted(set(names) - set(self.actions or names))
        if unknown:
            return f"it was not taught {', '.join(unknown)}"
        if self.lines is None:
            return None
        for shape, numbers in line_shapes(messages):
            if shape not in self.lines:
                return f"it was taught no prompt with the line {shape!r}"
            for x, (low, high) in zip(numbers, self.lines[shape]):
                if not low <= x <= high:
                    return (f"{x:g} in {shape!r} lies outside the {low:g} to "
                            f"{high:g} that it was taught with")
        shown = RESULT.search(messages[-1]["content"])
        if not shown and any(map(RESULT.search, self.lines)):
            return "the prompt shows no accuracy and no loss above zero"
        return None


def at_most(most, found) -> str:
    """A number that was found in a text, or `most` if it is larger."""
    return str(min(int(found[0]), most))


FIELDS = tuple(field.name for field in fields(Taught))


def read_taught(folder) -> Taught:
    """What brain.json in `folder` says, if there is one."""
    path = Path(folder) / "brain.json"
    if not path.is_file():
        return Taught()
    found = json.loads(path.read_text(encoding="utf-8"))
    return Taught(**{name: found[name] for name in FIELDS if name in found})


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
