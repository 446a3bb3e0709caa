"""Slides, handout and questions, as a room sees them: in a real browser, from
a file, without a network."""

import importlib
import re
import sys
from pathlib import Path

import pytest
from agentic_lib import parse_decision

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "notebooks"))
room, series = (importlib.import_module(f"building.{name}")
                for name in ("room", "series"))


@pytest.fixture
def opened(browser):
    """A function that opens a page; nothing but the page may be asked for."""
    pages = []

    def open_page(name, width=1280, height=720, folder=room.ROOM):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda m: page.complaints.append(m.text))
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.goto((folder / name).as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        assert [url for url in page.asked
                if not url.startswith(("file:", "data:"))] == []
        assert page.complaints == []
        assert page.evaluate("[...document.images].every("
                             "image => image.complete && image.naturalWidth "
                             "&& image.alt.length > 20)")
        page.close()


def top(page):
    """The number of the slide at the top edge of the window, if it is one."""
    return page.evaluate("""() => [...document.querySelectorAll("section")]
        .findIndex(s => Math.abs(s.getBoundingClientRect().top) < 2) + 1""")


def at(page, number):
    page.wait_for_function("""number => Math.abs(document.getElementById(
        number).getBoundingClientRect().top) < 2""", arg=str(number))


def test_ten_slides_and_the_keys_that_move_them(opened):
    page = opened("slides.html")
    assert page.locator("section").count() == 10
    assert top(page) == 1
    keys = ["ArrowRight", "ArrowDown", "PageDown", "Space", "Enter"]
    for number in range(2, 11):
        page.keyboard.press(keys[number % len(keys)])
        at(page, number)
        assert page.url.endswith(f"#{number}")
    page.keyboard.press("ArrowRight")  # there is no eleventh
    at(page, 10)
    for number, key in ((9, "ArrowLeft"), (8, "PageUp"), (7, "ArrowUp"),
                        (6, "Shift+Space")):
        page.keyboard.press(key)
        at(page, number)
    page.keyboard.press("End")
    at(page, 10)
    page.set_viewport_size({"width": 900, "height": 600})
    at(page, 10)  # a window of another size keeps its slide
    page.keyboard.press("Home")
    at(page, 1)


def test_a_wheel_or_a_finger_stops_at_a_slide(opened):
    page = opened("slides.html")
    page.mouse.move(600, 300)
    page.mouse.wheel(0, 500)
    at(page, 2)


@pytest.mark.parametrize("width, height", [
    (1280, 720), (1920, 1080), (1024, 768), (800, 600)])
def test_everything_on_a_slide_is_seen(opened, width, height):
    everything_is_seen(opened("slides.html", width, height), height)


def test_with_an_address_all_of_it_fits_too(opened, tmp_path):
    slug = "somebody-with-a-name/a-fork-of-the-whole-series"
    moved = {**series.read_series(), "repository": slug}
    for name, text in room.pages(moved).items():
        (tmp_path / name).write_text(text)
    page = opened("slides.html", folder=tmp_path)
    everything_is_seen(page, 720)
    links = page.locator("a").evaluate_all("all => all.map(a => a.href)")
    assert f"https://github.com/{slug}" in links
    assert any("colab" in link and slug in link for link in links)
    page = opened("handout.html", folder=tmp_path)
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 1


def everything_is_seen(page, height):
    """Nothing of a slide lies outside it, or in its last 3 % of height."""
    for number in range(1, 11):
        outside = page.evaluate("""([number, foot]) => {
            const slide = document.getElementById(number);
            const frame = slide.getBoundingClientRect();
            return [...slide.querySelectorAll("*")].filter(item => {
                const box = item.getBoundingClientRect();
                return box.bottom > frame.bottom - foot
                    || box.right > frame.right || box.left < frame.left
                    || item.scrollWidth > item.clientWidth + 1
                       && getComputedStyle(item).display != "inline";
            }).map(item => item.outerHTML.slice(0, 80)); }""",
            [str(number), height * 0.03])
        assert outside == [], number


def pages_of(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("name", ["handout.html", "questions.html"])
def test_it_prints_on_one_page(opened, name):
    page = opened(name)
    pdf = page.pdf(prefer_css_page_size=True)
    assert pages_of(pdf) == 1
    assert re.search(rb"/MediaBox\s*\[0 0 59[45]\S* 84[12]", pdf)  # A4
    page.evaluate("document.body.append(document.body.cloneNode(true))")
    assert pages_of(page.pdf(prefer_css_page_size=True)) > 1


def test_the_slides_print_one_a_page(opened):
    page = opened("slides.html")
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 10


def test_the_sheet_has_eight_questions_and_no_key(opened):
    page = opened("questions.html")
    lists = page.locator("ul")
    assert lists.count() == 8
    for i in range(8):
        options = lists.nth(i).locator("li").all_inner_texts()
        assert [text[:2] for text in options] == ["A.", "B.", "C."]
    text = page.inner_text("body")
    assert "shows" not in text and "|" not in text


def test_every_question_has_a_key_and_every_wrong_answer_a_meaning():
    key = (ROOT / "notebooks" / "QUESTIONS.md").read_text().split(
        "## The key")[1]
    rows = re.findall(r"^\| (\d) \| (\w) \| (.*?) \| (.*?) \|$", key, re.M)
    assert [number for number, *_ in rows] == list("12345678")
    for _, right, wrong, where in rows:
        assert {*re.findall(r"\b([ABC]): ", wrong)} == {*"ABC"} - {right}
        for number in re.findall(r"\d\d", where):
            assert list((ROOT / "notebooks" / "sources").glob(f"{number}_*"))


def test_the_key_says_what_torch_and_the_parser_do():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda epoch: 1 - epoch / 10)
    optimizer.step()
    optimizer.param_groups[0]["lr"] *= 0.7
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.9  # question 6, A
    assert parse_decision("I would not stop yet.") is None  # question 4, C


def test_pages_that_differ_from_their_source_are_named(monkeypatch, tmp_path):
    assert room.stale_pages(series.read_series()) == []
    monkeypatch.setattr(room, "ROOM", tmp_path)
    assert len(room.stale_pages(series.read_series())) == 3
