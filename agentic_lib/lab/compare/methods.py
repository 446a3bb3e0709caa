"""What is compared: everything that may set a learning rate during a run.

A `Method` starts a pilot (`pilots.py`) for a group of runs. Here are the
peers, and the list of all. Knows nothing about data or networks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch

from agentic_lib.brain.fallback import fallback_decision, plain_rules
from agentic_lib.lab.actions import without_stop
from agentic_lib.lab.compare.deciders import (
    Brain,
    Logistic,
    LookAhead,
    RandomActions,
    ShuffledMetrics,
    frequencies,
    no_model,
)
from agentic_lib.lab.pilots import (
    Constant,
    Decided,
    EveryStep,
    Scheduled,
    one_by_one,
)
from agentic_lib.lab.teach.logistic import no_labels


@dataclass(frozen=True)
class Method:
    """One way to set learning rates.

    start      Group -> pilot, an object with `step(histories, batch)`
    says       one line on what it is, and on what its settings were chosen
    optimizer  (parameters, rate, task) -> optimizer, for methods that are
               one themselves; such runs are trained one after another
    guards     True: under the controller with its usual guards; such runs are
               trained one after another
    rateless   True: has no starting rate, and runs once for each task
    missing    why it cannot be run here, or None: () -> str | None
    rests_on   'brain' or 'labels' where another bundled brain, or other
               labels, would give other runs
    """

    name: str
    start: Callable
    says: str = ""
    optimizer: Callable | None = None
    guards: bool = False
    rateless: bool = False
    missing: Callable = field(default=lambda: None)
    rests_on: str = ""


# -- peers -------------------------------------------------------------------

def cosine(optimizer, group):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, group.epochs)


def one_cycle(optimizer, group):
    """The starting rate is its highest; the momentum moves too, for SGD that
    has some."""
    cycles = group.optimizer == "sgd" and group.momentum > 0
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=optimizer.param_groups[0]["lr"],
        total_steps=group.epochs * group.steps + 1, cycle_momentum=cycles)


def plateau(optimizer, group, **options):
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)


def greedy(optimizer, group, **options):
    from transformers.optimization import GreedyLR

    return GreedyLR(optimizer, **{"min_lr": 1e-6, "max_lr": 10.0, **options})


def scheduled(make, metric=None, **options):
    return partial(Scheduled, make=partial(make, **options), metric=metric)


def schedule_free(parameters, rate, task):
    import schedulefree

    if task.optimizer == "adamw":
        return schedulefree.AdamWScheduleFree(parameters, lr=rate,
                                              weight_decay=0.01)
    return schedulefree.SGDScheduleFree(parameters, lr=rate)


def prodigy(parameters, rate, task):
    from prodigyopt import Prodigy

    decay = 0.01 if task.optimizer == "adamw" else 0.0
    return Prodigy(parameters, lr=1.0, weight_decay=decay)


def needs(*packages):
    """A `missing`: says which of these packages is not installed."""
    def missing():
        from importlib.util import find_spec

        absent = [p for p in packages if find_spec(p) is None]
        return f"pip install {' '.join(absent)}" if absent else None
    return missing


def decided(rule, **options):
    """A `start` from a rule that looks at one history."""
    return partial(Decided, decide=one_by_one(rule), **options)


def any_brain(name) -> Method:
    """'brain:FOLDER' or 'brain:HUB/ID', for a brain of one's own, such as
    Qwen with an adapter that `python -m agentic_lib teach` made."""
    model = name.removeprefix("brain:")
    return Method(name, partial(Brain, model=model),
                  "every 5 epochs, 0.7, 1.3", missing=no_model(model))


def with_guards(method) -> Method:
    """The same method under the controller's usual guards."""
    return replace(method, name=method.name + "+guards", guards=True,
                   says=method.says + "; with guards")


# Chosen on the teaching families by tuning.py, out of five settings each.
TUNED = {"plateau": {"factor": 0.5, "patience": 2},
         "greedy": {"factor": 0.7, "patience": 0}}
# Of whatever decides: the original's setting, and the one that was chosen for
# the brain there, out of five as well.
SETTINGS = {"": ({}, "every 5 epochs, 0.7, 1.3"),
            "_quick": ({"every": 2, "reduce": 0.5, "increase": 2.0},
                       "every 2 epochs, 0.5, 2.0")}

PEERS = (
    Method("cosine", scheduled(cosine), "from the starting rate to 0"),
    Method("one_cycle", partial(EveryStep, make=one_cycle),
           "the starting rate is its highest; stepped with the optimizer"),
    Method("plateau", scheduled(plateau, "val_loss"),
           "ReduceLROnPlateau as it comes: 0.1 after 10 epochs"),
    Method("greedy", scheduled(greedy, "val_loss"),
           "GreedyLR as it comes, with bounds that fit: 1e-6 and 10"),
    Method("plateau_tuned", scheduled(plateau, "val_loss",
                                      **TUNED["plateau"]),
           "0.5 after 2 epochs: the best of five on the teaching families"),
    Method("greedy_tuned", scheduled(greedy, "val_loss", **TUNED["greedy"]),
           "0.7 after every epoch: the best of five on the teaching families"),
    Method("schedule_free", Constant, "Schedule-Free SGD or AdamW, its "
           "defaults", schedule_free, missing=needs("schedulefree")),
    Method("prodigy", Constant, "Prodigy, its defaults; has no rate",
           prodigy, rateless=True, missing=needs("prodigyopt")),
)
PLACEBOS = ("random_actions", "shuffled_metrics")


def deciders(suffix):
    """The brain at one setting, and what it is held against there."""
    options, setting = SETTINGS[suffix]
    bundled = {"missing": no_model("bundled"), "rests_on": "brain"}

    def at(name, start, says, **more):
        return Method(name + suffix, partial(start, **options),
                      f"{says}; {setting}", **more)

    return (
        at("rules", decided(fallback_decision),
           "the rules that stand behind every brain here"),
        at("logistic", Logistic, "a logistic regression on the labels that "
           "the bundled brain was taught", missing=no_labels,
           rests_on="labels"),
        at("brain", Brain, "the bundled brain", **bundled),
        replace(at("brain", partial(Brain, actions=without_stop()),
                   "the same without the action stop_training", **bundled),
                name=f"brain{suffix}_no_stop"),
        at("shuffled_metrics", ShuffledMetrics,
           "placebo: the brain is shown another run's metrics", **bundled),
        at("look_ahead", LookAhead, "the ceiling: every action tried to the "
           "end, the best by validation data taken"),
        at("qwen", partial(Brain, model="qwen"), "Qwen3-0.6B as it comes",
           missing=no_model("qwen")),
    )


METHODS = {m.name: m for m in (
    Method("constant", Constant, "the starting rate, to the end"), *PEERS,
    Method("plain_rules", decided(plain_rules),
           "the original's three rules as it states them"),
    *deciders(""), *deciders("_quick"))}


def random_actions(rows, suffix="") -> Method:
    """A placebo made from a comparison: actions drawn at random, at every
    decision as often as the brain took them there."""
    options, setting = SETTINGS[suffix]
    return Method(f"random_actions{suffix}", partial(
        RandomActions, frequencies=frequencies(rows, f"brain{suffix}"),
        **options), "placebo: actions at random, as often as the brain takes "
        f"them; {setting}", rests_on="brain")


def find_method(name, rows=None) -> Method:
    """The method of that name. Random actions are as frequent as those of
    the brain in these rows of a comparison (those that were recorded where
    None). Raises ValueError listing the names there are."""
    if name.endswith("+guards"):
        return with_guards(find_method(name.removesuffix("+guards"), rows))
    suffix = name.removeprefix("random_actions")
    if suffix != name and suffix in SETTINGS:
        from agentic_lib.lab.compare.results import read_rows

        return random_actions(read_rows()[1] if rows is None else rows,
                              suffix)
    if name.startswith("brain:"):
        return any_brain(name)
    if name not in METHODS:
        raise ValueError(
            f"method={name!r} is not one of: {', '.join(METHODS)}, "
            "random_actions, random_actions_quick, brain:FOLDER; each also "
            "with +guards behind it.")
    return METHODS[name]


def says(name, rows=None) -> str:
    """One line on what a method is, also where it is not one of ours."""
    try:
        return find_method(name, rows).says
    except ValueError:
        return "not one of this package's"


def rests_on(name) -> str:
    """What in the package the rows of that method depend on."""
    name = name.removesuffix("+guards")
    if name.startswith("random_actions"):
        return "brain"
    return METHODS[name].rests_on if name in METHODS else ""
