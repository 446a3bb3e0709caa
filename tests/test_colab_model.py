"""Colab's own model as a brain: in a stand-in for Colab, and without it."""

import sys

import pytest
from fake_colab import KEY, fake_colab
from tiny_model import make_history

from agentic_lib import SimpleAIBrain, train
from agentic_lib.models.errors import LanguageModelError


@pytest.fixture
def colab(monkeypatch):
    with fake_colab(monkeypatch) as proxy:
        yield proxy


def test_its_replies_are_decisions(colab):
    brain = SimpleAIBrain("colab", quiet=True)
    assert "google/flash at http://127.0.0.1" in brain.description
    decision = brain.analyze_training(make_history())
    assert decision.source == "model"
    same = SimpleAIBrain("bundled", mode="generate", quiet=True)
    expected = same.analyze_training(make_history())
    assert (decision.action, decision.reason) == (expected.action,
                                                  expected.reason)
    asked = colab.asked[-1]
    assert asked["messages"] == brain.prompt.messages(make_history())
    assert asked["temperature"] == 0 and asked["model"] == "google/flash"
    assert KEY not in repr(brain) + brain.description


def test_it_has_room_for_thoughts(colab):
    brain = SimpleAIBrain("colab", quiet=True)
    brain.analyze_training(make_history())
    assert all(body["max_tokens"] >= 1000 for body in colab.asked)


def test_it_steers_a_training(colab):
    run = train("digits", SimpleAIBrain("colab", quiet=True), lr=0.3,
                epochs=11)
    assert [d.source for d in run.decisions if d.source != "guard"]
    assert {d.source for d in run.decisions} <= {"model", "guard"}


def test_a_model_that_this_account_may_use_is_taken(monkeypatch):
    with fake_colab(monkeypatch, default="google/not-for-you"):
        brain = SimpleAIBrain("colab", quiet=True)
    assert brain.name == "google/gemma-small"


def test_outside_colab_the_error_says_what_to_take(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", None)
    with pytest.raises(LanguageModelError) as caught:
        SimpleAIBrain("colab")
    assert "not a Colab runtime" in str(caught.value)
    assert "model='bundled'" in str(caught.value)


def test_a_key_that_colab_does_not_give_is_explained(monkeypatch):
    with fake_colab(monkeypatch, allowed=False), pytest.raises(
            LanguageModelError, match="MODEL_PROXY_API_KEY timed out"):
        SimpleAIBrain("colab")


def test_a_runtime_without_an_address_is_explained(colab, monkeypatch):
    monkeypatch.setattr(sys.modules["google.colab"].ai, "list_models", list)
    monkeypatch.delenv("MODEL_PROXY_HOST")
    with pytest.raises(LanguageModelError, match="MODEL_PROXY_HOST"):
        SimpleAIBrain("colab")


def test_a_proxy_that_is_away_is_explained(colab):
    colab.shutdown()
    colab.server_close()
    with pytest.raises(LanguageModelError, match="cannot be reached"):
        SimpleAIBrain("colab")
