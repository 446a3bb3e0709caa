"""The loop that teaches a network: lessons in, weights out.

It lasts a number of seconds or of steps. Teaching by steps can be repeated bit
for bit on one machine with one thread; teaching by seconds cannot. Knows
nothing about labels or prompts.
"""

import itertools
import time
from pathlib import Path

import numpy as np
import torch

from agentic_lib.lab.teach.loss import Reader, loss_of

REASON = 0.8   # weight of the reason's loss
PROMPT = 0.2   # weight of the loss of the metrics in the prompt
FACTS = 2.0    # weight of the reader's loss
WARM_UP = 50   # steps until the rate is reached
FALL = 0.65    # share of the teaching after which the rate falls
SPEAK = 20     # seconds between two reports
KEEP = 60      # seconds between two copies, in case of an interruption
# Half precision pays if the processor has instructions for it.
QUICK = torch.cpu._is_avx512_bf16_supported()


def teach(network, batches, seconds=None, steps=None, rate=2e-3, keep=None,
          say=print, halfway=None):
    """Trains for `seconds` or `steps`: the rate holds, then falls to 0.

    keep     a file for all that is needed to resume after an interruption,
             written every minute until the rate falls; `batches` must then
             give the same ones again
    halfway  called once, after half of the teaching
    Raises ValueError unless exactly one of `seconds` and `steps` is given.
    """
    if (seconds is None) == (steps is None):
        raise ValueError(f"seconds={seconds}, steps={steps}: give one of "
                         "the two.")
    network.reader = reader = Reader(network.config.hidden_size)
    optimizer = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad], rate,
        betas=(0.9, 0.98), weight_decay=0.05)
    spent, done = resume(keep, network, optimizer)
    begin = time.time() - spent
    spoken = kept = time.time()
    losses = []
    for step in itertools.count():
        share = step / steps if steps else (time.time() - begin) / seconds
        if share >= 1:
            del network.reader
            return network.eval()
        if halfway and share >= 0.5:
            halfway()
            halfway = None
        batch = next(batches)
        if steps and step < done:
            continue  # this one was learned before the interruption
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / WARM_UP,
                                     (1 - share) / (1 - FALL), 1)
        losses.append(one_step(network, reader, optimizer, batch))
        if time.time() - spoken > SPEAK:
            say(f"{share:4.0%}  step {step}  {describe(losses)}")
            spoken, losses = time.time(), []
        if keep and share < FALL and time.time() - kept > KEEP:
            kept = time.time()
            torch.save({"network": network.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "seconds": kept - begin, "steps": step + 1}, keep)


def one_step(network, reader, optimizer, batch) -> list[float]:
    """One step of the optimizer; returns the losses of names, reasons,
    reading, names in prompts that show all numbers, and metrics."""
    with torch.autocast("cpu", torch.bfloat16, QUICK):
        names, words, metrics, facts = loss_of(network, batch, reader)
        loss = (names.mean() + REASON * words + PROMPT * metrics
                + FACTS * facts)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    whole = [names[i].item() for i, e in enumerate(batch)
             if e.facts is not None]
    return [names.mean().item(), words.item(), facts.item(),
            np.mean(whole or names.tolist()), metrics.item()]


def describe(losses) -> str:
    """The means of what `one_step` returned, in words."""
    names, words, facts, whole, metrics = np.mean(losses, 0)
    return (f"loss of names {names:.3f} (with all numbers shown "
            f"{whole:.3f}), of reasons {words:.3f}, of metrics "
            f"{metrics:.3f}, of reading {facts:.4f}")


def resume(keep, network, optimizer):
    """Restores what `teach` kept; returns the (seconds, steps) spent on it."""
    if keep is None or not Path(keep).exists():
        return 0.0, 0
    saved = torch.load(keep)
    network.load_state_dict(saved["network"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["seconds"], saved["steps"]
