"""Run: what happened in one training run, saved to disk and loaded again.

A run is a file of JSON lines: the settings first, then every epoch and every
decision in order, then the test result. Knows nothing about models,
optimizers or pictures.
"""

import hashlib
import json
import math
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agentic_lib import __version__
from agentic_lib.brain.decision import Action, Decision, Metrics
from agentic_lib.messages import warn

FILE_NAME = "run.jsonl"


@dataclass
class Run:
    """Everything that a run left behind.

    settings   the arguments and more: data, rate, brain, seed, versions, ...
    metrics    list of Metrics, one per epoch
    decisions  list of Decision, with .epoch, .old_lr and .new_lr
    test       {"test_acc": percent, "test_loss": ...}, read once at the end;
               None while the run goes on
    """

    settings: dict = field(default_factory=dict)
    metrics: list[Metrics] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    test: dict | None = None

    @property
    def test_acc(self) -> float | None:
        """Accuracy on the test set in percent, once the run has ended."""
        return None if self.test is None else self.test["test_acc"]

    @property
    def learning_rates(self) -> list:
        """The learning rate of every epoch."""
        return [m.learning_rate for m in self.metrics]

    @property
    def seconds_deciding(self) -> float:
        """How long all decisions together took."""
        return sum(d.seconds or 0 for d in self.decisions)

    @property
    def stopped_early(self) -> bool:
        """True when a decision ended the run before its budget."""
        budget = self.settings.get("epochs")
        return self.test is not None and len(self.metrics) < (budget or 0)

    def events(self) -> list[dict]:
        """The lines of the file in order, as dictionaries."""
        lines = [{"kind": "settings", **self.settings},
                 *in_order(self.metrics, self.decisions)]
        if self.test is not None:
            lines.append({"kind": "test", **self.test})
        return lines

    def save(self, folder: str | Path) -> Path:
        """Writes the whole run to `folder`/run.jsonl and returns that path."""
        path = Path(folder) / FILE_NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(to_line(e) for e in self.events())
        write_whole(path, text.encode())
        return path

    @classmethod
    def load(cls, folder: str | Path) -> "Run":
        """Reads the run in `folder` (or the file itself).

        A last line that was cut off while being written is left out.
        Raises FileNotFoundError, or ValueError naming file and line.
        """
        path = Path(folder)
        if path.is_dir():
            path = own_file(path, FILE_NAME)
        lines = read_file(path).split(b"\n")
        unfinished = lines.pop()  # empty after a line that was ended
        run = cls()
        for count, line in enumerate(lines, start=1):
            try:
                run.add(from_line(line))
            except (ValueError, TypeError, KeyError,
                    RecursionError) as error:
                raise ValueError(
                    f"{path}, line {count} is damaged: {error}. Delete the "
                    "lines from there on to keep what came before."
                ) from None
        if unfinished:
            warn(f"{path}: the last line was cut off and is left out.")
        return run

    def add(self, values: dict) -> None:
        """Adds one event, as `events` gives it."""
        values = dict(values)
        kind = values.pop("kind")
        if kind == "settings":
            self.settings = values
        elif kind == "epoch":
            self.metrics.append(Metrics(**values))
        elif kind == "decision":
            self.decisions.append(check_decision(Decision(**values)))
        elif kind == "test":
            Metrics(epoch=1, val_acc=values["test_acc"])  # raises if not one
            self.test = values
        else:
            raise ValueError(f"kind={kind!r} is not known")

    def __repr__(self):
        end = "still going" if self.test is None else \
            f"test accuracy {self.test_acc:.1f} %"
        return (f"Run({self.settings.get('data', '?')}, "
                f"{len(self.metrics)} epochs, "
                f"{len(self.decisions)} decisions, {end})")


def stand_ins(decisions: list[Decision]) -> str | None:
    """How many decisions the rules made in the model's place, and why, in a
    sentence; None if they made none."""
    notes = [d.note for d in decisions if d.source == "fallback" and d.note]
    if not notes:
        return None
    why = max(set(notes), key=notes.count)
    return f"The rules made {len(notes)} of {len(decisions)} decisions: {why}"


def check_decision(decision: Decision) -> Decision:
    """Returns a decision from a file unchanged, or raises ValueError: files
    can be damaged, and what a Decision holds is drawn and printed."""
    rates = (decision.old_lr, decision.new_lr, decision.seconds,
             *dict(decision.probabilities or {}).values())
    texts = (decision.reply, decision.prompt, decision.note)
    if not (isinstance(decision.action, str)
            and isinstance(decision.reason, str)
            and isinstance(decision.epoch, (int, type(None)))
            and isinstance(decision.probabilities, (dict, type(None)))
            and all(isinstance(x, (str, type(None))) for x in texts)
            and all(isinstance(x, (int, float, type(None))) for x in rates)):
        raise ValueError("a decision holds values of the wrong kind")
    return decision


def event(item: Metrics | Decision) -> dict:
    """A Metrics or a Decision as one event; what is None is left out."""
    kind = "epoch" if isinstance(item, Metrics) else "decision"
    known = {k: v for k, v in asdict(item).items() if v is not None}
    return {"kind": kind, **known}


def in_order(metrics: list[Metrics],
             decisions: list[Decision]) -> list[dict]:
    """The events of both lists, in order of epoch: an epoch's metrics come
    before the decisions that they led to."""
    items: list[Metrics | Decision] = [*metrics, *decisions]
    return [event(item) for item in sorted(
        items, key=lambda item: item.epoch or 0)]


class RunFile:
    """run.jsonl while its run goes on: `update` appends what is new.

    Begins by writing the whole run; from then on, the cost of an update does
    not depend on how long the run has been going on.
    """

    def __init__(self, folder: str | Path, run: Run) -> None:
        self.folder, self.run = Path(folder), run
        run.save(folder)
        self.lines, self.digest = 0, hashlib.sha256()
        self.count(to_line(e) for e in in_order(run.metrics, run.decisions))
        self.epochs, self.decisions = len(run.metrics), len(run.decisions)
        self.ended = run.test is not None

    def update(self) -> None:
        """Appends the epochs and decisions that the file lacks, and the
        test result; returns once they are on the disk."""
        run = self.run
        new = [to_line(e) for e in in_order(run.metrics[self.epochs:],
                                            run.decisions[self.decisions:])]
        last = []
        if run.test is not None and not self.ended:
            last = [to_line({"kind": "test", **run.test})]
        with open(own_file(self.folder, FILE_NAME), "ab") as file:
            file.write("".join(new + last).encode())
            file.flush()
            os.fsync(file.fileno())
        self.count(new)
        self.epochs, self.decisions = len(run.metrics), len(run.decisions)
        self.ended = run.test is not None

    def count(self, lines: Iterable[str]) -> None:
        """Notes what was written."""
        for line in lines:
            self.lines += 1
            self.digest.update(line.encode())

    def mark(self) -> dict:
        """How much was written so far: the number of lines after the
        settings, and their SHA-256."""
        return {"lines": self.lines, "digest": self.digest.hexdigest()}


def read_up_to(folder: str | Path, mark: dict) -> Run:
    """The run as it was when RunFile gave that `mark`; with its test result
    if that came next. Settings are left out.

    Raises ValueError if the file in `folder` does not begin with those very
    lines, OSError if it cannot be read.
    """
    path = own_file(folder, FILE_NAME)
    found = read_file(path).split(b"\n")[1:-1] if path.exists() else []
    lines = found[:mark["lines"]]
    text = b"".join(line + b"\n" for line in lines)
    if len(lines) < mark["lines"] or \
            hashlib.sha256(text).hexdigest() != mark["digest"]:
        raise ValueError(f"{path} is not as it was written.")
    run = Run()
    for line in lines:
        run.add(from_line(line))
    run.test = test_result(found[len(lines):])
    return run


def test_result(lines: list[bytes]) -> dict | None:
    """The test result, if that is what the first line holds."""
    end = Run()
    try:
        end.add(from_line(lines[0]))
    except (IndexError, ValueError, TypeError, KeyError, RecursionError):
        pass  # the test set is still there to be read
    return end.test


def read_file(path: str | Path) -> bytes:
    """The file's contents. An OSError says that trying again may help."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise OSError(f"{path} cannot be read at present ({error}). It was "
                      "left as it is: try again.") from error


def own_file(folder: str | Path, name: str) -> Path:
    """folder/name, or a ValueError if that is a link, which could lead out
    of the folder."""
    path = Path(folder) / name
    if path.is_symlink():
        raise ValueError(f"{path} is a link that leads out of its folder: "
                         "delete it.")
    return path


def to_line(values: dict) -> str:
    """One line of strict JSON: nan and infinities as {"float": "nan"}."""
    def spell(value):
        if isinstance(value, float) and not math.isfinite(value):
            return {"float": str(value)}
        if isinstance(value, dict):
            return {k: spell(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [spell(v) for v in value]
        return value
    return json.dumps(spell(values), ensure_ascii=False,
                      allow_nan=False) + "\n"


def from_line(line: str | bytes) -> dict:
    """The inverse of `to_line`."""
    def read(value):
        if set(value) == {"float"}:
            return float(value["float"])
        return value
    values = json.loads(line, object_hook=read)
    if not isinstance(values, dict):
        raise ValueError("a line must hold one JSON object")
    return values


def write_whole(path: str | Path, content: bytes) -> None:
    """Writes a file so that either all of it is there or none of it."""
    path = Path(path)
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)  # what an earlier attempt left
    try:
        with open(draft, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def settings_of(training: Any) -> dict:
    """The arguments of a Training, and what its result depends on."""
    controller = training.controller
    model = training.accelerator.unwrap_model(training.model)
    weights = sum(p.numel() for p in model.parameters())
    return {
        "data": training.data.name, "data_crc32": training.data.crc32,
        "lr": training.lr, "epochs": training.epochs,
        "every": controller.every, "batch_size": training.batch_size,
        "seed": training.seed,
        "brain": getattr(controller.brain, "description", "none"),
        "model": f"{type(model).__name__} of {weights} weights",
        "optimizer": type(controller.rates.optimizer).__name__,
        "guards": asdict(controller.guards) if controller.guards else None,
        "actions": [describe(a) for a in controller.actions],
        "versions": versions(),
    }


def describe(action: Action) -> dict:
    """What a run keeps of an Action, so that plots can show it later."""
    return {"name": action.name, "factor": action.factor,
            "stop": action.stop, "marker": action.marker,
            "colour": action.colour}


def versions() -> dict:
    """The versions that a result depends on."""
    import torch

    return {"python": platform.python_version(),
            "torch": torch.__version__, "agentic_lib": __version__}
