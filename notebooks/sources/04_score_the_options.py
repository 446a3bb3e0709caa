# %% [markdown]
# So far the brain wrote its decision, token by token, and a parser read it.
# But there are only four possible answers. Must it write at all? After this
# notebook you can
#
# - read a decision, and a probability for each action, from a single look;
# - say what is kept from one decision to the next, and why that is allowed;
# - measure what bends such probabilities: a liking for one name, a liking for
#   one place in the list, too much confidence;
# - score actions whose names begin alike.
#
# A model that is used in this way is called a **decision model**. Before this
# notebook you made the prompt that it reads (02) and parsed replies (03).

# %%
from agentic_lib import SimpleAIBrain

#@markdown "auto": Qwen3-0.6B where there is a GPU, else the bundled brain
brain_name = "auto"  #@param ["auto", "bundled", "qwen", "colab", "rules"]
brain = SimpleAIBrain(brain_name)

# %%
#@title A stand-in, where the brain has no weights to look at (run this)
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
          "stands in: its answers are noise, the machinery is real.")
model, network = brain.model, brain.model.network
print("Looking at:", model.description)

# %% [markdown]
# ## One look
#
# A real run to ask about, at epoch 15, and the first 60 characters of what the
# brain would write:

# %%
from agentic_lib import ACTIONS, Prompt, train

run = train("digits", None, lr=0.3, epochs=30)
history = run.metrics[:15]
messages = Prompt().messages(history)
print(messages[-1]["content"], end="\n\n")
print("It writes:", model.generate(messages)[:60])

# %% [markdown]
# The reply begins with the name of an action. Before it writes anything, the
# network has already given a number, a **logit**, to each token that could
# come first. **Guess first:** which five tokens are likeliest there?

# %%
page = torch.tensor([model.tokens(messages)], device=network.device)
with torch.inference_mode():
    logits = network(input_ids=page).logits[0, -1].float().cpu()

chances = logits.softmax(0)
print(f"{len(logits):,} tokens could come first. The likeliest:")
for i in chances.topk(5).indices:
    print(f"{chances[i]:8.2%}  {model.tokenizer.decode([i])!r}")

# %% [markdown]
# Only four of them matter to us: the first tokens of the four names. We keep
# their logits, drop all others, and make probabilities of the four. This is
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
# How much of the model's belief lies on these four at all? If it is little,
# the model would rather have written something else, and the four numbers say
# less than they seem to.

# %%
print(f"On the four names together: {chances[firsts].sum():.1%}")

# %% [markdown]
# ### The library's version
#
# It does the same. `brain.probabilities` then corrects two things that this
# notebook is about further down: if the two best are close it asks a second
# time, with the options in reverse order, and it applies a temperature if
# one was found when the model was taught. So its numbers may differ from those
# above.

# %%
from agentic_lib.show.experiments import changed
from agentic_lib.brain.scoring import probabilities, softmax

library = softmax(model.score(messages, names))
apart = max(abs(library[name] - by_hand[name]) for name in names)
print(f"By hand and the library's scores: {apart:.1e} apart, at most.")
corrected = brain.probabilities([history])[0]
print("Corrected:", {name: round(p, 3) for name, p in corrected.items()})

# %% [markdown]
# ## What is kept from decision to decision
#
# **Guess first:** of all the tokens in this prompt, counted from its beginning,
# how many will be the same five epochs later, before the first that differs?

# %%
before = model.tokens(Prompt().messages(run.metrics[:15]))
after = model.tokens(Prompt().messages(run.metrics[:20]))
same = next(i for i, (a, b) in enumerate(zip(before, after)) if a != b)
print(f"{len(after)} tokens; the first {same} did not change.")

# %% [markdown]
# In a language model each token looks **back** only. What was computed for the
# beginning of a prompt does not depend on what follows. So it can be computed
# once and kept (transformers calls this a **cache**), and each decision pays
# for the rest alone. That is why the prompt has its constant part first.

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
# The pass writes into the cache, so each decision gets a copy, and the kept
# one stays as it is, whatever happens. The library does so by token numbers,
# not by cutting text: if a text is cut, tokens can come out differently.
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
    return network(input_ids=page).logits[0, -1, firsts].tolist()


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
# Your numbers, on your machine. What does not change is where they come from:
# a reply of forty tokens is forty passes, one after the other, and a score is
# one. The larger the model, the more keeping the beginning pays: for a tiny
# one, copying the cache can cost more than it saves. And what is lost? The
# reason. `explain=True` lets the model write one after the chosen name when
# you want it.
#
# ## What bends the probabilities
#
# ### A liking for one name
#
# Show the model a prompt that says that nothing was measured yet. It has no
# ground to prefer any action. **Guess first:** will all four get 25 %?

# %%
from agentic_lib.brain.scoring import CONTENT_FREE

blank = [messages[0], {"role": "user", "content": CONTENT_FREE}]
prior = softmax(model.score(blank, names))

# %%
def draw_bars(groups):
    """groups: {title: {name: probability}}. One bar an action."""
    figure, axes = plt.subplots(1, len(groups), figsize=(7.5, 1.9),
                                sharey=True, layout="constrained")
    for ax, (title, chances) in zip(axes, groups.items()):
        ax.barh([name.split("_")[0] for name in chances],
                list(chances.values()),
                color=[action.colour for action in ACTIONS])
        ax.axvline(0.25, color="black", ls=":")
        ax.set(xlim=(0, 1), xlabel="probability")
        ax.set_title(title, fontsize=10)
    axes[0].invert_yaxis()
    return figure


def in_words(groups):
    return "; ".join(f"{title}: " + ", ".join(
        f"{name} {p:.0%}" for name, p in chances.items())
        for title, chances in groups.items())


calibrated = probabilities(model, Prompt(), [history], ACTIONS,
                           calibrate=True, both_orders=False)[0]
groups = {"this run": by_hand, "nothing measured": prior,
          "this run, prior divided out": calibrated}
show(draw_bars(groups), alt=in_words(groups))

# %% [markdown]
# The middle picture is the **prior**: what the model prefers without being
# told anything. Dividing it out (and making the four sum to 1 again) is called
# **contextual calibration** (Zhao et al. 2021); the library does it with
# `calibrate=True`. It is not always an improvement: "do nothing special when
# nothing is known" can be good sense and not a bias.
#
# ### Exercise: divide the prior out
#
# Both arguments are dictionaries from names to probabilities. Return a third:
# each probability divided by its prior, all of them scaled to sum to 1.

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
print(f"Yours and the library's: {apart:.1e} apart, at most.")

# %% [markdown]
# ### A liking for one place
#
# The four actions can be listed in 24 orders. Over all of them, each action
# stands in each place equally often. So a model that is blind to places gives
# 25 % to each place on average, whatever it thinks of the actions. The **naive
# brain** is a second small model of the package, taught badly on purpose, so
# that there is something to see. **Guess first:** which place will be favoured: the first, the last, or none?

# %%
from agentic_lib.models.taught import Taught
from agentic_lib.show.experiments import shuffle

naive = SimpleAIBrain("naive", quiet=True)
one_reading = changed(naive, mode="score", explain=False,
                      both_orders=False, taught=Taught())
some = [run.metrics[:epoch] for epoch in (15, 20)]
shares, flips, tried = [0.0] * 4, 0, 0
for moment in some:
    found = shuffle(one_reading, moment, orders=24)
    usual = found[0][1].action
    for order, decision in found:
        for place, name in enumerate(order):
            shares[place] += decision.probabilities[name]
        flips += decision.action != usual
    tried += len(found)

# %%
places = ["first", "second", "third", "last"]
means = [share / tried for share in shares]
figure, ax = plt.subplots(figsize=(4.5, 1.7), layout="constrained")
ax.barh(places, means, color="#0072B2")
ax.axvline(0.25, color="black", ls=":")
ax.set(xlim=(0, 0.6), xlabel="mean probability of the option there")
ax.invert_yaxis()
show(figure, alt="Mean probability of the option in each place: " +
     ", ".join(f"{place} {p:.1%}" for place, p in zip(places, means)))
print(f"{flips} of {tried - len(some)} other orders changed the action.")

# %% [markdown]
# A known remedy, used by other decision models as well: if the two best
# are close, ask a second time with the order reversed, and take the mean. So
# the second pass is paid only where it can matter. Here is its effect, on the
# same moments (if nothing flipped above, there is nothing to mend):

# %%
two_readings = changed(one_reading, both_orders=True)
mended = 0
for moment in some:
    (_, usual), *others = shuffle(two_readings, moment, orders=24)
    mended += sum(d.action != usual.action for _, d in others)
print(f"One reading:             {flips} of {tried - len(some)} flip")
print(f"Both orders where close: {mended} of {tried - len(some)} flip")

# %% [markdown]
# ### Too sure, or not sure enough
#
# "80 % sure" should be right in 80 % of the cases. To find out, one needs
# decisions with known outcomes. The package ships stored **states** of real
# training runs; at each, all four actions were played to the end of the run,
# with several orders of the data. An action counts as right if it came within
# 0.3 points of the best. **Guess first:** how often is the brain right, and
# how often is someone who always says `continue`?

# %%
from agentic_lib.lab.check import find_states, judge, judge_names

limit = 150  #@param {type:"integer"}

states = find_states()
states = states[::max(1, len(states) // limit)][:limit]
asked = changed(brain, mode="score", explain=False)
decisions = asked.decide_many([state["history"] for state in states])
print(f"{len(states)} states. Right:")
print(f"{judge(states, decisions)['best']:6.0%}  {brain.name}")
for name in names:
    always = judge_names(states, [name] * len(states))
    print(f"{always['best']:6.0%}  always {name}")

# %% [markdown]
# Several actions can be right at once, so these do not sum to 100 %. A brain
# that does not beat the best of the four constant answers has added nothing
# here, however sure it is.
#
# Now the confidence. The four probabilities sum to 1, so they say how likely
# each action is to be *the* best, and being right has to be counted the same
# way: if two actions are equally good, each gets half a point. States are
# put into five groups by how sure the brain was. In each: how sure was it on
# average, and how often was it right?

# %%
from agentic_lib.lab.check import share_of_best

pairs = [(d.probabilities[d.action], share_of_best(state, d.action))
         for state, d in zip(states, decisions) if d.probabilities]


def bins_of(pairs, bins=5):
    """[(mean confidence, share right, how many)], empty bins left out."""
    groups = [[] for _ in range(bins)]
    for sure, right in pairs:
        groups[min(int(sure * bins), bins - 1)].append((sure, right))
    return [(sum(s for s, _ in group) / len(group),
             sum(r for _, r in group) / len(group), len(group))
            for group in groups if group]


print(" sure  right   states")
for sure, right, count in bins_of(pairs):
    print(f"{sure:5.0%} {right:6.0%} {count:8}")
print(f"{len(states) - len(pairs)} states were decided by the rules.")

# %%
figure, ax = plt.subplots(figsize=(3.6, 3.2), layout="constrained")
ax.plot([0, 1], [0, 1], ":", color="black")
points = bins_of(pairs)
ax.plot([p[0] for p in points], [p[1] for p in points], "o-",
        color="#0072B2")
for sure, right, count in points:
    ax.annotate(f" {count}", (sure, right), fontsize=8)
ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="how sure it was",
       ylabel="how often it was right (ties shared)")
show(figure, alt="Reliability: " + "; ".join(
    f"sure {s:.0%}, right {r:.0%}, {n} states" for s, r, n in points))

# %% [markdown]
# On the dotted line, confidence can be taken at its word. Below it the model
# is too sure, above it not sure enough. The number beside a point says how
# many states it stands for: with few, it means little.
#
# ### Exercise: one number for it
#
# The **expected calibration error** is the distance between the two, averaged
# over all states: for each bin, how far mean confidence and the share of right
# ones lie apart, weighted by how many states are in it. `bins` is what
# `bins_of` returns.

# %% tags=["exercise"]
def calibration_error(bins):
    # Your code: each of `bins` is (mean confidence, share right, count).
    return 0.0

# %% tags=["check"]
exercises.calibration_error(calibration_error)

# %% tags=["solution"]
def calibration_error(bins):
    total = sum(count for _, _, count in bins)
    return sum(abs(sure - right) * count
               for sure, right, count in bins) / total

# %% [markdown]
# ### Turning the confidence down, or up
#
# The simplest cure divides all logits by one number, the **temperature**: above
# 1 it makes the model less sure, below 1 surer. (The same in probabilities:
# raise each to the power `1 / temperature`, and scale them to sum to 1.) The
# best action stays the best; only the confidence changes. The number is chosen
# on one half of the states and judged on the other, or it would look better
# than it is. If the brain has a temperature already, this one comes on top.

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


scored = [(s, d) for s, d in zip(states, decisions) if d.probabilities]
choosing, judging = scored[::2], scored[1::2]
tries = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0]
best = min(tries, key=lambda t: error_at(t, choosing))
print("Best temperature on one half:", best)
print(f"Error on the other half: {error_at(1.0, judging):.3f} before, "
      f"{error_at(best, judging):.3f} after")
print(f"Your function, on all states: "
      f"{calibration_error(bins_of(pairs)):.3f}")

# %% [markdown]
# Did the error fall on the half that had no say in the choice? Only that
# counts. And even if it did: the brain is no more often right than before,
# since not one decision changes.
#
# ## When names begin alike
#
# First tokens are enough as long as they differ. Add two actions that begin
# alike, and the trick breaks:

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
# The last two begin with the same token: its logit speaks for both. Then the
# **whole** names have to be scored: the probability of the first token, times
# that of the second once the first stands there, and so on (in logarithms: a
# sum). The colon after each is scored too, or `reduce` would always beat
# `reduce_more`, of which it is the beginning. By hand, one pass a name:

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
# The library needs one pass for all six: the names are laid side by side
# after the prompt, and a mask lets each see the prompt and itself, not the
# others.
#
# And the brain itself, with the new actions? Ask it, and read the note:

# %%
decision = brain.analyze_training(history, actions=six)
print(decision)
print("Note:", decision.note or "none. It was asked, and it answered.")

# %% [markdown]
# A general model takes a new action from its line in the prompt. A small one
# that was taught four names says which it does not know, and the rules decide.
#
# ## The same in transformers
#
# Since 5.23, transformers has this as a pipeline, `"decision"`. It reads a
# model's folder with two small files more, which `brain.save` writes. Same
# tokens, same template: the probabilities must be the same.

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
# It runs the whole prompt each time, asks in one order, and divides out no prior.
# In exchange it needs nothing but transformers: `transformers serve` answers
# the same question over the network.
#
# ## Summary
#
# - If the possible answers are few, one pass gives a probability for each.
#   The beginning of the prompt is computed once and kept.
# - These probabilities can lean: towards a name, towards a place in the list.
#   Both can be measured, and divided or averaged out.
# - Confidence is trusted only after counting. A temperature can mend it, and
#   changes no decision.
# - If first tokens collide, whole names are scored.
#
# **Three questions**
#
# 1. Why may the computed beginning of the prompt be kept, although the metrics
#    after it change?
#    <details><summary>Answer</summary>Each token looks back only. What was
#    computed for the beginning cannot depend on what comes later.</details>
# 2. A model is 90 % sure in every state and right in 60 %. What will a
#    temperature do for it, and what not?
#    <details><summary>Answer</summary>It can bring the 90 % near 60 %. It will
#    not raise the 60 %: the likeliest action stays the likeliest at each
#    temperature.</details>
# 3. With no metrics at all, the model says `continue` with 70 %. Is that a
#    bias?
#    <details><summary>Answer</summary>It is a prior. Whether it does harm has
#    to be measured: compare how often it is right with and without it divided
#    out. If `continue` is mostly right, it helps.</details>
