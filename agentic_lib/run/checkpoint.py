"""Nothing lost: a training's state, saved after every epoch and loaded again.

A checkpoint is one safetensors file: the tensors, and in its header the rest
as JSON with a digest of it all. It is there whole or not at all; the two
newest are kept. What happened before is in run.jsonl alone, and the checkpoint
holds the digest of those lines. So neither its size nor the time it takes to
write it grows with the run. Reading a checkpoint executes no code. Knows
nothing about training beyond `state_dict` and `load_state_dict`.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.mechanics.processes import from_first, is_first
from agentic_lib.messages import say, warn
from agentic_lib.run.record import (
    FILE_NAME,
    RunFile,
    from_line,
    own_file,
    read_file,
    read_up_to,
    to_line,
    write_whole,
)

NAME = re.compile(r"checkpoint-(\d{6,9})\.safetensors")
# What reading damaged contents raises. A disk that cannot be read right now,
# or a lack of memory, is not among them: that passes.
DAMAGE = (SafetensorError, ValueError, TypeError, KeyError, AttributeError,
          RecursionError)


def keep(training: Any, folder: str | Path,
         resume: bool = False) -> Iterator[tuple[Metrics, Decision | None]]:
    """Runs `training` epoch by epoch, saves it in `folder` after each, and
    yields what it yields.

    resume  True continues an earlier run, to the same final weights, or
            further if there are more epochs than before; False starts over,
            and moves what the folder holds into `earlier/`
    Raises ValueError if the earlier run had other settings or its record is
    damaged, and OSError if the folder cannot be read or written. In all these
    cases the folder is left as it is.
    """
    folder = Path(folder)
    if is_first() and not resume:
        set_aside(folder)
    if resume:
        go_on(training, folder)
    file = RunFile(folder, training.run) if is_first() else None
    for metrics, decision in training:
        if file is not None:
            keep_epoch(training, folder, file)
        yield metrics, decision
    if file is not None:
        file.update()


def keep_epoch(training: Any, folder: Path, file: RunFile) -> None:
    """Writes what happened in an epoch, and then the state after it, which
    relies on what was written first."""
    try:
        file.update()
        state = {"training": training.state_dict(history=False),
                 "settings": training.run.settings, "record": file.mark()}
        save_checkpoint(folder, state, training.epoch)
    except OSError as error:
        raise OSError(
            f"{folder} cannot be written ({error}). The run is saved up to "
            "the epoch before: make room and continue with resume=True."
        ) from error


def go_on(training: Any, folder: Path) -> None:
    """Loads the newest good state from `folder` into `training`."""
    state = from_first(lambda: newest_good(folder))
    if state is None:
        say(f"There is nothing to resume in {folder}: training starts over.")
        return
    if is_first():
        check_settings(state["settings"], training.run.settings, folder,
                       len(state["run"].metrics))
    run = state["run"]
    state["training"]["controller"] |= {
        "history": [asdict(m) for m in run.metrics],
        "decisions": [asdict(d) for d in run.decisions]}
    training.load_state_dict(state["training"])
    if training.done:  # with more epochs, the test set is read again
        training.run.test = run.test


def number(path: Path) -> int:
    """The epoch in a checkpoint's name."""
    return int(path.name.split("-")[1].partition(".")[0])


def newest_good(folder: str | Path) -> dict | None:
    """The state of the newest undamaged checkpoint, with the "run" up to
    then, or None; damaged checkpoints are renamed.

    Raises ValueError if there are good checkpoints but the record does not
    belong to any of them, and OSError if a file cannot be read at present.
    """
    problem = None
    found = checkpoints(folder)
    for path in found:
        try:
            state = load_checkpoint(path)
        except DAMAGE as error:
            new = rename_damaged(path)
            warn(f"{path} is damaged ({error}): renamed to {new.name}.")
            continue
        try:
            return {**state, "run": read_up_to(folder, state["record"])}
        except DAMAGE as error:
            problem = problem or (path, error)
    if problem is not None:
        path, why = problem
        raise ValueError(
            f"{why} {path.name} is good, but relies on it: put back a copy "
            "of that file, or start over with resume=False, which moves both "
            "into earlier/.")
    if found:
        set_aside(folder)
    return None


def rename_damaged(path: Path) -> Path:
    """Moves a damaged file out of the way, and deletes nothing."""
    new, count = path.with_name(path.name + ".damaged"), 1
    while new.exists() or new.is_symlink():
        count += 1
        new = path.with_name(f"{path.name}.damaged-{count}")
    return path.rename(new)


def check_settings(old: dict, new: dict, folder: Path, done: int) -> None:
    """Raises ValueError if a run is to be resumed with other settings. A
    different number of epochs is fine, unless more than that are `done`."""
    new = from_line(to_line(new))  # as they would come back from a file
    if old.get("epochs") != new["epochs"] and new["epochs"] >= done:
        say(f"The run in {folder} had a budget of {old.get('epochs')} epochs; "
            f"it continues with {new['epochs']}.")
        old = {**old, "epochs": new["epochs"]}
    for name in sorted({*old, *new} - {"versions"}):
        if old.get(name) != new.get(name):
            raise ValueError(
                f"{folder} holds a run with {name}={old.get(name)!r}, not "
                f"{new.get(name)!r}: resume it with the same settings, or "
                "choose another folder.")
    if old.get("versions") != new.get("versions"):
        warn(f"The run in {folder} was started with {old.get('versions')}: "
             "the last digits may differ.")


def checkpoints(folder: str | Path) -> list[Path]:
    """The checkpoints in `folder`, the newest first."""
    if not Path(folder).is_dir():
        return []
    return sorted((p for p in Path(folder).iterdir()
                   if NAME.fullmatch(p.name)), reverse=True, key=number)


def set_aside(folder: str | Path) -> None:
    """Moves an earlier run's files into `earlier/`, one generation deep."""
    folder = Path(folder)
    files = [p for p in [*checkpoints(folder), folder / FILE_NAME]
             if p.is_file() or p.is_symlink()]
    if not files:
        return
    earlier = own_file(folder, "earlier")
    earlier.mkdir(exist_ok=True)
    for old in checkpoints(earlier):
        old.unlink()
    for path in files:
        path.replace(earlier / path.name)
    say(f"The run that was in {folder} was moved to {earlier}.")


def save_checkpoint(folder: str | Path, state: dict, epoch: int) -> Path:
    """Writes a nested state of tensors, numbers and text; removes all but
    the two newest checkpoints, and returns the path."""
    tensors: dict[str, torch.Tensor] = {}
    text = to_line(take_apart(state, tensors, "state"))
    header = {"state": text, "digest": digest(text, tensors)}
    path = Path(folder) / f"checkpoint-{epoch:06d}.safetensors"
    write_whole(path, save(tensors, header))
    for old in checkpoints(folder)[2:]:
        old.unlink()
    return path


def load_checkpoint(path: str | Path) -> dict:
    """The state that was saved. Raises one of DAMAGE if a single bit has
    changed, an OSError if the file cannot be read."""
    own_file(Path(path).parent, Path(path).name)
    content = read_file(path)
    tensors = load(content)
    length = int.from_bytes(content[:8], "little")  # of the header
    header = json.loads(content[8:8 + length])["__metadata__"]
    if digest(header["state"], tensors) != header["digest"]:
        raise ValueError("its digest is not that of its contents")
    return put_together(from_line(header["state"]), tensors)


def take_apart(value: Any, tensors: dict, name: str) -> Any:
    """The value with every tensor moved into `tensors`, ready for JSON."""
    if isinstance(value, torch.Tensor):
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"$": "tensor", "name": name}
    if isinstance(value, dict):  # as pairs: its keys may be whole numbers
        return {"$": "dict", "pairs": [
            [key, take_apart(item, tensors, f"{name}.{key}")]
            for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"$": type(value).__name__, "items": [
            take_apart(item, tensors, f"{name}.{i}")
            for i, item in enumerate(value)]}
    return value


def put_together(value: Any, tensors: dict) -> Any:
    """The inverse of `take_apart`."""
    if not isinstance(value, dict):
        return value
    kind = value["$"]
    if kind == "tensor":
        return tensors[value["name"]]
    if kind == "dict":
        return {key: put_together(item, tensors)
                for key, item in value["pairs"]}
    items = [put_together(item, tensors) for item in value["items"]]
    return tuple(items) if kind == "tuple" else items


def digest(text: str, tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 of the text and of every tensor's name, type, shape, bytes."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
