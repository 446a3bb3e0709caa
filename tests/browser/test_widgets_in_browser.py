"""The widgets, in a real browser: what the page shows is what is checked.

    python tests/browser/make_classic.py     (once)
    BROWSER_PATIENCE=600 python -m pytest -n 0 tests/browser

BROWSER_PATIENCE is how many seconds the page may take to show something,
SCREENSHOTS=folder keeps pictures of what was seen.
"""

import importlib
import importlib.util
import re
import sys
from contextlib import contextmanager, suppress

import nbformat
import pytest
from front_ends import PATIENCE, ROOT, Classic, Lab

sys.path[:0] = [str(ROOT / "notebooks"), str(ROOT / "tests")]
from needed_cells import needed  # noqa: E402

compose, series = (importlib.import_module(f"building.{name}")
                   for name in ("compose", "series"))

# If the series has no such notebook yet, these cells stand in.
CELLS = {
    "02_craft_prompts": [
        "from agentic_lib import SimpleAIBrain\n"
        "from agentic_lib.show.widgets import PromptLab\n"
        "lab = PromptLab(SimpleAIBrain('auto'))\nlab"],
    "05_run_the_full_loop": [
        "from agentic_lib import SimpleAIBrain, Training\n"
        "from agentic_lib.show.widgets import LiveTraining\n"
        "live = LiveTraining(Training('digits', SimpleAIBrain('auto'), "
        "lr=0.002))\nlive"],
    "game_and_replay": [
        "from agentic_lib import SimpleAIBrain, Training, train\n"
        "from agentic_lib.show.widgets import Replay, YouAgainstTheBrain\n"
        "brain = SimpleAIBrain('rules')\n"
        "options = {'lr': 0.01, 'epochs': 15}\n"
        "YouAgainstTheBrain(brain, **options)",
        "Replay(train('digits', brain, **options), "
        "Training('digits', brain, **options))"],
}


def notebook(name, cells):
    """The cells of the series' notebook that its widget rests on, or these
    cells."""
    built = ROOT / "notebooks" / f"{name}.ipynb"
    if not built.exists():
        return nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text) for text in cells],
            metadata={"kernelspec": {"name": "python3", "language": "python",
                                     "display_name": "Python 3"}})
    book = nbformat.read(built, as_version=4)
    last = next(i for i, cell in enumerate(book.cells)
                if cell.cell_type == "code" and re.search(
                    r"PromptLab\(|LiveTraining\(", cell.source))
    run = needed({i: cell.source
                  for i, cell in enumerate(book.cells[:last + 1])
                  if cell.cell_type == "code"}, {last})
    book.cells = [book.cells[i] for i in sorted(run)]
    for cell in book.cells:  # the widget is what is tested, not the way there
        cell.source = cell.source.replace("EPOCHS = 60", "EPOCHS = 20")
    return book


def with_the_loop():
    """A notebook with the picture that notebook 00 holds in its text."""
    everything = series.read_series()
    book = compose.compose(everything, everything["notebook"][0])
    text = next(cell for cell in book.cells if "![" in cell.source
                and "data:image/png" in cell.source)
    book.cells = [text, nbformat.v4.new_code_cell("print('ready')")]
    return book


@pytest.fixture(scope="module", params=[Classic, Lab],
                ids=["classic", "lab"])
def front(request, browser, tmp_path_factory):
    if request.param.python is None:
        pytest.skip("no classic notebook: run tests/browser/make_classic.py")
    if request.param is Lab and not importlib.util.find_spec("jupyterlab"):
        pytest.skip("no JupyterLab: pip install jupyterlab")
    folder = tmp_path_factory.mktemp(request.param.__name__)
    for name, cells in CELLS.items():
        nbformat.write(notebook(name, cells), folder / f"{name}.ipynb")
    nbformat.write(with_the_loop(), folder / "the_loop.ipynb")
    opened = request.param(folder, browser)
    opened.start()
    yield opened
    opened.stop()


@contextmanager
def view_in(front, notebook, holds, **size):
    """The cell whose widget has a button of this name, once it is there."""
    with front.notebook(notebook, **size) as page:
        cells = page.locator(front.cell)
        cell = cells.filter(has=page.get_by_role(
            "button", name=holds, include_hidden=True)).last
        cell.wait_for()
        cell.scroll_into_view_if_needed()
        yield cell


def waits_for(cell, text, **options):
    """Waits until the page shows a text; `text` may be a pattern."""
    cell.get_by_text(text).filter(visible=True).first.wait_for(**options)


def press(cell, name, shows):
    """Presses a button until the page shows this text. A press can be lost,
    as a person's can, if the page moves under it just then."""
    late = pytest.importorskip("playwright.sync_api").TimeoutError
    for _ in range(max(1, PATIENCE // 60_000)):
        cell.get_by_role("button", name=name, exact=True).click()
        with suppress(late):
            return waits_for(cell, shows, timeout=60_000)
    raise AssertionError(f"{name} was pressed again and again: no {shows}")


def test_prompt_lab_in_notebook_02(front):
    with view_in(front, "02_craft_prompts", "keep this try") as cell:
        waits_for(cell, "Training accuracy: 92.0")

        for accuracy in (91, 90):  # a slow brain takes one key at a time
            cell.locator(front.handle).first.focus()  # the first slider
            front.page.keyboard.press("ArrowLeft")
            waits_for(cell, f"Training accuracy: {accuracy}.0")
        front.picture("lab")

        template = cell.locator(".widget-textarea textarea").nth(1)
        template.fill("Only the epoch: {epoch}?")
        template.blur()
        waits_for(cell, "Only the epoch: 15?")
        waits_for(cell, "brain.prompt = Prompt(")
        template.fill("{epoc}")
        template.blur()
        waits_for(cell, "unknown field {epoc}")
        front.picture("lab_broken")

        cell.locator("select").filter(
            has=front.page.locator("option", has_text="few-shot")
        ).select_option(label="original")
        waits_for(cell, "What should I do?")
        waits_for(cell, "brain.prompt = PRESETS['original']")
        assert not cell.get_by_text("unknown field").is_visible()

        press(cell, "keep this try", re.compile("try 1: original"))
        press(cell, "go", re.compile("becomes .* when|No change of a single"))
        cell.get_by_text("guess first").click()
        waits_for(cell, "Your guess first")
        press(cell, "stop_training", "You guessed stop_training")
        front.picture("lab_end")
        fits_and_reads_well(front, cell, "lab")


def fits_and_reads_well(front, cell, name):
    """The widget in the dark, and then on a phone."""
    box = cell.locator(".widget-vbox").first
    front.darken(True)
    box.evaluate("box => box.scrollIntoView()")
    front.picture(f"{name}_dark")
    assert faint(cell) == []
    front.darken(False)
    front.phone()
    box.evaluate("box => box.scrollIntoView()")
    front.picture(f"{name}_phone")
    assert cut_off(cell) == []


def cut_off(cell):
    """What reaches beyond the right edge of the widget, on a phone, say."""
    return cell.evaluate("""cell => {
        const box = cell.querySelector('.widget-vbox');
        const limit = box.getBoundingClientRect().right + 1;
        return [...box.querySelectorAll('button, textarea, select, pre, img')]
            .filter(e => e.getBoundingClientRect().width > 0)
            .filter(e => e.getBoundingClientRect().right > limit)
            .map(e => e.outerHTML.slice(0, 80)); }""")


def faint(cell):
    """Text whose contrast with what is behind it is below 4.5, the least that
    the accessibility guidelines of the web (WCAG 2) allow."""
    return cell.evaluate("""cell => {
        const parts = colour => colour.match(/[\\d.]+/g).map(Number);
        const linear = c => c <= 0.04045 ? c / 12.92
                                         : ((c + 0.055) / 1.055) ** 2.4;
        const light = rgb => [0.2126, 0.7152, 0.0722].reduce(
            (sum, share, i) => sum + share * linear(rgb[i] / 255), 0);
        const behind = e => {
            for (; e; e = e.parentElement) {
                const found = parts(getComputedStyle(e).backgroundColor);
                if (found.length < 4 || found[3] > 0) return found;
            }
            return [255, 255, 255]; };
        const contrast = e => {
            const [low, high] = [light(parts(getComputedStyle(e).color)),
                                 light(behind(e))].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05); };
        return [...cell.querySelector('.widget-vbox').querySelectorAll(
                'pre, small, label, textarea')]
            .filter(e => e.getBoundingClientRect().width > 0)
            .filter(e => contrast(e) < 4.5)
            .map(e => `${contrast(e).toFixed(1)} ${e.outerHTML}`
                 .slice(0, 80)); }""")


def test_live_training_in_notebook_05(front):
    with view_in(front, "05_run_the_full_loop", "skip to the end") as cell:
        for epoch in range(1, 8):
            press(cell, "one epoch", re.compile(rf"Epoch {epoch} of \d+"))
        waits_for(cell, re.compile("epoch 5: "))  # the decision, in words
        cell.get_by_text("I take the decisions").click()
        play = cell.locator(".widget-play button, .jupyter-widget-play button")
        play.first.click()
        waits_for(cell, "Which action?")
        cell.locator(".fa-pause").first.click()
        front.picture("live")
        cell.get_by_placeholder("because").fill("a <b>feeling</b>")
        cell.get_by_placeholder("because").blur()
        press(cell, "reduce_learning_rate",
              re.compile(r"reduce_learning_rate .*\(human\)"))
        waits_for(cell, "a <b>feeling</b>")
        press(cell, "skip to the end", ", the end")
        # the picture follows the words
        cell.locator("img[alt*='Epochs 1 to 20'][alt*='1 human']").wait_for()
        front.picture("live_end")
        fits_and_reads_well(front, cell, "live")


def test_game_and_replay(front):
    with view_in(front, "game_and_replay", "stop_training") as cell:
        for choice in ("increase_learning_rate", "continue"):
            press(cell, choice, f"you chose {choice}, the brain")
        waits_for(cell, re.compile(r"Test accuracy: you [\d.]+ %, the brain"))
        assert not cell.get_by_role("button", name="continue").is_visible()

        cell = front.page.locator(front.cell).last
        waits_for(cell, "No decision had been made yet.")
        cell.locator(front.handle).first.focus()
        for _ in range(10):
            front.page.keyboard.press("ArrowRight")
        waits_for(cell, re.compile("epoch 10: "))
        cell.get_by_role("button", name="what if?", exact=True).click()
        cell.locator("img[alt*='decided at epoch 10']").wait_for()
        front.picture("game_and_replay")
        fits_and_reads_well(front, cell, "replay")

        front.restart()  # now the widgets are dead, and say so
        waits_for(cell, "run this cell again")


def test_a_picture_in_the_text_of_a_notebook_is_shown(front):
    with front.notebook("the_loop") as page:
        picture = page.get_by_alt_text("The loop, as a diagram.")
        picture.wait_for()
        assert picture.evaluate("image => image.naturalWidth") > 1000
        front.picture("the_loop")
