"""What is chosen at the saved states, recorded and compared with outcomes.

    python -m agentic_lib.lab.compare.choices

A final accuracy mixes many decisions. Here each decision is judged by itself,
at states where it is known what every action led to (`states.py`). Schedules
have no choice between four actions, and are not judged here. What is measured
on the brain itself is recorded as well: the effect of the order of the
options, its reasons, its time. Knows nothing about the comparison of whole
runs.
"""

import gzip
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.lab import check
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.compare.intervals import interval, mean
from agentic_lib.lab.compare.results import versions
from agentic_lib.lab.compare.tables import markdown, with_interval
from agentic_lib.lab.plain_rules import plain_rules

FILE = Path(__file__).parents[1] / "data" / "choices.json.gz"
TIMED = 60       # decisions that are timed
REASONS = 300    # reasons that are read
LOOK_AHEAD = "look-ahead by two tries, judged by the third"
SHUFFLED = "placebo: the brain's actions, shuffled"


# -- asking -------------------------------------------------------------------

def record(states, model="bundled", path=FILE):
    """Asks everybody about every state, and writes what they chose."""
    from agentic_lib.lab.compare.deciders import load_brain

    torch.set_num_threads(1)
    brain = load_brain(model)
    decisions = check.ask(brain, states)
    chosen = {"brain": [d.action for d in decisions],
              **{name: [by_rule(rule, s) for s in states] for name, rule in (
                  ("rules", fallback_decision), ("plain_rules", plain_rules),
                  ("logistic", logistic))}}
    found = {**versions(),
             "command": "python -m agentic_lib.lab.compare.choices",
             "chosen": chosen,
             "sure": [round(max(d.probabilities.values()), 4)
                      if d.probabilities else None for d in decisions],
             "by model": statistics.fmean(d.source == "model"
                                          for d in decisions),
             **check.flips(brain, states), "reasons": reasons(brain),
             "seconds": seconds(brain, states)}
    with gzip.open(path, "wt", encoding="utf-8") as file:
        json.dump(found, file)


def by_rule(rule, state) -> str:
    """The name of the action that a rule chooses at a state."""
    found = rule(state["history"], check.actions_of(state), state["every"])
    return found if isinstance(found, str) else tuple(found)[0]


def logistic(history, actions, every) -> str:
    """What the regression on the brain's labels chooses."""
    from agentic_lib.lab.compare.deciders import as_rows
    from agentic_lib.lab.teach.labels import LABELS
    from agentic_lib.lab.teach.logistic import fit_logistic

    shares = fit_logistic(LABELS).predict_proba(
        as_rows([history], every, actions))
    return NAMES[int(shares.argmax())]


def reasons(brain) -> dict:
    """Whether what the brain writes is true: see `judge.words`."""
    from agentic_lib.lab.teach.judge import words
    from agentic_lib.lab.teach.labels import (
        LABELS,
        held_back,
        unpack,
        unseen_states,
    )

    _, kept = held_back(unpack(LABELS))
    return words(brain, unseen_states(kept, REASONS))


def seconds(brain, states) -> dict:
    """Median seconds of a decision, of one with a written reason, and of an
    epoch of the smallest task's training. Processor time of one thread, so
    that other work on the machine does not count."""
    from agentic_lib.lab.compare.methods import METHODS
    from agentic_lib.lab.compare.tasks import TASKS
    from agentic_lib.lab.compare.trials import run_alone

    def median(explain):
        return statistics.median(
            processor_time(lambda s=s: brain.analyze_training(
                s["history"], explain=explain))
            for s in states[::max(len(states) // TIMED, 1)])

    found = {"a decision": median(False),
             "a decision with its reason": median(True)}
    task = TASKS["digits"]
    found["an epoch"] = processor_time(lambda: run_alone(
        task, METHODS["constant"], 0.1, 0)) / task.epochs
    return found


def processor_time(call) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin


def read_choices(path=FILE) -> dict:
    """What `record` wrote; empty if there is no such file."""
    if not path.exists():
        return {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


# -- judging ------------------------------------------------------------------

def worths(states) -> np.ndarray:
    """(states, 4) mean final accuracies, in the order of NAMES."""
    return np.array([[check.worth(s)[name] for name in NAMES]
                     for s in states])


def lost(states, names) -> np.ndarray:
    """(states,) points that these choices lose to the best action."""
    values = worths(states)
    chosen = [NAMES.index(name) for name in names]
    return values.max(1) - values[np.arange(len(values)), chosen]


def shuffled(states, names) -> np.ndarray:
    """(states, 4) how often the brain takes each action on a state's task:
    its actions, dealt out to the states at random."""
    tasks = np.array([s["task"] for s in states])
    took = np.array([[name == other for other in NAMES] for name in names])
    return np.stack([took[tasks == task].mean(0) for task in tasks])


def look_ahead(states) -> np.ndarray:
    """(states,) points lost by trying every action with two orders of the
    data, and being judged by the third: what trying can reach."""
    outcomes = np.array([[s["outcomes"][name] for name in NAMES]
                         for s in states])  # (states, 4, orders)
    best, row = outcomes.mean(2).max(1), np.arange(len(states))
    return np.mean([
        best - outcomes[row, np.delete(outcomes, k, 2).mean(2).argmax(1), k]
        for k in range(outcomes.shape[2])], axis=0)


def by_task(states, values) -> np.ndarray:
    """(states,) -> (tasks, 1, states of a task), for `interval`."""
    tasks = [s["task"] for s in states]
    groups = [np.array(values, float)[[t == task for t in tasks]]
              for task in dict.fromkeys(tasks)]
    least = min(map(len, groups))
    return np.stack([group[:least] for group in groups])[:, None]


def costs(states, chosen) -> dict:
    """{who: (points lost (states,), share among the best (states,))}; nan
    where one try alone cannot tell."""
    found = {}
    everybody = {**chosen, **{f"always {name}": [name] * len(states)
                              for name in NAMES}}
    for who, names in everybody.items():
        cost = lost(states, names)
        found[who] = cost, cost <= check.TIE
    gap = worths(states).max(1, keepdims=True) - worths(states)
    chances = shuffled(states, chosen["brain"])
    found[SHUFFLED] = ((gap * chances).sum(1),
                       ((gap <= check.TIE) * chances).sum(1))
    found[LOOK_AHEAD] = look_ahead(states), np.full(len(states), np.nan)
    return found


def table(states, recorded) -> str:
    """How often each choice is among the best, what it costs, and how much
    more than the brain's; with intervals over states, within tasks."""
    found = costs(states, recorded["chosen"])
    mine = by_task(states, found["brain"][0])
    lines = []
    for who, (cost, best) in found.items():
        more = by_task(states, cost) - mine
        lines.append((cost.mean(), [
            who, with_interval(interval(mean, 100 * by_task(states, best))),
            with_interval(interval(mean, by_task(states, cost)), 2),
            "" if who == "brain" else with_interval(interval(mean, more), 2),
        ]))
    return markdown(
        ["who", "among the best, %", "points it costs",
         "more than the brain's"],
        [line for _, line in sorted(lines, key=lambda x: x[0])])


def sure_and_right(states, recorded) -> list[tuple[float, float]]:
    """For a reliability diagram: how sure the brain was, how right it was
    (`check.share_of_best`)."""
    chosen = recorded["chosen"]["brain"]
    return [(sure, check.share_of_best(state, name))
            for sure, state, name in zip(recorded["sure"], states, chosen)
            if sure is not None]


if __name__ == "__main__":
    from agentic_lib.lab.saved_states import read_states

    record(read_states())
    print(table(read_states(), read_choices()))
