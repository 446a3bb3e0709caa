"""A real Qwen3 model with a handful of weights, and a real tokenizer for it.

Everything is made here: no download. Its answers are nonsense, which is what
the tests of loading, writing and scoring need; `reply_bias` makes it prefer
what a test wants.
"""

import torch
from tokenizers import (
    Regex, Tokenizer, decoders, models, pre_tokenizers, trainers,
)
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

# ChatML with Qwen's switch: thinking off puts an empty block behind the
# assistant's header.
CHAT_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false -%}
<think>

</think>

{% endif -%}
{%- endif -%}"""

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Words that one token stands for, as in Qwen's vocabulary.
TEXT = """continue
reduce_learning_rate
increase_learning_rate
stop_training
reduce
increase
stop
Epoch: Learning rate Training accuracy Validation loss Gap points Best Change
system user assistant Which action? the a of and is to in it lower higher
keep as end now multiply by what was learned restore_best : , . % + - nan
You control the learning rate of a neural network while it trains."""


def tiny_tokenizer(vocab_size=600) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer that splits text as Qwen's does."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(
        # Qwen's pattern: words with one character before them, single digits,
        # punctuation, line ends.
        Regex(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
        behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        split, pre_tokenizers.ByteLevel(add_prefix_space=False,
                                        use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [TEXT] * 20, trainers.BpeTrainer(
            vocab_size=vocab_size, special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>",
        pad_token="<|endoftext|>")
    fast.add_tokens(["<think>", "</think>"])  # not special, as in Qwen's
    fast.chat_template = CHAT_TEMPLATE
    return fast


def tiny_network(tokenizer=None, seed=0, dtype=torch.float32):
    """A Qwen3ForCausalLM with two layers of width 32."""
    tokenizer = tokenizer or tiny_tokenizer()
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=8, max_position_embeddings=4096, tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Qwen3ForCausalLM(config).to(dtype)
        with torch.no_grad():  # the default weights would say nearly nothing
            for weight in network.parameters():
                if weight.dim() > 1:
                    weight.mul_(8)
    network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.generation_config.pad_token_id = tokenizer.pad_token_id
    return network.eval()


def save_tiny_model(folder, seed=0, dtype=torch.float32):
    """Writes config, weights, tokenizer and chat template to `folder`."""
    tokenizer = tiny_tokenizer()
    tiny_network(tokenizer, seed, dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_language_model(seed=0):
    """A LanguageModel over a tiny network, not loaded from anywhere."""
    from agentic_lib.language_model import LanguageModel

    tokenizer = tiny_tokenizer()
    return LanguageModel(tiny_network(tokenizer, seed), tokenizer, "tiny")
