# %% [markdown]
# So far the brain has written its decision, token by token, and a parser has
# read it. But there are only four possible answers. Does it have to write at
# all? After this notebook you can
#
# - get a decision, and a probability for each action, from a single pass;
# - say what is kept from one decision to the next, and why that is allowed;
# - measure what distorts such probabilities: a preference for one name, the
#   order of the options, too much confidence;
# - score actions whose names begin alike.
#
# A model that is used in this way is called a **decision model**. It reads the
# prompt of notebook 02, and does not need the parser of notebook 03.

# %%
from agentic_lib import SimpleAIBrain

#@markdown "auto": Qwen3-0.6B if there is a GPU, else the bundled brain
brain_name = "auto"  #@param ["auto", "bundled", "qwen", "colab", "rules"]
brain = SimpleAIBrain(brain_name)

# %%
#@title A stand-in, if the brain has no weights to look at (run this)
import tempfile

import torch
from transformers.utils import logging

logging.disable_progress_bar()
if not hasattr(brain.model, "network"):
    from agentic_lib.lab.bench import make_model

    folder = make_model(tempfile.mkdtemp(), seed=3, hidden_size=64,
                        head_dim=16, intermediate_size=128,
                        num_hidden_layers=2, vocab_size=4000)
    brain = SimpleAIBrain(folder, quiet=True)
    brain.model.name = "an untrained network"
    print("This notebook looks inside a language model, and the brain\n"
          "that you chose has none here. A network that was never taught\n"
          "takes its place: its answers are noise, the rest is real.")
model, network = brain.model, brain.model.network
print("Looking at:", model.description)

# %% [markdown]
# ## One pass
#
# Here is a real run to ask about, at epoch 15, and the first 60 characters of
# what the brain would write:

# %%
from agentic_lib import ACTIONS, Prompt, train

run = train("digits", None, lr=0.3, epochs=30)
history = run.metrics[:15]
messages = Prompt().messages(history)
print(messages[-1]["content"], end="\n\n")
print("It writes:", model.generate(messages)[:60])

# %% [markdown]
# The reply begins with the name of an action. Before the network writes
# anything, it has already given a number, a **logit**, to each token that
# could come first. **Guess first:** which five tokens are the most likely
# ones?

# %%
prompt = torch.tensor([model.tokens(messages)], device=network.device)
with torch.inference_mode():
    logits = network(input_ids=prompt).logits[0, -1].float().cpu()

chances = logits.softmax(0)
print(f"{len(logits):,} tokens could come first. The likeliest:")
for i in chances.topk(5).indices:
    print(f"{chances[i]:8.2%}  {model.tokenizer.decode([i])!r}")

# %% [markdown]
# Only four of them matter to us: the first tokens of the four names. We keep
# their logits, drop all others, and turn the four into probabilities. This is
# all that a decision model does: **one pass, four numbers**.

# %%
names = [action.name for action in ACTIONS]
firsts = [model.tokenizer(name, add_special_tokens=False)["input_ids"][0]
          for name in names]
by_hand = dict(zip(names, logits[firsts].softmax(0).tolist()))

for name, first in zip(names, firsts):
    print(f"{by_hand[name]:7.1%}  {name:24}"
          f"first token {model.tokenizer.decode([first])!r}")

# %% [markdown]
# How much of the probability over all tokens did these four get? If it is
# little, the model would rather have written something else, and the four
# numbers say less than they seem to.

# %%
print(f"On the four names together: {chances[firsts].sum():.1%}")

# %% [markdown]
# ### The library's version
#
# The library does the same. `brain.probabilities` then makes two corrections,
# which are explained later in this notebook. If the two best actions are
# close, it asks a second time with the options in reverse order. And it
# applies a **temperature** if one was found when the model was taught: a
# number that, above 1, makes a model less sure. So the library's numbers may
# differ from the ones you computed.

# %%
from agentic_lib.show.experiments import changed
from agentic_lib.brain.scoring import probabilities, softmax

library = softmax(model.score(messages, names))
apart = max(abs(library[name] - by_hand[name]) for name in names)
print(f"By hand and the library's scores: {apart:.1e} apart, at most.")
corrected = brain.probabilities([history])[0]
print("Temperature:", brain.taught.temperature)
print("Corrected:", {name: round(p, 3) for name, p in corrected.items()})

# %% [markdown]
# ## What is kept from decision to decision
#
# **Guess first:** compare this prompt with the one five epochs later, token by
# token from the beginning. How many tokens are the same before the first that
# differs?

# %%
before = model.tokens(Prompt().messages(run.metrics[:15]))
after = model.tokens(Prompt().messages(run.metrics[:20]))
same = next(i for i, (a, b) in enumerate(zip(before, after)) if a != b)
print(f"{len(after)} tokens; the first {same} did not change.")

# %% [markdown]
# The whole system message is the same; the first thing that differs is the
# progress. (In the small model a whole line can be a single token.)
#
# In a language model each token only looks **back**. What was computed for the
# beginning of a prompt does not depend on what follows. So it can be computed
# once and kept (transformers calls this a **cache**), and each decision pays
# only for the rest. That is why the constant part of the prompt comes first.

# %%
import copy

from transformers import DynamicCache

# "cache" since transformers 5.24, "past_key_values" before
from agentic_lib.models.prefix import CACHE

beginning = torch.tensor([after[:same]], device=network.device)
rest = torch.tensor([after[same:]], device=network.device)
with torch.inference_mode():
    kept = DynamicCache(config=network.config)
    network(input_ids=beginning, **{CACHE: kept})
    quick = network(input_ids=rest, **{CACHE: copy.deepcopy(kept)})
    whole = network(input_ids=torch.cat([beginning, rest], dim=1))
apart = (quick.logits[0, -1] - whole.logits[0, -1]).abs().max()
print(f"{same} tokens kept, {len(after) - same} computed.")
print(f"Logits are at most {apart:.1e} apart from those of a whole pass;"
      f"\nthe largest is {whole.logits[0, -1].abs().max():.1f}.")

# %% [markdown]
# The pass writes into the cache, so each decision gets a copy, and the
# original stays as it is. The library compares token ids, not text: if a text
# is cut, its tokens can come out differently.
#
# ## What a decision costs
#
# **Guess first:** put these four in order, and say by how much they differ: a
# written reply; one pass over the whole prompt; the same with the beginning
# kept; one of 32 decisions that are scored together.

# %%
import time


def median_time(function, repeats=5):
    """Seconds of the median call; a first one, to warm up, is left out."""
    function()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return sorted(times)[repeats // 2]


@torch.inference_mode()
def whole_pass():
    return network(input_ids=prompt).logits[0, -1, firsts].tolist()


many = [messages] * 32
cost = {
    "written reply": median_time(lambda: model.generate(messages), 3),
    "one pass, whole prompt": median_time(whole_pass),
    "one pass, beginning kept":
        median_time(lambda: model.score(messages, names)),
    "one of 32 at once":
        median_time(lambda: model.score_many(many, names), 3) / 32,
}

# %%
#@title Run this: it draws the costs
import matplotlib.pyplot as plt

from agentic_lib.course.notebook import show

figure, ax = plt.subplots(figsize=(7.5, 1.8), layout="constrained")
ax.barh(list(cost), [1000 * s for s in cost.values()], color="#0072B2")
for row, seconds in enumerate(cost.values()):
    ax.text(1000 * seconds, row, f" {1000 * seconds:.3g} ms", va="center")
ax.set(xlabel="milliseconds")
ax.margins(x=0.2)
ax.invert_yaxis()
show(figure, alt="What a decision costs: " + "; ".join(
    f"{name} {1000 * s:.3g} ms" for name, s in cost.items()))
scored = cost["one pass, beginning kept"]
print(f"Measured on {model.device.type}, with {model.name}.")
print(f"A written reply costs {cost['written reply'] / scored:.1f} times a "
      f"scored one,\na pass over the whole prompt "
      f"{cost['one pass, whole prompt'] / scored:.1f} times.")

# %% [markdown]
# These are your numbers, on your machine. The reason for them is the same
# everywhere: a reply of fifteen tokens takes fifteen passes, one after the
# other, and a score takes one. (The ratio is smaller than the number of
# tokens: only the first pass reads the prompt, and each of the others reads
# one token.) The larger the model, the more it pays to keep the beginning. For
# a tiny model, copying the cache can cost more than it saves.
#
# And what is lost? The reason. `explain=True` lets the model write one after
# the chosen name.
#
# ## What distorts the probabilities
#
# The bundled brain was taught with care. To see faults plainly, ask the
# **naive brain** as well: a second small model in the package, taught badly on
# purpose. Here we take the probabilities of both as they come out of the
# model, without the library's two corrections.
#
# ### A preference for one name
#
# Show a model a prompt that says that nothing has been measured yet. The model
# has no grounds to prefer any action. **Guess first:** will all four get 25 %?

# %%
from agentic_lib.brain.scoring import CONTENT_FREE

naive = changed(SimpleAIBrain("naive", quiet=True), mode="score",
                explain=False, both_orders=False)
print(CONTENT_FREE)
blank = [messages[0], {"role": "user", "content": CONTENT_FREE}]
naive_prior = softmax(naive.model.score(blank, names))
prior = softmax(model.score(blank, names))
calibrated = probabilities(model, Prompt(), [history], ACTIONS,
                           calibrate=True, both_orders=False)[0]

# %%
#@title Run this: it draws them
def draw_bars(groups):
    """groups: {title: {name: probability}}. One bar an action."""
    figure, axes = plt.subplots(1, len(groups), figsize=(8.5, 1.9),
                                sharey=True, layout="constrained")
    for ax, (title, chances) in zip(axes, groups.items()):
        ax.barh([name.split("_")[0] for name in chances],
                list(chances.values()),
                color=[action.colour for action in ACTIONS])
        ax.axvline(0.25, color="black", ls=":")
        ax.set(xlim=(0, 1), xlabel="probability")
        ax.set_title(title, fontsize=9)
    axes[0].invert_yaxis()
    return figure


def in_words(groups):
    return "; ".join(f"{title}: " + ", ".join(
        f"{name} {p:.0%}" for name, p in chances.items())
        for title, chances in groups.items()).replace("\n", " ")


groups = {"the naive brain,\nnothing measured": naive_prior,
          "your brain,\nnothing measured": prior,
          "your brain,\nthis run": by_hand,
          "your brain, this run,\nprior divided out": calibrated}
show(draw_bars(groups), alt=in_words(groups))

# %% [markdown]
# No. The first two pictures are **priors**: what a model prefers when it is
# told nothing. You can divide the prior out, and scale the four to sum to 1.
# This is called **contextual calibration** (Zhao et al. 2021); the library
# does it with `calibrate=True`. It is not always an improvement: a preference
# for `continue` ("do nothing special if nothing is known") can be good sense
# and not a bias. A preference for `increase` is good sense only if most runs
# start too low.
#
# ### Exercise: divide the prior out
#
# Both arguments are dictionaries from names to probabilities. Return a third:
# each probability divided by its prior, and all of them scaled to sum to 1.

# %% tags=["exercise"]
def without_prior(chances, prior):
    # Your code.
    return dict(chances)

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.without_prior(without_prior)

# %% tags=["solution"]
def without_prior(chances, prior):
    ratios = {name: chances[name] / prior[name] for name in chances}
    total = sum(ratios.values())
    return {name: ratio / total for name, ratio in ratios.items()}

# %%
yours = without_prior(by_hand, prior)
apart = max(abs(yours[name] - calibrated[name]) for name in names)
print(f"Yours and the library's: {apart:.1e} apart, at most:",
      "the same" if apart < 1e-5 else "not the same yet")

# %% [markdown]
# ### The order of the options
#
# The four actions can be listed in 24 orders, and the order says nothing about
# the run. **Guess first:** if the naive brain is asked in all 24, how often
# does another order change its answer?
#
# The usual remedy is to ask a second time with the order reversed, and to
# average. The library does this only if the two best actions are close, so
# that it pays for a second pass only when that may matter. The next cell
# measures three ways on 15 stored moments of real runs: no remedy (*one
# reading*), the library's (*two if close*), and averaging every time (*always
# two*).

# %%
from agentic_lib.lab.check import find_states
from agentic_lib.show.experiments import shuffle


def by_mean(found):
    """Every order is averaged with its reverse, close or not."""
    rows = {tuple(order): d.probabilities for order, d in found}
    return [max(row, key=lambda name: row[name] + rows[order[::-1]][name])
            for order, row in rows.items()]


def flips(actions):
    """How many of 23 other orders lead to another action than the first."""
    return sum(action != actions[0] for action in actions)


careful = changed(naive, both_orders=True)
some = [state["history"] for state in find_states()[::24]]
counts = {"one reading": [], "two if close": [], "always two": []}
for moment in some:
    once = shuffle(naive, moment, orders=24)
    twice = shuffle(careful, moment, orders=24)
    for row, actions in zip(counts.values(), (
            [d.action for _, d in once], [d.action for _, d in twice],
            by_mean(once))):
        row.append(flips(actions))

# %%
#@title Run this: it draws how many answers flip
ranked = sorted(range(len(some)), key=lambda i: counts["one reading"][i])
figure, ax = plt.subplots(figsize=(7.5, 2.4), layout="constrained")
for (name, row), marker in zip(counts.items(), "os^"):
    ax.plot([row[i] for i in ranked], marker, alpha=0.8, label=name)
    print(f"{name:14}{sum(row):4} of {23 * len(some)} answers flip")
ax.set(xlabel="moments, the firmest first", ylabel="flips of 23",
       xticks=[])
ax.legend(frameon=False, fontsize="small")
show(figure, alt="How many of 23 other orders change the answer, for "
     f"{len(some)} moments. In all " + ", ".join(
         f"{sum(row)} with {name}" for name, row in counts.items()))

# %% [markdown]
# Neither remedy promises that nothing flips. *Two if close* cannot help if a
# model is sure of itself in each order, and the naive brain is sure nearly
# everywhere. *Always two* costs twice as much, and averages two orders out of
# 24. It can even count more flips: a flip is counted against the answer in the
# usual order, and if that answer is the exception, most of the other orders
# differ from it.
#
# ### Too sure, or not sure enough
#
# "80 % sure" should be right in 80 % of the cases. To find out, we need
# decisions with known outcomes. The package ships stored **states** of real
# training runs. At each of them, all four actions were played to the end of
# the run, with several orders of the data. An action counts as right if its
# test accuracy at the end, on average, is within 0.3 points of the best.
#
# From here on your brain answers as it does in a run, corrections included;
# the naive brain has none. (States outside what a small brain was taught with,
# plus a margin, are left to the rules, and a notice says so.)
# **Guess first:** how often is your brain right, and how often is someone who
# always says `continue`?

# %%
from agentic_lib.lab.check import judge, judge_names

limit = 150  #@param {type:"integer"}

states = find_states()
states = states[::max(1, len(states) // limit)][:limit]
asked = {"the naive brain": naive,
         "your brain": changed(brain, mode="score", explain=False)}
decisions = {name: who.decide_many([s["history"] for s in states])
             for name, who in asked.items()}
print(f"{len(states)} states. Right:")
for name, row in decisions.items():
    print(f"{judge(states, row)['best']:6.0%}  {name}")
for name in names:
    always = judge_names(states, [name] * len(states))
    print(f"{always['best']:6.0%}  always {name}")

# %% [markdown]
# Several actions can be right at once, so these shares do not sum to 100 %.
# Many of the states come from runs that start at a very low rate: there,
# always saying `increase` is hard to beat. A brain that does not beat the best
# of the four constant answers has added nothing here, however sure it is. (A
# difference of a few states out of all these means nothing.)
#
# Now the confidence. The four probabilities sum to 1, so they say how likely
# each action is to be *the* best. Being right has to be counted in the same
# way: if two are right, as defined above, each gets half a point. We put the
# states into five groups by how sure the brain was. In each group: how sure
# was it on average, and how often was it right?

# %%
from agentic_lib.lab.check import share_of_best


def pairs_of(row):
    """(how sure, how right) for each state that the model decided."""
    return [(d.probabilities[d.action], share_of_best(state, d.action))
            for state, d in zip(states, row) if d.probabilities]


def bins_of(pairs, bins=5):
    """[(mean confidence, share right, how many)], empty bins left out."""
    groups = [[] for _ in range(bins)]
    for sure, right in pairs:
        groups[min(int(sure * bins), bins - 1)].append((sure, right))
    return [(sum(s for s, _ in group) / len(group),
             sum(r for _, r in group) / len(group), len(group))
            for group in groups if group]

# %%
#@title Run this: it draws how sure, and how often right
figure, ax = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
ax.plot([0, 1], [0, 1], ":", color="black")
words = []
for (name, row), style, colour in zip(
        decisions.items(), ("s--", "o-"), ("#D55E00", "#0072B2")):
    points = bins_of(pairs_of(row))
    ax.plot([p[0] for p in points], [p[1] for p in points], style,
            color=colour, label=name)
    for sure, right, count in points:
        ax.annotate(f" {count}", (sure, right), fontsize=8)
        words.append(f"{name} sure {sure:.0%}, right {right:.0%}, "
                     f"{count} states")
    print(f"{name}: {len(row) - len(pairs_of(row))} of {len(row)} states "
          "were decided by the rules.")
ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="how sure it was",
       ylabel="how often it was right (ties shared)")
ax.legend(frameon=False, loc="upper left")
show(figure, alt="Reliability: " + "; ".join(words))

# %% [markdown]
# On the dotted line, confidence can be taken at face value. Below it a model
# is too sure, above it not sure enough. The number beside a point says how
# many states it stands for: if they are few, the point means little.
#
# ### Exercise: one number for it
#
# The **expected calibration error** is the distance between how sure a model
# is and how often it is right, averaged over all states. For each bin, take
# the distance between mean confidence and the share of right answers, and
# weight it by how many states are in the bin. `bins` is what `bins_of`
# returns.

# %% tags=["exercise"]
def calibration_error(bins):
    # Your code: each of `bins` is (mean confidence, share right, count).
    return None

# %% tags=["check"]
exercises.calibration_error(calibration_error)

# %% tags=["solution"]
def calibration_error(bins):
    total = sum(count for _, _, count in bins)
    return sum(abs(sure - right) * count
               for sure, right, count in bins) / total

# %% [markdown]
# ### Turn the confidence down, or up
#
# The simplest cure divides all logits by one number, the **temperature**:
# above 1 it makes the model less sure, below 1 surer. (In probabilities: raise
# each to the power `1 / temperature`, and scale them to sum to 1.) The best
# action stays the best; only the confidence changes. The number is chosen on
# one half of the states and judged on the other; otherwise it would look
# better than it is. If the brain has a temperature already, this one is
# applied on top of it.

# %%
from agentic_lib.lab.calibration import calibration_error as library_error


def at_temperature(decision, temperature):
    """The probability of the chosen action, at another temperature."""
    powers = {name: p ** (1 / temperature)
              for name, p in decision.probabilities.items()}
    return powers[decision.action] / sum(powers.values())


def error_at(temperature, half):
    return library_error(
        [(at_temperature(d, temperature), share_of_best(state, d.action))
         for state, d in half])


for name, row in decisions.items():
    scored = [(s, d) for s, d in zip(states, row) if d.probabilities]
    best = min((0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 8.0, 16.0, 32.0),
               key=lambda t: error_at(t, scored[::2]))
    print(f"{name}: temperature {best}. Error on the other half:\n"
          f"{error_at(1.0, scored[1::2]):.3f} before, "
          f"{error_at(best, scored[1::2]):.3f} after.")
    mine = calibration_error(bins_of(pairs_of(row)))
    print(f"All states, before: {error_at(1.0, scored):.3f} by the library "
          "(10 bins),", "your function\nis not written yet" if mine is None
          else f"{mine:.3f} by yours (5 bins)")

# %% [markdown]
# Did the error fall on the half that had no say in the choice? Only that
# counts. A temperature moves all points to the left, or all to the right: if
# one group lies below the dotted line and another above it, no temperature
# fixes both. And even if the error fell, the brain is not right more often
# than before, because not one decision changes.
#
# ## If names begin alike
#
# First tokens are enough as long as they differ. Add two actions whose names
# begin alike, and this no longer works:

# %%
from agentic_lib import Action

six = (*ACTIONS,
       Action("restore_best", "go back to the best weights so far"),
       Action("restore_start", "go back to the first weights"))
six_names = [action.name for action in six]
for name in six_names:
    tokens = model.name_tokens(name)
    print(f"{name:24}",
          "|".join(model.tokenizer.decode([t]) for t in tokens))

# %% [markdown]
# The last two begin with the same token, so its logit stands for both. In such
# a case the **whole** names have to be scored: the probability of the first
# token, times that of the second given the first, and so on (in logarithms: a
# sum). The colon after each name is scored too; otherwise `reduce` would
# always beat `reduce_more`, which begins with it. By hand, with one pass for
# each name:

# %%
asked_with = Prompt().messages(history, actions=six)
start = model.tokens(asked_with)


@torch.inference_mode()
def whole_name(name):
    """The log-probability that the reply begins with `name:`."""
    tokens = model.name_tokens(name)
    ids = torch.tensor([start + tokens[:-1]], device=network.device)
    logs = network(input_ids=ids).logits[0].float().log_softmax(-1)
    return sum(logs[len(start) - 1 + i, token].item()
               for i, token in enumerate(tokens))


library = model.score(asked_with, six_names)
for name in six_names:
    print(f"{name:24}{whole_name(name):10.4f} by hand,"
          f"{library[name]:10.4f} by the library")

# %% [markdown]
# The library needs one pass for all six. The names are laid side by side after
# the prompt, and a mask lets each name see the prompt and itself, but not the
# other names.
#
# And what does the brain itself do with the new actions? Ask it. If the rules
# decide in its place, a notice says why.

# %%
print(brain.analyze_training(history, actions=six))

# %% [markdown]
# A general model understands a new action from its line in the prompt. A small
# model that was taught four names says which names it does not know, and the
# rules decide.
#
# ## The same in transformers
#
# Since version 5.23, transformers has this as a pipeline, `"decision"`. It
# reads a model's folder with two additional small files, which `brain.save`
# writes. Same tokens, same template: the probabilities must be the same.

# %%
import transformers
from transformers import pipeline
from transformers.pipelines import PIPELINE_REGISTRY

from agentic_lib.brain.decision import meanings
from agentic_lib.models.systemone import decision_request

if "decision" in PIPELINE_REGISTRY.get_supported_tasks():
    with tempfile.TemporaryDirectory() as saved:
        brain.save(saved)
        decide = pipeline("decision", model=saved, device=network.device)
        request = decision_request(
            Prompt().messages(history), meanings(ACTIONS))
        theirs = decide(request)["action"]["probabilities"]
    ours = probabilities(
        model, Prompt(), [history], ACTIONS, both_orders=False,
        temperature=brain.taught.temperature)[0]
    for name in names:
        print(f"{name:24}{ours[name]:8.4f} ours {theirs[name]:8.4f} theirs")
else:
    print(f"transformers {transformers.__version__} has no decision "
          "pipeline. It needs 5.23 or newer.\nIn Colab leave it as it is: "
          "replacing a package that is loaded breaks others.")
    print("Recorded instead, on 22 November 2026 with transformers "
          "5.23.0\nand the first round of the bundled brain, at this "
          "moment of this\nrun (ours, theirs): continue 0.2346, 0.2346; "
          "reduce 0.4105,\n0.4105; increase 0.0971, 0.0971; "
          "stop 0.2578, 0.2578.")

# %% [markdown]
# The pipeline reads the whole prompt each time, asks in one order, and divides
# out no prior. In exchange it needs nothing but transformers: `transformers
# serve` answers the same question over the network.
#
# ## Summary
#
# - If the possible answers are few, one pass gives a probability for each. The
#   beginning of the prompt is computed once and kept.
# - These probabilities can be biased: towards a name, or by the order of the
#   options. A prior can be divided out. Asking in two orders can reduce the
#   effect of the order: count to find out whether it does.
# - Trust a confidence only after counting. A temperature can correct the
#   confidence, and changes no decision.
# - If first tokens collide, whole names are scored.
#
# **Three questions**
#
# 1. Why may the results computed for the beginning of the prompt be kept,
#    although the metrics after it change?
#    <details><summary>Answer</summary>Each token only looks back. What was
#    computed for the beginning cannot depend on what comes later.</details>
# 2. A model is 90 % sure in every state and right in 60 %. What will a
#    temperature do for it, and what will it not do?
#    <details><summary>Answer</summary>It can bring the 90 % near 60 %. It will
#    not raise the 60 %: the likeliest action stays the likeliest at every
#    temperature.</details>
# 3. With no metrics at all, the model gives `continue` a probability of 70 %.
#    Is that a bias?
#    <details><summary>Answer</summary>It is a prior. Whether it does harm has
#    to be measured: compare how often the model is right with and without it.
#    If `continue` is usually right, the prior helps.</details>
