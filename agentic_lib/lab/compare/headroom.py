"""Does COOL_DOWN earn its place in the quick pace?

    python -m agentic_lib.lab.compare.headroom

On the tasks of the comparison it gains; here it is tried where nobody had
looked before, on data of the families that the brain is taught with: small
networks of many sizes, with SGD or AdamW, at the nine starting rates of a
task, under the real controller and its guards, once with the four actions and
once with COOL_DOWN as well. A problem has headroom if a linear fall of the
rate beats the best constant one.
"""

import json
from pathlib import Path

import numpy as np
import torch

from agentic_lib.lab.batch import Shape
from agentic_lib.lab.compare.guarded import run_guarded
from agentic_lib.lab.compare.methods import find_method
from agentic_lib.lab.compare.results import changed, versions
from agentic_lib.lab.compare.tables import markdown
from agentic_lib.lab.compare.tasks import Task, half_decades
from agentic_lib.lab.compare.together import run_batched
from agentic_lib.lab.teach.situations import Situation, draw_data
from agentic_lib.run.data import Data

FILE = Path(__file__).parents[1] / "data" / "headroom.json"
PROBLEMS, SEEDS = 60, 2
ROOM = 0.5  # points by which a linear fall is better, if there is headroom


def draw_problem(number) -> Task:
    """A problem of the teaching families, the same for the same number."""
    rng = np.random.default_rng(2 * 10 ** 9 + number)
    width, depth = int(rng.choice([32, 64, 128])), int(rng.integers(1, 4))
    train = int(rng.choice([600, 1200, 2000]))
    epochs = int(rng.choice([20, 40, 80]))
    optimizer = str(rng.choice(["sgd", "adamw"]))
    parts = draw_data(Situation(Shape((width,) * depth), train, 400, epochs,
                                every=2), rng)
    data = Data("problem", 1 + max(int(y.max()) for _, y in parts), *(
        (torch.tensor(x, dtype=torch.float32), torch.tensor(y))
        for x, y in parts))
    return Task(f"{number}: {optimizer}, {train} examples, {depth} x {width}, "
                f"{epochs} epochs", lambda seed: data, "families", width,
                depth, epochs=epochs, optimizer=optimizer,
                rates=half_decades(1e-4 if optimizer == "sgd" else 1e-5))


def play(number) -> dict:
    """Plays one problem; returns its `name` and, in points of test accuracy,
    its `room`: how far the best linear fall is ahead of the best constant
    rate; and the brain's mean over all starting rates with `four` actions
    and with `five`."""
    task = draw_problem(number)
    pairs = [(rate, seed) for rate in task.rates for seed in range(SEEDS)]

    def scores(run, name):
        """(STARTS,) means over seeds."""
        return np.reshape([row.test for row in run(
            task, find_method(name), pairs)], (-1, SEEDS)).mean(1)

    constant, linear = (scores(run_batched, name).max()
                        for name in ("constant", "linear"))
    four, five = (scores(run_guarded, name).mean()
                  for name in ("brain_quick_four", "brain_quick"))
    found = {"room": linear - constant, "four": four, "five": five}
    return {"name": task.name,
            **{what: round(float(x), 2) for what, x in found.items()}}


def record(path=FILE, problems=PROBLEMS):
    """Plays the problems that are not in the file yet; all of them, if the
    brain or the guards have changed since. Writes it after every one."""
    info, found = versions(), read(path)
    known = [] if changed(found) else found.get("problems", [])
    for number in range(len(known), problems):
        known.append(play(number))
        print(known[-1], flush=True)
        path.write_text(json.dumps({**info, "problems": known},
                                   indent=1) + "\n")


def read(path=FILE) -> dict:
    """What `record` wrote: under "problems" what `play` returned for each;
    empty if there is no file."""
    return json.loads(path.read_text()) if path.exists() else {}


def table(problems) -> str:
    """What the fifth action gains, with headroom and without."""
    gains = np.array([p["five"] - p["four"] for p in problems])
    room = np.array([p["room"] >= ROOM for p in problems])

    def line(what, chosen):
        found = gains[chosen]
        error = found.std(ddof=1) / len(found) ** 0.5
        return [what, str(len(found)), f"{found.mean():+.2f}",
                f"{error:.2f}", f"{(found > 0).mean():.0%}"]

    return markdown(
        ["problems", "how many", "mean gain, points", "standard error",
         "share that gained"],
        [line("with headroom", room), line("without", ~room),
         line("all", room | ~room)])


if __name__ == "__main__":
    torch.set_num_threads(1)
    record()
    print(table(read()["problems"]))
