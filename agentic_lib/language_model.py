"""A causal language model: load it, let it write, score options with it.

Knows nothing about training networks: it gets chat messages and gives text or
log-probabilities. Where it comes from and where it runs is in loading.py.
"""

import copy
import threading
import time
from contextlib import contextmanager

import torch
from transformers import (
    AutoConfig, AutoModelForCausalLM, AutoTokenizer, DynamicCache,
    LogitsProcessor, StoppingCriteria,
)
from transformers.cache_utils import DynamicLayer

from agentic_lib.loading import (
    QWEN, LanguageModelError, advice, choose_device, choose_dtype,
    find_folder, pinned, saved_dtype,
)

# What Qwen's model card advises, with thinking off and on.
SAMPLING = {
    False: {"temperature": 0.7, "top_p": 0.8, "top_k": 20},
    True: {"temperature": 0.6, "top_p": 0.95, "top_k": 20},
}
GREEDY = {"temperature": 1.0, "top_p": 1.0, "top_k": 50}  # = unset
KEPT_PREFIXES = 4


class LanguageModel:
    """A network, its tokenizer, and what it has computed for prompts so far.

    network    a transformers causal language model
    tokenizer  its tokenizer, with a chat template
    """

    def __init__(self, network, tokenizer, name="model", revision=None,
                 why="as given", folder=None):
        if tokenizer.chat_template is None:
            tokenizer.chat_template = PLAIN_TEMPLATE
        self.network, self.tokenizer = network.eval(), tokenizer
        self.name, self.revision, self.why = name, revision, why
        self.folder = folder
        self._lock = threading.Lock()
        self.forget()

    @classmethod
    def load(cls, model=QWEN, revision=None, local_files_only=False,
             device=None, dtype=None):
        """Loads a folder or a hub id. No code from the hub is ever run.

        Raises LanguageModelError in words that say what to do.
        """
        folder = find_folder(model, revision, local_files_only)
        device = choose_device(device)
        try:
            # Loading must not shift the random numbers of a training run.
            with torch.random.fork_rng([]):
                config = AutoConfig.from_pretrained(folder)
                dtype, why = choose_dtype(device, saved_dtype(config), dtype)
                network = AutoModelForCausalLM.from_pretrained(
                    folder, config=config, dtype=dtype, use_safetensors=True,
                    device_map=str(device))
                tokenizer = AutoTokenizer.from_pretrained(folder)
        except Exception as error:
            raise LanguageModelError(
                f"{model} could not be loaded: {advice(error)}") from error
        return cls(network, tokenizer, str(model), revision or pinned(model),
                   why, folder)

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def dtype(self) -> torch.dtype:
        return self.network.dtype

    @property
    def description(self) -> str:
        """What runs, where, in which number format, and why."""
        millions = self.network.num_parameters() / 1e6
        dtype = str(self.dtype).removeprefix("torch.")
        return (f"{self.name} ({millions:.3g} million parameters) on "
                f"{self.device.type} in {dtype}: {self.why}")

    def __repr__(self):
        return f"<LanguageModel {self.description}>"

    def forget(self):
        """Drops what is kept. Call it after changing the weights."""
        self._kept = {}

    def tokens(self, messages, start="", thinking=False) -> list[int]:
        """The ids of a conversation up to where the reply goes on.

        start  the forced beginning of the reply
        """
        def render(messages):
            return self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True,
                enable_thinking=thinking)

        try:
            text = render(messages)
        except Exception:  # some templates refuse a system message
            text = render([{"role": "user", "content": "\n\n".join(
                m["content"] for m in messages)}])
        return self.tokenizer(
            text + start, add_special_tokens=False)["input_ids"]

    # -- writing -----------------------------------------------------------

    def generate(self, messages, start="", max_new_tokens=None,
                 max_seconds=None, thinking=False, sample=False, seed=0,
                 on_text=None, until=None) -> str:
        """The reply to `messages`, its forced beginning `start` included.

        It ends when `until(text)` is true (default: the first line is
        complete), at the model's end token, after `max_new_tokens` (64, with
        thinking 2048) or after `max_seconds` (60, with thinking 300).
        sample   draws at random as Qwen's card advises, else greedy; thinking
                 always draws, as greedy thinking runs in circles
        on_text  a function that gets every new piece of text
        """
        ids = self.tokens(messages, start, thinking)
        watch = Watch(
            self.tokenizer, len(ids), start, until or first_line_complete,
            max_seconds or (300 if thinking else 60), on_text)
        settings = copy.deepcopy(self.network.generation_config)
        sample = sample or thinking
        settings.update(
            do_sample=sample, max_length=None,
            max_new_tokens=max_new_tokens or (2048 if thinking else 64),
            pad_token_id=self.tokenizer.pad_token_id or 0,
            **(SAMPLING[thinking] if sample else GREEDY))
        ids = torch.tensor([ids], device=self.device)
        with torch.inference_mode(), own_random_numbers(self.device, seed):
            self.network.generate(
                ids, attention_mask=torch.ones_like(ids),
                generation_config=settings, stopping_criteria=[watch],
                logits_processor=[FiniteOnly()])
        return start + watch.text

    # -- scoring -----------------------------------------------------------

    def score(self, messages, options) -> dict[str, float]:
        """{option: log-probability that the reply begins with it}."""
        return self.score_many([messages], options)[0]

    @torch.inference_mode()
    def score_many(self, list_of_messages, options) -> list[dict]:
        """`score` for many conversations, in one batch.

        Where the options begin with different tokens, those tokens' logits
        are the answer. Else whole names, with the colon behind them, are laid
        behind the prompt side by side, each seeing only the prompt and itself.
        """
        options = list(options)
        rows = [self.tokens(m) for m in list_of_messages]
        names = [self._name_tokens(option) for option in options]
        if len({name[0] for name in names}) == len(names):
            names = [name[:1] for name in names]
        probe = [*list_of_messages[0][:-1], {"role": "user", "content": "?"}]
        prefix = shared_beginning([*rows, self.tokens(probe)])
        with self._lock:
            table = self._log_probabilities(prefix, rows, names)
        if not torch.isfinite(table).all():
            raise LanguageModelError(
                f"{self.name} computed nan or infinity instead of numbers.")
        return [dict(zip(options, row)) for row in table.tolist()]

    def _name_tokens(self, option) -> list[int]:
        """The tokens of `option:` where a reply begins."""
        question = [{"role": "user", "content": "?"}]
        before = self.tokens(question)
        whole = self.tokens(question, start=f"{option}:")
        return whole[len(before):]

    def _log_probabilities(self, prefix, rows, names) -> torch.Tensor:
        """(conversations, names), from one pass over what is not kept.

        Row: prompt behind the prefix | padding | name 1 | name 2 | ...
        The last token of a name is read, never fed.
        """
        n = len(prefix)
        width = max(map(len, rows)) - n
        tails = [name[:-1] for name in names]
        extra = sum(map(len, tails))
        ids = torch.zeros(len(rows), width + extra, dtype=torch.long)
        positions = torch.arange(n, n + width + extra).repeat(len(rows), 1)
        for i, row in enumerate(rows):
            ids[i, :len(row) - n] = torch.tensor(row[n:])
            column = width
            for tail in tails:
                end = column + len(tail)
                ids[i, column:end] = torch.tensor(tail)
                positions[i, column:end] = torch.arange(
                    len(row), len(row) + len(tail))
                column = end
        lasts = [len(row) - n - 1 for row in rows]
        keep = sorted(set(lasts)) + list(range(width, width + extra))
        logits = self.network(
            input_ids=ids.to(self.device),
            position_ids=positions.to(self.device),
            attention_mask=self._mask(n, lasts, width, tails),
            past_key_values=self._past(prefix, len(rows)), use_cache=True,
            logits_to_keep=torch.tensor(keep, device=self.device),
        ).logits.float().log_softmax(-1)
        where = {column: k for k, column in enumerate(keep)}
        return torch.stack([
            self._read(logits[i], where, last, width, names)
            for i, last in enumerate(lasts)])

    @staticmethod
    def _read(logits, where, last, width, names):
        """(names,): the sum over each name's tokens, in one conversation."""
        totals, column = [], width
        for name in names:
            places = [last, *range(column, column + len(name) - 1)]
            column += len(name) - 1
            totals.append(sum(
                logits[where[place], token]
                for place, token in zip(places, name)))
        return torch.stack(totals)

    def _mask(self, n, lasts, width, tails):
        """Who sees whom, as a float mask; None where plain causal does."""
        extra = sum(map(len, tails))
        if not extra:
            return None  # padding stands behind all that is read
        sees = torch.ones(width + extra, n + width + extra).tril(n).bool()
        sees = sees.repeat(len(lasts), 1, 1)
        column = width
        for tail in tails:
            end = column + len(tail)
            sees[:, column:end, n + width:n + column] = False
            column = end
        for i, last in enumerate(lasts):  # names do not see the padding
            sees[i, width:, n + last + 1:n + width] = False
        mask = torch.zeros(sees.shape, dtype=self.dtype)
        mask[~sees] = torch.finfo(self.dtype).min
        return mask[:, None].to(self.device)

    def _past(self, prefix, batch):
        """What the network computed for `prefix`: a copy, so that the kept
        one stays as it is whatever happens to the pass that uses it."""
        key = tuple(prefix)
        if key not in self._kept:
            cache = DynamicCache(config=self.network.config)
            if prefix:
                ids = torch.tensor([prefix], device=self.device)
                self.network(input_ids=ids, past_key_values=cache,
                             use_cache=True, logits_to_keep=1)
            while len(self._kept) >= KEPT_PREFIXES:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = cache
        kept = self._kept[key]
        cache = copy.copy(kept)
        # A plain layer replaces its tensors when it grows: a shallow copy
        # is enough. Others may write into them.
        cache.layers = [
            copy.copy(layer) if type(layer) is DynamicLayer
            else copy.deepcopy(layer) for layer in kept.layers]
        if batch > 1 and prefix:
            cache.batch_repeat_interleave(batch)
        return cache


PLAIN_TEMPLATE = ("{% for message in messages %}{{ message.content }}\n\n"
                  "{% endfor %}")


def shared_beginning(rows) -> list[int]:
    """The ids with which all rows begin, leaving one of each at least."""
    n = min(map(len, rows)) - 1
    for i in range(n):
        if any(row[i] != rows[0][i] for row in rows):
            return rows[0][:i]
    return rows[0][:n]


def first_line_complete(text) -> bool:
    """True when a line of text is complete, thoughts left aside."""
    if "<think>" in text and "</think>" not in text:
        return False
    return "\n" in text.rpartition("</think>")[2].lstrip()


class Watch(StoppingCriteria):
    """Reads along while the model writes, and says when it is enough."""

    def __init__(self, tokenizer, skip, start, until, max_seconds, on_text):
        self.tokenizer, self.skip, self.start = tokenizer, skip, start
        self.until, self.on_text, self.text = until, on_text, ""
        self.deadline = time.monotonic() + max_seconds

    def __call__(self, input_ids, scores, **kwargs):
        text = self.tokenizer.decode(
            input_ids[0, self.skip:], skip_special_tokens=True)
        if not text.endswith("\ufffd"):  # half a character: wait for the rest
            if self.on_text is not None and len(text) > len(self.text):
                self.on_text(text[len(self.text):])
            self.text = text
        done = self.until(self.start + text)
        done = done or time.monotonic() > self.deadline
        return torch.tensor([done], device=input_ids.device)


class FiniteOnly(LogitsProcessor):
    """Ends with an error, not with nonsense, when logits are no numbers."""

    def __call__(self, input_ids, scores):
        if scores.isnan().any() or (scores == torch.inf).any():
            raise LanguageModelError(
                "the model computed nan or infinity instead of numbers.")
        return scores


@contextmanager
def own_random_numbers(device, seed):
    """Random numbers from `seed`, leaving everybody else's untouched."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
