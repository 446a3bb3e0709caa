"""The file of saved states: moments of runs, and what each action led to.

compare/states.py makes it. One line of JSON is one state: `task`, `rate`,
`seed`, `every`, `factors` [reduce, increase], `history`, and `outcomes`
{action: final accuracies in percent, one for each repetition}.
"""

import gzip
from pathlib import Path

from agentic_lib.brain.decision import Metrics
from agentic_lib.run.record import from_line, to_line

FILE = Path(__file__).parent / "data" / "states.jsonl.gz"


def read_states(path=FILE) -> list[dict]:
    """The states of a file, each `history` as a list of Metrics."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        states = [from_line(line) for line in file]
    for state in states:
        state["history"] = [Metrics(**m) for m in state["history"]]
    return states


def write_states(states, path=FILE):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(to_line(state) for state in states)
