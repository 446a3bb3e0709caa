"""Keeps what a network computed for the beginnings of prompts.

All prompts of a run begin alike. Attention only looks back, so what was
computed for a beginning holds for every prompt that starts with it, and a
decision costs only the tokens of its metrics. Knows nothing about texts: it
keeps token ids.
"""

import copy
import inspect

import torch
from transformers import GenerationMixin
from transformers.cache_utils import DynamicCache, DynamicLayer

MOST = 4  # beginnings kept at a time
# What transformers calls the cache in `forward`, `generate` and an output:
# "cache" since 5.24, "past_key_values" before.
CACHE = "cache" if "cache" in inspect.signature(
    GenerationMixin.prepare_inputs_for_generation).parameters \
    else "past_key_values"


class Prefixes:
    """{token ids: the network's cache of keys and values for them}.

    kept     the beginnings that many prompts share
    prompts  the last whole prompts, since a reply may be written after scoring
    """

    def __init__(self, network):
        self.network, self.kept, self.prompts = network, {}, {}

    def get(self, ids, batch=1) -> DynamicCache:
        """A cache for `batch` prompts that begin with `ids`."""
        key = tuple(ids)
        if key not in self.kept:
            keep(self.kept, key, self.compute(ids), MOST)
        cache = copy_of(self.kept[key])
        if batch > 1 and ids:
            cache.batch_repeat_interleave(batch)
        return cache

    def keep_prompt(self, ids, cache):
        """Keeps what was computed for a whole prompt."""
        keep(self.prompts, tuple(ids), cache, 2)  # both orders of the options

    def longest(self, ids, beginning) -> DynamicCache:
        """A cache for the longest known beginning of `ids`.

        This is a whole kept prompt if `ids` continue one, else what the
        function `beginning` returns.
        """
        for key, cache in self.prompts.items():
            if len(key) < len(ids) and tuple(ids[:len(key)]) == key:
                return copy_of(cache)
        return self.get(beginning())

    def compute(self, ids) -> DynamicCache:
        """Fills a new cache in one pass over `ids`, of shape (1, prefix)."""
        cache = DynamicCache(config=self.network.config)
        if ids:
            self.network(
                input_ids=torch.tensor([ids], device=self.network.device),
                use_cache=True, logits_to_keep=1, **{CACHE: cache})
        return cache


def keep(store, key, cache, most):
    """Adds `cache`, and drops the oldest while there are more than `most`."""
    store[key] = cache
    while len(store) > most:
        store.pop(next(iter(store)))


def copy_of(cache) -> DynamicCache:
    """A copy that a pass can use without changing the kept cache.

    A plain layer gets new tensors when it grows, so a shallow copy is enough;
    other layers may write into the tensors that they have.
    """
    made = copy.copy(cache)
    made.layers = [copy.copy(layer) if type(layer) is DynamicLayer
                   else copy.deepcopy(layer) for layer in cache.layers]
    return made


def shared_beginning(rows) -> list[int]:
    """The ids with which all rows begin, leaving at least one id of each."""
    n = min(map(len, rows)) - 1
    for i in range(n):
        if any(row[i] != rows[0][i] for row in rows):
            return rows[0][:i]
    return rows[0][:n]
