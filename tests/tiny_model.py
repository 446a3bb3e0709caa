"""A real Qwen3 model with a handful of weights, and a real tokenizer for it.

Everything is made here, nothing is downloaded. Its answers are nonsense,
which is all that tests of loading, writing and scoring need.
"""

import functools

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from agentic_lib.brain.decision import Metrics
from agentic_lib.brain.prompt import SYSTEM, USER
from agentic_lib.lab.bench import make_tokenizer


@functools.cache
def _tokenizer_text():
    return "\n".join([SYSTEM, USER, "restore_best\nreduce_a_lot"] * 3)


def tiny_tokenizer():
    """ChatML with Qwen's thinking switch; the names begin with `continue`,
    `reduce`, `increase` and `stop`, one token each, as in Qwen's."""
    return make_tokenizer(_tokenizer_text(), vocab_size=700)


def tiny_network(tokenizer=None, seed=0, dtype=torch.float32):
    """A Qwen3ForCausalLM with two layers of width 32."""
    tokenizer = tokenizer or tiny_tokenizer()
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=8, max_position_embeddings=4096, tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = Qwen3ForCausalLM(config)
        with torch.no_grad():  # the usual weights would say nearly nothing
            for weight in network.parameters():
                if weight.dim() > 1:
                    weight.mul_(8)
    network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.generation_config.pad_token_id = tokenizer.pad_token_id
    return network.to(dtype).eval()


def save_tiny_model(folder, seed=0, dtype=torch.float32):
    """Writes config, weights, tokenizer and chat template to `folder`."""
    tokenizer = tiny_tokenizer()
    tiny_network(tokenizer, seed, dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_language_model(seed=0):
    """A LanguageModel over a tiny network, from no folder."""
    from agentic_lib.models.language_model import LanguageModel

    tokenizer = tiny_tokenizer()
    return LanguageModel(tiny_network(tokenizer, seed), tokenizer, "tiny")


def make_history(epochs=10, start=10.0, step=3.0, total=60):
    """A run that learns steadily."""
    return [Metrics(
        epoch=epoch, total_epochs=total, learning_rate=0.01,
        train_acc=min(max(start + step * epoch, 0), 100),
        val_acc=min(max(start + 0.9 * step * epoch, 0), 100),
        train_loss=2.3 / epoch, val_loss=2.4 / epoch)
        for epoch in range(1, epochs + 1)]
