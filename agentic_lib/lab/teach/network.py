"""A fresh small network of Qwen3's architecture."""

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM


def make_network(tokenizer, width=128, layers=3, seed=0):
    """A fresh small Qwen3."""
    torch.manual_seed(seed)
    return Qwen3ForCausalLM(Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=width,
        intermediate_size=3 * width, num_hidden_layers=layers,
        num_attention_heads=width // 32, num_key_value_heads=width // 64,
        head_dim=32, tie_word_embeddings=True, max_position_embeddings=2048,
        rope_theta=10_000.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=None))
