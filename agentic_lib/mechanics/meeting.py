"""Several processes wait for each other, or learn that one is missing.

Knows nothing about why they wait.
"""

import time
from datetime import timedelta

from torch import distributed

PATIENCE = 120  # seconds that one process waits for the others
count = 0


def meet():
    """Waits until every process has come here as often as this one.

    Raises RuntimeError if one does not come: a broadcast would hang until
    torch's own, much longer timeout, and say less.
    """
    global count
    store = distributed.distributed_c10d._get_default_store()
    me, size = distributed.get_rank(), distributed.get_world_size()
    count += 1
    store.set(f"agentic_lib/{count}/{me}", "here")
    if count > 2:  # by now every process has passed that meeting
        store.delete_key(f"agentic_lib/{count - 2}/{me}")
    until = time.monotonic() + PATIENCE
    for other in range(size):
        left = max(0.1, until - time.monotonic())
        try:
            store.wait([f"agentic_lib/{count}/{other}"],
                       timedelta(seconds=left))
        except Exception as error:  # each backend raises its own
            raise RuntimeError(
                f"Process {me} has waited {PATIENCE} s for process {other}: "
                "every process must call the controller's step(), not the "
                "main one alone. Take it out of `if is_main_process:`; the "
                "first process decides for all.") from error
