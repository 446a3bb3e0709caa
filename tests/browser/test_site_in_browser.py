"""The web page in a real browser: a game by keyboard, the map, no network.

It is served under a sub-path, as project pages are.
"""

import functools
import http.server
import sys
import threading
from pathlib import Path

import pytest
from front_ends import PATIENCE

sys.path.append(str(Path(__file__).parents[1]))
from built_site import SITE, built  # noqa: E402

from agentic_lib import SimpleAIBrain  # noqa: E402
from agentic_lib.show.experiments import situation  # noqa: E402

SUB_PATH = "some/where"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """site/dist at /some/where/, what tests need at /tests/..."""

    def translate_path(self, path):
        for prefix, folder in ((f"/{SUB_PATH}/", SITE / "dist"),
                               ("/tests/", SITE)):
            if path.startswith(prefix):
                rest = path.removeprefix(prefix).partition("?")[0]
                return str(folder / (rest or "index.html"))
        return "/nowhere"

    def log_message(self, *_):
        pass


class Server:
    """On this machine alone, and only until `stop`."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet))
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        self.address = f"{self.root}/{SUB_PATH}/"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def browser(browser):
    built()
    return browser


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.stop()


def open_page(browser, **settings):
    """A page that remembers what it asked for and what it complained of."""
    context = browser.new_context(**{
        "service_workers": "block", "viewport": {"width": 1280,
                                                 "height": 800},
        "reduced_motion": "reduce", **settings})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.asked, page.complaints = [], []
    context.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text)
            if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


@pytest.fixture(scope="module")
def page(browser, server):
    """One page for all tests that need no other: brain and game ready."""
    page = open_page(browser)
    page.goto(server.address)
    page.wait_for_selector("#brain-status.ready")
    page.wait_for_selector(".choice:enabled")
    yield page
    page.context.close()


def test_a_whole_game_by_keyboard(page):
    page.locator(".choice").first.focus()
    page.keyboard.press("Tab")
    for turn in range(12):
        page.wait_for_selector(".choice:enabled")
        left = 12 - turn
        assert f"{left} decision" in page.inner_text("#turn")
        # by the button's own key, and by the letters
        page.keyboard.press("Enter" if turn == 0 else "rrcic"[turn % 5])
    page.wait_for_selector("#after button")
    assert page.evaluate("document.activeElement.textContent").startswith(
        "Let the brain play")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict:not([hidden])")
    scores = page.locator(".score b").all_inner_texts()
    assert len(scores) == 3
    assert all(0 <= float(score.split()[0]) <= 100 for score in scores)
    told = page.get_attribute("#game-chart", "aria-label")
    assert "you: validation accuracy" in told and "brain:" in told
    assert page.locator("#table tbody tr").count() == 12
    page.keyboard.press("Enter")  # another start
    page.wait_for_selector("#verdict", state="hidden")
    page.wait_for_selector(".choice:enabled")


def test_a_point_of_the_map_opens_its_prompt(page):
    brain = SimpleAIBrain("bundled", quiet=True)
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_selector('#map-picture[data-done="true"]')
    for x, y in ((18, 15), (2, 3)):  # of 21 points from 0 to 100 %
        page.locator("#map-picture .cell").nth(21 * y + x).click()
        state = situation(train_acc=5.0 * x, val_acc=5.0 * y)
        prompt = brain.prompt.messages(state)[1]["content"]
        page.wait_for_function(
            "text => document.querySelector('#map-point pre')?.textContent "
            "=== text", arg=prompt)
        action = brain.analyze_training(state).action
        assert page.locator(f"#map-picture .cell.{action}").count()
        assert action in page.locator("#map-picture .cell").nth(
            21 * y + x).get_attribute("class")
    page.locator("#map-picture").press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#map-point pre')"
                           ".textContent.includes('accuracy: 15.0')")


def test_sliders_change_prompt_and_answer(page):
    page.wait_for_selector("#answers .bars")
    page.fill("#knob-train_acc", "40")
    page.fill("#knob-val_acc", "38")
    state = situation(train_acc=40.0, val_acc=38.0)
    decision = SimpleAIBrain("bundled", quiet=True).analyze_training(state)
    page.wait_for_function(
        "reason => document.querySelector('#answers .reason').textContent"
        ".includes(reason)", arg=decision.reason)
    assert "Training accuracy: 40.0" in page.inner_text("#lab-prompt")
    page.locator("#order input[value=reversed]").check()
    lines = page.inner_text("#lab-prompt").splitlines()
    assert lines[1].startswith("- stop_training:")
    page.fill("#reply", "<think>stop?</think> B, the gap is large")
    assert "Reduce rate" in page.inner_text("#read")
    page.fill("#reply", "continue or stop")
    assert "No decision" in page.inner_text("#read")


def test_the_recorded_run_is_replayed(page):
    page.fill("#replay-epoch", "12")
    assert "Epoch 12" in page.inner_text("#replay-now")
    page.click("#play")
    page.wait_for_function(
        "() => Number(document.querySelector('#replay-epoch').value) > 12")
    page.click("#play")


def test_nothing_is_sent_and_nothing_complains(page, server):
    assert page.context.cookies() == []
    assert page.asked
    assert {url.startswith(server.root) for url in page.asked} == {True}
    assert page.complaints == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_is_never_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_dark_screen_gets_a_dark_page(page):
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours.append(page.evaluate(
            "getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]


def test_the_browser_gives_pythons_answers(browser, server):
    page = open_page(browser)
    page.goto(f"{server.root}/tests/tests/blank.html")
    page.add_script_tag(url="/tests/.tests/in_browser.js", type="module")
    page.wait_for_function("() => globalThis.compare")
    found = page.evaluate(
        "compare('/tests/generated', '/tests/node_modules/onnxruntime-web/"
        "dist/ort-wasm-simd-threaded.wasm')")
    page.context.close()
    assert found["states"] == 500 and found["replies"] >= 1000
    assert found["wrong"] == []
    for name, compared in found["brains"].items():
        assert compared["wrong"] == [], name
        assert compared["worst"] < 1e-3
        assert compared["decided"] > 200


def test_after_the_first_visit_it_needs_no_network(browser):
    server = Server()
    page = open_page(browser, service_workers="allow")
    page.goto(server.address)
    page.wait_for_function(
        "() => document.querySelector('#offline').textContent")
    server.stop()
    page.reload()
    page.wait_for_selector("#brain-status.ready")
    page.wait_for_selector(".choice:enabled")
    page.keyboard.press("s")
    page.click("#after button")
    page.wait_for_selector("#verdict:not([hidden])")
    page.context.close()


def test_a_brain_that_does_not_come_is_told_in_words(browser, server):
    page = open_page(browser)
    page.route("**/bundled-*.bin", lambda route: route.abort())
    page.goto(server.address)
    page.wait_for_selector("#trouble:not([hidden])")
    told = page.inner_text("#trouble")
    assert "The brain could not be loaded" in told
    assert "00_quickstart" in page.get_attribute("#trouble a", "href")
    page.wait_for_selector(".choice:enabled")  # the game goes on by hand
    page.keyboard.press("s")
    page.click("#after button")
    page.wait_for_selector("#after a")
    page.context.close()
