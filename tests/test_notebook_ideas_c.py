"""Checks of 02, 03 and 07 turn down answers that they once accepted, and
their hints begin without the answer."""

import random
import statistics

import pytest

from agentic_lib import Decision, Metrics
from agentic_lib.course import exercises
from agentic_lib.course.exercises import checking
from agentic_lib.course.exercises.parse_decisions import made_up
from agentic_lib.run.record import Run

CONTINUE, REDUCE = "continue", "reduce_learning_rate"
INCREASE = "increase_learning_rate"


def passes(check, *answer):
    check(*answer)
    return exercises.passed[check.__name__]


# -- 03 -----------------------------------------------------------------------

DIVERGING = [Run(metrics=made_up(seed, jumps=True)) for seed in (11, 12, 13)]
CREEPING = [Run(metrics=made_up(14, jumps=False))]


def rule_that(raises_if, reduces_if):
    def rule(history, actions, every):
        losses = [m.train_loss for m in history[-1 - every:]]
        name = (REDUCE if reduces_if(losses) else
                INCREASE if raises_if(losses) else CONTINUE)
        return Decision(name, "A rule.", source="fallback")
    return rule


def any_rise(losses):
    return any(new > old for old, new in zip(losses, losses[1:]))


def rise_from_end_to_end(losses):
    return losses[-1] > losses[0]


def test_a_rule_that_asks_every_epoch_is_safe():
    good = rule_that(lambda losses: not any_rise(losses), any_rise)
    assert passes(exercises.check_safe_rule, good, DIVERGING, CREEPING)


def test_rose_means_from_one_epoch_to_the_next():
    other = rule_that(lambda losses: not rise_from_end_to_end(losses),
                      rise_from_end_to_end)
    assert not passes(exercises.check_safe_rule, other, DIVERGING, CREEPING)


def test_four_runs_known_by_heart_are_not_enough():
    known = {run.metrics[0].train_loss for run in DIVERGING}

    def by_heart(history, actions, every):
        name = (REDUCE if history[0].train_loss in known else INCREASE)
        return Decision(name, "I know it.", source="fallback")

    assert not passes(exercises.check_safe_rule, by_heart, DIVERGING,
                      CREEPING)


@pytest.mark.parametrize("reply", [
    "qwertz asdfg yxcvb", "blah blah blah blah", "x y z", "", "??? !!! ..."])
def test_nonsense_breaks_no_parser(reply):
    assert not passes(exercises.check_breaking_reply, reply, REDUCE)


@pytest.mark.parametrize("reply, meaning", [
    ("Take your foot off the gas, gently.", REDUCE),
    ("I would leave everything as it is.", CONTINUE)])
def test_a_sentence_that_people_understand_may(reply, meaning):
    assert passes(exercises.check_breaking_reply, reply, meaning)


# -- 07 -----------------------------------------------------------------------

def bootstrap(low, high, of=statistics.fmean):
    def interval(differences):
        dice = random.Random(len(differences))
        found = sorted(of(dice.choices(differences, k=len(differences)))
                       for _ in range(1000))
        return found[round(1000 * low)], found[round(1000 * high) - 1]
    return interval


def test_an_interval_of_95_percent_is_no_other():
    assert passes(exercises.paired_interval, bootstrap(0.025, 0.975))
    assert not passes(exercises.paired_interval, bootstrap(0.05, 0.95))
    assert not passes(exercises.paired_interval, bootstrap(0.005, 0.995))


def test_the_interval_of_a_median_is_not_that_of_the_mean():
    assert not passes(exercises.paired_interval, bootstrap(
        0.025, 0.975, statistics.median))


def test_a_rule_must_look_at_the_metrics(capsys):
    def blind(history, actions, every):
        return INCREASE if history[-1].epoch < 30 else CONTINUE

    assert not passes(exercises.beats_constant, blind)
    assert "decides the same" in capsys.readouterr().out


# -- hints --------------------------------------------------------------------

def test_hints_escalate(capsys):
    @checking.check
    def check_it(answer):
        checking.expect(answer == 42, "Think again.", "It is even.",
                        "It is 42.")

    printed = []
    for _ in range(4):
        check_it(1)
        printed.append(capsys.readouterr().out.strip())
    assert printed == [
        "Not yet. Think again.", "Not yet. Think again. It is even.",
        *2 * ["Not yet. Think again. It is even. It is 42."]]


def test_the_first_hint_about_regret_leaves_the_answer_open(capsys):
    def each_seed(constant, method):
        seeds = {seed for _, seed in constant}
        best = {s: max(v for (_, seed), v in constant.items() if seed == s)
                for s in seeds}
        behind = [best[seed] - v for (_, seed), v in method.items()]
        return sum(behind) / len(behind)

    checking.seen.clear()
    assert not passes(exercises.regret_of, each_seed)
    assert "chosen by its mean" not in capsys.readouterr().out
    assert not passes(exercises.regret_of, each_seed)
    assert "chosen by its mean" in " ".join(capsys.readouterr().out.split())


def test_made_up_runs_are_what_they_are_called():
    for seed in range(4):
        jumping = [m.train_loss for m in made_up(seed, jumps=True)]
        creeping = [m.train_loss for m in made_up(seed, jumps=False)]
        assert creeping == sorted(creeping, reverse=True)
        for end in range(10, 40, 5):
            window = jumping[end - 6:end]
            assert any_rise(window) and window[-1] < window[0]
    assert isinstance(made_up(0, jumps=True)[0], Metrics)
