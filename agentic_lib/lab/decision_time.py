"""How long a decision of the bundled brain takes, on one thread.

    python -m agentic_lib.lab.decision_time

Prints medians over saved states: scored in one order of the options, in both,
and with the reason written.
"""

import time
from statistics import median

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.lab.saved_states import read_states

WAYS = (("scored, one order of the options", False, False),
        ("scored, both orders where close", True, False),
        ("scored, its reason written", False, True))


def main(states=60):
    histories = [state["history"] for state in read_states()[:states]]
    for name, both_orders, explain in WAYS:
        brain = SimpleAIBrain("bundled", explain=explain, quiet=True,
                              both_orders=both_orders)
        took = []
        for history in histories:
            started = time.perf_counter()
            decision = brain.analyze_training(history)
            if decision.source == "model":
                took.append(1000 * (time.perf_counter() - started))
        print(f"{name}: {median(took):.1f} ms (median of {len(took)})")


if __name__ == "__main__":
    main()
