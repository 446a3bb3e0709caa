"""Labels -> a small Qwen3 that reads the prompt, answers and gives reasons.

A forest smooths what each action was worth. The result is turned into
probabilities, and taught as the first token of a reply to prompts in many
wordings; a reason follows it. Halfway through, the brain steers runs of its
own.
"""

from agentic_lib.lab.teach.branching import RUNS
from agentic_lib.lab.teach.forest import (
    loss_teacher,
    teacher,
    with_cool_down,
)
from agentic_lib.lab.teach.lessons import Lessons
from agentic_lib.lab.teach.loop import teach
from agentic_lib.lab.teach.network import make_network
from agentic_lib.lab.teach.reward import rewarded
from agentic_lib.lab.teach.tokens import make_tokenizer
from agentic_lib.lab.teach.visits import visits
from agentic_lib.models.language_model import LanguageModel

OWN = 0.35  # share of prompts about the brain's own runs, once there are any


def make_brain(groups, seconds=None, steps=None, width=128, layers=3, seed=0,
               kinds=None, own=0, keep=None, policy=None, say=print):
    """Labels -> (network, tokenizer, Lessons), taught for `seconds` or
    `steps`.

    own     groups of runs that the brain steers halfway, and learns from
    keep    a folder for all that is needed to resume after an interruption
    policy  a reward.Policy that the brain is to decide like; None: the labels
            alone say what is right

    A small one for a notebook: make_brain(unpack(LABELS), 45, width=64,
    layers=2, kinds=["three numbers"]).
    """
    tokenizer = make_tokenizer()
    judge, by_loss = teacher(groups, seed), loss_teacher(groups, seed)
    if policy:
        judge = rewarded(policy, judge)
        by_loss = by_loss and rewarded(policy, by_loss, blind=True)
    else:
        judge = with_cool_down(judge, groups, seed)
        by_loss = with_cool_down(by_loss, groups, seed, "loss_")
    lessons = Lessons(groups, judge, tokenizer, seed, kinds, by_loss)
    network = make_network(tokenizer, width, layers, seed)
    say(f"{len(lessons.places)} decisions to learn from; "
        f"{network.num_parameters() / 1e6:.2f} million parameters")

    def let_loose():
        say(f"The brain steers {own * RUNS} runs itself ...")
        model = LanguageModel(network.eval(), tokenizer)
        lessons.add(visits(model, own, seed, keep), OWN)
        network.train()

    teach(network, lessons.batches(), seconds, steps, say=say,
          keep=keep and keep / "teaching.pt",
          halfway=let_loose if own else None)
    return network, tokenizer, lessons
