"""`python -m agentic_lib compare`: methods x tasks x starting rates x seeds.

Every method trains the same networks from the same weights with the same
order of the data and the same budget. Results go to one file, a row for each
run; a command that was interrupted goes on where it stopped. Tables are made
from that file alone.
"""

import argparse
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from agentic_lib.lab.compare import (
    choices,
    intervals,
    pictures,
    results,
    summary,
    tables,
)
from agentic_lib.lab.compare.methods import METHODS, PEERS, find_method
from agentic_lib.lab.compare.tasks import LEAK, TASKS, find_task
from agentic_lib.lab.compare.trials import run_job
from agentic_lib.lab.saved_states import read_states

RATES = tuple(float(f"{10 ** (k / 2):.4g}") for k in range(-8, 1))
CHUNK = 5  # seeds in one job


@dataclass(frozen=True)
class Preset:
    """A comparison that has a name."""

    methods: tuple
    tasks: tuple
    rates: tuple = RATES
    seeds: int = 5


PRESETS = {
    "eight-cells": Preset(("constant", "plain_rules", "rules"),
                          ("digits", "digits_noisy"),
                          (0.001, 0.01, 0.1, 0.5)),
    "slice": Preset(("constant", "plateau", "greedy", "rules", "brain"),
                    ("digits", "digits_noisy"), (0.001, 0.1, 0.5), 3),
    "full": Preset(tuple(METHODS), tuple(TASKS)),
}
# What the file that ships holds, in this order: what is dear and least
# telling comes last.
SIX = ("digits", "digits_noisy", "photographs", "breast_cancer", "spirals",
       "characters_adamw")
LEAKING = tuple(task + LEAK for task in (
    "digits_noisy", "breast_cancer", "photographs"))
RECORDED = (
    Preset(("constant", "plain_rules", "rules", "rules_quick",
            *(m.name for m in PEERS)), SIX),
    Preset(("brain", "brain_quick", "logistic", "logistic_quick"), SIX),
    Preset(("random_actions", "random_actions_quick", "shuffled_metrics",
            "shuffled_metrics_quick", "brain_no_stop",
            "brain_quick_no_stop"), SIX, seeds=3),
    Preset(("constant", "plateau", "rules", "brain", "brain_quick"),
           LEAKING, seeds=3),
    Preset(("look_ahead",), SIX, seeds=3),
    Preset(tuple(f"{name}+guards" for name in (
        "constant", "plateau_tuned", "greedy_tuned", "prodigy",
        "rules_quick", "brain", "brain_quick")), SIX, seeds=2),
    Preset(("look_ahead_quick",), SIX, seeds=2),
)


def add_arguments(parser):
    """The options of the command."""
    add = parser.add_argument
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    add("--preset", choices=list(PRESETS), default="full",
        help="what is not given below is taken from it")
    add("--methods", nargs="+", metavar="NAME", help=", ".join(METHODS))
    add("--tasks", nargs="+", metavar="NAME",
        help=", ".join(TASKS) + "; with a GPU and a network: "
             "fashion_resnet, cifar_resnet")
    add("--rates", nargs="+", type=float, help="starting rates")
    add("--seeds", type=int, help="how many; 0, 1, 2, ... are taken")
    add("--epochs", type=int, help="another budget than the tasks' own")
    add("--out", type=Path, help="the results file; goes on where it stopped",
        default=Path("runs/compare.csv"))
    add("--jobs", type=int, default=1, help="processes; -1: one a core")
    add("--dask", metavar="ADDRESS",
        help="address of a Dask scheduler that the jobs are sent to")
    add("--tables", action="store_true",
        help="runs nothing; prints all tables of the results file, of the "
             "one that ships where there is no other")
    add("--figures", type=Path, metavar="FOLDER",
        help="draws the results file's figures into this folder")
    add("--summary", action="store_true",
        help="runs nothing; prints the README's section on results")
    add("--pack", nargs="+", type=Path, metavar="FILE",
        help="runs nothing; makes the file that ships from these")
    add("--record", action="store_true",
        help="brings the file that ships up to date: makes again what rests "
             "on a bundled brain or on labels that have changed since, and "
             "what is missing, in --out; goes on where it stopped")
    add("--redo", nargs="+", metavar="NAME", default=(),
        help="with --record: methods that are made again as well")
    add("--only", nargs="+", metavar="NAME", default=(),
        help="with --record: these methods only; the file stays incomplete")


def run(args):
    """Trains what is missing in the file, then prints the tables."""
    if args.pack:
        return results.pack(args.pack)
    if args.record:
        return record(args)
    if args.summary:
        return print(summary.section(*results.read_rows()))
    preset = PRESETS[args.preset]
    if args.tables or args.figures:
        path = args.out if args.out.exists() else results.RECORDED
        _, rows = results.read_rows(path)
    else:
        grid(args.methods or preset.methods, args.tasks or preset.tasks,
             args.rates or preset.rates, range(args.seeds or preset.seeds),
             args.out, args.epochs, args.jobs, args.dask)
        _, rows = results.read_rows(args.out)
        rows = asked_for(args, preset, rows)
        print(tables.cells(rows))
    if len(tables.names(rows)) > 1 and "constant" in tables.names(rows):
        print("\n" + tables.everything(rows))
    if args.figures:
        pictures.save_all(rows, args.figures)


def record(args):
    """Brings the file that ships up to date, by way of `args.out`."""
    begun = [args.out] if args.out.exists() else []
    args.out.parent.mkdir(parents=True, exist_ok=True)
    results.pack([results.RECORDED, *begun], args.out, args.redo)
    for part in RECORDED:
        rows = results.read_rows(args.out)[1]
        methods = [find_method(name, rows) for name in part.methods
                   if name in (args.only or part.methods)]
        grid(methods, part.tasks, part.rates, range(part.seeds), args.out,
             jobs=args.jobs, dask=args.dask)
    results.pack([args.out], results.RECORDED)
    args.out.unlink()
    asked = choices.read_choices() if choices.FILE.exists() else {}
    if results.changed(asked):
        choices.record(read_states())


def asked_for(args, preset, rows):
    """Of a file's rows those that the command names."""
    rates = [intervals.key(rate) for rate in args.rates or preset.rates]
    return [r for r in rows
            if r.method in (args.methods or preset.methods)
            and r.task in (args.tasks or preset.tasks)
            and intervals.key(r.rate) in (None, *rates)]


def grid(methods, tasks, rates, seeds, out, epochs=None, jobs=1, dask=None):
    """Runs everything that `out` does not hold yet, and adds it there.

    methods, tasks  names, or Method and Task objects
    """
    from tqdm.auto import tqdm

    methods = [find_method(m) if isinstance(m, str) else m for m in methods]
    tasks = [find_task(t) if isinstance(t, str) else t for t in tasks]
    usable = []
    for method in methods:
        why = method.missing()
        if why is None:
            usable.append(method)
        else:
            print(f"{method.name}: not measured here ({why})")
    tasks = [shortened(task, epochs) for task in tasks]
    results.mend(out)
    work = plan(usable, tasks, rates, seeds, out)
    total = sum(len(pairs) for _, _, pairs in work)
    with tqdm(total=total, unit="run", disable=not work) as bar:
        for rows in parallel(work, jobs, dask):
            results.append_rows(out, rows)
            bar.update(len(rows))


def shortened(task, epochs):
    """The task with another budget."""
    from dataclasses import replace

    return task if epochs is None else replace(task, epochs=epochs)


def plan(methods, tasks, rates, seeds, out):
    """[(task, method, (rate, seed) pairs)] of what is still to be done."""
    done = set()
    if Path(out).exists():
        done = {(r.task, r.method, intervals.key(r.rate), r.seed)
                for r in results.read_rows(out)[1]}
    work = []
    for method in methods:
        for task in tasks:
            starts = (float("nan"),) if method.rateless else rates
            for at in range(0, len(seeds), CHUNK):
                pairs = [
                    (rate, seed) for rate in starts
                    for seed in seeds[at:at + CHUNK]
                    if (task.name, method.name, intervals.key(rate), seed)
                    not in done]
                if pairs:
                    work.append((task, method, pairs))
    return work


def parallel(work, jobs=1, dask=None):
    """Yields the rows of each job as they are done, in any order."""
    if jobs == 1 and dask is None:
        for job in work:
            yield run_job(*job)
        return
    import joblib

    client, backend = nullcontext(), nullcontext()
    if dask is not None:
        from distributed import Client

        client = Client(dask)
        backend = joblib.parallel_config("dask")
    with client, backend:
        yield from joblib.Parallel(
            jobs if dask is None else -1,
            return_as="generator_unordered")(
            joblib.delayed(run_job)(*job) for job in work)
