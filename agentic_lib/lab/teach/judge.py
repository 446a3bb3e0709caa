"""Is the brain any good, and is what it writes true?

    python -m agentic_lib.lab.teach.judge [brain]

Here it is compared with what it was made from; `python -m agentic_lib compare`
compares it with other people's methods.
"""

import re
import sys

import numpy as np
import torch

from agentic_lib.brain.parser import parse_decision
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.features import NUMBERS
from agentic_lib.lab.teach.arenas import (
    arenas,
    by_brain,
    by_policy,
    look_ahead,
    run,
)
from agentic_lib.lab.teach.labels import (
    LABELS,
    held_back,
    table,
    unpack,
    unseen_states,
    with_stop,
)
from agentic_lib.lab.teach.logistic import fit_logistic
from agentic_lib.lab.teach.reasons import NUMBER, patterns, true_reasons
from agentic_lib.lab.teach.texts import ask

SETTINGS = ((5, (0.7, 1.3)), (2, (0.5, 2.0)))  # every; reduce and increase


def words(brain, states, seed=0):
    """Does the brain write what is true? One prompt of any kind per state,
    and a reply for an action drawn at random, whatever the brain would take.

    Returns shares: replies that parse, quoted numbers that are in the prompt,
    replies that argue for the action taken, and replies that are also true
    in all they say.
    """
    rng = np.random.default_rng(seed)
    parsed, right, numbers_seen, argued, true = 0, 0, 0, 0, 0
    for state in states:
        asked = ask(state, rng)
        name = str(rng.choice(asked.names))
        reply = brain.model.generate(asked.messages, start=f"{name}:")
        decision = parse_decision(reply)
        parsed += decision is not None and decision.action == name
        text = reply.partition(":")[2].strip()
        prompt = NUMBER.findall(asked.messages[1]["content"])
        quoted = NUMBER.findall(text)
        right += sum(number in prompt for number in quoted)
        numbers_seen += len(quoted)
        argued += any(re.fullmatch(p, text) for p in patterns(name))
        true += text in true_reasons(name, asked.known)
    return {"parsed": parsed / len(states),
            "numbers right": right / max(numbers_seen, 1),
            "for the action": argued / len(states),
            "true in all it says": true / len(states)}


def examples(groups) -> dict:
    """What branching says about states like the original text's examples:
    {state: (number of states, {action: (points gained over continuing, their
    standard error)}, share of them in which stopping is best)}."""
    rows, values, now, _ = table(groups)
    at = {name: rows[:, k] for k, name in enumerate(NUMBERS)}
    train, val, gap = (100 * at[name] for name in (
        "train_acc", "val_acc", "gap"))
    found = {}
    for name, here in (
            ("gap of 13 to 24", (gap >= 13) & (gap <= 24)),
            ("82 to 93, small gap", (train >= 82) & (train <= 93)
             & (abs(gap) <= 5)),
            ("both high, late", (train >= 97) & (gap <= 3)
             & (at["done"] >= 2 / 3)),
            ("both low", (train <= 22) & (val <= 25))):
        if not here.any():
            continue
        worth = np.column_stack([values, now])[here]
        gained = worth - worth[:, :1]
        error = gained.std(0) / len(worth) ** 0.5
        found[name] = len(worth), {
            action: (gained[:, k].mean(), error[k])
            for k, action in enumerate(NAMES) if k}, (
            with_stop(values, now)[here].argmax(1) == 3).mean()
    return found


def accuracies(arena, brain, policy, say=print):
    """Mean final accuracy in every cell, at both settings, and the regret
    against the best constant rate of the arena."""
    constant = arena.by_cell(run(arena)["test"])
    say(f"  constant: {np.round(constant, 1)}")
    for every, factors in SETTINGS:
        for who, decide in (
            ("logistic", by_policy(policy, arena, every, factors)),
            ("brain", by_brain(brain, arena, every, factors)),
            ("look-ahead", look_ahead(arena, policy, every, factors)),
        ):
            found = run(arena, decide, every, factors)
            cells = arena.by_cell(found["test"])
            stopped = every * (found["actions"] == 3).sum(1).mean()
            say(f"  every {every}, {who}: {np.round(cells, 1)}, regret "
                f"{(constant.max() - cells).mean():.1f}, "
                f"{arena.situation.horizon - stopped:.0f} epochs")


def main(model="bundled"):
    """Prints what the model card says."""
    from agentic_lib import SimpleAIBrain

    torch.set_num_threads(1)
    brain = SimpleAIBrain(model, quiet=True, explain=False)
    policy = fit_logistic(LABELS).predict_proba
    for name, arena in arenas().items():
        print(name)
        accuracies(arena, brain, policy)
    groups = unpack(LABELS)
    for state, (count, gains, stop) in examples(groups).items():
        print(f"{state}, {count} states: " + ", ".join(
            f"{action} {gain:+.2f} ({error:.2f})"
            for action, (gain, error) in gains.items())
            + f"; stopping is best in {stop:.0%}")
    _, kept = held_back(groups)
    print(words(brain, unseen_states(kept, 1000)))


if __name__ == "__main__":
    main(*sys.argv[1:])
