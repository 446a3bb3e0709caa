"""Pictures in notebooks are true to their colours: packed, never altered."""

import base64
import importlib
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from PIL import Image

from agentic_lib import ACTIONS, SimpleAIBrain, load_data, plot_decision_map
from agentic_lib import plot_run, train
from agentic_lib.course.notebook import show

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "notebooks"))
compose, loop, pictures, series = (
    importlib.import_module(f"building.{name}")
    for name in ("compose", "loop", "pictures", "series"))
DPI, MARGIN = 80, 0.1  # of `show`, and of matplotlib's tight boxes, in inches


def pixels(picture):
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    return np.asarray(image.convert("RGB"))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 600),
       st.integers(0, 9))
def test_packing_changes_no_pixel(width, height, colours, seed):
    dice = np.random.default_rng(seed)
    some = dice.integers(0, 256, (colours, 3), dtype=np.uint8)
    image = some[dice.integers(0, colours, (height, width))]
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    packed = pictures.smaller(base64.b64encode(file.getvalue()))
    assert np.array_equal(pixels(packed), image)


@pytest.fixture
def shown(monkeypatch):
    """show(figure) -> its pixels as a committed notebook holds them."""
    def committed(figure):
        held = []
        monkeypatch.setattr("IPython.display.display",
                            lambda data, **_: held.append(data))
        show(figure, "A picture for a test.")
        return pixels(pictures.smaller(held[0]["image/png"]))
    return committed


def colour_at(figure, image, point):
    """The colour of the shown figure at a point in its own pixels."""
    box = figure.get_tightbbox()
    x, y = np.asarray(point) / figure.dpi
    column = round((x - box.x0 + MARGIN) * DPI)
    row = len(image) - round((y - box.y0 + MARGIN) * DPI)
    return tuple(image[row, column])


def rgb(colour):
    return tuple(round(255 * level) for level in to_rgb(colour))


def legend_of(figure):
    (legend,) = figure.legends or [
        axes.get_legend() for axes in figure.axes if axes.get_legend()]
    return {text.get_text(): handle for text, handle in zip(
        legend.get_texts(), legend.legend_handles)}


def centre(artist):
    """Of a legend's marker, in the figure's pixels."""
    return artist.get_transform().transform(
        np.column_stack(artist.get_data())).mean(0)


def test_the_decision_map_has_its_legends_colours(shown):
    """The rules are sure, so that their markers are not transparent; hollow
    ones show their colour on the edge."""
    figure = plot_decision_map(SimpleAIBrain("rules", quiet=True), points=9)
    figure.set_dpi(DPI)
    image = shown(figure)
    figure.draw_without_rendering()
    found = 0
    for action in ACTIONS:
        handle = legend_of(figure).get(action.name.replace("_", " "))
        if handle is None:
            continue
        found += 1
        assert colour_at(figure, image, centre(handle)) == rgb(action.colour)
        assert on_the_map(image, figure, action) >= 5
    assert found >= 3


def on_the_map(image, figure, action):
    """How many pixels above the legend have exactly this action's colour."""
    box = figure.get_tightbbox()
    legend = figure.legends[0].get_window_extent()
    top = len(image) - round((legend.y1 / figure.dpi - box.y0 + MARGIN) * DPI)
    return int((image[:top] == rgb(action.colour)).all(2).sum())


def test_the_comparison_has_its_legends_colours(shown):
    digits = load_data("digits")
    figure = plot_run(train(digits, None, lr=0.1, epochs=6),
                      compare=train(digits, None, lr=0.01, epochs=6))
    image = shown(figure)
    lines = [line for axes in figure.axes for line in axes.lines
             if len(line.get_xdata()) >= 6]
    colours = {rgb(line.get_color()) for line in lines}
    assert len(lines) >= 4
    for colour in colours:
        assert (image == colour).all(2).sum() > 20
    for handle in legend_of_first(figure):
        assert rgb(handle.get_color()) in colours


def legend_of_first(figure):
    legend = next(axes.get_legend() for axes in figure.axes
                  if axes.get_legend())
    return legend.legend_handles


# The diagram of the loop

LIGHT, DARK = (255, 255, 255), (13, 17, 23)
EMBEDDED = re.compile(r"!\[(.*?)\]\(data:image/png;base64,(.*?)\)")


def luminance(rgb):
    """Relative luminance, as WCAG defines it."""
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
              for x in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("paper", [LIGHT, DARK])
def test_the_loop_can_be_read_on_light_and_dark_pages(paper):
    """Text lies in boxes of its own; arrows are seen on any page."""
    page = [channel / 255 for channel in paper]
    assert contrast(to_rgb(loop.LINE), page) > 3  # WCAG 2.2, 1.4.11
    for colour in (loop.BLUE, loop.GREEN, loop.ORANGE, loop.GREY):
        assert contrast(to_rgb(loop.INK), to_rgb(colour)) > 7
    image = Image.open(loop.PNG).convert("RGBA")
    assert image.getpixel((0, 0))[3] == 0  # no background of its own


def test_no_words_leave_their_box():
    figure = loop.draw_loop()
    axes = figure.axes[0]
    for text in axes.texts:
        found = text.get_window_extent().transformed(
            axes.transData.inverted())
        x, y = text.get_position()
        if text.get_bbox_patch() is None:
            assert found.width < loop.WIDE - 0.1, text.get_text()


def test_the_notebooks_and_the_readme_share_the_loop():
    everything = series.read_series()
    shown = {}
    for book in everything["notebook"]:
        cells = compose.compose(everything, book).cells
        shown[book["number"]] = [
            found for cell in cells if cell.cell_type == "markdown"
            for found in EMBEDDED.findall(cell.source)]
        assert all("../pictures/" not in cell.source for cell in cells)
    for number in ("00", "03", "05", "09", "workshop"):
        (alt, data), = shown[number]
        assert alt == loop.ALT
        assert base64.b64decode(data) == loop.PNG.read_bytes()
    assert f'alt="{loop.ALT}"' in (ROOT / "README.md").read_text()
    assert "notebooks/pictures/loop.svg" in (ROOT / "README.md").read_text()


def test_a_diagram_that_was_drawn_by_an_older_file_is_stale(monkeypatch):
    assert loop.stale_loop() == []
    monkeypatch.setattr(loop, "source_digest", lambda: "another one")
    assert loop.stale_loop() == ["the diagram of the loop is stale"]
