"""Prompts in many wordings.

A brain that has read one wording knows that wording; one that has read many
wordings responds to what the words say. Knows nothing about which action is
right.
"""

from dataclasses import dataclass, replace

import numpy as np

from agentic_lib.brain.decision import ACTIONS, Metrics, with_factors
from agentic_lib.show.presets import PRESETS
from agentic_lib.brain.prompt import (
    SYSTEM,
    USER,
    Prompt,
    describe,
    known_lines,
    template_fields,
)
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.lab.batch import METRICS

SYSTEMS = (
    SYSTEM,
    "You steer the training of a neural network.\n{actions}\n"
    "Answer with the name of one action, a colon and one short reason.",
    "A neural network is in training. Every {every} epochs one action is "
    "chosen:\n{actions}\nName the action, then a colon, then why.",
    "Choose one action for this training run.\n{actions}",
)
# Other ways to say a line of the default prompt, in its order.
WORDINGS = (
    ("Epoch {epoch} of {total_epochs}", "Epoch: {epoch}",
     "Epochs left: {epochs_left}", "Decisions left: {decisions_left}"),
    ("LR: {learning_rate}", "Learning rate: {learning_rate}",
     "Rate: {learning_rate}[, changed from {last_rate_of_first} of the first]",
     "Rate, as a multiple of the first: {rate_of_first}"),
    ("Train acc: {train_acc}", "Training accuracy: {train_acc} %",
     "Accuracy on the training data: {train_acc}[ ({train_acc_change})]"),
    ("Val acc: {val_acc}", "Validation accuracy: {val_acc} %",
     "Test accuracy: {val_acc} %[, {trend}]",
     "Accuracy on the validation data: {val_acc}[ ({val_acc_change})]",
     "Best validation accuracy: {best_val_acc}, {since_best}"),
    ("Gap, training minus validation: {gap} points", "Gap: {gap} points"),
    ("Train loss: {train_loss}", "Training loss: {train_loss}",
     "Loss on the training data: {train_loss}[ ({train_loss_change})]",
     "Training loss, as a multiple of the first: {train_loss_of_first}",
     "The training loss rose {train_loss_rises}."),
    ("Val loss: {val_loss}", "Validation loss: {val_loss}",
     "Loss on the validation data: {val_loss}[ ({val_loss_change})]",
     "Validation loss, as a multiple of the first: {val_loss_of_first}",
     "Lowest validation loss: {best_val_loss}, {since_best_loss}"),
    ("What should I do?", "Your decision?", "What next?"),
)
SHARES = {  # how often a prompt of each kind is taught
    "default": 0.56, "three numbers": 0.05, "fewer metrics": 0.06,
    "losses": 0.09, "accuracies": 0.04, "varied": 0.09, "original": 0.04,
    "trend in words": 0.02, "few-shot": 0.03, "bad": 0.02,
}
OFFERED = 0.2  # share of prompts that offer cool_down, if the budget is known
ACCURACIES = METRICS[:2]


@dataclass(frozen=True)
class State:
    """A run at a decision.

    seen            (epochs, 5) metrics so far, in batch.METRICS' order
    horizon, every  epochs in all, and between two decisions
    factors         for lowering and raising
    """

    seen: np.ndarray
    horizon: int
    every: int
    factors: tuple[float, float]

    def history(self, hide=()) -> list[Metrics]:
        """As the controller would hand it to the brain. `hide` names what
        is not known, in addition to accuracies if there are none."""
        total = None if "total_epochs" in hide else self.horizon
        if self.only_losses():
            hide = (*hide, *ACCURACIES)
        names = [(i, n) for i, n in enumerate(METRICS) if n not in hide]
        return [Metrics(epoch=e + 1, total_epochs=total,
                        **{name: float(row[i]) for i, name in names})
                for e, row in enumerate(self.seen)]

    def only_losses(self) -> bool:
        """True if there is no accuracy: a number is predicted."""
        return bool(np.isnan(self.seen[:, :len(ACCURACIES)]).all())

    def actions(self):
        """The four actions with this run's factors."""
        return with_factors(ACTIONS, *self.factors)

    def in_other_units(self, rng):
        """The same run with losses and rates in other units, drawn over six
        decades."""
        loss, rate = 10 ** rng.uniform(-3, 3, 2)
        return replace(self, seen=self.seen * np.array(
            [1, 1, loss, loss, rate]))


@dataclass(frozen=True)
class Question:
    """What the brain is shown, and what that says, field by field.

    messages  chat messages; `names` the actions in the order shown
    known     {field: text} of what the prompt holds
    """

    messages: list
    names: tuple[str, ...]
    known: dict


def ask(state, rng, kind=None, cool=False) -> Question:
    """A prompt about `state`, of a kind drawn by SHARES. If `cool`, some
    prompts offer cool_down as well."""
    kind = kind or rng.choice(list(SHARES), p=list(SHARES.values()))
    if state.only_losses():
        kind = "losses"
    if rng.random() < 0.5:
        state = state.in_other_units(rng)
    hide, prompt = (), PRESETS.get(kind, PRESETS["default"])
    if kind == "three numbers":
        return three_numbers(state, rng)
    if kind == "accuracies":
        return accuracies(state, rng)
    if kind == "fewer metrics":
        hideable = ("train_loss", "val_loss", "learning_rate",
                    "total_epochs", "train_acc")
        hide = [n for n in hideable if rng.random() < 0.35]
    if kind == "losses":
        hide = [n for n in ("total_epochs", "learning_rate")
                if rng.random() < 0.1] + list(ACCURACIES)
    if kind == "varied":
        prompt = varied_prompt(rng)
    if kind == "default" and rng.random() < 0.1:
        prompt = replace(prompt, user=fewer_lines(prompt.user, rng))
    cool = cool and "total_epochs" not in hide and rng.random() < OFFERED
    return question(prompt, state.history(hide), state, rng, cool)


def question(prompt, history, state, rng, cool=False) -> Question:
    """The prompt's messages, with the options in any order."""
    actions = [*state.actions(), *([COOL_DOWN] if cool else ())]
    if rng.random() < 0.6:
        rng.shuffle(actions)
    if rng.random() < 0.05:
        actions = [a for a in actions if not a.stop]
    return as_it_stands(prompt, history, state, actions)


def as_it_stands(prompt, history, state, actions) -> Question:
    """The prompt's messages, with these options in this order."""
    values = describe(history, state.every)
    shown = [field for line in known_lines(prompt.user, values)
             for field in template_fields(line)]
    return Question(
        prompt.messages(history, actions, state.every),
        tuple(a.name for a in actions),
        {field: values[field] for field in shown},
    )


def three_numbers(state, rng) -> Question:
    """As `think_about_training` asks: two accuracies and the epoch."""
    now = state.history(hide=("train_loss", "val_loss", "learning_rate",
                              "total_epochs"))[-1:]
    return question(PRESETS["default"], now, state, rng)


def accuracies(state, rng) -> Question:
    """Accuracies and the rate at the last three decisions, and no more."""
    history = state.history(hide=("train_loss", "val_loss"))
    newest_first = history[:-2 - 2 * state.every:-state.every]
    return question(PRESETS["default"], newest_first[::-1], state, rng)


def fewer_lines(user, rng):
    """A template without some of its lines; the last line stays."""
    *lines, last = user.splitlines()
    kept = [line for line in lines if rng.random() < 0.75]
    return "\n".join((kept or lines[:4]) + [last])


def varied_prompt(rng) -> Prompt:
    """The default prompt reworded, reordered, with lines left out."""
    *lines, closing = [
        str(rng.choice([line, *others])) if rng.random() < 0.6 else line
        for line, others in zip(USER.splitlines(), WORDINGS)]
    if rng.random() < 0.5:
        rng.shuffle(lines)
    user = fewer_lines("\n".join([*lines, closing]), rng)
    return Prompt(system=str(rng.choice(SYSTEMS)), user=user)


def anchor(rng):
    """One of the original text's examples, varied a little.

    Returns (Question, the action it calls for): reduce at a gap of 16,
    continue at 89 and 85, stop if both are high late in the run, increase if
    both are low.
    """
    train, gap, epoch, action = (
        (rng.uniform(88, 97), rng.uniform(13, 24), rng.integers(8, 31), 1),
        (rng.uniform(82, 93), rng.uniform(-1, 5), rng.integers(8, 31), 0),
        (rng.uniform(97, 100), rng.uniform(-1, 3), rng.integers(40, 91), 3),
        (rng.uniform(6, 22), rng.uniform(-2, 3), rng.integers(5, 31), 2),
    )[rng.integers(4)]
    seen = np.full((int(epoch), len(METRICS)), np.nan)
    seen[:, 0], seen[:, 1] = train, min(max(train - gap, 0), 100)
    seen[:, 4] = 10 ** rng.uniform(-2.5, -1.5)
    state = State(seen, max(60, int(epoch) + 5), 5, (0.7, 1.3))
    show = three_numbers if rng.random() < 0.6 else accuracies
    return show(state, rng), action
