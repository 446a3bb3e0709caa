"""A tokenizer for the texts of the lab.

Its pieces are whole phrases, words, single digits, single characters, and
bytes for all the rest: any text can be written, and the prompts that are
taught become short. A text is cut into as few pieces as possible (a unigram
model with one score for all). The special tokens and the chat template are
Qwen's.
"""

import re
from string import printable

from tokenizers import AddedToken, Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from agentic_lib.brain.decision import ACTIONS
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.show.presets import PRESETS
from agentic_lib.brain.prompt import USER
from agentic_lib.lab.teach import reasons, texts

KNOWN = (*ACTIONS, COOL_DOWN)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>",
           "</think>")
SHORT = ("system\n", "user\n", "assistant\n", "nan", "inf", "\n\n",
         "% of the budget, ", " decisions", " decision", " left", "epoch ",
         ", ", " times", " time", " of ", " decisions ago", " decision ago",
         "now", " (", "%)", "%), ", ")\n", "), ")
TEMPLATE = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{{- message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
{%- endif %}"""


def literals():
    """Every stretch of text between two fields of a taught template."""
    systems = [*texts.SYSTEMS, *(p.system for p in PRESETS.values())]
    users = [USER, *(p.user for p in PRESETS.values()),
             *(line for group in texts.WORDINGS for line in group)]
    replies = [" " + r[2] for group in reasons.REASONS.values() for r in group]
    replies += [" " + text for text in reasons.PLAIN.values()]
    meanings = [": " + a.meaning.replace("{factor}", "{}") for a in KNOWN]
    trends = ["rising fast", "rising slowly", "flat", "falling"]
    for text in (*systems, *users, *replies, *meanings, *trends):
        yield from re.split(r"\{\w*\}|\d|[][]", text)


def pieces():
    """The vocabulary: phrases, words, characters; digits stay single."""
    found = dict.fromkeys(SHORT)
    for text in literals():
        for line in re.split(r"(\n)", text):
            if line:
                found[line] = None
            for word in re.findall(r" ?\w+", line):
                found[word] = None
                found[word.strip()] = None
    found.update(dict.fromkeys(
        [a.name for a in KNOWN] + ["- " + a.name for a in KNOWN]))
    found.update(dict.fromkeys(printable))
    # A reply continues after "name:": no piece may begin with that colon.
    return [p for p in found if not (p.startswith(":") and len(p) > 1)
            or p in meanings_of_actions()]


def meanings_of_actions():
    """': keep the learning rate ...' as it follows a name."""
    return {re.split(r"\{", ": " + a.meaning)[0] for a in KNOWN}


def make_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer, the same at every call."""
    vocabulary = [(token, 0.0) for token in SPECIAL]
    vocabulary += [(piece, -1.0) for piece in pieces()]
    vocabulary += [(f"<0x{i:02X}>", -4.0) for i in range(256)]
    tokenizer = Tokenizer(models.Unigram(
        vocabulary, unk_id=0, byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([
        AddedToken(t, special=True, normalized=False) for t in SPECIAL[:3]])
    tokenizer.add_tokens([
        AddedToken(t, special=False, normalized=False) for t in SPECIAL[3:]])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>",
        pad_token="<|endoftext|>", chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False, model_max_length=2048)
