"""A notebook is run, its outputs cleaned, and what must not be in them named.

Nothing is written if a cell fails or an output holds what it should not.
"""

import json
import os
import re
import tempfile
import time

import nbformat
from building.compose import compose, tags
from building.minutes import measured
from building.pictures import smaller
from building.series import ROOT, notebook_at

LIMIT = 400_000  # bytes of a committed notebook
WIDGET = "application/vnd.jupyter.widget-view+json"
INSTEAD = "(Here a widget appears when you run the cell.)"
DEBRIS = {  # what no output may hold -> its name in the message
    r"Traceback \(most recent": "a traceback",
    r"\w+Warning\b": "a warning",
    r"site-packages|ipykernel_|/tmp/|/root/|/home/|/Users/|[A-Z]:\\\\":
        "a path",
    r"\d%\|": "a progress bar",
}


def execute(book):
    """Runs a notebook in a process and a folder of its own, offline and with
    no GPU, so with the bundled brain."""
    from nbclient import NotebookClient

    before = dict(os.environ)
    os.environ.pop("AGENTIC_LIB_BRAIN", None)
    os.environ.update(
        CUDA_VISIBLE_DEVICES="", AGENTIC_LIB_STATIC="1",
        HF_HUB_OFFLINE="1", PYTHONHASHSEED="0",
        PYTHONPATH=str(ROOT), TQDM_DISABLE="1")
    try:
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(
                book, timeout=600, startup_timeout=600, kernel_name="python3",
                resources={"metadata": {"path": folder}}).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    for cell in book.cells:
        if cell.cell_type == "code":
            clean(cell)
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(
                        output.data["image/png"])
    book.metadata.pop("widgets", None)
    book.metadata["language_info"] = {"name": "python"}


def clean(cell):
    """One stream, no widgets, no times; nothing that gives a guess away."""
    cell.metadata.pop("execution", None)
    kept = []
    for output in cell.outputs:
        if WIDGET in output.get("data", {}):
            output = nbformat.v4.new_output(
                "display_data", {"text/plain": INSTEAD})
        if kept and output.output_type == "stream" and (
                kept[-1].get("name") == output.name):
            kept[-1].text += output.text
        elif output not in kept or output.get("data", {}).get(
                "text/plain") != INSTEAD:
            kept.append(output)
    cell.outputs = [] if "hidden-result" in tags(cell) else kept


def debris(book) -> list[str]:
    """What the outputs of a notebook hold that they should not."""
    found = []
    for cell in book.cells:
        for output in cell.get("outputs", []):
            data = dict(output.get("data", {}))
            data.pop("image/png", None)
            text = json.dumps([output.get("text", ""), data])
            if output.get("name") == "stderr":
                found.append(f"{cell.id}: stderr: {output.text[:300]}")
            if output.output_type == "error":
                found.append(f"{cell.id}: {output.ename}: {output.evalue}")
            found += [f"{cell.id}: {name}: {match[0]!r}"
                      for pattern, name in DEBRIS.items()
                      if (match := re.search(pattern, text))]
    return found


def largest(book, number=6) -> str:
    """The cells with the largest outputs, and their sizes."""
    sizes = {cell.id: len(json.dumps(cell.outputs)) for cell in book.cells
             if cell.cell_type == "code"}
    ranked = sorted(sizes, key=sizes.get, reverse=True)[:number]
    return ", ".join(f"{name} {sizes[name]:,}" for name in ranked)


def build(series, notebook) -> float:
    """Writes one executed notebook; returns the seconds that it took.
    Raises ValueError saying why it is not written."""
    book = compose(series, notebook)
    started = time.perf_counter()
    execute(book)
    seconds = time.perf_counter() - started
    wrong = debris(book)
    text = nbformat.writes(book) + "\n"
    if len(text) > LIMIT:
        wrong.append(f"{len(text):,} bytes are more than {LIMIT:,}; the "
                     f"largest outputs: {largest(book)}")
    if wrong:
        raise ValueError("\n  ".join(wrong))
    notebook_at(notebook["name"]).write_text(text)
    reading, exercises = measured(book.cells)
    print(f"{notebook['name']:24}{seconds:5.0f} s "
          f"{len(text) / 1000:6.0f} KB   {reading} + {exercises} minutes",
          flush=True)
    return seconds


def build_all(series, chosen):
    """Builds one after the other; ends with a message if any failed."""
    total, failed = 0.0, []
    for notebook in chosen:
        try:
            total += build(series, notebook)
        except Exception as error:  # of a cell, most likely: on to the next
            lines = re.sub(r"\x1b\[[\d;]*m", "", str(error)).splitlines()
            print(f"{notebook['name']} is not written:\n  "
                  + "\n  ".join(lines[-20:]), flush=True)
            failed.append(notebook["name"])
    print(f"{'in all':24}{total:5.0f} s")
    if failed:
        raise SystemExit(f"Not written: {', '.join(failed)}")
