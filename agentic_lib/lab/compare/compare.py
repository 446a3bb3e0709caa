"""`python -m agentic_lib compare`: methods x tasks x starting rates x seeds.

Every method trains the same networks from the same weights with the same
order of the data and the same budget. Results go to one file, a row for each
run; a command that was interrupted resumes where it stopped. Tables are made
from that file alone.
"""

import argparse
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from agentic_lib.lab.compare import (
    again,
    choices,
    costs,
    intervals,
    pictures,
    regression,
    results,
    stopping,
    summary,
    tables,
)
from agentic_lib.lab.compare.methods import METHODS, find_method
from agentic_lib.lab.compare.recorded import (
    RECORDED,
    Preset,
    all_work,
    jobs,
    progress,
    work_of,
)
from agentic_lib.lab.compare.tasks import TASKS, find_task
from agentic_lib.lab.compare.trials import run_job
from agentic_lib.lab.compare.views import REFERENCE, names
from agentic_lib.lab.saved_states import read_states

PRESETS = {
    "eight-cells": Preset(("constant", "plain_rules", "rules"),
                          ("digits", "digits_noisy"),
                          (0.001, 0.01, 0.1, 0.5)),
    "slice": Preset(("constant", "plateau", "greedy", "rules", "brain"),
                    ("digits", "digits_noisy"), (0.001, 0.1, 0.5), 3),
    "full": Preset(tuple(METHODS), tuple(TASKS)),
}


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
        help="runs nothing; prints RESULTS.md")
    add("--answer", action="store_true",
        help="runs nothing; prints the five sentences of RESULTS.md")
    add("--picture", type=Path, metavar="FILE",
        help="draws the picture of RESULTS.md")
    add("--pack", nargs="+", type=Path, metavar="FILE",
        help="runs nothing; makes the file that ships from these")
    add("--record", action="store_true",
        help="brings the file that ships up to date: makes again what rests "
             "on a bundled brain, labels or guards that have changed since, "
             "and what is missing, in --out; goes on where it stopped")
    add("--again", nargs="?", type=Path, const=Path("runs/again.csv"),
        metavar="FILE",
        help="makes the recorded runs of --methods again on this machine, in "
             "FILE (or in runs/again.csv), and prints how far they differ; "
             "goes on where it stopped")
    add("--minutes", type=float, default=float("inf"),
        help="with --record: stop after so long")
    add("--redo", nargs="+", metavar="NAME", default=(),
        help="with --record: methods that are made again as well")
    add("--only", nargs="+", metavar="NAME", default=(),
        help="with --record: these methods only, and --tasks these tasks; "
             "the file stays incomplete")


def run(args):
    """Trains what is missing in the file, then prints the tables."""
    if args.pack:
        return results.pack(args.pack)
    if args.record:
        return record(args)
    if args.again:
        return make_again(args)
    if args.picture:
        return pictures.save_summary(results.read_rows()[1], args.picture)
    if args.answer:
        return print(summary.answer(results.read_rows()[1]))
    if args.summary:
        return print(summary.page(*results.read_rows()))
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
    """Brings the file that ships up to date, by way of `args.out`. The file
    is written after every part of the plan, so that nothing is lost."""
    begun = [args.out] if args.out.exists() else []
    args.out.parent.mkdir(parents=True, exist_ok=True)
    results.pack([results.RECORDED, *begun], args.out, args.redo)
    say_estimate(all_work(results.read_rows(args.out)[1]))
    ends = time.monotonic() + 60 * args.minutes
    for number, part in enumerate(RECORDED, start=1):
        rows = results.read_rows(args.out)[1]
        part = replace(part, methods=tuple(
            name for name in part.methods
            if not args.only or name in args.only), tasks=tuple(
            name for name in part.tasks
            if not args.tasks or name in args.tasks))
        done, wanted = progress(rows)
        print(f"part {number} of {len(RECORDED)}; recorded: {done} of "
              f"{wanted} runs", flush=True)
        train(measurable(work_of(part, rows)), args.out, args.jobs,
              args.dask, ends)
        if time.monotonic() > ends:
            return print("stopped; the same command goes on from here")
        results.pack([args.out], results.RECORDED)
    args.out.unlink()
    ask_again()


def make_again(args):
    """Makes recorded runs again, and holds them against the record."""
    rows, out, done = results.read_rows()[1], args.again, []
    results.mend(out)
    if out.exists():
        info, done = results.read_rows(out)
        if gone := results.changed(info):
            raise ValueError(f"{out} was made before the {' and '.join(gone)} "
                             "changed: move it away, or name another file.")
    work = again.work(args.methods or names(done) or [REFERENCE], args.tasks,
                      rows, done)
    say_estimate(work)
    train(measurable(work), out, args.jobs, args.dask)
    print(again.table(rows, results.read_rows(out)[1]))


def ask_again():
    """Remakes what else rests on the bundled brain, if the brain changed."""
    now = results.read_rows(results.RECORDED)[0]
    for found, record in (
            (choices.read_choices(), lambda: choices.record(read_states())),
            (stopping.read(), stopping.record), (costs.read(), costs.record),
            (regression.read(), regression.record)):
        if not results.of_these(found, now):
            record()


def say_estimate(work):
    """Prints how long these jobs will take, if that can be told."""
    seconds = costs.estimate(work, costs.read())
    if seconds is not None:
        print(f"about {seconds / 60:.0f} processor minutes for all that is "
              "missing; divide by --jobs", flush=True)


def asked_for(args, preset, rows):
    """Those of a file's rows that the command names."""
    rates = args.rates or preset.rates
    rates = rates and [intervals.key(rate) for rate in rates]
    return [r for r in rows
            if r.method in (args.methods or preset.methods)
            and r.task in (args.tasks or preset.tasks)
            and (not rates or intervals.key(r.rate) in (None, *rates))]


def grid(methods, tasks, rates, seeds, out, epochs=None, workers=1,
         dask=None):
    """Runs everything that `out` does not hold yet, and adds it there.

    methods, tasks  names, or Method and Task objects
    rates           None for the tasks' own
    """
    results.mend(out)
    done = results.read_rows(out)[1] if Path(out).exists() else []
    recorded = [*results.read_rows()[1], *done]
    methods = [find_method(m, recorded) if isinstance(m, str) else m
               for m in methods]
    tasks = [find_task(t) if isinstance(t, str) else t for t in tasks]
    tasks = [shortened(task, epochs) for task in tasks]
    work = jobs(methods, tasks, rates, seeds, done)
    train(measurable(work), out, workers, dask)


def measurable(work) -> list:
    """The jobs whose method can be run here; says which ones cannot."""
    methods = {method.name: method for _, method, _ in work}
    why = {name: method.missing() for name, method in methods.items()}
    for name, reason in why.items():
        if reason is not None:
            print(f"{name}: not measured here ({reason})")
    return [job for job in work if why[job[1].name] is None]


def train(work, out, workers=1, dask=None, ends=float("inf")):
    """Runs these jobs, and adds their rows to `out` as they come."""
    from tqdm.auto import tqdm

    results.mend(out)
    total = sum(len(pairs) for _, _, pairs in work)
    with tqdm(total=total, unit="run", disable=not work) as bar:
        for rows in parallel(work, workers, dask):
            results.append_rows(out, rows)
            bar.update(len(rows))
            if time.monotonic() > ends:
                break


def shortened(task, epochs):
    """The task with another budget."""
    return task if epochs is None else replace(task, epochs=epochs)


def parallel(work, jobs=1, dask=None):
    """Yields the rows of each job once it is done, in any order."""
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
