"""Is the brain any good, and is what it writes true?

    python -m agentic_lib.lab.teach.judge [brain]

Here it is held against what it was made from; `python -m agentic_lib compare`
holds it against other people's methods.
"""

import re
import sys

import numpy as np
import torch

from agentic_lib.brain.parser import parse_decision
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
    unpack,
    unseen_states,
)
from agentic_lib.lab.teach.logistic import fit_logistic
from agentic_lib.lab.teach.reasons import NUMBER, patterns, true_reasons
from agentic_lib.lab.teach.texts import ask

SETTINGS = ((5, (0.7, 1.3)), (2, (0.5, 2.0)))  # every; reduce and increase


def words(brain, states, seed=0):
    """Does the brain write what is true? One prompt of any kind per state,
    and a reply for an action drawn at random, beside its own.

    Returns shares: replies that parse, numbers that stand in the prompt,
    replies that argue for the action taken, and those that are true as well
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
    _, kept = held_back(unpack(LABELS))
    print(words(brain, unseen_states(kept, 1000)))


if __name__ == "__main__":
    main(*sys.argv[1:])
