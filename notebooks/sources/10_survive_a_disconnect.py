# %% [markdown]
# A training run can take all night, and a runtime may not last that long.
# Colab takes an idle one away, laptops close, the power fails. After this
# notebook you can
#
# - say what has to be on disk so that a run can go on as if nothing had
#   happened;
# - save and load it yourself, and prove that nothing is missing;
# - let the library do it, and kill a run to see that it does;
# - take a run home as one file, and continue it on another machine.
#
# You need the loop of notebook 05: train an epoch, measure, ask the brain,
# carry out its decision.

# %%
#@title Settings
import torch

from agentic_lib import Metrics, SimpleAIBrain, load_data, train

LR = 0.03  #@param {type:"number"}
EPOCHS = 60  #@param {type:"integer"}

digits = load_data("digits", label_noise=0.3)
brain = SimpleAIBrain("bundled")

# %% [markdown]
# The bundled brain decides here, on every machine. A process that is killed
# and started again must load its brain twice, and loading a large one takes a
# while.
#
# ## What is lost, and what is left
#
# | what happens | memory | disk |
# |---|---|---|
# | you close the tab and come back soon | is still there | is still there |
# | *Runtime > Restart session*, or a crash | is lost | is still there |
# | Colab takes the runtime away | is lost | is lost |
#
# So a run that should survive has to be written to disk while it trains, and
# copied to another disk before the runtime is gone.
#
# **Guess first:** what has to be written? Are the weights enough?
#
# ## Exercise: kill and resume to the same weights
#
# `save` is called after some epoch. Then the process is gone. `load` gets a
# new network and a new optimizer, puts everything back, and returns the
# history. Training that continues from there must lead to the very same
# weights, bit for bit.
#
# `torch.load` reads tensors, numbers and text, and refuses to run code from a
# file. So objects such as `Metrics` have to become dictionaries,
# `vars(metrics)`, and come back with `Metrics(**values)`.

# %% tags=["exercise"]
def save(path, network, optimizer, history):
    torch.save({"network": network.state_dict()}, path)


def load(path, network, optimizer):
    state = torch.load(path)
    network.load_state_dict(state["network"])
    return []  # Your code: what else was there?

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.same_weights(save, load)

# %% tags=["solution"]
def save(path, network, optimizer, history):
    torch.save({"network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "history": [vars(m) for m in history]}, path)


def load(path, network, optimizer):
    state = torch.load(path)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return [Metrics(**values) for values in state["history"]]

# %% [markdown]
# The weights are not enough. The optimizer has a memory of its own: its
# **momentum** (the direction in which the weights were moving) and the rate
# that was decided. The brain has no memory at all, so it needs the history.
# (In a loop with `AgenticLR`, save its `state_dict()` in place of the history;
# notebook 09 shows all the parts.)
#
# One thing did not have to be saved here: the order of the data. In the loop
# of this series it follows from the seed and the epoch number alone. If your
# loop draws the order from a running random generator, save that generator's
# state too (notebook 09 does).
#
# ## Kill a real one
#
# `train(..., folder=...)` writes all of this after every epoch. Does that hold
# up if the worst happens? Start a training run in a process of its own, wait
# until it has done some epochs, and kill it. It gets no warning, just like a
# runtime that is taken away.

# %%
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

Path("runs").mkdir(exist_ok=True)
NIGHT = f"""
from agentic_lib import SimpleAIBrain, load_data, train
digits = load_data("digits", label_noise=0.3)
train(digits, SimpleAIBrain("bundled", quiet=True), lr={LR},
      epochs={EPOCHS}, folder="runs/night")
"""


def epochs_in(folder):
    """How many epochs the record of a run holds."""
    path = Path(folder, "run.jsonl")
    return path.read_bytes().count(b'"kind": "epoch"') if (
        path.exists()) else 0

# %%
shutil.rmtree("runs/night", ignore_errors=True)
Path("runs/night").mkdir(parents=True)
process = subprocess.Popen(
    [sys.executable, "-c", NIGHT], stdout=subprocess.DEVNULL,
    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
while process.poll() is None and epochs_in("runs/night") < 7:
    time.sleep(0.01)
process.kill()
process.wait()
print(f"Killed with {epochs_in('runs/night')} of {EPOCHS} epochs in the "
      "record. Left:")
for path in sorted(Path("runs/night").iterdir()):
    print(f"  {path.name:32}{path.stat().st_size:8,} bytes")

# %% [markdown]
# `run.jsonl` is the record, with one line for each epoch and each decision. A
# **checkpoint** holds the weights, the optimizer and the controller, with what
# was decided (`safetensors`: a format for tensors). The number in its name is
# the epoch. The last two checkpoints are kept. After each epoch the record is
# written first, and then the checkpoint. So the record may be one epoch ahead;
# then that epoch is trained once more. A `.part` file, if there is one, was
# being written when the process was killed, and is ignored.
#
# ## Take it home as one file
#
# If the disk goes with the runtime, only what you took home is left. The next
# cell packs the run. In Colab, tick what else it should do: Drive asks for
# permission, and an upload waits for a file.
#
# A cell that trains blocks all others until it ends. So for a long run, mount
# Drive first and train with `folder="/content/drive/MyDrive/night"`: then
# every checkpoint is there right away.
#
# Are you back in a new runtime? Run the cells above, except the one that
# starts the process and kills it. Tick *upload* if the file is on your
# computer, or *from_drive*, and continue here. (Outside Colab, put `night.zip`
# into the folder `runs`.)

# %%
#@title Take it home, bring it back (packs only, unless you tick a box)
download = False  #@param {type:"boolean"}
to_drive = False  #@param {type:"boolean"}
upload = False  #@param {type:"boolean"}
from_drive = False  #@param {type:"boolean"}

packed, in_colab = Path("runs/night.zip"), "google.colab" in sys.modules
on_drive = "/content/drive/MyDrive/night.zip"
brought = in_colab and (upload or from_drive)
if not brought and Path("runs/night").is_dir():
    shutil.make_archive("runs/night", "zip", "runs/night")
if in_colab and (to_drive or from_drive):
    from google.colab import drive
    drive.mount("/content/drive")
if in_colab and from_drive:
    shutil.copy(on_drive, packed)
elif in_colab and upload:
    from google.colab import files
    packed.unlink(missing_ok=True)
    files.upload("runs")  # choose night.zip
if in_colab and to_drive:
    shutil.copy(packed, on_drive)
if in_colab and download:
    from google.colab import files
    files.download(str(packed))
print(f"{packed.name}: {packed.stat().st_size:,} bytes")

# %% [markdown]
# ## The disk is gone
#
# The next cell deletes the folder, as if the disk were lost, and unpacks the
# file. The run continues from there to its end. For comparison, the same run
# is trained once without any interruption.
#
# **Guess first:** by how much will the weights of the two differ?

# %%
shutil.rmtree("runs/night", ignore_errors=True)
shutil.unpack_archive("runs/night.zip", "runs/night")
found = epochs_in("runs/night")

same = {"lr": LR, "epochs": EPOCHS}
resumed = train(digits, brain, folder="runs/night", resume=True, **same)
shutil.rmtree("runs/calm", ignore_errors=True)
calm = train(digits, brain, folder="runs/calm", **same)

# %%
from agentic_lib.run.checkpoint import newest_good


def weights_in(folder):
    return newest_good(folder)["training"]["model"]


some, others = weights_in("runs/night"), weights_in("runs/calm")
equal = all(torch.equal(some[name], others[name]) for name in some)
print(f"The record held {found} epochs. Killed, then resumed: {resumed}")
print(f"Never killed: {calm}")
print("The weights are the same, bit for bit." if equal else
      "The weights differ.")

# %% [markdown]
# The same holds on a GPU if it adds its numbers in a fixed order. On
# another kind of machine the last digits may differ, and with them a later
# decision.
#
# What if you resume with a mistake, such as a different learning rate? Then it
# would be a different run under the old name. The library refuses:

# %% tags=["nbval-check-output"]
try:
    train(digits, brain, folder="runs/night", resume=True, lr=2 * LR,
          epochs=EPOCHS)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# And the notebook itself? If you opened it from GitHub, nothing that you type
# is saved until you copy it: *File > Save a copy in Drive*.
#
# ## Summary
#
# - Weights alone do not bring a run back. The optimizer, with the decided rate
#   in it, and the history have to come along; so must the random generator, if
#   the order of the data comes from one.
# - Write after every epoch, and keep two checkpoints: the kill may come while
#   one of them is being written.
# - A disk can go too. Take the run home as one file.
# - Prove it: kill a run, resume it, and compare the weights bit for bit.

# %% [markdown]
# **Three questions**
#
# 1. A run is resumed from its weights alone, with a fresh optimizer. It works
#    and ends well. What can you no longer say?
#    <details><summary>Answer</summary>That it is the same run. Momentum, the
#    decided rate and the history are gone, so the decisions that follow are
#    those of a different run.</details>
# 2. Someone saves every ten minutes and always overwrites the same file. What
#    can go wrong?
#    <details><summary>Answer</summary>If the process is killed while it
#    writes, the old state is gone and the new one is not complete. Keep the
#    previous file until the new one is whole.</details>
# 3. You resume a run on another machine. The first epoch after that has nearly
#    the same loss as before, but not to the last digit. Is the checkpoint
#    broken?
#    <details><summary>Answer</summary>Not necessarily. A different processor
#    may add up numbers in a different order. To test the checkpoint, resume
#    twice on one machine and compare the two.</details>
