# %% [markdown] tags=["workshop"]
# A neural network learns in small steps. One number, the **learning rate**,
# sets how large the steps are. If it is too small, the network learns slowly;
# if it is too large, training becomes unstable. People watch a run and adjust
# this number by hand. In this series a small language model does it instead.
# We call it **the brain**. This is the loop it works in:
#
# ![The loop](../pictures/loop.png)
#
# First you do its job: you take the place of the blue boxes. After this
# notebook you can
#
# - say what there is to decide while a network trains, and what to base a
#   decision on;
# - read the picture of a run: accuracy above, learning rate below;
# - compare your twelve decisions with a brain's on the very same run.

# %% tags=["workshop"]
#@title Settings
from agentic_lib import Decision, Prompt, SimpleAIBrain, Training
from agentic_lib import load_data, plot_run, train
from agentic_lib.course.notebook import show

#@markdown Which brain plays against you? Leave it at "bundled", which
#@markdown starts at once. Notebook 01 explains the others.

brain_name = "bundled" #@param ["bundled", "auto", "qwen", "colab", "rules"]

# %% [markdown] tags=["workshop"]
# ## The run
#
# A small network learns to read handwritten digits, pictures of 8 x 8 pixels.
# To make it harder, 30 % of the labels it learns from are drawn at random. One
# pass over its 600 training pictures is an **epoch**, and the run has 65
# epochs. Every 5 epochs, except after the last one, somebody decides what
# happens to the learning rate. That makes twelve decisions.
#
# The run starts at a learning rate of 0.5. We picked a start that makes the
# run go badly, so that there is something to decide. (Picking starts is also a
# way to make any method look good.) The library has **guards**, which overrule
# decisions that do harm. We switched them off: first you alone decide, then
# the brain alone.

# %% tags=["workshop"]
#@title Run this: the run, and what your decisions do
data = load_data("digits", label_noise=0.3)
START = {"data": data, "lr": 0.5, "epochs": 65, "seed": 0,
         "guards": False}

KEYS = {"c": "continue", "r": "reduce_learning_rate",
        "i": "increase_learning_rate", "s": "stop_training"}


def five_epochs(training):
    """Trains up to where the next decision is due."""
    for _ in range(5):
        if not training.done:
            training.step()


def decide(training, letter):
    """Carries out your decision, then trains on."""
    yours = Decision(KEYS[letter], "You chose it.", source="human")
    training.controller.apply(yours)
    five_epochs(training)


def new_run():
    training = Training(brain=None, **START)
    training.run.settings["brain"] = "you"
    five_epochs(training)
    return training

# %% [markdown] tags=["workshop"]
# ## What you see is what the brain sees
#
# Here are the first five epochs, in the words that the brain will read:
#
# - **accuracy** is the share of pictures read correctly, in percent.
#   **Training** accuracy is measured on the 600 pictures that the network
#   learns from. **Validation** accuracy is measured on 400 others, which it
#   does not learn from. The **gap** is the first minus the second;
# - **loss** is the number that training is meant to bring down: it says how
#   far off the answers are. In a good run it falls. If it says **nan** ("not a
#   number"), the run has broken down;
# - the learning rate and the losses are given as multiples of their first
#   values: *0.75 of the first* is three quarters of it;
# - *rose* counts how often the loss went up from one epoch to the next;
# - *11 decisions left* counts the decisions that come after this one;
# - *1 decision ago*: the best value was reached one to five epochs before the
#   latest one.
#
# From the second decision on, numbers in brackets say what has changed since
# the previous decision. *before that* is the same change, one decision
# earlier.
#
# Validation accuracy may be higher than training accuracy here, since only
# training labels were drawn at random. A **test set**, separate from both sets
# of pictures, waits until the very end.

# %% tags=["workshop"]
training = new_run()
# [0] says what the job is, the same at every decision (see notebook 02)
print(Prompt().messages(training.run.metrics)[1]["content"])

# %% [markdown] tags=["workshop"]
# ## Your turn
#
# | key | action | what it does |
# |---|---|---|
# | c | `continue` | keeps the learning rate |
# | r | `reduce_learning_rate` | multiplies it by 0.7 |
# | i | `increase_learning_rate` | multiplies it by 1.3 |
# | s | `stop_training` | ends the run |
#
# **Guess first:** is the rate of 0.5 too low or too high? What would you look
# at to find out? Then run the next cell and click.

# %% tags=["workshop"]
#@title Your buttons
import ipywidgets as widgets

from agentic_lib.show.widgets.front_end import button, picture, pre

screen, words = widgets.HTML(), widgets.HTML()


def redraw():
    """Shows the run so far, and what the brain would read."""
    run = training.run
    due = ("The run is over" if training.done
           else f"Decision {len(run.decisions) + 1} of 12")
    text = Prompt().messages(run.metrics)[1]["content"]
    screen.value = picture(plot_run(run, size=(6, 4)))
    words.value = f"<b>{due}</b>" + pre(text)


def clicked(letter):
    if not training.done:
        decide(training, letter)
        redraw()


def make_button(letter):
    title = KEYS[letter].replace("_", " ")
    return button(title, lambda: clicked(letter))


redraw()
buttons = widgets.HBox([make_button(letter) for letter in KEYS])
widgets.VBox([buttons, screen, words])

# %% tags=["workshop"]
#@title No buttons, or no mouse? Write letters instead
#@markdown Add one letter at a time, and run the cell after each: `r`, then
#@markdown `rr`, then `rrc`. The run starts again each time and gives the
#@markdown same numbers, because all its randomness comes from one seed.

my_letters = ""  #@param {type:"string"}

if my_letters:
    training = new_run()
    for letter in my_letters:
        if not training.done:
            decide(training, letter)
    show(plot_run(training.run, size=(6, 4)))
    print(Prompt().messages(training.run.metrics)[1]["content"])
else:
    print("No letters yet: the buttons count.")

# %% [markdown] tags=["workshop"]
# When you are done, run this cell. It ends your run and reads the test set,
# once. Decisions that you did not make count as `continue`.

# %% tags=["workshop"]
yours = len(training.run.decisions)
while not training.done:
    decide(training, "c")
for _ in training:
    pass  # no epoch is left: this reads the test set
my_run = training.run
print(f"You made {yours} of 12 decisions. "
      f"Test accuracy: {my_run.test_acc:.1f} %")

# %% [markdown] tags=["workshop"]
# ## The brain's turn
#
# About your guess: a rate of 0.5 is too high here. In the first five epochs
# the training loss did not fall steadily, and validation accuracy dropped back
# from its best. If a rate is too low, both move in the right direction, but
# slowly.
#
# Now the brain gets the same network, the same initial weights, the same order
# of pictures and the same first five epochs. Only the decisions are its own.

# %% tags=["workshop"]
brain = SimpleAIBrain(brain_name, quiet=True)
print("Who answers:", brain.description)
brain_run = train(brain=brain, **START)
for decision in brain_run.decisions:
    print(decision)

# %% [markdown]
# The first line says who answers (notebook 01 takes it apart). The word in
# brackets is the **source** of a decision: `model` for a language
# model, `fallback` for the rules that decide when there is no model or when it
# fails, `human` for you. Nothing that a rule did is ever credited to the
# model. Next to the source is the probability that the model gave to the
# action, if it was asked for one. With four actions, a quarter means no
# preference at all; and being sure is not the same as being right. The line
# under each decision is the reason. A reason is a sentence that fits the
# decision. Whether it *caused* the decision is another question, which
# notebook 02 takes up.

# %% [markdown] tags=["workshop"]
# ## Both in one picture
#
# The brain's run is solid and dashed, with a marker on the learning rate for
# each decision. Yours is dotted. **Before you look:** whose run ended higher,
# and whose learning rate moved further?

# %% tags=["workshop"]
show(plot_run(brain_run, compare=my_run))
print(f"Test accuracy: the brain {brain_run.test_acc:.1f} %, "
      f"you {my_run.test_acc:.1f} %")

# %% [markdown]
# If you are reading this without having clicked, "you" pressed `continue`
# twelve times: this is how the run goes when nobody decides anything. If the
# brain stopped the run, its line ends there.
#
# One run says little. With another seed, another start or other data, the
# winner may change. Try it: unfold the cell titled *the run, and what your
# decisions do*, change `seed` or `lr` in `START`, and play again from there.

# %% [markdown]
# ## Summary
#
# - Every few epochs a controller reads a handful of numbers and chooses one of
#   four actions. That is the whole job.
# - A low accuracy has two opposite causes: a rate that is too low (the run
#   creeps) and one that is too high (it jumps and falls back). The losses tell
#   them apart better than the accuracies do: notebook 03 shows both cases.
# - Decisions are based on training and validation data. The test set is read
#   once.
#
# **Three questions**
#
# 1. In one run, training accuracy is 52 % after five epochs and 35 % after
#    twenty. Is this slow learning?
#    <details><summary>Answer</summary>No. Slow learning still means rising
#    accuracy. If accuracy falls while the loss jumps, the steps are too
#    large.</details>
# 2. Why must the brain not look at the test set?
#    <details><summary>Answer</summary>Data that was used to decide cannot be
#    used to judge: the result would look better than it is on new
#    data.</details>
# 3. You beat the brain, or it beat you. What does that show?
#    <details><summary>Answer</summary>Very little: it is one run from one
#    start with one seed. Notebook 07 shows how to make a comparison that
#    counts.</details>
