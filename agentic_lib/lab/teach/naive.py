"""A brain that is taught badly on purpose: it shows its faults.

    python -m agentic_lib teach --naive

It learns from a few decisions, each with the one action that was best in a
single try, as if that were certain. There is one wording, one order of the
options, and no temperature. The result: a favourite, different answers when
the options change places, more confidence than it deserves, numbers that it
makes up. `faults.py` measures that. The same code runs it as every brain.
"""

import numpy as np

from agentic_lib.brain.prompt import Prompt
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.teach.labels import with_stop
from agentic_lib.lab.teach.lessons import Lessons
from agentic_lib.lab.teach.loop import teach
from agentic_lib.lab.teach.network import make_network
from agentic_lib.lab.teach.texts import as_it_stands
from agentic_lib.lab.teach.tokens import make_tokenizer
from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.systemone import save_decision_model

DECISIONS = 600  # few enough to be learned by heart
STEPS = 2400
WIDTH, LAYERS = 64, 3


class NaiveLessons(Lessons):
    """Lessons as one might write them at first: the default prompt, the
    options in one order, one answer that counts as certain."""

    anchors = argues = 0.0

    def __init__(self, groups, tokenizer, seed=0, count=DECISIONS):
        super().__init__(groups, None, tokenizer, seed)
        kept = self.rng.permutation(len(self.places))[:count]
        self.chances = np.zeros(len(self.places))
        self.chances[kept] = 1 / len(kept)

    def epochs(self, group):
        return [int(epoch) for epoch in group["epochs"]]

    def judged(self, group, epoch, seen):
        """What was best in the first of the tries, as if it were certain."""
        at = self.epochs(group).index(epoch)
        values = with_stop(group["worth"][:, at, :, 0], group["now"][:, at])
        best = values.argmax(1)
        return np.eye(4)[best], np.ones(len(best))

    def ask(self, state):
        return as_it_stands(Prompt(), state.history(), state, state.actions())


def make_naive_brain(groups, folder, steps=STEPS, seed=0, count=DECISIONS,
                     say=print):
    """Teaches a naive brain from labels, and writes its folder. Repeatable
    bit for bit on one machine with one thread."""
    tokenizer = make_tokenizer()
    lessons = NaiveLessons(groups, tokenizer, seed, count)
    network = make_network(tokenizer, WIDTH, LAYERS, seed)
    teach(network, lessons.batches(), steps=steps, say=say)
    save_decision_model(LanguageModel(network, tokenizer), folder, NAMES,
                        {"actions": NAMES})
