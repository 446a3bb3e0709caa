"""The report in a real browser: its filter works, and nothing else runs."""

import pytest
from front_ends import FLAGS, chromium

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.run.record import Run
from agentic_lib.show.report import write_report

ATTACK = ("</pre></td><script>document.title = 'taken'</script>"
          "<img src=x onerror=\"document.title = 'taken'\">")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    playwright = pytest.importorskip("playwright.sync_api")
    if chromium() is None:
        pytest.skip("no chromium is installed")
    run = Run(settings={"data": "digits", "brain": ATTACK})
    for epoch in range(1, 31):
        run.metrics.append(Metrics(epoch, 50 + epoch, 45 + epoch,
                                   learning_rate=0.01, total_epochs=30))
    for epoch in (5, 10, 15):
        run.decisions.append(Decision(
            "continue" if epoch == 10 else "reduce_learning_rate",
            "w" * 200, source="fallback" if epoch == 15 else "model",
            prompt="a long line " * 30, reply=ATTACK, epoch=epoch,
            old_lr=0.01, new_lr=0.007))
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(run, path)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(),
                                          args=FLAGS)
        page = browser.new_page()
        page.goto(path.as_uri())
        yield page
        browser.close()


def visible_rows(page):
    return page.locator(".decisions tbody tr").filter(visible=True).count()


def test_the_filter_shows_what_contains_all_words(page):
    assert visible_rows(page) == 3
    page.fill("input", "reduce MODEL")
    assert visible_rows(page) == 1
    assert page.text_content("output") == "1 of 3 shown"
    page.fill("input", "")
    assert visible_rows(page) == 3


def test_nothing_that_a_model_wrote_runs(page):
    assert page.title() == "Training run: digits, 30 epochs"
    page.locator("summary").first.click()
    assert page.get_by_text(ATTACK).first.is_visible()


def test_the_policy_stops_even_a_script_that_got_in(page):
    violated = page.evaluate("""async () => {
        const found = [];
        document.addEventListener('securitypolicyviolation',
                                  event => found.push(event.blockedURI));
        const script = document.createElement('script');
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        const image = document.createElement('img');
        image.src = 'https://example.org/x.png';
        document.body.append(image);
        await new Promise(done => setTimeout(done, 500));
        return found; }""")
    assert page.title() != "taken"
    assert sorted(violated) == ["https://example.org/x.png", "inline"]


@pytest.mark.parametrize("width", [360, 400, 1200])
def test_it_is_never_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate(
        "document.documentElement.scrollWidth") <= width


def test_dark_screens_get_a_dark_page_and_picture(page):
    def looks():
        return (page.evaluate("getComputedStyle(document.body)"
                              ".backgroundColor"),
                page.evaluate("document.querySelector('img').currentSrc"))
    page.emulate_media(color_scheme="light")
    light = looks()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("old => document.querySelector('img').currentSrc"
                           " != old", arg=light[1])
    assert looks()[0] != light[0]
