"""The training loop, under a controller. A generator at heart.

Iterate over `Training` to go through a run epoch by epoch: it can be paused,
steered, plotted, killed and resumed; `train` runs it to the end. Runs on
accelerate's Accelerator: one process by default, the same code under
`accelerate launch`. Knows nothing about how a brain decides.
"""

import copy
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from agentic_lib.mechanics import checks
from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS, Decision, Metrics
from agentic_lib.control.controller import AgenticLR
from agentic_lib.mechanics.processes import is_first
from agentic_lib.messages import warn
from agentic_lib.models.threads import is_small_network, threads_for
from agentic_lib.run.checkpoint import keep
from agentic_lib.run.data import Data, load_data
from agentic_lib.run.progress import show
from agentic_lib.run.record import Run, settings_of, stand_ins
from agentic_lib.run.trainees import make_model, make_optimizer


class Training:
    """One training run, one epoch at a time.

    data        a name for `load_data`, or Data
    brain       makes the decisions; None keeps the learning rate constant
    lr          the learning rate to start with
    epochs      the budget
    model       any nn.Module that maps inputs to logits; None makes one
    optimizer   'sgd' (momentum 0.9), 'adam' or 'adamw', or a function
                (parameters, lr) -> torch optimizer
    seed        for the weights and the order of the data
    accelerator accelerate's Accelerator, if you have one
    options     all others go to AgenticLR: every, reduce, increase, ...

    A small network is trained on one thread (see models/threads.py). All
    randomness in an epoch follows from the seed and the epoch's number. So
    two runs agree bit for bit, and a resumed run agrees with one that was
    never interrupted. Nothing else that draws random numbers has any
    influence.
    """

    def __init__(self, data: str | Data = "digits", brain: Any = None,
                 lr: float = 0.01, epochs: int = 60,
                 model: nn.Module | None = None,
                 optimizer: str | Callable = "sgd", batch_size: int = 64,
                 seed: int = 0, accelerator: Accelerator | None = None,
                 **options: Any) -> None:
        checks.positive(lr=lr)
        checks.count("batch_size", batch_size)
        if not isinstance(seed, int) or seed < 0:
            raise ValueError(f"seed={seed!r} must be a whole number from 0.")
        self.data = data if isinstance(data, Data) else load_data(data)
        self.lr, self.epochs, self.seed = lr, epochs, seed
        self.batch_size = batch_size
        self.accelerator = accelerator or make_accelerator()
        check_processes(self.accelerator)
        if model is None:
            model = make_model(self.data, seed=seed)
        self.order = torch.Generator()
        self.model, self.optimizer, self.loader = self.accelerator.prepare(
            model, make_optimizer(optimizer, model, lr),
            DataLoader(Examples(*self.data.train), batch_size, shuffle=True,
                       generator=self.order, collate_fn=tuple))
        self.loss = nn.CrossEntropyLoss()
        self.small = is_small_network(model, batch_size)
        self.controller = AgenticLR(self.optimizer, brain,
                                    total_epochs=epochs, model=model,
                                    **options)
        # One record: whatever the controller adds to its lists, the Run has.
        self.run = Run(settings_of(self), self.controller.history,
                       self.controller.decisions)

    @property
    def epoch(self) -> int:
        """The number of epochs done."""
        return len(self.run.metrics)

    @property
    def done(self) -> bool:
        """True when the budget is used up or the controller stopped."""
        return self.epoch >= self.epochs or self.controller.should_stop

    def __iter__(self) -> Iterator[tuple[Metrics, Decision | None]]:
        """Trains, and yields (Metrics, Decision or None) after every epoch;
        reads the test set after the last one."""
        while not self.done:
            yield self.step()
        self.finish()

    def finish(self) -> None:
        """Reads the test set, once."""
        if self.run.test is None:
            accuracy, loss = self.evaluate(*self.data.test)
            self.run.test = {"test_acc": accuracy, "test_loss": loss}

    def step(self, ask: bool = True) -> tuple[Metrics, Decision | None]:
        """One epoch, and the decision after it if one is due; with
        ask=False the brain is not asked, and someone else decides."""
        epoch = self.epoch + 1
        train_acc, train_loss = self.train_one_epoch(epoch)
        val_acc, val_loss = self.evaluate(*self.data.val)
        decision = self.controller.step(
            epoch=epoch, train_acc=train_acc, val_acc=val_acc,
            train_loss=train_loss, val_loss=val_loss, ask=ask)
        return self.run.metrics[-1], decision

    def train_one_epoch(self, epoch: int) -> tuple[float, float]:
        """Accuracy (percent) and loss, averaged while the epoch ran."""
        self.model.train()
        self.order.manual_seed(self.seed * 100_003 + epoch)
        totals = torch.zeros(3, device=self.accelerator.device)
        with threads_for(self.small), torch.random.fork_rng():
            torch.manual_seed(self.seed * 100_003 + epoch)
            for inputs, labels in self.loader:
                logits = self.model(inputs)
                loss = self.loss(logits, labels)
                self.optimizer.zero_grad()
                self.accelerator.backward(loss)
                self.optimizer.step()
                totals += count(logits.detach(), labels, loss.detach())
        return self.average(totals)

    @torch.no_grad()
    def evaluate(self, inputs: torch.Tensor, labels: torch.Tensor,
                 batch_size: int = 1024) -> tuple[float, float]:
        """Accuracy (percent) and loss on (inputs, labels), with the current
        weights."""
        self.model.eval()
        totals = torch.zeros(3, device=self.accelerator.device)
        with threads_for(self.small):
            for x, y in zip(inputs.split(batch_size),
                            labels.split(batch_size)):
                x = x.to(self.accelerator.device)
                y = y.to(self.accelerator.device)
                logits = self.model(x)
                totals += count(logits, y, self.loss(logits, y))
        return self.average(totals)

    def state_dict(self, history: bool = True) -> dict:
        """Copies of all that is needed to continue from here, or to branch.
        history=False leaves out what was seen and decided, which grows."""
        best = self.controller.best
        return copy.deepcopy({
            "model": self.accelerator.unwrap_model(self.model).state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "controller": self.controller.state_dict(history),
            "best": best and best.state_dict(),
        })

    def load_state_dict(self, state: dict) -> None:
        """Continues from a saved state, as if never interrupted."""
        state = copy.deepcopy(state)
        model = self.accelerator.unwrap_model(self.model)
        model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.controller.load_state_dict(state["controller"])
        if self.controller.best and state["best"]:
            self.controller.best.load_state_dict(state["best"])
        self.run.test = None

    def average(self, totals: torch.Tensor) -> tuple[float, float]:
        """(correct, loss, examples) of all processes -> percent, loss."""
        correct, loss, examples = self.accelerator.reduce(totals).tolist()
        return 100 * correct / examples, loss / examples


class Examples(TensorDataset):
    """Takes a batch in one piece: putting it together from its examples
    costs as much as a small network's pass over it."""

    def __getitems__(self, places: list[int]) -> tuple:
        return self[places]


def count(logits: torch.Tensor, labels: torch.Tensor,
          loss: torch.Tensor) -> torch.Tensor:
    """(correct answers, summed loss, examples) of one batch."""
    correct = (logits.argmax(1) == labels).sum()
    examples = labels.new_tensor(len(labels))
    return torch.stack([correct, loss * examples, examples])


def make_accelerator() -> Accelerator:
    """accelerate's Accelerator with its own defaults. But if a launcher
    started several processes on a machine without a GPU, they must be told to
    run together, or each of them would train by itself."""
    if started_together() > 1 and not torch.accelerator.is_available():
        return Accelerator(cpu=True)
    return Accelerator()


def check_processes(accelerator: Accelerator) -> None:
    """Warns if processes that were started together do not know it."""
    if started_together() > 1 and accelerator.num_processes == 1:
        warn(f"{started_together()} processes were started, but each trains "
             "by itself. On CPUs pass Accelerator(cpu=True), or set "
             "ACCELERATE_USE_CPU=true.")


def started_together() -> int:
    """How many processes torchrun or accelerate launch has started."""
    return int(os.environ.get("WORLD_SIZE", 1))


class BrainElsewhere:
    """Stands for the brain in every process but the first, which holds it
    and decides for all. Uses no memory."""

    description = "the first process's brain"

    def __init__(self, actions):
        self.actions = actions

    def analyze_training(self, history, every, actions):
        raise RuntimeError("Only the first process decides.")


def train(data: str | Data = "digits", brain: Any = "auto",
          progress: bool = False, folder: str | Path | None = None,
          resume: bool = False, **options: Any) -> Run:
    """Trains to the end under a brain and returns the Run.

    brain     SimpleAIBrain or a name for it; None keeps the rate constant
    progress  True shows a progress bar and every decision as it is made
    folder    where the run is saved as it goes: run.jsonl, checkpoints
    resume    True continues the run in `folder`, if there is one; with more
              epochs than it had, it trains further
    The other options are those of Training. If the rules stood in for the
    model, a line at the end says how often and why.
    """
    options.setdefault("accelerator", make_accelerator())
    if isinstance(brain, str):  # only one of the processes needs the brain
        brain = SimpleAIBrain(brain) if is_first() else BrainElsewhere(
            options.get("actions") or ACTIONS)
    training = Training(data, brain, **options)
    steps = training if folder is None else keep(training, folder, resume)
    if progress and is_first():
        steps = show(steps, training)
    for _ in steps:
        pass
    summary = stand_ins(training.run.decisions)
    if summary and is_first():
        warn(summary)
    return training.run
