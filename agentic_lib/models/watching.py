"""What looks over a model's shoulder while it writes.

It shows each piece of text, ends the reply when it is long enough, and raises
an error for nan and infinity. Knows nothing about what is written.
"""

import copy
import time
from contextlib import contextmanager

import torch
from transformers import LogitsProcessor, StoppingCriteria


class Watch(StoppingCriteria):
    """Reads along, and says when to stop. `text` is what was written.

    skip     how many ids belong to the prompt
    start    what the reply was forced to begin with
    until    a function of the reply so far: True ends it
    on_text  None, or a function that gets each new piece of text
    """

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
        done = (self.until(self.start + self.text)
                or time.monotonic() > self.deadline)
        return torch.tensor([done], device=input_ids.device)


class FiniteOnly(LogitsProcessor):
    """Raises if logits are nan or infinite, before anything is drawn from
    them: on a GPU, drawing from nan breaks CUDA for the whole process."""

    def __call__(self, input_ids, scores):
        # -inf is how other processors forbid a token
        check_finite(scores.masked_fill(scores == -torch.inf, 0))
        return scores


def check_finite(logits):
    """Raises FloatingPointError for nan and infinity."""
    if not logits.isfinite().all():
        raise FloatingPointError("its logits are nan or infinite")


# What Qwen's model card advises, with thinking off and on.
SAMPLING = {
    False: {"temperature": 0.7, "top_p": 0.8, "top_k": 20},
    True: {"temperature": 0.6, "top_p": 0.95, "top_k": 20},
}
GREEDY = {"temperature": 1.0, "top_p": 1.0, "top_k": 50}  # counts as unset


def writing_settings(network, sample, thinking, max_new_tokens):
    """The network's own GenerationConfig, with these settings."""
    settings = copy.deepcopy(network.generation_config)
    settings.update(
        do_sample=bool(sample), max_length=None,
        max_new_tokens=max_new_tokens,
        **(SAMPLING[bool(thinking)] if sample else GREEDY))
    if settings.pad_token_id is None:
        settings.pad_token_id = 0  # one conversation: nothing is padded
    return settings


def first_line_complete(text) -> bool:
    """True when a line of text is complete, thoughts aside."""
    if "<think>" in text and "</think>" not in text:
        return False
    return "\n" in text.rpartition("</think>")[2].lstrip()


@contextmanager
def own_random_numbers(device, seed):
    """Random numbers from `seed`, leaving everybody else's untouched.

    seed  None if nothing will be drawn: setting one takes a millisecond
    """
    if seed is None:
        yield
        return
    apple = torch.mps.get_rng_state() if device.type == "mps" else None
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        try:
            yield
        finally:
            if apple is not None:
                torch.mps.set_rng_state(apple)
