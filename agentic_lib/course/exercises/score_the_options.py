"""The checks of notebook 04, score the options."""

import random

from agentic_lib.course.exercises.checking import check, expect


@check
def without_prior(divide):
    """divide(chances, prior) -> probabilities with the prior divided out."""
    dice = random.Random(4)
    for size in (2, 4, 4, 5):
        names = [f"action_{i}" for i in range(size)]
        chances, prior = (made_up(names, dice) for _ in range(2))
        kept = dict(chances)
        answer = divide(chances, prior)
        expect(isinstance(answer, dict) and list(answer) == names,
               f"Return a dictionary with the names {names}; yours is "
               f"{answer!r}.")
        expect(chances == kept, "Your function changes the dictionary it was "
               "given. Make a new one.")
        total = sum(answer.values())
        expect(abs(total - 1) < 1e-6, f"Your probabilities sum to {total:g}.",
               "Divide each of them by their sum.")
        a, b = names[:2]
        ratio = chances[a] / prior[a] / (chances[b] / prior[b])
        expect(abs(answer[a] / answer[b] / ratio - 1) < 1e-6,
               f"With chances of {chances[a]:.2f} and {chances[b]:.2f} and "
               f"priors of {prior[a]:.2f} and {prior[b]:.2f}, the first "
               f"should be {ratio:.2f} times the second; yours is "
               f"{answer[a] / answer[b]:.2f} times.", "What is left of a "
               "name's chance if its prior is divided out?", "First divide "
               "each chance by its own prior, then all by their sum.")
    return "What the model prefers anyway is divided out."


def made_up(names, dice) -> dict[str, float]:
    """Probabilities of whole percents, so that a hint can print them exactly:
    between 0 and 100, cut at random places."""
    cuts = [0, *sorted(dice.sample(range(1, 100), len(names) - 1)), 100]
    return {name: (end - start) / 100
            for name, start, end in zip(names, cuts, cuts[1:])}


@check
def calibration_error(measure):
    """measure([(confidence, share right, count)]) -> one number."""
    for bins, wanted in (
        ([(0.9, 0.6, 10)], 0.3), ([(0.5, 0.5, 3), (0.8, 0.8, 9)], 0.0),
        ([(0.3, 0.5, 10)], 0.2), ([(0.9, 0.5, 30), (0.5, 0.5, 10)], 0.3),
        ([(0.6, 0.8, 10), (0.8, 0.6, 10)], 0.2),
    ):
        answer = measure(list(bins))
        expect(isinstance(answer, (int, float))
               and abs(answer - wanted) < 1e-9,
               f"For bins of (sure, right, how many) = {bins} the error is "
               f"{wanted:g}, and you say {answer!r}.", "Can distances cancel "
               "each other? Does a bin with many states weigh more?",
               "Take abs(sure - right), times the count of the bin; sum up, "
               "and divide by the count of all bins.")
    return "Being far off in many states counts most, in either direction."
