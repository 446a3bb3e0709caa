"""Checks of exercises turn down the wrong answers that learners give."""

from agentic_lib import exercises
from agentic_lib.experiments import changed, shuffle


def passes(check, answer):
    check(answer)
    return exercises.passed[check.__name__]


def say(gained):
    return ("rising fast" if gained > 3 else "rising slowly" if gained > 0.5
            else "flat" if gained >= -0.5 else "falling")


def test_a_trend_that_counts_places_in_the_list_is_turned_down():
    def by_place(history):
        if len(history) < 6:
            return None
        return say(history[-1].val_acc - history[-6].val_acc)

    assert not passes(exercises.trend_in_words, by_place)


def test_a_trend_that_is_made_up_where_nothing_is_known_is_turned_down():
    def made_up(history):
        before = [m for m in history if m.epoch <= history[-1].epoch - 5]
        return say(history[-1].val_acc - (before or history)[-1].val_acc)

    assert not passes(exercises.trend_in_words, made_up)


def test_a_flip_that_is_only_looked_for_upwards_is_turned_down():
    def upwards(decide, val_acc):
        for value in range(val_acc + 1, 101):
            if decide(value) != decide(val_acc):
                return value

    assert not passes(exercises.smallest_flip, upwards)


def test_the_first_flip_that_is_not_the_nearest_is_turned_down():
    def from_below(decide, val_acc):
        for value in range(101):
            if decide(value) != decide(val_acc):
                return value

    assert not passes(exercises.smallest_flip, from_below)


def test_a_flip_beyond_100_percent_is_turned_down(capsys):
    def unbounded(decide, val_acc):
        for step in range(1, 200):
            for value in (val_acc + step, val_acc - step):
                if decide(value) != decide(val_acc):
                    return value

    assert not passes(exercises.smallest_flip, unbounded)
    assert "from 0 to 100" in capsys.readouterr().out


def rate(count_usual=False, one_history=False, own_prompt=False):
    def measure(brain, prompt, histories):
        if not own_prompt:
            brain = changed(brain, prompt=prompt, both_orders=False)
        flips = others = 0
        for history in histories[:1] if one_history else histories:
            tried = shuffle(brain, history)
            rest = tried if count_usual else tried[1:]
            flips += sum(d.action != tried[0][1].action for _, d in rest)
            others += len(rest)
        return flips / others
    return measure


def test_a_flip_rate_is_right_only_when_all_of_it_is():
    assert passes(exercises.flip_rate, rate())
    assert not passes(exercises.flip_rate, rate(count_usual=True))
    assert not passes(exercises.flip_rate, rate(one_history=True))
    assert not passes(exercises.flip_rate, rate(own_prompt=True))
