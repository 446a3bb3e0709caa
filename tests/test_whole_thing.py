"""The whole thing on one page: small, self-contained, and in agreement
with the package."""

import ast
import random

import pytest

from agentic_lib import ACTIONS, PRESETS, SimpleAIBrain, parse_decision
from agentic_lib import whole_thing as page
from agentic_lib.brain.decision import Metrics
from agentic_lib.lab.plain_rules import plain_rules


@pytest.fixture(scope="module")
def brain():
    return page.SimpleAIBrain(page.BUNDLED)


def some_metrics(n, seed=0):
    rng = random.Random(seed)
    for _ in range(n):
        val = rng.uniform(1, 99)
        yield (min(100.0, val + rng.uniform(0, 25)), val,
               5 * rng.randint(1, 20))


def test_it_is_one_page_and_stands_alone():
    text = open(page.__file__, encoding="utf8").read()
    assert len(text.splitlines()) <= 150
    imported = {name.split(".")[0] for node in ast.walk(ast.parse(text))
                for name in ([node.module] if isinstance(node, ast.ImportFrom)
                             else [a.name for a in node.names]
                             if isinstance(node, ast.Import) else [])}
    assert imported == {"re", "pathlib", "torch", "transformers"}


def test_it_asks_the_same_question():
    for train, val, epoch in some_metrics(20):
        history = [Metrics(epoch, train, val)]
        assert page.make_prompt(train, val, epoch) == \
            PRESETS["original"].messages(history)


def test_it_decides_as_the_package_does(brain):
    package = SimpleAIBrain("bundled", prompt=PRESETS["original"],
                            both_orders=False, quiet=True)
    taken = set()
    for train, val, epoch in some_metrics(40):
        action, reason, source = brain.think_about_training(
            train, val, epoch)
        found = package.think_about_training(train, val, epoch)
        assert (action, reason, source) == (
            found.action, found.reason, found.source)
        taken.add(action)
    assert len(taken) >= 3


def test_its_rules_are_the_originals():
    for train, val, epoch in some_metrics(200):
        action, _ = page.fallback_decision(train, val, epoch)
        found = plain_rules([Metrics(epoch, train, val)])
        assert action == found.action


@pytest.mark.parametrize("reply", [
    "reduce_learning_rate: The gap is 16 points.", "**continue**: fine",
    "I would lower the learning rate.", "Stop here.", "Increase the rate.",
    "Bananas.", "", "Increase it, then lower it.",
    "increase_learning_rate: do not stop"])
def test_its_parser_agrees_on_plain_replies(reply):
    found = parse_decision(reply)
    ours = page.parse_decision(reply)
    assert (ours and ours[0]) == (found and found.action)


def test_a_broken_model_is_replaced_by_the_rules(brain, monkeypatch, capsys):
    def fail(*args):
        raise MemoryError("none left")

    monkeypatch.setattr(brain, "write", fail)
    assert brain.think_about_training(92.0, 70.0, 15) == (
        "reduce_learning_rate", "The gap is big.", "rules")
    assert "none left" in capsys.readouterr().out


def test_it_runs_to_its_end_and_tells_every_decision(brain, capsys):
    page.train(brain)
    told = capsys.readouterr().out
    assert told.count("(model)") >= 5 and "Test accuracy" in told
    assert list(page.ACTIONS) == [action.name for action in ACTIONS]
    accuracy = float(told.rpartition(":")[2].split()[0])
    assert accuracy > 60  # three arms: chance is 33
