"""The answer in five sentences, computed from the recorded rows.

Numbers and their order come from the rows; so do the verdicts. The model card
has the same sentences. Knows nothing about tables.
"""

from agentic_lib.lab.compare.intervals import (
    GOOD,
    difference,
    improvement,
    interval,
    masked,
    mean,
)
from agentic_lib.lab.compare.recorded import DENSE, GROUPS, SEARCHING
from agentic_lib.lab.compare.tables import lead, with_interval
from agentic_lib.lab.compare.views import (
    ahead,
    names,
    of_group,
    pair,
    rests_on,
    schedule_regret,
)

ORACLE = "oracle_quick"


def sentences(view, plain, ours) -> list[str]:
    """Five sentences, as the lines of a numbered list.

    view   `views.as_used`, complete
    plain  the rows without guards, for the best schedule in hindsight
    """
    parts = [overall(view, ours), kinds(view, ours), searching(view, ours),
             without_language(view, ours), starts(view, plain, ours)]
    return [f"{number}. {text}" for number, text in enumerate(parts, 1)]


def regret(view, method):
    return pair(view, method).regret(method)


def against(found) -> str:
    """'is 3.8 ahead (2.8 to 4.8)', or that neither is."""
    value, low, high = found
    if low <= 0 <= high:
        return f"cannot be told apart from it: {lead(found)}"
    return f"is {lead(found)}"


def behind(x) -> str:
    return f"{abs(x):.1f} points {'behind' if x > 0 else 'ahead of'}"


def overall(view, ours) -> str:
    others = {m: mean(regret(view, m)) for m in names(view)
              if m not in ("constant", "left_alone", ours)
              and not m.startswith(("brain", "logistic", "rate_only",
                                    ORACLE))}
    best = min(others, key=others.get)
    tasks = len({r.task for r in view})
    tasks_needed = rests_on(view, best, ours)
    return (
        f"Over {tasks} tasks and nine starting rates each, with guards on, "
        "the bundled brain at its quick pace ends "
        f"{with_interval(interval(mean, regret(view, ours)))} points behind "
        "the best constant rate in hindsight, and the starting rate left "
        f"alone {mean(regret(view, 'left_alone')):.1f}; of all others "
        f"{best} does best, with {others[best]:.1f}, and the brain "
        f"{against(ahead(view, best, ours))}"
        + (f", but not without {' or '.join(tasks_needed)}"
           if tasks_needed else "") + ".")


def kinds(view, ours) -> str:
    found = {g: interval(mean, regret(of_group(view, g), ours))
             for g in GROUPS if of_group(view, g)}
    return ("By kind of task its regret is " + "; ".join(
        f"{with_interval(span)} on {say_group(view, g)}"
        for g, span in found.items())
        + f". By these means the aims, 0.5 on {DENSE} and 1.0 on the "
        "other kinds, are "
        + reached(found) + told_the_rate(view, found) + ".")


def reached(found) -> str:
    """On which groups, {group: interval}, the mean regret is below the aim."""
    met = [g for g, span in found.items()
           if span[0] < (0.5 if g == DENSE else 1.0)]
    if len(met) == len(found):
        return "reached"
    return f"reached on {' and '.join(met)} alone" if met else "not reached"


def told_the_rate(view, groups) -> str:
    """What the same pace costs a controller that knows where to go."""
    if ORACLE not in names(view):
        return ""
    *most, last = (f"{mean(regret(of_group(view, g), ORACLE)):.1f}"
                   for g in groups)
    ends = f"{', '.join(most)} and {last}" if most else last
    return ("; a controller that is told the best constant rate, and goes "
            f"there at the same pace under the same guards, ends at {ends}")


def say_group(view, group) -> str:
    count = len({r.task for r in of_group(view, group)})
    return f"{group} ({count} task{'s' if count > 1 else ''})"


def searching(view, ours) -> str:
    found = [m for m in SEARCHING if m in names(view)]
    return ("Searching for a rate instead of steering it, with one run's "
            "epochs shared out among several runs (halving: eight, a range "
            "test: two): "
            + "; ".join(f"{m} ends at {mean(regret(view, m)):.1f}, and the "
                        f"brain {against(ahead(view, m, ours))}"
                        for m in found) + ".")


def without_language(view, ours) -> str:
    parts = []
    for other, what in (("rate_only_quick", "a placebo that reads the "
                         "learning rate and no metrics"),
                        ("logistic_quick", "a logistic regression on the "
                         "same labels")):
        if other in names(view):
            s = pair(view, ours, other)
            wins = 100 * improvement(s.columns[ours]["test"],
                                     s.columns[other]["test"])
            parts.append(f"Held against {what}, which ends at "
                         f"{mean(s.regret(other)):.1f}, the brain "
                         f"{against(ahead(view, other, ours))} and wins "
                         f"{wins:.0f} % of the pairings"
                         + (", fewer than it loses" if wins < 50 else ""))
    return "; ".join(p[0].lower() + p[1:] if k else p
                     for k, p in enumerate(parts)) + (
        "." if parts else "No placebo was recorded here yet.")


def starts(view, plain, ours) -> str:
    s = pair(view, ours, "left_alone")
    mine, alone = (mean(s.regret(m)[s.is_good]) for m in (ours,
                                                          "left_alone"))
    cost = interval(masked(difference, s.is_good), s.regret(ours),
                    s.regret("left_alone"))
    return (f"From a good start (within {GOOD:g} points of the best) the "
            f"brain ends {behind(mine)} the best constant rate, and a rate "
            f"left alone ends {behind(alone)} that rate: if you know a good "
            f"rate, {price(cost)}; {best_schedule(view, plain, ours)}.")


def price(cost) -> str:
    """What using the brain costs, in points, from its interval."""
    _, low, high = cost
    if low <= 0 <= high:
        return ("whether the brain costs or gains anything cannot be told "
                f"({-low:.1f} gained to {high:.1f} lost)")
    if low > 0:
        return f"using the brain costs {with_interval(cost)} points"
    return f"the brain gains {-cost[0]:.1f} ({-high:.1f} to {-low:.1f}) points"


def best_schedule(view, plain, ours) -> str:
    found = schedule_regret(view, plain, ours)
    if found is None:
        return "no task has all schedules yet, so nobody knows the best one"
    planned = len({r.task for r in view})
    where = ("" if len(found) == planned
             else f" of the {len(found)} tasks that have all schedules")
    return ("the best schedule in hindsight, at its best starting rate, is "
            f"{behind(-mean(found))} the brain over all starts{where}")
