# %% [markdown]
# A run under the brain leaves a record: what was measured, asked, answered and
# done. Nobody reads a record of a thousand numbers; everybody looks at a
# picture, and believes it. So it had better be a good one. After this notebook
# you can
#
# - draw a picture that tells, and say why it is drawn as it is;
# - make it readable without colour, and without seeing it;
# - go through a run epoch by epoch, and see what the brain saw;
# - take any decision back, and see where each other one would have led;
# - hand a run on as one file.

# %%
#@title Settings
from agentic_lib import SimpleAIBrain

#@markdown Which brain decides? "bundled" starts at once.

brain_name = "bundled" #@param ["bundled", "auto", "qwen", "colab", "rules"]
brain = SimpleAIBrain(brain_name)

# %% [markdown]
# ## A run to look at
#
# A small network learns to read handwritten digits of 8 x 8 pixels, with 30 %
# of the labels to train on drawn at random. Every five epochs the brain (named
# above) decides about the learning rate. The start is one that we chose, so
# that there is something to see.

# %%
from agentic_lib import Run, Training, load_data, train

digits = load_data("digits", label_noise=0.3)
START = {"data": digits, "lr": 0.01, "epochs": 40, "seed": 0}

train(brain=brain, **START).save("runs/a_run")
run = Run.load("runs/a_run")
print(run)
with open("runs/a_run/run.jsonl") as file:
    lines = file.readlines()
print(len(lines), "lines on disk. The third one:")
print(lines[2][:140])

# %% [markdown]
# `Run` is that record: `settings`, `metrics` (one an epoch) and `decisions`.
# It is saved as lines of JSON, one for each thing that happened, and read back
# as it was.
#
# ## A picture that does not tell
#
# The first plot that one makes: all there is, into one pair of axes. **Guess
# first, then look:** which of these questions will it answer? When did the
# brain act? What did it do? Did the learning rate go up or down, and by how
# much?

# %%
import matplotlib.pyplot as plt

from agentic_lib.course.notebook import show

epochs = [m.epoch for m in run.metrics]
rates = [m.learning_rate for m in run.metrics]
figure, ax = plt.subplots(figsize=(6, 3.2))
ax.plot([m.train_acc for m in run.metrics])
ax.plot([m.val_acc for m in run.metrics])
ax.plot(rates)
show(figure, alt="Three lines without names on one scale from 0 to 100. "
     "The lowest, the learning rate, lies flat on zero.")

# %% [markdown]
# It answers none of them. The rate is a number near zero beside accuracies of
# up to a hundred; the lines have no names; the first epoch is drawn at 0; and
# the decisions, which it is all about, are missing. We mend one thing at a
# time.
#
# ### Two panels, one axis of time
#
# Different units want different panels. The same epochs want the same place:
# `sharex=True` keeps the panels in step, also when somebody zooms.

# %%
def two_panels(run):
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(7, 4.2), sharex=True, layout="constrained")
    epochs = [m.epoch for m in run.metrics]
    upper.plot(epochs, [m.train_acc for m in run.metrics],
               label="training")
    upper.plot(epochs, [m.val_acc for m in run.metrics],
               label="validation")
    upper.set_ylabel("accuracy (%)")
    upper.legend(frameon=False)
    lower.step(epochs, [m.learning_rate for m in run.metrics],
               where="pre", color="black")
    lower.set(xlabel="epoch", ylabel="learning rate")
    return figure


show(two_panels(run), alt="Accuracies above, learning rate below, over the "
     f"same epochs. The rate goes from {rates[0]:.3g} to {rates[-1]:.3g}.")

# %% [markdown]
# The rate is drawn as **steps**: it does not glide from one value to the next,
# it is changed at a decision and then stays.
#
# ### A scale on which equal acts look equal
#
# The brain never adds to a rate, it multiplies. Here is a made-up rate that is
# multiplied by 1.3 six times and then by 0.7 six times, on two scales. **Guess
# first:** on which of them do six equal acts look equal?

# %%
from itertools import accumulate

path = list(accumulate([1.3] * 6 + [0.7] * 6, lambda rate, factor:
                       rate * factor, initial=0.01))
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
for ax, scale in zip(axes, ("linear", "log")):
    ax.step(range(len(path)), path, where="post", color="black")
    ax.set(yscale=scale, title=f"{scale} scale", xlabel="decision")
axes[0].set_ylabel("learning rate")
show(figure, alt="The same rate, six times raised and six times lowered. "
     "On the linear scale the steps at the top are large and those at the "
     "bottom small; on the log scale all steps up are equal, all steps "
     "down are equal, and a step down is larger than a step up.")

# %% [markdown]
# On a **log scale** equal factors have equal heights. It shows one more thing
# that the linear scale hides: down is not the opposite of up. Once up and once
# down leaves 1.3 x 0.7 = 0.91 of the rate.
#
# ### Markers by shape
#
# Each decision gets a marker, at its epoch and at the rate that it led to.
# Colour alone is not enough: about one man in twelve confuses red and green,
# printers print grey, and projectors do what they like. So the shape says what
# was decided, and colour only helps.

# %%
from agentic_lib import ACTIONS

for action in ACTIONS:
    print(f"{action.name:24} marker {action.marker!r}  "
          f"colour {action.colour}  factor {action.factor}")

# %% [markdown]
# ### Exercise: tell the actions apart without colour
#
# `draw_rate(run)` returns a figure of the learning rate with its decisions.
# Mend it: a log scale; for **every** decision a marker at `(d.epoch,
# d.new_lr)`; and no two actions with the same shape.

# %% tags=["exercise"]
def draw_rate(run):
    figure, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
    ax.step([m.epoch for m in run.metrics],
            [m.learning_rate for m in run.metrics], color="black")
    colours = {action.name: action.colour for action in ACTIONS}
    for d in run.decisions:
        ax.plot(d.epoch, d.new_lr, "o", color=colours[d.action])
    ax.set(xlabel="epoch", ylabel="learning rate")
    return figure

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.draw_rate(draw_rate)

# %% tags=["solution"]
def draw_rate(run):
    figure, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
    ax.step([m.epoch for m in run.metrics],
            [m.learning_rate for m in run.metrics], color="black")
    looks = {action.name: action for action in ACTIONS}
    for d in run.decisions:
        ax.plot(d.epoch, d.new_lr, marker=looks[d.action].marker,
                color=looks[d.action].colour, linestyle="none")
    ax.set(xlabel="epoch", ylabel="learning rate", yscale="log")
    return figure

# %%
show(draw_rate(run), alt="The learning rate with the decisions, as your "
     "draw_rate draws them.")

# %% [markdown]
# ### The library's picture
#
# `plot_run` is these steps taken to their end. Accuracy lines differ in dashes
# as well as in colour; a marker's **filling** says who decided (full: the
# model; hollow: the rules); a second run can be drawn with it, dotted.

# %%
from agentic_lib import plot_run

constant = train(brain=None, **START)
picture = plot_run(run, compare=constant, size=(7, 5))
show(picture)

# %% [markdown]
# ### Is it still readable in grey?
#
# Don't hope, look. **Guess first:** in which of the two can you still name
# each line?

# %%
import io

import numpy as np


def in_grey(figure):
    """The pixels of a figure as brightness, from 0 to 1."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80, facecolor="white")
    pixels = plt.imread(io.BytesIO(file.getvalue()))[..., :3]
    return pixels @ np.array([0.2126, 0.7152, 0.0722])


figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for ax, drawn, title in (
        (axes[0], two_panels(run), "two panels"),
        (axes[1], plot_run(run, size=(7, 4.2)), "plot_run")):
    ax.imshow(in_grey(drawn), cmap="gray", vmin=0, vmax=1)
    ax.set(title=title)
    ax.axis("off")
    plt.close(drawn)
show(figure, alt="Both figures without colour. In the left one the two "
     "accuracies are grey lines of like brightness; in the right one "
     "dashes tell training from validation.")

# %% [markdown]
# ### And for those who do not see it?
#
# A screen reader reads a picture's **alt text**. A page without it says
# "image". Good alt text says what one would want to know from the picture, in
# two or three sentences. `plot_run` writes its own, from the data:

# %%
from textwrap import fill

print(fill(picture.get_label(), 76))

# %% [markdown]
# ### Exercise: the picture in words
#
# Write `in_words(run)`: at most 60 words, in which these stand as digits: the
# first and the last validation accuracy (rounded, `f"{x:.0f}"`), the last
# learning rate (`f"{x:.3g}"`), and how many decisions were made. Runs without a
# decision and runs of a single epoch exist.

# %% tags=["exercise"]
def in_words(run):
    return "A figure of a training run."

# %% tags=["check"]
exercises.in_words(in_words)

# %% tags=["solution"]
def in_words(run):
    first, last = run.metrics[0], run.metrics[-1]
    return (f"Validation accuracy goes from {first.val_acc:.0f} % at epoch "
            f"{first.epoch} to {last.val_acc:.0f} % at epoch {last.epoch}. "
            f"The learning rate ends at {last.learning_rate:.3g}, after "
            f"{len(run.decisions)} decisions.")

# %% [markdown]
# ## Replay
#
# Now into the run. At each decision: what did the brain see, and what did it
# write? A slider over the epochs shows it, from the record alone. (The button
# under it belongs to the next section.)

# %%
from agentic_lib import Replay

replay = Replay(run, Training(brain=brain, **START))
replay

# %% [markdown]
# No slider to be seen? The same for one epoch, as a picture and as text:

# %%
look_at = 10  #@param {type:"slider", min:1, max:40, step:1}

replay.epoch.value = look_at
show(replay.draw(), dpi=70)
print(replay.describe())

# %% [markdown]
# Read the prompt before you read the answer. Would you have decided the same,
# from these lines and nothing else? And is every number in its reason also in
# the prompt? A small model may misread, and still sound sure.
#
# ## What if?
#
# A recorded decision can be taken back. A `Training` is deterministic: begun
# anew with the same seed it repeats itself to the last digit, up to the epoch
# in question. There it is copied, and each copy takes another action; from
# then on the brain goes on deciding in each of them, and may end one of them
# early. **Guess first:** leave `stop_training` aside, which ends where it
# stands. By how many points will the ends of the other three differ?

# %%
from agentic_lib import plot_what_if, what_if

epoch = run.decisions[1].epoch
branches = what_if(Training(brain=brain, **START), run, epoch)
show(plot_what_if(branches, epoch, size=(7, 5)))
taken = run.decisions[1].action
print(f"Taken at epoch {epoch}: {taken}")

# %% [markdown]
# The test set is not touched here: branches are compared on validation data.
# And mind the size of what you see. With 400 pictures to validate on, one
# picture is a quarter of a point, and two equally good networks differ by a
# point or two by luck alone.
#
# ### Which decision mattered?
#
# Now for every decision of the run. A marker is where an action would have
# led; a ring is the one that was taken. (`stop_training` is left out: it ends
# where it stands.) **Guess first:** will the early or the late decisions have
# more to gain and to lose?

# %%
RATES = [action for action in ACTIONS if not action.stop]


def ends_of(run):
    """{epoch: {action: final validation accuracy}}"""
    found = {}
    for d in run.decisions:
        branches = what_if(Training(brain=brain, **START), run, d.epoch)
        found[d.epoch] = {
            action.name: branches[action.name].metrics[-1].val_acc
            for action in RATES}
    return found


ends = ends_of(run)

# %%
#@title Run this: it draws the ends
def draw_ends(run, ends):
    figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for k, action in enumerate(RATES):
        ax.plot([epoch + k - 1 for epoch in ends],
                [row[action.name] for row in ends.values()],
                action.marker, color=action.colour, label=action.name)
    names = [action.name for action in RATES]
    for d in run.decisions:
        if d.action in names:
            ax.plot(d.epoch + names.index(d.action) - 1,
                    ends[d.epoch][d.action], "o", ms=15, mfc="none",
                    mec="black")
    ax.set(xlabel="epoch of the decision",
           ylabel="validation accuracy\nat the end (%)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4,
              frameon=False, fontsize="small")
    ax.grid(alpha=0.25)
    return figure

# %%
spans = {epoch: max(row.values()) - min(row.values())
         for epoch, row in ends.items()}
show(draw_ends(run, ends), alt="For each decision, where each "
     "action would have led. Best and worst lie apart by " + ", ".join(
         f"{span:.1f} points at epoch {e}" for e, span in spans.items()))

# %%
moved = [d for d in run.decisions if d.action in ends[d.epoch]]
best = sum(ends[d.epoch][d.action] >= max(ends[d.epoch].values()) - 1
           for d in moved)
print(f"Most was at stake at epoch {max(spans, key=spans.get)}: "
      f"{max(spans.values()):.1f} points between best and worst.")
print(f"In {best} of {len(moved)} decisions the action taken was within a "
      "point of the best.")
print("Who decided:", brain.description)

# %% [markdown]
# If the markers of an epoch stand close together, the decision hardly
# mattered: in each branch the brain goes on deciding, and may mend at the next
# decision what this one did.
#
# All this is hindsight: whoever decided at that epoch did not have it. But it
# asks what a **decision** led to, and not how good its reason sounds. It is
# also how the bundled brain was taught: notebook 08 plays every action to its
# end and takes the result as the label.
#
# ## Hand it on
#
# A report is one HTML file: the picture for light and dark screens, a table of
# the decisions with a filter, prompt and reply of each, the settings and
# versions. It loads nothing from anywhere.

# %%
from agentic_lib import write_report

report = write_report(run, "runs/report.html", compare=constant)
text = report.read_text(encoding="utf-8")
print(f"{report.name}: {len(text):,} characters, "
      f"{text.count('<tr>')} rows, {text.count('://')} links to anywhere")

# %% tags=["hidden-result"]
from html import escape

from IPython.display import HTML, display

page = escape(text, quote=True)
display(HTML(f'<iframe title="The report of the run" srcdoc="{page}" '
             'style="width:100%;height:560px;border:1px solid #999">'
             '</iframe>'))

# %% [markdown]
# (In the committed page the report itself is left out for its size. Run the
# cell, and try the filter; or download `runs/report.html` and open it.)
#
# A language model may write anything, so a report must expect anything. What
# happens to a "reason" that is a piece of a web page? **Guess first:** will
# your browser run it?

# %%
from dataclasses import replace

nasty = replace(run.decisions[0], reason="<script>alert('hello')</script>")
suspect = replace(run, decisions=[nasty])
page = write_report(suspect, "runs/suspect.html").read_text("utf-8")
found = page.index("alert(")
print(page[found - 14:found + 33])

# %% [markdown]
# No: `&lt;` is how a page writes the sign `<`, so the browser shows the text
# and runs nothing. Should a script slip through all the same: the page names
# the one script that may run (its own) by a hash of its text, and the browser
# refuses any other.
#
# For a paper or a slide, the picture alone:

# %%
from agentic_lib.show.plots import save_figure

for name, theme in (("run.svg", "light"), ("run_dark.png", "dark")):
    path = save_figure(run, f"runs/{name}", compare=constant,
                       theme=theme)
    print(f"{path.name:14}{path.stat().st_size:9,} bytes")

# %% [markdown]
# ## Summary
#
# - A picture answers questions. Write them down before you draw.
# - One panel for each unit, one axis of time, steps for what jumps, a log
#   scale for what is multiplied.
# - Shape first, colour second. Look at it in grey, and read its alt text.
# - A record is enough to go through a run again; a deterministic training is
#   enough to take any decision back.
# - What if is hindsight, on validation data, with one seed.

# %% [markdown]
# **Three questions**
#
# 1. Two runs are drawn on a linear scale; in one the learning rate falls from
#    0.1 to 0.05, in the other from 0.01 to 0.005. Which fell more?
#    <details><summary>Answer</summary>Neither: both were halved. A linear
#    scale shows the first as ten times as large a fall.</details>
# 2. In a picture of branches, `increase` ends at 91.0 % and `continue` at
#    90.5 %. Was the decision to continue a mistake?
#    <details><summary>Answer</summary>That can't be told. Half a point is two
#    pictures of 400; another seed may turn it round.</details>
# 3. A colleague's plot marks raised rates green and lowered rates red, all as
#    dots. What do you suggest?
#    <details><summary>Answer</summary>Shapes, such as triangles up and down.
#    They survive printing, projectors and eyes that confuse red with
#    green.</details>
