"""Reasons that are true.

A reason is chosen by what the numbers show, and takes every number from the
prompt itself, so that there is nothing to invent. Knows nothing about prompts
except {field: text}, what one of them holds.
"""

import re

NUMBER = re.compile(r"nan|inf|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def first_number(text):
    """The number that a field's text begins with."""
    return float(text.split()[0])


def ago(text):
    """How many decisions ago a best value was; 0 if it is the newest."""
    return 0 if text == "now" else int(text.split()[-3])


# The reasons for each action, the weightiest first: (fields it mentions, when
# it holds, what it says). The first one that holds is the reason.
REASONS = {
    "reduce_learning_rate": (
        (("train_loss_of_first",), lambda v: v == "nan" or v == "inf",
         "The training loss is {train_loss_of_first}: "
         "the rate is far too high."),
        (("train_loss_rises",), lambda v: first_number(v) >= 1,
         "The training loss rose {train_loss_rises}: "
         "smaller steps calm it."),
        (("decisions_left",), lambda v: first_number(v) <= 3,
         "With only {decisions_left} to go, smaller steps let it settle."),
        (("gap",), lambda v: first_number(v) >= 8,
         "The gap of {gap} points is large: smaller steps are safer."),
        (("since_best",), lambda v: ago(v) >= 2,
         "The best validation accuracy was {since_best}: "
         "smaller steps may get past it."),
        (("val_acc",), lambda v: True,
         "Validation accuracy is {val_acc} %: "
         "smaller steps can refine it."),
    ),
    "increase_learning_rate": (
        (("val_acc",), lambda v: first_number(v) < 40,
         "Validation accuracy is only {val_acc} %: "
         "larger steps get there sooner."),
        (("train_loss_rises",), lambda v: first_number(v) == 0,
         "The training loss rose {train_loss_rises}: "
         "there is room for larger steps."),
        (("gap",), lambda v: first_number(v) < 5,
         "The gap is only {gap} points: larger steps can be risked."),
        (("decisions_left",), lambda v: True,
         "With {decisions_left} to go, "
         "larger steps make more of them."),
        (("val_acc",), lambda v: True,
         "Validation accuracy is {val_acc} %: "
         "larger steps may bring more."),
    ),
    "continue": (
        (("since_best",), lambda v: ago(v) == 0,
         "Validation accuracy is at its best now: "
         "this rate works."),
        (("train_loss_rises",), lambda v: first_number(v) <= 1,
         "The training loss rose {train_loss_rises}: "
         "this rate works."),
        (("gap",), lambda v: first_number(v) < 8,
         "The gap is {gap} points: this rate works."),
        (("decisions_left",), lambda v: True,
         "With {decisions_left} to go, "
         "this rate may still do."),
        (("val_acc",), lambda v: True,
         "Validation accuracy is {val_acc} %: "
         "nothing calls for another rate."),
    ),
    "cool_down": (
        (("since_best",), lambda v: ago(v) >= 2,
         "The best validation accuracy was {since_best}: "
         "a falling rate may get past it."),
        (("decisions_left",), lambda v: True,
         "With {decisions_left} to go, a falling rate lets it settle."),
        (("val_acc",), lambda v: True,
         "Validation accuracy is {val_acc} %: "
         "a falling rate can refine it."),
    ),
    "stop_training": (
        (("train_loss_of_first",), lambda v: v == "nan" or v == "inf",
         "The training loss is {train_loss_of_first}: "
         "no rate can bring it back."),
        (("since_best",), lambda v: ago(v) >= 2,
         "The best validation accuracy was {since_best}: "
         "nothing more is to be gained."),
        (("decisions_left",), lambda v: first_number(v) <= 3,
         "With only {decisions_left} to go, "
         "nothing more is to be gained."),
        (("val_acc",), lambda v: True,
         "Validation accuracy is {val_acc} %: "
         "nothing more is to be gained."),
    ),
}
PLAIN = {  # if the prompt shows no number that could be quoted
    "reduce_learning_rate": "Smaller steps are safer.",
    "increase_learning_rate": "Larger steps get there sooner.",
    "continue": "Nothing calls for another rate.",
    "cool_down": "A falling rate lets it settle.",
    "stop_training": "Nothing more is to be gained.",
}


def quotable(known) -> dict:
    """{field: text} that a reason may quote: the fields that are shown, and
    the decisions left, which are part of `progress`."""
    _, of, left = known.get("progress", "").partition("of the budget, ")
    return {"decisions_left": left.removesuffix(" left"), **known} if of \
        else known


def reason(name, known) -> str:
    """A true sentence for action `name`, from what the prompt shows."""
    values = quotable(known)
    for fields, holds, text in REASONS[name]:
        if all(f in values for f in fields) and \
                holds(*(values[f] for f in fields)):
            return text.format(**values)
    return PLAIN[name]


def true_reasons(name, known):
    """Every sentence for an action that is true of what a prompt shows."""
    values = quotable(known)
    said = {text.format(**values) for fields, holds, text in REASONS[name]
            if all(field in values for field in fields)
            and holds(*(values[field] for field in fields))}
    return said | {PLAIN[name]}


def patterns(name):
    """Regular expressions for what can be said for an action, true or not."""
    texts = [text for _, _, text in REASONS[name]] + [PLAIN[name]]
    return [re.sub(r"\\{\w+\\}", ".+", re.escape(text)) for text in texts]
