"""The README's section on results, from what was recorded and nothing else.

    python -m agentic_lib compare --summary

What a verdict rests on is computed in `claims.py`, the numbers in
`tables.py`; here they are only put together.
"""

import textwrap

from agentic_lib.lab.compare import choices
from agentic_lib.lab.compare.claims import (
    PEERS,
    PLACEBOS,
    aims,
    beside,
    our_own,
)
from agentic_lib.lab.compare.intervals import GOOD, interval, masked, mean
from agentic_lib.lab.compare.methods import says
from agentic_lib.lab.compare.results import changed
from agentic_lib.lab.compare.tables import (
    OURS,
    ahead,
    guarded,
    honest,
    markdown,
    names,
    not_measured,
    pair,
    stopping,
    with_interval,
)
from agentic_lib.lab.saved_states import read_states

BEGIN = "<!-- results: printed by python -m agentic_lib compare --summary -->"
END = "<!-- end of results -->"


def section(info, rows) -> str:
    """Markdown: the table, the aims, the decisions, what is missing."""
    main = honest(rows)
    ours = our_own(main)
    parts = [BEGIN, about(info, main), table(main, ours), legend(main, ours),
             "Against what was set as the aim before anything was measured:",
             markdown(["aim", "verdict", "rests on"], aims(main, ours))]
    if stopping(main).count("\n") > 1:
        parts += ["What stopping early saves, and what it costs:",
                  stopping(main)]
    if guarded(rows).count("\n") > 1:
        parts += ["The same under the controller's guards:", guarded(rows)]
    parts += decisions()
    return "\n\n".join(map(wrapped, [*parts, *not_measured(main), END]))


def wrapped(text) -> str:
    """A paragraph in lines of 79; tables and comments as they are."""
    return text if text[0] in "|<" else textwrap.fill(
        text, 79, break_long_words=False, break_on_hyphens=False)


def about(info, rows) -> str:
    tasks = list(dict.fromkeys(r.task for r in rows))
    constant = [r for r in rows if r.method == "constant"]
    others = [f"Since these runs the {name} in this package changed. "
              for name in changed(info)]
    return "".join(others) + (
        f"{len(tasks)} tasks ({', '.join(tasks)}), "
        f"{len({r.rate for r in constant})} starting rates from 1e-4 to 1, "
        f"up to {len({r.seed for r in constant})} paired seeds, guards off, "
        "none of the tasks among the families that the brain was taught on. "
        "Regret is how many points of final test accuracy are missing to the "
        "best constant rate in hindsight; a start is good where the constant "
        f"rate lies within {GOOD:g} points of it. In brackets: the interval "
        "of 95 % of a stratified paired bootstrap over seeds, which holds "
        f"for these tasks. Machine: {info['machine']}, torch "
        f"{info['versions']['torch']}. Made by `python -m agentic_lib compare "
        "--record`; `--tables` prints more of it.")


def table(rows, ours) -> str:
    """One line a method, the lowest regret first."""
    lines = []
    for method in names(rows):
        if method.endswith("_no_stop"):
            continue
        s = pair(rows, method)
        regret = s.regret(method)
        lines.append((mean(regret), [
            f"**{method}**" if method in OURS else method,
            f"{len(s.tasks)} x {len(s.seeds)}",
            *(with_interval(interval(statistic, regret)) for statistic in (
                mean, masked(mean, s.is_good), masked(mean, ~s.is_good))),
            f"{100 * mean(s.columns[method]['diverged']):.0f} %",
            "" if method == ours else with_interval(
                ahead(rows, method, ours))]))
    return markdown(
        ["method", "tasks x seeds", "mean regret", "at good starts",
         "at poor starts", "diverged", f"{ours} is ahead by"],
        [line for _, line in sorted(lines, key=lambda x: x[0])])


def legend(rows, ours) -> str:
    """What stands behind the names that do not speak for themselves."""
    explained = [m for m in (*OURS, *PEERS, "rules", "logistic",
                             *(beside(rows, ours, p) for p in PLACEBOS),
                             "look_ahead") if m in names(rows)]
    return "; ".join(f"*{m}*: {says(m, rows)}" for m in explained) + "."


def decisions() -> list[str]:
    """What the decisions by themselves are worth."""
    if not choices.FILE.exists():
        return []
    states, recorded = read_states(), choices.read_choices()
    return [
        f"The decisions themselves, at {len(states)} saved states from which "
        "every action was played to the end three times (`python -m "
        "agentic_lib.lab.compare.choices`):", choices.table(states, recorded),
        f"With the options in reverse order {recorded['flips']:.1%} of the "
        "brain's answers change, "
        f"{recorded['flips, both orders']:.1%} where it asks again when "
        "unsure, as it does."]
