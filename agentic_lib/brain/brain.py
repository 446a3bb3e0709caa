"""SimpleAIBrain: prompt, language model, parser and rules, put together.

It never breaks a training run: whatever the model does, there is a Decision.
If the rules made it in the model's place, its note says why, and so does a
warning, once for each cause. The brain keeps no memory of a run: all it knows
is in the history that it is given.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentic_lib.brain.decision import (
    ACTIONS, Action, Decision, Metrics, check_actions, check_history, meanings)
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.brain.parser import parse_decision
from agentic_lib.brain.prompt import Prompt
from agentic_lib.brain.scoring import probabilities, say_probabilities
from agentic_lib.messages import say, warn_once
from agentic_lib.models.which import find_model

GIVE_UP_AFTER = 3  # failures of the model in a row
REST = 10          # decisions by the rules before it is asked again
BATCH = 32         # histories scored at once
UNREADABLE = "the model's reply holds no decision"
NUMBERS = re.compile(r"\d[\d.e+-]*")


class NoDecision(RuntimeError):
    """Raised with strict=True if the model made no decision; says why."""


class SimpleAIBrain:
    """Reads the metrics of a training run and decides what to do next.

    model      "auto", "qwen", "bundled", "naive", "rules", "colab", a hub id,
               a folder, "http://host:8000/v1", or a LanguageModel
    mode       "generate" (it writes, the parser reads), "score" (one pass
               gives a probability for each name); None: whichever suits the
               model
    actions    the actions that it may choose from
    prompt     a Prompt
    explain    with mode="score": the model writes a reason for the name that
               was chosen; False makes a sentence from the probabilities
    calibrate  with mode="score": divides out what the model prefers when it
               sees no metrics at all
    both_orders  with mode="score": if the two best are close, asks again
               with the options in reverse order and takes the mean
    thinking   with mode="generate": lets the model think first
    sample, seed  draws the reply at random instead of taking the likeliest
    revision, local_files_only, device, dtype  see LanguageModel.load
    api_key, headers  for a server that needs them; "OPENAI_API_KEY" or
             "HF_TOKEN" as api_key takes the key from the environment
    quiet      True: no messages, no warnings
    on_text    a function that gets each piece of a reply as it is written
    strict     True: raises NoDecision instead of letting the rules decide

    Raises ValueError for arguments that make no sense, LanguageModelError
    if a requested model is unavailable.
    """

    source = "model"
    reads_all = False  # first, best and latest evaluations are enough

    def __init__(self, model: Any = "auto", mode: str | None = None,
                 actions: Sequence[Action] = ACTIONS,
                 prompt: Prompt | None = None, explain: bool = True,
                 calibrate: bool = False, both_orders: bool = True,
                 thinking: bool = False, sample: bool = False, seed: int = 0,
                 revision: str | None = None, local_files_only: bool = False,
                 device: Any = None, dtype: Any = None,
                 api_key: str | None = None,
                 headers: dict[str, str] | None = None, quiet: bool = False,
                 on_text: Callable[[str], None] | None = None,
                 strict: bool = False) -> None:
        if mode not in (None, "generate", "score"):
            raise ValueError(
                f"mode={mode!r} must be 'generate', 'score' or None.")
        self.actions, self.prompt = check_actions(actions), prompt or Prompt()
        self.explain, self.calibrate = explain, calibrate
        self.both_orders, self.strict = both_orders, strict
        self.quiet, self.on_text = quiet, on_text
        self.thinking, self.sample, self.seed = thinking, sample, seed
        asked = {"options": meanings(self.actions), "also": meanings(ACTIONS),
                 "api_key": api_key, "headers": headers}
        self.model, self.taught, self.why = find_model(
            model, asked, revision=revision, device=device, dtype=dtype,
            local_files_only=local_files_only)
        self.mode = mode or self.taught.mode or getattr(
            self.model, "default_mode", "generate")
        if self.model is None:
            if strict:
                raise ValueError("strict=True needs a model, but only the "
                                 f"rules are here ({self.why}): name a model.")
        elif self.mode == "score" and not hasattr(self.model, "score_many"):
            raise ValueError(f"mode='score': {self.name} gives no "
                             "probabilities. Take mode='generate'.")
        self.told: set[str] = set()  # what was warned about in this run
        self._failures = self._resting = 0
        if not quiet:
            say(f"Brain: {self.description}.")

    @property
    def name(self) -> str:
        return getattr(self.model, "name", "the rules")

    @property
    def description(self) -> str:
        """One line: which brain answers, and why this one."""
        what = getattr(self.model, "description", self.name)
        return f"{what} ({self.why})" if self.why else what

    def __repr__(self):
        return f"<{type(self).__name__}: {self.description}>"

    def think_about_training(self, train_acc: float, test_acc: float,
                             epoch: int) -> Decision:
        """One decision from two accuracies in percent, and the epoch, counted
        from 1. You should pass validation accuracy as `test_acc`."""
        return self.analyze_training(
            [Metrics(epoch=epoch, train_acc=train_acc, val_acc=test_acc)])

    def analyze_training(self, history: list[Metrics], every: int = 5,
                         actions: Sequence[Action] | None = None,
                         explain: bool | None = None) -> Decision:
        """One decision from a list of Metrics, oldest first.

        every             epochs between two decisions
        actions, explain  None: the brain's own
        Raises nothing, whatever the model does (unless strict). Raises
        ValueError for a bad history.
        """
        explain = self.explain if explain is None else explain
        return self.decide_many([history], every, actions, explain)[0]

    def decide_many(self, histories: Sequence[list[Metrics]], every: int = 5,
                    actions: Sequence[Action] | None = None,
                    explain: bool = False) -> list[Decision]:
        """A decision for each of many histories, scored in batches."""
        actions = check_actions(actions or self.actions)
        histories = [check_history(history) for history in histories]
        size = BATCH if self.mode == "score" else 1
        decisions = []
        for i in range(0, len(histories), size):
            group = histories[i:i + size]
            started = time.perf_counter()
            found = self._decide(group, actions, every, explain)
            seconds = (time.perf_counter() - started) / len(group)
            decisions += [replace(d, seconds=seconds) for d in found]
        return decisions

    def _decide(self, histories, actions, every, explain) -> list[Decision]:
        """A decision for each history of a batch."""
        prompts = [self.messages(h, actions, every) for h in histories]
        if self.model is None:
            found = [fallback_decision(h, actions, every) for h in histories]
        else:
            found = self._ask(histories, prompts, actions, every, explain)
        return [replace(decision, prompt=as_text(prompt))
                for decision, prompt in zip(found, prompts)]

    def _ask(self, histories, prompts, actions, every, explain):
        """The model's decisions; the rules' if it makes none."""
        notes = [self._why_not_ask(prompt, actions) for prompt in prompts]
        asked = [(history, prompt) for history, prompt, note
                 in zip(histories, prompts, notes) if note is None]
        try:
            answers = iter(self._answers(asked, actions, every, explain))
            self._failures = 0 if asked else self._failures
        except Exception as error:  # whatever the model does, training goes on
            why = self._failed(error)
            notes = [note or why for note in notes]
        decisions = []
        for history, note in zip(histories, notes):
            made, reply = (None, None) if note else next(answers)
            decisions.append(made or replace(
                fallback_decision(history, actions, every), reply=reply,
                note=self._rules_decide(note or UNREADABLE)))
        return decisions

    def _why_not_ask(self, prompt, actions) -> str | None:
        """Why the model is not asked about this prompt; None if it is."""
        if self._resting:
            self._resting -= 1
            return (f"{self.name} rests for {REST} decisions after "
                    f"{GIVE_UP_AFTER} failures in a row")
        why = self.taught.outside([action.name for action in actions], prompt)
        return why and f"{self.name} was not asked: {why}"

    def _failed(self, error) -> str:
        """Counts failures; after three the model is left alone for a while."""
        self._failures += 1
        if self._failures >= GIVE_UP_AFTER:
            self._resting = REST
        if hasattr(self.model, "forget"):
            self.model.forget()  # frees memory
        return f"{self.name} failed: {type(error).__name__}: {error}"

    def _rules_decide(self, note) -> str:
        """Warns once for each cause; other numbers do not make it new."""
        if self.strict:
            raise NoDecision(f"strict=True: {note}.")
        if not self.quiet:
            warn_once(self.told, NUMBERS.sub("#", note),
                      f"The rules decide instead of the model: {note}.")
        return note

    def _answers(self, asked, actions, every, explain):
        """Asks the model in the brain's mode about (history, prompt) pairs.
        Returns (Decision or None if it cannot be read, reply) for each.
        """
        if self.mode == "generate" or not asked:
            return [self._written(*pair, actions) for pair in asked]
        histories, prompts = zip(*asked)
        table = self.probabilities(histories, actions, every, asked=prompts)
        return [self._scored(prompt, row, explain)
                for prompt, row in zip(prompts, table)]

    def _written(self, history, prompt, actions):
        """The model writes a reply, the parser reads it."""
        names = tuple(action.name for action in actions)
        reply = self.model.generate(
            prompt, thinking=self.thinking, sample=self.sample,
            on_text=self.on_text, seed=self.seed + history[-1].epoch,
            until=lambda text: answer_complete(text, names))
        found = parse_decision(reply, actions)
        return found and replace(found, source=self.source), reply

    def _scored(self, prompt, row, explain):
        """The likeliest name, with a reason."""
        best = max(row, key=row.get)
        reply, reason = None, say_probabilities(row)
        if explain:
            reply = self.model.generate(
                prompt, start=f"{best}:", on_text=self.on_text)
            written = reply.partition(":")[2].strip()
            reason = written.splitlines()[0] if written else reason
        return Decision(best, reason, source=self.source, reply=reply,
                        probabilities=row), reply

    def probabilities(self, histories: Sequence[list[Metrics]],
                      actions: Sequence[Action] | None = None, every: int = 5,
                      both_orders: bool | None = None,
                      asked: Any = None) -> list[dict[str, float]]:
        """{action name: probability} for each history. They sum to 1.

        both_orders  None: the brain's own setting
        asked        the histories' prompts, if they have been written already
        """
        return probabilities(
            self.model, self, histories, actions or self.actions,
            every, self.calibrate, self.both_orders if both_orders is None
            else both_orders, self.taught.temperature, asked)

    def messages(self, history: list[Metrics], actions: Sequence[Action],
                 every: int = 5) -> list[dict]:
        """The prompt as the model gets it. A count beyond the largest that
        the model was taught is given as that largest one."""
        return self.taught.told(self.prompt.messages(history, actions, every))

    def save(self, folder: str | Path) -> Path:
        """Writes the model as a decision model that transformers reads too:
        pipeline("decision", model=folder), transformers serve folder."""
        if not hasattr(self.model, "save"):
            raise ValueError(f"{self.name} cannot be saved: it has no "
                             "weights. Name a model that has some.")
        names = list(meanings(self.actions))
        return self.model.save(folder, names, self.taught.fields())


def answer_complete(text, names) -> bool:
    """True if `text` holds a whole line that begins with a name."""
    if "<think>" in text and "</think>" not in text:
        return False
    lines = text.rpartition("</think>")[2].split("\n")[:-1]
    return any(line.lstrip(" *_`\"").startswith(names) for line in lines)


def as_text(messages) -> str:
    """The messages as one text to look at."""
    return "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in messages)
