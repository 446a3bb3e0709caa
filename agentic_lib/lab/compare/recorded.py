"""What the file that ships must hold, and what is still missing in it.

Parts are recorded in this order: what is cheap and most telling comes first.
Knows nothing about how a run is made.
"""

from dataclasses import dataclass, replace

from agentic_lib.lab.compare.intervals import key
from agentic_lib.lab.compare.methods import GUARDS, find_method, is_rateless
from agentic_lib.lab.compare.tasks import LEAK, find_task

CHUNK = 5  # seeds in one job


@dataclass(frozen=True)
class Preset:
    """Methods x tasks x starting rates x seeds: 0, 1, 2, ...

    rates  None for the tasks' own
    """

    methods: tuple
    tasks: tuple
    rates: tuple | None = None
    seeds: int = 5


# Small dense networks, like those that brains here were taught on; other data.
SIX = ("spirals", "digits", "digits_noisy", "breast_cancer", "photographs",
       "characters_adamw")
# The same kinds with headroom, or with another optimizer.
OTHER = ("checkerboard", "digits_rmsprop")
# Two of the first six in other units: for whoever reads metrics the same runs,
# number for number. They have a table of their own and are counted nowhere
# else, or those two tasks would count twice.
COPIES = {"digits_noisy": "digits_noisy_x1000", "spirals": "spirals_x0.1"}
# Convolution, batch normalisation with dropout, recurrence, attention. A
# brain's model card says which of them it was taught on.
KINDS = ("digits_norm_dropout", "digits_recurrent_adam",
         "recall_attention_adamw", "patches_conv_adam",
         "next_character_adamw")
DENSE = "small dense networks"
GROUPS = {DENSE: SIX, "dense networks with headroom or RMSprop": OTHER,
          "other networks": KINDS}
LEAKING = tuple(task + LEAK for task in (
    "digits_noisy", "breast_cancer", "photographs"))

SCHEDULES = ("cosine", "linear", "rex", "one_cycle")
REACTING = ("plateau_tuned", "greedy", "greedy_tuned", "rules_quick",
            "logistic_quick")
SEARCHING = ("halving", "range_one_cycle", "range_cosine")
RATELESS = ("prodigy", "prodigy_cosine", "d_adaptation", "adam_g", "dog")
# These cannot have guards.
UNGUARDED = ("schedule_free_advised", "cocob", "dog_averaged")


def guarded(*methods) -> tuple:
    return tuple(method + GUARDS for method in methods)


def first_table(tasks, seeds) -> tuple:
    """As people use it: guards on for every method that can have them."""
    return (
        Preset(("constant", *SEARCHING), tasks, seeds=seeds),
        Preset(guarded("oracle_quick", "brain_quick_four"), tasks,
               seeds=seeds),
        Preset(guarded("brain_quick", "greedy_tuned", "constant",
                       "plateau_tuned", "linear", "prodigy",
                       "logistic_quick", "rate_only_quick"),
               tasks, seeds=seeds),
        Preset((*guarded("brain", "cosine", "rules_quick", "one_cycle",
                         "greedy", "rex", *RATELESS[1:]), *UNGUARDED),
               tasks, seeds=seeds))


def second_table(tasks, seeds) -> tuple:
    """Without guards: only the small networks, because of the cost."""
    return (
        Preset(("linear", "cosine", "one_cycle", "brain_quick"), tasks,
               seeds=seeds),
        Preset((*SCHEDULES, *REACTING, "rate_only_quick", "brain",
                *RATELESS), tasks, seeds=seeds))


RECORDED = (
    *first_table(SIX, 3), *first_table((*OTHER, *COPIES.values()), 2),
    *first_table(KINDS, 2), *second_table(SIX, 3),
    *second_table((*OTHER, *COPIES.values()), 2),
    # for the larger networks, what the best schedule in hindsight needs
    Preset(SCHEDULES, KINDS, seeds=2),
    Preset(("constant", "plain_rules", "rules", "rules_quick", "cosine",
            "one_cycle", "plateau", "greedy", "plateau_tuned",
            "greedy_tuned", "schedule_free", "prodigy"), SIX),
    Preset(("brain", "brain_quick", "logistic", "logistic_quick"), SIX),
    Preset(("random_actions", "random_actions_quick", "shuffled_metrics",
            "shuffled_metrics_quick", "brain_no_stop",
            "brain_quick_no_stop", "greedy_default"), SIX, seeds=3),
    Preset(("constant", "plateau", "rules", "brain", "brain_quick"),
           LEAKING, seeds=3),
    Preset(("look_ahead",), SIX, seeds=3),
    Preset(("look_ahead_quick",), SIX, seeds=2),
)


def where(row) -> tuple:
    """What tells a run from all others."""
    return row.task, row.method, key(row.rate), row.seed


def jobs(methods, tasks, rates, seeds, done=()) -> list[tuple]:
    """[(task, method, (rate, seed) pairs)] of what is still to be done.

    rates  None for the tasks' own
    done   rows that are there already
    """
    found = set(map(where, done))
    work = []
    for method in methods:
        for task in tasks:
            starts = (float("nan"),) if method.rateless else (
                rates or task.rates)
            size = 1 if task.one_seed else CHUNK
            for at in range(0, len(seeds), size):
                pairs = [
                    (rate, seed) for rate in starts
                    for seed in seeds[at:at + size]
                    if (task.name, method.name, key(rate), seed)
                    not in found]
                if pairs:
                    work.append((task, method, pairs))
    return work


def work_of(part, rows, done=None) -> list[tuple]:
    """What is missing from a Preset.

    rows  those recorded; a placebo takes its frequencies from them, an
          oracle its rates
    done  what counts as done; `rows` if None
    """
    return jobs([find_method(name, rows) for name in part.methods],
                [find_task(name) for name in part.tasks], part.rates,
                range(part.seeds), rows if done is None else done)


def all_work(rows, done=None) -> list[tuple]:
    """What is missing from the whole plan; runs may be listed twice. Methods
    that are made from other methods' rows are left out until those have
    run."""
    run = {r.method for r in rows}
    return [job for part in RECORDED for job in work_of(
        replace(part, methods=tuple(name for name in part.methods
                                    if can_start(name, run))), rows, done)]


def can_start(name, run) -> bool:
    """Can this method run yet? Random actions imitate a brain that has run;
    an oracle is told which constant rate was best."""
    if name.startswith("oracle"):
        return "constant" in run
    imitated = name.replace("random_actions", "brain")
    return imitated == name or imitated in run


def wanted() -> set:
    """(task, method, rate, seed) of every run that is to be recorded."""
    return {(task, name, key(rate), seed)
            for part in RECORDED for name in part.methods
            for task in part.tasks for seed in range(part.seeds)
            for rate in ((float("nan"),) if is_rateless(name)
                         else part.rates or find_task(task).rates)}


def progress(rows) -> tuple[int, int]:
    """(runs recorded so far, runs in all) of the whole plan."""
    plan = wanted()
    done = set(map(where, rows))
    return len(plan & done), len(plan)
