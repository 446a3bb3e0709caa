"""What is compared: everything that may set a learning rate during a run.

A `Method` starts a pilot (`pilots.py`) for a group of runs. Here are the
peers, and the list of all. Knows nothing about data or networks.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from agentic_lib.brain.decision import ACTIONS
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.lab.actions import without_stop
from agentic_lib.lab.compare.deciders import (
    Brain,
    Logistic,
    LookAhead,
    Oracle,
    RandomActions,
    RateOnly,
    ShuffledMetrics,
    best_rates,
    frequencies,
    no_model,
)
from agentic_lib.lab.compare.searches import halve, range_then
from agentic_lib.lab.pilots import (
    Constant,
    Decided,
    EveryStep,
    Scheduled,
    one_by_one,
)
from agentic_lib.lab.plain_rules import plain_rules
from agentic_lib.lab.teach.logistic import no_labels

GUARDS = "+guards"
TUNING = Path(__file__).parents[1] / "data" / "tuning.json"


@dataclass(frozen=True)
class Method:
    """One way to set learning rates.

    start      Group -> pilot, an object with `step(histories, batch)`
    says       one line on what it is and what its settings were chosen on
    optimizer  (parameters, rate, task, steps in all) -> optimizer, for
               methods that are optimizers themselves; such runs are trained
               one after another
    search     (task, method, seeds) -> rows, for methods that need several
               runs for one
    guards     True: under the controller with its usual guards
    guardable  False if it cannot run under the controller
    rateless   True: has no starting rate, and runs once for each task
    missing    why it cannot be run here, or None: () -> str | None
    rests_on   'brain' or 'labels' if another bundled brain, or other labels,
               would give other runs
    """

    name: str
    start: Callable
    says: str = ""
    optimizer: Callable | None = None
    search: Callable | None = None
    guards: bool = False
    guardable: bool = True
    rateless: bool = False
    missing: Callable = field(default=lambda: None)
    rests_on: str = ""


# -- peers -------------------------------------------------------------------

def cosine(optimizer, group):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, group.epochs)


def one_cycle(optimizer, group):
    """The starting rate is its highest; the momentum moves too, for SGD with
    momentum."""
    cycles = group.optimizer == "sgd" and group.momentum > 0
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=optimizer.param_groups[0]["lr"],
        total_steps=group.epochs * group.steps + 1, cycle_momentum=cycles)


def linear(optimizer, group):
    """To zero in a straight line: what theory and practice agree on (arXiv
    2310.07831, 2502.15938)."""
    return torch.optim.lr_scheduler.LinearLR(
        optimizer, 1.0, 0.0, total_iters=group.epochs)


def rex(optimizer, group):
    """REX (Chen et al. 2021): slow at first, then to zero."""
    def share(epoch):
        done = min(epoch / group.epochs, 1.0)
        return (1 - done) / (1 - done / 2)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def plateau(optimizer, group, **options):
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)


def greedy(optimizer, group, **options):
    from transformers.optimization import GreedyLR

    return GreedyLR(optimizer, **{"min_lr": 1e-6, "max_lr": 10.0, **options})


def scheduled(make, metric=None, **options):
    return partial(Scheduled, make=partial(make, **options), metric=metric)


# -- optimizers that choose for themselves ------------------------------------

def decay(task) -> float:
    return 0.01 if task.optimizer == "adamw" else 0.0


def schedule_free(parameters, rate, task, steps):
    import schedulefree

    if task.optimizer in ("adam", "adamw", "rmsprop"):
        return schedulefree.AdamWScheduleFree(parameters, lr=rate,
                                              weight_decay=decay(task))
    return schedulefree.SGDScheduleFree(parameters, lr=rate)


def schedule_free_advised(parameters, rate, task, steps):
    """As its authors advise: the rates that they recommend (1 for SGD,
    0.0025 for AdamW), and a warm-up of 5 % of the steps."""
    import schedulefree

    warm = {"warmup_steps": steps // 20}
    if task.optimizer in ("adam", "adamw", "rmsprop"):
        return schedulefree.AdamWScheduleFree(
            parameters, lr=0.0025, weight_decay=decay(task), **warm)
    return schedulefree.SGDScheduleFree(parameters, lr=1.0, **warm)


def prodigy(parameters, rate, task, steps):
    from prodigyopt import Prodigy

    return Prodigy(parameters, lr=1.0, weight_decay=decay(task))


def d_adaptation(parameters, rate, task, steps):
    """D-Adaptation (Defazio and Mishchenko 2023), for Adam or SGD."""
    import pytorch_optimizer

    if task.optimizer == "sgd":
        return pytorch_optimizer.DAdaptSGD(parameters,
                                           momentum=task.momentum)
    return pytorch_optimizer.DAdaptAdam(
        parameters, weight_decay=decay(task), weight_decouple=True)


def adam_g(parameters, rate, task, steps):
    """AdamG (Pan et al. 2024)."""
    import pytorch_optimizer

    return pytorch_optimizer.AdamG(parameters, weight_decay=decay(task),
                                   weight_decouple=True)


def dog(parameters, rate, task, steps):
    """DoG (Ivgi et al. 2023), the last weights instead of their average."""
    from dog import DoG

    return DoG(parameters)


def dog_averaged(parameters, rate, task, steps):
    """DoG as its authors advise: what is measured is the average of the
    weights, by the averager of their package. (For batch normalisation they
    advise a different first step; that is not followed here.)"""
    from dog import DoG, PolynomialDecayAverager

    parameters = list(parameters)
    optimizer = DoG(parameters)
    averager = PolynomialDecayAverager(torch.nn.ParameterList(parameters))
    optimizer.register_step_post_hook(lambda *_: averager.step())
    exchange(optimizer, parameters, list(averager.av_model.parameters()))
    return optimizer


def exchange(optimizer, weights, average):
    """Gives the optimizer `train` and `eval`, as Schedule-Free's have them:
    `eval` puts the average in the weights' place, `train` swaps it back."""
    measured = [False]

    @torch.no_grad()
    def switch(measure):
        if measure == measured[0]:
            return
        measured[0] = measure
        for here, there in zip(weights, average):
            kept = here.clone()
            here.copy_(there)
            there.copy_(kept)

    optimizer.eval = partial(switch, True)
    optimizer.train = partial(switch, False)


def cocob(parameters, rate, task, steps):
    """COCOB (Orabona and Tommasi 2017)."""
    import parameterfree

    optimizer = parameterfree.COCOB(parameters)
    for group in optimizer.param_groups:
        group.setdefault("lr", 1.0)  # it has none; the loop asks for one
    return optimizer


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
    """The same method under the controller's usual guards. Raises
    ValueError if it cannot have them."""
    if not method.guardable:
        raise ValueError(f"method={method.name!r} cannot have guards.")
    return replace(method, name=method.name + GUARDS, guards=True,
                   says=method.says + "; with guards")


def trials_of(path=TUNING) -> dict:
    """{name: [{settings, accuracy}]}: what tuning.py tried, by method."""
    return json.loads(path.read_text()) if path.exists() else {}


def best_of(trials) -> dict:
    """The settings with the highest accuracy; the first of them if equal."""
    return max(trials, key=lambda trial: trial["accuracy"])["settings"]


# Chosen on the teaching families by tuning.py, out of five settings each.
TUNED = {name: best_of(trials) for name, trials in trials_of().items()}
# For whatever decides: the original's setting, and the one that was chosen for
# the brain on the teaching families, also out of five.
SETTINGS = {"": ({}, "every 5 epochs, 0.7, 1.3"),
            "_quick": ({"every": 2, "reduce": 0.5, "increase": 2.0},
                       "every 2 epochs, 0.5, 2.0")}
# What the controller offers the bundled brain at each of them.
OFFERED = {"": ACTIONS, "_quick": (*ACTIONS, COOL_DOWN)}

def rateless(name, make, package, says, start=Constant, **more):
    return Method(name, start, says, make, rateless=True,
                  missing=needs(*package.split()), **more)


ADVISED = "as its authors advise; has no rate"
PEERS = (
    Method("cosine", scheduled(cosine), "from the starting rate to 0"),
    Method("linear", scheduled(linear),
           "from the starting rate to 0 in a straight line"),
    Method("rex", scheduled(rex), "from the starting rate to 0, late"),
    Method("one_cycle", partial(EveryStep, make=one_cycle),
           "the starting rate is its highest; stepped with the optimizer"),
    Method("plateau", scheduled(plateau, "val_loss"),
           "ReduceLROnPlateau as it comes: 0.1 after 10 epochs"),
    Method("greedy", scheduled(greedy, "val_loss"),
           "GreedyLR as it comes, with bounds that fit: 1e-6 and 10"),
    Method("greedy_default", scheduled(greedy, "val_loss", min_lr=1e-3,
                                       max_lr=1.0),
           "GreedyLR as it comes: never below 1e-3, which makes it unfit for "
           "small rates"),
    Method("plateau_tuned", scheduled(plateau, "val_loss",
                                      **TUNED["plateau"]),
           "0.5 after 2 epochs: the best of five on the teaching families"),
    Method("greedy_tuned", scheduled(greedy, "val_loss", **TUNED["greedy"]),
           "0.7 after every epoch: the best of five on the teaching families"),
    Method("schedule_free", Constant, "Schedule-Free SGD or AdamW from the "
           "starting rate, without a warm-up", schedule_free,
           guardable=False, missing=needs("schedulefree")),
    rateless("schedule_free_advised", schedule_free_advised, "schedulefree",
             "Schedule-Free at the rates and with the warm-up that its "
             "authors recommend", guardable=False),
    rateless("prodigy", prodigy, "prodigyopt", "Prodigy without the cosine "
             "that its authors advise; has no rate"),
    rateless("prodigy_cosine", prodigy, "prodigyopt", "Prodigy with the "
             "cosine that its authors advise; has no rate",
             scheduled(cosine)),
    rateless("d_adaptation", d_adaptation, "pytorch_optimizer",
             "D-Adaptation " + ADVISED),
    rateless("adam_g", adam_g, "pytorch_optimizer", "AdamG " + ADVISED),
    rateless("dog", dog, "dog", "DoG's last weights, without the average "
             "that its authors advise; has no rate"),
    rateless("dog_averaged", dog_averaged, "dog", "DoG " + ADVISED
             + "; the average of its weights is measured", guardable=False),
    rateless("cocob", cocob, "parameterfree", "COCOB " + ADVISED,
             guardable=False),
)
SEARCHES = (
    Method("halving", Constant, "successive halving over eight rates at the "
           "same total of epochs (8 x 2, 4 x 3, 2 x 6, then the best); needs "
           "eight runs", search=halve, rateless=True, guardable=False),
    Method("range_one_cycle", partial(EveryStep, make=one_cycle),
           "a range test by Lightning's rule, then OneCycle with what is "
           "left of the epochs; needs two runs", search=range_then,
           rateless=True, guardable=False),
    Method("range_cosine", scheduled(cosine), "the same range test, then a "
           "cosine instead of OneCycle; needs two runs",
           search=range_then, rateless=True, guardable=False),
)
PLACEBOS = ("random_actions", "shuffled_metrics", "rate_only")


def deciders(suffix):
    """The brain at one setting, and what it is compared with there."""
    options, setting = SETTINGS[suffix]
    offered = OFFERED[suffix]
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
        at("brain", partial(Brain, actions=offered), "the bundled brain"
           + (", with COOL_DOWN" if COOL_DOWN in offered else ""), **bundled),
        at("rate_only", partial(RateOnly, **TUNED["rate_only"]), "placebo: "
           "reads the rate and the epoch, no metrics; moves the rate into a "
           "window, the best of five on the teaching families, and lowers it "
           "in the last fifth"),
        replace(at("brain", partial(Brain, actions=without_stop(offered)),
                   "the same without the action stop_training", **bundled),
                name=f"brain{suffix}_no_stop"),
        at("shuffled_metrics", partial(ShuffledMetrics, actions=offered),
           "placebo: the brain is shown another run's metrics", **bundled),
        at("look_ahead", LookAhead, "a costly reference, no bound: every "
           "action tried once to the end, the best by validation data taken"),
        at("qwen", partial(Brain, model="qwen"), "Qwen3-0.6B as it comes",
           missing=no_model("qwen")),
    )


def without_cool_down() -> Method:
    """The brain at the quick pace, with the original's four actions."""
    options, setting = SETTINGS["_quick"]
    return Method("brain_quick_four", partial(
        Brain, actions=ACTIONS, **options), "the bundled brain without "
        "COOL_DOWN; " + setting, missing=no_model("bundled"), rests_on="brain")


METHODS = {m.name: m for m in (
    Method("constant", Constant, "the starting rate, to the end"), *PEERS,
    *SEARCHES,
    Method("plain_rules", decided(plain_rules),
           "the original's three rules as it states them"),
    *deciders(""), *deciders("_quick"), without_cool_down())}


def random_actions(rows, suffix="") -> Method:
    """A placebo made from a comparison: actions drawn at random, each as
    often as the brain took it at that decision."""
    options, setting = SETTINGS[suffix]
    offered = OFFERED[suffix]
    shares = frequencies(rows, f"brain{suffix}", [a.name for a in offered])
    return Method(
        f"random_actions{suffix}",
        partial(RandomActions, frequencies=shares, actions=offered, **options),
        "placebo: actions at random, as often as the brain takes them; "
        + setting, rests_on="brain")


def oracle(rows, suffix="") -> Method:
    """A reference made from a comparison: told each task's best constant
    rate in hindsight, it goes there."""
    options, setting = SETTINGS[suffix]
    return Method(f"oracle{suffix}", partial(
        Oracle, rates=best_rates(rows), **options), "a reference, not a "
        "method: told the best constant rate in hindsight, it goes there "
        f"step by step; {setting}")


FROM_ROWS = {"random_actions": random_actions, "oracle": oracle}


def find_method(name, rows=None) -> Method:
    """The method of that name. Random actions are as frequent as those of
    the brain in these rows of a comparison, and an oracle knows the best
    constant rates in them. Raises ValueError listing the names there are."""
    if name.endswith(GUARDS):
        return with_guards(find_method(name.removesuffix(GUARDS), rows))
    for prefix, make in FROM_ROWS.items():
        suffix = name.removeprefix(prefix)
        if suffix != name and suffix in SETTINGS:
            return make(rows or (), suffix)
    if name.startswith("brain:"):
        return any_brain(name)
    if name not in METHODS:
        raise ValueError(
            f"method={name!r} is not one of: {', '.join(METHODS)}, "
            "random_actions, random_actions_quick, oracle, oracle_quick, "
            "brain:FOLDER; each also with +guards behind it.")
    return METHODS[name]


def says(name, rows=None) -> str:
    """One line on what a method is, even if it is not one of ours."""
    try:
        return find_method(name, rows).says
    except ValueError:
        return "not one of this package's"


def is_rateless(name) -> bool:
    """Does the method of that name have no starting rate?"""
    name = name.removesuffix(GUARDS)
    return name in METHODS and METHODS[name].rateless


def rests_on(name) -> set:
    """What in the package the rows of that method depend on: the guards, the
    brain, its labels."""
    found = {"guards"} if name.endswith(GUARDS) else set()
    name = name.removesuffix(GUARDS)
    if name.startswith("random_actions"):
        return found | {"brain"}
    on = METHODS[name].rests_on if name in METHODS else ""
    return found | ({on} if on else set())
