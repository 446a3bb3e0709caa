"""The checks of notebook 03, parse decisions."""

from agentic_lib.course.exercises.checking import Hint, check, expect

# Written by hand, in the manner in which small chat models write.
REPLIES = (
    ("increase_learning_rate", "increase_learning_rate"),
    ("Action: reduce_learning_rate. The gap is 16 points.",
     "reduce_learning_rate"),
    ("`continue`", "continue"),
    ("REDUCE_LEARNING_RATE", "reduce_learning_rate"),
    ("increase-learning-rate: both accuracies are low",
     "increase_learning_rate"),
    ("Lower the LR.", "reduce_learning_rate"),
    ("I'd raise the learning rate.", "increase_learning_rate"),
    ("Carry on.", "continue"),
    ("stop_training", "stop_training"),
    ('{"action": "stop_training", "reason": "flat for 20 epochs"}',
     "stop_training"),
    ("**reduce_learning_rate**\n\nThe loss jumps.", "reduce_learning_rate"),
    ("<think>\nstop_training? No.\n</think>\n\nincrease_learning_rate: slow",
     "increase_learning_rate"),
    ("continue: no need to reduce it", "continue"),
    ("I would not stop; continue", "continue"),
    ("reduce_learnig_rate", "reduce_learning_rate"),
    ("Increase it? No. Reduce the learning rate.", "reduce_learning_rate"),
    ("Answer: A", "continue"),
    ("Option C", "increase_learning_rate"),
    ("Decrease the learning rate, since the loss rises.",
     "reduce_learning_rate"),
    ("reduce_learning_rate, rather than stop_training",
     "reduce_learning_rate"),
    ("", None),
    ("I don't know.", None),
    ("The loss stopped falling.", None),
    ("If the loss keeps rising, stop training.", None),
    ("Should we stop training?", None),
    ("continue or stop_training", None),
    ("continue\nreduce_learning_rate\nincrease_learning_rate\n"
     "stop_training", None),
    ("<think>The gap is large, so stop_training looks", None),
    ("Do not stop_training.", None),
    ("There is no need to reduce the rate.", None),
)
ENOUGH = 18  # of the 20 replies that hold an answer


@check
def check_parser(parse):
    """`parse`: reply -> the name of an action, or None."""
    read = [(reply, parse(reply), answer) for reply, answer in REPLIES]
    for reply, found, answer in read:
        expect(found != "stop_training" or answer == "stop_training",
               f"A wrong stop, the worst answer there is, for: {reply!r}")
    for reply, found, answer in read:
        expect(answer is not None or found is None,
               f"Nobody decided anything here, and you read {found!r}: "
               f"{reply!r}")
    missed = [(reply, found, answer) for reply, found, answer in read
              if found != answer]
    right = len(read) - 10 - len(missed)
    if right < ENOUGH:
        reply, found, answer = missed[0]
        raise Hint(f"No wrong stop, and {right} of 20 answers read; {ENOUGH} "
                   f"are wanted. For example {reply!r}: you read {found!r}, "
                   f"it says {answer!r}.")
    return f"{right} of 20 answers read, no wrong stop, no guess."


@check
def check_breaking_reply(reply, meaning):
    """A reply that a person understands and the library's parser doesn't."""
    from agentic_lib import ACTIONS, parse_decision

    names = [action.name for action in ACTIONS]
    expect(isinstance(reply, str) and len(reply.split()) > 1,
           "Write a reply of two words or more.")
    expect(meaning in (*names, None),
           f"`meaning` must be one of {names}, or None.")
    named = [name for name in names if name in reply]
    expect(meaning is None or named in ([], [meaning]) or len(named) > 1,
           f"It names {named} and you say that it means {meaning}: nobody "
           "would read it like that.")
    decision = parse_decision(reply)
    found = decision and decision.action
    expect(found != meaning, f"The parser reads {found!r}, as you do.")
    if found is None:
        return "It is missed: the rules step in. No harm is done."
    return (f"The parser reads {found!r}: a wrong answer is worse than "
            "none. Ask a neighbour whether they read it as you do.")


@check
def check_safe_rule(rule, diverging, creeping):
    """`rule` never raises the rate of a diverging run whose training loss
    has just risen, lowers it now and then, and raises that of the creeping
    runs."""
    from agentic_lib import ACTIONS

    def rose(run, epoch):
        losses = [m.train_loss for m in run.metrics[max(0, epoch - 6):epoch]]
        return any(not new <= old for old, new in zip(losses, losses[1:]))

    def decisions(runs):
        for run in runs:
            for end in range(5, len(run.metrics), 5):
                decision = rule(run.metrics[:end], ACTIONS, 5)
                expect(decision is not None,
                       "Your rule returns nothing: let it return a Decision.")
                yield run, end, decision.action

    found = list(decisions(diverging))
    for run, epoch, action in found:
        expect(action != "increase_learning_rate" or not rose(run, epoch),
               f"It raises the rate of a diverging run, at epoch {epoch}. "
               "What do the training losses of the last epochs say?")
    expect(any(action == "reduce_learning_rate" for *_, action in found),
           "It never raises the rate of a diverging run, but it does not "
           "lower it either.")
    raised = [action == "increase_learning_rate"
              for *_, action in decisions(creeping)]
    expect(sum(raised) >= len(raised) / 4,
           "It is safe, but a run that creeps is hardly ever helped: "
           f"{sum(raised)} of {len(raised)} decisions raise its rate.")
    return (f"No raise in {len(found)} decisions on diverging runs, and "
            f"{sum(raised)} of {len(raised)} on creeping ones.")
