"""The report of a run: one HTML file that needs nothing else.

The page is `page/report.html`, a Jinja template that escapes all text from a
model or a file; its own policy lets a browser run no script but the one in
`page/report.js`. Knows nothing about models or training: what it shows is a
Run.
"""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from agentic_lib.run.record import Run, write_whole
from agentic_lib.show.plots import alt_text, image

PAGE = Path(__file__).with_name("page")
DARK, NARROW = "(prefers-color-scheme: dark)", "(max-width: 40rem)"
# The figure for each screen: the first medium that fits is taken.
SCREENS = ((f"{DARK} and {NARROW}", "dark", (4.2, 5.6)),
           (NARROW, "light", (4.2, 5.6)),
           (DARK, "dark", (9.0, 6.0)),
           ("", "light", (9.0, 6.0)))


def write_report(run: Run, path: str | Path,
                 compare: Run | None = None) -> Path:
    """Writes the report of `run` to the file `path` and returns the path.

    compare  a second Run, drawn dotted and named next to the first, such as
             the same start at a constant rate
    """
    path = Path(path)
    text = page(run, pictures(run, compare), alt_text(run, compare))
    # A lone surrogate, which a model may write, cannot be encoded.
    write_whole(path, text.encode("utf-8", "replace"))
    return path


def page(run, pictures, caption) -> str:
    """The page as HTML."""
    template = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, trim_blocks=True,
        lstrip_blocks=True).get_template("report.html")
    return template.render(
        title=f"Training run: {run.settings.get('data', 'own data')}, "
              f"{len(run.metrics)} epochs",
        pictures=pictures, caption=caption,
        decisions=run.decisions, brief=brief, details=details,
        settings=list(flat(run.settings)),
        style=(PAGE / "report.css").read_text(encoding="utf-8"),
        script=(PAGE / "report.js").read_text(encoding="utf-8"), hash=digest)


def digest(text) -> str:
    """A style or script as the policy names it: by a hash of its contents."""
    return "sha256-" + base64.b64encode(
        hashlib.sha256(text.encode()).digest()).decode()


def pictures(run, compare=None) -> list[dict]:
    """The figure as a data URL, for each kind of screen."""
    def source(theme, size):
        svg = image(run, "svg", compare, theme, size=size)
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
    return [{"media": media, "source": source(theme, size)}
            for media, theme, size in SCREENS]


def brief(decision) -> list[tuple[str, str]]:
    """The short columns of a decision: (name, text)."""
    rate = show(decision.old_lr)
    if decision.new_lr != decision.old_lr:
        rate += f" → {show(decision.new_lr)}"
    share = (decision.probabilities or {}).get(decision.action)
    action = decision.action + ("" if share is None else f" ({share:.0%})")
    return [("Epoch", show(decision.epoch)), ("Action", action),
            ("Learning rate", rate), ("Source", decision.source)]


def details(decision) -> list[tuple[str, str]]:
    """What was asked and answered, for those who unfold it."""
    shares = sorted((decision.probabilities or {}).items(),
                    key=lambda item: -item[1])
    parts = (
        ("prompt", decision.prompt), ("reply", decision.reply),
        ("probabilities", "\n".join(f"{p:6.1%} {name}"
                                    for name, p in shares)),
        ("time", decision.seconds and f"{1000 * decision.seconds:.1f} ms"))
    return [(name, text) for name, text in parts if text]


def flat(settings, before=""):
    """(name, text) of every setting; nested ones carry the outer name too."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name} ")
        else:
            yield f"{before}{name}", readable(value)


def readable(value) -> str:
    """A setting without Python's brackets; a list has one item per line."""
    if isinstance(value, (list, tuple)):
        return "\n".join(map(readable, value))
    if isinstance(value, dict):
        return ", ".join(f"{k} {readable(v)}" for k, v in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def show(value) -> str:
    """A number, or a dash if it is not known."""
    return "–" if value is None else f"{value:.3g}"
