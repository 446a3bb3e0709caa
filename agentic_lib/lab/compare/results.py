"""The results of a comparison: one tidy file, a row for each run.

The first line is a comment that holds, as JSON, what the rows depend on:
versions, machine, command. Knows nothing about how a row was made.
"""

import csv
import gzip
import json
import os
import platform
import sys
import zlib
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from agentic_lib.lab.bench import processor
from agentic_lib.lab.compare.fingerprint import guards_crc32
from agentic_lib.lab.compare.methods import rests_on
from agentic_lib.lab.compare.rows import Row

# Ships with the package.
RECORDED = Path(__file__).parents[1] / "data" / "results.csv.gz"
PACKAGES = ("torch", "transformers", "scikit-learn", "numpy", "schedulefree",
            "prodigyopt", "pytorch-optimizer", "dog-optimizer",
            "parameterfree")
COLUMNS = [field.name for field in fields(Row)]
KINDS = {field.name: field.type for field in fields(Row)}


def versions() -> dict:
    """The versions and the machine that results depend on."""
    from agentic_lib import __version__

    found = {"agentic_lib": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return {"versions": found, "machine": f"{platform.machine()}, "
            f"{os.cpu_count()} cores, {platform.system()}",
            "processor": processor(),
            **{f"{name}_crc32": value
               for name, value in checksums().items()},
            "command": command()}


def command() -> str:
    """What was typed, without the path of the file."""
    words = list(sys.argv[1:])
    if "--out" in words:
        at = words.index("--out")
        del words[at:at + 2]
    return " ".join(["python -m agentic_lib", *words])


def opened(path, mode):
    """Opens a text file, compressed if its name ends in .gz."""
    if str(path).endswith(".gz"):
        return gzip.open(path, mode + "t", encoding="utf-8", newline="")
    return open(path, mode, encoding="utf-8", newline="")


def read_rows(path=RECORDED) -> tuple[dict, list[Row]]:
    """(what the rows depend on, the rows) of a results file.

    A last line that was cut off while it was written is left out.
    Raises ValueError naming the file and the line that is damaged.
    """
    with opened(path, "r") as file:
        lines = file.read().split("\n")
    lines.pop()  # what follows the last line's end: nothing, or a piece
    if not lines or not lines[0].startswith("# "):
        raise ValueError(f"{path} is no results file: its first line must "
                         "be '# ' and JSON.")
    rows = []
    for count, values in enumerate(csv.DictReader(lines[1:]), start=3):
        try:
            rows.append(Row(**{name: KINDS[name](values[name])
                               for name in COLUMNS}))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}, line {count} is damaged: {error}"
                             ) from None
    return json.loads(lines[0][2:]), rows


def append_rows(path, rows, info=None):
    """Adds rows to a results file, and begins it if there is none."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    begin = not path.exists()
    with opened(path, "a") as file:
        if begin:
            file.write("# " + json.dumps({**versions(), **(info or {})})
                       + "\n")
        pd.DataFrame(rows, columns=COLUMNS).to_csv(
            file, index=False, header=begin, float_format="%.6g",
            na_rep="nan", lineterminator="\n")


def mend(path):
    """Cuts off a last line that was not written whole, so that rows can be
    added. Deletes a file without its first two lines, to begin it anew."""
    path = Path(path)
    if path.exists() and path.suffix != ".gz":
        whole = path.read_bytes().rpartition(b"\n")[0] + b"\n"
        if whole.count(b"\n") < 2:
            path.unlink()
        else:
            path.write_bytes(whole)


def checksums() -> dict:
    """Which bundled brain and labels are here now, and what guards do."""
    from agentic_lib.lab.teach.labels import LABELS
    from agentic_lib.models.which import BUNDLED

    files = {"brain": BUNDLED / "model.safetensors", "labels": LABELS}
    found = {name: f"{zlib.crc32(path.read_bytes()):08x}"
             if path.exists() else None for name, path in files.items()}
    return {**found, "guards": guards_crc32()}


def changed(info) -> list[str]:
    """Which of 'brain', 'labels' and 'guards' are not what was recorded
    with."""
    return [name for name, now in checksums().items()
            if info.get(f"{name}_crc32") != now]


def of_these(found, info) -> bool:
    """True if what was recorded besides the rows (choices, costs, the curve
    of stopping) was made with the rows' own brain and labels. If it was not, a
    page that shows both would speak of two brains as if they were one.

    found, info  what `versions` says, for the former and for the rows
    """
    return bool(found) and all(
        found.get(f"{name}_crc32") == info.get(f"{name}_crc32")
        for name in ("brain", "labels"))


def pack(paths, out=RECORDED, redo=()):
    """Merges several results files into one, in an order that packs well.

    A row that is there twice is taken from the later file. Rows that rest on
    a bundled brain, labels or guards that have changed since are left out,
    and so are the first file's rows of the methods in `redo`.
    """
    found, commands = {}, []
    for number, path in enumerate(paths):
        info, rows = read_rows(path)
        gone = changed(info)
        kept = [row for row in rows
                if not rests_on(row.method) & set(gone)
                and (number or row.method not in redo)]
        print(f"{path}: {len(kept)} of {len(rows)} rows are kept")
        commands += info.get("commands", [info["command"]])
        found |= {(row.task, row.method, f"{row.rate:.4g}", row.seed): row
                  for row in kept}
    out = Path(out)
    part = out.with_name(f"part_{out.name}")
    part.unlink(missing_ok=True)
    append_rows(part, [found[k] for k in sorted(found)],
                {"commands": list(dict.fromkeys(commands))})
    part.replace(out)
