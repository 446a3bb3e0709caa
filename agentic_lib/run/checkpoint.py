"""Nothing lost: a training's state on disk, after every epoch, and back.

A checkpoint is one safetensors file: the tensors, and in its header the rest
as JSON with a digest of it all. It is there whole or not at all; the two
newest are kept. Reading one runs no code. Knows nothing about training beyond
`state_dict` and `load_state_dict`.
"""

import hashlib
import re
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from agentic_lib.control.processes import from_first, is_first
from agentic_lib.run.record import (
    FILE_NAME,
    Run,
    append,
    event,
    from_line,
    own_file,
    to_line,
    write_whole,
)

NAME = re.compile(r"checkpoint-(\d{6,9})\.safetensors")
DAMAGE = (SafetensorError, ValueError, TypeError, KeyError, AttributeError,
          RuntimeError, RecursionError, OSError)


def keep(training, folder, resume=False):
    """Goes through `training` epoch by epoch and keeps it in `folder` as it
    happens; yields what it yields.

    resume  True goes on where an earlier run stopped, to the same final
            weights; False begins anew, and moves what the folder holds into
            `earlier/`
    Raises ValueError where the earlier run had other settings, OSError where
    the folder cannot be written.
    """
    folder = Path(folder)
    if is_first() and not resume:
        set_aside(folder)
    if resume:
        go_on(training, folder)
    if is_first():
        training.run.save(folder)
    for metrics, decision in training:
        if is_first():
            keep_epoch(training, folder, metrics, decision)
        yield metrics, decision
    if is_first():
        training.run.save(folder)


def keep_epoch(training, folder, metrics, decision):
    """Writes the state after an epoch, and what happened in it."""
    state = {"training": training.state_dict(),
             "settings": training.run.settings}
    try:
        save_checkpoint(folder, state, training.epoch)
        append(folder, event(metrics))
        if decision is not None:
            append(folder, event(decision))
    except OSError as error:
        raise OSError(
            f"{folder} cannot be written ({error}). The run is kept up to "
            "the epoch before: make room and go on with resume=True."
        ) from error


def go_on(training, folder):
    """Loads the newest good state from `folder` into `training`."""
    state = from_first(lambda: newest_good(folder))
    if state is None:
        print(f"{folder} holds no state to go on from: training begins anew.")
        return
    if is_first():
        check_settings(state["settings"], training.run.settings, folder)
    training.load_state_dict(state["training"])
    training.run.test = from_first(lambda: read_test(folder, training.epoch))


def number(path) -> int:
    """The epoch in a checkpoint's name."""
    return int(NAME.fullmatch(path.name)[1])


def newest_good(folder):
    """The state of the newest checkpoint that is as it was written, or
    None; the damaged ones are named."""
    for path in checkpoints(folder):
        try:
            return load_checkpoint(path)
        except DAMAGE as error:
            print(f"{path} is damaged and deleted: {error}")
            path.unlink()
    return None


def read_test(folder, epochs):
    """The test result, if the run had come to its end."""
    try:
        run = Run.load(folder)
    except (ValueError, FileNotFoundError) as error:
        print(f"{error} It is written anew from the checkpoint.")
        return None
    return run.test if len(run.metrics) == epochs else None


def check_settings(old, new, folder):
    """A ValueError where a run is to go on with other settings."""
    new = from_line(to_line(new))  # as they would come back from a file
    for name in sorted({*old, *new} - {"versions"}):
        if old.get(name) != new.get(name):
            raise ValueError(
                f"{folder} holds a run with {name}={old.get(name)!r}, not "
                f"{new.get(name)!r}: resume it with the same settings, or "
                "choose another folder.")
    if old.get("versions") != new.get("versions"):
        print(f"The run in {folder} was begun with {old.get('versions')}: "
              "the last digits may differ.")


def checkpoints(folder) -> list[Path]:
    """The checkpoints in `folder`, the newest first."""
    if not Path(folder).is_dir():
        return []
    return sorted((p for p in Path(folder).iterdir()
                   if NAME.fullmatch(p.name)), reverse=True, key=number)


def set_aside(folder):
    """Moves an earlier run's files into `earlier/`, one generation deep."""
    files = [p for p in [folder / FILE_NAME, *checkpoints(folder)]
             if p.is_file() or p.is_symlink()]
    if not files:
        return
    earlier = own_file(folder, "earlier")
    earlier.mkdir(exist_ok=True)
    for old in checkpoints(earlier):
        old.unlink()
    for path in files:
        path.replace(earlier / path.name)
    print(f"The run that was in {folder} was moved to {earlier}.")


def save_checkpoint(folder, state, epoch) -> Path:
    """Writes a nested state of tensors, numbers and text; removes all but
    the two newest checkpoints, and returns the path."""
    tensors = {}
    text = to_line(take_apart(state, tensors, "state"))
    header = {"state": text, "digest": digest(text, tensors)}
    path = Path(folder) / f"checkpoint-{epoch:06d}.safetensors"
    write_whole(path, save(tensors, header))
    for old in checkpoints(folder)[2:]:
        old.unlink()
    return path


def load_checkpoint(path):
    """The state that was saved. An error of one of the kinds in DAMAGE where
    a single bit is not as it was."""
    own_file(Path(path).parent, Path(path).name)
    with safe_open(path, "pt") as file:
        header = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    if digest(header["state"], tensors) != header["digest"]:
        raise ValueError("its digest is not that of its contents")
    return put_together(from_line(header["state"]), tensors)


def take_apart(value, tensors, name):
    """The value with every tensor moved into `tensors`, fit for JSON."""
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


def put_together(value, tensors):
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


def digest(text, tensors) -> str:
    """SHA-256 of the text and of every tensor's name, type, shape, bytes."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()
