"""One experiment by a whole class: a seat is a seed, a result is a code.

Each learner runs the same training twice, alone and under the brain, from a
start that follows from the seat's number, and reads out a short code. One
call draws all codes. Knows nothing about how a brain decides.
"""

import random
import re
import statistics

from matplotlib import pyplot as plt

# The faces of the die: where a training may start.
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
COLOURS = dict(zip(RATES, (
    "#440154", "#3b528b", "#21918c", "#5ec962", "#e69f00", "#d55e00")))
# 23 of them, a prime number: so one wrong digit always shows.
LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"


def rolled_rate(seat) -> float:
    """The learning rate that the die gives this seat, the same each time."""
    return random.Random(f"seat {seat}").choice(RATES)


def result_code(seat, alone, steered) -> str:
    """"7-273-807-J": seat, and two accuracies in tenths of a percent.

    alone, steered  test accuracy in percent, without and with the brain
    The letter reveals slips of the tongue and of the pen. I, O and U are not
    used: they look like 1, 0 and V.
    """
    numbers = (int(seat), round(10 * alone), round(10 * steered))
    if seat < 1 or not all(0 <= n <= 1000 for n in numbers[1:]):
        raise ValueError(f"seat={seat!r}, alone={alone!r}, steered="
                         f"{steered!r}: a seat counts from 1, accuracies are "
                         "in percent.")
    return "-".join([*map(str, numbers), letter_for(numbers)])


def letter_for(numbers) -> str:
    total = sum(n * weight for n, weight in zip(numbers, (1, 3, 5),
                                             strict=True))
    return LETTERS[total % len(LETTERS)]


CODE = re.compile(r"(\d+) ?- ?(\d+) ?- ?(\d+) ?- ?([A-Za-z])")


def read_codes(text) -> list[tuple[int, float, float]]:
    """(seat, alone, steered) for every code in a text, in order of seats.

    The text may hold anything around the codes, line breaks or nothing
    between them, and any kind of dash. If a seat sent several codes, the last
    one counts. A code with a slip in it is left out: see `slips`."""
    found = {numbers[0]: (numbers[0], numbers[1] / 10, numbers[2] / 10)
             for numbers, letter in codes_in(text)
             if letter == letter_for(numbers)}
    return [found[seat] for seat in sorted(found)]


def slips(text) -> list[str]:
    """The codes of a text in which something was mistyped: ask these seats
    again."""
    return ["-".join([*map(str, numbers), letter])
            for numbers, letter in codes_in(text)
            if letter != letter_for(numbers)]


def codes_in(text):
    """Yields ((seat, alone, steered), letter), right or wrong."""
    plain = re.sub(r"\s+", " ", re.sub("[\u2010-\u2015\u2212]", "-", text))
    for *numbers, letter in CODE.findall(plain):
        yield tuple(map(int, numbers)), letter.upper()


def summary(results) -> str:
    """What the class found, in two sentences."""
    gains = [steered - alone for _, alone, steered in results]
    up = sum(gain > 0.5 for gain in gains)
    down = sum(gain < -0.5 for gain in gains)
    return (f"Seats: {len(gains)}. The brain gained in {up}, lost in {down} "
            f"and moved by 0.5 points at most in {len(gains) - up - down}.\n"
            f"The median change is {statistics.median(gains):+.1f} points, "
            f"from {min(gains):+.1f} to {max(gains):+.1f}.")


def draw_class(text):
    """A matplotlib Figure of all codes in `text`, one point per seat.

    The x axis is what the run reached alone, the y axis what it reached
    steered. The colour shows the rate that the seat started from.
    """
    results = read_codes(text)
    if not results:
        raise ValueError("There is no right code in this text. One looks like "
                         f"{result_code(7, 27.3, 80.7)}.")
    figure = plt.figure(figsize=(5, 5), layout="constrained")
    plt.close(figure)
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], "--", color="#999999", lw=1)
    axes.annotate("no difference", (8, 8), rotation=45, va="bottom",
                  rotation_mode="anchor", color="#777777")
    for seat, alone, steered in results:
        up = steered > alone
        rate = rolled_rate(seat)
        axes.plot(alone, steered, "^" if up else "v", ms=9,
                  color=COLOURS[rate], label=f"{rate:g}")
        axes.annotate(str(seat), (alone, steered), (5, 3), size="small",
                      textcoords="offset points")
    axes.set(xlim=(0, 101), ylim=(0, 101), aspect="equal",
             xlabel="test accuracy alone (%)",
             ylabel="test accuracy under the brain (%)")
    named = dict(zip(*reversed(axes.get_legend_handles_labels())))
    rates = sorted(named, key=float)
    axes.legend([named[rate] for rate in rates], rates, fontsize="small",
                title="rate at the start", loc="lower right")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.set_label("One point a seat, above the diagonal where the brain "
                     f"did better. {summary(results)}")
    return figure
