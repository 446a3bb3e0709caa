"""The claims of the original text, checked against what was recorded.

A verdict is computed from the rows, so that it cannot outlive the numbers
that it rests on: 'supported' or 'refuted' if an interval excludes zero, 'not
shown' if it does not, 'not measured' if nobody looked. Guards are on wherever
runs with them were recorded, because people use the package with guards on.
"""

import numpy as np

from agentic_lib.lab.compare.intervals import (
    difference,
    interval,
    masked,
    mean,
)
from agentic_lib.lab.compare.methods import GUARDS, PLACEBOS, SEARCHES
from agentic_lib.lab.compare.methods import PEERS as PEER_METHODS
from agentic_lib.lab.compare.tables import extent, with_interval
from agentic_lib.lab.compare.tables import lead as in_words
from agentic_lib.lab.compare.tasks import LEAK
from agentic_lib.lab.compare.views import (
    OURS,
    ahead,
    as_used,
    complete,
    honest,
    names,
    pair,
)

PEERS = tuple(m.name for m in (*PEER_METHODS, *SEARCHES))
NOT_MEASURED = "not measured"
NEAR = 2.0     # points: a run this close to the best constant rate is near it
BEHIND = 0.3   # points that may be lost if the start was good
SPREAD = 5     # seeds without which nothing is said about their spread
CHEAP = 0.1    # of the training's own time
LONGEST = 0.1  # seconds: above this, nobody speaks of milliseconds
FOUR = "brain_quick_four"  # without the fifth action


def verdict(found) -> str:
    """From an interval; values above zero speak for the claim."""
    _, low, high = found
    return ("supported" if low > 0 else "refuted" if high < 0
            else "not shown")


def yes(holds) -> str:
    """The verdict on what is counted and has no interval."""
    return "supported" if holds else "refuted"


def lead(rows, other, ours):
    """(interval, text): how far ahead of another method ours is."""
    found = ahead(rows, other, ours)
    return found, (f"{in_words(found)}, in points of regret"
                   + on(pair(rows, ours, other)))


def on(scores) -> str:
    """What a verdict rests on, to be appended to it."""
    return f"; tasks x seeds: {extent(scores)}"


def with_guards(rows):
    """The view that verdicts rest on: guards on, if such runs of the brain
    were recorded; else the comparison without them."""
    view, _ = complete(as_used(rows))
    return view if set(OURS) & set(names(view)) else honest(rows)


def best_of(rows, methods):
    """The one of these methods with the lowest mean regret."""
    found = [m for m in methods if m in names(rows)]
    return min(found, key=lambda m: pair(rows, m).regret(m).mean(),
               default=None)


def beside(rows, ours, name):
    """A method at our setting if that was recorded, else as it comes."""
    same = name + ours.removeprefix("brain")
    return same if same in names(rows) else name


def our_own(rows) -> str:
    """The brain at the last of its settings that was recorded."""
    return ([m for m in OURS if m in names(rows)] or ["rules"])[-1]


# -- the aims -----------------------------------------------------------------

def aims(rows, ours=None) -> list[tuple[str, str, str]]:
    """[(aim, verdict, what it rests on)]; if `ours` is None, it is the brain
    at the setting that was chosen for it."""
    view = with_guards(rows)
    ours = ours or our_own(view)
    lines = [ahead_of_every(view, ours, "peer", PEERS),
             ahead_of_every(rows_of_placebos(rows), ours, "placebo",
                            placebos(rows, ours), ", without guards"),
             good_starts(view, ours)]
    return [line for line in lines if line]


def rows_of_placebos(rows):
    """Most placebos were recorded only without guards."""
    return honest(rows)


def placebos(rows, ours):
    found = [beside(rows, ours, name) for name in PLACEBOS]
    return [name for name in found if name in names(honest(rows))]


def ahead_of_every(rows, ours, who, methods, where=""):
    found = {m: lead(rows, m, ours) for m in methods
             if {m, ours} <= set(names(rows))}
    if found:
        nearest = min(found, key=lambda m: found[m][0][0])
        return (f"ahead of every {who} in mean regret",
                of_all(one for one, _ in found.values()),
                f"nearest is {nearest}: {found[nearest][1]}{where}")


def good_starts(rows, ours):
    def regret(method):
        s = pair(rows, method)
        return mean(s.regret(method)[s.is_good])

    peers = [m for m in PEERS if {m, ours} <= set(names(rows))]
    if peers:
        best = min(peers, key=regret)
        s = pair(rows, ours, best)
        found = interval(masked(difference, s.is_good), s.regret(best),
                         s.regret(ours))
        return (f"at good starts at most {BEHIND} points behind the best "
                "peer there", verdict([x + BEHIND for x in found]),
                f"against {best}: {in_words(found)}{on(s)}")


def of_all(found) -> str:
    """The verdict on a claim that must hold for each of these intervals."""
    each = {verdict(one) for one in found}
    return ("refuted" if "refuted" in each else
            "supported" if each == {"supported"} else "not shown")


# -- the claims ---------------------------------------------------------------
# Each takes the view that verdicts rest on, all rows, and what is judged.

def claims(rows, ours=None, choices=None) -> list[tuple[str, str, str]]:
    """[(claim, verdict, what it rests on)].

    ours     as in `aims`
    choices  what `choices.read_choices` gives
    """
    view = with_guards(rows)
    ours = ours or our_own(view)
    parts = (better, spots_patterns, faster, consistent, effortless,
             unattended, customisable)
    found = [line for part in parts for line in part(view, rows, ours)
             if ours in names(view)]
    return [*found, *asked(choices or {}),
            ("educational", NOT_MEASURED, "no learner was tested")]


def better(view, rows, ours):
    for other, who in (
        (best_of(view, PEERS), "the best peer"),
        (beside(view, ours, "rules"), "which no model is in"),
        (beside(view, ours, "logistic"), "a regression on the same labels"),
    ):
        if other in names(view) and other != ours:
            found, text = lead(view, other, ours)
            yield f"better results than {other}, {who}", verdict(found), text
    yield ("better results than a person who watches", NOT_MEASURED,
           "no person took part")


def spots_patterns(view, rows, ours):
    if ours not in names(honest(rows)):
        yield ("it spots patterns in the metrics", NOT_MEASURED,
               f"{ours} without guards is not recorded yet")
        return
    for placebo in placebos(rows, ours):
        found, text = lead(honest(rows), placebo, ours)
        yield (f"it spots patterns in the metrics (against {placebo})",
               verdict(found), text + ", without guards")


def faster(view, rows, ours):
    rows = honest(rows)
    alone = "left_alone" if "left_alone" in names(view) else "constant"
    for other in (alone, best_of(view, PEERS)):
        if other in names(view):
            s = pair(view, ours, other)
            share = [100.0 * np.isfinite(s.columns[m]["to_target"])
                     for m in (ours, other)]
            found = interval(difference, *share)
            yield (f"faster: reaches the target more often than {other}",
                   verdict(found), f"in percentage points of the runs: "
                   f"{in_words(found)}{on(s)}")
    if {ours, f"{ours}_no_stop"} <= set(names(rows)):
        s = pair(rows, ours, f"{ours}_no_stop")
        mine, full = s.columns[ours], s.columns[f"{ours}_no_stop"]
        cost = interval(difference, full["test"], mine["test"])
        points, low, high = cost
        saved = 100 * (1 - mean(mine["epochs"]) / mean(full["epochs"]))
        yield (f"can stop early when optimal: it costs less than {BEHIND} "
               "points",
               verdict((BEHIND - points, BEHIND - high, BEHIND - low)),
               f"saves {saved:.0f} % of the epochs and costs "
               f"{with_interval(cost, 2)} points, without guards{on(s)}")
    yield "faster than a person who watches", NOT_MEASURED, "none took part"


def consistent(view, rows, ours):
    claim = ("consistent: results depend less on the seed than those of a "
             "constant rate")
    s = pair(view, ours)
    if len(s.seeds) < SPREAD:
        yield (claim, NOT_MEASURED,
               f"{len(s.seeds)} seeds are too few for a spread")
        return
    scores = [s.columns[m]["test"] for m in ("constant", ours)]
    found = interval(less_spread, *scores)
    yield (claim, verdict(found), "the spread over seeds is "
           f"{with_interval(found)} points smaller{on(s)}")


def less_spread(a, b):
    """How much more the scores of `a` differ from seed to seed than `b`'s."""
    return difference(*(scores.std(-1, keepdims=True) for scores in (a, b)))


def effortless(view, rows, ours):
    s = pair(view, ours)
    near = {m: 100.0 * (s.regret(m) <= NEAR) for m in (ours, "constant")}
    found = interval(mean, near[ours])
    yield ("effortless: set and forget, from any starting rate",
           verdict([x - 95 for x in found]),
           f"{with_interval(found)} % of the runs end within {NEAR:g} points "
           "of the best constant rate, and 95 % would have to; at a constant "
           f"rate it is {mean(near['constant']):.1f} %{on(s)}")


def unattended(view, rows, ours):
    for method, how in ((ours, "without"), (ours + GUARDS, "with")):
        ends = [r.diverged for r in rows
                if r.method == method and not r.task.endswith(LEAK)]
        if ends:
            lost = 100 * mean(ends)
            yield (f"zero human intervention: no run is lost, {how} guards",
                   yes(lost == 0), f"{lost:.1f} % of {len(ends):,} runs end "
                   "no better than guessing after their loss has risen")


def customisable(view, rows, ours):
    first, last = OURS[0], FOUR  # both with four actions
    if {first, last} <= set(names(honest(rows))):
        found, text = lead(honest(rows), first, last)
        yield ("customisable: three numbers changed, nothing taught anew",
               verdict(found), f"{last} against {first}: {text}, "
               "without guards")


def asked(choices):
    """What is known about the brain from asking it about saved states."""
    if not choices:
        yield from ((claim, NOT_MEASURED, "it was not asked") for claim in (
            "interpretable", "cheap", "milliseconds a decision"))
        return
    flips, reasons = choices["flips, both orders"], choices["reasons"]
    yield ("consistent: the options in another order, the same answer",
           yes(flips < 0.01), f"{flips:.1%} of its answers change")
    true = reasons["true in all it says"]
    yield ("interpretable: the reasons that it writes are true",
           yes(true >= 0.99), f"{true:.1%} are true and speak for the "
           "action; 99 % would have to")
    yield ("interpretable: the reason is why it chose", NOT_MEASURED,
           "it can write a reason for any action")
    took = choices["seconds"]
    share = took["a decision"] / 5 / took["an epoch"]
    yield ("cheap: every 5 epochs, under a tenth of the training's time",
           yes(share < CHEAP), f"{share:.0%} of the time of the smallest "
           "task's epochs; of a larger network's less")
    longest = took["a decision with its reason"]
    yield ("milliseconds a decision, the bundled brain",
           yes(longest < LONGEST), f"{1000 * took['a decision']:.0f} ms, "
           f"{1000 * longest:.0f} ms with its reason, one thread; it reads "
           "the options in a second order if the first leaves two close")
    yield ("milliseconds a decision, Qwen3-0.6B", NOT_MEASURED,
           "python -m agentic_lib bench measures it on a machine with it")
