"""How fast the finished page is, and how much it loads.

    python site/measure.py

Opens site/dist in Chromium over a line of 20 Mbit/s with 40 ms of delay, three
times with an empty cache, and prints the middle one of each number. Needs
the extra "browser" and Chromium.
"""

import gzip
import os
import statistics
from datetime import date

from visiting import DIST, PATIENCE, visitor

LINE = {"offline": False, "latency": 40,
        "downloadThroughput": 20e6 / 8, "uploadThroughput": 5e6 / 8}
VISITS = 3
ASKED = 20  # slider positions


def main():
    """Prints a table."""
    with visitor() as (browser, address):
        visits = [visit(browser, address) for _ in range(VISITS)]
        version = browser.version
    found = {what: statistics.median(v[what] for v in visits)
             for what in visits[0]}
    load = os.getloadavg()[0]
    print(f"{date.today()}, Chromium {version}, `python site/measure.py`, "
          f"{os.cpu_count()} cores at a load of {load:.1f}\n")
    print("| what | measured |\n|---|---|")
    for what, value in found.items():
        print(f"| {what} | {value:.3g} |")
    print(f"| all files, text gzipped, MB | {size() / 1e6:.2f} |")


def visit(browser, address) -> dict[str, float]:
    """One visit with an empty cache."""
    page = browser.new_page(service_workers="block")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    page.goto(address)
    page.wait_for_selector(".choice:enabled", timeout=PATIENCE)
    playable = page.evaluate("performance.now()")
    page.wait_for_selector("#brain-status.ready", timeout=PATIENCE)
    times = page.evaluate("""() => ({
        paint: performance.getEntriesByName('first-contentful-paint')[0]
            .startTime,
        brain: performance.getEntriesByName('brain ready')[0].duration})""")
    page.wait_for_selector("#answers .bars")
    asked = [ask(page, 30 + i) for i in range(ASKED)]
    page.close()
    return {"first view, s": times["paint"] / 1000,
            "first decision possible, s": playable / 1000,
            "brain ready, s": times["brain"] / 1000,
            "a decision with its reason, ms": statistics.median(asked)}


def ask(page, accuracy) -> float:
    """Milliseconds that the worker took for a new position of a slider."""
    page.evaluate(
        "() => document.querySelector('#answers .answer').id = 'old'")
    page.fill("#knob-train_acc", str(accuracy))
    page.wait_for_selector("#answers .answer:not(#old)")
    return float(page.inner_text("#answers header .small").split()[0])


def size() -> int:
    """Bytes of a visit, as a server sends them that packs text."""
    return sum(
        len(path.read_bytes() if path.suffix == ".bin"
            else gzip.compress(path.read_bytes(), 6))
        for path in DIST.iterdir())


if __name__ == "__main__":
    main()
