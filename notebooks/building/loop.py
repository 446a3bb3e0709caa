"""The loop as one diagram, shared by README, notebooks, slides and handout.

Dark text in light boxes, grey arrows, no background: it can be read on white
paper and on a dark screen alike. Knows nothing about notebooks.
"""

import base64
import hashlib
import io
import re
from pathlib import Path

from building.series import HERE
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image  # matplotlib brings it

SVG, PNG = (HERE / "pictures" / f"loop.{kind}" for kind in ("svg", "png"))
LINK = re.compile(r"!\[[^\]]*\]\(\.\./pictures/loop\.png\)")
ALT = (
    "The loop, as a diagram. A training run gives metrics. They are put into "
    "words: the prompt. The language model reads it and writes a reply. The "
    "parser reads the reply and finds a decision, an action with its reason; "
    "if it finds none, fallback rules decide in the model's place. The "
    "controller carries the decision out: it changes the learning rate, and "
    "the run goes on for five more epochs.")
INK, LINE = "#1b1f24", "#7b838c"
BLUE, GREEN, ORANGE, GREY = "#cfe4f5", "#cdeadb", "#fbe3b8", "#e4e6e9"
CANVAS = 10.2, 3.3
WIDE, HIGH = 2.0, 0.95  # of a box

# name: (x and y of its middle, colour, title, what it holds)
BOXES = {
    "run": (1.1, 2.7, GREY, "training run", "trains five epochs"),
    "prompt": (3.77, 2.7, BLUE, "prompt", "metrics in words"),
    "model": (6.43, 2.7, BLUE, "language model", "writes a reply"),
    "parser": (9.1, 2.7, BLUE, "parser", "reads the reply"),
    "rules": (9.1, 0.6, ORANGE, "fallback rules", "a few lines of code"),
    "decision": (5.1, 0.6, GREEN, "decision", "an action, a reason"),
    "controller": (1.1, 0.6, GREY, "controller", "sets the learning rate"),
}
# (from, its side, to, its side, words on the arrow); a side in halves of a box
RIGHT, LEFT, TOP, BOTTOM = (1, 0), (-1, 0), (0, 1), (0, -1)
ARROWS = [
    ("run", RIGHT, "prompt", LEFT, ""),
    ("prompt", RIGHT, "model", LEFT, ""),
    ("model", RIGHT, "parser", LEFT, ""),
    ("parser", (-0.7, -1), "decision", (0.5, 1), "found one"),
    ("parser", BOTTOM, "rules", TOP, "found none"),
    ("rules", LEFT, "decision", RIGHT, ""),
    ("decision", LEFT, "controller", RIGHT, ""),
    ("controller", TOP, "run", BOTTOM, ""),
]


def draw_loop() -> Figure:
    """The diagram as a figure, an inch a unit."""
    figure = Figure(figsize=CANVAS)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, CANVAS[0]),
                           ylim=(0, CANVAS[1]))
    axes.axis("off")
    for arrow in ARROWS:
        draw_arrow(axes, *arrow)
    for box in BOXES.values():
        draw_box(axes, *box)
    return figure


def draw_box(axes, x, y, colour, title, words):
    axes.add_patch(FancyBboxPatch(
        (x - WIDE / 2, y - HIGH / 2), WIDE, HIGH, facecolor=colour,
        edgecolor=LINE, linewidth=1.2,
        boxstyle="round,pad=0,rounding_size=0.12"))
    axes.text(x, y + 0.17, title, ha="center", va="center", color=INK,
              size=14, weight="bold")
    axes.text(x, y - 0.2, words, ha="center", va="center", color=INK, size=12)


def draw_arrow(axes, start, start_side, end, end_side, words):
    (x0, y0), (x1, y1) = place(start, start_side), place(end, end_side)
    axes.add_patch(FancyArrowPatch(
        (x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=20, color=LINE,
        linewidth=2.2, shrinkA=2, shrinkB=2))
    if words:
        axes.text((x0 + x1) / 2, (y0 + y1) / 2, words, ha="center",
                  va="center", color=INK, size=11,
                  bbox={"facecolor": GREY, "edgecolor": "none",
                        "boxstyle": "round,pad=0.3"})


def place(box, side):
    """A point on the edge of a box."""
    x, y, *_ = BOXES[box]
    return x + side[0] * WIDE / 2, y + side[1] * HIGH / 2


def svg() -> bytes:
    """The diagram as an SVG file, the same one each time."""
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "loop"}):
        draw_loop().savefig(
            file, format="svg", transparent=True, metadata={
                "Title": "The loop", "Description": ALT, "Date": None,
                "Identifier": source_digest()})
    return file.getvalue()


def png() -> bytes:
    """The diagram as a small PNG file, for notebooks: no front end of theirs
    refuses that."""
    file = io.BytesIO()
    draw_loop().savefig(file, format="png", dpi=110, transparent=True)
    few = Image.open(file).quantize(64, method=Image.Quantize.FASTOCTREE)
    file = io.BytesIO()
    few.save(file, "png", optimize=True)
    return file.getvalue()


def source_digest() -> str:
    """Changes whenever this file does."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def write_loop():
    SVG.write_bytes(svg())
    PNG.write_bytes(png())


def stale_loop() -> list[str]:
    """A line if the committed diagram is not what this file draws."""
    if not (SVG.exists() and PNG.exists()):
        return ["the diagram of the loop was never drawn"]
    if source_digest() not in SVG.read_text():
        return ["the diagram of the loop is stale"]
    return []


def embedded(text) -> str:
    """Markdown with the diagram inside it. Colab shows a picture that is
    written into the text; it shows no attachments."""
    if not LINK.search(text):
        return text
    data = base64.b64encode(PNG.read_bytes()).decode()
    return LINK.sub(f"![{ALT}](data:image/png;base64,{data})", text)
