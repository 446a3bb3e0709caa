"""For the tests of the comparison: made-up rows, and short tasks."""

from dataclasses import replace

from agentic_lib.lab.compare import views
from agentic_lib.lab.compare.methods import METHODS
from agentic_lib.lab.compare.rows import Row
from agentic_lib.lab.compare.tasks import Task, find_task

NAN = float("nan")


def short(name, epochs=6):
    """A task with a small budget."""
    return replace(find_task(name), epochs=epochs)


class Exact(Task):
    """A task in float64. In float32, a sum in another order is rounded
    differently, and at a high rate such a difference grows within a few
    epochs to several points, on one kind of processor and not on another."""

    def make_network(self, data, seed):
        return super().make_network(data, seed).double()


def exact(task):
    """The same task in float64."""
    def load(seed):
        data = task.load(seed)
        return replace(data, **{part: (x.double(), y) for part, (x, y) in (
            ("train", data.train), ("val", data.val), ("test", data.test))})

    return Exact(**{**vars(task), "load": load})


def row(task="t", method="constant", rate=0.1, seed=0, test=50.0, **more):
    values = {"test_best": test, "val_best": test, "area": test, "epochs": 60,
              "to_target": NAN, "diverged": 0, "last_rate": rate}
    return Row(task, method, rate, seed, test, **{**values, **more})


def compared(brain, peer, random=20.0, rules=30.0):
    """Rows in which these methods reach so many points everywhere."""
    return [row(method=m, rate=r, seed=s, test=t + s, epochs=60)
            for r, constant in ((0.01, 50), (0.1, 90)) for s in range(3)
            for m, t in (("constant", constant), ("plateau", peer),
                         ("brain", brain), ("rules", rules),
                         ("random_actions", random))]


def everybody(tasks, seeds=(0, 1), guards="+guards"):
    """Rows of what the first view needs, all alike."""
    names = [m + guards if METHODS[m].guardable else m for m in views.NAMED]
    return [row(task, method, rate, seed)
            for task in tasks for seed in seeds for rate in (0.01, 0.1)
            for method in ("constant", *names)]
