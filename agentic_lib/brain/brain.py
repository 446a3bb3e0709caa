"""SimpleAIBrain: prompt, language model, parser and rules, put together.

It never breaks a training run: whatever the model does, there is a Decision,
and where the rules made it, its note says why. It keeps no memory of a run:
all it knows is in the history that it is given.
"""

import time
from dataclasses import replace

from agentic_lib.brain.decision import (
    ACTIONS,
    Decision,
    Metrics,
    check_actions,
    check_history,
    meanings,
)
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.brain.parser import parse_decision
from agentic_lib.brain.prompt import Prompt
from agentic_lib.brain.scoring import probabilities, say_probabilities
from agentic_lib.models.taught import outside
from agentic_lib.models.which import find_model

GIVE_UP_AFTER = 3  # failures of the model in a row
REST = 10          # decisions by the rules before it is tried again
BATCH = 32         # histories scored at once


class SimpleAIBrain:
    """Reads the metrics of a training run and decides what to do next.

    model      "auto", "qwen", "bundled", "rules", a hub id, a folder,
               "http://host:8000/v1", "colab", or a LanguageModel
    mode       "generate" (it writes, the parser reads), "score" (one pass
               gives a probability for each name), None: what suits the model
    actions    what it may choose from
    prompt     a Prompt
    explain    with mode="score": the model writes a reason behind the name
               that was chosen; False makes a sentence from the probabilities
    calibrate  with mode="score": divides out what the model prefers when it
               sees no metrics at all
    both_orders  with mode="score": where the two best are close, asks again
               with the options in reverse order and takes the mean
    thinking   with mode="generate": lets the model think first
    sample, seed  draws the reply at random instead of taking the likeliest
    revision, local_files_only, device, dtype  see LanguageModel.load
    api_key, headers  for a server that wants them; "OPENAI_API_KEY" and
             "HF_TOKEN" as key are taken from the environment
    quiet      True prints nothing
    on_text    a function that gets each piece of a reply as it is written

    Raises ValueError for arguments that make no sense, LanguageModelError
    where a model asked for by name cannot be had.
    """

    source = "model"

    def __init__(self, model="auto", mode=None, actions=ACTIONS, prompt=None,
                 explain=True, calibrate=False, both_orders=True,
                 thinking=False, sample=False, seed=0, revision=None,
                 local_files_only=False, device=None, dtype=None,
                 api_key=None, headers=None, quiet=False, on_text=None):
        if mode not in (None, "generate", "score"):
            raise ValueError(
                f"mode={mode!r} must be 'generate', 'score' or None.")
        self.actions, self.prompt = check_actions(actions), prompt or Prompt()
        self.explain, self.calibrate = explain, calibrate
        self.both_orders = both_orders
        self.quiet, self.on_text = quiet, on_text
        self.thinking, self.sample, self.seed = thinking, sample, seed
        asked = {"options": meanings(self.actions), "also": meanings(ACTIONS),
                 "api_key": api_key, "headers": headers}
        self.model, self.taught, self.why = find_model(
            model, asked, revision=revision, device=device, dtype=dtype,
            local_files_only=local_files_only)
        self.mode = mode or self.taught.get("mode") or getattr(
            self.model, "default_mode", "generate")
        if self.mode == "score" and self.model is not None and \
                not hasattr(self.model, "score_many"):
            raise ValueError(f"mode='score': {self.name} gives no "
                             "probabilities. Take mode='generate'.")
        self._failures = self._resting = 0
        self._say(f"Brain: {self.description}.")

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

    def _say(self, text):
        if not self.quiet:
            print(text)

    def think_about_training(self, train_acc, test_acc, epoch) -> Decision:
        """One decision from two accuracies in percent, and the epoch, counted
        from 1. What is passed as `test_acc` should be validation accuracy."""
        return self.analyze_training(
            [Metrics(epoch=epoch, train_acc=train_acc, val_acc=test_acc)])

    def analyze_training(self, history, every=5, actions=None) -> Decision:
        """One decision from a list of Metrics, oldest first.

        every    epochs between two decisions
        actions  what to choose from, where not the brain's own
        Never raises for what the model does; ValueError for a bad history.
        """
        return self.decide_many([history], every, actions, self.explain)[0]

    def decide_many(self, histories, every=5, actions=None,
                    explain=False) -> list[Decision]:
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
        """The model's decisions, the rules' where it has none."""
        prompts = [self.prompt.messages(history, actions, every)
                   for history in histories]
        notes = [self._why_not_ask(prompt, actions) for prompt in prompts]
        asked = [h for h, note in zip(histories, notes) if note is None]
        try:
            answers = self._answers(asked, actions, every, explain)
            self._failures = 0 if asked else self._failures
        except Exception as error:  # whatever the model does, training goes on
            why = self._failed(error)
            answers = [by_rules(h, actions, every, why) for h in asked]
        answers = iter(answers)
        decisions = [
            next(answers) if note is None
            else by_rules(history, actions, every, note)
            for history, note in zip(histories, notes)]
        return [replace(decision, prompt=as_text(prompt))
                for decision, prompt in zip(decisions, prompts)]

    def _why_not_ask(self, prompt, actions):
        """Why the model is not asked this, or None where it is."""
        if self.model is None:
            return ""
        if self._resting:
            self._resting -= 1
            return f"{self.name} rests after {GIVE_UP_AFTER} failures in a row"
        why = outside(self.taught, actions, prompt)
        return why and f"{self.name} was not asked: {why}"

    def _failed(self, error):
        """Counts failures, and stops asking for a while after three."""
        why = f"{self.name} failed: {type(error).__name__}: {error}"
        self._failures += 1
        if hasattr(self.model, "forget"):
            self.model.forget()  # gives memory back
        if self._failures >= GIVE_UP_AFTER:
            self._resting = REST
            self._say(f"{why}\nThat was the failure number {self._failures} "
                      f"in a row: the rules take the next {REST} decisions, "
                      "then the model is tried again.")
        return why

    def _answers(self, histories, actions, every, explain):
        """The model is asked, in the brain's mode."""
        if not histories:
            return []
        if self.mode == "score":
            table = self.probabilities(histories, actions, every)
            return [self._scored(history, row, actions, every, explain)
                    for history, row in zip(histories, table)]
        return [self._generated(h, actions, every) for h in histories]

    def _generated(self, history, actions, every):
        """The model writes a reply, the parser reads it."""
        names = tuple(action.name for action in actions)
        reply = self.model.generate(
            self.prompt.messages(history, actions, every),
            thinking=self.thinking, sample=self.sample, on_text=self.on_text,
            seed=self.seed + history[-1].epoch,
            until=lambda text: answer_complete(text, names))
        decision = parse_decision(reply, actions)
        if decision is None:
            return by_rules(history, actions, every,
                            "its reply holds no decision", reply)
        return replace(decision, source=self.source, reply=reply)

    def _scored(self, history, probabilities, actions, every, explain):
        """The likeliest name, with a reason."""
        best = max(probabilities, key=probabilities.get)
        reply, reason = None, say_probabilities(probabilities)
        if explain:
            reply = self.model.generate(
                self.prompt.messages(history, actions, every),
                start=f"{best}:", on_text=self.on_text)
            written = reply.partition(":")[2].strip()
            reason = written.splitlines()[0] if written else reason
        return Decision(best, reason, source=self.source, reply=reply,
                        probabilities=probabilities)

    def probabilities(self, histories, actions=None, every=5) -> list[dict]:
        """{action name: probability} for each history. They sum to 1."""
        return probabilities(
            self.model, self.prompt, histories, actions or self.actions,
            every, self.calibrate, self.both_orders,
            self.taught.get("temperature", 1.0))

    def save(self, folder):
        """Writes the model as a decision model that transformers reads too:
        pipeline("decision", model=folder), transformers serve folder."""
        from agentic_lib.models.systemone import save_decision_model

        return save_decision_model(
            self.model, folder, list(meanings(self.actions)), self.taught)


def by_rules(history, actions, every, note, reply=None) -> Decision:
    """The rules' decision, with the reason why they were needed."""
    return replace(fallback_decision(history, actions, every),
                   note=note or None, reply=reply)


def answer_complete(text, names) -> bool:
    """True when a whole line of `text` that begins with a name is there."""
    if "<think>" in text and "</think>" not in text:
        return False
    lines = text.rpartition("</think>")[2].split("\n")[:-1]
    return any(line.lstrip(" *_`\"").startswith(names) for line in lines)


def as_text(messages) -> str:
    """The messages as one text to look at."""
    return "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in messages)
