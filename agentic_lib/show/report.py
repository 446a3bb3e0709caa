"""The report of a run: one HTML file that needs nothing else.

All text that comes from a model or a file is escaped, and the page's own
policy lets a browser run no script but the one below. Knows nothing about
models or training: what it shows is a Run.
"""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template

from agentic_lib.run.record import write_whole
from agentic_lib.show.plots import alt_text, image

STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --line: #ccc;
  --soft: #f4f4f4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #1c1f24; --line: #4a4f57;
    --soft: #282c33; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); max-width: 62rem; margin: auto; padding: 1rem; }
h1 { margin: 0; } h2 { margin: 2rem 0 .5rem; }
figure { margin: 1rem 0; } img { width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere;
  unicode-bidi: isolate; }
thead th { white-space: nowrap; }
.short { white-space: nowrap; }
.note { opacity: .8; }
.settings td { white-space: pre-line; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .6rem;
  background: var(--soft); margin: .3rem 0; unicode-bidi: isolate; }
summary { cursor: pointer; }
input { font: inherit; color: inherit; background: var(--soft);
  border: 1px solid var(--line); padding: .4rem; width: 100%;
  max-width: 24rem; box-sizing: border-box; margin-bottom: .5rem; }
@media (max-width: 40rem) {
  .decisions thead { display: none; }
  .decisions tr { display: block; padding: .5rem 0;
    border-bottom: 2px solid var(--line); }
  .decisions tr[hidden] { display: none; }
  .decisions td { display: block; border: 0; padding: .1rem 0; }
  .decisions td[data-name]::before { content: attr(data-name) ": ";
    opacity: .8; } }
"""

SCRIPT = """
const field = document.querySelector("input");
const rows = document.querySelectorAll(".decisions tbody tr");
const count = document.querySelector("output");
field.hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every(word => text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = field.value ? `${shown} of ${rows.length} shown` : "";
});
"""

PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
img-src data:; style-src '$style_hash'; script-src '$script_hash'; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<h1>$title</h1>
<figure>
$picture
<figcaption>$caption</figcaption>
</figure>
<h2>Decisions</h2>
<input type="search" hidden aria-label="Show decisions that contain"
 placeholder="Filter, e.g. reduce"> <output></output>
<table class="decisions">
<thead><tr><th>Epoch</th><th>Action</th><th>Learning rate</th><th>Source</th>
<th>Reason</th></tr></thead>
<tbody>
$decisions
</tbody>
</table>
<h2>Settings</h2>
<table class="settings"><tbody>
$settings
</tbody></table>
<script>$script</script>
</body>
</html>
""")


def write_report(run, path, compare=None) -> Path:
    """Writes the report of `run` to the file `path` and returns the path.

    compare  a second Run, drawn dotted and named beside: the same start at a
             constant rate, say
    """
    title = (f"Training run: {run.settings.get('data', 'own data')}, "
             f"{len(run.metrics)} epochs")
    text = PAGE.substitute(
        title=escape(title),
        picture=picture(run, compare),
        caption=escape(alt_text(run, compare)),
        decisions="\n".join(row(d) for d in run.decisions),
        settings="\n".join(settings_rows(run.settings)),
        style=STYLE, style_hash=hash_of(STYLE),
        script=SCRIPT, script_hash=hash_of(SCRIPT),
    )
    path = Path(path)
    # A lone surrogate, which a model may write, cannot be encoded.
    write_whole(path, text.encode("utf-8", "replace"))
    return path


def hash_of(text) -> str:
    """A style or script as the policy names it: by what it holds."""
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()


def picture(run, compare=None) -> str:
    """The figure for light and dark, wide and narrow screens."""
    def source(theme, size):
        svg = image(run, "svg", compare, theme, size=size)
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
    dark, narrow = "(prefers-color-scheme: dark)", "(max-width: 40rem)"
    wide_size, narrow_size = (9.0, 6.0), (4.2, 5.6)
    return f"""<picture>
<source media="{dark} and {narrow}" srcset="{source("dark", narrow_size)}">
<source media="{narrow}" srcset="{source("light", narrow_size)}">
<source media="{dark}" srcset="{source("dark", wide_size)}">
<img alt="{escape(alt_text(run, compare))}" src="{source("light", wide_size)}">
</picture>"""


def row(decision) -> str:
    """One decision as a row of the table, prompt and reply folded away."""
    rate = show(decision.old_lr)
    if decision.new_lr != decision.old_lr:
        rate += f" → {show(decision.new_lr)}"
    cells = (("Epoch", show(decision.epoch)),
             ("Action", sure(decision)), ("Learning rate", rate),
             ("Source", decision.source))
    short = "".join(f'<td class="short" data-name="{name}">{escape(text)}'
                    "</td>" for name, text in cells)
    note = "" if decision.note is None else \
        f'<div class="note">{escape(str(decision.note))}</div>'
    return (f"<tr>{short}<td>{escape(str(decision.reason))}{note}"
            f"{folded(decision)}</td></tr>")


def sure(decision) -> str:
    """The action, with its probability where that is known."""
    share = (decision.probabilities or {}).get(decision.action)
    return decision.action + ("" if share is None else f" ({share:.0%})")


def folded(decision) -> str:
    """What was asked and answered, for those who open it."""
    parts = [(name, value) for name, value in (
        ("prompt", decision.prompt), ("reply", decision.reply),
        ("probabilities", probabilities(decision)),
        ("time", decision.seconds and f"{1000 * decision.seconds:.1f} ms"),
    ) if value]
    if not parts:
        return ""
    inside = "".join(f"<div>{name}</div><pre>{escape(str(value))}</pre>"
                     for name, value in parts)
    return (f"<details><summary>{' and '.join(n for n, _ in parts[:2])}"
            f"</summary>{inside}</details>")


def probabilities(decision) -> str:
    """One line for every action, the likeliest first."""
    shares = (decision.probabilities or {}).items()
    return "\n".join(f"{share:6.1%} {name}" for name, share
                     in sorted(shares, key=lambda item: -item[1]))


def settings_rows(settings, before=""):
    """A row for every setting; those inside another carry its name."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from settings_rows(value, f"{before}{name} ")
        else:
            yield (f"<tr><th>{escape(f'{before}{name}')}</th>"
                   f"<td>{escape(readable(value))}</td></tr>")


def readable(value) -> str:
    """A setting without Python's brackets; of several, one a line."""
    if isinstance(value, (list, tuple)):
        return "\n".join(map(readable, value))
    if isinstance(value, dict):
        return ", ".join(f"{k} {readable(v)}" for k, v in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def show(value) -> str:
    """A number, or a dash where it is not known."""
    return "–" if value is None else f"{value:.3g}"
