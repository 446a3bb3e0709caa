"""For tests and notebooks alike: no network, the brain that ships, and green
means that everything ran.

An xfail or an xpass fails: nbval marks so every cell that follows one that
ran out of time. With AGENTIC_LIB_NO_SKIPS set, as in CI, a test that is
skipped because an extra, a browser or a front end is missing fails, too.
"""

import os

import pytest
from hypothesis import settings

# Properties are tried on the same examples at every run: what is green for
# one person is green for all. CI searches for new ones once a week:
# `python -m pytest --hypothesis-profile=search`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None)
settings.load_profile("same")

# No test may ask a hub, and "auto" is the same brain on every machine.
os.environ.setdefault("AGENTIC_LIB_BRAIN", "bundled")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Many tests share few processors: a thread that waits must not spin.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# What takes longest starts first, or one worker would end alone with it.
LONGEST = (
    "test_site_in_browser.py", "test_widgets_in_browser.py",
    "08_teach_the_brain.ipynb", "test_notebooks.py", "test_processes.py",
    "test_server.py", "test_recipes.py", "test_results_page.py",
    "05_run_the_full_loop.ipynb", "06_visualise.ipynb",
    "workshop_90.ipynb", "test_compare_runs.py", "test_lab.py",
    "03_parse_decisions.ipynb", "04_score_the_options.ipynb",
    "07_does_it_help.ipynb", "test_brain.py", "test_check.py",
    "test_naive_brain.py", "test_resume.py", "test_main.py",
    "test_frameworks.py", "test_site.py", "test_notebooks_published.py",
    "test_compare_file.py", "02_craft_prompts.ipynb", "test_bench.py",
    "test_room_in_browser.py", "test_language_model.py")


# Deprecations that other packages cause among themselves.
FOREIGN = (
    "`isinstance.treespec, LeafSpec.` is deprecated",  # Lightning, of torch
    "`is_gradient_checkpointing` is deprecated",  # peft, of transformers
)


def pytest_configure(config):
    """In CI, a deprecated name is an error wherever the warning points: what
    a network is called with is reported as torch's own line. Elsewhere a
    reader's newer packages may warn."""
    if os.environ.get("AGENTIC_LIB_NO_SKIPS"):
        for kind in ("FutureWarning", "DeprecationWarning"):
            config.addinivalue_line("filterwarnings", f"error::{kind}")
        for text in FOREIGN:
            config.addinivalue_line("filterwarnings", f"ignore:{text}")


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
    for item in items:
        if hasattr(item, "output_timeout"):  # a cell: nbval has no option
            item.output_timeout = 60  # seconds; 5 are few on a busy machine


def refuse(report):
    """Turns what only looks green into a failure."""
    if hasattr(report, "wasxfail"):
        why = f"expected to fail: {report.wasxfail or report.longrepr}"
        del report.wasxfail
    elif report.skipped and os.environ.get("AGENTIC_LIB_NO_SKIPS"):
        why = f"skipped, with all extras: {report.longrepr}"
    else:
        return
    report.longrepr, report.outcome = why, "failed"


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    outcome = yield
    refuse(outcome.get_result())


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    outcome = yield
    refuse(outcome.get_result())
