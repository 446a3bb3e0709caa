"""Pictures of the page for the READMEs: site/screens/*.png.

    python site/make.py && python site/screens.py

Plays a game by the same twelve decisions each time. Needs the extra "browser"
and Chromium.
"""

import io
from pathlib import Path

from PIL import Image
from visiting import PATIENCE, visitor, wait_until_ready

OUT = Path(__file__).parent / "screens"
DECISIONS = "rrrcriccrrcc"  # as letters, for the keyboard


def main():
    """Writes all pictures."""
    OUT.mkdir(exist_ok=True)
    with visitor() as (browser, address):
        for width, height, scheme in ((1180, 760, "light"),
                                      (360, 740, "dark")):
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=scheme, reduced_motion="reduce",
                device_scale_factor=1.5 if width < 500 else 1,
                service_workers="block")
            page.goto(address)
            wait_until_ready(page)
            kind = "phone" if width < 500 else "wide"
            if kind == "phone":
                keep(page, "start_phone")
            play(page)
            keep(page, f"game_{kind}")
            if kind == "wide":
                reverse(page)
                keep(page, "prompt_wide")
            show_map(page)
            keep(page, f"map_{kind}")
            page.close()


def play(page):
    """A whole game, up to the scores."""
    for letter in DECISIONS:
        page.wait_for_selector(".choice:enabled", timeout=PATIENCE)
        page.keyboard.press(letter)
        page.wait_for_timeout(50)
    page.click("#after button", timeout=PATIENCE)
    page.wait_for_selector("#verdict:not([hidden])", timeout=PATIENCE)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")


def reverse(page):
    """The sliders as they stand, the options in reverse order."""
    page.evaluate("() => document.getElementById('prompt').scrollIntoView()")
    page.wait_for_selector("#answers .answer:nth-child(2)", timeout=PATIENCE)
    page.locator("#order input[value=reversed]").check()


def show_map(page):
    """The whole map, and one of its points."""
    page.evaluate("() => document.getElementById('map').scrollIntoView()")
    page.wait_for_selector("#map-picture[data-done=true]", timeout=PATIENCE)
    page.locator("#map-picture .cell").nth(21 * 9 + 14).click()
    page.wait_for_selector("#map-point pre", timeout=PATIENCE)
    page.evaluate("() => document.activeElement.blur()")


def keep(page, name):
    """A screenshot, packed as well as PNG can."""
    page.wait_for_timeout(300)
    path = OUT / f"{name}.png"
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(
        path, optimize=True)
    print(f"site/screens/{name}.png  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
