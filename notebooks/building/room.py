"""Pages for a room: slides, a handout, a sheet of questions.

Each is one HTML file with everything in it, so that it opens without a
network. Made from Markdown in `sources/` and from what `pictures/` holds; runs
nothing.
"""

import base64
import json
import re

from building.loop import ALT, SVG
from building.series import HERE, PLACEHOLDER, colab_link, read_series
from building.shown import PICTURES, SHOWN
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt  # jupytext brings it

ROOM = HERE / "room"
SLIDE = re.compile(r"^---$", re.MULTILINE)
SHEET = re.compile(r"<!-- sheet -->(.*)<!-- end of sheet -->", re.DOTALL)
CREDIT = ("Every picture here was drawn by the package itself, from runs that "
          "it made.")
templates = Environment(
    loader=FileSystemLoader(HERE / "building" / "pages"), autoescape=True,
    undefined=StrictUndefined, keep_trailing_newline=True)
sources = Environment(undefined=StrictUndefined)


def pages(series) -> dict[str, str]:
    """{file name: its HTML} for everything in `room/`."""
    words = words_for(series)
    slides = [as_html(text) for text in SLIDE.split(
        fill("sources/slides.md", words))]
    handout = as_html(fill("sources/handout.md", words))
    sheet = as_html(SHEET.search(
        (HERE / "QUESTIONS.md").read_text())[1])
    return {"slides.html": templates.get_template("slides.html").render(
                slides=slides),
            "handout.html": templates.get_template("sheet.html").render(
                kind="handout", title="Handout", body=handout),
            "questions.html": templates.get_template("sheet.html").render(
                kind="questions", title="Eight questions", body=sheet)}


def words_for(series) -> dict:
    """What the sources may name in double braces."""
    shown = json.loads(SHOWN.read_text())
    known = series["repository"] != PLACEHOLDER
    home = f"github.com/{series['repository']}"
    link = colab_link(series, series["workshop"]["name"])
    return {
        "shown": shown, "credit": f"<small>{CREDIT}</small>",
        "loop": picture(SVG, ALT),
        "run": picture(PICTURES / "run.svg", shown["run_alt"]),
        "rates": picture(PICTURES / "rates.svg", shown["rates_alt"]),
        "losses": picture(PICTURES / "losses.svg", shown["losses_alt"]),
        "workshop": f"[the workshop notebook]({link})" if known
        else "the workshop notebook, `workshop_90.ipynb`",
        "home": "Go on at home: " + (
            f"[{home}](https://{home})" if known else
            "the other notebooks go deeper, one piece at a time."),
    }


def fill(name, words) -> str:
    return sources.from_string((HERE / name).read_text()).render(words)


def as_html(text) -> str:
    """Markdown with tables; HTML in it stays as it is."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(
        text)


def picture(path, alt) -> str:
    """An image that holds its file."""
    data = base64.b64encode(path.read_bytes()).decode()
    alt = alt.replace("&", "&amp;").replace('"', "&quot;")
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{alt}">'


def write_pages(series=None):
    ROOM.mkdir(exist_ok=True)
    for name, text in pages(series or read_series()).items():
        (ROOM / name).write_text(text)


def stale_pages(series) -> list[str]:
    """A line for each page that differs from its source."""
    return [f"room/{name} is stale" for name, text in pages(series).items()
            if not (ROOM / name).exists()
            or (ROOM / name).read_text() != text]
