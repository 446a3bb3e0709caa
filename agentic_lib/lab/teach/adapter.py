"""The same lessons for a model that can already read: a LoRA adapter.

Needs peft, and a GPU for anything of Qwen's size. The adapter is merged into
the weights at the end, so that the folder loads like any other model's.
"""

import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.teach.forest import teacher
from agentic_lib.lab.teach.lessons import Lessons
from agentic_lib.lab.teach.loss import loss_of
from agentic_lib.models.taught import write_taught


def teach_adapter(model, groups, seconds, folder, seed=0, rank=8, steps=None,
                  rate=2e-4, say=print):
    """Teaches a LoRA adapter for `model`, and writes the merged model.

    model   a hub id or a folder
    groups  labels, as `labels.unpack` returns them
    seconds, steps  limits on the teaching; the first one reached ends it,
                    None for no limit
    Raises ImportError naming the extra if peft is missing.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise ImportError("a LoRA adapter needs peft: pip install "
                          "'agentic-lib[peft]'") from None
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(model)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    base.to("cuda" if torch.cuda.is_available() else "cpu")
    network = get_peft_model(base, LoraConfig(
        r=rank, lora_alpha=2 * rank, task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"]))
    policy = teacher(groups, seed)
    lessons = Lessons(groups, policy, tokenizer, seed)
    optimizer = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad], rate)
    begin = time.time()
    for step, batch in enumerate(lessons.batches()):
        if step == steps or seconds and time.time() - begin > seconds:
            break
        names, words, *_ = loss_of(network.get_base_model(), batch)
        optimizer.zero_grad()
        (names.mean() + words).backward()
        optimizer.step()
        if step % 20 == 0:
            say(f"step {step}: names {names.mean():.3f}, reasons {words:.3f}")
    network.merge_and_unload().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_taught(folder, actions=NAMES, mode="score")
