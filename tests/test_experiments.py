"""What would change a brain's mind: found on brains whose rule is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS, Decision
from agentic_lib.show.presets import PRESETS
from agentic_lib.brain.prompt import Prompt
from agentic_lib.show import experiments
from agentic_lib.show.experiments import (
    KNOBS,
    START,
    blindfold,
    changed,
    decide_all,
    defend,
    distance,
    find_flip,
    knob_values,
    say_flip,
    shuffle,
    situation,
)


class GapBrain:
    """Reduces above a gap of 10 points; takes what stands first otherwise."""

    def __init__(self):
        self.prompt, self.seen = Prompt(), []

    def analyze_training(self, history, every=5, actions=None):
        self.seen.append(self.prompt.messages(history))
        name = (actions or ACTIONS)[0].name
        if history[-1].gap > 10:
            name = "reduce_learning_rate"
        return Decision(name, "the gap")


@pytest.fixture(scope="module")
def rules():
    return SimpleAIBrain("rules", quiet=True)


@given(st.floats(0, 100), st.floats(0, 100), st.integers(1, 60),
       st.floats(-10, 10))
def test_situation_ends_in_what_was_asked_for(train, val, epoch, trend):
    history = situation(train, val, epoch, 0.01, trend)
    assert (history[-1].train_acc, history[-1].val_acc,
            history[-1].epoch) == (train, val, epoch)
    assert len(history) == 1 + (epoch > 5) + (epoch > 10)


def test_situation_has_the_trend():
    before, now = situation(50, 40, 10, 0.01, trend=4)
    assert now.val_acc - before.val_acc == pytest.approx(4)
    assert now.epoch - before.epoch == 5


def test_changed_leaves_the_brain_as_it_was(rules):
    other = changed(rules, prompt=PRESETS["bad"], no_such_thing=1)
    assert other.prompt == PRESETS["bad"] and rules.prompt == Prompt()
    assert not hasattr(other, "no_such_thing")


def test_batches_decide_as_single_questions_do(rules):
    histories = [situation(a, b) for a in (10, 90) for b in (5, 80)] * 3
    single = [rules.analyze_training(h).action for h in histories]
    batches = decide_all(rules, histories, batch=5)
    assert [d.action for d in batches] == single


def test_flip_is_the_nearest_that_a_full_search_finds():
    knobs = {**START, "train_acc": 92.0, "val_acc": 76.0}
    name, value, decision = find_flip(GapBrain(), knobs, steps=50)
    # The gap is 16: six points on either accuracy reach 10.
    assert decision.action == "continue"
    assert (name, value) in [("train_acc", 86.0), ("val_acc", 82.0)]


def test_a_flip_in_words_says_where_the_rules_decided():
    found = ("val_acc", 82.123456, Decision("continue", "r"))
    assert say_flip(START, found) == (
        "It becomes continue when validation accuracy (%) goes from 76 to "
        "82.1.")
    ruled = Decision("continue", "r", source="fallback")
    assert say_flip(START, (*found[:2], ruled)).endswith(
        "There the rules decided, not the model.")
    assert "No change" in say_flip(START, None)


def test_no_flip_is_none():
    class Stubborn(GapBrain):
        def analyze_training(self, history, **_):
            return Decision("continue", "always")
    assert find_flip(Stubborn(), START) is None


@pytest.mark.parametrize("name", KNOBS)
def test_knob_values_span_the_range(name):
    low, high, *_ = KNOBS[name]
    values = knob_values(name, 10)
    assert len(values) == 11
    assert values[0] == pytest.approx(low)
    assert values[-1] == pytest.approx(high)
    assert distance(name, low, high) == pytest.approx(1)
    assert distance(name, low, low) == 0


def test_blindfold_leaves_one_line_out_at_a_time():
    brain = GapBrain()
    found = blindfold(brain, situation())
    assert list(found)[0] == ""
    assert "Training accuracy: {train_acc}[ ({train_acc_change})]" in found
    # Losses are not known here: their lines are left out anyway.
    assert not any("loss" in line for line in found)


def test_blindfold_really_asks_without_the_line():
    asked = []

    class Recorder(GapBrain):
        def analyze_training(self, history, every=5, actions=None):
            asked.append(self.prompt.user)
            return Decision("continue", "r")
    whole = Prompt().user.splitlines()
    for line in blindfold(Recorder(), situation()):
        assert asked.pop(0).splitlines() == [x for x in whole if x != line]


def test_shuffle_shows_who_takes_what_stands_first(rules):
    history = situation(50, 50)
    found = shuffle(GapBrain(), history)
    assert all(names[0] == d.action for names, d in found)
    assert len({tuple(names) for names, _ in found}) == len(found) >= 8
    steady = shuffle(rules, history)
    assert len({d.action for _, d in steady}) == 1
    assert steady[0][0] == [a.name for a in ACTIONS]


def test_defend_forces_the_name(rules):
    assert defend(rules, situation(), "continue").startswith("continue:")

    class Model:
        def generate(self, messages, start, on_text=None):
            return f"{start} since {messages[1]['content'][-13:]}"
    brain = changed(rules, model=Model())
    assert defend(brain, situation(), "stop_training") == \
        "stop_training: since Which action?"


def test_the_start_is_the_original_texts_example():
    assert experiments.START["train_acc"] - START["val_acc"] == 16


def test_no_nearer_flip_is_missed():
    """A gap above 10 reduces, and it is 16: six points change that."""
    name, value, _ = find_flip(GapBrain(), START)
    assert abs(value - START[name]) == 6
