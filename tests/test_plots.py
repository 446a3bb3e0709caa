"""The pictures are tested on what they draw, never on pixels."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from agentic_lib.brain.decision import (
    ACTIONS,
    SOURCES,
    Action,
    Decision,
    Metrics,
)
from agentic_lib.run.record import Run
from agentic_lib.show.plots import (
    FILLS,
    alt_text,
    image,
    looks_of,
    plot_run,
    save_figure,
)


def make_run(decisions=(), epochs=20, **changes):
    """A run of which every number is known."""
    run = Run(settings={"data": "digits", "brain": "rules", "epochs": epochs})
    for epoch in range(1, epochs + 1):
        values = {"train_acc": 50 + epoch, "val_acc": 40 + epoch,
                  "train_loss": 2 / epoch, "val_loss": 3 / epoch,
                  "learning_rate": 0.01, "total_epochs": epochs, **changes}
        run.metrics.append(Metrics(epoch, **values))
    run.decisions = list(decisions)
    return run


def decision(epoch, action="continue", source="model", factor=1.0):
    return Decision(action, "a reason", source=source, epoch=epoch,
                    old_lr=0.01, new_lr=0.01 * factor)


def drawn_decisions(figure):
    """[(epoch, rate, action, line)] of the markers in the lower panel."""
    return [(line.get_xdata()[0], line.get_ydata()[0],
             line.get_label()[1:], line)
            for line in figure.axes[1].lines if line.get_marker() != "None"]


def legend(axes):
    found = axes.get_legend()
    return [] if found is None else [t.get_text() for t in found.get_texts()]


def test_curves_hold_the_numbers_of_the_run():
    run = make_run()
    upper, lower = plot_run(run).axes
    curves = {line.get_label(): line for line in upper.lines}
    assert list(curves["validation"].get_ydata()) == [
        40 + e for e in range(1, 21)]
    assert list(curves["training"].get_xdata()) == list(range(1, 21))
    assert lower.get_yscale() == "log"
    assert upper.get_xlim() == lower.get_xlim()
    assert curves["validation"].get_linestyle() != curves[
        "training"].get_linestyle()


def test_one_marker_a_decision_at_its_epoch_and_rate():
    run = make_run([decision(5, "reduce_learning_rate", factor=0.7),
                    decision(10), decision(15, "stop_training")])
    found = drawn_decisions(plot_run(run))
    assert [(x, name) for x, _, name, _ in found] == [
        (5, "reduce_learning_rate"), (10, "continue"), (15, "stop_training")]
    assert [y for _, y, _, _ in found] == pytest.approx([0.007, 0.01, 0.01])


def test_shape_tells_the_action_and_filling_the_source():
    everything = [decision(e + 1, a.name, s) for e, (a, s) in enumerate(
        (a, s) for a in ACTIONS for s in SOURCES)]
    found = drawn_decisions(plot_run(make_run(everything)))
    ways = {(line.get_marker(), line.get_fillstyle(),
             line.get_markerfacecolor() == line.get_markerfacecoloralt())
            for *_, line in found}
    assert len(ways) == len(ACTIONS) * len(SOURCES)
    assert set(FILLS) == set(SOURCES)


def test_legend_names_only_what_occurs():
    axes = plot_run(make_run([decision(5), decision(10)])).axes[1]
    assert legend(axes) == ["continue"]
    axes = plot_run(make_run([decision(5), decision(10, source="human")]
                             )).axes[1]
    assert legend(axes) == ["continue", "by model", "by human"]


def test_comparison_is_dotted_and_named():
    other = make_run(learning_rate=0.1)
    other.test = {"test_acc": 61.0, "test_loss": 1.0}
    run = make_run([decision(5)])
    run.test = {"test_acc": 94.0, "test_loss": 0.2}
    figure = plot_run(run, compare=other)
    dotted = [line.get_label() for line in figure.axes[0].lines
              if line.get_linestyle() == ":"]
    assert dotted == ["validation, constant rate"]
    assert figure.get_suptitle() == \
        "Test accuracy 94.0 % (constant rate: 61.0 %)"
    assert "constant rate: 61.0 %" in alt_text(run, other)


def test_losses_are_drawn_where_there_are_no_accuracies():
    upper = plot_run(make_run(train_acc=None, val_acc=None)).axes[0]
    assert upper.get_ylabel() == "loss"
    assert upper.get_yscale() == "log"
    assert legend(upper) == ["validation", "training"]


def test_divergence_is_shown_and_said():
    run = make_run()
    for epoch in (7, 8):
        run.metrics[epoch - 1] = replace(run.metrics[epoch - 1],
                                         train_loss=math.nan)
    upper = plot_run(run).axes[0]
    cross, = [line for line in upper.lines if line.get_marker() == "x"]
    assert list(cross.get_xdata()) == [7, 8]
    assert any("diverged" in text for text in legend(upper))
    assert "diverged at epoch 7" in alt_text(run)
    assert "diverged" not in alt_text(make_run())


def test_infinite_losses_can_be_drawn():
    run = make_run(train_acc=None, val_acc=None, val_loss=math.inf)
    assert image(run, "png").startswith(b"\x89PNG")


def test_empty_run_and_one_epoch_are_drawn():
    assert image(Run(), "png").startswith(b"\x89PNG")
    assert alt_text(Run())
    assert image(make_run(epochs=1), "png").startswith(b"\x89PNG")


def test_run_without_rates_still_shows_its_decisions():
    run = make_run([Decision("continue", "r", epoch=5)], learning_rate=None)
    figure = plot_run(run)
    assert [x for x, *_ in drawn_decisions(figure)] == [5]
    assert image(run, "svg")


def test_actions_of_a_learner_are_drawn_with_their_own_markers():
    own = Action("restore_best", "go back", marker="*", colour="#009E73")
    run = make_run([decision(5, "restore_best")])
    found = drawn_decisions(plot_run(run, actions=[*ACTIONS, own]))
    assert found[0][3].get_marker() == "*"
    run.settings["actions"] = [{"name": "restore_best", "marker": "D"}]
    assert looks_of(run)["restore_best"][0] == "D"


def test_names_are_text_not_formulas():
    run = make_run([decision(5, r"$\frac{$", "human")])
    run.settings["brain"] = r"a$\frac{$" + "b" * 99
    assert image(run, "png", compare=run)


@given(st.lists(st.sampled_from("abcdefghij"), max_size=10),
       st.lists(st.sampled_from("ov^sDPX*ph"), min_size=10, max_size=10))
def test_no_two_actions_share_a_marker(names, markers):
    run = make_run([decision(5, name) for name in names], epochs=5)
    actions = [Action(name, "m", marker=marker) for name, marker
               in zip("abcde", markers)]
    looks = looks_of(run, actions)
    assert set(names) <= set(looks)
    assert len({marker for marker, _ in looks.values()}) == len(looks)


def test_themes_leave_matplotlib_as_it_was(tmp_path):
    before = dict(plt.rcParams)
    dark = plot_run(make_run([decision(5)]), theme="dark")
    assert dict(plt.rcParams) == before
    assert sum(dark.get_facecolor()[:3]) < 0.6
    assert plt.get_fignums() == []
    with pytest.raises(ValueError, match="'solarized'.*'light', 'dark'"):
        plot_run(make_run(), theme="solarized")


def test_none_follows_the_current_style():
    with plt.style.context("dark_background"):
        figure = plot_run(make_run())
    assert sum(figure.get_facecolor()[:3]) == 0


def test_files_hold_the_alt_text_and_are_reproducible(tmp_path):
    run = make_run([decision(5)])
    first = save_figure(run, tmp_path / "a.svg").read_bytes()
    assert first == save_figure(run, tmp_path / "b.svg").read_bytes()
    assert alt_text(run).encode() in first
    png = save_figure(run, tmp_path / "a.png").read_bytes()
    assert alt_text(run).encode() in png
    with pytest.raises(ValueError, match="'gif'.*png or .svg"):
        save_figure(run, tmp_path / "a.gif")


def test_alt_text_says_what_happened():
    run = make_run([decision(5), decision(10, "reduce_learning_rate"),
                    decision(15, source="fallback")])
    text = alt_text(run)
    assert "validation accuracy from 41 % to 60 %" in text
    assert "3 decisions: 2 continue, 1 reduce learning rate" in text
    assert "2 model, 1 fallback" in text
    assert plot_run(run).get_label() == text
