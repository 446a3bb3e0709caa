"""The checks of notebook 07, does it help?"""

import random

from agentic_lib.course.exercises.checking import check, expect


@check
def regret_of(measure):
    """measure(constant, method) -> mean points behind the best rate."""
    constant = {(0.01, 0): 60.0, (0.01, 1): 99.0, (0.1, 0): 90.0,
                (0.1, 1): 80.0}
    method = {(0.01, 0): 85.0, (0.01, 1): 75.0, (0.1, 0): 88.0,
              (0.1, 1): 79.0}
    found = measure(dict(constant), dict(constant))
    expect(found is not None, "It returned None: is there a return?")
    expect(abs(found - 12.25) > 0.01, "The best rate is one rate for all "
           "seeds, chosen by its mean. You seem to take the better one for "
           "every seed by itself.")
    expect(abs(found - 2.75) < 1e-6, "Of the constant rates themselves the "
           f"mean regret is 2.75 here, and you have {found:.4g}. The best "
           "rate, 0.1 with a mean of 85, is behind by 0; the other by 5.5.")
    found = measure(constant, method)
    expect(abs(found - 3.25) < 1e-6, "A method with 85 and 75 from 0.01, 88 "
           "and 79 from 0.1 is behind by 3.25 on average; you have "
           f"{found:.4g}.")
    return "That is the number which all tables below are made of."


@check
def paired_interval(make):
    """make(differences) -> (low, high) of a bootstrap of the mean."""
    dice = random.Random(0)
    for spread, count in ((1.0, 40), (6.0, 25)):
        sample = [3 + dice.gauss(0, spread) for _ in range(count)]
        low, high = make(list(sample))
        mean = sum(sample) / count
        deviation = (sum((x - mean) ** 2 for x in sample) / count) ** 0.5
        width = 2 * 1.96 * deviation / count ** 0.5
        expect(low < mean < high, f"The mean of the sample is {mean:.2f}, "
               f"and your interval goes from {low:.2f} to {high:.2f}.")
        expect(0.7 * width < high - low < 1.4 * width,
               f"For {count} differences with a spread of {deviation:.1f} it "
               f"should be about {width:.2f} wide and is {high - low:.2f}. "
               "Draw as many as there are, with repetition, take the mean; "
               "do it often; leave out 2.5 % on each side.")
    return "It is narrow where there is much data and little noise."


@check
def beats_constant(rule):
    """A method of one's own, from a poor start and from a good one."""
    from agentic_lib.lab.compare.methods import METHODS, Method, decided
    from agentic_lib.lab.compare.tasks import TASKS
    from agentic_lib.lab.compare.trials import run_job

    def mean(method, rate):
        rows = run_job(TASKS["spirals"], method, [(rate, s) for s in (7, 8)])
        return sum(row.test for row in rows) / len(rows)

    mine = Method("mine", decided(rule))
    gained = mean(mine, 0.003) - mean(METHODS["constant"], 0.003)
    lost = mean(METHODS["constant"], 0.1) - mean(mine, 0.1)
    expect(gained > 3, f"On spirals from 0.003 it gains {gained:.1f} points "
           "on a constant rate, and more than 3 are asked. Does it raise the "
           "rate while the training loss falls?")
    expect(lost < 2, f"From the good start of 0.1 it loses {lost:.1f} points. "
           "Does it know when to leave the rate alone?")
    return f"{gained:+.1f} points from a poor start, {-lost:+.1f} from a good."
