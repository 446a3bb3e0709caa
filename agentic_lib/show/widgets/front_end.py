"""What all widgets here share: how they show themselves, and the stand-in.

Made for ipywidgets 7 (Colab) and 8. No widget here waits for a running cell:
the browser sends an event, and a function answers it and returns. Events are
answered one at a time, in whatever threads the kernel delivers them.
"""

import base64
import functools
import io
import os
import threading
from html import escape

import ipywidgets
from IPython import get_ipython

ASLEEP = ("Nothing moves when you press a button? Then the runtime was "
          "restarted: run this cell again.")
WIDGET = "application/vnd.jupyter.widget-view+json"

_turn = threading.RLock()


def static() -> bool:
    """True if no widget can run: outside of a notebook, or while the
    environment variable AGENTIC_LIB_STATIC is set, as when notebooks are
    executed for readers."""
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is None or bool(os.environ.get("AGENTIC_LIB_STATIC"))


def in_turn(function):
    """Wraps a function: of all that are wrapped, only one runs at a time.

    ipykernel 7 answers most of JupyterLab's widget events in a thread of their
    own (a "subshell"), but some in the main thread, where cells run. Two
    threads that train the same network at once can crash the kernel.
    """
    @functools.wraps(function)
    def alone(*args, **options):
        with _turn:
            return function(*args, **options)
    return alone


class View:
    """Shows `self.box`, a widget, or `still()` if no widget can run.

    A subclass sets `box`, and has either `draw()`, which returns a Figure, or
    its own `still`.
    """

    def still(self) -> dict:
        """{mime type: content}, for those who see no widget."""
        figure = self.draw()
        return {"image/png": png(figure), "text/plain": figure.get_label()}

    def _repr_mimebundle_(self, include=None, exclude=None):
        if static():
            data = self.still()
            return data, {"image/png": {"alt": data["text/plain"]}}
        view = {"version_major": 2, "version_minor": 0,
                "model_id": self.box.model_id}
        return {WIDGET: view, "text/plain": "A widget. To see it, run this "
                "cell in Colab, JupyterLab or VS Code."}


def png(figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()


def picture(figure) -> str:
    """A figure as HTML that carries its own alt text, and that takes its
    room at once: buttons below it do not move away when it is drawn."""
    data = base64.b64encode(png(figure)).decode()
    width, height = figure.get_size_inches()
    return (f'<img alt="{escape(figure.get_label())}" style="width:100%;'
            f'max-width:{width:.3g}in;aspect-ratio:{width:.4g}/{height:.4g}" '
            f'src="data:image/png;base64,{data}">')


def pre(text) -> str:
    """Text of any origin as HTML, line breaks kept."""
    return ('<pre style="white-space:pre-wrap;word-break:normal;'
            'overflow-wrap:anywhere;margin:0;line-height:1.35">'
            f'{escape(str(text))}</pre>')


def side_by_side(*children, width="20rem"):
    """Boxes side by side, or one below the other on a narrow page."""
    for child in children:
        child.layout.flex, child.layout.min_width = f"1 1 {width}", "0"
    return row(*children)


def row(*children):
    """Boxes in a row, which wraps on a narrow page."""
    return ipywidgets.Box(children, layout=ipywidgets.Layout(
        display="flex", flex_flow="row wrap", width="100%"))


def asleep():
    """The line that is still shown when the kernel no longer answers."""
    return ipywidgets.HTML('<small style="display:block;line-height:1.35">'
                           f"{ASLEEP}</small>")


def button(text, on_click, **options):
    """A button as wide as its text."""
    made = ipywidgets.Button(description=text, **options)
    made.layout.width, made.layout.align_self = "auto", "flex-start"
    made.on_click(in_turn(lambda _: on_click()))
    return made


def on_change(widget, answer, name="value"):
    """Calls `answer(change)` when a trait of the widget changes."""
    widget.observe(in_turn(answer), name)
