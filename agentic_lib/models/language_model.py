"""A causal language model: load it, let it write, score options with it.

Knows nothing about training: it takes chat messages and returns text or
log-probabilities. loading.py says where a model comes from and where it runs.
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from agentic_lib.messages import say
from agentic_lib.models import loading
from agentic_lib.models.packing import as_mask, pack, sums
from agentic_lib.models.prefix import CACHE, Prefixes, shared_beginning
from agentic_lib.models.threads import is_small_brain, threads_for
from agentic_lib.models.watching import (
    FiniteOnly,
    Watch,
    check_finite,
    first_line_complete,
    own_random_numbers,
    writing_settings,
)

PLAIN_TEMPLATE = ("{% for message in messages %}{{ message.content }}\n\n"
                  "{% endfor %}")


class LanguageModel:
    """A network, its tokenizer, and what was computed for prompts so far.

    network    a transformers causal language model
    tokenizer  its tokenizer, with a chat template
    why        the reason for the number format, in a few words
    folder     where the model's files are
    """

    def __init__(self, network: Any, tokenizer: Any, name: str = "model",
                 revision: str | None = None, why: str = "as given",
                 folder: str | Path | None = None) -> None:
        if tokenizer.chat_template is None:
            tokenizer.chat_template = PLAIN_TEMPLATE
        self.network, self.tokenizer = network.eval(), tokenizer
        self.name, self.revision = name, revision
        self.why, self.folder = why, folder
        self.small = is_small_brain(network)
        self._lock = threading.RLock()
        self.forget()

    @classmethod
    def load(cls, model: str | Path = loading.QWEN,
             revision: str | None = None, local_files_only: bool = False,
             device: str | torch.device | None = None,
             dtype: str | torch.dtype | None = None) -> "LanguageModel":
        """Loads a folder or a hub id. No code from the hub is ever run.

        Raises LanguageModelError, whose text says what to do.
        """
        device, dtype = loading.as_device(device), loading.as_dtype(dtype)
        folder = loading.find_folder(model, revision, local_files_only)
        network, tokenizer, why = loading.load(folder, device, dtype)
        return cls(network, tokenizer, str(model),
                   revision or loading.pinned(model), why, folder)

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def dtype(self) -> torch.dtype:
        return self.network.dtype

    @property
    def description(self) -> str:
        """What runs, where, in which number format, and why."""
        size = f"{self.network.num_parameters() / 1e6:.3g} million weights"
        dtype = str(self.dtype).removeprefix("torch.")
        return f"{self.name}, {size}, {self.device.type}, {dtype}: {self.why}"

    def __repr__(self):
        return f"<LanguageModel {self.description}>"

    def forget(self) -> None:
        """Drops what was computed. Call this after changing the weights."""
        self.prefixes, self._names = Prefixes(self.network), {}
        self._checked = False
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def __getstate__(self):
        """For pickle and deepcopy: without the lock and what was computed."""
        left = ("_lock", "prefixes", "_names")
        return {name: value for name, value in vars(self).items()
                if name not in left}

    def __setstate__(self, state):
        vars(self).update(state)
        self._lock = threading.RLock()
        self.forget()

    def save(self, folder: str | Path, names: list[str],
             taught: dict) -> Path:
        """Saves this as a decision model: see `save_decision_model`."""
        from agentic_lib.models.systemone import save_decision_model

        return save_decision_model(self, folder, names, taught)

    def render(self, messages: list[dict], thinking: bool = False) -> str:
        """The chat template's text for `messages`."""
        def fill(messages):
            return self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True,
                enable_thinking=thinking)

        try:
            return fill(messages)
        except Exception:  # some templates refuse a system message
            return fill([{"role": "user", "content": "\n\n".join(
                message["content"] for message in messages)}])

    def tokens(self, messages: list[dict], start: str = "",
               thinking: bool = False) -> list[int]:
        """The token ids of a conversation, up to where the reply continues.

        start  the forced beginning of the reply
        """
        return self.tokenizer(self.render(messages, thinking) + start,
                              add_special_tokens=False)["input_ids"]

    def generate(self, messages: list[dict], start: str = "",
                 max_new_tokens: int | None = None,
                 max_seconds: float | None = None, thinking: bool = False,
                 sample: bool = False, seed: int = 0,
                 on_text: Callable[[str], None] | None = None,
                 until: Callable[[str], bool] = first_line_complete) -> str:
        """The reply to `messages`, including its forced beginning `start`.

        The reply ends when `until(reply)` is true, at the model's end token,
        after max_new_tokens (64; 2048 with thinking), or after max_seconds
        (60; 300 with thinking).
        sample   True draws at random, as Qwen's model card advises; False is
                 greedy. With thinking it always draws, since greedy thoughts
                 run in circles
        on_text  a function that gets each new piece of text
        What was already computed for the prompt, by `score` say, is reused.
        """
        ids = self.tokens(messages, start, thinking)
        draws = sample or thinking
        watch = Watch(self.tokenizer, len(ids), start, until,
                      max_seconds or (300 if thinking else 60), on_text)
        settings = writing_settings(
            self.network, draws, thinking,
            max_new_tokens or (2048 if thinking else 64))
        with (torch.inference_mode(), self._lock, threads_for(self.small),
              own_random_numbers(self.device, seed if draws else None)):
            self._check(ids)
            cache = self.prefixes.longest(ids, lambda: self._constant_part(
                [ids], messages, thinking))
            ids = torch.tensor([ids], device=self.device)
            self.network.generate(
                ids, attention_mask=torch.ones_like(ids),
                generation_config=settings, stopping_criteria=[watch],
                logits_processor=[FiniteOnly()], **{CACHE: cache})
        return start + watch.text

    def score(self, messages: list[dict],
              options: Iterable[str]) -> dict[str, float]:
        """{option: log-probability that the reply begins with it}."""
        return self.score_many([messages], options)[0]

    @torch.inference_mode()
    def score_many(self, list_of_messages: list[list[dict]],
                   options: Iterable[str]) -> list[dict]:
        """`score` for many conversations, in one batch.

        If all options begin with different tokens, these tokens alone are
        scored; else whole names are scored, with the colon after them. The
        beginning that all conversations share is computed once and kept.
        """
        options = list(options)
        rows = [self.tokens(messages) for messages in list_of_messages]
        names = [self.name_tokens(option) for option in options]
        if len({name[0] for name in names}) == len(names):
            names = [name[:1] for name in names]
        prefix = self._constant_part(rows, list_of_messages[0])
        with self._lock, threads_for(self.small):
            self._check(rows[0])
            table = self._log_probabilities(prefix, rows, names)
        return [dict(zip(options, row)) for row in table]

    def _constant_part(self, rows, messages, thinking=False) -> list[int]:
        """The ids that `rows` begin with, whatever the question is."""
        other = [*messages[:-1], {"role": "user", "content": "?"}]
        return shared_beginning([*rows, self.tokens(other, "", thinking)])

    def name_tokens(self, option: str) -> list[int]:
        """The tokens of `option:` at the beginning of a reply."""
        if option not in self._names:
            question = [{"role": "user", "content": "?"}]
            before = len(self.tokens(question))
            whole = self.tokens(question, start=f"{option}:")
            self._names[option] = whole[before:]
        return self._names[option]

    def _log_probabilities(self, prefix, rows, names) -> list[list[float]]:
        """(conversations, names), from one pass over what is not kept yet."""
        ids, positions, sees, places = pack(rows, names, len(prefix))
        packed = {}
        if sees is not None:
            packed = {"position_ids": positions.to(self.device),
                      "attention_mask":
                      as_mask(sees, self.dtype).to(self.device)}
        columns = sorted({c for row in places for name in row for c in name})
        packed[CACHE] = cache = self.prefixes.get(prefix, len(rows))
        logits = self.network(
            input_ids=ids.to(self.device), use_cache=True,
            logits_to_keep=torch.tensor(columns, device=self.device),
            **packed).logits.float()
        check_finite(logits)
        if len(rows) == 1 and sees is None:  # the cache holds the prompt alone
            self.prefixes.keep_prompt(rows[0], cache)
        return sums(logits.log_softmax(-1), columns, places, names)

    @torch.inference_mode(False)
    def _check(self, ids):
        """Switches to float32 if the model overflows in float16.

        Some models do. This is tested once, at the first prompt.
        """
        if self.dtype is torch.float16 and not self._checked:
            if loading.overflows(self.network, ids):
                self.network.float()
                self.why = "float16 gave nan or infinity"
                say(f"Going on in float32: {self.why}.")
        self._checked = True
