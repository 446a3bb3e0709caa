"""A small language model -> one ONNX file that a browser can run.

The graph does one step: new tokens and what was kept of the old ones go in,
the logits behind the last token and what is now kept come out. So the page
pays for the constant beginning of a prompt once, and for each word that it
writes one token. Knows nothing about prompts.
"""

import inspect
import tempfile
import warnings
from pathlib import Path

import torch
from transformers.cache_utils import DynamicCache

LONGEST = 2000  # tokens of a prompt and its reply


class Step(torch.nn.Module):
    """(1, new) token ids and (2 x layers, 1, heads, old, width) keys and
    values -> logits (1, vocabulary), keys and values of old and new.

    Keys and values of all layers are one tensor: of two inputs of one shape
    torch's exporter (2.14) takes the first one's slices for both.
    """

    def __init__(self, network):
        super().__init__()
        self.network = network
        names = inspect.signature(network.forward).parameters
        self.cache = "cache" if "cache" in names else "past_key_values"

    def forward(self, ids, kept):
        cache = DynamicCache(config=self.network.config)
        for i in range(self.network.config.num_hidden_layers):
            cache.update(kept[2 * i], kept[2 * i + 1], i)
        old, new = kept.shape[3], ids.shape[1]
        places = torch.arange(old, old + new)
        sees = torch.arange(old + new)[None] <= places[:, None]
        found = self.network(
            input_ids=ids, position_ids=places[None], use_cache=True,
            attention_mask=torch.where(sees, 0.0, -1e9)[None, None],
            logits_to_keep=1, **{self.cache: cache})
        return found.logits[:, -1], torch.stack([
            tensor for layer in cache.layers
            for tensor in (layer.keys, layer.values)])


def shape_kept(config) -> list[int]:
    """The shape of what is kept, before there is anything to keep."""
    width = getattr(config, "head_dim", None) or (
        config.hidden_size // config.num_attention_heads)
    return [2 * config.num_hidden_layers, 1, config.num_key_value_heads, 0,
            width]


def to_onnx(network) -> bytes:
    """The ONNX file of a transformers causal language model."""
    some = shape_kept(network.config)
    some[3] = 7  # any number will do: it is declared to vary
    new = torch.export.Dim("new", min=1, max=LONGEST)
    old = torch.export.Dim("old", min=0, max=LONGEST)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Step(network).eval(), (torch.ones(1, 9, dtype=torch.long),
                                   torch.zeros(some)),
            input_names=["ids", "kept"], output_names=["logits", "now_kept"],
            dynamic_shapes=({1: new}, {3: old}), dynamo=True, verbose=False)
        path = Path(folder) / "brain.onnx"
        program.save(path, external_data=False)
        return path.read_bytes()
