"""The brain that ships: small, quick to load, and its words are true."""

import re
from pathlib import Path

from dataclasses import replace

import pytest

from agentic_lib import Metrics, SimpleAIBrain, parse_decision
from agentic_lib.brain.decision import ACTIONS, with_factors
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.lab.teach.reasons import NUMBER
from agentic_lib.lab.teach.labels import (
    LABELS,
    held_back,
    unpack,
    unseen_states,
)
from agentic_lib.models.which import BUNDLED

HERE = Path(BUNDLED)


@pytest.fixture(scope="module")
def brain():
    return SimpleAIBrain("bundled", quiet=True)


@pytest.fixture(scope="module")
def states():
    """Decisions of labelled runs that the brain was not taught."""
    _, kept = held_back(unpack(LABELS))
    return unseen_states(kept, 12, seed=0)


def test_it_is_small():
    assert (HERE / "model.safetensors").stat().st_size <= 8 * 2 ** 20
    assert LABELS.stat().st_size <= 3 * 2 ** 20
    assert (HERE / "README.md").is_file()


def test_it_loads_as_any_model_does(brain):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    network = AutoModelForCausalLM.from_pretrained(HERE)
    assert type(network).__name__ == "Qwen3ForCausalLM"
    assert AutoTokenizer.from_pretrained(HERE).chat_template
    assert brain.mode == "score"


def test_it_can_be_served_as_it_lies_there(brain, tmp_path):
    """Its folder is what `save` writes: a decision model."""
    brain.save(tmp_path)
    for name in ("decision.json", "decision_template.jinja"):
        assert (HERE / name).read_text() == (tmp_path / name).read_text()


@pytest.mark.parametrize("total, every, epoch", [
    (300, 1, 1), (1000, 1, 500), (100_000, 5, 20), (None, 5, 9000)])
def test_runs_of_any_length_are_the_models(brain, total, every, epoch):
    history = [Metrics(
        epoch=at, total_epochs=total, learning_rate=0.01, train_acc=60.0,
        val_acc=55.0, train_loss=1.1, val_loss=1.2) for at in range(
            max(1, epoch - 20), epoch + 1)]
    assert brain.analyze_training(history, every=every).source == "model"


@pytest.mark.parametrize("train, val, epoch, action", [
    (92, 76, 15, "reduce_learning_rate"),
    (89, 85, 20, "continue"),
    (98.5, 97.5, 55, "stop_training"),
    (12, 11, 10, "increase_learning_rate"),
])
def test_the_examples_of_the_original_come_out(brain, train, val, epoch,
                                               action):
    decision = brain.think_about_training(train, val, epoch)
    assert decision.source == "model", decision.note
    assert decision.action == action


def test_it_is_asked_about_real_runs_and_its_words_are_true(brain, states):
    wrong = 0
    for state in states:
        decision = brain.analyze_training(
            state.history(), state.every, state.actions())
        assert decision.source == "model", decision.note
        assert parse_decision(decision.reply).action == decision.action
        quoted = NUMBER.findall(decision.reason)
        shown = NUMBER.findall(decision.prompt)
        wrong += not set(quoted) <= set(shown)
    assert wrong <= 1


def test_it_argues_for_each_action_that_it_is_told_to_take(brain, states):
    words = {"reduce_learning_rate": r"smaller steps|too high",
             "increase_learning_rate": "larger steps",
             "continue": "this rate|another rate",
             "stop_training": "nothing more|no rate"}
    right = total = 0
    for state in states[:4]:
        messages = brain.prompt.messages(
            state.history(), state.actions(), state.every)
        for name, pattern in words.items():
            reply = brain.model.generate(messages, start=f"{name}:")
            right += bool(re.search(pattern, reply.lower()))
            total += 1
    assert right >= total - 1


def test_it_knows_a_fifth_action(brain, states):
    """A fall to zero, which some of these runs call for more than others."""
    shares = []
    for state in states:
        five = (*state.actions(), COOL_DOWN)
        decision = brain.analyze_training(state.history(), state.every, five)
        assert decision.source == "model", decision.note
        shares.append(brain.probabilities(
            [state.history()], five, state.every)[0]["cool_down"])
        messages = brain.prompt.messages(state.history(), five, state.every)
        assert "falling rate" in brain.model.generate(
            messages, start="cool_down:")
    assert max(shares) > 2 * min(shares)


def test_the_order_of_the_options_hardly_matters(brain, states):
    same = 0
    for state in states:
        actions = state.actions()
        first, other = (
            brain.decide_many([state.history()], state.every, order)[0].action
            for order in (actions, actions[::-1]))
        same += first == other
    assert same >= len(states) - 2


def test_what_it_was_not_taught_is_left_to_the_rules(brain):
    from agentic_lib.brain.decision import Action, Metrics

    history = [Metrics(epoch=10, train_acc=50, val_acc=50)]
    other = (*ACTIONS, Action("restore_best", "go back to the best weights"))
    assert brain.analyze_training(history, actions=other).source == "fallback"
    changed = SimpleAIBrain(
        brain.model, quiet=True, mode="score",
        prompt=type(brain.prompt)(user="My dog ate {val_acc} bones."))
    changed.taught = brain.taught
    decision = changed.analyze_training(history)
    assert decision.source == "fallback" and "taught" in decision.note


@pytest.mark.parametrize("loss_of", [
    lambda e: -1 - e / 10, lambda e: -4 + e / 10, lambda e: 1 - e / 10])
def test_a_loss_below_zero_is_left_to_the_rules(brain, loss_of):
    """It has no multiple of the first that the brain was taught."""
    from agentic_lib.brain.decision import Metrics

    history = [Metrics(epoch=e, val_loss=loss_of(e), learning_rate=0.01,
                       total_epochs=30) for e in range(1, 16)]
    decision, = brain.decide_many([history], 2)
    assert decision.source == "fallback" and "was not asked" in decision.note
    positive = [replace(m, val_loss=m.val_loss + 9) for m in history]
    assert brain.decide_many([positive], 2)[0].source == "model"


def test_other_factors_and_intervals_are_known(brain):
    from agentic_lib.brain.decision import Metrics

    history = [Metrics(epoch=e, train_acc=20 + e, val_acc=20 + e,
                       train_loss=2 - e / 50, val_loss=2 - e / 50,
                       learning_rate=0.01, total_epochs=100)
               for e in range(1, 21)]
    for every, reduce, increase in ((1, .5, 2), (2, .5, 2), (10, .8, 1.25)):
        decision = brain.decide_many(
            [history], every, with_factors(ACTIONS, reduce, increase))[0]
        assert decision.source == "model", decision.note
