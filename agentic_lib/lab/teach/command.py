"""`python -m agentic_lib teach`: makes the bundled brain from nothing.

With --naive it makes the other brain that ships, which is taught badly on
purpose.
"""

from pathlib import Path

import torch

from agentic_lib.lab.teach.labels import (
    LABELS,
    held_back,
    load_groups,
    unpack,
)
from agentic_lib.lab.teach.making import make_brain
from agentic_lib.lab.teach.naive import STEPS, make_naive_brain
from agentic_lib.lab.teach.reward import POLICY, Policy
from agentic_lib.lab.teach.rounds import make_labels
from agentic_lib.lab.teach.saving import save

VISITS = 24  # groups of runs that the brain itself steers


def add_arguments(parser):
    """The options of `python -m agentic_lib teach`."""
    add = parser.add_argument
    add("--out", type=Path, default=Path("taught_brain"),
        help="folder for the brain")
    add("--work", type=Path, default=Path("teaching"),
        help="folder for labels and weights in the making; a command that "
             "was interrupted resumes from there")
    add("--from-labels", action="store_true",
        help="use the labels that are shipped instead of making new ones")
    add("--add", action="store_true",
        help="make new labels and use those that are shipped as well; the "
             "new runs are continued under what those teach")
    add("--label-minutes", type=float, default=25, help="for making labels")
    add("--groups", type=int,
        help="make so many groups of labels, however long it takes")
    add("--teach-minutes", type=float, default=25, help="for teaching")
    add("--steps", type=int,
        help="teach for so many steps, on one thread, however long it takes: "
             "repeatable bit for bit on one machine, with --from-labels or "
             "--groups")
    add("--policy", type=Path, nargs="?", const=POLICY, metavar="FILE",
        help="teach what this policy does instead of what the labels say; "
             "without a file the one that ships, which the policy gradient "
             "made of the labels (lab/teach/reward.py)")
    add("--jobs", type=int, default=2, help="processes that make labels")
    add("--width", type=int, default=128, help="of the network, in 64s")
    add("--layers", type=int, default=3)
    add("--seed", type=int, default=0)
    add("--naive", action="store_true",
        help="make the naive brain instead, from the labels that are "
             "shipped; it has a size and a number of steps of its own")
    add("--model", help="a hub id or folder: teach a LoRA adapter for this "
                        "model instead (needs peft, and wants a GPU)")


def run(args):
    """Makes labels if needed, teaches, calibrates, saves."""
    if args.naive:
        return run_naive(args)
    torch.set_num_threads(1 if args.steps else args.jobs)
    taught, kept = held_back(labels_for(args))
    seconds = None if args.steps else 60 * args.teach_minutes
    if args.model:
        if args.policy:
            raise ValueError(f"--policy={args.policy} is taught to a network "
                             "that begins from nothing: leave out --model.")
        from agentic_lib.lab.teach.adapter import teach_adapter

        return teach_adapter(args.model, taught, seconds, args.out,
                             args.seed, steps=args.steps)
    network, tokenizer, lessons = make_brain(
        taught, seconds, args.steps, args.width, args.layers, args.seed,
        own=VISITS, keep=work_folder(args),
        policy=args.policy and Policy.load(args.policy))
    print("Calibrating ...")
    for name, value in save(network, tokenizer, lessons, kept,
                            args.out).items():
        print(f"  {name}: {value:.3g}")
    print(f"Written: {args.out}. Use it: SimpleAIBrain({str(args.out)!r})")


def run_naive(args):
    """Teaches the naive brain and saves it."""
    torch.set_num_threads(1)
    taught, _ = held_back(unpack(LABELS))
    make_naive_brain(taught, args.out, args.steps or STEPS, args.seed)
    print(f"Written: {args.out}. Its faults: python -m "
          f"agentic_lib.lab.teach.faults {args.out}")


def labels_for(args):
    """The labels that are shipped, or new ones."""
    if args.from_labels:
        return unpack(LABELS)
    folder = args.work / f"seed{args.seed}" / "labels"
    ends = ({"count": args.groups} if args.groups
            else {"seconds": 60 * args.label_minutes})
    shipped = unpack(LABELS) if args.add else []
    make_labels(folder, seed=args.seed, jobs=args.jobs,
                before=held_back(shipped)[0], **ends)
    return [*shipped, *load_groups(folder)]


def work_folder(args) -> Path:
    """Where an unfinished brain is kept: a different folder for different
    settings, so that two brains never mix."""
    labels = ("shipped" if args.from_labels else
              "added" if args.add else "made")
    folder = (args.work / f"seed{args.seed}" /
              f"{labels}{'-policy' if args.policy else ''}"
              f"-width{args.width}-layers{args.layers}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
