# %% [markdown]
# A run that went well under the brain proves nothing: it might have gone well
# anyway. This notebook asks the honest question. After it you can
#
# - set up a comparison that is fair: paired, with the same budget;
# - say how far a result can be trusted, with an interval;
# - tell a method that reads the metrics from one that was lucky;
# - add a method of your own, and judge it as strictly as any other.

# %%
#@title Settings
brain_name = "bundled"  #@param ["bundled", "rules"]

# %% [markdown]
# ## The answer first
#
# Does it help? This cell computes the answer from thousands of recorded runs:

# %%
from agentic_lib.lab.compare import results, summary

info, rows = results.read_rows()
print(summary.answer(rows))

# %% [markdown]
# The rest of the notebook shows how such an answer is made, and how far it can
# be trusted. It explains all names on the way.

# %% [markdown] tags=["workshop"]
# ## What would you use instead?
#
# Nobody has to ask a language model for a learning rate. One can leave the
# rate alone. **Plateau** (`ReduceLROnPlateau`) lowers it if the validation
# loss stands still. **Greedy** (`GreedyLR`) raises and lowers it. **Linear**
# lowers it by a plan. **Schedule-Free** needs no plan. And one can search: a
# **range test** or **successive halving** spends some of the epochs on trying
# rates.
#
# There are several tasks, nine starting rates over four decades, several
# seeds, and every method on all of them. A command trained these runs and kept
# one line for each.
#
# ```
# python -m agentic_lib compare --record
# ```
#
# People use the brain under **guards**, which restore earlier weights if a run
# is lost. So here every method has guards if it can. `left_alone` is the
# starting rate under guards, and `constant` is the same without them.

# %% tags=["workshop"]
from agentic_lib.lab.compare import results, tables, views

info, rows = results.read_rows()
ours = "brain_quick"
used, _ = views.complete(views.as_used(rows))
eight = [r for r in used if r.method in (*views.CORE, "left_alone")]
print(f"{len(rows)} runs on {info['machine']}")
if results.changed(info):
    print("since then another version of:", *results.changed(info))
print("tasks:  ", ", ".join(dict.fromkeys(r.task for r in eight)))
print("methods:", ", ".join(tables.names(eight)))
print(eight[0])

# %% [markdown]
# A comparison is fair only if every method had the same help. The brain can
# run at the settings of the original idea (`brain`: every 5 epochs, x 0.7, x
# 1.3) and at quicker ones (`brain_quick`: every 2 epochs, x 0.5, x 2). The
# quicker settings, and those of `plateau_tuned` and `greedy_tuned`, were
# chosen in the same way: the best of five, on kinds of data that none of these
# tasks is made of. Everything else runs as its authors advise.

# %%
from IPython.display import Markdown, display

display(Markdown(tables.settings(
    [r for r in eight if r.method != "left_alone"])))

# %% [markdown] tags=["workshop"]
# **Guess first.** Take one of the tasks, handwritten digits. From a *good*
# starting rate, how many points of accuracy will the brain be ahead of a rate
# that is left alone? And from a *poor* one?

# %% tags=["workshop"]
#@title Your guess, in points
from_good = 0  #@param {type:"slider", min:-5, max:20}
from_poor = 0  #@param {type:"slider", min:-20, max:80}

# %% tags=["workshop"]
from agentic_lib.lab.compare import pictures
from agentic_lib.course.notebook import show

few = ["plateau_tuned", "left_alone", "greedy_tuned", "linear", ours]
figure = pictures.draw_starts(eight, "digits", few)
show(figure, pictures.say_starts(eight, "digits", few))

reached = {(r.method, r.rate, r.seed): r.test for r in eight
           if r.task == "digits"}
for name, start, guess in (("good", 0.1, from_good),
                           ("poor", 0.001, from_poor)):
    ahead = [reached[ours, start, seed] - reached["left_alone", start, seed]
             for seed in range(3)]
    print(f"{name} start, {start}: you said {guess:+d} points, it is "
          f"{sum(ahead) / len(ahead):+.1f}")

# %% [markdown] tags=["workshop"]
# Each line is a method, and each place on it the mean of several seeds. How
# far apart are the curves in the middle, and how far at the edges, where the
# start was a poor guess? A comparison at one starting rate can show whatever
# its author likes.
#
# ## One number: regret
#
# **Regret** is the distance to the best *constant* rate in hindsight (without
# guards): the one rate that is best on average over the seeds. It is measured
# between runs with the same seed, so with the same first weights and the same
# data in the same order.

# %% [markdown] tags=["workshop"]
# ## Exercise: regret
#
# Write it. Both arguments are dictionaries, `{(rate, seed): accuracy}`. Only
# the choice of the best rate is missing.

# %% tags=["exercise", "workshop"]
def my_regret(constant, method):
    """Mean points that `method` is behind the best constant rate."""
    rates = sorted({rate for rate, seed in constant})
    best = rates[0]  # your code: which rate has the highest mean?
    behind = [constant[best, seed] - method[rate, seed]
              for rate, seed in method]
    return sum(behind) / len(behind)

# %% tags=["check", "workshop"]
from agentic_lib.course import exercises

exercises.regret_of(my_regret)

# %% tags=["solution", "workshop"]
def my_regret(constant, method):
    """Mean points that `method` is behind the best constant rate."""
    rates = sorted({rate for rate, seed in constant})
    seeds = sorted({seed for rate, seed in constant})

    def mean(rate):
        return sum(constant[rate, seed] for seed in seeds) / len(seeds)

    best = max(rates, key=mean)
    behind = [constant[best, seed] - method[rate, seed]
              for rate, seed in method]
    return sum(behind) / len(behind)

# %% [markdown]
# Here your function meets the recorded runs: regret on the task `digits`, by
# you and by the library.

# %%
def scores_of(method):
    """{(rate, seed): test accuracy} on digits."""
    return {(r.rate, r.seed): r.test for r in eight
            if r.task == "digits" and r.method == method}


digits = [r for r in eight if r.task == "digits"]
for name in few:
    yours = my_regret(scores_of("constant"), scores_of(name))
    theirs = views.pair(digits, name).regret(name).mean()
    print(f"{name:14}{yours:8.2f} by you{theirs:8.2f} by the library")

# %% [markdown] tags=["workshop"]
# And here is the regret of eight methods over all tasks and all starts, guards
# on. The thick line is an **interval**: it says how far the mean would move if
# other seeds had been drawn. The thin line also draws other tasks like these.

# %% tags=["workshop"]
show(pictures.draw_summary(eight), pictures.say_summary(eight))

# %% [markdown]
# Here are the same results in numbers. At **good** starts the constant rate
# lies within two points of the best one, at **poor** starts it does not.

# %%
from agentic_lib.lab.compare import costs

display(Markdown(tables.first(eight, ours, costs.read()["methods"])))

# %% [markdown]
# Each number has an interval. It says how far the number would move if other
# seeds had been drawn; it holds for **these** tasks and starting rates. The
# interval in the column beside it also draws the tasks again: compare the
# widths. Intervals come from the **bootstrap**, which you will write yourself
# in a moment.
#
# "Wins" is how likely the brain is to score higher from the same start on the
# same task. A run counts as diverged if it ends no better than guessing after
# its loss has risen. The last column is processor time, and the share of it
# that went into decisions.
#
# `RESULTS.md` shows more methods, and all of them without guards. `python -m
# agentic_lib compare --summary` prints it from the same rows.

# %% [markdown]
# A mean can hide that a few runs went very wrong: a method may be ahead on
# average and still win less than half of the pairings. Is there one in the
# table? A **performance profile** shows all runs: how many of them come within
# a given number of points of the best?

# %%
figure = pictures.draw_profiles(eight, few)
show(figure, pictures.say_profiles(eight, few))

# %% [markdown]
# ## Exercise: an interval
#
# `differences` holds one number for each seed: how far method A was ahead of
# method B. Draw as many of them as there are, with repetition, and take the
# mean. Do that a thousand times. The middle 95 % of these means are the
# interval.

# %% tags=["exercise"]
import random


def my_interval(differences):
    """(low, high): the bootstrap interval of the mean, 95 %."""
    mean = sum(differences) / len(differences)
    return mean, mean

# %% tags=["check"]
exercises.paired_interval(my_interval)

# %% tags=["solution"]
import random


def my_interval(differences):
    """(low, high): the bootstrap interval of the mean, 95 %."""
    count = len(differences)
    means = sorted(sum(random.choices(differences, k=count)) / count
                   for _ in range(1000))
    return means[25], means[974]

# %% [markdown]
# Here your function meets the recorded runs. For each seed of the task
# `digits`, by how many points was the brain ahead, on average over the starts?

# %%
for name in few[:-1]:
    apart = views.pair(digits, ours, name)
    ahead = (apart.regret(name) - apart.regret(ours))[0].mean(0).tolist()
    low, high = my_interval(ahead)
    mean, *theirs = views.ahead(digits, name, ours)
    print(f"ahead of {name:14}{mean:6.1f} points, {low:5.1f} to "
          f"{high:5.1f} by you,\n{'':30}{theirs[0]:5.1f} to "
          f"{theirs[1]:5.1f} by the library")
print("Seeds on this task:", len(ahead))

# %% [markdown]
# Three seeds are few. Drawn again and again, they vary less than new seeds
# would, so a plain bootstrap is too narrow. The library widens its interval for
# that (Hesterberg 2015, "What teachers should know about the bootstrap").
#
# ## Is any method ahead?
#
# The difference is taken run by run, and the interval is one of differences.
# So whatever two methods have in common (an easy seed, a hard task) cancels.
# If the interval includes zero, these runs cannot tell the two apart. Look
# again at the column "brain_quick is" in the table of regret.
#
# A lead over many tasks can still come from one of them. Here it is task by
# task, in points that the brain is ahead (+) or behind (-). The last column
# names the task without which a lead could no longer be told from zero.

# %%
others = [m for m in tables.names(eight) if m not in (ours, "constant")]
display(Markdown(tables.lead_by_task(eight, ours, others)))

# %% [markdown]
# ## Placebos
#
# Is it the metrics that help, or would anything that moves the rate do as
# well? **Placebos** act at the brain's settings, but
#
# - `random_actions_quick` draws its actions at random, as often as the brain
#   takes them at that decision. What it gains is gained without looking;
# - `shuffled_metrics_quick` is the same brain, but it is shown the metrics of
#   *another* run of the task;
# - `rate_only_quick` looks at the learning rate alone, and moves it towards a
#   range that was the best of five.
#
# `rules_quick` and `logistic_quick` (a logistic regression on the labels
# that the brain was taught) do look, but there is no language model in
# them. And nobody could use `look_ahead_quick`: it tries every action to
# the end before it decides. One try is noisy, and rules decide afterwards,
# so it is an expensive reference; a better controller is possible.
#
# First without guards, on the kinds of network that the brain was taught on:

# %%
names = (ours, "constant", "rules_quick", "logistic_quick",
         "rate_only_quick", "random_actions_quick",
         "shuffled_metrics_quick", "look_ahead_quick")
plain = [r for r in views.honest(rows) if r.method in names]
display(Markdown(tables.against(plain, ours)))

# %% [markdown]
# A controller that does not beat its placebos has a habit, not a judgement.
# Here guards are off, and only small dense networks count; with guards,
# over all tasks, the answer at the top of this notebook holds. One that
# does not beat the regression could have been a regression.
#
# Now with guards, by kind of task, for the methods that were recorded on all
# tasks. A range of rates that was chosen for one kind of task may be wrong for
# another, and so for another unit of the loss. On which kinds does a lead
# rest?

# %%
strict = [r for r in used if r.method in names]
display(Markdown(tables.by_kind(strict, views.unguarded(rows), ours)))

# %% [markdown]
# ## A number that deceives
#
# Suppose decisions were made on the *test* data, and the best epoch was chosen
# on it too. Many demonstrations do that, and `think_about_training(train_acc,
# test_acc, epoch)` invites it by its name. The table compares what one would
# have claimed with what the same weights reach on data that nobody looked at.
# How much is claimed too much depends on how small the test set is, and on how
# often one looks.

# %%
display(Markdown(tables.leak(rows)))

# %% [markdown]
# ## What stopping saves, and what it costs
#
# Here is the same brain with and without the action `stop_training`, without
# guards:

# %%
display(Markdown(tables.stopping(views.honest(rows))))

# %% [markdown]
# ## What guards alone achieve
#
# Guards (notebook 05) save runs, whoever sets the rate. A gain that they alone
# explain does not belong to the brain. So compare the regret of each method
# without and with them.

# %%
belted = ["brain", ours, "constant", "linear", "plateau_tuned",
          "greedy_tuned", "logistic_quick", "rate_only_quick"]
belted += [name + "+guards" for name in belted]
display(Markdown(tables.guarded([r for r in rows if r.method in belted])))

# %% [markdown]
# ## The decisions themselves
#
# A final accuracy mixes many decisions. So hundreds of runs were halted at a
# decision, and from there each of the four actions was played to the end,
# three times. Now every single choice can be judged: is it among the best (to
# 0.3 points), and what does it cost?

# %%
from agentic_lib.lab.compare import choices
from agentic_lib.lab.saved_states import read_states

states, recorded = read_states(), choices.read_choices()
display(Markdown(choices.table(states, recorded)))

# %% [markdown]
# "By two tries" has played every action twice and is judged by the third time.
# Nobody can do that during a run. It shows what better decisions could gain.
# And when the brain says how sure it is: can you believe it?

# %%
pairs = choices.sure_and_right(states, recorded)
show(pictures.draw_reliability(pairs), pictures.say_reliability(pairs))
once, twice = recorded["flips"], recorded["flips, both orders"]
print(f"With the options in reverse order {once:.1%} of the answers "
      f"change,\n{twice:.1%} where it asks twice when unsure.")

# %% [markdown]
# Here is the same for a brain of your choice (see the settings), on some of
# these states:

# %%
from agentic_lib import SimpleAIBrain
from agentic_lib.lab import check

brain = SimpleAIBrain(brain_name, explain=False)
some = states[::7]
found = check.judge(some, check.ask(brain, some))
print(check.as_table({brain.name: found}))

# %% [markdown]
# ## Do it yourself
#
# Do not believe the file. The next cell trains a slice of the comparison on
# your machine, without guards. Small networks are trained side by side, so it
# takes seconds.

# %%
from agentic_lib.lab.compare.methods import METHODS
from agentic_lib.lab.compare.tasks import TASKS
from agentic_lib.lab.compare.trials import run_job

STARTS = [(rate, seed) for rate in (0.001, 0.1, 0.3162) for seed in (0, 1)]
names = ("constant", "plateau", "rules", ours)
fresh = []
for name in dict.fromkeys(names):
    fresh += run_job(TASKS["digits_noisy"], METHODS[name], STARTS)
display(Markdown(tables.cells(fresh)))

# %%
recorded = {(r.method, r.rate, r.seed): r.test for r in rows
            if r.task == "digits_noisy"}
apart = [abs(r.test - recorded[r.method, r.rate, r.seed]) for r in fresh
         if (r.method, r.rate, r.seed) in recorded]
print(f"{len(apart)} runs made again; they differ from the recorded "
      f"ones by {sum(apart) / len(apart):.2f} points on average.")

# %% [markdown]
# ## Exercise: a method of your own
#
# A rule is a function of the history. It returns the name of an action. To
# pass, it must look at the metrics, gain more than 3 points from a start that
# is too low, and lose less than 2 from a good one. The check judges on
# validation data: if you try until the test set is content, you have used it
# up.

# %% tags=["exercise"]
def my_rule(history, actions, every):
    """The name of an action, from a list of Metrics, oldest first."""
    losses = [m.train_loss for m in history[-every:]]
    return "continue"

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.beats_constant(my_rule)

# %% tags=["solution"]
def my_rule(history, actions, every):
    """The name of an action, from a list of Metrics, oldest first."""
    losses = [m.train_loss for m in history[-every:]]
    rises = sum(new > old for old, new in zip(losses, losses[1:]))
    now = history[-1]
    if rises >= 2:
        return "reduce_learning_rate"
    if now.train_acc < 95 and now.epoch < 0.7 * now.total_epochs:
        return "increase_learning_rate"
    return "continue"

# %% [markdown]
# Now compare it with the others, on the slice that you trained:

# %%
from agentic_lib.lab.compare.methods import Method, decided

mine = Method("mine", decided(my_rule))
fresh = [r for r in fresh if r.method != "mine"]
fresh += run_job(TASKS["digits_noisy"], mine, STARTS)
display(Markdown(tables.cells(fresh)))

# %% [markdown] tags=["workshop"]
# ## The claims, one by one
#
# This project began with a page of text that praised the idea before anything
# was measured: faster, better, cheap, no human needed. The table shows each of
# its claims with the evidence for or against it, computed from recorded runs.
# The verdict is *supported* or *refuted* if the interval leaves no doubt, *not
# shown* if it includes zero, and *not measured* if nobody looked. Guards are
# on, unless the line says otherwise.

# %% tags=["workshop"]
from agentic_lib.lab.compare import choices, claims

from IPython.display import Markdown, display

lines = claims.claims(rows, ours, choices.read_choices())
display(Markdown(tables.markdown(["claim", "verdict", "rests on"], lines)))

# %% [markdown]
# You can check two of them here: is the answer the same each time, and how
# long does it take on this machine?

# %%
import statistics

asked = [brain.analyze_training(states[3]["history"]) for _ in range(20)]
print("the same question, 20 times:", {d.action for d in asked})
milliseconds = 1000 * statistics.median(d.seconds for d in asked)
print(f"median time of a decision: {milliseconds:.1f} ms ({brain.name})")

# %% [markdown]
# Aims were written down before anything was measured. Were they reached?
# (Those about regret are in the answer at the top.)

# %%
display(Markdown(tables.markdown(["aim", "verdict", "rests on"],
                                 claims.aims(rows, ours))))

# %% [markdown]
# ## Summary
#
# - Compare with what one would use instead, from poor starts too, with the
#   same seeds and the same budget.
# - A difference without an interval is an anecdote.
# - Placebos tell judgement from habit.
# - Do not credit a model with what guards or rules did.
# - What decides must never see the data that judges.
#
# **Three questions**
#
# 1. A method is two points ahead, with an interval from -1 to 5. What do you
#    write?
#    <details><summary>Answer</summary>That these runs cannot tell the two
#    apart, with the interval. Not "two points better", and not "the same"
#    either. More seeds would narrow it.</details>
# 2. Why are good and poor starts shown separately?
#    <details><summary>Answer</summary>In a mixture, a method that saves
#    hopeless starts hides what it costs where nothing was wrong. Somebody with
#    a good start wants to know that price.</details>
# 3. Random actions with the brain's frequencies gain ten points from a low
#    start. What does that say about the brain?
#    <details><summary>Answer</summary>Ten of its points come from raising the
#    rate often, whatever the metrics say. Only what it gains beyond that comes
#    from reading them.</details>
