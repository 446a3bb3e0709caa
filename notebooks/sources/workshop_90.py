# %% [markdown]
# You will take over the learning rate of a training run. Then a small language
# model does the same job: you see what it reads, how its replies are read, and
# how a run under it goes. Then you ask whether it helps. Run the cells one
# after the other. If a cell says **guess first**, write down a guess: nobody
# collects it, and the result will mean more to you. (The outputs that you find
# here give the results away: choose *Edit > Clear all outputs* first.) The
# parts are taken from the notebooks of the core route, which have more
# exercises and explain more. The rest of the ninety minutes is for set-up,
# questions and a break.
#
# A small brain that comes with the package (`bundled`) decides. A printed line
# names the brain. In the settings of part 1 you may choose another: `qwen` is
# Qwen3-0.6B (the GPU is there for those who choose it), `auto` is Qwen if there
# is a GPU, `colab` is the model that Colab offers, and `rules` has no model.
# The experiment of part 6 is always run with `bundled`. How *sure* a model is
# of a decision is the probability that it gave to that name.
#
# Was the runtime taken away, or restarted? *Runtime > Run before* brings you
# back to where you were.

# %%
#@title Your seat
#@markdown Everybody in the room takes a different number.
seat = 1  #@param {type:"integer"}

# %% [markdown] tags=["closing"]
# # Part 6. One experiment, the whole class
#
# One run proves nothing, thirty say more. Your seat is your seed, and it rolls
# the die for the starting rate: nobody chose a start that looks good. You
# train twice, once alone and once under the brain, with the guards off. Read
# your code out to the instructor (or paste it into the chat).
#
# **Guess first:** at how many of the seats will the brain gain something?

# %%
from agentic_lib import SimpleAIBrain, load_data, train
from agentic_lib.course.classroom import result_code, rolled_rate

START = {"data": load_data("digits", label_noise=0.3), "seed": seat,
         "lr": rolled_rate(seat), "epochs": 60, "guards": False}
alone = train(brain=None, **START)
steered = train(brain=SimpleAIBrain("bundled", quiet=True), **START)
print(f"Seat {seat} starts at a rate of {START['lr']:g}.")
print(f"Alone it ends at {alone.test_acc:.1f} %, "
      f"under the brain at {steered.test_acc:.1f} %.")
print("Your code:", result_code(seat, alone.test_acc, steered.test_acc))

# %%
# All codes together give the picture. The instructor (or you, from the
# chat) pastes everybody's between the quotation marks.
codes = """
"""

from agentic_lib.course.classroom import draw_class, read_codes, slips
from agentic_lib.course.classroom import summary
from agentic_lib.course.notebook import show

if not read_codes(codes):
    codes += result_code(seat, alone.test_acc, steered.test_acc)
show(draw_class(codes))
print(summary(read_codes(codes)))
for code in slips(codes):
    print("There is a slip in", code, "- ask this seat again.")

# %% [markdown]
# A point above the dashed line is a seat whose run ended higher under the
# brain. Three questions to discuss: do the seats that started at the same rate
# agree? What would the picture look like if the brain chose its actions at
# random? And which other method would you compare it with before you use this
# in your own work? Notebook 07 answers all three.
#
# ## Where to go from here
#
# With `agentic_lib` you can put this controller into your own training loop in
# two lines: notebook 09. Notebook 08 teaches a brain, and 04 looks into one.
