"""One method on one task: trains its runs and returns a row for each.

Networks are trained side by side wherever that can be done (`together.py`,
`guarded.py`), everything else one after another in the loop of `train()`
(`alone.py`). All begin with the same weights and go through the data in the
same order, so that a row does not depend on which of them made it. The test
data is read once, at the end.
"""

import torch

from agentic_lib.lab.compare.alone import run_alone
from agentic_lib.lab.compare.guarded import run_guarded
from agentic_lib.lab.compare.rows import Row
from agentic_lib.lab.compare.together import run_batched

__all__ = ["Row", "run_alone", "run_batched", "run_guarded", "run_job"]


def run_job(task, method, pairs) -> list[Row]:
    """Runs of a method on a task, one for each (rate, seed)."""
    torch.set_num_threads(1)
    if method.search:
        return method.search(task, method, [seed for _, seed in pairs])
    if method.optimizer or not task.side_by_side:
        return [run_alone(task, method, *pair) for pair in pairs]
    if method.guards:
        return run_guarded(task, method, pairs)
    return run_batched(task, method, pairs)
