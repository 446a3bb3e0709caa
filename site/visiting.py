"""The finished site on a server of its own, and Chromium to visit it."""

import functools
import http.server
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

DIST = Path(__file__).parent / "dist"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-sync"]
PATIENCE = 180_000  # milliseconds


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def visitor():
    """(browser, address of the site), for as long as the block runs."""
    if not (DIST / "index.html").exists():
        raise SystemExit(f"{DIST} does not hold the site yet: run "
                         "`python site/make.py` first.")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=DIST))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=FLAGS)
        yield browser, f"http://127.0.0.1:{server.server_port}/"
        browser.close()
    server.shutdown()


def wait_until_ready(page):
    """The brain can be asked, and the game waits for a decision."""
    page.wait_for_selector("#brain-status.ready", timeout=PATIENCE)
    page.wait_for_selector(".choice:enabled", timeout=PATIENCE)
