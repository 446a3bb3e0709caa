# %% [markdown]
# The bundled brain was not born knowing what to do about a learning rate.
# Somebody taught it, and before that somebody had to find the right answers.
# Here you do all of it, on a smaller scale. After this notebook you can
#
# - find out what the right decision was, by playing every action out to the
#   end;
# - say why looking only a few epochs ahead misleads;
# - teach a small language model in half a minute;
# - ask of any taught model: would something simpler have been enough?
#
# Earlier notebooks built the prompt (02), the score for each action (04) and a
# run that can be branched (05). Here all three come from the library.

# %%
#@title Settings
from agentic_lib import SimpleAIBrain

#@markdown Which brain is compared with the one you teach?

brain_name = "auto"  #@param ["auto", "bundled", "qwen", "colab", "rules"]

#@markdown For how many steps is the small brain taught?

teach_steps = 400  #@param {type:"integer"}
brain = SimpleAIBrain(brain_name)

# %% [markdown]
# ## Where right answers come from
#
# You could ask people, or a large model. Both have opinions. But whether a
# rate should have been lowered at epoch 10 is not a matter of opinion. Copy
# the run at epoch 10, let each copy take another action, train all of them to
# the end, and look. (Stopping needs no copy: the run ends where it is.)
#
# The run: a small network, digits with 30 % of their labels drawn at random, a
# learning rate of 0.03, 60 epochs.

# %%
from agentic_lib import Training, load_data

digits = load_data("digits", label_noise=0.3)
training = Training(digits, None, lr=0.03, epochs=60)
while training.epoch < 10:
    training.step()
here = training.state_dict()

FACTORS = {"continue": 1.0, "reduce_learning_rate": 0.7,
           "increase_learning_rate": 1.3}
futures = {}
for name, factor in FACTORS.items():
    training.load_state_dict(here)
    for group in training.optimizer.param_groups:
        group["lr"] *= factor
    while not training.done:
        training.step()
    futures[name] = [m.val_loss for m in training.run.metrics]

# %% [markdown]
# **Guess first:** which of the three has the lowest validation loss five
# epochs later? And which at the end?

# %%
#@title Run this: it draws the three futures
import matplotlib.pyplot as plt

from agentic_lib import ACTIONS
from agentic_lib.course.notebook import show


def draw_futures(futures):
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4),
                                layout="constrained")
    for ax, last in zip(axes, (15, 60)):
        for action in ACTIONS[:3]:
            losses = futures[action.name][9:last]
            ax.plot(range(10, 10 + len(losses)), losses,
                    color=action.colour, marker=action.marker,
                    markevery=[-1], label=action.name)
        ax.set(xlabel="epoch", title=f"up to epoch {last}")
    axes[0].set_ylabel("validation loss")
    axes[0].legend(frameon=False)
    return figure


best = {epoch: min(futures, key=lambda name: futures[name][epoch - 1])
        for epoch in (15, 60)}
show(draw_futures(futures), alt="Validation loss after each of three "
     f"actions at epoch 10. Lowest at epoch 15: {best[15]}; at epoch 60: "
     f"{best[60]}.")
print(f"Lowest at epoch 15: {best[15]}. At epoch 60: {best[60]}.")

# %% [markdown]
# ## How far to look?
#
# One run is an anecdote. Small networks can be trained many at a time, as one
# batch of matrix products. Here are twelve runs, six at each of two rates.
# Each is halted at epoch 10 and copied three times, and the copies are trained
# further. (`cells` are pairs of label noise and rate. Copies with the same
# `stream` see the data in the same order, so only the action differs.) **Guess
# first:** will looking five epochs ahead and looking fifty ahead name the same
# action?

# %%
import torch

from agentic_lib.lab.teach import arenas

LOOKS = (5, 10, 20, 50)
arena = arenas.digits(cells=((0.3, 0.003), (0.3, 0.03)), seeds=6)
batch = arena.batch()
for _ in range(10):
    batch.epoch()
branches = batch.take(torch.arange(12).repeat_interleave(3))
branches.stream = torch.arange(12).repeat_interleave(3)
branches.rate *= torch.tensor(list(FACTORS.values())).repeat(12)

winners = {}
for epoch in range(1, 51):
    losses = branches.epoch()["val_loss"].reshape(2, 6, 3)
    if epoch in LOOKS:
        winners[epoch] = losses.argmin(2)

# %%
#@title Run this: it draws who won
def draw_winners(winners):
    figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True,
                                layout="constrained")
    for cell, (ax, rate) in enumerate(zip(axes, (0.003, 0.03))):
        bottom = [0] * len(winners)
        for k, action in enumerate(ACTIONS[:3]):
            counts = [int((row[cell] == k).sum())
                      for row in winners.values()]
            ax.bar([str(look) for look in winners], counts, bottom=bottom,
                   color=action.colour, hatch=("", "//", "..")[k],
                   edgecolor="white", label=action.name)
            bottom = [a + b for a, b in zip(bottom, counts)]
        ax.set(title=f"learning rate {rate}", xlabel="epochs looked ahead")
    axes[0].set_ylabel("runs in which it was best")
    figure.legend(*axes[0].get_legend_handles_labels(), ncols=3,
                  loc="outside upper center", frameon=False)
    return figure

# %%
words = "; ".join(
    f"rate {rate}, {look} epochs ahead: " + ", ".join(
        f"{name.split('_')[0]} {int((winners[look][cell] == k).sum())}"
        for k, name in enumerate(FACTORS))
    for cell, rate in enumerate((0.003, 0.03)) for look in (5, 50))
show(draw_winners(winners), alt=f"In how many of six runs each action had "
     f"the lowest validation loss. {words}.")
changed_mind = (winners[5] != winners[50]).sum(1).tolist()
print("Runs whose best action changes between 5 and 50 epochs: "
      f"{changed_mind[0]} of 6 at a rate of 0.003, {changed_mind[1]} of 6 "
      "at 0.03.")

# %% [markdown]
# If the best action changes, a label made after five epochs teaches the
# wrong thing. Which action it wrongly prefers depends on the case. On data
# with wrong labels a higher rate can look best at first, because it learns
# faster. Later it turns out to be unsteady and to learn the wrong labels by
# heart.
#
# In a famous case, looking a short way ahead is wrong every time, and in the
# opposite direction (Wu and others, 2018, arXiv 1803.02021). Picture a valley
# with steep sides, a gently sloping floor, and noise that shakes you from side
# to side. A lower rate calms the shaking **at once**, so five steps later it
# looks best, again and again. Its price, slow progress along the floor, shows
# up only later. Here is that valley in numbers. The cell computes the expected
# loss of gradient descent with noisy gradients; in each direction the variance
# of the noise equals the steepness.

# %%
import numpy as np

STEEPNESS = np.array([1.0, 0.01])  # of the sides, of the floor
STEPS, EVERY = 400, 5


def walk(squares, rate, steps):
    """The mean squared distance in both directions, some steps later."""
    for _ in range(steps):
        squares = (1 - rate * STEEPNESS) ** 2 * squares \
            + rate ** 2 * STEEPNESS
    return squares


def loss_at(squares):
    return 0.5 * (STEEPNESS * squares).sum()

# %%
def descend(look, rate=0.3):
    """Every 5 steps, the action that is best `look` steps ahead."""
    squares, losses, rates = np.array([1.0, 100.0]), [], []
    for step in range(0, STEPS, EVERY):
        ahead = min(look, STEPS - step)
        rate *= min((1.0, 0.7, 1.3), key=lambda factor: loss_at(
            walk(squares, rate * factor, ahead)))
        squares = walk(squares, rate, EVERY)
        losses.append(loss_at(squares))
        rates.append(rate)
    return losses, rates

# %% [markdown]
# **Guess first:** two controllers choose among the same three actions, with
# perfect knowledge. One looks 5 steps ahead, the other to the end. Will either
# do worse than never touching the rate at all?

# %%
#@title Run this: it walks through the valley three times
constant = [loss_at(walk(np.array([1.0, 100.0]), 0.3, step))
            for step in range(EVERY, STEPS + 1, EVERY)]
walks = {"looks 5 steps ahead": descend(5),
         "looks to the end": descend(STEPS),
         "never touches it": (constant, [0.3] * len(constant))}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for (name, both), dashes in zip(walks.items(), ("-", "--", ":")):
    for ax, values in zip(axes, both):
        ax.plot(range(EVERY, STEPS + 1, EVERY), values, dashes, label=name)
axes[0].set(yscale="log", xlabel="step", ylabel="loss")
axes[1].set(yscale="log", xlabel="step", ylabel="learning rate")
axes[0].legend(frameon=False)
ends = {name: both[0][-1] for name, both in walks.items()}
show(figure, alt="Loss and learning rate in a noisy valley. Final loss: " +
     ", ".join(f"{name} {end:.3f}" for name, end in ends.items()))
for name, end in ends.items():
    print(f"{name:22} final loss {end:.3f}")

# %% [markdown]
# (If the controller looks to the end, the rate zigzags, because the steps it
# can take are coarse: the best rate falls slowly, a factor of 0.7 goes too
# far, and 1.3 takes that back.)
#
# So labels should be judged **at the end of the budget**, after the last epoch
# that a run may have. There is one more trap: who decides after the branch? In
# the cells above nobody does. But a real controller will go on deciding, so
# such labels answer a different question. The labels used from here on were
# made under a stand-in for the brain: a quick model, taught again and again on
# the labels made so far. (The very first ones were made under rules, and are
# no longer used.)
#
# ## The labels that ship with the package
#
# They come from generated data, and from small real data sets. **Digits are
# not among them**: no brain here was taught on the data that it is shown on.
# (Two settings of the teaching were chosen on other seeds of digits; the model
# card of the bundled brain says which.) What an action is **worth** is measured
# at the end of the run, on data kept for this purpose: accuracy in percent,
# minus the loss, which breaks ties in accuracy. So worth, and what is at stake
# in a decision, are counted in points.
#
# A **group** is 24 runs with the same kind of network, the same kind of
# optimizer and the same budget, each on its own data. A row of `rows`
# describes one moment of a run in 29 numbers; `values` says what three actions
# were worth at that moment.

# %%
from agentic_lib.lab.actions import NAMES
from agentic_lib.lab.teach.labels import (
    LABELS,
    held_back,
    knows,
    table,
    unpack,
    with_stop,
)

# A few groups predict a number and have no accuracy: not for this notebook.
taught, kept = ([group for group in part if knows(group)]
                for part in held_back(unpack(LABELS)))
rows, values, now, _ = table(taught)
print(f"{len(taught + kept)} groups of runs, {len(kept)} of them held back "
      f"to judge with.\n{len(rows)} decisions to teach with. One of them, "
      "where little is at stake:")
stake = values.max(1) - values.min(1)
ROW = np.argmin(abs(stake - 0.4) + abs(values.max(1) - now - 0.2))
print(f"  worth now, without training on: {now[ROW]:.1f}")
for name, value in zip(NAMES, values[ROW]):
    print(f"  at the end, after {name}: {value:.1f}")

# %% [markdown]
# **Guess first:** in how many of these decisions does it matter much which
# action is taken? And take two copies of a run that differ only in the order
# of the data: how often do they name the same best action?

# %%
#@title Run this: it draws what is at stake
both = np.concatenate([  # of the groups that were played in two orders
    g["worth"].reshape(-1, 3, 2) for g in taught
    if g["worth"].shape[-1] == 2])
matters = both.mean(2).max(1) - both.mean(2).min(1) > 5
agree = both[..., 0].argmax(1) == both[..., 1].argmax(1)

figure, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
ax.hist(stake.clip(max=20), bins=40, color="#0072B2")
ax.set(xlabel="points between the best and the worst action (20: or more)",
       ylabel="decisions")
show(figure, alt="Histogram of what is at stake in a decision: half of "
     f"them less than {np.median(stake):.1f} points, a tenth more than "
     f"{np.quantile(stake, 0.9):.1f}.")
print(f"Half of the decisions: less than {np.median(stake):.1f} points at "
      f"stake; {(stake > 5).mean():.0%}: more than 5.\nTwo copies agree in "
      f"{agree.mean():.0%} of all cases; in {agree[matters].mean():.0%} of "
      "those with more\nthan 5 points at stake.")

# %% [markdown]
# Many decisions hardly matter. And even if much is at stake, a different order
# of the data often names a different best action. So a single "best action"
# contains a lot of luck, and if three actions tie, a label that says *reduce,
# 100 %* teaches noise.
#
# ### Exercise: a soft label
#
# Turn the worth of the actions into probabilities. `worth` holds three numbers
# (continue, reduce, increase, in points). `now` is what the run is worth if it
# ends at once. **Stopping** is worth `now` plus a margin of 0.1: to go on, a
# run must promise more than that. Return four probabilities, stopping last, in
# proportion to `exp(value / 0.25)`. They sum to 1, and adding the same number
# to every value changes nothing. (Values can lie near 90, and `exp(360)` is
# too large for some kinds of float: subtract the largest value first.)

# %% tags=["exercise"]
def soft_label(worth, now):
    # Your code: four values, then exp, then divide by the sum.
    label = np.zeros(4)
    label[np.argmax(worth)] = 1.0
    return label

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.soft_label(soft_label)

# %% tags=["solution"]
def soft_label(worth, now):
    values = np.array([*worth, now + 0.1])
    powers = np.exp((values - values.max()) / 0.25)
    return powers / powers.sum()

# %%
print("Your label for the decision that was shown above:")
for name, share in zip(NAMES, soft_label(values[ROW], now[ROW])):
    print(f"{share:4.0%} {name}")

# %% [markdown]
# ### Exercise: a fair split
#
# Some labels are held back to judge a taught model by. Should they be drawn at
# random? Four decisions come from one run, and they look alike. If three of
# them are among the lessons, the fourth is no test. Write `split(run_of_row)`.
# It gets the number of the run that each row came from. It returns an array of
# True (held back) and False, so that about a fifth of the rows are held back
# and **no run is on both sides**.

# %% tags=["exercise"]
def split(run_of_row):
    rng = np.random.default_rng(0)
    return rng.random(len(run_of_row)) < 0.2  # row by row: your turn

# %% tags=["check"]
exercises.split_by_run(split)

# %% tags=["solution"]
def split(run_of_row):
    rng = np.random.default_rng(0)
    runs = np.unique(run_of_row)
    return np.isin(run_of_row, runs[rng.random(len(runs)) < 0.2])

# %% [markdown]
# The library's `held_back` goes further: it holds back whole groups.
#
# ## Teach
#
# A lesson is a prompt with a soft label. Where the reply begins, the first
# token of each action's name should get its share of the probability. A small
# model spends most of its time reading, so our prompt is short.

# %%
from agentic_lib import Prompt
from agentic_lib.lab.teach.forest import teacher
from agentic_lib.lab.teach.labels import probabilities
from agentic_lib.lab.teach.network import make_network
from agentic_lib.lab.teach.texts import State
from agentic_lib.lab.teach.tokens import make_tokenizer

SHORT = Prompt(
    system="Choose an action.",
    user="Progress: {progress}\nTraining accuracy {train_acc} %, "
         "validation accuracy {val_acc} %\nIt is {trend}.\n"
         "Training loss rose {train_loss_rises}")


def states_of(groups):
    """The labelled moments, in the order of `table`."""
    return [State(g["seen"][i, :epoch], int(g["horizon"]), int(g["every"]),
                  tuple(g["factors"][i]))
            for g in groups for epoch in g["epochs"]
            for i in range(len(g["seen"]))]

# %%
tokenizer = make_tokenizer()


def ids_of(state):
    """The prompt about a moment, as token ids."""
    messages = SHORT.messages(state.history(), state.actions(), state.every)
    return tokenizer.apply_chat_template(
        messages, add_generation_prompt=True,
        enable_thinking=False)["input_ids"]

# %% [markdown]
# A single label contains a lot of luck. So the labels are smoothed first. A
# **forest** averages many decision trees: fifty here, two hundred for the
# brain that ships. From the labels of all groups that are not held back it
# learns what the four actions, stopping included, are worth in states *like*
# the one it is asked about. The library's `probabilities` turns that into soft
# labels, as your function does.

# %%
worth_of = teacher(taught, trees=50)
targets = torch.tensor(probabilities(worth_of(rows))).float()
lessons = states_of(taught)
firsts = [tokenizer(f"{name}:", add_special_tokens=False)["input_ids"][0]
          for name in NAMES]
print(tokenizer.decode(ids_of(lessons[-1])))
for share, first in zip(targets[-1], firsts):
    print(f"{share:4.0%} {tokenizer.decode([first])}...")

# %% [markdown]
# The model is built like Qwen3, but far smaller, and its weights are
# random: it can't read a letter yet. Every step shows it 32 lessons. Two
# numbers help to judge its loss: the loss of a model that knows only each
# action's mean share, and the loss of one that knows every label. **Guess
# first:** how far will it get from the first to the second?

# %%
def batch_of(picked):
    """(token ids, filled up at the end; place of the last real one)"""
    prompts = [ids_of(lessons[i]) for i in picked]
    last = torch.tensor([len(prompt) - 1 for prompt in prompts])
    ids = torch.zeros(len(picked), int(last.max()) + 1, dtype=torch.long)
    for row, prompt in zip(ids, prompts):
        row[:len(prompt)] = torch.tensor(prompt)
    return ids, last

# %%
def teach_names(network, steps, rate=4e-3, size=32):
    """Cross-entropy at the place where the reply begins."""
    optimizer = torch.optim.AdamW(network.parameters(), rate)
    rng, losses = np.random.default_rng(0), []
    for step in range(steps):
        for group in optimizer.param_groups:  # up, level, then down to 0
            group["lr"] = rate * min((step + 1) / 30,
                                     2 * (1 - step / steps), 1)
        picked = rng.integers(len(lessons), size=size)
        ids, last = batch_of(picked)
        hidden = network.model(input_ids=ids).last_hidden_state
        scores = network.lm_head(hidden[torch.arange(size), last])
        logp = scores[:, firsts].log_softmax(1)
        loss = -(targets[picked] * logp).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    network.eval()
    return losses

# %%
network = make_network(tokenizer, width=64, layers=2)
share = targets.mean(0)
print(f"{network.num_parameters():,} weights. Knowing the shares alone: "
      f"{-(share * share.log()).sum():.2f}; knowing every label: "
      f"{-(targets * targets.log()).nansum(1).mean():.2f}")
losses = teach_names(network, teach_steps)
for step in range(0, teach_steps, max(1, teach_steps // 8)):
    print(f"step {step:4}  loss {np.mean(losses[step:step + 20]):.2f}")

# %%
from agentic_lib.models.language_model import LanguageModel

fresh = SimpleAIBrain(LanguageModel(network, tokenizer), prompt=SHORT,
                      mode="score", explain=False, quiet=True)
print("Asked about the first run, with its rate raised at epoch 10, "
      "at epoch 20:\n")
print(fresh.analyze_training(training.run.metrics[:20]))

# %% [markdown]
# It chooses, with a probability for each name. It can't write: nobody showed
# it a reason, so the sentence is made from the probabilities, and says so.
#
# ## Did the language do it?
#
# Now for the question that is easily forgotten. The model read text and chose.
# But all that it needed was some numbers in that text. So give the same
# numbers, and the same soft labels, to the simplest method there is, a
# **logistic regression**: one weight for each number and action, a sum, no
# language. And there is already a forest that reads numbers and no text:
# `worth_of`, which smoothed the labels.

# %%
from agentic_lib.lab.features import NUMBERS

# The numbers that the short prompt puts into words.
SHOWN = [NUMBERS.index(name) for name in (
    "train_acc", "val_acc",  # accuracies now
    "val_acc_1",  # one decision ago: with val_acc, the trend
    "train_rises",  # in how many of the epochs since then the loss rose
    "done", "decisions_left",  # the progress
    "first")]  # 1 at the first decision: there is no trend yet

# %%
def regression(columns):
    """Learns from the numbers in these columns, with the soft labels."""
    x = torch.tensor(rows[:, columns]).float()
    mean, std = x.mean(0), x.std(0) + 1e-3
    layer = torch.nn.Linear(len(columns), 4)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200)

    def scores(rows):
        x = torch.tensor(rows[:, columns]).float()
        return layer((x - mean) / std)

    def closure():
        optimizer.zero_grad()
        loss = -(targets * scores(rows).log_softmax(1)).sum(1).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return lambda rows: scores(rows).detach().numpy()

# %%
plain = regression(SHOWN)
plain_all = regression(list(range(len(NUMBERS))))
print(f"{len(SHOWN)} numbers for one, all {len(NUMBERS)} for the other")

# %% [markdown]
# On the decisions that were held back, how many points does each method lose
# against the best action in hindsight? None of the methods was taught on them:
# `teach` holds back the same groups, and the brain that ships only had its
# temperature (notebook 04) set on half of them. If a moment lies outside what
# the bundled brain was taught, the rules decide, and a notice says so. Such
# decisions are counted like the others.
#
# **Guess first**, and write down your order: the fresh brain, the brain from
# the settings, the two regressions, the forest, and always choosing the same
# action.

# %%
from agentic_lib.show.experiments import changed

test_rows, test_values, test_now, _ = table(kept)
right = with_stop(test_values, test_now)
states = states_of(kept)
some = np.random.default_rng(0).permutation(len(states))[:250]


def choices(brain):
    quick = changed(brain, explain=False)
    return [NAMES.index(quick.analyze_training(
        states[i].history(), states[i].every, states[i].actions()).action)
        for i in some]


chosen = {"the fresh brain": choices(fresh),
          "the settings' brain": choices(brain),
          "regression, same numbers": plain(test_rows)[some].argmax(1),
          "regression, all numbers": plain_all(test_rows)[some].argmax(1),
          "forest, all numbers": worth_of(test_rows)[some].argmax(1)}
for k, name in enumerate(NAMES):
    chosen[f"always {name}"] = [k] * len(some)

# %%
#@title Run this: it counts and draws the points lost
def points_lost(picked):
    return right[some].max(1) - right[some, picked]


lost = {name: points_lost(p).mean() for name, p in chosen.items()}
error = {name: points_lost(p).std() / len(some) ** 0.5
         for name, p in chosen.items()}
order = sorted(lost, key=lost.get)
figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
ax.barh(order, [lost[name] for name in order],
        xerr=[error[name] for name in order], ecolor="#D55E00",
        color=["#0072B2" if "brain" in name else "#999999"
               for name in order])
ax.invert_yaxis()
ax.set_xlabel(f"points lost against the best action, mean of {len(some)}")
show(figure, alt="Points lost against the best action in hindsight: " +
     ", ".join(f"{name} {lost[name]:.2f}" for name in order))
for name in order:
    print(f"{lost[name]:6.2f} +- {error[name]:.2f} points  {name}")
print("\nThe settings' brain:", brain.description)

# %% [markdown]
# (The thin line is one standard error to each side. It is probably too short,
# because the decisions come from only a few groups of runs.)
#
# If something without language does as well as a brain here, then the choice
# does not need language. What can a language model do that a regression can't?
# A large one can read a different prompt, choose a new action by its name, and
# say something about its choice. (The fresh brain can do none of this.) Those
# are reasons to want one. That it chooses better has to be shown, and this is
# the kind of picture that shows it.
#
# ## In control, on data never seen
#
# Labels are a means to an end. Who ends higher on digits? Four starting rates,
# three seeds each, 30 % of the labels drawn at random; the test set is read
# once, at the end.

# %%
RATES = (0.003, 0.01, 0.1, 0.3)
arena = arenas.digits(cells=[(0.3, rate) for rate in RATES], seeds=3)
who = {"nobody": None, "the fresh brain": arenas.by_brain(fresh, arena),
       "regression, same numbers": arenas.by_policy(plain, arena)}
tests = {name: arenas.run(arena, decide)["test"]
         for name, decide in who.items()}

# %%
#@title Run this: it prints who ended where
print(f"{'mean test accuracy from':26}" + "".join(
    f"{rate:8}" for rate in RATES))
for name, accuracies in tests.items():
    print(f"{name:26}" + "".join(
        f"{value:8.1f}" for value in arena.by_cell(accuracies)))
ahead = (tests["the fresh brain"] - tests["regression, same numbers"]
         ).reshape(len(RATES), 3).mean(0)
print("\nThe fresh brain minus the regression, in points, mean of the four "
      "starts:\n" + ", ".join(f"{points:+.1f}" for points in ahead) +
      " for the three seeds")

# %% [markdown]
# Compare the columns: what helps from a poor start may cost something from a
# good one. Which ends higher, the fresh brain or the regression? The last line
# is about three seeds and one taught brain. That is too little to rank them
# (notebook 07). Nor could a firm lead be credited to the language: the
# regression is a weighted sum, the brain is not.
#
# Here is one run under the fresh brain, with guards, and the same run left
# alone. Both begin with the same weights, but not with those of the runs above,
# so their numbers differ from the means. The fresh brain works in the same
# controller as any other.

# %%
from agentic_lib import plot_run, train

run = train(digits, fresh, lr=0.003, epochs=60)
alone = train(digits, None, lr=0.003, epochs=60)
show(plot_run(run, compare=alone))

# %% [markdown]
# ## Beyond labels: reward
#
# Half a minute is short. The brain that ships was taught for longer, with all
# the prompts of notebook 02, many more wordings, and reasons after the names.
# There is one more thing that it could have been taught.
#
# A label says what an action led to *if the stand-in decided afterwards*. What
# if the learner makes all the decisions of a run itself? A **policy** is
# whatever turns a state into the probabilities of the actions. A small network
# that reads the 29 numbers of `rows` first learned what the labels teach. Then
# it was **rewarded for where its own runs ended**. Each run is played in eight
# copies that differ only in the actions drawn. What a copy did becomes likelier
# if it ended better than the mean of the copies, and less likely if it ended
# worse. That is a **policy gradient**.
#
# `python -m agentic_lib.lab.teach.reward --judge` measures how far the policy
# ends ahead of what it began as, on situations that it never played. That takes
# ten minutes or more on two cores; what it printed stands in the bundled
# brain's model card (`agentic_lib/bundled_brain/README.md`), under *Limits*.
# The card also says how well the bundled brain does, and where it fails.
#
# The bundled brain is older than that policy, and knows only what the labels
# taught. A brain can be taught the policy's probabilities instead:
#
# ```
# python -m agentic_lib teach                          makes labels, too
# python -m agentic_lib teach --from-labels            from shipped labels
# python -m agentic_lib teach --from-labels --policy   from the shipped policy
# ```
#
# ## The same lessons for Qwen
#
# Qwen3-0.6B can already read. It would be wasteful to change all of its 600
# million weights for this. **LoRA** leaves them as they are. Beside each of
# some large matrices (here the four of each layer's attention) it learns two
# thin ones, and adds their product. How many weights is that?

# %%
RANK = 8
hidden, layers = 1024, 28  # of Qwen3-0.6B
shapes = {"q": (hidden, 2048), "k": (hidden, 1024), "v": (hidden, 1024),
          "o": (2048, hidden)}
thin = layers * sum(RANK * (a + b) for a, b in shapes.values())
print(f"{thin:,} weights to learn, {thin / 596e6:.2%} of the model's")

# %%
#@title Teach Qwen (needs a GPU, peft, and ten minutes)
teach_qwen = False  #@param {type:"boolean"}

import importlib.util
import subprocess
import sys

command = ["-m", "agentic_lib", "teach", "--from-labels", "--model",
           "Qwen/Qwen3-0.6B", "--teach-minutes", "10", "--out",
           "qwen_taught"]
missing = []
if not torch.cuda.is_available():
    missing.append("a GPU (in Colab: Runtime, Change runtime type, T4)")
if importlib.util.find_spec("peft") is None:
    missing.append("the package peft (pip install peft)")
if missing:
    print("Not possible here: missing " + " and ".join(missing) + ".")
print("The command:\n  python", " ".join(command))
if teach_qwen and not missing:
    subprocess.run([sys.executable, *command], check=True)
    print(SimpleAIBrain("qwen_taught"))

# %% [markdown]
# The result is a model folder: `SimpleAIBrain` loads it like any other. Compare
# it before you believe that it got better: set
# `brain = SimpleAIBrain("qwen_taught")`, and run the cell that fills `chosen`
# and the one after it again.
#
# ## Summary
#
# - A decision's label is what it led to at the end of the budget, with a
#   stand-in for the brain deciding afterwards.
# - A short look is not a small error: it can prefer the wrong action every
#   time.
# - Many decisions hardly matter; labels must say so.
# - Hold back whole runs, and judge on a different kind of data from the kind
#   you taught on.
# - Before you credit the language, ask a regression.
# - A label judges one action, with somebody else deciding afterwards. A reward
#   judges a whole run of a policy's own decisions.

# %% [markdown]
# **Three questions**
#
# 1. Labels are made by looking five epochs ahead, and a model learns them
#    perfectly. Will training under it go well?
#    <details><summary>Answer</summary>Not necessarily. It will do what is best
#    for the next five epochs, every time. In the valley that was worse than
#    doing nothing.</details>
# 2. A taught model agrees with 60 % of the labels that were held back. Is that
#    bad?
#    <details><summary>Answer</summary>That number cannot tell you. If actions
#    tie, the label is luck, and nobody can agree with it. Count the points
#    that its choices lose.</details>
# 3. A language model chooses as well as a logistic regression on the same
#    numbers. What did the language add to the choice?
#    <details><summary>Answer</summary>Nothing. A large one may add other
#    things: it reads prompts that it was not made for, and writes a
#    reason.</details>
