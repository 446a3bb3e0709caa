"""The map is tested on what it decides and draws, never on pixels."""

import pytest

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import Decision
from agentic_lib.show.decision_map import (
    decision_map,
    differing,
    plot_decision_map,
)
from agentic_lib.show.experiments import START, situation


class Threshold:
    """Reduces when validation accuracy is below `limit`, as sure as it is
    high."""

    name = "threshold"

    def __init__(self, limit=50, source="model"):
        self.limit, self.source = limit, source

    def analyze_training(self, history, every=5, actions=None):
        val = history[-1].val_acc
        name = "reduce_learning_rate" if val < self.limit else "continue"
        return Decision(name, "r", source=self.source,
                        probabilities={name: val / 100})


def test_map_holds_the_brains_own_decisions():
    rules = SimpleAIBrain("rules", quiet=True)
    found = decision_map(rules, "train_acc", "epoch", points=4, val_acc=30.0)
    assert len(found) == 16
    for train, epoch, decision in found:
        history = situation(**{**START, "train_acc": train, "epoch": epoch,
                               "val_acc": 30.0})
        assert decision.action == rules.analyze_training(history).action


def test_points_lie_where_they_belong():
    panel = plot_decision_map(Threshold(), points=5).axes[0]
    drawn = {c.get_label(): c.get_offsets() for c in panel.collections}
    assert sorted({y for _, y in drawn["reduce_learning_rate"]}) == [0, 25]
    assert sorted({y for _, y in drawn["continue"]}) == [50, 75, 100]


def test_depth_of_colour_is_how_sure_it_is():
    panel = plot_decision_map(Threshold(), points=3).axes[0]
    for collection in panel.collections:
        order = [y for _, y in collection.get_offsets()]
        depth = list(collection.get_facecolors()[:, 3])
        assert sorted(zip(order, depth)) == sorted(
            zip(sorted(order), sorted(depth)))


def test_what_a_rule_decided_is_hollow():
    ruled = plot_decision_map(Threshold(source="fallback"), points=2)
    assert all(len(c.get_facecolors()) == 0
               for c in ruled.axes[0].collections)
    texts = [t.get_text() for t in ruled.legends[0].get_texts()]
    assert "hollow: not by a model" in texts


def test_two_brains_and_where_they_differ():
    first, second = Threshold(50), Threshold(80)
    figure = plot_decision_map({"a": first, "b": second}, points=5)
    assert [axes.get_title() for axes in figure.axes] == [
        "a", "b", "they differ at 40% (x)"]  # rows 50 and 75 of five
    crosses = figure.axes[2].collections[1].get_offsets()
    assert sorted({y for _, y in crosses}) == [50, 75]
    maps = [decision_map(b, "train_acc", "val_acc", 5)
            for b in (first, second)]
    assert differing(*maps) == len(crosses) == 10


def test_legend_and_label_name_what_occurs():
    figure = plot_decision_map(Threshold(0), points=3)
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [
        "continue"]
    assert figure.get_label() == \
        "Decisions over 9 points. threshold: continue 100%."


def test_unknown_inputs_are_named():
    with pytest.raises(ValueError, match="'loss'.*train_acc, val_acc"):
        plot_decision_map(Threshold(), x="loss")
    with pytest.raises(ValueError, match="'speed'"):
        plot_decision_map(Threshold(), speed=3)


def test_a_rate_has_a_log_scale():
    panel = plot_decision_map(Threshold(), x="learning_rate",
                              points=2).axes[0]
    assert panel.get_xscale() == "log"
