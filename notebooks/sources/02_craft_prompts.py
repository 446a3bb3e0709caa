# %% [markdown]
# All that the brain sees of a training run is a short text, the **prompt**.
# What is not in it does not exist for the brain. So before we ask whether the
# brain decides well, we look at what it is told. After this notebook you can
#
# - turn measurements into a prompt, and say what a small model cannot see in
#   it;
# - compute what it cannot see, and put it into words;
# - find out what moves an answer, and what moves it but should not;
# - read a fluent reason, or a high probability, without taking it for the
#   truth.
#
# All you need from notebook 00 is its idea: somebody decides what happens to a
# learning rate.

# %%
#@title Settings
from agentic_lib import SimpleAIBrain

#@markdown Which brain answers? "auto" is Qwen3-0.6B if there is a GPU.

brain_name = "auto"  #@param ["auto", "bundled", "qwen", "colab", "rules"]
brain = SimpleAIBrain(brain_name)

# %% [markdown]
# The line above says who answers, and why. The **bundled brain** comes with
# the package: less than a million weights, taught for this one task.
# **Qwen3-0.6B** is a general language model, several hundred times as large.
# **The rules** are a few lines of Python without any model.

# %% [markdown] tags=["workshop"]
# ## Three runs to ask about
#
# Three times, a small network learns to read handwritten digits, and nobody
# interferes. The **learning rate** (how large its steps are) is too low in the
# first run and too high in the second. In the third it lies in between, but
# there are only 100 pictures to learn from.

# %% tags=["workshop"]
from agentic_lib import load_data, train

epochs = 30  #@param {type:"integer"}
seed = 1  #@param {type:"integer"}

digits, few = load_data("digits"), load_data("digits", train_size=100)
runs = {
    "slow": train(digits, None, lr=0.01, epochs=epochs, seed=seed),
    "wild": train(digits, None, lr=0.6, epochs=epochs, seed=seed),
    "few pictures": train(few, None, lr=0.1, epochs=epochs, seed=seed),
}

# %% tags=["workshop"]
#@title Run this: it draws the runs
import matplotlib.pyplot as plt

from agentic_lib.course.notebook import show


def draw_runs(runs, marked=None):
    """Both accuracies of each run; `marked` moments get a line."""
    figure, axes = plt.subplots(1, len(runs), figsize=(7.5, 2.4),
                                sharey=True, layout="constrained")
    for ax, (name, run) in zip(axes, runs.items()):
        steps = [m.epoch for m in run.metrics]
        ax.plot(steps, [m.train_acc for m in run.metrics], "--",
                color="#CC79A7", label="training")
        ax.plot(steps, [m.val_acc for m in run.metrics],
                color="#009E73", label="validation")
        if marked:
            ax.axvline(marked[name], color="black", ls=":")
        ax.set(title=name, xlabel="epoch", ylim=(0, 103))
    axes[0].set_ylabel("accuracy in %")
    axes[-1].legend(loc="lower right")
    return figure


show(draw_runs(runs), alt="Accuracy over the epochs for three runs: " +
     "; ".join(f"{name} ends at {run.metrics[-1].val_acc:.0f} % validation"
               for name, run in runs.items()))

# %% [markdown] tags=["workshop"]
# **Training accuracy** is measured on the pictures that the network learns
# from. **Validation accuracy** is measured on 400 others, which it does not
# learn from. One **epoch** is one pass over the training pictures.
#
# ## A prompt in three lines
#
# The first version of this project asked its model with an f-string like this
# one, but gave it *test* accuracy. Decisions must not look at the test set,
# because data that was used to decide cannot be used to judge. So we show
# validation accuracy.

# %% tags=["workshop"]
def first_prompt(now):
    return f"""Training accuracy: {now.train_acc:.0f} %
Validation accuracy: {now.val_acc:.0f} %
What should I do?"""


print(first_prompt(runs["slow"].metrics[9]))

# %% [markdown]
# A language model does not read letters. It reads **tokens**: pieces of text
# from a fixed list, each with a number. This is how the brain's tokenizer cuts
# up the prompt.

# %%
tokenizer = getattr(brain.model, "tokenizer", None)
if tokenizer is None:
    print("The rules read no text: no tokens to show.")
else:
    ids = tokenizer(first_prompt(runs["slow"].metrics[9]))["input_ids"]
    print(len(ids), "tokens:")
    print("|".join(tokenizer.decode([i]) for i in ids))

# %% [markdown]
# Digits are tokens of their own. (The bundled brain's list was made for
# prompts like these, so a whole phrase can be one token.) To a model, 78 is a
# `7` followed by an `8`. It has to work out that 78 is more than 76, and by
# how much, in a network that was not built for arithmetic.

# %% [markdown] tags=["workshop"]
# ## What is not in the prompt
#
# Here are two moments, one from each of two of these runs. The cell picks the
# pair whose numbers are closest although the runs are heading in different
# directions.

# %% tags=["workshop"]
#@title Run this: it picks the two moments and shows their prompts
def change(history, epochs=5):
    """Validation accuracy now, minus that of some epochs ago."""
    return history[-1].val_acc - history[-1 - epochs].val_acc


def unlike(pair):
    """How far the numbers of two moments lie apart."""
    one, two = pair[0][-1], pair[1][-1]
    return (abs(one.train_acc - two.train_acc)
            + abs(one.val_acc - two.val_acc))


slow, wild = runs["slow"].metrics, runs["wild"].metrics
pairs = [(slow[:i], wild[:k]) for i in range(6, epochs) for k in
         range(6, epochs) if change(slow[:i]) > 3 and change(wild[:k]) < -3]
first, second = min(pairs, key=unlike)
for history in (first, second):
    print(first_prompt(history[-1]), end="\n\n")

# %% [markdown] tags=["workshop"]
# **Guess first.** One of these runs will do well, and one will not. Which one
# will do well? And what would you do to the rate of the other? Choose, then
# run the next cell.

# %% tags=["hidden-result", "workshop"]
#@title Your guess, then the picture
guess = "cannot tell"  #@param ["cannot tell", "first", "second"]

show(draw_runs({"slow": runs["slow"], "wild": runs["wild"]},
               {"slow": len(first), "wild": len(second)}),
     alt="The two runs, a dotted line at each of the two moments.")
for name, moment in (("first", first), ("second", second)):
    print(f"{name}: {change(moment):+.1f} points in the last five epochs")
print("You said the one that will do well is:", guess)

# %% [markdown] tags=["workshop"]
# Two nearly equal prompts, two different stories: the first run is on its way
# up, the second is falling apart, and its rate has to go down. No model,
# however clever, can tell that from three lines: **the difference is not in
# the prompt**.
#
# ## Compute it, then say it
#
# Differences and trends are hard for a small language model and easy for
# Python. So Python computes them, and the prompt states them.

# %%
def second_prompt(history):
    now = history[-1]
    return f"""Training accuracy: {now.train_acc:.1f} %
Validation accuracy: {now.val_acc:.1f} %
Gap, training minus validation: {now.train_acc - now.val_acc:.1f} points
Change of validation accuracy in 5 epochs: {change(history):+.1f} points
Which action?"""


for history in (first, second):
    print(second_prompt(history), end="\n\n")

# %% [markdown] tags=["workshop"]
# ### Exercise: a trend in words
#
# A word can be easier to act on than a number. Write `trend_in_words`: how did
# validation accuracy move over the last five epochs?
#
# | change | answer |
# |---|---|
# | more than 3 points up | `"rising fast"` |
# | more than 0.5 up | `"rising slowly"` |
# | from -0.5 to 0.5 | `"flat"` |
# | more than 0.5 down | `"falling"` |
# | nothing known from five epochs ago | `None` |
#
# The check tries it on 50 histories. Some of them hold only every fifth epoch.

# %% tags=["exercise", "workshop"]
def trend_in_words(history):
    now = history[-1]
    # Your code: find the Metrics with m.epoch == now.epoch - 5.
    return "?"

# %% tags=["check", "workshop"]
from agentic_lib.course import exercises

exercises.trend_in_words(trend_in_words)

# %% tags=["solution", "workshop"]
def trend_in_words(history):
    now = history[-1]
    before = [m for m in history if m.epoch == now.epoch - 5]
    if not before:
        return None
    gained = now.val_acc - before[0].val_acc
    if gained > 3:
        return "rising fast"
    if gained > 0.5:
        return "rising slowly"
    return "flat" if gained >= -0.5 else "falling"

# %% [markdown]
# ## The library's prompt
#
# `Prompt` is the same idea, completed. Its template names **fields** in curly
# brackets. The library computes them from the history, and the trend is one of
# them.

# %%
from agentic_lib import Prompt

mine = Prompt(user="""\
Training accuracy: {train_acc} %
Validation accuracy: {val_acc} %, {trend}
Gap, training minus validation: {gap} points
Which action?""")

for history in (first, second):
    print(mine.messages(history)[-1]["content"])
    print("(yours says:", trend_in_words(history), end=")\n\n")

# %% [markdown]
# It adds two things. A line whose value is not known is **left out**, because
# a model that reads `None` will make something of it. And an unknown field
# raises an error at once, instead of being a surprise at epoch 5.

# %% tags=["nbval-check-output"]
from agentic_lib import Metrics

print(mine.messages([Metrics(epoch=1, val_acc=41.0)])[-1]["content"])
print(mine.messages([Metrics(epoch=1, train_acc=40.0, val_acc=41.0)])[-1]
      ["content"], end="\n\n")
try:
    Prompt(user="Overfitting: {overfitting} %")
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# In the first prompt above, only the closing line remains. Put one fact on
# each line, or put square brackets around a part that may be missing: then
# only that part is left out.

# %% [markdown]
# ### The whole prompt
#
# What the brain really gets is two **messages**. The **system** message says
# what the job is and what there is to choose from. It stays the same during a
# run, so the work on it can be done once and its result kept (notebook 04).
# The **user** message holds the metrics. It is read afresh at every decision,
# so it is as short as possible; the system message explains it.

# %%
for message in Prompt().messages(first):
    print(f"[{message['role']}]\n{message['content']}\n")

# %% [markdown]
# **nan** means "not a number". A loss becomes nan when training breaks down
# altogether. The rate and the losses are given as multiples of their first
# values, so that their units do not matter. *Decisions left* are those that
# come after this one; *1 decision ago* means in one of the last five epochs,
# not counting the newest.

# %% [markdown]
# ## Ask
#
# **Guess first:** what should be done at each of these three moments, and will
# the brain say the same?

# %%
from agentic_lib.brain.prompt import describe

moments = {name: run.metrics[:15] for name, run in runs.items()}
short = "epoch {epoch}, training {train_acc} %, " \
        "validation {val_acc} %, {trend}"
for name, history in moments.items():
    print(f"{name}: " + short.format(**describe(history)))

# %% tags=["hidden-result"]
your_choices = "?, ?, ?"  #@param {type:"string"}

print("You:", your_choices)
print("Who answers:", brain.description, end="\n\n")
for name, history in moments.items():
    print(f"{name}: {brain.analyze_training(history)}")

# %% [markdown]
# We chose the rates, so we know: the first is too low (*increase*), the second
# too high (*reduce*). The third is debatable: its rate works (*continue*), but
# a run that still rises fast may tolerate a higher one (*increase*).
#
# In brackets, `model` means that a language model decided, and `fallback` that
# the rules did. The line below is the reason.
#
# ### The same moments, five prompts
#
# The library has five prompts with names. `default` is the prompt above.
# `original` is the one from the beginning of this notebook, with the epoch
# added. `trend in words` is like `mine`. `few-shot` is the default with three
# solved examples in its system message. `bad` is bad on purpose: its words are
# leading, and it has no order.
#
# The parts of a bar show how probable the model finds each action. A hatched
# bar means that the rules decided.

# %%
#@title Run this: it draws answers as bars
from agentic_lib import ACTIONS


def draw_answers(answers, title=""):
    """answers: {label: Decision}. One bar each, a colour an action."""
    figure, ax = plt.subplots(
        figsize=(7.5, 0.9 + 0.27 * len(answers)), layout="constrained")
    for row, decision in enumerate(answers.values()):
        ruled, left = decision.source != "model", 0
        shares = decision.probabilities or {decision.action: 1.0}
        for action in ACTIONS:
            share = shares.get(action.name, 0)
            ax.barh(row, share, left=left, height=0.75, edgecolor="white",
                    color=action.colour, hatch="//" if ruled else "")
            left += share
        ax.text(1.01, row, decision.action, va="center", fontsize=8)
    for action in ACTIONS:
        ax.barh(0, 0, color=action.colour, label=action.name)
    ax.set_yticks(range(len(answers)), list(answers), fontsize=8)
    ax.set(xlim=(0, 1), title=title)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False,
                  fontsize=8)
    return figure


def in_words(answers):
    return "; ".join(f"{label.strip()}: {decision.action}"
                     for label, decision in answers.items())

# %%
from agentic_lib import PRESETS
from agentic_lib.show.experiments import changed

# The same brain, asked for probabilities and for no reasons.
scorer = changed(brain, mode="score", explain=False)
answers = {
    f"{moment}, {name}":
        changed(scorer, prompt=prompt).analyze_training(history)
    for moment, history in moments.items()
    for name, prompt in PRESETS.items()}
show(draw_answers(answers), alt=in_words(answers))

# %%
#@title Run this: it counts, and shows the notes
moved = sum(len({d.action for label, d in answers.items()
                 if label.startswith(moment)}) > 1 for moment in moments)
print(f"Changing the prompt changed the action at {moved} of "
      f"{len(moments)} moments.")
for note in sorted({str(d.note) for d in answers.values() if d.note}):
    print("Note:", note)
if scorer.model is None:
    print("The rules never read the prompt: it cannot move them.")

# %% [markdown]
# If a note says that a model **was not asked**, its prompt held a line that
# the model had never seen when it was taught. A small model answers anything,
# and nothing in its answer says that the question was strange to it. So the
# library does not ask it anything that it was not taught. (The bundled brain
# was taught with all five prompts, even the bad one.) A general model such as
# Qwen is asked everything.
#
# ## The prompt lab
#
# The sliders set the situation, the two text fields hold the prompt, and the
# answer follows.

# %%
from agentic_lib import PromptLab

lab = PromptLab(brain)
lab

# %% [markdown]
# Things to try:
#
# 1. Tick **guess first** and play five rounds.
# 2. Raise validation accuracy until it exceeds training accuracy. Does the
#    answer follow?
# 3. Choose the preset `original`, then `bad`.
# 4. Choose the preset `trend in words` and write `{trand}` for `{trend}`: the
#    message beside the field says what is wrong, and nothing else breaks.
# 5. **Keep this try**, change the prompt, and compare the two.
#
# No widget? The exercise *the smallest change* turns one of these knobs in
# Python.

# %% [markdown]
# ## What moves the answer?
#
# A second small model ships with the package, the **naive brain**. It was
# taught badly on purpose, so it shows clearly what better models show less
# clearly. Most of the experiments that follow ask the naive brain; some ask
# both brains.
#
# ### Blindfold
#
# One line of the prompt is covered (left out) at a time. **Guess first:**
# without which lines will the naive brain decide differently?

# %%
from agentic_lib.show.experiments import blindfold

# Asked for probabilities, in one order of the options (see the next step).
naive = changed(SimpleAIBrain("naive", quiet=True), mode="score",
                explain=False, both_orders=False)
late = runs["few pictures"].metrics[:25]
found = blindfold(naive, late)
answers = {line.partition("{")[0].strip(" :") or "(nothing)": decision
           for line, decision in found.items()}
show(draw_answers(answers, "The naive brain, with one line covered"),
     alt=in_words(answers))

# %%
def chance(decision, name):
    """Its probability; a rule is sure of what it says."""
    return (decision.probabilities or {decision.action: 1}).get(name, 0)


for who in (naive, scorer):
    found = blindfold(who, late)
    whole = found.pop("")
    usual, sure = whole.action, chance(whole, whole.action)
    line = min(found, key=lambda line: chance(found[line], usual))
    print(f"{who.name}, nothing covered: {usual} ({sure:.0%}).\n"
          f"The line that matters most:  {line}\n"
          f"Without it: {found[line].action}, and "
          f"{chance(found[line], usual):.0%} for {usual}.\n")

# %% [markdown]
# A line that changes nothing here may matter at another moment.

# %% [markdown]
# ### Shuffle the options
#
# The system message lists the four actions in some order, and this order says
# nothing about the run. **Guess first:** will the order matter to the naive
# brain? Out of nine moments, we take the one at which it matters most.

# %%
from agentic_lib.show.experiments import shuffle


def flips(tried):
    """How many of the other orders change the action of the usual one."""
    return sum(d.action != tried[0][1].action for _, d in tried)


tried = max((shuffle(naive, run.metrics[:n]) for run in runs.values()
             for n in (10, 20, 25)), key=flips)
answers = {" ".join(name.split("_")[0] for name in names): decision
           for names, decision in tried}
show(draw_answers(answers, "Order of the options"),
     alt=in_words(answers))
print(f"{flips(tried)} of {len(tried) - 1} other orders change the action.")

# %% [markdown]
# The library has a partial remedy, `both_orders=True` (the default): if the
# two best actions are close, it asks a second time with the options in reverse
# order, and takes the average. Notebook 04 measures how much that helps.

# %% [markdown]
# ### Exercise: the smallest change that flips the decision
#
# How firm is an answer? Find the nearest validation accuracy that leads to a
# different action. `decide` takes a whole number from 0 to 100 and returns the
# name of an action. Search in both directions, up and down, and return the
# value you found. If two are equally near, either will do; if nothing flips
# the decision, return `None`.

# %% tags=["exercise"]
def smallest_flip(decide, val_acc):
    now = decide(val_acc)
    # Your code: ask `decide` about other values than val_acc.
    return None

# %% tags=["check"]
exercises.smallest_flip(smallest_flip)

# %% tags=["solution"]
def smallest_flip(decide, val_acc):
    now = decide(val_acc)
    for step in range(1, 101):
        for value in (val_acc - step, val_acc + step):
            if 0 <= value <= 100 and decide(value) != now:
                return value
    return None

# %%
#@title Run this: your function asks the brain
from agentic_lib.show.experiments import situation


def decide(val_acc):
    history = situation(train_acc=92, val_acc=val_acc)
    return scorer.analyze_training(history).action


flip = smallest_flip(decide, 76)
print("At 92 % training and 76 % validation accuracy:", decide(76))
if flip is None:
    print("Your function found no validation accuracy that changes it.")
else:
    print(f"At {flip} % validation accuracy: {decide(flip)}")

# %% [markdown]
# ### Exercise: which prompt flips less?
#
# Take the prompts `default` and `original`, and the naive brain: **write your
# prediction down**, then measure. What share of the answers changes when the
# options change places? `shuffle(asked, history)` returns eight pairs
# `(names, decision)`, the usual order first. Over all histories, count the
# other orders whose action differs from that of the usual order. Divide by the
# number of other orders (seven for each history), and return this share.

# %% tags=["exercise"]
def flip_rate(brain, prompt, histories):
    asked = changed(brain, prompt=prompt, both_orders=False)
    # Your code: for each history, compare the answers of all orders.
    return None

# %% tags=["check"]
exercises.flip_rate(flip_rate)

# %% tags=["solution"]
def flip_rate(brain, prompt, histories):
    asked = changed(brain, prompt=prompt, both_orders=False)
    flips = others = 0
    for history in histories:
        (_, usual), *rest = shuffle(asked, history)
        flips += sum(d.action != usual.action for _, d in rest)
        others += len(rest)
    return flips / others

# %%
#@title Your prediction, then the measurement
prediction = "default"  #@param ["default", "original"]

histories = [run.metrics[:epoch] for run in runs.values()
             for epoch in (5, 20)]
rates = {name: flip_rate(naive, PRESETS[name], histories)
         for name in ("default", "original")}
if None in rates.values():
    print("When your function returns a number, it is used here.")
else:
    for name, rate in rates.items():
        print(f"{name}: {rate:.0%} of the answers flip with the order")
    tie = len(set(rates.values())) == 1
    print("Fewer flips:", "a tie" if tie else min(rates, key=rates.get),
          "- you predicted:", prediction)

# %% [markdown]
# These are six moments with seven orders each: enough to see a large
# difference, too few for a small one.

# %% [markdown] tags=["workshop"]
# ## A reason is not a cause
#
# The brain names an action, then writes a reason. Is that reason why it chose
# the action? Begin its reply with a name, and let it continue: now it defends
# what **you** chose. **Guess first:** judging by how convincing they sound,
# which of the four is its own choice? (It is printed last.)

# %% tags=["workshop"]
from agentic_lib import ACTIONS
from agentic_lib.show.experiments import defend

history = runs["few pictures"].metrics[:15]
defended = [defend(brain, history, action.name) for action in ACTIONS]
for text in defended:
    print(text.strip(), end="\n\n")
print("Its own choice:", brain.analyze_training(history).action)

# %% [markdown] tags=["workshop"]
# A language model writes each word to fit the words before it. A reason that
# follows a name was written to fit that name, whichever it is. Read it as a
# caption, not as the cause. To learn why a model decided as it did, change
# what goes *in*: cover a line, change a number.

# %% [markdown]
# One thing can be checked about any reason: are its numbers in the prompt?
# **Guess first:** how often does a brain invent one?

# %%
import re

NUMBER = r"\d+(?:\.\d+)?"


def invented(brain, history):
    """The reasons with a number that the prompt does not hold."""
    prompt = Prompt().messages(history)[-1]["content"]
    known, found = set(re.findall(NUMBER, prompt)), []
    for action in ACTIONS:
        text = defend(brain, history, action.name).strip()
        if new := set(re.findall(NUMBER, text.partition(":")[2])) - known:
            found.append(f"{text}\n    Not in the prompt: {sorted(new)}")
    return found


asked = [run.metrics[:n] for run in runs.values() for n in (10, 15, 20)]
for who in (brain, naive):
    found = sum((invented(who, history) for history in asked), [])
    print(f"{who.name}: {len(found)} of {4 * len(asked)} reasons hold a "
          "number that\nis not in the prompt.")
    print(*list(dict.fromkeys(found))[:2], sep="\n", end="\n\n")

# %% [markdown]
# A number from the prompt can still be given the wrong meaning, so this check
# finds some of the slips, not all. (In notebook 01 the naive brain invented
# some numbers too, when its replies were drawn at random.)
#
# And a reason whose numbers are right can still be wrong. "The gap is large,
# so reduce the learning rate" is the best-known example. It promises that a
# lower rate cures **overfitting**, which is learning the training pictures by
# heart. Notebook 05 puts this to the test.
#
# ## Confidence is not correctness
#
# A bar of 90 % looks like knowledge. Cover **all** the metrics, and ask what
# to do about a run of which nothing is known. Then ask about a run that cannot
# exist. **Guess first:** how sure will the two brains be? (Hatched: the brain
# is not asked, and a rule decides.)

# %%
contradiction = situation(train_acc=3, val_acc=99, trend=-10)
answers = {}
for who in (naive, scorer):
    nothing = changed(who, prompt=Prompt(user="Which action?"))
    answers[f"{who.name}: no metrics"] = nothing.analyze_training(
        moments["slow"])
    answers[f"{who.name}: 3 % and 99 %"] = who.analyze_training(
        contradiction)
show(draw_answers(answers), alt=in_words(answers))
for label, decision in answers.items():
    sure = chance(decision, decision.action)
    print(f"{label}: {decision.action}", f"({sure:.0%} sure)"
          if decision.probabilities else "(a rule is never unsure)")

# %% [markdown]
# The bundled brain's folder lists the lines that it was taught, and the range
# of their numbers. A prompt without metrics contains no line that is not on
# this list, so the brain is asked. In the second run the gap is out of range,
# so the brain is not asked. The naive brain has no such list, and is always
# asked.
#
# The four probabilities sum to 100 % whatever the prompt says. They show how
# the model divides its bet among four names, not whether any of them is right.
# To learn whether "80 % sure" is right in 80 % of the cases, you have to
# count, and compare with what happened afterwards. Notebook 04 does that.

# %% [markdown]
# ## The map of decisions
#
# The map shows a decision for each pair of training accuracy (horizontal) and
# validation accuracy (vertical), for two prompts. Deep colour: sure. Hollow: a
# rule decided. The right panel marks where the two prompts disagree. **Guess
# first:** where will that be?

# %%
from agentic_lib import plot_decision_map

figure = plot_decision_map(
    {f"prompt: {name}": changed(scorer, prompt=PRESETS[name])
     for name in ("default", "original")}, points=12, size=(8.4, 3.8))
show(figure)

# %% [markdown]
# Runs never get to most of this plane: 5 % on the training pictures with 95 %
# on others does not happen. A brain with a list of what it was taught leaves
# such points to the rules: they are the hollow ones, in corners of the left
# map. The `original` prompt does not contain the gap, so no number in it is
# out of range, and the model answers everywhere. Try another plane:
# `x="learning_rate", y="trend"`.

# %% [markdown]
# ## Summary
#
# - The brain knows what the prompt says, and nothing else. Two different runs
#   can make the same prompt.
# - Python computes what a small model is bad at (differences, trends,
#   counting), and the prompt says it in words. What is not known is left out.
# - Cover a line or change a number, and you see what moves an answer. Things
#   that say nothing about the run, such as the order of the options, may move
#   it too.
# - A reason is written to fit an action. A probability says how the bet is
#   divided. Neither says that the decision is right.

# %% [markdown]
# **Three questions**
#
# 1. A run shows 60 % training and 56 % validation accuracy. Should the rate go
#    up or down?
#    <details><summary>Answer</summary>These two numbers do not tell you. If
#    accuracy is rising steadily from 40 %, the rate may go up. If it has
#    fallen from 80 % with a jumping loss, the rate must go down.</details>
# 2. The brain says `reduce_learning_rate: the gap of 16 points is large`. How
#    would you find out whether the gap mattered to it?
#    <details><summary>Answer</summary>Change the gap and nothing else, or
#    cover its line, and see whether the answer changes. If you ask the brain,
#    you get another sentence, not a cause.</details>
# 3. Prompt A makes the brain 95 % sure, prompt B 60 %. Which is better?
#    <details><summary>Answer</summary>Unknown. The better prompt is the one
#    whose decisions lead to better runs, and that has to be measured (notebook
#    07). A leading question can make a model surer, too.</details>
