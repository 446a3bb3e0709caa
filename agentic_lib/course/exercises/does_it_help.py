"""The checks of notebook 07, does it help?"""

import random

from agentic_lib.course.exercises.checking import check, expect


@check
def regret_of(measure):
    """measure(constant, method) -> mean points that are missing to the best
    constant rate."""
    constant = {(0.01, 0): 60.0, (0.01, 1): 99.0, (0.1, 0): 90.0,
                (0.1, 1): 80.0, (1.0, 0): 85.0, (1.0, 1): 60.0}
    method = {(0.01, 0): 85.0, (0.01, 1): 75.0, (0.1, 0): 88.0,
              (0.1, 1): 79.0}
    found = measure(dict(constant), dict(constant))
    expect(found is not None, "It returned None: is there a return?")
    expect(abs(found - 15.5) > 0.01, "How many best rates does your function "
           "find?", "You seem to take the better one for every seed by "
           "itself. The best rate is one for all seeds, chosen by its mean.")
    expect(abs(found - 6) < 1e-6, "In the example of this check, the "
           "constant rates have a mean regret of 6, and you have "
           f"{found:.4g}.", "Which rate has the highest mean over its seeds?",
           "It is 0.1, with a mean of 85. So 0.1 has a regret of 0, and the "
           "other rates have 5.5 and 12.5.")
    found = measure(constant, method)
    expect(abs(found - 3.25) < 1e-6, "A method that reaches 85 and 75 from "
           "0.01, 88 and 79 from 0.1 has a regret of 3.25; you have "
           f"{found:.4g}.", "With which run is each run of the method "
           "compared?", "With the best constant rate at the same seed.")
    return "All tables below are made of this number."


@check
def paired_interval(make):
    """make(differences) -> (low, high) of a bootstrap of the mean, 95 %."""
    dice = random.Random(0)
    for spread, count in ((1.0, 40), (6.0, 60)):
        sample = [3 + dice.gauss(0, spread) for _ in range(count)]
        ends = [make(list(sample)) for _ in range(8)]  # they wobble a little
        low, high = (sum(end) / len(ends) for end in zip(*ends))
        mean = sum(sample) / count
        deviation = (sum((x - mean) ** 2 for x in sample) / count) ** 0.5
        width = 2 * 1.96 * deviation / count ** 0.5
        expect(low < mean < high, f"The mean of the sample is {mean:.2f}, "
               f"and your interval goes from {low:.2f} to {high:.2f}.",
               "How far would the mean move if other seeds had been drawn?",
               "Draw from the differences, with repetition, and take the mean "
               "of what you drew. Do that a thousand times.")
        told = (f"For {count} differences with a spread of {deviation:.1f} it "
                f"should be about {width:.2f} wide and is {high - low:.2f}.")
        steps = ("Draw as many as there are, with repetition; take the mean; "
                 "do it a thousand times.", "Sort the means and leave out "
                 "2.5 % of them on each side, no more and no less.")
        expect(high - low > 0.92 * width, f"Too narrow. {told}", *steps)
        expect(high - low < 1.08 * width, f"Too wide. {told}", *steps)
    return "It is narrow if there is much data and little noise."


@check
def beats_constant(rule):
    """A method of one's own, from a poor start and from a good one, judged
    on validation data; it must look at the metrics."""
    from agentic_lib.brain.decision import ACTIONS
    from agentic_lib.lab.compare.methods import METHODS, Method, decided
    from agentic_lib.lab.compare.tasks import TASKS
    from agentic_lib.lab.compare.trials import run_job

    answers = [[str(rule(history, ACTIONS, 5)) for history in unlike(epoch)]
               for epoch in range(10, 60, 5)]
    expect(any(len(set(row)) > 1 for row in answers), "It decides the same "
           "for a run that learns and for one that falls apart.", "So what it "
           "gains does not come from the metrics. What do the losses in "
           "`history` say?")

    def mean(method, rate):
        rows = run_job(TASKS["spirals"], method, [(rate, s) for s in (7, 8)])
        return sum(row.val_best for row in rows) / len(rows)

    mine = Method("mine", decided(rule))
    gained = mean(mine, 0.003) - mean(METHODS["constant"], 0.003)
    lost = mean(METHODS["constant"], 0.1) - mean(mine, 0.1)
    expect(gained > 3, "From a start that is too low it gains too little.",
           f"On spirals from 0.003 it gains {gained:.1f} points of validation "
           "accuracy over a constant rate, and needs more than 3.",
           "Does it raise the rate while the training loss falls?")
    expect(lost < 2, f"From the good start of 0.1 it loses {lost:.1f} points. "
           "When should a rule leave the rate alone?",
           "If the training accuracy is high already, or the end is near.")
    return (f"{gained:+.1f} points of validation accuracy from a poor start, "
            f"{-lost:+.1f} from a good.")


def unlike(epoch) -> list:
    """Two histories of the same epochs and rate: one learns, one diverges."""
    from agentic_lib.brain.decision import Metrics

    def history(loss_of, accuracy_of):
        return [Metrics(e, accuracy_of(e), accuracy_of(e), loss_of(e),
                        loss_of(e), 0.01, 60) for e in range(1, epoch + 1)]

    return [history(lambda e: 2 / e, lambda e: min(99.0, 40.0 + 2 * e)),
            history(lambda e: 2 + e / 10 + e % 2, lambda e: 10.0 + e % 3)]
