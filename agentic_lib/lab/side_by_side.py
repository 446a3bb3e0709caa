"""What two runs side by side cost, compared with one alone.

    python -m agentic_lib.lab.side_by_side

Each run is a process of its own at the machine's default settings. Prints
the seconds that training takes, without the imports. On two processors the
ratio should stay near 1: see models/threads.py.
"""

import subprocess
import sys
from statistics import median

RUN = """
import time
from agentic_lib import train
train("digits", None, epochs=1)
started = time.perf_counter()
train("digits", None, epochs=60)
print(time.perf_counter() - started)
"""


def seconds(at_once) -> list[float]:
    """The seconds of each of `at_once` runs that start together."""
    running = [subprocess.Popen([sys.executable, "-c", RUN], text=True,
                                stdout=subprocess.PIPE)
               for _ in range(at_once)]
    return [float(process.communicate()[0]) for process in running]


def main(repeats=5):
    alone = median(seconds(1)[0] for _ in range(repeats))
    together = median(s for _ in range(repeats) for s in seconds(2))
    print(f"A run of 60 epochs on digits: {alone:.2f} s alone, "
          f"{together:.2f} s with another one beside it: "
          f"{together / alone:.2f} times as long "
          f"(medians of {repeats}).")


if __name__ == "__main__":
    main()
