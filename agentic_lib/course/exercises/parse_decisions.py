"""The checks of notebook 03, parse decisions."""

import random
import re

from agentic_lib.brain.decision import Metrics
from agentic_lib.course.exercises.checking import check, expect

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
               f"A wrong stop, the worst answer there is, for: {reply!r}",
               f"It means {answer!r}: a word such as 'stop' is not yet a "
               "decision. Ask for more than the word before you stop a run.")
    for reply, found, answer in read:
        expect(answer is not None or found is None,
               f"Nobody decided anything here, and you read {found!r}: "
               f"{reply!r}")
    missed = [(reply, found, answer) for reply, found, answer in read
              if found != answer]
    right = len(read) - 10 - len(missed)
    if right < ENOUGH:
        reply, found, answer = missed[0]
        others = " ".join(repr(reply) for reply, _, _ in missed[1:4])
        expect(False, f"No wrong stop, and {right} of 20 answers read; "
               f"{ENOUGH} are needed. For example {reply!r}: you read "
               f"{found!r}.", f"It means {answer!r}.",
               f"These are not read either: {others}")
    return f"{right} of 20 answers read, no wrong stop, no guess."


# Enough of the commonest words to tell an English sentence from a made-up one.
COMMON = set("""
a about after again all always am an and any anything are as at away back bad
be because been before better but by can change could do does done don't down
enough epoch epochs even ever every everything far faster few fine for from
further gap gently get getting give go goes going good got great had half happy
hard has have here hold how however i i'd i'll i'm if in into is isn't it it's
its just keep large last learn learning leave less let let's like little long
longer look looks lot low lower make many may maybe me might more most move
much must my need never new next no not nothing now of off ok old on once one
only or other our out over own past patience perhaps please point quite rate
reason right run same say see seems should slow slower small so some something
soon speed stay step steps still such sure take tell than that that's the their
them then there these they thing think this time to too training try turn two
under until up use very wait want was way we well what when where which while
why will wise with without won't work would yes yet you your
""".split())


@check
def check_breaking_reply(reply, meaning):
    """A reply that a person understands and the library's parser doesn't."""
    from agentic_lib import ACTIONS, parse_decision

    names = [action.name for action in ACTIONS]
    expect(isinstance(reply, str) and len(reply.split()) > 2,
           "Write a reply of three words or more.")
    expect(meaning in (*names, None),
           f"`it_means` must be one of {names}, or None.")
    words = re.findall(r"[\w']+", reply.lower().replace("\u2019", "'"))
    known = [word for word in words if word in COMMON or word in names]
    expect(words and 2 * len(known) >= len(words),
           "A person has to understand it at once. Write a plain English "
           "sentence.", f"Of its words I know these: {', '.join(known)}. At "
           "least half of them should be common words.")
    named = [name for name in names if name in reply]
    expect(meaning is None or named in ([], [meaning]) or len(named) > 1,
           f"It names {named} and you say that it means {meaning}: nobody "
           "would read it like that.")
    decision = parse_decision(reply)
    found = decision and decision.action
    expect(found != meaning, f"The parser reads {found!r}, as you do.",
           "Which words does it look for? Can you say the same without them?",
           "How would you say it to somebody who drives a car?")
    judge = "Only a person can judge this: let a neighbour read it first."
    if found is None:
        return ("The parser misses it, and the rules step in: no harm is "
                f"done. {judge}")
    return (f"The parser reads {found!r}: a wrong answer is worse than none. "
            f"{judge}")


@check
def check_safe_rule(rule, diverging, creeping):
    """`rule` never raises the rate of a diverging run whose training loss
    rose in an epoch since the last decision, lowers it now and then, and
    raises that of creeping runs; also on runs that it has not seen."""
    from agentic_lib import ACTIONS

    def rose(metrics):
        losses = [m.train_loss for m in metrics[-6:]]
        return any(not new <= old for old, new in zip(losses, losses[1:]))

    def decisions(runs):
        for metrics in runs:
            for end in range(5, len(metrics), 5):
                decision = rule(metrics[:end], ACTIONS, 5)
                expect(decision is not None,
                       "Your rule returns nothing: let it return a Decision.")
                yield metrics[:end], decision.action

    for runs, creep, where in (
            ([run.metrics for run in diverging],
             [run.metrics for run in creeping], ""),
            ([made_up(seed, jumps=True) for seed in range(4)],
             [made_up(seed, jumps=False) for seed in range(4)],
             " (In runs that the notebook does not show.)")):
        found = list(decisions(runs))
        for metrics, action in found:
            losses = " ".join(f"{m.train_loss:.4f}" for m in metrics[-6:])
            expect(action != "increase_learning_rate" or not rose(metrics),
                   "It raises the rate of a diverging run. What do the "
                   f"training losses of the last epochs say?{where}",
                   f"At epoch {metrics[-1].epoch} they are {losses}.",
                   "One rise from an epoch to the next is enough, also if the "
                   "last loss is lower than the first. Five epochs are five "
                   "steps: begin with the loss of the last decision, "
                   "`history[-1 - every:]`.")
        expect(any(action == "reduce_learning_rate" for _, action in found),
               "It never raises the rate of a diverging run, but it does not "
               f"lower it either.{where}", "Which decision would calm a run "
               "whose loss jumps?")
        raised = [action == "increase_learning_rate"
                  for _, action in decisions(creep)]
        expect(sum(raised) >= len(raised) / 4,
               "It is safe, but a run that creeps is hardly ever helped: "
               f"{sum(raised)} of {len(raised)} decisions raise its rate."
               f"{where}", "How do the losses of a creeping run differ from "
               "those of a diverging one?", "They fall in every epoch, by "
               "little. Raise the rate then.")
    return "Safe on diverging runs, helpful on creeping ones, seen or not."


def made_up(seed, jumps, epochs=40):
    """Metrics of a run that nobody trained: its loss creeps down, or jumps up
    once between two decisions and is lower again at the second."""
    dice = random.Random(seed)
    loss, accuracy, metrics = 2.3, 12.0, []
    for epoch in range(1, epochs + 1):
        loss *= dice.uniform(0.97, 0.99)
        accuracy += dice.uniform(0.1, 0.5) * (-1 if jumps else 1)
        jump = 1.1 if jumps and epoch % 5 == 2 else 1.0
        shown = max(5.0, accuracy)
        metrics.append(Metrics(epoch, shown, shown, jump * loss, jump * loss,
                               0.01, epochs))
    return metrics
