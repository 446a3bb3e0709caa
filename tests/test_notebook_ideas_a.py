"""Checks of exercises turn down the wrong answers that learners give."""

from agentic_lib import parse_decision
from agentic_lib.course import exercises
from agentic_lib.show.experiments import changed, shuffle


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


def greedy(place=-1, forgetful=False):
    import torch

    def write(network, ids, steps):
        new = []
        for _ in range(steps):
            page = torch.tensor([ids if forgetful else ids + new])
            logits = network(input_ids=page).logits
            new.append(logits[0, place].argmax().item())
        return new
    return write


def test_writing_needs_the_last_place_and_what_was_written():
    assert passes(exercises.write_without_generate, greedy())
    assert not passes(exercises.write_without_generate, greedy(place=0))
    assert not passes(exercises.write_without_generate,
                      greedy(forgetful=True))


def counted(readable_only=False, seed=None):
    def measure(ask, times):
        found = [parse_decision(ask(i if seed is None else seed))
                 for i in range(times)]
        actions = [d.action for d in found if d is not None]
        most = max((actions.count(a) for a in actions), default=0)
        return most / max(1, len(actions) if readable_only else times)
    return measure


def test_agreement_counts_all_that_was_asked_each_with_its_seed():
    assert passes(exercises.agreement, counted())
    assert not passes(exercises.agreement, counted(readable_only=True))
    assert not passes(exercises.agreement, counted(seed=0))


def test_a_prior_is_divided_and_not_subtracted():
    def divided(chances, prior, scale=True):
        ratios = {name: p / prior[name] for name, p in chances.items()}
        total = sum(ratios.values()) if scale else 1
        return {name: ratio / total for name, ratio in ratios.items()}

    def subtracted(chances, prior):
        return {name: p - prior[name] + 1 / len(chances)
                for name, p in chances.items()}

    assert passes(exercises.without_prior, divided)
    assert not passes(exercises.without_prior, subtracted)
    assert not passes(exercises.without_prior,
                      lambda c, p: divided(c, p, scale=False))


def test_a_calibration_error_weighs_states_and_knows_no_sign():
    def error(bins, absolute=True, weighted=True):
        gaps = [(sure - right, n if weighted else 1)
                for sure, right, n in bins]
        return sum((abs(gap) if absolute else gap) * n
                   for gap, n in gaps) / sum(n for _, n in gaps)

    assert passes(exercises.calibration_error, error)
    assert not passes(exercises.calibration_error,
                      lambda bins: error(bins, absolute=False))
    assert not passes(exercises.calibration_error,
                      lambda bins: error(bins, weighted=False))
