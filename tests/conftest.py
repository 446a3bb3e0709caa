"""For the tests: one thread, floats as everybody has them, what was said."""

import logging
import sys

import pytest


@pytest.fixture(autouse=True)
def one_thread():
    """Tests train small networks in loops of their own, in several processes
    at once; a second thread for each would only wait."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True)
def ordinary_floats():
    """The lab flushes denormal numbers to zero, for speed and for the whole
    process; other tests must not see that."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture
def said():
    """What the library said, one text for each message."""
    texts = []

    class Keeper(logging.Handler):
        def emit(self, record):
            texts.append(record.getMessage())

    keeper = Keeper()
    logging.getLogger("agentic_lib").addHandler(keeper)
    yield texts
    logging.getLogger("agentic_lib").removeHandler(keeper)
