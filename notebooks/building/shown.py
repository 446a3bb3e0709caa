"""Real runs, drawn once for the slides: pictures, and the words beside them.

Everything is written to `pictures/`, so that the pages can be made again
without running anything. Knows nothing about pages.
"""

import json
import sys

from building.series import HERE, ROOT

PICTURES = HERE / "pictures"
SHOWN = PICTURES / "shown.json"
# The run that notebook 00 gives to its readers, and that the brain takes over.
START = {"lr": 0.5, "epochs": 65, "seed": 0, "guards": False}
RATES = {"A": 0.6, "B": 0.002, "C": 0.05}  # for "too low, too high, right?"
LOOKS = {"A": {"color": "#0072B2", "ls": "-", "lw": 3},
         "B": {"color": "#D55E00", "ls": "--", "lw": 3},
         "C": {"color": "#009E73", "ls": ":", "lw": 3}}
REPLIES = (
    "reduce_learning_rate: the loss jumps.",
    "Action: **increase**, it creeps.",
    "I would not stop yet.",
    "Either continue or stop.",
    "These are interesting metrics!",
)


def draw_shown():
    """Trains seven small networks and writes what the slides show of them.
    """
    sys.path.insert(0, str(ROOT))
    from agentic_lib import Prompt, SimpleAIBrain, load_data, train
    from agentic_lib.brain.parser import parse_decision
    from agentic_lib.course.scripted import ScriptedBrain
    from agentic_lib.show.plots import alt_text, save_figure

    data = load_data("digits", label_noise=0.3)
    brain = SimpleAIBrain("bundled", quiet=True)
    run, alone = train(data, brain, **START), train(data, None, **START)
    save_figure(run, PICTURES / "run.svg", compare=alone, size=(8.4, 4.6))

    def other(name, brain=None):
        return train(data, brain, lr=RATES[name], epochs=30, seed=1,
                     guards=False)

    others = {name: other(name) for name in RATES}
    raised = {name: other(name, ScriptedBrain(["increase_learning_rate"] * 5))
              for name in "AB"}
    draw_rates(others)
    draw_losses(others)
    SHOWN.write_text(json.dumps({
        "run_alt": alt_text(run, alone),
        "rates_alt": rates_alt(others),
        "losses_alt": losses_alt(others),
        "ends": ends(others), "raised": ends(raised),
        "prompt": Prompt().messages(run.metrics[:10])[1]["content"],
        "replies": [[reply, getattr(parse_decision(reply), "action", None)]
                    for reply in REPLIES],
    }, indent=1, ensure_ascii=False) + "\n")


def draw_rates(runs):
    """Validation accuracy of each run, its name at the end of its line."""
    figure, axes = new_figure(1)
    for name, run in runs.items():
        heights = [m.val_acc for m in run.metrics]
        axes.plot(range(1, len(heights) + 1), heights, **LOOKS[name])
        axes.annotate(name, (len(heights), heights[-1]), xytext=(8, 0),
                      textcoords="offset points", size=22, weight="bold",
                      color=LOOKS[name]["color"], va="center",
                      annotation_clip=False)
    axes.set_ylim(0, 100)
    finish(figure, "validation accuracy (%)", "rates.svg", rates_alt(runs))


def draw_losses(runs):
    """Training loss of the two runs with the same low accuracy."""
    figure, both = new_figure(2)
    for axes, name, word in zip(both, "BA", ("creeps", "jumps")):
        heights = [m.train_loss for m in runs[name].metrics]
        axes.plot(range(1, len(heights) + 1), heights, **LOOKS[name])
        axes.set_title(f"{name} {word}: rate {RATES[name]:g}", size=16)
    finish(figure, "training loss", "losses.svg", losses_alt(runs))


def new_figure(panels):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2) if panels == 1 else (11, 3.4),
                    layout="constrained")
    return figure, figure.subplots(1, panels, sharey=True)


def finish(figure, measure, name, alt):
    """Labels and a grid; written as SVG, the same one each time."""
    from matplotlib import rc_context

    for axes in figure.axes:
        axes.set_xlabel("epoch", size=14)
        axes.tick_params(labelsize=12)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel(measure, size=14)
    with rc_context({"svg.hashsalt": name}):
        figure.savefig(PICTURES / name, metadata={
            "Date": None, "Description": alt})


def ends(runs) -> dict[str, str]:
    """The last validation accuracy of each run, in percent."""
    return {name: f"{run.metrics[-1].val_acc:.0f}"
            for name, run in runs.items()}


def rates_alt(runs) -> str:
    told = ", ".join(f"{name} ends at {end} %"
                     for name, end in ends(runs).items())
    return (f"Validation accuracy over {len(runs['A'].metrics)} epochs of "
            f"three runs that differ in their learning rate: {told}.")


def losses_alt(runs) -> str:
    def rises(name):
        losses = [m.train_loss for m in runs[name].metrics]
        return sum(new > old for old, new in zip(losses, losses[1:]))
    return ("Training loss of the two runs that end low. "
            f"It rises in {rises('B')} epochs of B and in {rises('A')} "
            "epochs of A.")
