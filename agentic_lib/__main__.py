"""The command line: `python -m agentic_lib` does the main job.

It trains a small network on real data under the brain, beside the same run at
a constant rate, and saves both as a file, a picture and a report. Other
commands live in modules of their own and are imported only when asked for.
"""

import argparse
import importlib
import re
import sys
from pathlib import Path

from agentic_lib.models.errors import LanguageModelError

# command -> (module with add_arguments and run, what it does)
COMMANDS = {
    "check": ("agentic_lib.lab.check", "does a brain choose well?"),
    "bench": ("agentic_lib.lab.bench", "how long a decision takes"),
    "teach": ("agentic_lib.lab.teach.command",
              "make the bundled brain from nothing"),
    "compare": ("agentic_lib.lab.compare.compare",
                "methods x tasks x rates x seeds"),
}


def main(arguments=None):
    """Runs one command; the main job if none is named."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments and arguments[0] in COMMANDS:
        name = arguments[0]
        module, purpose = COMMANDS[name]
        command = importlib.import_module(module)
        parser = argparse.ArgumentParser(f"python -m agentic_lib {name}",
                                         description=purpose)
        command.add_arguments(parser)
        job, arguments = command.run, arguments[1:]
    else:
        parser, job = main_parser(), run
    try:
        return job(parser.parse_args(arguments))
    except (ValueError, OSError, LanguageModelError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def main_parser() -> argparse.ArgumentParser:
    """The options of the main job."""
    others = "\n".join(f"  {name:<8} {purpose}"
                       for name, (_, purpose) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "python -m agentic_lib",
        description="Train a small network under the brain, and beside it "
                    "the same network at a constant learning rate. The "
                    "default start is a poor one, so that there is something "
                    "to fix: --lr 0.1 is a better one.",
        epilog="other commands (each with a --help of its own):\n" + others,
        formatter_class=Formatter)
    add = parser.add_argument
    add("--data", default="digits",
        help="digits (ships with scikit-learn), fashion_mnist or cifar10 "
             "(downloaded)")
    add("--brain", default="bundled",
        help="bundled, qwen, auto, rules, a hub id, a folder or "
             "http://host:8000/v1")
    add("--api-key", choices=("OPENAI_API_KEY", "HF_TOKEN"),
        help="a server gets the key of this name in the environment")
    add("--lr", type=float, default=0.5,
        help="the learning rate to start with")
    add("--epochs", type=int, default=100, help="the budget")
    add("--every", type=int, default=5, help="epochs between two decisions")
    add("--reduce", type=float, default=0.7,
        help="the factor for a lower rate")
    add("--increase", type=float, default=1.3,
        help="the factor for a higher rate")
    add("--optimizer", default="sgd", choices=["sgd", "adam", "adamw"],
        help="sgd has a momentum of 0.9")
    add("--label-noise", type=float, default=0.2,
        help="share of the training labels drawn at random: this is what the "
             "network can overfit to")
    add("--train-size", type=int, default=None,
        help="number of training examples (digits: 600)")
    add("--seed", type=int, default=0,
        help="for data, weights and the order of the examples")
    add("--no-guards", action="store_true",
        help="nothing overrules the brain, and nothing rescues the run")
    add("--out", type=Path, default=Path("runs"), help="where to write")
    add("--name", default=None,
        help="the folder's name; made from the settings if not given")
    add("--resume", action="store_true",
        help="continue the run of that name, if there is one")
    return parser


class Formatter(argparse.ArgumentDefaultsHelpFormatter,
                argparse.RawDescriptionHelpFormatter):
    """Shows defaults, and keeps the lines of the list of commands."""


def run(options):
    """The main job."""
    # Imported here, so that --help answers at once.
    from agentic_lib.brain.brain import SimpleAIBrain
    from agentic_lib.run.data import load_data
    from agentic_lib.run.training import train
    from agentic_lib.show.plots import alt_text, save_figure
    from agentic_lib.show.report import write_report

    data = load_data(options.data, train_size=options.train_size,
                     label_noise=options.label_noise, seed=options.seed)
    brain = SimpleAIBrain(options.brain, api_key=options.api_key)
    same = {"lr": options.lr, "epochs": options.epochs, "seed": options.seed,
            "optimizer": options.optimizer, "progress": True,
            "resume": options.resume}
    folder = new_folder(options)
    steered = train(data, brain, every=options.every, reduce=options.reduce,
                    increase=options.increase, folder=folder,
                    guards=False if options.no_guards else None, **same)
    print("\nThe same run at a constant rate:")
    constant = train(data, None, folder=folder / "constant", **same)

    picture = save_figure(steered, folder / "run.png", compare=constant)
    report = write_report(steered, folder / "report.html", compare=constant)
    print(f"\nThe steered run. {alt_text(steered, constant)}\n\n"
          f"Test accuracy   steered {steered.test_acc:.1f} %   "
          f"constant {constant.test_acc:.1f} %\n\n"
          f"Written:  {folder / 'run.jsonl'}\n"
          f"          {picture}\n"
          f"          {report}")


def new_folder(options) -> Path:
    """A folder that does not exist yet, so that no earlier run is lost; the
    existing one if it is to be resumed."""
    brain = re.sub("//.*@", "", options.brain)  # no password in a name
    brain = "".join(c if c.isalnum() else "-" for c in brain)
    name = options.name or \
        f"{options.data}-{brain}-lr{options.lr:g}-seed{options.seed}"
    folder, count = options.out / name, 1
    while folder.exists() and not options.resume:
        count += 1
        folder = options.out / f"{name}-{count}"
    folder.mkdir(parents=True, exist_ok=options.resume)
    return folder


if __name__ == "__main__":
    main()
