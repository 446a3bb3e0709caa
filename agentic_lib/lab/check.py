"""Does a brain choose well? `python -m agentic_lib check --brain qwen`

Asks the brain about stored states of real training runs, at which every action
was played to the end. Reports how often it picks the best action, what its
choices cost, whether its confidence can be trusted, and whether the order of
the options changes its answer. The rules, and always giving the same answer,
are judged in the same way.
"""

import json
import statistics
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from agentic_lib.brain.decision import ACTIONS, with_factors
from agentic_lib.brain.scoring import CLOSE, margin
from agentic_lib.lab import saved_states
from agentic_lib.lab.calibration import calibration_error

TIE = 0.3  # points of accuracy: an action this close to the best is as good


def add_arguments(parser):
    add = parser.add_argument
    add("--brain", default="auto", help="auto, qwen, bundled, rules, a hub "
        "id, a folder, or http://host:8000/v1")
    add("--mode", choices=["generate", "score"],
        help="default: what suits the brain")
    add("--states", type=Path, help="a file of states other than ours")
    add("--limit", type=int, help="ask about the first so many only")
    add("--calibrate", action="store_true",
        help="divide out what the model prefers without metrics")
    add("--record", type=Path, help="keep every answer in this file (JSON "
        "lines), with the model's revision and the date")


def run(args) -> dict:
    """Asks, prints the table, and returns its numbers."""
    from agentic_lib.brain.brain import SimpleAIBrain

    states = find_states(args.states)[:args.limit]
    brain = SimpleAIBrain(args.brain, mode=args.mode, explain=False,
                          calibrate=args.calibrate)
    decisions = ask(brain, states)
    numbers = {brain.name: judge(states, decisions)}
    if hasattr(brain.model, "score_many") and brain.mode == "score":
        numbers[brain.name] |= flips(brain, states)
    if brain.model is not None:
        rules = SimpleAIBrain("rules", quiet=True)
        numbers["the rules"] = judge(states, ask(rules, states))
    for action in ACTIONS:
        numbers[f"always {action.name}"] = judge_names(
            states, [action.name] * len(states))
    if args.record:
        record(args.record, brain, states, decisions)
    print(f"{len(states)} states; an action counts as best within {TIE} "
          f"points of it.\n\n{as_table(numbers)}")
    return numbers


def find_states(path=None) -> list[dict]:
    """Saved states: those of that file, or ours. See saved_states.py."""
    path = path or saved_states.FILE
    if not Path(path).is_file():
        raise ValueError(f"states={str(path)!r}: there is no such file. "
                         "python -m agentic_lib.lab.compare.states makes one.")
    return saved_states.read_states(path)


def actions_of(state):
    return with_factors(ACTIONS, *state["factors"])


def ask(brain, states, quiet=False):
    """A Decision for each state; states are asked in batches if possible.
    `quiet` hides the progress bar."""
    from tqdm.auto import tqdm

    def kind(i):
        return states[i]["every"], tuple(states[i]["factors"])

    found = [None] * len(states)
    size = 32 if brain.mode == "score" else 1
    with tqdm(total=len(states), disable=quiet or brain.model is None) as bar:
        for (every, _), group in groupby(sorted(range(len(states)), key=kind),
                                         key=kind):
            group = list(group)
            for k in range(0, len(group), size):
                part = group[k:k + size]
                decisions = brain.decide_many(
                    [states[i]["history"] for i in part], every,
                    actions_of(states[part[0]]))
                for i, decision in zip(part, decisions):
                    found[i] = decision
                bar.update(len(part))
    return found


def worth(state) -> dict[str, float]:
    """{action: mean final accuracy in percent}."""
    return {name: statistics.fmean(values)
            for name, values in state["outcomes"].items()}


def judge_names(states, names) -> dict:
    """How good these choices were, whoever made them.

    best    share that is within TIE of the best action
    regret  points of final accuracy lost against the best action, on average
    """
    values = [worth(state) for state in states]
    lost = [max(v.values()) - v[name] for v, name in zip(values, names)]
    return {"best": statistics.fmean(x <= TIE for x in lost),
            "regret": statistics.fmean(lost)}


def judge(states, decisions) -> dict:
    """`judge_names`, and what only a brain's decisions can tell.

    by model   share that the model decided; the rules decided the rest
    unreadable share of replies without a decision
    error      expected calibration error: the gap between confidence and how
               often it is right, on average over ten bins; ties are shared
    seconds    median time of a decision
    """
    found = judge_names(states, [d.action for d in decisions])
    found["by model"] = statistics.fmean(
        d.source != "fallback" for d in decisions)
    found["unreadable"] = statistics.fmean(
        d.source == "fallback" and d.reply is not None for d in decisions)
    found["seconds"] = statistics.median(d.seconds for d in decisions)
    sure = [(d.probabilities[d.action], share_of_best(state, d.action))
            for state, d in zip(states, decisions) if d.probabilities]
    if sure:
        found["error"] = calibration_error(sure)
    return found


def share_of_best(state, name) -> float:
    """1 if this action alone is best, 1/k if it is one of k that are
    (within TIE), else 0. Probabilities sum to 1 over the actions, so these
    shares must do so as well."""
    values = worth(state)
    best = [other for other in values
            if max(values.values()) - values[other] <= TIE]
    return (name in best) / len(best)


def flips(brain, states) -> dict:
    """Share of answers that change when the options are listed in reverse:
    if one order is asked, and if both are when the two best are close."""
    before = after = 0
    for state in states:
        actions = actions_of(state)
        given, turned = (
            brain.probabilities([state["history"]], order, state["every"],
                                both_orders=False)[0]
            for order in (actions, actions[::-1]))
        mean = {name: given[name] + turned[name] for name in given}
        before += top(given) != top(turned)
        after += (top(given if margin(given) >= CLOSE else mean)
                  != top(turned if margin(turned) >= CLOSE else mean))
    return {"flips": before / len(states),
            "flips, both orders": after / len(states)}


def top(row) -> str:
    return max(row, key=row.get)


def record(path, brain, states, decisions):
    """Every answer as a line of JSON, after a line on who was asked."""
    import transformers

    lines = [{
        "brain": brain.description, "mode": brain.mode,
        "revision": getattr(brain.model, "revision", None),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "transformers": transformers.__version__,
    }]
    for state, d in zip(states, decisions):
        lines.append({
            "action": d.action, "source": d.source, "note": d.note,
            "reply": d.reply, "probabilities": d.probabilities,
            "seconds": d.seconds, "worth": worth(state)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines),
                    encoding="utf-8")


COLUMNS = {"best": "{:.0%}", "regret": "{:.2f}", "by model": "{:.0%}",
           "unreadable": "{:.0%}", "error": "{:.3f}", "flips": "{:.1%}",
           "flips, both orders": "{:.1%}", "seconds": "{:.3g}"}
TITLES = {"best": "picks the best", "regret": "regret, points",
          "by model": "decided by the model", "error": "calibration error",
          "seconds": "median seconds"}


def as_table(numbers) -> str:
    """Markdown; a column that nobody has a number for is left out."""
    columns = [c for c in COLUMNS if any(c in row for row in numbers.values())]
    lines = ["| | " + " | ".join(TITLES.get(c, c) for c in columns) + " |",
             "|---" * (len(columns) + 1) + "|"]
    for name, row in numbers.items():
        lines.append(f"| {name} | " + " | ".join(
            COLUMNS[c].format(row[c]) if c in row else ""
            for c in columns) + " |")
    return "\n".join(lines)
