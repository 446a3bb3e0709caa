"""What a network is taught to do with a lesson, as a loss.

The network is to name the right action, write its reason, and predict the
metrics of the prompt. In addition, a Reader helps it learn to read numbers.
"""

import torch

from agentic_lib.lab.features import NUMBERS


class Reader(torch.nn.Module):
    """What helps a network learn to read numbers; dropped afterwards.

    Reading digits is the hard part of the task, and the choice among four
    names teaches it slowly. So after each number, a linear layer must find
    the number's size in what the network has computed there. Where the reply
    begins, another one must find all of `numbers`.
    """

    def __init__(self, width):
        super().__init__()
        self.size = torch.nn.Linear(width, 2)
        self.facts = torch.nn.Linear(width, len(NUMBERS))

    def loss(self, hidden, batch):
        """Huber loss of both together, for hidden states (B, T, width)."""
        huber = torch.nn.functional.huber_loss
        where = torch.tensor([(i, at) for i, e in enumerate(batch)
                              for at, _ in e.read]).T
        x = torch.tensor([x for e in batch for _, x in e.read])
        sizes = torch.stack([x.abs().clamp(1e-6, 1e6).log10(),
                             x.clamp(-100, 100) / 30], 1)
        found = self.size(hidden[where[0], where[1]]).float()
        total = huber(found, sizes)
        told = [i for i, e in enumerate(batch) if e.facts is not None]
        if told:
            starts = torch.tensor([batch[i].start - 1 for i in told])
            total = total + huber(self.facts(hidden[told, starts]).float(),
                                  torch.stack([batch[i].facts for i in told]))
        return total


def loss_of(network, batch, reader=None):
    """Cross-entropy of the names, (B,), of the reasons after them, and of
    the metrics in the prompt; and the reader's loss.

    To predict the metrics, a network must copy numbers (the best is one of
    those above it) and subtract (for the gap). Reasons need that, too.
    """
    width = max(len(e.ids) for e in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    for row, e in zip(ids, batch):
        row[:len(e.ids)] = torch.tensor(e.ids)
    ids = ids.to(network.device)
    hidden = network.model(input_ids=ids, use_cache=False).last_hidden_state
    starts = torch.tensor([e.start for e in batch])
    logp = network.lm_head(
        hidden[torch.arange(len(batch)), starts - 1]).log_softmax(-1)
    names = torch.stack([
        -sum(p * logp[i, token] for token, p in e.target.items())
        for i, e in enumerate(batch)])
    words = after(network, hidden, ids, batch, lambda e: e.start,
                   lambda e: len(e.ids) - 1)
    metrics = after(network, hidden, ids, batch,
                     lambda e: second_turn(e.ids), lambda e: e.start - 1)
    return names, words, metrics, reader.loss(hidden, batch) if reader else 0


def second_turn(ids):
    """Where the user's turn begins: it opens with the same token as the
    system's. 0 if a model has no such token."""
    return ids.index(ids[0], 1) if ids[0] in ids[1:] else 0


def after(network, hidden, ids, batch, first, last):
    """Cross-entropy of the tokens after those from `first` up to `last`."""
    rows, at = torch.tensor([(i, at) for i, e in enumerate(batch)
                             for at in range(first(e), last(e))]).T
    return torch.nn.functional.cross_entropy(
        network.lm_head(hidden[rows, at]), ids[rows, at + 1])
