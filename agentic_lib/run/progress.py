"""Shows a run in a terminal or a cell: a progress bar, and every decision.

Knows nothing about how a run is trained or saved.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm.auto import tqdm

from agentic_lib.messages import say


def show(steps: Iterable, training: Any) -> Iterator[tuple]:
    """Goes through `steps`, shows them and yields them.

    steps  (Metrics, Decision or None) after every epoch
    Prints each decision as it is made, and at the end how long all of them
    took together.
    """
    started = time.perf_counter()
    with tqdm(total=training.epochs, unit="epoch") as bar:
        for metrics, decision in steps:
            bar.update(metrics.epoch - bar.n)  # a resumed run begins later
            if metrics.val_acc is not None:
                bar.set_postfix_str(f"validation {metrics.val_acc:.1f} %",
                                    refresh=False)
            if decision is not None:
                bar.write(str(decision))
            yield metrics, decision
    spent = training.run.seconds_deciding
    if spent:
        whole = time.perf_counter() - started
        say(f"All decisions together took {spent:.2f} s of {whole:.1f} s: "
            f"{spent / whole:.1%}.")
