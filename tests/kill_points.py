"""Kills a training run at random moments and resumes it, again and again.

    python tests/kill_points.py 50

prints how many runs came back to the very weights of the run that was never
killed. A moment is a time drawn at random (the kernel's timer ends the
process there, whatever it does), or a byte in the middle of a write. Children
are forked from one process that has loaded torch but trained nothing.
"""

import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch._dynamo  # what the first optimizer step would import

from agentic_lib import SimpleAIBrain, Training, load_data
from agentic_lib.run.checkpoint import checkpoints, keep, load_checkpoint
from agentic_lib.run.record import FILE_NAME, Run

EPOCHS = 6
DATA = load_data("digits", train_size=128, val_size=64)


def make_training():
    """A short run in which the guards go back to earlier weights."""
    return Training(DATA, SimpleAIBrain("rules", quiet=True), lr=1.5,
                    epochs=EPOCHS, every=2)


def training(folder, resume=False):
    for _ in keep(make_training(), folder, resume):
        pass


def in_child(work) -> int:
    """Runs `work` in a child and returns how it ended: the exit status, or
    minus the signal."""
    child = os.fork()
    if not child:
        status = 1
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(seconds, folder):
    """SIGKILL at a moment: the kernel's timer, so in a write as well."""
    def work():
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        training(folder)
    return in_child(work)


def killed_in_a_write(epoch, size, folder):
    """From the end of `epoch` on, no file may grow beyond `size` bytes."""
    def work():
        for metrics, _ in keep(make_training(), folder):
            if metrics.epoch == epoch:
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return in_child(work)


def weights(folder):
    """The final weights, and the run that the folder holds."""
    newest = checkpoints(folder)[0]
    assert int(newest.name[11:17]) == EPOCHS, newest
    run = Run.load(folder)
    assert len(run.metrics) == EPOCHS and run.test_acc is not None
    return load_checkpoint(newest)["training"]["model"], run


def same(one, two) -> bool:
    (one, run), (two, other) = one, two
    return run.metrics == other.metrics and run.test == other.test and all(
        torch.equal(one[name], two[name]) for name in one)


def resumed(folder, expected) -> int:
    """Resumes the run, and returns after how many epochs it was killed."""
    done = len(Run.load(folder).metrics) if (
        folder / FILE_NAME).exists() else 0
    assert in_child(lambda: training(folder, resume=True)) == 0, folder
    assert same(weights(folder), expected), folder
    return done


def main(points=50, seed=0):
    make_training()  # its children need not import this again
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        place, killed = Path(place), []
        started = time.monotonic()
        assert in_child(lambda: training(place / "whole")) == 0
        took = time.monotonic() - started
        expected = weights(place / "whole")
        assert "guard" in [d.source for d in expected[1].decisions]
        size = checkpoints(place / "whole")[0].stat().st_size
        while len(killed) < points:
            folder = place / str(len(killed))
            if len(killed) % 4 == 3:
                ended = killed_in_a_write(draw.randrange(1, EPOCHS),
                                          draw.randrange(size), folder)
            else:
                ended = killed_after(draw.uniform(0, took), folder)
            if ended == 0:  # it ended before it was killed: once more
                shutil.rmtree(folder)
                continue
            assert ended in (-signal.SIGALRM, -signal.SIGXFSZ), ended
            killed.append(resumed(folder, expected))
    print(f"{points} of {points} killed runs came back to the same weights, "
          f"bit for bit; killed after {sorted(killed)} epochs.")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*map(int, sys.argv[1:]))
