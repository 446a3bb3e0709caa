# %% [markdown]
# A run that went well under the brain proves nothing: it might have gone well
# anyway. This notebook asks the honest question. After it you can
#
# - set up a comparison that is fair: paired, with the same budget;
# - say how far a result is to be trusted, with an interval;
# - tell a method that reads the metrics from one that was lucky;
# - add a method of your own, and judge it as strictly as any other.

# %%
#@title Settings
brain_name = "bundled"  #@param ["bundled", "rules"]

# %% [markdown]
# ## The answer first
#
# Does it help? Thousands of recorded runs say this, and this cell computes it
# from them:

# %%
from agentic_lib.lab.compare import results, summary

info, rows = results.read_rows()
print(summary.answer(rows))

# %% [markdown]
# The rest of the notebook shows how such an answer is made, and how far it is
# to be trusted. All names in it are explained on the way.

# %% [markdown] tags=["workshop"]
# ## What would you use instead?
#
# Nobody has to ask a language model for a learning rate. One can leave the
# rate alone. **Plateau** (`ReduceLROnPlateau`) lowers it when the validation
# loss stands still, **greedy** (`GreedyLR`) raises and lowers it, **linear**
# lowers it by plan. **Schedule-Free** needs no plan. And one can search: a
# **range test** or **successive halving** spends part of the epochs on trying
# rates.
#
# Several tasks, nine starting rates over four decades, several seeds, and
# every method on all of them: a command did that, and kept one line for each
# run.
#
# ```
# python -m agentic_lib compare --record
# ```
#
# People use the brain under **guards**, which go back to earlier weights when
# a run is lost. So here all runs have them, if guards can stand above the
# method: `left_alone` is the starting rate under guards, and `constant` is
# the same without them.

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
# A comparison is fair only if everybody had the same help. The brain can run
# at the settings of the original idea (`brain`: every 5 epochs, x 0.7, x 1.3)
# and at a quicker one (`brain_quick`: every 2 epochs, x 0.5, x 2). That one,
# and the settings of `plateau_tuned` and `greedy_tuned`, were chosen in the
# same way: the best of five, on kinds of data that none of these tasks is made
# of. Everything else runs as its authors advise.

# %%
from IPython.display import Markdown, display

display(Markdown(tables.settings(
    [r for r in eight if r.method != "left_alone"])))

# %% [markdown] tags=["workshop"]
# **Guess first.** On one of the tasks, handwritten digits: from a *good*
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

# %% [markdown]
# Each line is a method, each place on it the mean of several seeds. Was your
# guess near? Here it stands beside a good start (0.1) and a poor one (0.001).

# %% tags=["workshop"]
reached = {(r.method, r.rate, r.seed): r.test for r in eight
           if r.task == "digits"}
for name, start, guess in (("good", 0.1, from_good),
                           ("poor", 0.001, from_poor)):
    ahead = [reached[ours, start, seed] - reached["left_alone", start, seed]
             for seed in range(3)]
    print(f"{name} start: you said {guess:+d} points, it is "
          f"{sum(ahead) / len(ahead):+.1f}")

# %% [markdown]
# Compare the middle with the edges, where the start was a poor guess: how far
# are the curves apart here and there? A comparison at one starting rate can
# show whatever its author likes.
#
# ## One number: regret
#
# **Regret** is the distance to the best *constant* rate in hindsight (without
# guards): the one rate that would have been best on average, had one tried
# them all. It is measured between runs with the same seed, so with the same
# weights, the same data in the same order.

# %% [markdown]
# ## Exercise: regret
#
# Write it. Both arguments are dictionaries, `{(rate, seed): accuracy}`.

# %% tags=["exercise"]
def my_regret(constant, method):
    """Mean points that `method` is behind the best constant rate."""
    rates = sorted({rate for rate, seed in constant})
    best = rates[0]  # ... which rate has the highest mean?
    behind = [constant[best, seed] - method[rate, seed]
              for rate, seed in method]
    return sum(behind) / len(behind)


# %% tags=["check"]
from agentic_lib.course import exercises

exercises.regret_of(my_regret)

# %% tags=["solution"]
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


# %% [markdown] tags=["workshop"]
# Here is the regret of eight methods over all tasks and all starts, guards on.
# The thick line is the interval for these tasks, the thin one for tasks like
# them.

# %% tags=["workshop"]
show(pictures.draw_summary(eight), pictures.say_summary(eight))

# %% [markdown]
# The same in numbers. At **good** starts the constant rate lies within two
# points of the best one, at **poor** starts it does not.

# %%
from agentic_lib.lab.compare import costs

display(Markdown(tables.first(eight, ours, costs.read()["methods"])))

# %% [markdown]
# Each number has an interval. It says how far the number would move if other
# seeds had been drawn; it holds for **these** tasks and starting rates. The
# column beside it draws the tasks again too: compare the widths. Intervals
# come from the **bootstrap**, which you will write yourself below.
#
# "Wins" is how likely the brain is to score higher from the same start on the
# same task. A run counts as diverged if it ends no better than guessing after
# its loss has risen. The last column is processor time, and the part of it
# that went into decisions.
#
# More methods, and all of them without guards, are in `RESULTS.md`, which
# `python -m agentic_lib compare --summary` prints from the same rows.

# %% [markdown]
# A mean can hide that a few runs went very wrong: a method may be ahead on
# average and still win less than half of the pairings. Is there one in the
# table? A **performance profile** shows all runs: how many of them stay within
# so many points of the best?

# %%
figure = pictures.draw_profiles(eight, few)
show(figure, pictures.say_profiles(eight, few))

# %% [markdown]
# ## Exercise: an interval
#
# `differences` holds one number for each seed: how much further ahead method
# A was than method B. Draw as many of them as there are, with repetition;
# take the mean; do that a thousand times. The middle 95 % of these means are
# the interval.

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
# ## Is anybody ahead?
#
# The difference is taken run by run, and the interval is one of differences:
# what two methods have in common (an easy seed, a hard task) falls out. If
# the interval holds zero, these runs cannot tell the two apart. Look again at
# the column "brain_quick is" in the table of regret.
#
# A lead over many tasks can still be owed to one of them. Here it is task by
# task, in points that the brain is ahead (+) or behind (-). The last column
# names the task without which a lead could no longer be told from zero.

# %%
others = [m for m in tables.names(eight) if m not in (ours, "constant")]
display(Markdown(tables.lead_by_task(eight, ours, others)))

# %% [markdown]
# ## Placebos
#
# Is it the metrics that help, or would anything that moves the rate do as
# well? **Placebos** act at the brain's setting, but
#
# - `random_actions_quick` draws its actions at random, as often as the brain
#   takes them at that decision. What it gains is gained without looking;
# - `shuffled_metrics_quick` is the same brain, but it is shown the metrics of
#   *another* run of the task;
# - `rate_only_quick` looks at the learning rate alone, and moves it towards a
#   range that was the best of five.
#
# `rules_quick` and `logistic_quick` (a logistic regression on the labels that
# the brain was taught) do look, but there is no language model in them. And
# `look_ahead_quick` is no method that one could use: it tries every action
# to the end before it decides. One try is noisy, and it goes on under rules,
# so it is a costly reference and not a bound.
#
# First without guards, on the kinds of network that the brain was taught on:

# %%
names = (ours, "constant", "rules_quick", "logistic_quick",
         "rate_only_quick", "random_actions_quick",
         "shuffled_metrics_quick", "look_ahead_quick")
plain = [r for r in views.honest(rows) if r.method in names]
display(Markdown(tables.against(plain, ours)))

# %% [markdown]
# A controller that does not beat its placebos is a habit, not a judgement;
# one that does not beat the regression could have been a regression.
#
# Now with guards, by kind of task, those that were recorded on all tasks. A
# range of rates that was chosen for one kind of task may be wrong for another,
# and so for another unit of the loss: on which kinds does a lead rest?

# %%
strict = [r for r in used if r.method in names]
display(Markdown(tables.by_kind(strict, views.unguarded(rows), ours)))

# %% [markdown]
# ## A number that deceives
#
# Suppose decisions were made on the *test* data, and the best epoch chosen on
# it too. Many a demonstration does that, and `think_about_training(train_acc,
# test_acc, epoch)` invites it by its name. Here is what one would have claimed,
# and what the same weights reach on data that nobody looked at. How much is
# claimed too much depends on how small the test set is, and on how often one
# looks.

# %%
display(Markdown(tables.leak(rows)))

# %% [markdown]
# ## What stopping saves, and what it costs
#
# The same brain with and without the action `stop_training`, without guards:

# %%
display(Markdown(tables.stopping(views.honest(rows))))

# %% [markdown]
# ## What guards alone bring
#
# Guards (notebook 05) save runs, whoever sets the rate. A gain that they alone
# explain does not belong to the brain: so compare the regret of each method
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
# Nobody can do that during a run; it shows what there is to be gained by
# deciding better. And when the brain says how sure it is: can one believe it?

# %%
pairs = choices.sure_and_right(states, recorded)
show(pictures.draw_reliability(pairs), pictures.say_reliability(pairs))
once, twice = recorded["flips"], recorded["flips, both orders"]
print(f"With the options in reverse order {once:.1%} of the answers "
      f"change,\n{twice:.1%} where it asks twice when unsure.")

# %% [markdown]
# The same for a brain of your choice (the settings are at the top), on some
# of these states:

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
# Do not believe the file. This runs a slice of the comparison, here and now
# and without guards: small networks are trained side by side, so it takes
# seconds.

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
# validation data: who tries until the test set is content has used it up.

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
# And now among the others, on the slice from above:

# %%
from agentic_lib.lab.compare.methods import Method, decided

mine = Method("mine", decided(my_rule))
fresh = [r for r in fresh if r.method != "mine"]
fresh += run_job(TASKS["digits_noisy"], mine, STARTS)
display(Markdown(tables.cells(fresh)))

# %% [markdown] tags=["workshop"]
# ## The claims, one by one
#
# This project began with a page of text that praised the idea, before anything
# was measured: faster, better, cheap, no human needed. Each of its claims
# stands here with what speaks for or against it, computed from recorded runs:
# *supported* or *refuted* if the interval leaves no doubt, *not shown*
# if it holds zero, *not measured* if nobody looked. Results are those with
# guards on, unless the line says otherwise.

# %% tags=["workshop"]
from agentic_lib.lab.compare import choices, claims

from IPython.display import Markdown, display

lines = claims.claims(rows, ours, choices.read_choices())
display(Markdown(tables.markdown(["claim", "verdict", "rests on"], lines)))

# %% [markdown]
# Two of them can be looked at here: is the answer the same each time, and how
# long does it take on this machine?

# %%
import statistics

asked = [brain.analyze_training(states[3]["history"]) for _ in range(20)]
print("the same question, 20 times:", {d.action for d in asked})
milliseconds = 1000 * statistics.median(d.seconds for d in asked)
print(f"median time of a decision: {milliseconds:.1f} ms ({brain.name})")

# %% [markdown]
# And before anything was measured, an aim was written down. Was it reached?

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
# - What guards or rules did is not to be credited to a model.
# - What decides must never see the data that judges.
#
# **Three questions**
#
# 1. A method is two points ahead, with an interval from -1 to 5. What do you
#    write?
#    <details><summary>Answer</summary>That these runs cannot tell the two
#    apart, with the interval; not "two points better", and not "the same"
#    either. More seeds would narrow it.</details>
# 2. Why are good and poor starts shown apart?
#    <details><summary>Answer</summary>Mixed, a method that saves hopeless
#    starts hides what it costs where nothing was wrong. Who starts well wants
#    to know that price.</details>
# 3. Random actions with the brain's frequencies gain ten points from a low
#    start. What does that say about the brain?
#    <details><summary>Answer</summary>That ten of its points are owed to
#    raising the rate often, whatever the metrics say. Only what lies above
#    that comes from reading them.</details>
