"""For all tests: offline, quiet about tokens; and no skip where CI runs.

With AGENTIC_LIB_NO_SKIPS set, a test that is skipped for want of an extra, of
a browser or of a front end fails.
"""

import os
import sys

import pytest

# No test may ask a hub, and "auto" is the same brain on every machine.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("AGENTIC_LIB_BRAIN", "bundled")


def refuse_skip(report):
    """Turns a skip into a failure, where none is allowed."""
    if os.environ.get("AGENTIC_LIB_NO_SKIPS") and report.skipped and \
            not hasattr(report, "wasxfail"):
        report.longrepr = f"skipped, with all extras: {report.longrepr}"
        report.outcome = "failed"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    refuse_skip(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    refuse_skip(outcome.get_result())


@pytest.fixture(autouse=True)
def ordinary_floats():
    """The lab flushes denormal numbers to zero, for speed and for the whole
    process; no other test is to meet that."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
