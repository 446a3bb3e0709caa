"""The controller: when it decides, and that what it decides holds."""

import json
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib import ACTIONS, Action, AgenticLR, Decision, ScriptedBrain

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
    assert controller.should_stop  # what was said stays said


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
    """A brain that raises, or answers with what it was made with."""

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
    ({"scheduler": "cosine"}, "scheduler"),
])
def test_bad_arguments_are_named(options, word):
    options = {"brain": None, **options}
    with pytest.raises(ValueError, match=word):
        AgenticLR(make_optimizer(), **options)


@pytest.mark.parametrize("observed, word", [
    ({"epoch": 1, "val_acc": 140}, "val_acc"), ({"epoch": 1}, "epoch=1"),
    ({"epoch": 0, "val_acc": 1}, "epoch"),
    ({"epoch": 99, "val_acc": 1}, "total_epochs"),
    ({"epoch": 1, "val_acc": "high"}, "val_acc"),
])
def test_bad_metrics_are_named_and_leave_no_trace(observed, word):
    controller = AgenticLR(make_optimizer(), None, total_epochs=50)
    with pytest.raises(ValueError, match=word):
        controller.step(**observed)
    assert controller.history == []
    observe(controller, 5)
    with pytest.raises(ValueError, match="oldest first"):
        observe(controller, 5)


def test_fractions_get_one_warning():
    controller = AgenticLR(make_optimizer(), None)
    with pytest.warns(UserWarning, match="percent") as caught:
        for epoch in range(1, 9):
            controller.step(epoch, val_acc=0.1 * epoch)
    assert len(caught) == 1
    controller = AgenticLR(make_optimizer(), None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        observe(controller, *range(1, 9))
