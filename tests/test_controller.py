"""The controller: when it decides, and that what it decides holds."""

import copy
import json
import math
import multiprocessing
import pickle
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib import (
    ACTIONS,
    COOL_DOWN,
    RESTORE,
    Action,
    AgenticLR,
    Decision,
    Guards,
    ScriptedBrain,
    SimpleAIBrain,
)
import synthetic_runs as made_up

UP, DOWN = "increase_learning_rate", "reduce_learning_rate"
GO_ON, STOP = "continue", "stop_training"


def make_optimizer(*rates, kind=torch.optim.SGD):
    weight = torch.nn.Parameter
    return kind([{"params": [weight(torch.ones(2))], "lr": rate}
                 for rate in rates or (0.1,)])


def scripted(*names, **options):
    return ScriptedBrain([f"{name}: because." for name in names], **options)


def observe(controller, *epochs):
    return [controller.step(epoch, train_acc=60 + epoch % 7, val_acc=50.0)
            for epoch in epochs]


@settings(deadline=None)
@given(every=st.integers(1, 9), total=st.one_of(st.none(),
                                                st.integers(1, 40)))
def test_decisions_fall_at_every_nth_epoch_and_never_at_the_last(
        every, total):
    controller = AgenticLR(make_optimizer(), scripted(*[GO_ON] * 40),
                           total_epochs=total, every=every)
    fell = observe(controller, *range(1, (total or 40) + 1))
    for epoch, decision in enumerate(fell, start=1):
        due = epoch % every == 0 and epoch != total
        assert (decision is not None) == due
        assert decision is None or decision.epoch == epoch
    assert controller.decisions == [d for d in fell if d is not None]
    assert len(controller.history) == len(fell)


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
def test_every_group_is_scaled_and_the_rate_is_what_the_step_uses(kind):
    optimizer = make_optimizer(0.1, 0.02, kind=kind)
    controller = AgenticLR(optimizer, scripted(DOWN, UP), every=1)
    observe(controller, 1, 2)
    assert controller.get_last_lr() == pytest.approx([.1 * .91, .02 * .91])
    assert [g["lr"] for g in optimizer.param_groups] == \
        controller.get_last_lr()
    assert [(d.old_lr, d.new_lr) for d in controller.decisions] == [
        (0.1, pytest.approx(0.07)), (pytest.approx(0.07),
                                     pytest.approx(0.091))]
    if kind is torch.optim.SGD:
        weight = optimizer.param_groups[1]["params"][0]
        weight.grad = torch.ones(2)
        optimizer.step()
        torch.testing.assert_close(weight.data, torch.ones(2) - 0.02 * 0.91)


names = st.sampled_from([UP, DOWN, GO_ON])


@settings(max_examples=60, deadline=None)
@given(st.lists(names, max_size=60), st.floats(1e-9, 1e3),
       st.floats(1e-6, 1e-3), st.floats(0.1, 10))
def test_no_decision_moves_a_rate_out_of_its_bounds(wishes, lr, low, high):
    optimizer = make_optimizer(lr)
    controller = AgenticLR(optimizer, scripted(*wishes), every=1,
                           min_lr=low, max_lr=high)
    for epoch in range(1, len(wishes) + 1):
        before = optimizer.param_groups[0]["lr"]
        observe(controller, epoch)
        after = optimizer.param_groups[0]["lr"]
        # a rate that began outside may only come back
        assert min(low, before) <= after <= max(high, before)


def test_stopping_only_says_so():
    optimizer = make_optimizer(0.1)
    controller = AgenticLR(optimizer, scripted(STOP, GO_ON), every=10)
    assert not controller.should_stop
    observe(controller, 10)
    assert controller.should_stop and controller.get_last_lr() == [0.1]
    observe(controller, 20)
    assert controller.should_stop  # a warning is not repeated


def test_the_state_round_trips_through_json_and_goes_on():
    wishes = [DOWN, GO_ON, UP, DOWN]
    one = make_optimizer(0.1, 0.3)
    controller = AgenticLR(one, scripted(*wishes), every=2)
    observe(controller, 1, 2, 3, 4, 5)
    state = json.loads(json.dumps(controller.state_dict()))

    two = make_optimizer(0.1, 0.3)
    two.load_state_dict(one.state_dict())
    other = AgenticLR(two, scripted(*wishes[2:]), every=2)
    other.load_state_dict(state)
    assert other.history == controller.history
    assert other.decisions == controller.decisions
    assert observe(other, 6, 7, 8)[0].action == UP
    observe(controller, 6, 7, 8)
    assert other.get_last_lr() == controller.get_last_lr()


def test_a_rate_that_something_else_changed_is_an_error():
    optimizer = make_optimizer(0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 1.0)
    controller = AgenticLR(optimizer, scripted(DOWN), every=1)
    observe(controller, 1)
    optimizer.step()
    schedule.step()  # undoes the decision
    with pytest.raises(RuntimeError, match="set to 0.07 and is now 0.1: .*"
                       "scheduler=scheduler"):
        observe(controller, 2)


def test_a_group_added_later_is_scaled_from_then_on():
    optimizer = make_optimizer(0.1)
    controller = AgenticLR(optimizer, scripted(DOWN, DOWN), every=1)
    observe(controller, 1)
    optimizer.add_param_group(
        {"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
    observe(controller, 2)
    assert controller.get_last_lr() == pytest.approx([0.049, 0.35])


def test_the_highest_rate_is_what_a_decision_shows():
    # a frozen part, whose rate is 0, comes first
    controller = AgenticLR(make_optimizer(0, 0.1), scripted(DOWN), every=1)
    (decision,) = observe(controller, 1)
    assert controller.history[0].learning_rate == 0.1
    assert (decision.old_lr, decision.new_lr) == (0.1, pytest.approx(0.07))
    controller.set_lr(0.02)
    assert controller.get_last_lr() == [0, pytest.approx(0.02)]


def test_rates_that_are_all_0_cannot_be_scaled_to_another():
    controller = AgenticLR(make_optimizer(0, 0), scripted(DOWN))
    with pytest.raises(ValueError, match="highest_lr_now=0.0 must be a num"):
        controller.set_lr(0.1)


def test_a_rescue_that_min_lr_forbids_says_so(said):
    controller = AgenticLR(make_optimizer(1e-3), scripted(GO_ON), every=99,
                           min_lr=1e-3)
    controller.step(1, train_loss=2.0)
    assert not said
    decision = controller.step(2, train_loss=math.nan)
    assert decision.source == "guard" and decision.new_lr == 1e-3
    assert ("The rate is at min_lr=0.001 and cannot be reduced: pass a "
            "smaller min_lr.") in said


def test_a_state_without_its_history_goes_on_from_there():
    controller = AgenticLR(make_optimizer(), scripted(DOWN, DOWN), every=2,
                           total_epochs=10)
    observe(controller, 1, 2, 3)
    state = controller.state_dict(history=False)
    other = AgenticLR(make_optimizer(0.07), scripted(DOWN), every=2,
                      total_epochs=10)
    other.load_state_dict(state)
    assert not other.history and not other.decisions
    (decision,) = observe(other, 4)
    assert (decision.epoch, decision.new_lr) == (4, pytest.approx(0.049))


def test_a_newer_controller_of_a_scheduled_optimizer_replaces_the_older():
    optimizer = make_optimizer(0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 1.0)
    older, newer = (AgenticLR(optimizer, scripted(DOWN), every=1,
                              scheduler=schedule) for _ in range(2))
    observe(newer, 1)
    with pytest.raises(RuntimeError, match="newer AgenticLR steers"):
        observe(older, 1)


def test_a_rate_of_ones_own_is_told_with_set_lr():
    optimizer = make_optimizer(0.1)
    controller = AgenticLR(optimizer, scripted(DOWN, DOWN), every=1)
    observe(controller, 1)
    optimizer.param_groups[0]["lr"] = 0.5
    with pytest.raises(RuntimeError, match=r"controller\.set_lr\(lr\)"):
        observe(controller, 2)
    controller.set_lr(0.5)
    observe(controller, 2)
    assert controller.get_last_lr() == [pytest.approx(0.35)]


def test_a_rate_held_in_a_tensor_stays_that_tensor():
    rate = torch.tensor(0.1)
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight], lr=rate)
    held = optimizer.param_groups[0]["lr"]
    controller = AgenticLR(optimizer, scripted(DOWN, UP), every=1)
    observe(controller, 1, 2)
    assert optimizer.param_groups[0]["lr"] is held
    assert held.item() == pytest.approx(0.091)


class Broken:
    """A brain that raises, or gives the answer it was made with."""

    actions = ACTIONS

    def __init__(self, answer):
        self.answer = answer

    def analyze_training(self, history, every, actions):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("answer", [
    MemoryError("CUDA out of memory"), KeyError("x"), None, "continue",
    Decision("explode", "why not"), torch.tensor(float("nan")),
])
def test_whatever_the_brain_does_there_is_a_decision(answer):
    controller = AgenticLR(make_optimizer(), Broken(answer), every=1)
    [decision] = observe(controller, 1)
    assert decision.source == "fallback" and "the brain broke" in \
        decision.note
    assert decision.action in [action.name for action in ACTIONS]


def test_a_keyboard_interrupt_is_not_an_answer():
    controller = AgenticLR(make_optimizer(), Broken(KeyboardInterrupt()),
                           every=1)
    with pytest.raises(KeyboardInterrupt):
        observe(controller, 1)


def test_no_brain_watches_and_never_decides():
    controller = AgenticLR(make_optimizer(), None, every=1)
    assert observe(controller, 1, 2, 3) == [None] * 3
    assert len(controller.history) == 3


def test_a_fifth_action_reaches_its_effect():
    seen = []
    halve = Action("halve_it", "make it half", factor=0.5,
                   effect=seen.append)
    brain = scripted("halve_it", actions=(*ACTIONS, halve))
    controller = AgenticLR(make_optimizer(0.1), brain, every=1)
    observe(controller, 1)
    assert seen == [controller] and controller.get_last_lr() == [0.05]


def test_own_factors_and_a_person_who_decides():
    controller = AgenticLR(make_optimizer(0.1), None, reduce=0.5, increase=2)
    decision = controller.apply(Decision(UP, "I want it.", source="human"))
    assert (decision.source, decision.epoch, decision.new_lr) == \
        ("human", 0, 0.2)
    controller.apply(Decision(DOWN, "No.", source="human"))
    assert controller.get_last_lr() == [0.1]
    with pytest.raises(ValueError, match="explode"):
        controller.apply(Decision("explode", "x", source="human"))


@pytest.mark.parametrize("options, word", [
    ({"every": 0}, "every"), ({"every": 2.5}, "every"),
    ({"min_lr": 1.0, "max_lr": 0.1}, "min_lr"), ({"min_lr": -1}, "min_lr"),
    ({"reduce": 1.2}, "reduce"), ({"increase": 0.9}, "increase"),
    ({"brain": "qwen"}, "SimpleAIBrain"), ({"actions": ACTIONS[:1]},
                                           "actions"),
    ({"total_epochs": 0}, "total_epochs"),
    ({"total_epochs": "sixty"}, "total_epochs"),
    ({"scheduler": "cosine"}, "scheduler"), ({"guards": True}, "guards"),
    ({"min_lr": [1e-6, 1e-5]}, "min_lr"), ({"max_lr": None}, "max_lr"),
    ({"brain": SimpleAIBrain}, "SimpleAIBrain"), ({"unit": "days"}, "unit"),
    ({"metric": "f1"}, "higher_is_better"),
    ({"total_epochs": 5, "unit": "steps", "every": 5}, "total="),
    ({"back_to_best": True}, "model=model"), ({"warm_up": -1}, "warm_up"),
])
def test_bad_arguments_are_named(options, word):
    options = {"brain": None, **options}
    with pytest.raises(ValueError, match=word):
        AgenticLR(make_optimizer(), **options)


@pytest.mark.parametrize("observed", [
    {"epoch": 0, "val_acc": 1}, {"epoch": "one", "val_acc": 1},
    {"epoch": 2.5, "val_acc": 1}])
def test_an_epoch_that_cannot_be_is_named_and_leaves_no_trace(observed):
    controller = AgenticLR(make_optimizer(), None, total_epochs=50)
    with pytest.raises(ValueError, match="epoch"):
        controller.step(**observed)
    assert controller.history == []
    observe(controller, 5)
    with pytest.raises(ValueError, match="oldest first"):
        observe(controller, 5)
    assert len(controller.history) == 1


@pytest.mark.parametrize("odd", [
    {"val_acc": math.nan}, {"val_acc": 140}, {"val_acc": -1},
    {"val_acc": "high"}, {"val_acc": True}, {"val_loss": []},
    {"vall_loss": 0.5}, {"f1": 0.5}])
def test_a_number_that_cannot_be_is_told_once_and_left_out(odd, said):
    controller = AgenticLR(make_optimizer(), None)
    for epoch in range(1, 5):
        controller.step(epoch, train_loss=1.0, **odd)
    [name] = odd
    assert len(said) == 1 and name in said[0]
    assert len(controller.history) == 4
    assert all(m.val_acc is None and m.val_loss is None
               for m in controller.history)


def test_rounding_above_a_hundred_is_a_hundred(said):
    controller = AgenticLR(make_optimizer(), None)
    controller.step(1, val_acc=100.00001)
    assert controller.history[0].val_acc == 100 and not said


def test_an_evaluation_without_numbers_ends_nothing(said):
    controller = AgenticLR(make_optimizer(), scripted(GO_ON), every=1)
    assert controller.step(1) is None and controller.step(2) is None
    assert len(said) == 1 and controller.history == []
    assert controller.step(3, val_loss=1.0).action == GO_ON


def test_a_fraction_is_recognised_at_once(said):
    controller = AgenticLR(make_optimizer(), None)
    controller.step(1, val_acc=0.83)
    assert len(said) == 1 and "percent" in said[0]
    controller.step(2, val_acc=0.84, val_loss=0.5)
    assert len(said) == 1
    # what a brain would take for less than one percent is left out
    assert [m.val_acc for m in controller.history] == [None]
    controller.step(3, val_acc=84)
    assert controller.history[-1].val_acc == 84 and len(said) == 1
    other = AgenticLR(make_optimizer(), None)
    observe(other, *range(1, 9))
    assert len(said) == 1


def test_weights_that_are_nan_cannot_be_mended_without_the_model(said):
    controller = AgenticLR(make_optimizer(), scripted(GO_ON), every=5)
    for epoch in range(1, 4):
        controller.step(epoch, train_loss=float("nan"))
    assert len(said) == 1 and "model=model" in said[0]


class Recorder:
    """A brain that keeps what it was given, and chooses what it is told."""

    actions = ACTIONS

    def __init__(self, wish=GO_ON):
        self.wish, self.seen = wish, []

    def analyze_training(self, history, every, actions):
        self.seen.append((list(history), every))
        return Decision(self.wish, "so", source="model")


@pytest.mark.parametrize("name, higher, values", [
    ("f1", True, [0.3, 0.6, 0.5]), ("wer", False, [0.9, 0.3, 0.4]),
    ("perplexity", False, [400.0, 30.0, 41.0]),
    ("reward", True, [-50.0, 20.0, -3.0]),
    ("val_loss", None, [2.0, 1.0, 1.5]),
    ("train_loss", None, [2.0, 1.0, 1.5])])
def test_the_best_weights_go_by_any_metric(name, higher, values):
    layer = torch.nn.Linear(1, 1)
    controller = AgenticLR(
        torch.optim.SGD(layer.parameters(), lr=0.1), None, model=layer,
        guards=Guards(), metric=name, higher_is_better=higher)
    for i, value in enumerate(values):
        with torch.no_grad():
            layer.weight.fill_(i)
        controller.step(train_acc=50.0, val_acc=[90, 10, 20][i],
                        **{name: value})
    controller.restore_best()
    assert layer.weight.item() == 1


def test_no_stop_while_the_metric_improves():
    def ends(slope):
        brain = Recorder(STOP)
        controller = AgenticLR(make_optimizer(), brain, metric="f1",
                               higher_is_better=True)
        for i in range(15):
            controller.step(val_loss=1.0, f1=0.5 + slope * i)
        return controller.should_stop
    assert ends(0.0) and not ends(0.02)


def test_what_a_brain_sees_of_another_metric():
    """A share is read as an accuracy, a lower-is-better one as a loss; and
    neither if there is validation accuracy or loss beside it."""
    for name, higher, value, field, shown in (
            ("f1", True, 0.8, "val_acc", 80), ("wer", False, 0.2,
                                               "val_loss", 0.2)):
        brain = Recorder()
        controller = AgenticLR(make_optimizer(), brain, every=1,
                               metric=name, higher_is_better=higher)
        controller.step(train_loss=1.0, **{name: value})
        controller.step(val_loss=7.0, **{name: value})
        (first, _), (both, _) = brain.seen
        assert getattr(first[-1], field) == pytest.approx(shown)
        assert (both[-1].val_acc, both[-1].val_loss) == (None, 7.0)


def test_a_metric_that_is_missing_or_nan_is_told_once(said):
    controller = AgenticLR(make_optimizer(), scripted(*[GO_ON] * 9), every=1,
                           metric="f1", higher_is_better=True)
    for value in ({}, {"f1": math.nan}, {}):
        assert controller.step(val_loss=1.0, **value).action == GO_ON
    assert len(said) == 2


def test_one_loss_is_enough():
    for name in ("train_loss", "val_loss"):
        controller = AgenticLR(make_optimizer(), SimpleAIBrain(
            "rules", quiet=True), every=2)
        for i in range(10):
            controller.step(**{name: 1 / (i + 1)})
        assert len(controller.decisions) == 5


def test_steps_are_counted_as_the_user_has_them():
    brain = Recorder()
    controller = AgenticLR(make_optimizer(), brain, unit="steps", every=1000,
                           total=5000)
    fell = {}
    for step in range(500, 5001, 500):
        fell[step] = controller.step(step=step, val_loss=1.0)
    assert [s for s, d in fell.items() if d] == [1000, 2000, 3000, 4000]
    history, every = brain.seen[-1]
    assert every == 2 and history[-1].epoch == 8
    assert history[-1].total_epochs == 10
    with pytest.raises(ValueError, match="every"):
        AgenticLR(make_optimizer(), brain, unit="steps")
    with pytest.raises(ValueError, match="unit='steps'"):
        controller.step(val_loss=1.0)


def test_evaluations_need_no_number():
    controller = AgenticLR(make_optimizer(), Recorder(), every=3, total=9,
                           unit="evaluations")
    fell = [controller.step(val_loss=1.0) for _ in range(9)]
    assert [i for i, d in enumerate(fell, start=1) if d] == [3, 6]


@given(st.integers(1, 9), st.integers(1, 7))
def test_evaluating_every_few_epochs_still_meets_decisions(every, gap):
    controller = AgenticLR(make_optimizer(), Recorder(), every=every,
                           guards=False)
    for epoch in range(gap, 60, gap):
        controller.step(epoch, val_loss=1.0)
    made = [d.epoch for d in controller.decisions]
    assert len(made) >= len(range(gap, 60, gap)) // (every // gap + 1) - 1
    assert all(b - a <= every + gap for a, b in zip(made, made[1:]))


def test_a_budget_without_a_decision_says_so_at_the_start(said):
    AgenticLR(make_optimizer(), Recorder(), total_epochs=4)
    assert len(said) == 1 and "every=1" in said[0]
    AgenticLR(make_optimizer(), Recorder(), total_epochs=6)
    AgenticLR(make_optimizer(), None, total_epochs=4)
    assert len(said) == 1


def test_more_epochs_than_announced_are_a_way_to_go_on(said):
    controller = AgenticLR(make_optimizer(), Recorder(), total_epochs=2,
                           every=1)
    made = [controller.step(e, val_loss=1.0) for e in range(1, 6)]
    assert [d is not None for d in made] == [True, False, True, True, True]
    assert len(said) == 1 and controller.history[-1].total_epochs is None


def test_pace_in_one_word():
    def steps(**options):
        controller = AgenticLR(make_optimizer(), Recorder(), **options)
        factors = {a.name: a.factor for a in controller.actions}
        return controller.every, factors[DOWN], factors[UP]
    assert steps() == steps(pace="original") == (5, 0.7, 1.3)
    assert steps(pace="quick") == (2, 0.5, 2.0)
    assert steps(pace="quick", every=3, increase=1.5) == (3, 0.5, 1.5)
    with pytest.raises(ValueError, match="pace"):
        steps(pace="fast")


def test_a_brain_decides_the_same_on_an_extract_of_the_history():
    whole = SimpleAIBrain("bundled", quiet=True, explain=False)
    part = SimpleAIBrain("bundled", quiet=True, explain=False)
    whole.reads_all = True
    assert not part.reads_all
    for seed in range(3):
        [run] = made_up.many(lambda draw: made_up.healthy(
            draw, 60, ("train_loss", "val_loss", "val_acc")), 1, seed)
        one, two = (AgenticLR(make_optimizer(), brain)
                    for brain in (whole, part))
        for measured in run:
            one.step(**measured)
            two.step(**measured)
        assert [d.prompt for d in one.decisions] == [
            d.prompt for d in two.decisions]
        assert [d.action for d in one.decisions] == [
            d.action for d in two.decisions]


def test_what_a_step_costs_does_not_grow():
    """What a brain is given stays small, and history is only appended to."""
    brain = Recorder()
    brain.reads_all = False
    controller = AgenticLR(make_optimizer(), brain, every=5)
    held = controller.history
    for i in range(2000):
        controller.step(val_loss=1 / (1 + i % 7), val_acc=i % 90,
                        train_loss=1.0)
    assert max(len(history) for history, _ in brain.seen) <= 15
    assert controller.history is held and len(held) == 2000


def test_a_hook_gets_every_decision_once_it_was_applied():
    rates = []
    controller = AgenticLR(
        make_optimizer(0.1), scripted(DOWN, GO_ON), every=1,
        on_decision=lambda d: rates.append((d, controller.get_last_lr())))
    observe(controller, 1, 2)
    controller.apply(Decision(UP, "mine", source="human"))
    assert [d for d, _ in rates] == controller.decisions
    assert all([d.new_lr] == lr for d, lr in rates)


def test_a_broken_hook_is_told_once_and_ends_nothing(said):
    def broken(decision):
        raise OSError("no room on the disk")
    controller = AgenticLR(make_optimizer(), Recorder(), every=1,
                           on_decision=broken)
    observe(controller, 1, 2, 3)
    assert len(controller.decisions) == 3
    assert len(said) == 1 and "no room" in said[0]


def test_a_broken_brain_is_told_once_a_cause_and_strict_raises(said):
    controller = AgenticLR(make_optimizer(), Broken(KeyError("x")), every=1)
    observe(controller, 1, 2, 3)
    assert len(said) == 1 and "KeyError" in said[0]
    with pytest.raises(KeyError):
        observe(AgenticLR(make_optimizer(), Broken(KeyError("x")), every=1,
                          strict=True), 1)


def test_when_the_rate_changed_and_why():
    controller = AgenticLR(make_optimizer(0.1), scripted(
        GO_ON, DOWN, GO_ON, UP), every=1)
    observe(controller, 1, 2, 3, 4)
    assert [(d.epoch, d.action) for d in controller.changes()] == [
        (2, DOWN), (4, UP)]
    shown = "\n".join(map(str, controller.changes()))
    assert "epoch 2" in shown and "because" in shown and "->" in shown


def test_warm_up_first_and_metrics_after():
    """torch's own warm-up runs below; decisions scale what comes after."""
    optimizer = make_optimizer(0.1)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5)
    brain = Recorder(DOWN)
    controller = AgenticLR(optimizer, brain, every=1, scheduler=warm,
                           warm_up=5, guards=Guards(cooldown=None))
    rates = []
    for epoch in range(1, 8):
        optimizer.step()
        warm.step()
        controller.step(epoch, train_loss=2.0 + epoch)
        rates += controller.get_last_lr()
    assert [d.epoch for d in controller.decisions] == [6, 7]
    assert rates == pytest.approx([0.028, 0.046, 0.064, 0.082, 0.1, 0.07,
                                   0.049])


@pytest.mark.parametrize("unit, steps", [("epochs", 1), ("steps", 7)])
def test_a_warm_up_is_a_warm_up_after_a_resume_too(unit, steps):
    """What the guards know is the same whether it was resumed or not."""
    def made():
        return AgenticLR(make_optimizer(), Recorder(), every=steps, unit=unit,
                         warm_up=5 * steps)

    whole, killed = made(), made()
    for controller in (whole, killed):
        for n in range(1, 9):
            controller.step(n * steps, train_loss=8.0 if n < 6 else 2.0)
    resumed = made()
    resumed.load_state_dict(killed.state_dict())
    assert whole.watch.loss.count == resumed.watch.loss.count == 3
    assert whole.watch.loss.first == resumed.watch.loss.first == -2.0


def test_a_decision_while_the_schedule_is_below_a_bound_keeps_the_scale():
    """As with warm restarts, whose cosine ends near zero."""
    optimizer = make_optimizer(1e-3)
    falls = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: 1e-6 if n == 2 else 1.0)
    controller = AgenticLR(optimizer, scripted(DOWN, GO_ON), every=1,
                           scheduler=falls, guards=False)
    for epoch in (1, 2, 3):
        optimizer.step()
        falls.step()
        if epoch < 3:
            controller.step(epoch, val_acc=50.0)
    assert controller.get_last_lr() == [pytest.approx(7e-4)]


def test_back_to_the_best_weights_when_the_rate_falls():
    for option, weight in ((False, 3.0), (True, 1.0)):
        layer = torch.nn.Linear(1, 1)
        controller = AgenticLR(
            torch.optim.SGD(layer.parameters(), lr=0.1), scripted(DOWN),
            every=3, model=layer, back_to_best=option)
        for epoch, acc in ((1, 80), (2, 60), (3, 70)):
            torch.nn.init.constant_(layer.weight, epoch)
            controller.step(epoch, val_acc=acc)
        assert layer.weight.item() == weight
        assert controller.get_last_lr() == [pytest.approx(0.07)]


def test_two_decisions_after_the_same_epoch_are_both_resumed():
    """A guard's, and then a person's."""
    def make():
        return AgenticLR(make_optimizer(0.1), scripted(), every=5,
                         guards=Guards())

    one, other = make(), make()
    for epoch, loss in enumerate((2.0, 1.0, math.nan), start=1):
        one.step(epoch, train_loss=loss)
    one.apply(Decision(GO_ON, "I have seen it.", source="human"))
    assert [d.source for d in one.decisions] == ["guard", "human"]
    other.optimizer.load_state_dict(one.optimizer.state_dict())
    other.load_state_dict(json.loads(json.dumps(one.state_dict())))
    for name in ("rescues", "ceiling", "changed", "why"):
        assert getattr(other.watch, name) == getattr(one.watch, name), name


def test_going_on_with_another_rate(said):
    one = make_optimizer(0.1, 0.2)
    controller = AgenticLR(one, scripted(DOWN), every=1)
    observe(controller, 1)
    state = controller.state_dict()

    two = make_optimizer(0.1, 0.2)
    two.load_state_dict(one.state_dict())
    for group in two.param_groups:
        group["lr"] = 0.5
    other = AgenticLR(two, scripted(DOWN), every=1)
    other.load_state_dict(state)
    assert len(said) == 1 and "0.5" in said[0]
    observe(other, 2, 3)
    assert other.get_last_lr() == pytest.approx([0.35, 0.35])

    controller.set_lr(0.01)
    assert controller.get_last_lr() == pytest.approx([0.005, 0.01])
    controller.step(2, val_acc=50.0)
    with pytest.raises(ValueError, match="lr=0"):
        controller.set_lr(0)


def cooling(total=10, **options):
    brain = scripted("cool_down", *[UP] * 20, actions=(*ACTIONS, COOL_DOWN))
    return AgenticLR(make_optimizer(1.0), brain, total_epochs=total, every=1,
                     **{"min_lr": 0, **options})


def test_a_cool_down_ends_in_zero_at_the_end_of_the_budget():
    controller = cooling()
    rates = []
    for epoch in range(1, 11):
        rates += controller.get_last_lr()
        controller.step(epoch, val_acc=50.0)
    assert rates == pytest.approx([1.0, *(1 - i / 9 for i in range(9))])
    assert controller.get_last_lr() == [0.0]
    assert [d.action for d in controller.decisions] == ["cool_down"]


def test_a_cool_down_is_resumed_and_a_guard_may_interrupt_it():
    controller = cooling()
    observe(controller, 1, 2, 3)
    state = json.loads(json.dumps(controller.state_dict()))
    other = cooling()
    other.optimizer.load_state_dict(controller.optimizer.state_dict())
    other.load_state_dict(state)
    for each in (controller, other):
        each.step(4, val_acc=50.0)
        assert each.get_last_lr() == pytest.approx([2 / 3])
    decision = other.step(5, val_acc=1.0, train_loss=math.nan)
    assert decision.source == "guard" and not other.cooling
    assert other.get_last_lr() == pytest.approx([0.7 * 2 / 3])


def test_a_budget_that_is_exceeded_ends_the_cool_down(said):
    """The brain decides again, and is no longer offered a fall to a zero
    that lies behind it."""
    controller = cooling(total=4, min_lr=1e-3)
    observe(controller, 1, 2, 3, 4)
    assert controller.cooling and controller.get_last_lr() == [1e-3]
    decision = controller.step(5, val_acc=50.0)
    assert decision.action == UP and not controller.cooling
    assert [a.name for a in controller.actions] == [
        a.name for a in ACTIONS] and len(said) == 1


class Taught(Recorder):
    """A brain that says which actions it was taught."""

    def __init__(self, names, actions=ACTIONS):
        super().__init__()
        self.actions, self.taught = actions, SimpleNamespace(actions=names)


KNOWS = [*(a.name for a in ACTIONS), COOL_DOWN.name]


@pytest.mark.parametrize("brain, options, offered", [
    (Taught(KNOWS), {"pace": "quick"}, True),
    (Taught(KNOWS), {}, False),
    (Taught(KNOWS), {"pace": "quick", "total_epochs": None}, False),
    (Taught(KNOWS), {"pace": "quick", "actions": ACTIONS}, False),
    (Taught(KNOWS, ACTIONS[:2]), {"pace": "quick"}, False),
    (Taught(KNOWS[:4]), {"pace": "quick"}, False),
    (Taught(None), {"pace": "quick"}, False),
    (Recorder(), {"pace": "quick"}, False), (None, {"pace": "quick"}, False)])
def test_the_quick_pace_offers_cool_down_to_who_was_taught_it(
        brain, options, offered):
    options = {"total_epochs": 20, **options}
    controller = AgenticLR(make_optimizer(), brain, **options)
    assert (COOL_DOWN.name in [a.name for a in controller.actions]) == offered


def test_a_cool_down_needs_a_budget_and_is_none_of_the_four():
    with pytest.raises(ValueError, match="total_epochs"):
        cooling(total=None)
    assert COOL_DOWN not in ACTIONS and len(ACTIONS) == 4


def test_a_list_or_none_in_an_optimizers_place():
    one = make_optimizer()
    with pytest.raises(ValueError, match="one AgenticLR for each"):
        AgenticLR([one, make_optimizer()], None)
    with pytest.raises(ValueError, match="optimizer=None"):
        AgenticLR(None, None)


@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize("copied", [
    copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_go_on_alike(scheduled, copied):
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 100)
    controller = AgenticLR(
        optimizer, scripted(*[DOWN] * 5, actions=(*ACTIONS, RESTORE)),
        every=1, model=model, scheduler=schedule if scheduled else None)

    def go_on(net, controller, epoch):
        controller.optimizer.zero_grad()
        net(torch.ones(1, 2)).sum().backward()
        controller.optimizer.step()
        controller.step(epoch, val_acc=50.0)
        return net.weight.detach().clone(), controller.get_last_lr()

    go_on(model, controller, 1)
    net, other = copied((model, controller))
    assert other.optimizer is not controller.optimizer
    for epoch in (2, 3, 4):
        one, two = (go_on(model, controller, epoch), go_on(net, other, epoch))
        assert torch.equal(one[0], two[0]) and one[1] == two[1]


def go_on_elsewhere(net, controller):
    """One more epoch; lists, since tensors would be shared memory."""
    torch.set_num_threads(1)
    controller.optimizer.zero_grad()
    net(torch.ones(1, 2)).sum().backward()
    controller.optimizer.step()
    made = controller.step(5, train_acc=60.0, val_acc=55.0, train_loss=1.0)
    return (tuple(made), made.source, made.probabilities,
            controller.get_last_lr(), net.weight.tolist())


def test_another_process_goes_on_with_a_controller_and_its_brain():
    model = torch.nn.Linear(2, 1)
    controller = AgenticLR(
        torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        SimpleAIBrain("bundled", quiet=True), total_epochs=20, model=model)
    for epoch in range(1, 5):
        controller.step(epoch, train_acc=50.0 + epoch, val_acc=50.0 + epoch,
                        train_loss=2.0 - 0.1 * epoch)
    # A copy, since torch shares the weights of what it sends.
    sent = copy.deepcopy((model, controller))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(go_on_elsewhere, sent)
    expected = go_on_elsewhere(model, controller)
    assert found[1] == expected[1] == "model"
    assert found[2] == pytest.approx(expected[2])
    assert (found[0], *found[3:]) == (expected[0], *expected[3:])


def weighed(**options):
    """A controller of one weight, which every evaluation sets to its
    number."""
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 0)
    return layer, AgenticLR(
        torch.optim.SGD(layer.parameters(), lr=0.1), scripted(*[GO_ON] * 9),
        every=1, model=layer, **options)


def measure(layer, controller, *results):
    for epoch, result in enumerate(results, start=1):
        torch.nn.init.constant_(layer.weight, epoch)
        controller.step(epoch, **result)


def test_weights_stay_where_nothing_has_said_how_good_they_are(said):
    layer, controller = weighed()
    measure(layer, controller, {"val_acc": 0.5}, {"val_acc": 0.9})  # fractions
    controller.restore_best()
    assert layer.weight.item() == 2
    assert "Nothing has said yet how good the weights are" in said[-1]
    controller.step(3, val_acc=50.0)
    torch.nn.init.constant_(layer.weight, 4)
    controller.restore_best()
    assert layer.weight.item() == 2  # those of the third evaluation


def test_a_metric_that_no_brain_can_read_chooses_the_best_weights(said):
    layer, controller = weighed(metric="reward", higher_is_better=True)
    measure(layer, controller, {"reward": -200}, {"reward": -150},
            {"reward": -180})
    assert not controller.history and not controller.decisions
    assert len(said) == 1 and "reward=-200 is not a share" in said[0]
    controller.restore_best()
    assert layer.weight.item() == 2


def test_a_share_that_begins_below_zero_is_read_from_then_on():
    _, controller = weighed(metric="r2", higher_is_better=True)
    for epoch, r2 in enumerate((-0.3, 0.1, 0.8), start=1):
        controller.step(epoch, r2=r2)
    assert [m.val_acc for m in controller.history] == pytest.approx([10, 80])
    controller.step(4, r2=1 + 1e-9)  # rounding
    assert controller.history[-1].val_acc == 100
    for epoch, percent in enumerate((0.5, 20, 0.7), start=5):  # in percent
        controller.step(epoch, r2=percent)
    assert len(controller.history) == 4


def test_an_epoch_without_validation_is_no_divergence(said):
    layer, controller = weighed()
    measure(layer, controller, *[
        {"train_loss": 1 / epoch, "val_loss":
         1 / epoch if epoch % 3 == 0 else math.nan} for epoch in range(1, 9)])
    assert {d.source for d in controller.decisions} == {"human"}
    assert len(said) == 1 and "pass None instead" in said[0]
    assert [m.val_loss is None for m in controller.history] == [
        epoch % 3 != 0 for epoch in range(1, 9)]
    # but nothing is left out where the network was validated, and is broken
    broken, other = weighed()
    measure(broken, other, {"train_loss": 1.0, "val_acc": 60.0},
            {"train_loss": 0.9, "val_acc": 10.0, "val_loss": math.nan})
    assert other.decisions[-1].source == "guard"


def test_a_model_that_the_optimizer_does_not_train_is_refused():
    net, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="not the network that this optim"):
        AgenticLR(optimizer, scripted(DOWN), model=other)
    both = torch.nn.ModuleList([net, other])
    assert AgenticLR(optimizer, scripted(DOWN), model=both).best is not None


def test_a_loss_with_its_graph_is_a_number(recwarn):
    weight = torch.nn.Parameter(torch.tensor(2.0))
    controller = AgenticLR(torch.optim.SGD([weight], lr=0.1), None)
    controller.step(1, val_loss=weight * 3)
    assert controller.history[0].val_loss == 6.0 and not recwarn.list


# -- weights, rates and metrics in odd situations -----------------------------

@pytest.mark.parametrize("measured", [
    lambda epoch, found: {"train_loss": 2 / (epoch + 1),
                          "val_loss": found and 2 - found / 100},
    lambda epoch, found: {"train_acc": 60 + 5 * epoch, "val_acc": found}])
def test_the_best_weights_are_chosen_by_validation_alone(measured):
    """An epoch without validation has training results, which say less."""
    layer = torch.nn.Linear(1, 1)
    controller = AgenticLR(torch.optim.SGD(layer.parameters(), lr=0.0),
                           scripted(GO_ON), total_epochs=8, model=layer)
    found = {2: 70, 4: 80, 6: 75, 8: 70}
    for epoch in range(1, 9):
        with torch.no_grad():
            layer.bias.fill_(epoch)
        controller.step(epoch, **measured(epoch, found.get(epoch)))
    controller.restore_best()
    assert layer.bias.item() == 4


def test_the_best_weights_are_kept_without_guards_too():
    layer = torch.nn.Linear(1, 1)
    controller = AgenticLR(torch.optim.SGD(layer.parameters(), lr=0.0),
                           scripted(GO_ON), model=layer, guards=False)
    for epoch, found in ((1, 50.0), (2, 70.0), (3, 60.0)):
        with torch.no_grad():
            layer.bias.fill_(epoch)
        controller.step(epoch, val_acc=found)
    controller.restore_best()
    assert layer.bias.item() == 2


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_cool_down_is_straight_however_often_it_is_measured(step):
    controller = AgenticLR(make_optimizer(1.0), scripted(
        "cool_down", actions=(*ACTIONS, COOL_DOWN)), total_epochs=12,
        every=step, min_lr=0)
    for epoch in range(step, 13, step):
        controller.step(epoch, val_acc=50.0)
        assert controller.get_last_lr() == pytest.approx(
            [(12 - epoch) / (12 - step)])


def test_a_cool_down_that_has_ended_is_over_when_the_budget_grows():
    controller = cooling(total=5, min_lr=1e-3)
    observe(controller, 1, 2, 3, 4, 5)
    longer = cooling(total=9, min_lr=1e-3)
    longer.optimizer.load_state_dict(controller.optimizer.state_dict())
    longer.load_state_dict(controller.state_dict())
    assert not longer.cooling
    longer.brain = scripted(UP)
    assert longer.step(6, val_acc=50.0).action == UP


def test_sparse_gradients_do_no_harm():
    words = torch.nn.Embedding(10, 3, sparse=True)
    optimizer = torch.optim.SGD(words.parameters(), lr=0.1)
    controller = AgenticLR(optimizer, scripted(GO_ON), model=words, every=1)
    for epoch in (1, 2):
        optimizer.zero_grad()
        words(torch.tensor([1, 2])).sum().backward()
        optimizer.step()
        controller.step(epoch, val_loss=1.0)
    assert [d.action for d in controller.decisions] == [GO_ON, GO_ON]


@pytest.mark.parametrize("history", [True, False])
def test_weights_that_were_loaded_are_the_ones_to_go_back_to(history):
    """Also if the state says nothing of what was seen."""
    def begin():
        layer = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
        return layer, optimizer, AgenticLR(
            optimizer, scripted(GO_ON), total_epochs=20, model=layer)

    layer, optimizer, controller = begin()
    for epoch in range(1, 6):
        controller.step(epoch, val_loss=1 / epoch)
    with torch.no_grad():
        layer.weight.fill_(42.0)
    state = controller.state_dict(history=history)
    fresh, other, resumed = begin()
    fresh.load_state_dict(layer.state_dict())
    other.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(state)
    with torch.no_grad():
        fresh.weight.fill_(math.nan)
    decision = resumed.step(6, val_loss=math.nan)
    assert decision.source == "guard"
    assert (fresh.weight == 42.0).all()


def test_weights_loaded_before_the_first_step_are_the_start():
    """A pretrained network may be loaded after the controller was made."""
    layer = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1e-6)
    controller = AgenticLR(optimizer, scripted(GO_ON), model=layer)
    with torch.no_grad():
        layer.weight.fill_(42.0)
    for _ in range(12):
        optimizer.zero_grad()
        layer(torch.ones(8, 4)).sum().backward()
        optimizer.step()
    assert controller.step(1, val_loss=1.0) is None  # they have hardly moved
    assert controller.best.moved < 0.01


@pytest.mark.parametrize("metric, higher, saved", [
    ("mae", False, True), ("f1", True, False)])
def test_an_error_of_ones_own_that_becomes_nan_is_divergence(
        metric, higher, saved, said):
    layer = torch.nn.Linear(1, 1)
    controller = AgenticLR(
        torch.optim.SGD(layer.parameters(), lr=0.1), scripted(GO_ON),
        total_epochs=20, model=layer, metric=metric, higher_is_better=higher)
    for epoch in range(1, 5):
        controller.step(epoch, **{metric: 0.5})
    decision = controller.step(5, **{metric: math.nan})
    assert (decision is not None and decision.source == "guard") == saved
    assert bool(said) == (not saved)


def stepped(read) -> list:
    """How far one step with a closure goes, which reads the rate or not."""
    layer = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    controller = AgenticLR(
        optimizer, scripted(GO_ON), scheduler=torch.optim.lr_scheduler
        .ConstantLR(optimizer, factor=1.0, total_iters=0))
    controller.set_lr(0.001)
    before, rates = layer.bias.detach().clone(), []

    def closure():
        optimizer.zero_grad()
        loss = layer(torch.ones(8, 4)).sum()
        loss.backward()
        rates.extend(controller.get_last_lr() if read else ())
        return loss

    optimizer.step(closure)
    assert rates == pytest.approx([0.001] * len(rates))
    assert optimizer.param_groups[0]["lr"] == 1.0
    return (before - layer.bias).tolist()


def test_a_rate_read_in_the_middle_of_a_step_changes_nothing():
    """A closure that logs the rate, as in Lightning's training step."""
    assert stepped(True) == pytest.approx(stepped(False), rel=1e-4)


def test_groups_keep_their_ratio_at_the_bounds():
    small, large = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimizer = torch.optim.SGD([{"params": [small], "lr": 1e-6},
                                 {"params": [large], "lr": 1e-4}])
    controller = AgenticLR(optimizer, scripted(*[DOWN] * 9, *[UP] * 9),
                           every=1, reduce=0.1, increase=10.0, guards=False,
                           max_lr=1.0)
    for epoch in range(1, 19):
        controller.step(epoch, val_acc=50.0)
        low, high = controller.get_last_lr()
        assert high / low == pytest.approx(100)
        assert 1e-7 <= high <= 1.0
    assert high == pytest.approx(1.0)


def test_a_newer_controller_takes_an_older_ones_scale_off():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
    old = AgenticLR(optimizer, scripted(GO_ON), scheduler=schedule)
    old.set_lr(0.001)
    AgenticLR(optimizer, scripted(GO_ON))
    weight.grad = torch.ones(1)
    optimizer.step()
    assert weight.item() == -1.0
    with pytest.raises(RuntimeError, match="newer AgenticLR"):
        old.step(1, val_acc=50.0)


def test_no_stop_while_rare_validations_improve():
    for measure in (1, 5):
        controller = AgenticLR(make_optimizer(), Recorder(STOP),
                               total_epochs=60, every=5)
        for epoch in range(measure, 16, measure):
            controller.step(epoch, val_acc=6.0 * epoch)
        assert {d.source for d in controller.decisions} == {"guard"}
        assert not controller.should_stop


def test_guards_without_rescues_leave_a_lost_run_alone():
    controller = AgenticLR(make_optimizer(), scripted(GO_ON),
                           guards=Guards(rescues=None))
    assert controller.step(1, train_loss=math.nan) is None
