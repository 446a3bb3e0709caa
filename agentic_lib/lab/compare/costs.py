"""What a run of each method costs: processor time of one thread.

    python -m agentic_lib.lab.compare.costs

Times one run of each on `digits`, by itself, under guards if it can have them,
and how much of that went into decisions. For every task, also times a job of
nine runs side by side, from which `compare --record` estimates its own time.
Processor time, so that other work on the machine counts little.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from agentic_lib.lab.compare import recorded
from agentic_lib.lab.compare.methods import GUARDS, METHODS, find_method
from agentic_lib.lab.compare.results import versions
from agentic_lib.lab.compare.tasks import LEAK, TASKS
from agentic_lib.lab.compare.trials import run_alone, run_job

FILE = Path(__file__).parents[1] / "data" / "costs.json"
NAN = float("nan")
EPOCHS = 3  # in a job that is timed; the estimate is for the whole budget


def as_used(name) -> str:
    """The method's name with guards, if it can have them."""
    return name + GUARDS if METHODS[name].guardable else name


def cost(name, task, rate=0.1) -> dict:
    """{seconds, decisions: the seconds that went into these} of one run."""
    method, spent = find_method(as_used(name)), [0.0]

    def start(group):
        pilot = method.start(group)
        choose = getattr(pilot, "choose", None)
        if choose is not None:
            def timed(*args):
                begin = time.process_time()
                try:
                    return choose(*args)
                finally:
                    spent[0] += time.process_time() - begin

            pilot.choose = timed
        return pilot

    begin = time.process_time()
    if method.search:
        method.search(task, method, [0])
    else:
        run_alone(task, replace(method, start=start),
                  NAN if method.rateless else rate, 0)
    return {"seconds": round(time.process_time() - begin, 3),
            "decisions": round(spent[0], 3)}


def methods() -> list[str]:
    """The names in the first table, without the suffix for guards, and
    without references that are made from its rows."""
    names = [name.removesuffix(GUARDS)
             for part in recorded.first_table((), 1) for name in part.methods]
    return [n for n in dict.fromkeys(names)
            if n in METHODS and METHODS[n].missing() is None]


def job_seconds(task) -> float:
    """How long nine runs of a task side by side take to their end."""
    pairs = [(rate, 0) for rate in task.rates]
    short = replace(task, epochs=EPOCHS)
    run_job(short, METHODS["constant"], pairs)  # the first warms up
    begin = time.process_time()
    run_job(short, METHODS["constant"], pairs)
    return (time.process_time() - begin) * task.epochs / EPOCHS


def record(path=FILE):
    torch.set_num_threads(1)
    task = TASKS["digits"]
    for name in methods():  # what is loaded or fitted once is not counted
        cost(name, replace(task, epochs=45 if METHODS[name].search else 5))
    found = {**versions(),
             "methods": {name: cost(name, task) for name in methods()},
             "tasks": {name: round(job_seconds(task), 1)
                       for name, task in TASKS.items()}}
    path.write_text(json.dumps(found, indent=1) + "\n")


def read(path=FILE) -> dict:
    """What `record` wrote."""
    return json.loads(path.read_text()) if path.exists() else {
        "methods": {}, "tasks": {}}


def estimate(work, costs) -> float | None:
    """Processor seconds of these jobs, or None if a task is unknown. A run by
    itself costs about as much as three side by side. Runs that are in two
    parts of the plan are counted once."""
    counted, total = set(), 0.0
    for task, method, pairs in work:
        seconds = costs["tasks"].get(task.name.removesuffix(LEAK))
        if seconds is None:
            return None
        fresh = {(task.name, method.name, str(pair)) for pair in pairs}
        total += seconds / len(task.rates) * len(fresh - counted) * (
            weight(method))
        counted |= fresh
    return total


def weight(method) -> float:
    """The cost of a run as a multiple of one at a constant rate, side by
    side."""
    if method.name.startswith("look_ahead"):
        return 12.0
    return 3.0 if method.optimizer else 1.5


if __name__ == "__main__":
    record()
    print(FILE.read_text())
