"""Several processes that train one model: the first one decides for all.

Works wherever torch.distributed does: accelerate, torchrun, Lightning. Knows
nothing about decisions.
"""

from torch import distributed

from agentic_lib.mechanics.meeting import meet

# torch imports this module when it first wraps a network, and its functions
# keep the process group of that moment as their default. The group then
# outlives destroy_process_group(), and gloo's threads abort a process that
# still has them when it exits. If the module is imported before there is a
# group, it keeps none.
if distributed.is_available() and not distributed.is_initialized():
    import torch.distributed.nn.functional  # noqa: F401


def several() -> bool:
    """True in a job of several processes."""
    return (distributed.is_available() and distributed.is_initialized()
            and distributed.get_world_size() > 1)


def is_first() -> bool:
    """True in the first process, and if there is only one."""
    return not several() or distributed.get_rank() == 0


def from_first(function):
    """Calls `function` only in the first process; all return its result.

    Every process must call it. Raises RuntimeError if one does not.
    """
    if not several():
        return function()
    meet()
    box = [function() if is_first() else None]
    distributed.broadcast_object_list(box, src=0)
    return box[0]
