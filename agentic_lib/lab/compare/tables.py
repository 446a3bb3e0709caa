"""Tables from a results file, and from nothing else.

Every function takes rows, those of `results.read_rows` or a view of them
(`views.py`), and gives Markdown. What an interval means is said in
`intervals.py`.
"""

import numpy as np
import pandas as pd

from agentic_lib.lab.compare.intervals import (
    GOOD,
    collect,
    difference,
    improvement,
    interval,
    iqm,
    masked,
    mean,
)
from agentic_lib.lab.compare.methods import GUARDS, TUNED, says
from agentic_lib.lab.compare.recorded import COPIES, GROUPS
from agentic_lib.lab.compare.tasks import LEAK
from agentic_lib.lab.compare.views import (
    OURS,
    ahead,
    best_schedules,
    honest,
    leads,
    meet,
    names,
    of_group,
    pair,
    rests_on,
    schedule_regret,
    with_schedules,
    without_copies,
)

LANGUAGE_MODELS = {
    "qwen": "Qwen3-0.6B as it comes (--methods qwen qwen_quick)",
    "brain:": "Qwen3-0.6B with a LoRA adapter (--methods brain:FOLDER)"}


def with_interval(found, digits=1) -> str:
    if np.isnan(found[0]):
        return ""
    return "{} ({} to {})".format(*(f"{x:.{digits}f}" for x in found))


def lead(found, digits=1) -> str:
    """How far ahead, in words that cannot be read the wrong way round."""
    def side(x):
        return f"{abs(x):.{digits}f} {'behind' if x < 0 else 'ahead'}"

    value, low, high = found
    if np.isnan(value):
        return ""
    if low < 0 < high:
        return f"{side(value)} ({side(low)} to {side(high)})"
    ends = sorted(f"{abs(x):.{digits}f}" for x in (low, high))
    ends.sort(key=float)
    return f"{side(value)} ({ends[0]} to {ends[1]})"


def markdown(head, lines) -> str:
    return "\n".join(["| " + " | ".join(head) + " |",
                      "|" + "---|" * len(head),
                      *("| " + " | ".join(line) + " |" for line in lines)])


def overall(rows) -> str:
    """One line per method: regret, overall and at good and poor starts."""
    lines = []
    for method in names(rows):
        s = pair(rows, method)
        regret = s.regret(method)
        best = s.regret(method, "test_best")
        cell = s.columns[method]
        lines.append((mean(regret), [
            method, extent(s), with_interval(interval(mean, regret)),
            with_interval(interval(masked(mean, s.is_good), regret)),
            with_interval(interval(masked(mean, ~s.is_good), regret)),
            with_interval(interval(iqm, regret)), f"{best.mean():.1f}",
            f"{cell['area'].mean():.1f}", to_target(cell["to_target"]),
            f"{100 * cell['diverged'].mean():.0f} %",
            mean_or_nothing(regret[cell["diverged"] == 0])]))
    return markdown(
        ["method", "tasks x seeds", "mean regret", "at good starts",
         "at poor starts",
         "middle half", "best weights", "area", "reached the target",
         "diverged", "regret without those"],
        [line for _, line in sorted(lines, key=lambda x: x[0])])


def extent(scores) -> str:
    """How much a number rests on: '11 x 2', tasks x seeds."""
    return f"{len(scores.tasks)} x {len(scores.seeds)}"


def mean_or_nothing(values) -> str:
    return f"{values.mean():.1f}" if len(values) else ""


def to_target(epochs) -> str:
    """How many runs reached the target, and the median of their epochs."""
    reached = epochs[np.isfinite(epochs)]
    if not len(reached):
        return "0 %"
    return (f"{100 * len(reached) / epochs.size:.0f} %, "
            f"{np.median(reached):.0f} epochs")


def against(rows, ours="brain") -> str:
    """How many points of regret ours is ahead of each method."""
    lines = []
    for method in names(rows):
        if method == ours or not meet(rows, ours, method):
            continue
        s = pair(rows, ours, method)
        mine, other = s.regret(ours), s.regret(method)
        apart = [interval(difference, other, mine)] + [
            interval(masked(difference, mask), other, mine)
            for mask in (s.is_good, ~s.is_good)]
        chance = interval(improvement, s.columns[ours]["test"],
                          s.columns[method]["test"], times=300)
        lines.append([method, extent(s), *map(lead, apart),
                      "{:.0f} % ({:.0f} to {:.0f})".format(
                          *(100 * x for x in chance))])
    return markdown(
        [f"{ours} against", "tasks x seeds", "it is", "at good starts",
         "at poor starts", f"{ours} scores higher"], lines)


def by_task(rows) -> str:
    """Mean regret of every method on every task."""
    tasks = list(dict.fromkeys(r.task for r in rows))
    lines = []
    for method in names(rows):
        s = pair(rows, method)
        means = dict(zip(s.tasks, s.regret(method).mean((1, 2))))
        lines.append([method, *(f"{means[t]:.1f}" if t in means else ""
                                for t in tasks)])
    everything = collect(rows, None, ("constant",))
    best = [f"{t}, best at {rates[b]:g}" for t, rates, b in zip(
        everything.tasks, everything.rates, everything.best)]
    return markdown(["method", *best], lines)


def stopping(rows) -> str:
    """What stopping early saved, and what it cost: a method compared with
    itself without that action."""
    lines = []
    for method in names(rows):
        other = method + "_no_stop"
        if other not in names(rows):
            continue
        s = pair(rows, method, other)
        mine, full = s.columns[method], s.columns[other]
        cost = interval(difference, full["test"], mine["test"])
        saved = 1 - mine["epochs"] / full["epochs"]
        lines.append([method, f"{100 * (saved > 0).mean():.0f} %",
                      f"{100 * saved.mean():.0f} %", with_interval(cost)])
    return markdown(["method", "runs stopped", "epochs saved",
                     "points that cost"], lines)


def leak(rows) -> str:
    """What would have been claimed if decisions and the choice of the best
    epoch had been made on the test data, and what is true."""
    tasks = sorted({r.task for r in rows if r.task.endswith(LEAK)})
    lines = []
    for method in names([r for r in rows if r.task in tasks]):
        dirty = [r for r in rows if r.task in tasks and r.method == method]
        starts = {(r.task.removesuffix(LEAK), r.rate, r.seed) for r in dirty}
        clean = [r for r in rows if r.method == method
                 and (r.task, r.rate, r.seed) in starts]
        claimed = mean([r.val_best for r in dirty])
        fresh = mean([r.test_best for r in dirty])
        lines.append([method, str(len(dirty)), f"{claimed:.1f}",
                      f"{fresh:.1f}", f"{claimed - fresh:.1f}",
                      f"{mean([r.test_best for r in clean]):.1f}"
                      if clean else ""])
    return markdown(
        ["method", "runs", "claimed", "on data never looked at",
         "too much by", "honest: decided on validation data"], lines)


def stood_in(rows) -> str:
    """How many of a brain's decisions the rules made in its place."""
    lines = []
    for method in names(rows):
        letters = "".join(r.actions for r in rows if r.method == method)
        capitals = sum(map(str.isupper, letters))
        if capitals:
            lines.append([method, str(len(letters)),
                          f"{100 * capitals / len(letters):.1f} %"])
    return markdown(["method", "decisions", "of them the rules'"], lines)


def guarded(rows) -> str:
    """Methods with and without the controller's guards, and how far the
    brain is ahead of each if both have them."""
    rows = without_copies(rows)
    found = [m for m in names(rows) if m.endswith(GUARDS)]
    ours = [m + GUARDS for m in OURS if m + GUARDS in found]
    lines = []
    for method in found:
        bare = method.removesuffix(GUARDS)
        if not meet(rows, method, bare):
            continue
        s = pair(rows, method, bare)
        lines.append([
            bare, extent(s),
            *(f"{mean(s.regret(m)):.1f}" for m in (bare, method)),
            with_interval(interval(difference, s.regret(bare),
                                   s.regret(method))),
            "{:.0f} % to {:.0f} %".format(*(
                100 * mean(s.columns[m]["diverged"])
                for m in (bare, method))),
            *("" if mine == method or not meet(rows, method, mine)
              else lead(ahead(rows, method, mine)) for mine in ours)])
    return markdown(
        ["method", "tasks x seeds", "mean regret", "with guards", "gained",
         "diverged", *(f"{m} is" for m in ours)], lines)


def settings(rows) -> str:
    """What each method is, and what its setting was chosen on."""
    return markdown(["method", "what it is"],
                    [[name, says(name, rows)] for name in names(rows)])


def cells(rows) -> str:
    """Mean final test accuracy of each method from each start; a method
    without a rate is listed at all starts."""
    frame = pd.DataFrame(rows)
    starts = frame[["task", "rate"]].drop_duplicates().dropna()
    rateless = frame[frame.rate.isna()].drop(columns="rate")
    means = pd.concat([frame, rateless.merge(starts)]).pivot_table(
        "test", ["task", "rate"], "method").reindex(columns=names(rows))
    return markdown(
        ["task", "start rate", *means],
        [[task, f"{rate:g}",
          *("" if np.isnan(x) else f"{x:.1f}" for x in line)]
         for (task, rate), line in means.iterrows()])


def everything(rows, ours=None) -> str:
    """All tables, each under a heading, as one text.

    ours  what the others are compared with; if None, the brain at its two
          settings, or the rules if there is no brain
    """
    main = honest(rows)
    ours = [ours] if ours else [
        name for name in OURS if name in names(main)] or ["rules"]
    parts = [
        ("What they are", settings(main)),
        ("Regret: points of final test accuracy behind the best constant "
         f"rate in hindsight; a start is good where the constant rate lies "
         f"within {GOOD:g} points of that", overall(main)),
        *((f"Paired differences: {name}", against(main, name))
          for name in ours),
        ("Mean regret on each task", by_task(main)),
        ("Stopping early", stopping(main)),
        ("Decisions that the rules took in a brain's place",
         stood_in(main)),
        ("With the same guards", guarded(rows)),
        ("What deciding on the test data would have claimed", leak(rows)),
    ]
    texts = [f"{title}\n\n{text}" for title, text in parts
             if text.count("\n") > 1]
    return "\n\n".join([*texts, *not_measured(main)])


def not_measured(rows) -> list[str]:
    """A line on the language models that nobody has run yet."""
    absent = [says for name, says in LANGUAGE_MODELS.items()
              if not any(m.startswith(name) for m in names(rows))]
    return ["Not measured: " + "; ".join(absent) + "."] if absent else []


# -- as it is used: guards on -------------------------------------------------

def first(rows, ours, costs) -> str:
    """Regret with both intervals, and what a run costs; lowest first.

    rows   the view `views.as_used`
    costs  {method: {seconds, decisions}} from `costs.py`
    """
    lines = []
    for method in names(rows):
        if method == "constant":
            continue
        s = pair(rows, method, ours)
        regret, mine = s.regret(method), s.regret(ours)
        cost = costs.get("constant" if method == "left_alone" else method)
        lines.append((mean(regret), [
            f"**{method}**" if method == ours else method, extent(s),
            with_interval(interval(mean, regret)),
            "{1:.1f} to {2:.1f}".format(*interval(mean, regret, tasks=True)),
            with_interval(interval(masked(mean, s.is_good), regret)),
            with_interval(interval(masked(mean, ~s.is_good), regret)),
            f"{100 * mean(s.columns[method]['diverged']):.0f} %",
            *(("", "") if method == ours else (
                lead(interval(difference, regret, mine)),
                "{:.0f} %".format(100 * improvement(
                    s.columns[ours]["test"], s.columns[method]["test"])))),
            f"{cost['seconds']:.2f}, {cost['decisions']:.2f}" if cost else "",
        ]))
    return markdown(
        ["method", "tasks x seeds", "mean regret",
         "if tasks are drawn again too", "at good starts", "at poor starts",
         "diverged", f"{ours} is", f"{ours} wins", "s a run, of it decisions"],
        [line for _, line in sorted(lines, key=lambda x: x[0])])


def by_kind(rows, plain, ours) -> str:
    """Mean regret on each kind of task, and against the best schedule, on
    the tasks that have all schedules."""
    groups = [g for g in GROUPS if of_group(rows, g)]
    lines = []
    for method in names(rows):
        if method == "constant":
            continue
        found = [pair(of_group(rows, g), method) for g in groups]
        values = [s.regret(method) for s in found]
        behind = schedule_regret(rows, plain, method)
        lines.append((mean([v.mean() for v in values]), [
            f"**{method}**" if method == ours else method,
            *(f"{with_interval(interval(mean, v))}; {extent(s)}"
              for v, s in zip(values, found)),
            "" if behind is None else
            f"{with_interval(interval(mean, behind))}; {len(behind)} x "
            f"{behind.shape[2]}", tuning_of(method)]))
    return markdown(
        ["method", *groups, "behind the best schedule", "tuned"],
        [line for _, line in sorted(lines, key=lambda x: x[0])])


def tuning_of(method) -> str:
    """Was it tuned? If so, with five trials on the teaching families."""
    base = method.removesuffix("_quick").removesuffix("_tuned")
    tuned = method.endswith("_tuned") or base == "rate_only" or (
        "_quick" in method)
    if not tuned:
        return "no"
    return "five trials" if base in TUNED else "at the brain's setting"


def lead_by_task(rows, ours, others) -> str:
    """How far ours is ahead of these, task by task; says which leads rest on
    one task."""
    tasks = list(dict.fromkeys(r.task for r in rows))
    lines = []
    for other in others:
        found = leads(rows, other, ours)
        lines.append([other, *(f"{found[t]:+.1f}" for t in tasks),
                      ", ".join(rests_on(rows, other, ours))])
    return markdown([f"{ours} against", *tasks, "rests on"], lines)


def schedules(rows, plain) -> str:
    """The best schedule in hindsight on each task that has all of them."""
    s = pair(rows, "constant")
    tasks = with_schedules(plain, s.tasks, s.seeds)
    if not tasks:
        return "No task has all schedules yet."
    s = pair([r for r in rows if r.seed in s.seeds], "constant", tasks=tasks)
    best, which = best_schedules(plain, s.tasks, s.seeds)
    constant = s.columns["constant"]["test"][
        np.arange(len(s.tasks)), s.best]
    return markdown(
        ["task", "best constant rate", "reaches", "best schedule", "reaches"],
        [[t, f"{rates[k]:g}", f"{c.mean():.1f}", name, f"{b.mean():.1f}"]
         for t, rates, k, c, name, b in zip(
             s.tasks, s.rates, s.best, constant, which, best)])


def units(rows, methods) -> str:
    """The same tasks in other units: the same for anyone who reads metrics."""
    there = {r.task for r in rows}
    pairs = [both for both in COPIES.items() if set(both) <= there]
    tasks = [task for both in pairs for task in both]
    lines = []
    for method in methods if tasks else ():
        s = pair(rows, method, tasks=tasks)
        found = dict(zip(s.tasks, s.regret(method).mean((1, 2))))
        lines.append([method, *(f"{found[t]:.1f}" for t in tasks)])
    return markdown(["method", *tasks], lines) if tasks else ""
