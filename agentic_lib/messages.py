"""What the library says: through the standard logger "agentic_lib".

Messages go to standard output, as they would with print, and one switch
silences them all: `agentic_lib.silence()`, or AGENTIC_LIB_QUIET=1 in the
environment. A program with its own logging can set up
`logging.getLogger("agentic_lib")` as it likes. Knows nothing about what is
said.
"""

import logging
import os
import sys

log = logging.getLogger("agentic_lib")


class Shown(logging.StreamHandler):
    """Writes to the current standard output.

    Notebooks and tests replace the standard output.
    """

    def __init__(self):
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(message)s"))

    @property
    def stream(self):
        return sys.stdout


def say(text: str) -> None:
    """Tells the user something that needs no action."""
    log.info(text)


def warn(text: str) -> None:
    """Tells the user something that they should act on."""
    log.warning(text)


def warn_once(told: set, cause: str, text: str) -> None:
    """`warn`, unless `told` holds this cause already.

    told  a set that belongs to the run or the object that warns
    """
    if cause not in told:
        told.add(cause)
        warn(text)


def silence(silent: bool = True) -> None:
    """Silences everything, warnings included; False undoes it."""
    log.setLevel(logging.CRITICAL if silent else logging.INFO)


if not log.handlers:
    log.addHandler(Shown())
    log.propagate = False  # or a program's own handlers would say it twice
    silence(bool(os.environ.get("AGENTIC_LIB_QUIET")))
