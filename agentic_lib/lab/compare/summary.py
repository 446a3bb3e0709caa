"""RESULTS.md, from what was recorded and nothing else.

    python -m agentic_lib compare --summary

What a verdict rests on is computed in `claims.py`, the numbers in
`tables.py`; here they are only put together. Nothing is said about runs that
have not been recorded yet.
"""

import textwrap

import numpy as np

from agentic_lib.lab.check import TIE
from agentic_lib.lab.compare import (
    again,
    choices,
    costs,
    headroom,
    regression,
    stopping,
)
from agentic_lib.lab.compare.answer import ORACLE, sentences
from agentic_lib.lab.compare.claims import FOUR, aims, claims
from agentic_lib.lab.compare.intervals import GOOD
from agentic_lib.lab.compare.methods import rests_on, says, trials_of
from agentic_lib.lab.compare.pictures import say_summary
from agentic_lib.lab.compare.recorded import GROUPS, all_work, progress
from agentic_lib.lab.compare.results import changed, of_these, read_rows
from agentic_lib.lab.compare.tables import (
    by_kind,
    first,
    guarded,
    lead,
    lead_by_task,
    markdown,
    not_measured,
    overall,
    schedules,
    units,
)
from agentic_lib.lab.compare.views import (
    CORE,
    NAMED,
    ahead,
    as_used,
    complete,
    names,
    unguarded,
)
from agentic_lib.lab.compare.views import rests_on as rests_on_tasks
from agentic_lib.lab.saved_states import read_states

PICTURE = "results.png"
OURS = "brain_quick"
COLUMNS = (f"*tasks x seeds*: on how many a row rests; only seeds that every "
           "task has are counted. *diverged*: the loss has risen, and the run "
           f"ends no better than guessing. *{OURS} is*: how far the brain is "
           f"ahead of that row's method. *{OURS} wins*: how likely the brain "
           "is to score higher from the same start on the same task; a tie "
           "counts half. The last column: processor seconds of one run on "
           "`digits`, then how many of them went into decisions; empty if "
           "that was not timed. Searches train their runs side by side, "
           "which is cheaper, so their seconds cannot be compared with the "
           "others'.")
ABOUT_GUARDED = (
    "Compare within a row: rows may use different tasks. *diverged*: without "
    "guards, then with them. The last two columns say how far the brain is "
    "ahead of that row's method if both have guards; they use every task on "
    "which both ran, so often more tasks than the rest of the row.")
NOT_YET = ("There is no task yet on which the bundled brain of this package "
           "and all that it is held against have run.")


def page(info, rows) -> str:
    """Markdown: the answer, the picture, then the tables."""
    view, left_out = complete(as_used(rows))
    parts = ["# Results: does it help?",
             "<!-- printed by python -m agentic_lib compare --summary -->",
             *still_missing(info, rows)]
    if OURS in names(view):
        parts += [*sentences(view, unguarded(rows), OURS),
                  f"![{say_summary(view)}]({PICTURE})",
                  *with_guards(view, info, rows, left_out)]
    else:
        parts.append(NOT_YET)
    plain, absent = without_guards(rows)
    parts += ["## Without guards", about_plain(plain, absent),
              overall(plain), "### What guards alone bring", ABOUT_GUARDED,
              guarded(rows)]
    parts += [*predicting_numbers(info), *when_to_stop(info),
              *decisions(info), *verdicts(rows, info),
              *made_again(rows, info),
              "## What the methods are", legend(view, plain), *tuned(),
              *not_measured(rows), how(info)]
    return "\n\n".join(map(wrapped, parts))


def answer(rows) -> str:
    """The five sentences, as the model card has them too."""
    view, _ = complete(as_used(rows))
    if OURS not in names(view):
        return wrapped(NOT_YET)
    return "\n".join(map(wrapped, sentences(view, unguarded(rows), OURS)))


def wrapped(text) -> str:
    """A paragraph in lines of 79; tables, headings and comments as they
    are."""
    if text[0] in "|<#!" or text.startswith("```"):
        return text
    return textwrap.fill(text, 79, break_long_words=False,
                         break_on_hyphens=False)


def still_missing(info, rows) -> list[str]:
    """What a reader must know first: what has changed, what is missing."""
    parts = [f"Since these runs the {name} in this package changed."
             for name in changed(info) if name != "guards"]
    done, wanted = progress(rows)
    if done < wanted:
        parts.append(
            f"Recorded: {done:,} of {wanted:,} runs. Nothing below rests on "
            "runs that are not there; `python -m agentic_lib compare "
            f"--record` makes the others{how_long(rows)}.")
    return parts


def how_long(rows) -> str:
    known = costs.read()
    left = costs.estimate(all_work(rows), known)
    whole = costs.estimate(all_work(rows, ()), known)
    if left is None:
        return ""
    return (f", in about {left / 3600:.1f} hours on one processor (all runs "
            f"of the plan: about {whole / 3600:.1f})")


def not_counted(rows, view) -> list[str]:
    """The tasks of the plan that are not in the first view, and why."""
    runs = {(r.task, r.method) for r in as_used(rows) if r.seed == 1}
    shown = {r.task for r in view}
    needed = ["constant", *("left_alone" if m == "constant" else m
                            for m in NAMED)]
    return [f"{task} ({', '.join(m for m in needed if (task, m) not in runs)})"
            for members in GROUPS.values() for task in members
            if task not in shown]


def with_guards(view, info, rows, left_out) -> list[str]:
    tasks = list(dict.fromkeys(r.task for r in view))
    groups = "; ".join(
        f"*{group}*: {', '.join(t for t in members if t in tasks)}"
        for group, members in GROUPS.items() if set(members) & set(tasks))
    parts = [
        "## As it is used: guards on",
        f"{len(tasks)} tasks, nine starting rates each over four decades, "
        "the same weights and the same order of the data for every method. "
        "Regret is how many points of final test accuracy a method ends "
        "behind the best constant rate in hindsight (without guards); a start "
        f"is good if the constant rate lies within {GOOD:g} points of it. In "
        "brackets: the 95 % interval of a paired bootstrap over seeds, which "
        "holds for these tasks; the next column resamples the tasks as well. "
        "*left_alone* is the starting rate under guards. The searches, "
        "Schedule-Free, COCOB and DoG's average cannot have guards. Four "
        "things about the guards were added after these tasks had been seen "
        "without them: a run whose first ten steps move its weights too far "
        "begins again "
        "(`leap`), and so does one whose network dies before it has learned "
        "anything; no rate is raised again to where the run diverged "
        "(`ceiling`); and no run counts as going nowhere if its first ten "
        "steps hardly moved its weights. Thresholds were chosen, and gains "
        "were checked, on the *teaching families*, the kinds of data that the "
        "brain is taught with, none of which is used here; all methods that "
        "can have guards have the same."
        + (" *oracle_quick* is a reference, not a method: it is told the "
           "best constant rate in hindsight and goes there at the brain's "
           "pace. What it loses is the price of the start; what the brain "
           "loses beyond that is the price of not knowing the rate."
           if ORACLE in names(view) else ""),
        first(view, OURS, costs_of(info)), COLUMNS, *offered_cool_down(view),
        *cool_down_elsewhere(info)]
    absent = not_counted(rows, view)
    if absent:
        parts.append(
            "A task is in it once all methods that the answer above names "
            "have run there with two seeds. Not in it yet, with what is "
            "missing: "
            f"{'; '.join(absent)}.")
    if left_out:
        parts.append("Not recorded on all of these tasks yet, so not in this "
                     f"table: {', '.join(left_out)}.")
    others = [m for m in (*CORE, "logistic_quick", "rate_only_quick")
              if m in names(view) and m not in ("constant", OURS)]
    parts += [
        "### By kind of task", f"The tasks: {groups}. A task has headroom if "
        "a falling rate ends well above the best constant one. Behind each "
        "number: on how many tasks x seeds it rests. Rows are sorted by the "
        "mean over the kinds, each counted once. The last columns: points "
        "behind the best schedule in hindsight (constant, cosine, linear, "
        "REX or OneCycle at its best rate; only tasks that have them all "
        "count), and who was tuned.",
        by_kind(view, unguarded(rows), OURS),
        "### Task by task",
        f"Points that {OURS} is ahead (+) or behind (-). If leaving out a "
        "task makes a lead impossible to tell from zero, the lead rests on "
        "that task.",
        lead_by_task(view, OURS, [m for m in ("left_alone", *others)
                                  if m in names(view)]),
        "What a constant rate and a schedule reach in hindsight:",
        schedules(view, unguarded(rows))]
    text = units(as_used(rows), [m for m in ("left_alone", OURS, *others)
                                 if m in names(view)])
    if text:
        parts += ["### The same tasks in other units",
                  "The loss is multiplied by a number, and rates are divided "
                  "by it. To a method that works with ratios that is the same "
                  "run, but for rounding; to one with rates, bounds or "
                  "thresholds of its own it is not. These two copies are in "
                  "no other table. Mean regret:", text]
    return parts


def offered_cool_down(view) -> list[str]:
    """What the brain does with the fifth action of the quick pace, if it was
    recorded without it too."""
    if FOUR not in names(view):
        return []
    cooled = ["d" in r.actions for r in view if r.method == OURS]
    tasks = rests_on_tasks(view, FOUR, OURS)
    return ["The quick pace offers COOL_DOWN, a linear fall to zero over the "
            f"rest of the budget. {OURS} takes it in {np.mean(cooled):.0%} of "
            f"its runs, and is {lead(ahead(view, FOUR, OURS))} of "
            f"*{FOUR}*, which is not offered it"
            + (f"; that rests on {', '.join(tasks)}" if tasks else "") + "."]


def cool_down_elsewhere(info) -> list[str]:
    """What COOL_DOWN gains where nobody had looked before."""
    found = headroom.read()
    if not of_these(found, info):
        return [another_brain("agentic_lib.lab.compare.headroom")]
    return ["COOL_DOWN was taken into the quick pace after this had been "
            "seen, so these tasks cannot confirm that it helps. So it was "
            f"tried on {len(found['problems'])} problems of the teaching "
            "families as well, under the same guards. A problem has "
            "headroom if the best linear fall of the rate is at least "
            f"{headroom.ROOM} points ahead of the best constant rate (`python "
            "-m agentic_lib.lab.compare.headroom`):",
            headroom.table(found["problems"])]


def without_guards(rows) -> tuple[list, list]:
    """The second view: the tasks that the brain has run without guards, or,
    until there are any, those of a peer."""
    for core in ((OURS,), ("greedy_tuned",)):
        plain, absent = complete(unguarded(rows), core)
        if plain:
            break
    return plain, absent


def costs_of(info) -> dict:
    """What a run of each method costs; leaves out costs of another brain."""
    found = costs.read()
    return {name: cost for name, cost in found["methods"].items()
            if of_these(found, info) or not rests_on(name)}


def about_plain(plain, absent) -> str:
    tasks = list(dict.fromkeys(r.task for r in plain))
    text = (f"On {len(tasks)} tasks ({', '.join(tasks)}). On the other kinds "
            "of network, which take longest, only schedules, and what cannot "
            "have guards, were run without guards. *middle half*: mean "
            "regret without the best and the worst quarter of the runs. "
            "*best weights*: mean regret if the weights are taken that were "
            "best on validation data, instead of "
            "the last ones. *area*: the mean validation score over the "
            "epochs. *reached the target*: how many runs came within two "
            "points of the best validation score that the best constant rate "
            "saw, and the median of the epochs it took them.")
    return text + (" Not recorded on all of them: "
                   f"{', '.join(absent)}." if absent else "")


def another_brain(command) -> str:
    return ("Recorded with another brain, or other labels, than the runs "
            f"above, so not shown here; `python -m {command}` makes it anew.")


def predicting_numbers(info) -> list[str]:
    head = "## Where a number is predicted"
    found = regression.read()
    if not of_these(found, info):
        return [head, another_brain("agentic_lib.lab.compare.regression")]
    return [head,
            "Three regression problems (Friedman, 1991), 1,000 examples, "
            "squared error: nothing but losses can be read, and those of the "
            "second begin near 300,000, since its targets stay in their own "
            "unit. The brain was taught on other problems of this kind. The "
            "score is the share of the test targets' variance that is "
            "explained, in percent; regret is how many points a method ends "
            "behind the best constant rate in hindsight. "
            f"{regression.SEEDS} seeds, nine "
            "starting rates (`python -m agentic_lib.lab.compare.regression`; "
            "*constant* is the rate without guards):",
            regression.table(found["scores"])]


def when_to_stop(info) -> list[str]:
    found = stopping.read()
    if not of_these(found, info):
        return ["## When to stop",
                another_brain("agentic_lib.lab.compare.stopping")]
    return ["## When to stop",
            "The quick brain on the six small dense tasks, one seed, without "
            "guards; no run stops before epoch 10. Points of test accuracy "
            "lost against epochs saved, if a run stops once stopping is "
            "ahead of every other action by so much probability; below 0 it "
            "stops although another action is likelier, and 0 is what the "
            "brain does (`python -m "
            "agentic_lib.lab.compare.stopping`):",
            stopping.table(found["ends"])]


def decisions(info) -> list[str]:
    """What the decisions by themselves are worth."""
    states, recorded = read_states(), choices.read_choices()
    if not of_these(recorded, info):
        return ["## The decisions themselves",
                another_brain("agentic_lib.lab.compare.choices")]
    return [
        "## The decisions themselves",
        f"At {len(states)} saved states every action was played to the end "
        "three times, with the rules deciding afterwards. *Among the best*: "
        f"within {TIE:g} points of the best action. *Points it costs*: "
        "how far the action that is chosen ends behind the best one. *More "
        "than the brain's*: below 0 is better than the brain (`python -m "
        "agentic_lib.lab.compare.choices`):",
        choices.table(states, recorded),
        f"With the options in reverse order {recorded['flips']:.1%} of the "
        "brain's answers change, "
        f"{recorded['flips, both orders']:.1%} if it asks again when "
        "unsure, as it does."]


def verdicts(rows, info) -> list[str]:
    asked = choices.read_choices()
    if not of_these(asked, info):
        asked = {}
    head = ["claim", "verdict", "rests on"]
    return ["## The aims, and the claims of the original text",
            "*Supported* or *refuted* if an interval leaves no doubt, *not "
            "shown* if it contains zero, *not measured* if nobody looked. "
            "Placebos are compared without guards on the six small dense "
            "tasks, where a fixed window of rates fits well; with guards, on "
            "all tasks, see the fourth sentence of this page.",
            markdown(["aim", *head[1:]], aims(rows)),
            markdown(head, claims(rows, None, asked))]


def made_again(rows, info) -> list[str]:
    """Does another machine find the same?"""
    head = "## Made again on another machine"
    theirs, found = read_rows(again.FILE)
    if not of_these(theirs, info):
        return [head, another_brain("agentic_lib compare --again")]
    return [head,
            "A processor of another kind rounds differently, and at a high "
            "rate a rounding error grows to several points within a few "
            "epochs. So not every single run comes out the same elsewhere; "
            "means over many runs nearly do. These were made again later, on "
            f"another machine ({theirs['processor']}, torch "
            f"{theirs['versions']['torch']}). *The same*: within {again.SAME} "
            "points. Both regrets are over the same runs, each against the "
            "constant rates of its own machine. `python -m agentic_lib "
            "compare --again --methods brain_quick+guards constant` does this "
            "on yours:",
            again.table(rows, found)]


def legend(*views) -> str:
    """What each method's name stands for."""
    found = dict.fromkeys(name for view in views for name in names(view))
    texts = {name: says(name, views[-1]) for name in found
             if name != "left_alone"}
    return markdown(["method", "what it is"], list(map(list, texts.items())))


def tuned() -> list[str]:
    """Who was tuned, and how: the same number of trials for all."""
    lines = [[name, str(len(trials)),
              "; ".join(f"{say(t['settings'])}: {t['accuracy']:g}"
                        for t in trials)]
             for name, trials in trials_of().items()]
    return ["Only these methods were tuned, each with the same number of "
            "trials on the teaching families; everything else runs as its "
            "authors advise, except for `dog`, `prodigy` and the bounds of "
            "`greedy`, as said above. (`greedy_min_lr` is GreedyLR's lower "
            "bound, tried by itself: it made no difference.) Mean accuracy of "
            "each trial (`python -m agentic_lib.lab.compare.tuning`):",
            markdown(["tuned", "trials", "settings and accuracy"], lines)]


def say(settings) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in settings.items())


def how(info) -> str:
    return ("`python -m agentic_lib compare --summary` prints this page from "
            "the recorded runs, and runs none; `--tables` prints more of "
            "them. The runs were made by `python -m agentic_lib compare "
            "--record`, which goes on where it stopped (`--jobs -1` or "
            "`--dask ADDRESS` for more processors). Machine: "
            f"{info['machine']}, torch {info['versions']['torch']}. None of "
            "the tasks' data is among what the brain was taught on; but two "
            "choices in the lab (the margin for stopping, and what smooths "
            "the labels) were made by looking at digits, at "
            "other seeds than these. The tasks with other optimizers, units "
            "and networks were fixed on 2026-11-25; that such networks and "
            "units are to be taught was decided after an earlier brain's "
            "results on tasks like them were known. CIFAR-10 and "
            "Fashion-MNIST with a ResNet: "
            "`python -m agentic_lib compare --tasks cifar_resnet`, with a "
            "GPU and an internet connection.")
