"""What the library says: through the standard logger "agentic_lib".

Messages go to standard output, as they would with print, and one switch
silences them all: `agentic_lib.silence()`, or AGENTIC_LIB_QUIET=1 in the
environment. A program that logs in its own way sets
`logging.getLogger("agentic_lib")` up as it likes. Knows nothing about what is
said.
"""

import logging
import os
import sys

log = logging.getLogger("agentic_lib")


class Shown(logging.StreamHandler):
    """Writes to the standard output of the moment: notebooks and tests
    replace it."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(message)s"))

    @property
    def stream(self):
        return sys.stdout


if not log.handlers:
    log.addHandler(Shown())
    log.propagate = False  # or a program's own handlers would say it twice
    log.setLevel(logging.CRITICAL if os.environ.get("AGENTIC_LIB_QUIET")
                 else logging.INFO)


def say(text: str) -> None:
    """Tells the user something that needs no action."""
    log.info(text)


def warn(text: str) -> None:
    """Tells the user something that they should do something about."""
    log.warning(text)


def warn_once(told: set, cause: str, text: str) -> None:
    """`warn`, unless `told` holds this cause already.

    told  a set that belongs to the run or the object that warns
    """
    if cause not in told:
        told.add(cause)
        warn(text)


def silence(silent: bool = True) -> None:
    """Nothing is said any more, warnings included; False undoes it."""
    log.setLevel(logging.CRITICAL if silent else logging.INFO)
