"""How many processor threads a computation gets.

A small network gains nothing from a second thread, and loses a lot as soon as
several processes share the processors: its threads then wait for each other
after every tiny matrix product. So small networks are trained, and small
brains asked, on one thread, whatever the process is set to. Afterwards the
process gets its own setting back; large networks and brains use that one.
One thread also adds numbers up in a fixed order, so a run gives the same
numbers on every machine of the same kind.

AGENTIC_LIB_THREADS=all in the environment switches this off. Knows nothing
about what is computed.
"""

import os
import threading
from contextlib import contextmanager

import torch

SMALL_BRAIN = 5_000_000   # weights of a language model
SMALL_STEP = 10_000_000   # weights x examples in a batch

_local = threading.local()  # torch, too, keeps one setting per thread


def is_small_brain(network) -> bool:
    """Does this language model run best on one thread?"""
    return weights_of(network) < SMALL_BRAIN


def is_small_network(network, batch_size) -> bool:
    """Does this network train best on one thread?

    It does if it has no convolution (which uses each weight many times for
    every example) and if weights x batch_size is below ten million: then a
    step takes about a millisecond or less.
    """
    convolves = any(isinstance(module, torch.nn.modules.conv._ConvNd)
                    for module in network.modules())
    return not convolves and weights_of(network) * batch_size < SMALL_STEP


def weights_of(network) -> int:
    """The number of weights, each counted once."""
    return sum(p.numel() for p in network.parameters())


@contextmanager
def threads_for(small):
    """Sets the number of threads while the block runs.

    This is one if `small`; else it is what the process is set to, even inside
    a block that has one thread.
    """
    if os.environ.get("AGENTIC_LIB_THREADS") == "all":
        yield
        return
    before, outer = torch.get_num_threads(), settings()
    outer.append(before)
    torch.set_num_threads(1 if small else outer[0])
    try:
        yield
    finally:
        outer.pop()
        torch.set_num_threads(before)


def use_one_thread():
    """Uses one thread in this process from here on.

    Made for notebooks, in which learners train small networks in cells of
    their own. Large networks still get as many threads as before.
    """
    if os.environ.get("AGENTIC_LIB_THREADS") != "all" and not settings():
        settings().append(torch.get_num_threads())
        torch.set_num_threads(1)


def settings() -> list[int]:
    """The numbers of threads around the current block, outermost first."""
    if not hasattr(_local, "settings"):
        _local.settings = []
    return _local.settings
