"""The lab: many trainings at once, labels, texts, tokens, teaching."""

import argparse
import ast
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib import ScriptedBrain
from agentic_lib.brain.decision import ACTIONS
from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.lab.actions import TAUGHT
from agentic_lib.lab.batch import METRICS, Batch, Data, Shape
from agentic_lib.lab.calibration import calibration_error, find_temperature
from agentic_lib.lab.features import NUMBERS, numbers
from agentic_lib.lab.teach import (
    branching,
    command,
    judge,
    labels,
    loop,
    rounds,
    saving,
    situations,
    texts,
)
from agentic_lib.lab.teach.architectures import ARCHITECTURES, DROP
from agentic_lib.lab.teach.arenas import by_policy, held_out, look_ahead, run
from agentic_lib.lab.teach.branching import label_group
from agentic_lib.lab.teach.forest import (
    loss_teacher,
    teacher,
    with_cool_down,
)
from agentic_lib.lab.teach.labels import pack, save_group, table, unpack
from agentic_lib.lab.teach.lessons import Lessons
from agentic_lib.lab.teach.loop import resume, teach
from agentic_lib.lab.teach.loss import loss_of
from agentic_lib.lab.teach.making import make_brain
from agentic_lib.lab.teach.network import make_network
from agentic_lib.lab.teach.networks import draw_any
from agentic_lib.lab.teach.policies import StandIn, rules
from agentic_lib.lab.teach.reasons import (
    REASONS,
    ago,
    first_number,
    patterns,
    reason,
    true_reasons,
)
from agentic_lib.lab.teach.regression import Regression
from agentic_lib.lab.teach.rounds import make_labels
from agentic_lib.lab.teach.saving import confidences
from agentic_lib.lab.teach.situations import HELD_OUT, Situation, draw_data
from agentic_lib.lab.teach.texts import SHARES, State, ask
from agentic_lib.lab.teach.tokens import make_tokenizer
from agentic_lib.lab.teach.visits import scores, visit, visits

TINY = Situation(Shape((8,), 16), train=32, val=20, horizon=8, every=2,
                 features=12, classes=4)


def make_data(sets=3, train=50, features=6, classes=4, seed=0):
    random = torch.Generator().manual_seed(seed)

    def part(count):
        return [torch.randn(sets, count, features, generator=random).double(),
                torch.randint(0, classes, (sets, count), generator=random)]

    return Data(*part(train), *part(30), *part(30),
                features=torch.full((sets,), features),
                classes=torch.full((sets,), classes))


def as_network(batch, row, activation):
    """Network `row` of a batch as plain torch."""
    layers = []
    for weight, bias in batch.split(batch.weights):
        linear = torch.nn.Linear(*weight.shape[1:], dtype=torch.float64)
        linear.weight.data = weight[row].T.clone()
        linear.bias.data = bias[row, 0].clone()
        layers += [linear, activation()]
    return torch.nn.Sequential(*layers[:-1])


OPTIMIZERS = {
    "sgd": (False, 0.0, 0.0, lambda p, lr: torch.optim.SGD(p, lr)),
    "momentum": (False, 0.9, 0.0,
                 lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9)),
    "adam": (True, 0.9, 0.0, lambda p, lr: torch.optim.Adam(p, lr)),
    "adamw": (True, 0.9, 0.1,
              lambda p, lr: torch.optim.AdamW(p, lr, weight_decay=0.1)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_batch_trains_as_plain_torch_loops_do(name, activation):
    adam, momentum, decay, make = OPTIMIZERS[name]
    data = make_data()
    rates = [0.003, 0.01, 0.03]
    batch = Batch(data, Shape((7, 5), 16, activation, adam),
                  torch.arange(3), torch.tensor(rates), momentum, decay,
                  dtype=torch.float64)
    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[activation]
    plain = [as_network(batch, row, kind) for row in range(3)]
    optimizers = [make(net.parameters(), lr)
                  for net, lr in zip(plain, rates, strict=True)]
    for _ in range(3):
        order = torch.rand(3, 50).argsort(1)
        metrics = batch.epoch(order)
        for row, (net, optimizer) in enumerate(zip(plain, optimizers)):
            total, right = 0, 0
            for rows in order[row].split(16):
                x, y = data.x[row, rows], data.y[row, rows]
                logits = net(x)
                loss = torch.nn.functional.cross_entropy(logits, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
                right += (logits.argmax(1) == y).sum().item()
            assert metrics["train_loss"][row] == pytest.approx(total / 50)
            assert metrics["train_acc"][row] == pytest.approx(2 * right)
            val = torch.nn.functional.cross_entropy(
                net(data.val_x[row]), data.val_y[row])
            assert metrics["val_loss"][row] == pytest.approx(val.item())


def test_a_batch_takes_the_steps_that_train_takes():
    from agentic_lib.run.data import Data as RunData
    from agentic_lib.run.trainees import mlp
    from agentic_lib.run.training import Training

    sets = make_data(sets=1, train=64)
    parts = [(getattr(sets, p + "x")[0], getattr(sets, p + "y")[0])
             for p in ("", "val_", "test_")]
    batch = Batch(sets, Shape((9, 9), 16), torch.arange(1), 0.05,
                  dtype=torch.float64)
    network = mlp(6, 9, 2, 4).double()
    linears = [m for m in network if isinstance(m, torch.nn.Linear)]
    for linear, (w, b) in zip(linears, batch.split(batch.weights)):
        linear.weight.data, linear.bias.data = w[0].T.clone(), b[0, 0].clone()
    order = []
    network.register_forward_pre_hook(
        lambda net, inputs: order.append(inputs[0]) if net.training else None)
    training = Training(RunData("made", 4, *parts), None, lr=0.05, epochs=3,
                        model=network, batch_size=16)
    for _ in range(3):
        order.clear()
        metrics, _ = training.step()
        seen = torch.cat(order)
        rows = (seen[:, None] == sets.x[0][None]).all(2).int().argmax(1)
        mine = batch.epoch(rows[None])
        for name in METRICS[:4]:
            assert mine[name].item() == pytest.approx(
                getattr(metrics, name), rel=1e-5), name


def test_padding_changes_nothing():
    data = make_data(sets=1)
    wide = Data(*[torch.nn.functional.pad(v, (0, 3)) if v.ndim == 3 else v
                  for v in (data.x, data.y, data.val_x, data.val_y,
                            data.test_x, data.test_y)],
                data.features, data.classes)
    small, large = (Batch(d, Shape((5,), 16), torch.arange(1), 0.1,
                          dtype=torch.float64) for d in (data, wide))
    first = small.split(small.weights)
    for (w, b), (v, c) in zip(large.split(large.weights), first):
        w.zero_()
        w[:, :v.shape[1]] = v
        b.copy_(c)
    order = torch.rand(1, 50).argsort(1)
    one, other = small.epoch(order), large.epoch(order)
    for name in METRICS:
        assert one[name].item() == pytest.approx(other[name].item())


def test_a_branch_leaves_its_origin_alone_and_goes_on_like_it():
    batch = Batch(make_data(), Shape((5,), 16, adam=True), torch.arange(3),
                  0.01, dtype=torch.float64)
    batch.epoch()
    copy = batch.take(torch.tensor([2, 2, 0]), seed=5)
    kept = batch.weights.clone()
    order = torch.rand(1, 50).argsort(1)
    ahead = copy.epoch(order.repeat(3, 1))
    assert torch.equal(batch.weights, kept)
    assert ahead["val_loss"][0] == ahead["val_loss"][1]
    same = batch.epoch(order.repeat(3, 1))
    assert same["val_loss"][2].item() == pytest.approx(
        ahead["val_loss"][0].item())


def test_branches_of_one_stream_see_the_data_in_one_order():
    batch = Batch(make_data(), Shape((5,), 16), torch.arange(3), 0.1,
                  dtype=torch.float64)
    twins = batch.take(torch.tensor([0, 0, 0]))
    twins.stream = torch.tensor([0, 0, 1])
    loss = twins.epoch()["val_loss"]
    assert loss[0] == loss[1] != loss[2]


def test_a_diverged_network_harms_no_other():
    batch = Batch(make_data(), Shape((5,), 16), torch.arange(3),
                  torch.tensor([0.1, 1e30, 0.1]), dtype=torch.float64)
    for _ in range(3):
        metrics = batch.epoch()
    assert not metrics["val_loss"][1].isfinite()
    assert metrics["val_loss"][[0, 2]].isfinite().all()


# -- situations and labels ---------------------------------------------------

def test_what_is_held_out_is_never_drawn():
    for name in HELD_OUT:
        assert name not in situations.GENERATED
        assert name not in situations.REAL


@pytest.mark.parametrize("kind", [*situations.GENERATED, "real", "spirals",
                                  "breast_cancer"])
def test_every_kind_of_data_has_the_sizes_asked_for(kind):
    parts = draw_data(TINY, np.random.default_rng(3), (kind,))
    assert [len(y) for _, y in parts] == [32, 20, situations.TEST]
    for x, y in parts:
        assert x.shape[1] <= max(TINY.features, 2)
        assert np.isfinite(x).all() and y.min() >= 0


def test_validation_and_training_rows_of_real_sets_are_apart():
    rows = situations.split_real(100, (80, 50, 50), np.random.default_rng(0))
    assert [len(r) for r in rows] == [80, 50, 50]
    assert not set(rows[0]) & set(rows[1]) | set(rows[1]) & set(rows[2])


@pytest.fixture(scope="module")
def group():
    return label_group(5, rules, situation=TINY)


def test_labels_have_one_worth_for_each_action_and_order(group):
    assert group["worth"].shape == (branching.RUNS, 3, 3, branching.SEEDS)
    assert np.isfinite(group["worth"]).all()
    assert list(group["epochs"]) == [2, 4, 6]
    rows, values, now, rounds = table([group])
    assert rows.shape == (3 * branching.RUNS, len(NUMBERS))
    assert np.isfinite(rows).all()


def test_labels_can_be_made_again(group):
    again = label_group(5, rules, situation=TINY)
    for name in ("seen", "worth", "now"):
        np.testing.assert_array_equal(group[name], again[name])


def test_packed_labels_are_the_labels(group, tmp_path):
    pack([group, group], tmp_path / "labels")
    back = unpack(tmp_path / "labels")
    assert len(back) == 2
    assert back[1]["every"] == TINY.every
    assert back[1]["network"] == TINY.network
    assert back[1]["warm"] == 0
    for name, close in (("worth", 0.05), ("cool", 0.05), ("now", 0.05),
                        ("factors", 1e-6), ("loss_worth", 0.05),
                        ("loss_cool", 0.05), ("loss_now", 0.05)):
        np.testing.assert_allclose(back[1][name], group[name], atol=close)
    np.testing.assert_allclose(back[0]["seen"][..., :2],
                               group["seen"][..., :2], atol=0.051)
    np.testing.assert_allclose(back[0]["seen"][..., 4],
                               group["seen"][..., 4], rtol=1e-6)


def test_labels_cool_down_as_the_controller_does(group):
    batch, _ = situations.draw_runs(TINY, 3, np.random.default_rng(0))
    batch.rate = torch.tensor([0.1, 0.2, 0.4])
    rates, epoch = [], batch.epoch
    batch.epoch = lambda: rates.append(batch.rate[0].item()) or epoch()
    branching.cool_down(batch, 4, TINY.horizon)

    weights = [torch.nn.Parameter(torch.zeros(1))]
    controller = AgenticLR(
        torch.optim.SGD(weights, lr=0.1),
        ScriptedBrain(["continue", "cool_down"]), every=2, guards=False,
        total_epochs=TINY.horizon, actions=(*ACTIONS, COOL_DOWN))
    for number in range(1, TINY.horizon):
        controller.step(epoch=number, val_acc=50.0)
    used = [m.learning_rate for m in controller.history[4:]]
    assert rates == pytest.approx([*used, *controller.get_last_lr()])
    assert group["cool"].shape == (branching.RUNS, 3, branching.SEEDS)
    assert np.isfinite(group["cool"]).all()


def test_networks_have_the_dropout_of_their_situation():
    for network in DROP:
        build = situations.builder(replace(TINY, network=network,
                                           dropout=0.4))
        shares = {part.p for part in build(16, 3).modules()
                  if isinstance(part, torch.nn.Dropout)}
        assert shares == {0.4}


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_labels_are_right_as_often_as_the_situation_says(right, monkeypatch):
    shares = []
    monkeypatch.setattr(situations, "relabel", lambda y, share, rng: (
        shares.append(share), y)[1])
    for seed in range(10):
        draw_data(replace(TINY, right=right), np.random.default_rng(seed))
    assert [share == 0 for share in shares] == 10 * [right == 1]


def test_a_run_that_warms_up_is_not_branched_before():
    group = label_group(5, rules, situation=replace(TINY, warm=3))
    rate = group["seen"][..., 4]
    rise = rate[:, :4] / rate[:, 3:4]
    assert rise == pytest.approx(np.tile([.25, .5, .75, 1], (24, 1)))
    assert list(group["epochs"]) == [4, 6]
    lessons = Lessons([group], teacher([group]), make_tokenizer())
    assert {epoch for _, _, epoch in lessons.places} == {4, 6}


@pytest.mark.parametrize("by, teach", [("", teacher),
                                       ("loss_", loss_teacher)])
def test_cooling_is_judged_beside_the_others(group, by, teach):
    rows = table([group])[0]
    cool = {**group, by + "cool": group[by + "worth"].mean(2) + 4}
    values = with_cool_down(teach([cool]), [cool], by=by)(rows)
    assert values.shape == (len(rows), 5)
    assert values[:, 4] == pytest.approx(5 * np.tanh(4 / 5))
    np.testing.assert_array_equal(values[:, :4], teach([cool])(rows))
    without = {k: v for k, v in group.items() if "cool" not in k}
    assert with_cool_down(teach([without]), [without], by=by)(
        rows).shape == (len(rows), 4)


@pytest.fixture(scope="module")
def numbers_group():
    """Runs that predict a number, labelled."""
    return label_group(6, rules, situation=replace(
        TINY, network="regression", train=48))


def test_a_number_is_predicted_as_in_plain_torch():
    random = torch.Generator().manual_seed(0)
    parts = [torch.randn(size, generator=random).double()
             for count in (40, 20, 20) for size in ((2, count, 6), (2, count))]
    data = Data(*parts, features=torch.full((2,), 6),
                classes=torch.ones(2, dtype=torch.long))
    batch = Regression(data, Shape((7,), 16), torch.arange(2),
                       torch.tensor([0.01, 0.1]), dtype=torch.float64)
    plain = [as_network(batch, row, torch.nn.ReLU) for row in range(2)]
    optimizers = [torch.optim.SGD(net.parameters(), lr, 0.9)
                  for net, lr in zip(plain, (0.01, 0.1), strict=True)]
    mse = torch.nn.functional.mse_loss
    for _ in range(2):
        order = torch.rand(2, 40).argsort(1)
        metrics = batch.epoch(order)
        for row, (net, optimizer) in enumerate(zip(plain, optimizers)):
            total = 0
            for rows in order[row].split(16):
                loss = mse(net(data.x[row, rows])[:, 0], data.y[row, rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += len(rows) * loss.item()
            assert metrics["train_loss"][row].item() == pytest.approx(
                total / 40)
            val = mse(net(data.val_x[row])[:, 0], data.val_y[row]).item()
            assert metrics["val_loss"][row].item() == pytest.approx(val)
            assert metrics["val_acc"].isnan().all()
    explained = [100 * max(1 - mse(net(data.test_x[row])[:, 0],
                                   data.test_y[row]).item(), 0)
                 for row, net in enumerate(plain)]
    for found in batch.worths():
        assert found == pytest.approx(explained)


def test_prompts_about_a_number_show_losses_alone(numbers_group, tokenizer):
    assert np.isnan(numbers_group["seen"][..., :2]).all()
    assert (numbers_group["worth"] <= 100).all()
    np.testing.assert_array_equal(numbers_group["worth"],
                                  numbers_group["loss_worth"])
    both = [numbers_group, label_group(7, rules, situation=TINY)]
    lessons = Lessons(both, teacher(both), tokenizer,
                      by_loss=loss_teacher(both))
    rows = lessons.rows[:len(numbers_group["seen"])]
    assert not rows[:, [NUMBERS.index("val_acc"), NUMBERS.index("gap"),
                        NUMBERS.index("since_best")]].any()
    assert np.isfinite(lessons.rows).all()
    assert len(table(both)[0]) * 2 == len(table(both, "loss_")[0])
    alone = Lessons([numbers_group], None, tokenizer,
                    by_loss=loss_teacher(both))
    alone.anchors = 0
    for _ in range(60):
        question, target, _ = alone.draw()
        assert "acc" not in question.messages[-1]["content"].lower()
        assert target == pytest.approx(alone.targets[
            np.abs(alone.targets - target).sum(1).argmin()])


def test_branching_is_asked_about_the_originals_examples(group):
    seen = group["seen"].copy()
    seen[..., :2] = 95, 79
    worth = np.zeros_like(group["worth"]) + [[50], [53], [49]]
    found = judge.examples([{**group, "seen": seen, "worth": worth,
                             "now": np.full_like(group["now"], 45)}])
    assert list(found) == ["gap of 13 to 24"]
    count, gains, stop = found["gap of 13 to 24"]
    assert count == group["now"].size and stop == 0
    assert gains == {"reduce_learning_rate": (3, 0),
                     "increase_learning_rate": (-1, 0),
                     "stop_training": (-5, 0)}


def test_packed_labels_of_a_number_have_no_accuracy(numbers_group, tmp_path):
    pack([numbers_group], tmp_path / "labels.npz.xz")
    back, = unpack(tmp_path / "labels.npz.xz")
    assert np.isnan(back["seen"][..., :2]).all()
    assert labels.predicts_number(back)
    assert not labels.knows(back) and labels.knows(back, "loss_")


def test_a_number_has_one_range_wherever_it_is_said_so():
    lines = {"Loss: # of the first (#%), rose # of # times":
             [[0, 1], [-5, 5], [1, 2], [2, 3]],
             "Loss: # of the first": [[0.5, 9]], "Gap: #": [[3, 4]],
             "Loss: #": [[-2, 2]], "Which action?": [],
             "Loss: # of the first, rose # of # times":
             [[1, 1], [0, 7], [3, 3]]}
    assert saving.pooled(lines) == {
        "Loss: # of the first (#%), rose # of # times":
        [[0, 9], [-5, 5], [0, 7], [2, 3]],
        "Loss: # of the first": [[0, 9]], "Gap: #": [[3, 4]],
        "Loss: #": [[-2, 2]], "Which action?": [],
        "Loss: # of the first, rose # of # times":
        [[0, 9], [0, 7], [2, 3]]}


@pytest.mark.parametrize("network", ARCHITECTURES)
def test_every_kind_of_network_can_be_labelled(network):
    situation = replace(TINY, network=network, features=16, horizon=4,
                        noise=0.1)
    made = label_group(3, rules, situation=situation)
    assert made["network"] == network
    for name in ("worth", "loss_worth"):
        assert np.isfinite(made[name]).all()
    assert (made["loss_worth"] > 0).all() and (made["loss_worth"] < 100).all()


def test_situations_have_room_to_improve_and_budgets_of_any_length():
    rng = np.random.default_rng(0)
    drawn = [draw_any(rng) for _ in range(400)]
    assert {s.network for s in drawn} == {"", "regression", *ARCHITECTURES}
    decisions = [(s.horizon - 1) // s.every for s in drawn]
    assert min(decisions) <= 4 and max(decisions) >= 60


def test_what_losses_alone_teach_is_what_they_are_worth():
    """Where accuracy and loss disagree, each kind of prompt gets its own."""
    group = label_group(7, rules, situation=TINY)
    group["worth"][..., :] = np.array([0, 5, 0])[:, None]
    group["loss_worth"][..., :] = np.array([0, 0, 5])[:, None]
    group["now"][:], group["loss_now"][:] = -5, -5  # no reason to stop
    rows = table([group])[0]
    assert set(teacher([group])(rows).argmax(1)) == {1}
    assert set(loss_teacher([group])(rows).argmax(1)) == {2}
    without = {k: v for k, v in group.items() if not k.startswith("loss_")}
    assert loss_teacher([without]) is None


def test_a_stand_in_learns_what_pays():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, len(NUMBERS)))
    worth = np.stack([0 * rows[:, 0], 3 * rows[:, 0], -3 * rows[:, 0]], 1)
    worth += rng.normal(size=worth.shape)
    policy = StandIn(members=1).fit(rows, worth, epochs=20)
    fresh = rng.normal(size=(200, len(NUMBERS)))
    fresh = fresh[abs(fresh[:, 0]) > 0.5]
    right = policy(fresh).argmax(1) == np.where(fresh[:, 0] > 0, 1, 2)
    assert right.mean() > 0.9


# -- texts -------------------------------------------------------------------

@st.composite
def states(draw):
    """Runs of any course, diverged ones included."""
    every = draw(st.integers(1, 10))
    horizon = draw(st.integers(2 * every, 90))
    now = every * draw(st.integers(1, (horizon - 1) // every))
    rng = np.random.default_rng(draw(st.integers(0, 10 ** 6)))
    seen = np.stack([
        rng.uniform(0, 100, now), rng.uniform(0, 100, now),
        10 ** rng.uniform(-3, 2, now), 10 ** rng.uniform(-3, 2, now),
        10 ** np.repeat(rng.uniform(-5, 0), now)], 1)
    broken = draw(st.sampled_from([None, np.nan, np.inf]))
    if broken is not None:
        seen[-draw(st.integers(1, now)):, 2:4] = broken
    return State(seen, horizon, every, (0.7, 1.3))


def shown_numbers(text):
    return re.findall(r"nan|inf|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)


@settings(max_examples=150, deadline=None)
@given(states(), st.sampled_from(list(SHARES)), st.integers(0, 10 ** 6))
def test_every_number_in_a_reason_stands_in_the_prompt(state, kind, seed):
    question = ask(state, np.random.default_rng(seed), kind)
    prompt = shown_numbers(question.messages[1]["content"])
    for name in REASONS:
        for number in shown_numbers(reason(name, question.known)):
            assert number in prompt


@settings(max_examples=60, deadline=None)
@given(states(), st.sampled_from(list(SHARES)), st.integers(0, 10 ** 6))
def test_a_prompt_offers_the_actions_that_it_names(state, kind, seed):
    question = ask(state, np.random.default_rng(seed), kind)
    system = question.messages[0]["content"]
    places = [system.find(f"- {name}:") for name in question.names]
    assert min(places) >= 0 and places == sorted(places)


@settings(max_examples=60, deadline=None)
@given(states(), st.sampled_from(list(SHARES)), st.integers(0, 10 ** 6))
def test_the_reason_taught_is_among_those_that_count_as_true(state, kind,
                                                             seed):
    known = ask(state, np.random.default_rng(seed), kind).known
    for name in REASONS:
        assert reason(name, known) in true_reasons(name, known)
        for other in set(REASONS) - {name}:
            assert reason(other, known) not in true_reasons(name, known)


@settings(max_examples=60, deadline=None)
@given(states())
def test_numbers_say_what_the_prompt_says(state):
    row = numbers(state.seen[None], state.horizon, state.every,
                  np.array([state.factors]))[0]
    said = dict(zip(NUMBERS, row, strict=True))
    known = texts.describe(state.history(), state.every)
    assert 100 * said["gap"] == pytest.approx(float(known["gap"]), abs=0.06)
    steps = min(state.every, len(state.seen) - 1)
    rises = first_number(known.get("train_loss_rises", "0 of 0 times"))
    assert said["train_rises"] * max(steps, 1) == pytest.approx(rises)
    for number_, field in (("since_best", "since_best"),
                           ("since_lowest_loss", "since_best_loss")):
        if field in known:
            assert np.exp(said[number_]) - 1 == pytest.approx(
                ago(known[field]))
    assert np.exp(said["decisions_left"]) - 1 == pytest.approx(
        first_number(known["decisions_left"]))
    for number_, field in (("train_loss_of_first", "train_loss_of_first"),
                           ("val_loss_of_first", "val_loss_of_first")):
        if field in known and np.isfinite(float(known[field])):
            assert np.exp(said[number_]) == pytest.approx(
                np.clip(float(known[field]), np.exp(-12), np.exp(6)), rel=.01)
    assert bool(said["diverged"]) == state.history()[-1].diverged


# -- tokens ------------------------------------------------------------------

@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_survives_the_tokenizer(text):
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    assert TOKENIZER.decode(ids) == text


TOKENIZER = make_tokenizer()


def test_names_begin_with_tokens_of_their_own(tokenizer):
    first = {tokenizer(a.name + ":")["input_ids"][0] for a in ACTIONS}
    assert len(first) == len(ACTIONS)


def test_digits_are_single_tokens(tokenizer):
    for number in ("0.00482", "97.5", "1e-05", "100"):
        pieces = [tokenizer.decode([i]) for i in
                  tokenizer(number, add_special_tokens=False)["input_ids"]]
        assert all(sum(c.isdigit() for c in p) <= 1 for p in pieces)


def test_the_template_is_that_of_qwen(tokenizer):
    messages = [{"role": "system", "content": "A"},
                {"role": "user", "content": "B"}]
    plain = ("<|im_start|>system\nA<|im_end|>\n<|im_start|>user\nB"
             "<|im_end|>\n<|im_start|>assistant\n")
    for options, text in (({}, plain), ({"enable_thinking": True}, plain),
                          ({"enable_thinking": False},
                           plain + "<think>\n\n</think>\n\n")):
        assert tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True,
            **options) == text


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# -- teaching ----------------------------------------------------------------

@pytest.fixture(scope="module")
def lessons(group, tokenizer):
    policy = teacher([group])
    return Lessons([group], policy, tokenizer)


def test_cooling_is_offered_where_the_budget_is_known(group, tokenizer):
    policy = with_cool_down(teacher([group]), [group])
    lessons, seen = Lessons([group], policy, tokenizer), 0
    for _ in range(400):
        question, target, _ = lessons.draw()
        offered = COOL_DOWN.name in question.names
        seen += offered
        assert len(target) == 5 or not offered  # the original's examples
        if offered and "progress" in question.known:
            assert "% of the budget" in question.known["progress"]
    assert 30 < seen < 90
    assert saving.names_taught(lessons) == TAUGHT
    without = Lessons([group], teacher([group]), tokenizer)
    assert saving.names_taught(without) == [a.name for a in ACTIONS]
    assert not any(COOL_DOWN.name in without.draw()[0].names
                   for _ in range(100))


def test_an_example_is_a_prompt_with_a_reply(lessons, tokenizer):
    for _ in range(50):
        example = lessons.example()
        reply = tokenizer.decode(example.ids[example.start:])
        name, _, text = reply.partition(": ")
        assert name in [a.name for a in ACTIONS]
        assert text.endswith("\n<|im_end|>")
        assert sum(example.target.values()) == pytest.approx(1)
        assert example.ids[example.start] in example.target
        for at, number in example.read:
            before = tokenizer.decode(example.ids[:at])
            assert float(re.findall(r"[-+.e\d]+$", before)[0]) == number


def test_teaching_teaches_and_can_be_taken_up(lessons, tokenizer, tmp_path):
    network = make_network(tokenizer, width=64, layers=1)
    batch = [lessons.example() for _ in range(16)]
    before = loss_of(network, batch)[0].mean().item()
    teach(network, iter([batch] * 60), steps=60, say=lambda text: None)
    names, *_ = loss_of(network, batch)
    assert names.mean().item() < before
    assert resume(tmp_path / "nothing", network, None) == (0, 0)


def test_the_brain_in_the_making_steers_runs_and_learns_from_them(
        group, tokenizer, tmp_path):
    from agentic_lib.models.language_model import LanguageModel

    model = LanguageModel(make_network(tokenizer, 64, 1).eval(), tokenizer)
    found = visit(model, 3, situation=TINY)
    seen, factors = found["seen"], found["factors"]
    assert seen.shape == (branching.RUNS, TINY.horizon, 5)
    # every change of a rate is what the model says there
    told = scores(model, seen[:, :2], factors, TINY.horizon, TINY.every)
    wanted = np.choose(told[:, :3].argmax(1), [1.0, *factors.T])
    assert seen[:, 2, 4] / seen[:, 1, 4] == pytest.approx(wanted, rel=1e-5)

    lessons = Lessons([group], teacher([group]), tokenizer)
    old = len(lessons.places)
    lessons.add([found], share=0.4)
    assert lessons.chances.sum() == pytest.approx(1)
    assert lessons.chances[old:].sum() == pytest.approx(0.4)
    assert len(lessons.places) == len(lessons.targets) == len(lessons.rows)

    # what was made before an interruption is not made again
    save_group(tmp_path / "visit_00000.npz", found)
    again, = visits(None, 1, 0, tmp_path)
    assert np.array_equal(again["seen"], seen)


def test_half_of_the_teaching_is_told_once(lessons, tokenizer):
    batch, called = [lessons.example() for _ in range(2)], []
    teach(make_network(tokenizer, 64, 1), iter([batch] * 4), steps=4,
          say=lambda text: None, halfway=lambda: called.append(1))
    assert called == [1]


def equal_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(
        one.state_dict().values(), other.state_dict().values(), strict=True))


def test_so_many_steps_come_out_the_same_bit_for_bit(group, one_thread):
    first, again, other = (
        make_brain([group], steps=4, width=64, layers=1, seed=seed,
                   say=lambda text: None)[0] for seed in (0, 0, 1))
    assert equal_weights(first, again)
    assert not equal_weights(first, other)


def test_an_interruption_leaves_no_trace(group, tokenizer, tmp_path,
                                         monkeypatch, one_thread):
    monkeypatch.setattr(loop, "KEEP", 0)
    policy = teacher([group])

    def taught(keep=None, until=None):
        lessons = Lessons([group], policy, tokenizer)
        network = make_network(tokenizer, 64, 1)

        def batches():
            for step, batch in enumerate(lessons.batches()):
                if step == until:
                    raise KeyboardInterrupt
                yield batch[:4]

        return teach(network, batches(), steps=10, keep=keep,
                     say=lambda text: None,
                     halfway=lambda: lessons.add([group], share=0.5))

    whole = taught()
    with pytest.raises(KeyboardInterrupt):
        taught(tmp_path / "kept", until=6)
    assert torch.load(tmp_path / "kept")["steps"] == 6
    assert equal_weights(taught(tmp_path / "kept"), whole)


def test_teaching_ends_by_steps_or_by_seconds_not_both(tokenizer):
    for ends in ({}, {"seconds": 1, "steps": 1}):
        with pytest.raises(ValueError, match="give one of the two"):
            teach(make_network(tokenizer, 64, 1), iter([]), **ends)


def test_the_command_teaches_for_so_many_steps(group, tmp_path, monkeypatch,
                                               one_thread):
    monkeypatch.setattr(command, "labels_for", lambda args: [group] * 12)
    monkeypatch.setattr(command, "VISITS", 0)
    monkeypatch.setattr(saving, "PROMPTS", 100)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        command.run(parser.parse_args([
            "--from-labels", "--steps", "2", "--width", "64", "--layers",
            "1", "--out", str(folder), "--work", str(tmp_path / "work")]))
    first, again = (
        {p.name: p.read_bytes() for p in folder.iterdir()}
        for folder in folders)
    assert first == again and "brain.json" in first


def test_so_many_groups_of_labels_are_made_and_no_more(tmp_path, monkeypatch):
    made = []

    def make(folder, k, seed, policy, number, end):
        made.append((k, number))
        save_group(rounds.group_path(folder, k), {
            "seen": np.zeros(1), "round": number})
        return True

    monkeypatch.setattr(rounds, "make_group", make)
    monkeypatch.setattr(rounds, "stand_in", lambda groups: rules)
    monkeypatch.setattr(rounds, "ProcessPoolExecutor",
                        lambda jobs, context, setup: ThreadPoolExecutor(1))
    for count in (5, 5, 7):
        assert make_labels(tmp_path, count=count, groups_a_round=3,
                           say=lambda text: None) == count
    assert made == [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2)]


def test_calibration_finds_the_temperature_that_was_used():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4)) * 1.5
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    best = np.array([rng.choice(4, p=p) for p in chances])
    assert find_temperature(2.5 * logits, best) == pytest.approx(2.5, abs=.3)
    assert calibration_error(confidences(logits, best, 1.0)) < 0.05
    assert calibration_error(confidences(logits, best, 0.2)) > 0.1


def test_an_adapter_is_taught_and_loads(group, lessons, tokenizer, tmp_path):
    pytest.importorskip("peft", reason="needs the extra 'peft'")
    from agentic_lib import SimpleAIBrain
    from agentic_lib.lab.teach.adapter import teach_adapter

    make_network(tokenizer, 64, 1).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    said = []
    teach_adapter(tmp_path / "base", [group], 60, tmp_path / "taught",
                  steps=3, say=said.append)
    assert said
    brain = SimpleAIBrain(tmp_path / "taught", quiet=True, explain=False)
    decision = brain.think_about_training(92, 76, 15)
    assert decision.source == "model", decision.note


# -- judging -----------------------------------------------------------------

def test_every_method_is_judged_on_the_same_networks():
    arena = held_out("spirals", rates=(0.01, 0.1), seeds=2, epochs=6, every=2)
    plain = run(arena)
    again = run(arena, lambda seen, batch, epoch: np.zeros(4, int))
    np.testing.assert_array_equal(plain["seen"], again["seen"])
    assert (again["actions"][:, [2, 4]] == 0).all()
    stopped = run(arena, lambda seen, batch, epoch: np.full(4, 3))
    assert (stopped["seen"][:, 3:, 1] == stopped["seen"][:, 2:3, 1]).all()
    ahead = run(arena, look_ahead(arena, rules, 2, (0.5, 2.0)),
                factors=(0.5, 2.0))
    assert set(ahead["actions"][:, [2, 4]].ravel()) <= {0, 1, 2}
    ruled = run(arena, by_policy(rules, arena))
    assert arena.by_cell(ruled["test"]).shape == (2,)


def test_an_argument_is_not_yet_a_truth():
    known = {"gap": "9.0", "train_loss_rises": "0 times"}
    name = "reduce_learning_rate"
    true = true_reasons(name, known)
    assert any("9.0" in text for text in true)
    assert not any("rose" in text for text in true)
    rose = "The training loss rose 0 times: smaller steps calm it."
    assert any(re.fullmatch(p, rose) for p in patterns(name))
    assert not any(re.fullmatch(p, rose) for p in patterns("continue"))


def test_worth_is_read_on_the_part_that_is_named():
    batch = Batch(make_data(), Shape((8,), 16), torch.arange(3), 0.1)
    parts = {part: batch.worths(part)[0] for part in ("val", "test")}
    assert (parts["val"] != parts["test"]).any()
    np.testing.assert_array_equal(parts["test"], batch.worths()[0])


def test_a_loss_too_large_for_half_precision_is_infinite():
    assert labels.half(np.array([1.0, 1e6])).tolist() == [1.0, np.inf]


# -- the tree ----------------------------------------------------------------

LAB = Path(branching.__file__).parents[1]


def lab_modules(folder):
    return {f"agentic_lib.lab.{folder}{path.stem}": path
            for path in (LAB / folder.rstrip(".")).glob("*.py")
            if path.stem != "__init__"}


def imports_of(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{name.name}"
                                     for name in node.names)}
    return found


def test_the_lab_imports_one_way():
    shared, teaching = lab_modules(""), lab_modules("teach.")
    for name, path in {**shared, **teaching}.items():
        higher = ("agentic_lib.lab.compare", "agentic_lib.course")
        if name in shared:
            higher += ("agentic_lib.lab.teach",)
        assert not [i for i in imports_of(path) if i.startswith(higher)], name
    graph = {name: imports_of(path)
             for name, path in {**shared, **teaching}.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_the_story_of_the_lab_names_every_file():
    told = (LAB / "__init__.py").read_text(encoding="utf8")
    for path in LAB.rglob("*.py"):
        if path.stem != "__init__":
            assert path.name in told, path
