# %% [markdown]
# A language model answers with text. A training loop needs one of four
# actions. Between the two stands a **parser**, a function that reads the text.
# If there is nothing to read, **rules** decide. Both are on the right of the
# loop:
#
# ![The loop](../pictures/loop.png)
#
# After this notebook you can
#
# - say why looking for keywords is not enough, and which mistake costs most;
# - build a parser that would rather say "I don't know" than guess;
# - write rules that stand in when it can't read a reply, and test them for
#   harm.

# %%
#@title Settings
brain_name = "bundled" #@param ["bundled", "auto", "qwen", "colab", "rules"]

# %% [markdown] tags=["workshop"]
# ## What a model writes
#
# We ask for "the name of one action, a colon and one short reason". Small
# models usually comply, but not always. These twenty replies were **written by
# hand**, in the style of small chat models. Beside each is what a person
# would read in it; `None` means that no decision was made. ("Option B" is the
# second action, in the order in which the prompt lists them.)
#
# **Guess first.** The simplest parser looks for a name anywhere in the reply.
# How many of the twenty will it get right?

# %% tags=["workshop"]
CONTINUE, REDUCE = "continue", "reduce_learning_rate"
INCREASE, STOP = "increase_learning_rate", "stop_training"
NAMES = [CONTINUE, REDUCE, INCREASE, STOP]

REPLIES = [
    ("reduce_learning_rate: the gap is large", REDUCE),
    ("Reduce Learning Rate", REDUCE), ("Keep going.", CONTINUE),
    ("I would lower the learning rate.", REDUCE),
    ("**Answer:** increase_learning_rate", INCREASE),
    ('{"action": "continue"}', CONTINUE), ("", None),
    ("do not stop, continue", CONTINUE), (", ".join(NAMES), None),
    ("continue without raising the rate", CONTINUE),
    ("There is no reason to stop_training.", None),
    ("it trains nonstop", None),
    ("<think>stop_training? It still falls.</think>continue", CONTINUE),
    ("<think>Perhaps stop_training would", None),
    ("I am torn: continue or reduce_learning_rate", None),
    ("stop_training: nothing has moved for 20 epochs", STOP),
    ("It is time to stop.", STOP), ("Option B", REDUCE),
    ("reduce_learing_rate", REDUCE), ("We need more data.", None),
]

# %% [markdown] tags=["workshop"]
# ## Step 1: look for the names
#
# A reading can end in four ways. They do not cost the same:
#
# - **right**;
# - **missed**: there was an answer, but the parser says `None`. Rules make
#   this one decision: little harm, if the rules are good;
# - **wrong**: it reads an action that nobody chose;
# - **wrong stop**: it ends a training run that should continue. This is the
#   worst, because nothing that comes later can repair it.

# %% tags=["nbval-check-output", "workshop"]
my_guess = 0  #@param {type:"slider", min:0, max:20}

def by_name(reply):
    """The first of NAMES that is in the reply."""
    return next((name for name in NAMES if name in reply), None)

def outcome(found, answer):
    if found == answer:
        return "right"
    if found is None:
        return "missed"
    return "wrong stop" if found == STOP else "wrong"

def show_mistakes(parser):
    results = [outcome(parser(reply), answer) for reply, answer in REPLIES]
    for result, (reply, _) in zip(results, REPLIES):
        if result != "right":
            print(f"{result:10}  {reply}")
    print(f"{results.count('right')} of {len(results)} right")

show_mistakes(by_name)
print("Your guess:", my_guess)

# %% [markdown] tags=["workshop"]
# ## Step 2: look for keywords
#
# The first version of this project looked for keywords in the reply. That
# misses fewer replies. **Guess:** will it read fewer wrongly, too?

# %% tags=["nbval-check-output", "workshop"]
KEYWORDS = {"continue": CONTINUE, "keep": CONTINUE, "reduce": REDUCE,
            "lower": REDUCE, "increase": INCREASE, "raise": INCREASE,
            "stop": STOP}


def by_keyword(reply):
    """The action of the first of KEYWORDS that is in the reply."""
    for keyword, name in KEYWORDS.items():
        if keyword in reply.lower():
            return name
    return None


show_mistakes(by_keyword)

# %% [markdown] tags=["workshop"]
# Fewer replies are missed, but one more is read wrongly. The parser stops
# three training runs that nobody wanted to stop. There are three causes, and
# each has a cure:
#
# 1. "nonstop" contains "stop": look only where a **word begins** (so that
#    "stopping" still counts);
# 2. a `<think>` block is thinking, not answering: **drop it**. If the block
#    was cut off, drop everything after its start;
# 3. "no reason to stop" **refuses** the stop: a "not" or "no" before an
#    action, in the same part of the sentence, cancels it.
#
# And one rule for all the rest: if two actions are left, say `None`.

# %% [markdown]
# In code, with regular expressions: `\b` stands for the edge of a word, and
# `[^.,;:]*$` for "no full stop, comma, colon or semicolon from here to the
# end".

# %% tags=["nbval-check-output"]
import re

WORDS = {CONTINUE: "continue|keep going|carry on",
         REDUCE: "reduce|lower|decrease",
         INCREASE: "increase|raise",
         STOP: "stop"}
# a refusing word, and no end of the clause between it and the action
REFUSED = r"\b(not|no|never|don't|without|rather than)\b[^.,;:]*$"


def without_thinking(reply):
    before, _, rest = reply.partition("<think>")
    return before + rest.partition("</think>")[2]


def carefully(reply):
    """The one action that is named and not refused, else None."""
    text = without_thinking(reply).lower().replace("_", " ")
    found = set()
    for name, words in WORDS.items():
        for match in re.finditer(rf"\b({words})", text):
            if not re.search(REFUSED, text[:match.start()]):
                found.add(name)
    return found.pop() if len(found) == 1 else None


show_mistakes(carefully)

# %% [markdown]
# One reply is missed and none is read wrongly.
#
# ## Exercise: thirty more replies
#
# We knew our twenty replies when we wrote `carefully`, so its result looks
# better than it is. It is the same mistake as judging a network by its
# training data. Now come thirty replies that it has not seen: twenty hold an
# answer, ten hold none. Start with what is there and improve it until the
# check passes:
#
# - **no wrong stop**;
# - **`None` if there is no answer**;
# - at least 18 of the twenty answers read as a person would read them.
#
# Run the check as often as you like. Each time it shows you one reply that is
# not right yet. (By then the thirty will no longer be unseen, either.)

# %% tags=["exercise"]
def my_parser(reply):
    """The name of an action, or None."""
    return carefully(reply)

# %% tags=["check", "nbval-check-output"]
from agentic_lib.course import exercises

exercises.check_parser(my_parser)

# %% tags=["solution"]
import difflib


def my_parser(reply):
    """The name of an action, or None."""
    text = without_thinking(reply).lower()
    letter = re.fullmatch(r"(option|answer:) ([abcd])\W*", text)
    if letter:
        return NAMES["abcd".index(letter[2])]
    for word in re.findall(r"\w+[_-]\w+", text):  # a misspelt name
        near = difflib.get_close_matches(word, NAMES, 1, cutoff=0.9)
        if near:
            text = text.replace(word, near[0])
    # questions and conditions decide nothing; "stopped" tells of the past
    sentences = re.findall(r"[^.?\n]+[.?\n]?", text)
    kept = [s for s in sentences
            if "?" not in s and not s.strip().startswith("if ")]
    return carefully(" ".join(kept).replace("stopped", ""))

# %% [markdown]
# ## The library's parser
#
# `parse_decision` does the same and goes further. It reads option letters,
# misspelt and cut-off names, JSON and Markdown, and Chinese, in which Qwen
# likes to think. It ignores questions, conditions, and a list of options that
# is repeated before the answer. It returns a `Decision`, which also holds the
# reason, or it returns `None`. The source of the decision is `model`, because
# a reply is assumed to come from a model. (In the second reply below,
# "continue" cannot mean the action, since the rate is to change.)

# %% tags=["nbval-check-output"]
from agentic_lib import parse_decision

print(parse_decision("**Answer:** B, because the gap is large."))
print(parse_decision("continue, but with a lower rate"))
print(parse_decision("Should we stop? If it goes on like this, yes."))

# %%
def by_library(reply):
    decision = parse_decision(reply)
    return decision and decision.action


PARSERS = {"by name": by_name, "by keyword": by_keyword,
           "carefully": carefully, "the library's": by_library}
SETS = {"the 20 above": REPLIES, "30 others": exercises.REPLIES}
counts = {
    (title, name): [outcome(parser(reply), answer)
                    for reply, answer in replies]
    for title, replies in SETS.items() for name, parser in PARSERS.items()
}

# %% tags=["demo"]
#@title The picture: who reads how well
from agentic_lib.course.notebook import show
from matplotlib import pyplot as plt

KINDS = {"right": ("#009E73", ""), "missed": ("#DDDDDD", ""),
         "wrong": ("#E69F00", "//"), "wrong stop": ("#D55E00", "xx")}
figure, panels = plt.subplots(1, len(SETS), figsize=(8, 2.6), sharey=True,
                              squeeze=False, layout="constrained")
sentences = []
for panel, title in zip(panels[0], SETS):
    for row, name in enumerate(PARSERS):
        left, results = 0, counts[title, name]
        for kind, (colour, hatch) in KINDS.items():
            share = results.count(kind)
            panel.barh(row, share, left=left, color=colour, hatch=hatch,
                       edgecolor="white", label=kind if row == 0 else None)
            if share:
                panel.text(left + share / 2, row, share, ha="center",
                           va="center", size="small", color="black",
                           bbox={"color": "white", "pad": 1.2})
            left += share
        sentences.append(
            f"{name} on {title}: {results.count('right')} right, "
            f"{results.count('wrong stop')} wrong stops")
    panel.set_yticks(range(len(PARSERS)), PARSERS)
    panel.set_title(title)
    panel.spines[["top", "right", "bottom"]].set_visible(False)
    panel.set_xticks([])
panels[0][0].invert_yaxis()
figure.legend(*panels[0][0].get_legend_handles_labels(), ncols=4,
              loc="outside lower center", frameon=False)
show(figure, "Bars of how replies were read. " + "; ".join(sentences) + ".")

# %% [markdown] tags=["workshop"]
# ## Exercise: break it
#
# The library's `parse_decision` applies these cures and many more. But no list
# of words is complete. (The parser was tested on replies like these while it
# was being written, so good results on them prove little.) Find a reply that a
# person understands at once and that `parse_decision` reads differently: a
# plain English sentence. Set `it_means` to what a person would read in it, one
# of the four names or `None`. Is it **missed** (harmless) or read **wrongly**?

# %% tags=["exercise", "workshop"]
breaking_reply = "reduce_learning_rate: the gap is large"
it_means = REDUCE  # what a person would read: a name, or None

# %% tags=["check", "workshop"]
exercises.check_breaking_reply(breaking_reply, it_means)

# %% tags=["solution", "workshop"]
breaking_reply = "Take your foot off the gas, gently."
it_means = REDUCE

# %% [markdown] tags=["workshop"]
# ## If nothing can be read
#
# In that case rules decide. The first version of this project had three, and
# they sound sensible:
#
# 1. a big **gap** between training and validation accuracy: reduce;
# 2. **great** performance: stop;
# 3. **slow** learning: increase.
#
# The library's `plain_rules` are these three. To the loop, a brain is anything
# that looks at a history and returns a decision. So rules can take the brain's
# place.
#
# Here they get a run that starts badly: digits with 30 % of the training
# labels drawn at random, and a rate of 0.5, which is far too high. First we
# leave the run alone.

# %% tags=["workshop"]
#@title Run this: rules in the brain's place, and a run left alone
from agentic_lib.course.notebook import show
from agentic_lib import ACTIONS, fallback_decision, load_data, plain_rules
from agentic_lib import plot_run, train


class Rules:
    """Rules in the brain's place."""

    actions = ACTIONS

    def __init__(self, rules):
        self.rules, self.description = rules, rules.__name__

    def analyze_training(self, history, every, actions):
        return self.rules(history, actions, every)


noisy = load_data("digits", label_noise=0.3)


def run(rules, seed=0, lr=0.5):
    """60 epochs without guards; at a constant rate if rules is None."""
    brain = Rules(rules) if rules else None
    return train(noisy, brain, lr=lr, seed=seed, epochs=60, guards=False)


alone = run(None)
print(f"Left alone, the run ends at {alone.test_acc:.1f} %. Guessing "
      "among ten digits\nat random would get 10 %.")

# %% [markdown] tags=["workshop"]
# **Guess first.** What will the three rules do to this run? (In the picture a
# hollow marker is a decision by a rule.)

# %% tags=["workshop"]
my_guess = "..."  #@param ["...", "over 60 %", "much the same", "less"]

plain = run(plain_rules)
show(plot_run(plain, compare=alone))
print(f"Your guess: {my_guess}. Alone: {alone.test_acc:.1f} %, "
      f"with the plain rules: {plain.test_acc:.1f} %.")
raised = sum(d.action == INCREASE for d in plain.decisions)
print(f"They raised the rate in {raised} of {len(plain.decisions)} "
      "decisions.")

# %% [markdown] tags=["workshop"]
# Look at the lower panel. A run whose steps are too large hardly improves.
# "Slow learning", says the third rule, and makes the steps larger still. **Low
# accuracy has two opposite causes, and the plain rules know only one.**
#
# What tells them apart? In a run that creeps, the loss falls in every epoch,
# but only a little. In a run that **diverges**, because its steps are too
# large, the loss jumps up and down or rises. `fallback_decision`, the rules
# that really stand in for the brain, checks for such a loss first, and reduces
# the rate if it finds one. Then come the three rules, in a more careful form:
# a big gap reduces the rate; great performance stops the run only if nothing
# moves any more; slow learning raises the rate only if the loss has not risen
# in any epoch since the last decision.

# %% tags=["demo"]
mended = run(fallback_decision)
show(plot_run(mended, compare=plain))

# %% [markdown]
# One run proves little, so here are three seeds. (A **seed** fixes the first
# weights and the order of the pictures. Another seed gives another run.
# Notebook 05 tests whether the gap rule helps.)

# %%
diverging = [alone] + [run(None, seed) for seed in (1, 2)]

# %% tags=["demo"]
runs = {
    "constant rate": diverging,
    "plain rules": [plain] + [run(plain_rules, s) for s in (1, 2)],
    "fallback rules": [mended] + [run(fallback_decision, s)
                                  for s in (1, 2)],
}
for name, found in runs.items():
    print(f"{name:15}", "  ".join(f"{r.test_acc:5.1f} %" for r in found))

# %% [markdown]
# ## Exercise: a rule that does no harm
#
# Write a rule for runs like these.
#
# - If the training loss of a diverging run rose from one epoch to the next
#   since the last decision, the rule does **not raise** the rate. (A loss that
#   becomes nan counts as a rise.)
# - It lowers the rate of such a run at least once.
# - It still raises the rate of a run that only creeps, in at least a quarter
#   of the decisions.
#
# The check uses four real runs (the three that you saw at a rate of 0.5 and
# one at 0.001), and others that you do not see. A history is a list of
# `Metrics`, one for each epoch, with `.train_loss`, `.val_loss`, `.train_acc`
# and `.val_acc`. `every` is the number of epochs between two decisions; you
# can ignore `actions`. Return a `Decision`, as the stub does. (The stub is the
# third plain rule.)

# %%
creeping = run(None, lr=0.001)
print("The first training losses")
print("0.001:", [round(m.train_loss, 3) for m in creeping.metrics[:6]])
print("0.5:  ", [round(m.train_loss, 3) for m in alone.metrics[:6]])
print("Training accuracy of the creeping run, every five epochs")
print("0.001:", [round(m.train_acc) for m in creeping.metrics[4::5]])

# %% tags=["exercise"]
from agentic_lib import Decision


def my_rule(history, actions, every):
    if len(history) <= every:
        return Decision(CONTINUE, "It just began.", source="fallback")
    now, before = history[-1], history[-1 - every]
    if now.train_acc - before.train_acc < 2:
        return Decision(INCREASE, "Learning is slow.", source="fallback")
    return Decision(CONTINUE, "Learning goes well.", source="fallback")

# %% tags=["check"]
exercises.check_safe_rule(my_rule, diverging, [creeping])

# %% tags=["solution"]
def my_rule(history, actions, every):
    recent = history[-1 - every:]
    losses = [m.train_loss for m in recent]
    rises = sum(not new < old for old, new in zip(losses, losses[1:]))
    gain = recent[-1].train_acc - recent[0].train_acc
    if rises >= 1:  # nan counts as a rise: it is not below anything
        return Decision(REDUCE, f"The loss rose {rises} times.",
                        source="fallback")
    if gain < 10 and recent[-1].train_acc < 80:
        return Decision(INCREASE, "It falls steadily, but slowly.",
                        source="fallback")
    return Decision(CONTINUE, "Learning goes well.", source="fallback")

# %% [markdown]
# ## All of it together
#
# `SimpleAIBrain` asks the model, reads the reply with `parse_decision`, and
# turns to `fallback_decision` if there is nothing to read. `ScriptedBrain`
# takes its replies from a list, so that you see both cases without waiting for
# a model. We wrote these replies, so its decisions count as a person's.

# %% tags=["nbval-check-output"]
from agentic_lib import Metrics, ScriptedBrain

scripted = ScriptedBrain(["I'd lower the lr a bit, it overfits.",
                          "Hm, hard to say. What do you think?"])
history = [Metrics(epoch=15, train_acc=92.0, val_acc=76.0)]
for _ in range(2):
    decision = scripted.analyze_training(history)
    print("reply:", decision.reply)
    print(decision)
    print()

# %% [markdown]
# Here the same question goes to a real brain, which writes its reply token by
# token:

# %% tags=["demo"]
from agentic_lib import SimpleAIBrain

brain = SimpleAIBrain(brain_name, mode="generate", quiet=True)
print("Who answers:", brain.description, "\n")
decision = brain.analyze_training(history)
print("reply:", decision.reply)
print(decision)

# %% [markdown]
# ## Summary
#
# - A parser that guesses is worse than one that says "I don't know". If it
#   does not know, rules decide, and they know the numbers.
# - Mistakes differ in cost: a wrong stop can't be repaired.
# - Rules that sound sensible can do harm: low accuracy has two opposite
#   causes. Test rules on runs that go wrong, not only on runs that go well.
#
# **Three questions**
#
# 1. The reply is "continue or reduce_learning_rate, both would do". Why is
#    `None` better than taking the first?
#    <details><summary>Answer</summary>The model did not choose. Taking the
#    first would credit it with a decision that came from the order of the
#    words. The rules look at the numbers instead, and the decision is recorded
#    as theirs.</details>
# 2. `carefully` read nearly all of the twenty, and a smaller share of the
#    thirty. Why?
#    <details><summary>Answer</summary>It was written with the twenty in view.
#    Only replies that it has not seen show how good it is, just as only
#    validation data shows how good a network is.</details>
# 3. A run is at 15 % accuracy. What do you look at before you touch the rate?
#    <details><summary>Answer</summary>The training loss of the last few
#    epochs. If it falls steadily, the rate is too low. If it jumps or rises,
#    the rate is too high.</details>
