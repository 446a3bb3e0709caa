"""One browser for the tests of a module."""

import pytest
from front_ends import FLAGS, chromium


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if chromium() is None:
        pytest.skip("no chromium is installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=chromium(),
                                        args=FLAGS)
        yield found
        found.close()
