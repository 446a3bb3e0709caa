"""The faults of a brain, measured.

    python -m agentic_lib.lab.teach.faults naive bundled

Asks about the saved states, which no brain here was taught on. Nothing repairs
a fault: there is one order of the options, no calibration, no rules. Knows
nothing about how a brain was made.
"""

import sys
from statistics import fmean

import torch

from agentic_lib.brain.decision import ACTIONS, Metrics
from agentic_lib.brain.parser import parse_decision
from agentic_lib.brain.scoring import softmax
from agentic_lib.lab import check
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.saved_states import read_states
from agentic_lib.lab.teach.reasons import NUMBER

EMPTY = ("Nothing was measured yet.\nWhich action?", "What should I do?",
         "Metrics: none\nWhat should I do?", "?")
SAMPLES = 5
FEW = 40  # states at which samples are drawn
TITLES = {
    "by model": "decided by the model",
    "flips": "answers that change with the order of the options",
    "sure": "how sure it is, on average",
    "right": "how often it is right",
    "error": "expected calibration error",
    "favourite": "its favourite when there are no metrics",
    "favour": "probability of that favourite",
    "invented": "reasons with a number that is not in the prompt",
    "differ": f"states where {SAMPLES} samples are not all the same reply",
    "waver": f"states where {SAMPLES} samples name different actions",
}


def measure(brain, states) -> dict:
    """All of TITLES for a SimpleAIBrain that holds a LanguageModel.

    states  as `saved_states.read_states` returns them
    """
    brain.both_orders = brain.calibrate = False
    brain.explain, brain.mode = True, "score"
    decisions = [brain.analyze_training(s["history"], s["every"],
                                        check.actions_of(s)) for s in states]
    asked = [(s, d) for s, d in zip(states, decisions) if d.probabilities]
    shares = empty_prompts(brain)
    favourite = max(shares, key=shares.get)
    drawn = [samples(brain, s) for s in states[::max(1, len(states) // FEW)]]
    return {
        "by model": len(asked) / len(states),
        "flips": check.flips(brain, states)["flips"],
        "sure": fmean(d.probabilities[d.action] for _, d in asked),
        "right": fmean(check.share_of_best(s, d.action) for s, d in asked),
        "error": check.judge(states, decisions)["error"],
        "favourite": favourite, "favour": shares[favourite],
        "invented": fmean(invents(d) for _, d in asked),
        "differ": fmean(len(set(replies)) > 1 for replies in drawn),
        "waver": fmean(len({named(reply) for reply in replies}) > 1
                       for replies in drawn),
    }


def empty_prompts(brain) -> dict:
    """{action: mean probability} when there is nothing to decide on."""
    system = brain.prompt.messages(
        [Metrics(epoch=1, train_acc=50)], ACTIONS)[0]
    rows = [softmax(row) for row in brain.model.score_many(
        [[system, {"role": "user", "content": text}] for text in EMPTY],
        NAMES)]
    return {name: fmean(row[name] for row in rows) for name in NAMES}


def invents(decision) -> bool:
    """Does the reason hold a number that the prompt does not?"""
    return not set(NUMBER.findall(decision.reason)) <= set(
        NUMBER.findall(decision.prompt))


def samples(brain, state) -> list[str]:
    """SAMPLES random replies."""
    messages = brain.prompt.messages(
        state["history"], check.actions_of(state), state["every"])
    return [brain.model.generate(messages, sample=True, seed=seed)
            for seed in range(SAMPLES)]


def named(reply):
    """The action that a reply names; None if it is unreadable."""
    decision = parse_decision(reply)
    return decision and decision.action


def main(names):
    """Prints a table, one column for each brain."""
    from agentic_lib.brain.brain import SimpleAIBrain

    torch.set_num_threads(1)
    states = read_states()
    found = [measure(SimpleAIBrain(name, quiet=True), states)
             for name in names]
    print(f"{len(states)} saved states\n\n| | {' | '.join(names)} |\n"
          f"|---{'|---' * len(names)}|")
    for key, title in TITLES.items():
        cells = [str(row[key]) if isinstance(row[key], str)
                 else f"{row[key]:.3f}" for row in found]
        print(f"| {title} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(sys.argv[1:] or ["naive", "bundled"])
