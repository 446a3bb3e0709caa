"""Lessons: prompts about labelled runs, each with a reply, as token ids.

Decisions are drawn at random: the more depends on one, the more often it is
drawn. Each becomes a prompt in one of many wordings. Knows nothing about
networks.
"""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch

from agentic_lib.lab.actions import TAUGHT
from agentic_lib.lab.features import numbers
from agentic_lib.lab.teach.labels import predicts_number, probabilities
from agentic_lib.lab.teach.reasons import reason
from agentic_lib.lab.teach.situations import decision_epochs
from agentic_lib.lab.teach.texts import State, anchor, ask

POOL = 512       # prompts sorted by length together, so that few are padded
BATCH = 16
MATTERS = 5.0    # points: the stakes of a decision count up to this, and
ALWAYS = 0.5     # every decision counts for this much in any case
# A prompt that shows all of these says what `numbers` says.
WHOLE = {"rate_of_first", "train_acc", "val_acc", "train_loss_of_first",
         "val_loss_of_first", "train_loss_rises", "since_best",
         "since_best_loss", "progress"}
# A prompt that shows none of these is about losses alone.
ONLY_LOSSES = {"train_acc", "val_acc", "gap", "trend", "best_val_acc"}


@dataclass
class Example:
    """One prompt with its reply, as token ids.

    ids     prompt, name, ':', reason, end of turn
    start   position of the name
    target  {token id: probability} for the name
    facts   (len(features.NUMBERS),) what the prompt says, standardised; None
            if it does not say everything
    read    [(position after a number, the number)]
    """

    ids: list
    start: int
    target: dict
    facts: torch.Tensor | None
    read: list


class Lessons:
    """What is taught: decisions from runs, with probabilities.

    groups  as `labels.load_groups` gives them
    policy  says what actions are worth: rows of numbers -> (N, 4), or (N, 5)
            with cool_down, which some prompts then offer
    by_loss the same for prompts without accuracies; `policy` if None
    kinds   of prompts, from texts.SHARES; None for all, in those shares

    The more depends on a decision, the more often it is drawn.
    """

    anchors = 0.02  # share of prompts that are the original's examples
    argues = 0.4    # share of replies that argue for a random action

    def __init__(self, groups, policy, tokenizer, seed=0, kinds=None,
                 by_loss=None):
        self.policy, self.tokenizer, self.kinds = policy, tokenizer, kinds
        self.by_loss = by_loss
        self.rng = np.random.default_rng(seed)
        self.first = [self.tokens(name + ":")[0] for name in TAUGHT]
        self.pieces = [tokenizer.decode([i]) for i in range(len(tokenizer))]
        self.groups, self.places = [], []
        self.targets = self.loss_targets = self.rows = None
        self.chances, self.waiting = np.empty(0), []
        self.add(groups)

    def add(self, groups, share=1.0):
        """Adds the decisions of more runs, as this share of the lessons."""
        targets, rows, weights = [], [], []
        for g in groups:
            self.groups.append(g)
            every, horizon = int(g["every"]), int(g["horizon"])
            epochs = self.epochs(g)
            for epoch in epochs:
                seen = numbers(g["seen"][:, :epoch], horizon, every,
                               g["factors"])
                target, weight = self.judged(g, epoch, seen)
                rows.append(seen)
                targets.append(target)
                weights.append(weight / len(epochs))
                self.places += [(len(self.groups) - 1, i, epoch)
                                for i in range(len(seen))]
        rows = np.concatenate(rows)
        weights = np.concatenate(weights).astype(np.float64)
        if self.rows is None:
            self.mean, self.std = rows.mean(0), rows.std(0) + 1e-3
            self.rows = rows[:0]
            self.targets = self.loss_targets = targets[0][:0]
        targets = np.concatenate(targets)
        self.rows = np.concatenate([self.rows, rows])
        self.targets = np.concatenate([self.targets, targets])
        self.loss_targets = np.concatenate([self.loss_targets, (
            probabilities(self.by_loss(rows)) if self.by_loss else targets)])
        self.chances = np.concatenate([(1 - share) * self.chances,
                                       share * weights / weights.sum()])

    def epochs(self, group):
        """The decisions of a group that are taught."""
        return decision_epochs(int(group["every"]), int(group["horizon"]),
                               int(group.get("warm", 0))).tolist()

    def judged(self, group, epoch, seen):
        """((N, 4 or 5) probabilities, (N,) weights) of its runs at `epoch`."""
        judge = self.by_loss if predicts_number(group) else self.policy
        values = judge(seen)
        return (probabilities(values),
                ALWAYS + np.ptp(values[:, :4], 1).clip(0, MATTERS))

    def facts(self, at):
        """What `numbers` says about a decision, standardised."""
        return torch.tensor((self.rows[at] - self.mean) / self.std
                            ).float().clamp(-3, 3)

    def state(self, k, i, epoch) -> State:
        """Run i of group k after that epoch."""
        g = self.groups[k]
        return State(g["seen"][i, :epoch], int(g["horizon"]),
                     int(g["every"]), tuple(g["factors"][i]))

    def draw(self):
        """(Question, probabilities of TAUGHT, facts) of a random prompt."""
        if self.rng.random() < self.anchors:
            question, action = anchor(self.rng)
            return question, np.where(
                np.arange(4) == action, 0.85, 0.05), None
        at = self.next_place()
        question = self.ask(self.state(*self.places[at]))
        says_all = WHOLE <= set(question.known)
        targets = (self.loss_targets if ONLY_LOSSES.isdisjoint(question.known)
                   else self.targets)
        return question, targets[at], self.facts(at) if says_all else None

    def ask(self, state):
        """A Question about a state."""
        kind = self.kinds and str(self.rng.choice(self.kinds))
        return ask(state, self.rng, kind, self.targets.shape[1] > 4)

    def next_place(self):
        """The index of a decision, by its chance; draws many at a time."""
        if not self.waiting:
            self.waiting = list(self.rng.choice(
                len(self.places), POOL, p=self.chances))
        return self.waiting.pop()

    def example(self) -> Example:
        """A prompt with a reply: mostly for the best action, sometimes for
        another, so that the brain can argue for each."""
        question, target, facts = self.draw()
        offered = [TAUGHT.index(name) for name in question.names]
        target = {i: target[i] for i in offered}
        total = sum(target.values())
        name = max(target, key=target.get)
        if self.rng.random() < self.argues:
            name = self.rng.choice(offered)
        text = reason(TAUGHT[name], question.known)
        prompt = self.tokenizer.apply_chat_template(
            question.messages, add_generation_prompt=True,
            enable_thinking=self.rng.random() < 0.03)["input_ids"]
        reply = [*self.tokens(TAUGHT[name] + ":"), *self.tokens(f" {text}\n"),
                 self.tokenizer.eos_token_id]
        return Example([*prompt, *reply], len(prompt),
                       {self.first[i]: p / total for i, p in target.items()},
                       facts, self.numbers_in(prompt))

    def tokens(self, text):
        """Token ids of a piece of a reply."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def numbers_in(self, ids):
        """[(position of the token after a number, the number)] in `ids`."""
        found, digits = [], ""
        for at, token in enumerate(ids):
            piece = self.pieces[token]
            if len(piece) == 1 and piece in "0123456789.+-e":
                digits += piece
                continue
            with suppress(ValueError):
                found.append((at, float(digits)))
            digits = ""
        return found

    def batches(self):
        """Batches of examples of similar length, without end."""
        while True:
            pool = sorted((self.example() for _ in range(POOL)),
                          key=lambda e: len(e.ids))
            batches = [pool[i:i + BATCH] for i in range(0, POOL, BATCH)]
            self.rng.shuffle(batches)
            yield from batches
