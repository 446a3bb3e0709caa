# %% [markdown]
# You have a training run of your own, with its own loop, its own scheduler, or
# a framework that runs the loop. After this notebook you can
#
# - fix the two mistakes that people make most often when they add a
#   controller;
# - put the controller into your own loop, with two lines;
# - say what the guards do, and give them what they need;
# - use it in `transformers.Trainer`, in Lightning, and in several processes;
# - stop such a run in the middle, and continue it later.
#
# Everything here is small and runs on a CPU: the data are the digits of 8 x 8
# pixels. The scripts come with the package, in
# `agentic_lib/integrations/examples`, and run as they are.

# %%
#@title Settings
from agentic_lib import SimpleAIBrain

#@markdown Which brain answers?

brain_name = "bundled" #@param ["auto", "bundled", "qwen", "colab", "rules"]
brain = SimpleAIBrain(brain_name)

# %% [markdown]
# ## Exercise: a loop to mend
#
# Somebody has put the controller, `AgenticLR`, into a loop that worked. Read
# the loop before you run anything. **Guess first:** it makes two mistakes, one
# of them in two places. What are they?
#
# When you have fixed it, three things should hold:
#
# - in every epoch the optimizer uses the rate of the schedule (a straight line
#   down to zero), multiplied by whatever has been decided up to then;
# - no decision changes when the test set changes;
# - the third return value is the test accuracy of the returned network.

# %% tags=["exercise"]
import torch
from torch.optim.lr_scheduler import LambdaLR

from agentic_lib import AgenticLR, load_data, make_model
from agentic_lib.integrations.examples.plain import (
    evaluate, train_one_epoch)


def my_training(data, brain, epochs=20, lr=0.05):
    network = make_model(data)
    optimizer = torch.optim.SGD(network.parameters(), lr=lr, momentum=0.9)
    schedule = LambdaLR(optimizer, lambda done: 1 - done / epochs)
    controller = AgenticLR(optimizer, brain, total_epochs=epochs)
    best = 0.0
    for epoch in range(1, epochs + 1):
        train_acc, train_loss = train_one_epoch(
            network, optimizer, data.train)
        test_acc, test_loss = evaluate(network, data.test)
        schedule.step()
        controller.step(epoch, train_acc, test_acc, train_loss, test_loss)
        best = max(best, test_acc)
        if controller.should_stop:
            break
    return network, controller, best

# %% [markdown]
# To see what happens after a decision, we need a decision. So here the brain
# reads its answers from a list: it lowers the rate each time.

# %%
from agentic_lib import ScriptedBrain

digits = load_data("digits")
lowers = ScriptedBrain(["reduce_learning_rate: written by hand."] * 3)
try:
    _, controller, test_acc = my_training(digits, lowers)
except RuntimeError as error:
    print("RuntimeError:", error)
else:
    print(*controller.decisions, sep="\n")
    print(f"Reported test accuracy: {test_acc:.1f} %")

# %% [markdown]
# The original loop ends here with an error, and that is the good case. A
# `LambdaLR` computes each rate from the starting rate, so what the controller
# wrote into the optimizer was gone one epoch later. A controller that does not
# check would have continued, and its log would have claimed a rate that was
# never used. Whenever `AgenticLR` is called, it compares what it wrote with
# what it finds. The message says what to do. (Whether `schedule.step()` or
# `controller.step` comes first does not matter: notebook 05 uses the other
# order.)
#
# The other mistake, the one in two places, raises no error. No program can
# know which of your numbers come from the test set. Fix both mistakes in the
# cell with `my_training`, run it again, then run the check:

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.mended_loop(my_training)

# %% tags=["solution"]
def my_training(data, brain, epochs=20, lr=0.05):
    network = make_model(data)
    optimizer = torch.optim.SGD(network.parameters(), lr=lr, momentum=0.9)
    schedule = LambdaLR(optimizer, lambda done: 1 - done / epochs)
    controller = AgenticLR(optimizer, brain, total_epochs=epochs,
                           scheduler=schedule)
    for epoch in range(1, epochs + 1):
        train_acc, train_loss = train_one_epoch(
            network, optimizer, data.train)
        val_acc, val_loss = evaluate(network, data.val)
        schedule.step()
        controller.step(epoch, train_acc, val_acc, train_loss, val_loss)
        if controller.should_stop:
            break
    test_acc, _ = evaluate(network, data.test)
    return network, controller, test_acc

# %% [markdown]
# ## Two lines in your own loop
#
# ![The loop](../pictures/loop.png)
#
# Your training run is at the top left. The first of the two lines creates
# everything else. The second asks for a decision and carries it out.
#
# Here is the loop of the script `plain.py`, with AdamW and a cosine schedule.
# The two lines are marked. Besides them, only the two `if`s are new: one
# prints the decision, the other lets it end the run.

# %%
import inspect

from agentic_lib.integrations.examples import plain

print(inspect.getsource(plain.main))

# %% [markdown]
# The two lines need this from you:
#
# - **accuracies in percent**, from 0 to 100, and epochs counted from 1;
# - only what you measure: you may leave out any number, but you have to give
#   something, and validation numbers say more than training numbers;
# - `scheduler=` if you have one. You step it as before. The controller then
#   never writes a rate for good: it scales the schedule's rates just before a
#   step of the optimizer, and removes the scale after it. So neither the
#   scheduler nor a checkpoint ever sees a scaled rate. Log
#   `controller.get_last_lr()`: it is the rate that was used;
# - `every=` if five epochs between two decisions do not suit you;
# - a check of `controller.should_stop`.
#
# Now run it. **Guess first:** where will the rate end, on the cosine or off
# it?

# %%
torch.manual_seed(0)
controller = plain.main(brain_name, epochs=20)

# %%
#@title Run this: it draws the rates
import math

import matplotlib.pyplot as plt

from agentic_lib.course.notebook import show


def draw_rates(controller, lr=0.003):
    """The cosine dotted, the rates that were used solid."""
    figure, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
    epochs = range(1, controller.total_epochs + 1)
    plan = [lr / 2 * (1 + math.cos(math.pi * (e - 1) / len(epochs)))
            for e in epochs]
    ax.plot(epochs, plan, ":", color="#D55E00", lw=3, label="schedule")
    ax.plot([m.epoch for m in controller.history],
            [m.learning_rate for m in controller.history], "o-", ms=4,
            color="#0072B2", label="used by the optimizer")
    for d in controller.decisions:
        ax.axvline(d.epoch + 0.5, color="#999999", lw=0.8)
    ax.set(xlabel="epoch", ylabel="learning rate", yscale="log")
    ax.legend(frameon=False)
    return figure


last = controller.history[-1]
show(draw_rates(controller), alt="The rates of the cosine schedule and "
     f"those that the optimizer used, over {last.epoch} epochs; in the "
     f"last one it used {last.learning_rate:.3g}.")

# %% [markdown]
# A grey line marks a decision. If the solid line leaves the dotted one, a
# decision changed the rate, and the change lasts: the schedule continues to
# fall from there. Whether it *helped* is another question, and one run can't
# answer it (notebook 07).
#
# ## The guards
#
# Eight guards watch the brain. Whatever one of them does is recorded as a
# guard's decision, and the note of that decision says what the brain wanted.
#
# - **bounds**: no rate leaves the range from `min_lr` to `max_lr`, two
#   arguments of `AgenticLR` (1e-7 and 10 if you give none).
# - **ceiling**: no decision raises the rate back to where this run has gone
#   wrong.
# - **cooldown**: after a change, two epochs have to pass before the next one.
#   With a decision every five epochs, this matters only if a guard changed the
#   rate in the epoch before.
# - **first_stop**: no run is stopped before epoch 10.
# - **improving**: a run that still improves is not stopped.
# - **divergence**: a run has gone wrong if its loss is not a number, or far
#   above its best, or if the network has gone dead (no gradient reaches most
#   of its weights any more). This guard acts at once, without waiting for the
#   next decision.
# - **nowhere**: a classifier does no better than guessing after five epochs,
#   while its loss jumps. This guard, too, acts at once.
# - **leap**: if the first ten steps moved the weights further than their own
#   length, the run begins again at the next call of `step`, unless it gets
#   more than half of the validation data right. A network that was thrown that
#   far seldom recovers.
#
# `guards=Guards(cooldown=None)` switches the cooldown off, `guards=False` all
# of them. The last three need the network: pass `model=`. Without it, `leap`
# sees nothing, and the two before it can only lower the rate. With it, the
# controller keeps a copy of the best weights, restores them, and halves the
# rate (`restore_best` in the record). Until the run has learned something, or
# if the first steps went too far, the run goes back to the first weights
# instead, and to a tenth of the rate (`start_again`); the brain is no longer
# shown what was seen before that. All this happens at most six times in a run.
#
# Digits at a rate of 0.5, with momentum, are too much for this network. Nobody
# decides here (the brain is `None`), so whatever happens is the guards' doing.
# **Guess first:** is a lower rate enough to save a run that has diverged?

# %%
from agentic_lib.control.guards import Guards


def hot_run(seed, guards, with_model=False, epochs=20):
    """Twenty epochs at a rate of 0.5; returns the controller."""
    torch.manual_seed(seed)
    network = make_model(digits, seed=seed)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5, momentum=0.9)
    controller = AgenticLR(
        optimizer, None, total_epochs=epochs, guards=guards,
        model=network if with_model else None)
    for epoch in range(1, epochs + 1):
        train_acc, train_loss = train_one_epoch(
            network, optimizer, digits.train)
        val_acc, val_loss = evaluate(network, digits.val)
        controller.step(epoch, train_acc, val_acc, train_loss, val_loss)
    return controller

# %%
settings = {"no guards": {"guards": False},
            "guards": {"guards": Guards()},
            "guards and model=": {"guards": Guards(), "with_model": True}}
print("Validation accuracy after 20 epochs, in percent, four seeds\n")
for name, options in settings.items():
    hot = [hot_run(seed, **options) for seed in range(4)]
    print(f"{name:18}", *(f"{c.history[-1].val_acc:6.1f}" for c in hot))

# %%
rescued = hot[0]
print("What the guards did in the first of the four, with model=:\n")
for decision in rescued.decisions:
    print(decision)

# %% [markdown]
# Ten percent is guessing. If a seed has the same number in all three rows, no
# guard acted: that run has not diverged, even if it is poor.
#
# A lower rate calms an unstable run, but the run has to learn again what it
# lost. If a network has gone dead, no rate, however small, revives it; older
# weights do. So pass `model=`. It costs a copy of the weights and of the
# optimizer's state, in the CPU's memory; two copies until the run has learned
# something.
#
# ## transformers.Trainer
#
# Here the framework runs the loop, and calls a **callback** at certain
# moments. You need an import and one argument:
#
# ```python
# from agentic_lib.integrations.trainer import AgenticCallback
#
# Trainer(..., callbacks=[AgenticCallback(brain)])
# ```
#
# (`AgenticTrainerCallback`, in `agentic_lib.integrations`, is the same class
# under a longer name, for those who use both frameworks.)
#
# Three of the Trainer's own arguments matter: `eval_strategy` (without
# evaluations there are no decisions), `compute_metrics` for the accuracy, and
# `logging_strategy` for the training loss. Your metrics keep their names: if
# your accuracy is not called `eval_accuracy`, pass
# `AgenticCallback(brain, val_acc="eval_f1")`. The callback expects accuracies
# as fractions, as is usual with the Trainer. Pass `percent=True` if yours are
# not. It also takes the controller's arguments: a decision follows every fifth
# evaluation, and `AgenticCallback(brain, every=1)` decides at each. In the
# script, all of this looks as follows:

# %%
from agentic_lib.integrations.examples import transformers_trainer

for part in (transformers_trainer.make_trainer, transformers_trainer.main):
    print(inspect.getsource(part))

# %%
#@title Run this: the Trainer without its log
import contextlib
import io

from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()
log = io.StringIO()
with contextlib.redirect_stdout(log):
    controller = transformers_trainer.main(brain_name, epochs=10)
for line in log.getvalue().splitlines():
    if not line.startswith("{"):  # the Trainer's own numbers
        print(line)
print(f"{len(controller.history)} epochs, at last "
      f"{controller.history[-1].val_acc:.1f} % on the validation data.")

# %% [markdown]
# The callback does three things for you: it hands the Trainer's scheduler and
# the network to the controller, it stops a run through the Trainer's own
# `control`, and it adds the controller's state to the Trainer's checkpoints.
#
# ## Lightning
#
# Lightning works in the same way:
#
# ```python
# from agentic_lib.integrations.lightning import AgenticCallback
#
# lightning.Trainer(..., callbacks=[AgenticCallback(brain)])
# ```
#
# Your module logs `train_loss`, `val_loss`, `train_acc` and `val_acc` with
# `self.log(..., on_epoch=True, on_step=False)`. Accuracies are fractions here,
# too, and `percent=True` and `val_acc="..."` mean the same as above. This
# package does not need Lightning, and Colab does not have it installed.

# %%
#@title Run this: Lightning, if it is there
import importlib.util
import logging as log_levels
import warnings

if importlib.util.find_spec("lightning") is None:
    print("Lightning is missing here. To get it: pip install lightning\n"
          "(in a notebook %pip install lightning), then run this again.")
else:
    from agentic_lib.integrations.examples import lightning_trainer

    for part in (lightning_trainer.make_trainer, lightning_trainer.main):
        print(inspect.getsource(part))
    for name in ("lightning.pytorch", "lightning.fabric"):
        log_levels.getLogger(name).setLevel(log_levels.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on workers and the like
        controller = lightning_trainer.main(brain_name, epochs=10)
    print(f"{len(controller.history)} epochs, at last "
          f"{controller.history[-1].val_acc:.1f} % on the validation data.")

# %% [markdown]
# ## Several processes
#
# On several GPUs, training runs as several processes, each with its own copy
# of the network. What if each decided for itself? One might see different
# numbers and lower its rate, and the copies would drift apart. So the first
# process alone decides, and all of them apply its decision. The script contains
# none of this: it calls `train`, which gathers the metrics, and loads the brain
# only in the first process.
#
# In a loop of your own, every process makes a controller with the same brain,
# and calls its `step`; only the first process asks the brain, and only its
# numbers count. So let every process measure all the validation data, as the
# loop under *accelerate* in `agentic_lib/integrations/RECIPES.md` does. If each
# measures a part, gather the metrics before you call `step`.

# %%
from agentic_lib.integrations.examples import several_processes

print(inspect.getsource(several_processes.main))

# %% [markdown]
# A launcher starts as many copies as you ask for. Here it is the one that
# comes with `accelerate`, which the Trainer uses, too. `--multi_gpu` asks for
# several processes, and `ACCELERATE_USE_CPU=true` keeps them on the CPU.
# The next cell prints the command, and runs it only if you tick the box: both
# processes have to import everything first, which takes longer than the
# training.

# %%
#@title Two processes
run_it = False  #@param {type:"boolean"}

import os
import subprocess
import sys

LAUNCH = ["--multi_gpu", "--num_processes", "2", "--num_machines", "1",
          "--mixed_precision", "no", "--dynamo_backend", "no", "-m",
          "agentic_lib.integrations.examples.several_processes",
          "--brain", "bundled", "--epochs", "10", "--lr", "0.03"]
command = " ".join(["ACCELERATE_USE_CPU=true accelerate launch", *LAUNCH])
for flag in (" --multi_gpu", " --mixed", " -m", " --brain"):
    command = command.replace(flag, " \\\n   " + flag)
print(command)
if run_it:
    done = subprocess.run(
        [sys.executable, "-m", "accelerate.commands.launch", *LAUNCH],
        capture_output=True, text=True, env={
            **os.environ, "ACCELERATE_USE_CPU": "true",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path)})
    print(done.stdout if done.returncode == 0 else done.stderr[-2000:])

# %% [markdown]
# On GPUs, leave out the first word of the command. If one process dies, the
# job ends with a message: the others do not wait for it forever.
#
# ## Stop, and continue tomorrow
#
# `train(..., folder=..., resume=True)` continues where the run stopped
# (notebook 10), and so do the two frameworks: the controller's state is in
# their checkpoints and comes back with `resume_from_checkpoint` (the Trainer)
# and `ckpt_path` (Lightning). In your own loop you save the state yourself,
# and there are five things to save. **Guess first:** what are they?

# %%
class MyRun:
    """A loop with everything in it that has a state."""

    def __init__(self, brain, epochs=20):
        torch.manual_seed(0)
        self.network = make_model(digits)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 0.003)
        self.schedule = LambdaLR(self.optimizer, lambda e: 1 - e / epochs)
        self.controller = AgenticLR(
            self.optimizer, brain, epochs, scheduler=self.schedule,
            model=self.network)

    def train(self, until):
        while (len(self.controller.history) < until
               and not self.controller.should_stop):
            train_acc, train_loss = train_one_epoch(
                self.network, self.optimizer, digits.train)
            val_acc, val_loss = evaluate(self.network, digits.val)
            self.schedule.step()
            epoch = len(self.controller.history) + 1
            self.controller.step(
                epoch, train_acc, val_acc, train_loss, val_loss)

# %%
from pathlib import Path

PARTS = ["network", "optimizer", "schedule", "controller"]


def save(run, path):
    state = {name: getattr(run, name).state_dict() for name in PARTS}
    state["best"] = run.controller.best.state_dict()  # for the guards
    state["dice"] = torch.get_rng_state()  # the order of the data
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)


def load(run, path):
    state = torch.load(path, weights_only=True)
    for name in PARTS:
        getattr(run, name).load_state_dict(state[name])
    run.controller.best.load_state_dict(state["best"])
    torch.set_rng_state(state["dice"])

# %% [markdown]
# The five are the network, the optimizer, the schedule, the controller (with
# the best weights, if the guards keep them), and the random state that sets
# the order of the data. `weights_only=True` reads tensors, numbers and text,
# and refuses to run code from a file.
#
# Here is one run of 20 epochs, and one that is thrown away after seven and
# continued by a new object. **Guess first:** to how many digits will they
# agree?

# %%
whole = MyRun(brain)
whole.train(until=20)

first = MyRun(brain)
first.train(until=7)
save(first, "runs/seven.pt")

second = MyRun(brain)
load(second, "runs/seven.pt")
second.train(until=20)

# %%
same = all(torch.equal(one, other) for one, other in zip(
    whole.network.parameters(), second.network.parameters()))
print("The weights are the same, bit for bit." if same
      else "The weights differ.")
print("The same decisions:", [d.action for d in whole.controller.decisions]
      == [d.action for d in second.controller.decisions])
print("The same rate:", whole.controller.get_last_lr()
      == second.controller.get_last_lr())

# %% [markdown]
# Remove one of the five from the cell with `save` and `load` (a name in
# `PARTS`, or the two lines about the dice). Run that cell and the two code
# cells below it again. Which of the three lines notices?
# <details><summary>Answer</summary>The first line notices four of them. Without
# the schedule's state the rates differ, too; without the network the
# validation accuracy collapses, and the decisions may differ. Without the
# controller's state there is an error before any line is printed: this loop
# asks the controller how many epochs have passed, so it starts counting at 0
# again, trains too long, and the straight line of the schedule goes below
# zero.</details>
#
# ## Summary
#
# - A scheduler may undo what a controller writes. If you pass it
#   (`scheduler=`), the controller scales it. If you don't, the controller
#   raises an error.
# - No program can tell that a number comes from the test set. You can.
# - Two lines in a loop, with accuracies in percent. In a framework it is one
#   callback, and your metrics keep their names.
# - With `model=` a run that has diverged can be restored. A lower rate alone
#   does not bring a dead network back.
# - In several processes, one decides, and all of them do the same.
# - To resume, save everything that has a state: the network is one of five.

# %% [markdown]
# **Three questions**
#
# 1. Your loop has a warm-up of 500 steps and steps its scheduler after every
#    batch, not after every epoch. What has to change in the two lines?
#    <details><summary>Answer</summary>Nothing. Pass it as
#    <code>scheduler=</code> and step it as before. The scale is applied at
#    each step of the optimizer, to whatever rate the schedule has at that
#    moment.</details>
# 2. The controller has decided nothing in the whole run, and your accuracies
#    lie between 0.4 and 0.9. What do you look at first?
#    <details><summary>Answer</summary>The unit, and the first line that the
#    controller printed. Percent is expected: 0.9 is taken for a fraction and
#    left out, with a warning, and if nothing was measured, nothing is
#    decided.</details>
# 3. A colleague stops a training run from time to time, and resumes it from
#    the network and the optimizer. The rate jumps each time. Why?
#    <details><summary>Answer</summary>The schedule starts again, and the
#    decided scale is gone: it belongs to the controller, and the optimizer
#    does not hold it. Save and load the state of the schedule and the state of
#    the controller.</details>
#
# This was the last notebook in the order of the series (10 comes after 05).
# The model card of the bundled brain (`agentic_lib/bundled_brain/README.md`)
# says what it can't do, and `CONTRIBUTING.md` shows how to add an action, a
# brain or a task.
