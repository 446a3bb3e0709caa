"""What test_processes.py runs in two processes; writes what each one saw."""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import torch
from accelerate import Accelerator

import agentic_lib.run.training as module
from agentic_lib import AgenticLR, SimpleAIBrain, Training, load_data, train
from agentic_lib.mechanics import meeting
from agentic_lib.mechanics.processes import is_first
from agentic_lib.run.checkpoint import keep
from agentic_lib.run.training import BrainElsewhere

DATA = load_data("digits", train_size=256, val_size=64)


def agree(folder):
    """One run through `train`, one steered by hand, one resumed."""
    accelerator, loaded, saw = Accelerator(), [], {}

    class Counted(SimpleAIBrain):
        def __init__(self, *args):
            loaded.append(1)
            super().__init__(*args)
    module.SimpleAIBrain = Counted
    run = train(DATA, "rules", epochs=6, lr=1.5, every=2,
                accelerator=accelerator, folder=folder / "whole")
    saw["brains"] = len(loaded)
    saw["rates"] = run.learning_rates
    saw["decisions"] = [(d.epoch, d.action, d.source) for d in run.decisions]
    saw["metrics"] = [(m.val_acc, m.train_loss) for m in run.metrics]

    for epochs in (3, 6):  # broken off after three, and resumed
        brain = SimpleAIBrain("rules") if is_first() else BrainElsewhere(
            run.settings and module.ACTIONS)
        training = Training(DATA, brain, epochs=6, lr=1.5, every=2,
                            accelerator=accelerator)
        for metrics, _ in keep(training, folder / "cut", resume=True):
            if metrics.epoch == epochs < 6:
                break
    saw["resumed"] = training.run.learning_rates
    weights = accelerator.unwrap_model(training.model).state_dict()
    saw["weights"] = hashlib.sha256(b"".join(
        w.numpy().tobytes() for w in weights.values())).hexdigest()

    # each process hands in numbers of its own: the first one's count
    rank = accelerator.process_index
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    brain = SimpleAIBrain("rules") if is_first() else BrainElsewhere(
        module.ACTIONS)
    controller = AgenticLR(optimizer, brain, every=1)
    for epoch in range(1, 8):
        controller.step(epoch, train_acc=99 - 60 * rank, val_acc=40,
                        train_loss=float("nan") if rank else 1.0)
    saw["own"] = [d.action for d in controller.decisions]
    saw["own_rate"] = controller.get_last_lr()
    (folder / f"rank{rank}.json").write_text(json.dumps(saw))


def die(folder):
    """The second process is killed in the middle of a run."""
    training = Training(DATA, SimpleAIBrain("rules"), epochs=1000)
    for metrics, _ in training:
        if metrics.epoch == 3 and not is_first():
            os.kill(os.getpid(), signal.SIGKILL)


def main_only(folder):
    """The mistake that everybody makes once."""
    Accelerator()
    meeting.PATIENCE = 5
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    controller = AgenticLR(optimizer, SimpleAIBrain("rules"), every=1)
    if is_first():
        controller.step(1, train_loss=1.0)
    torch.distributed.barrier()


if __name__ == "__main__":
    torch.set_num_threads(1)
    jobs = {"agree": agree, "die": die, "main_only": main_only}
    jobs[sys.argv[1]](Path(sys.argv[2]))
    Accelerator().end_training()
    # A thread that lives on can abort a process that has done all its work.
    threads = [comm.read_text() for comm in
               Path("/proc/self/task").glob("*/comm")]  # empty without Linux
    assert not any("gloo" in name for name in threads), threads
