"""The runs of the comparison: are they those of train()?"""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from compared import NAN, exact, short
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS
from agentic_lib.control.controller import AgenticLR
from agentic_lib.control.guards import COOL_DOWN
from agentic_lib.course.scripted import ScriptedBrain
from agentic_lib.lab.compare import deciders, searches
from agentic_lib.lab.compare.alone import make_optimizer, run_alone
from agentic_lib.lab.compare.guarded import (
    RowOptimizer,
    as_network,
    run_guarded,
)
from agentic_lib.lab.compare.methods import (
    METHODS,
    Method,
    decided,
    find_method,
)
from agentic_lib.lab.compare.searches import ROUNDS, eight_rates
from agentic_lib.lab.compare.tasks import NEW, TASKS, Task, find_task
from agentic_lib.lab.compare.together import (
    flat_state,
    flat_weights,
    make_batch,
    run_batched,
    train_epoch,
)
from agentic_lib.lab.compare.trials import run_job
from agentic_lib.lab.pilots import EveryStep, Group
from agentic_lib.lab.teach.labels import LABELS, pack, unpack
from agentic_lib.lab.teach.logistic import fit_logistic
from agentic_lib.run.data import Data
from agentic_lib.run.training import train
from agentic_lib.mechanics.best import Best


DOUBLE = torch.float64


def same(a, b):
    """Equal. Both in float64 (see `compared.Exact`), or it would not hold."""
    assert (a.task, a.method, a.seed) == (b.task, b.method, b.seed)
    assert (a.actions, a.epochs) == (b.actions, b.epochs)
    for name in ("test", "test_best", "val_best", "area"):
        assert getattr(a, name) == pytest.approx(getattr(b, name),
                                                 abs=1e-9), name


@pytest.mark.parametrize("method", ["constant", "cosine", "one_cycle",
                                    "plateau", "greedy", "rules"])
def test_side_by_side_is_one_after_another(method):
    task, method = exact(short("breast_cancer")), METHODS[method]
    pairs = [(0.01, 3), (0.1, 4)]
    for row, pair in zip(run_batched(task, method, pairs, DOUBLE), pairs):
        same(row, run_alone(task, method, *pair))


def test_adamw_side_by_side_is_one_after_another():
    task = exact(short("digits_adamw", 3))
    [row] = run_batched(task, METHODS["constant"], [(0.003, 1)], DOUBLE)
    same(row, run_alone(task, METHODS["constant"], 0.003, 1))


def test_a_row_is_a_run_of_train():
    rules = SimpleAIBrain("rules", quiet=True)
    run = train(TASKS["digits"].load(2), rules, lr=0.1, epochs=12, seed=2,
                guards=False)
    [row] = run_batched(short("digits", 12), METHODS["rules"], [(0.1, 2)])
    assert row.actions == "".join(d.action[0] for d in run.decisions)
    assert row.test == pytest.approx(run.test_acc, abs=0.6)
    assert row.val_best == pytest.approx(
        max(m.val_acc for m in run.metrics), abs=0.6)


def cools_at(epoch):
    """A method that raises the rate until then, and cools down."""
    def rule(history, actions, every):
        return ("increase_learning_rate" if history[-1].epoch < epoch
                else "cool_down")
    return replace(METHODS["rules"], name="cools", start=decided(
        rule, every=2, actions=(*ACTIONS, COOL_DOWN)))


@pytest.mark.parametrize("epoch", [2, 6, 8])
def test_a_pilot_cools_down_as_the_controller_does(epoch):
    task, method = exact(short("breast_cancer", 10)), cools_at(epoch)
    [row] = run_batched(task, method, [(0.02, 3)], DOUBLE)
    same(row, run_alone(task, method, 0.02, 3))
    assert row.actions == "i" * (epoch // 2 - 1) + "d"
    pilot = method.start(Group((0.02,), (3,), epochs=10))
    rates = []
    controller = AgenticLR(
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.02),
        ScriptedBrain(["increase_learning_rate"] * (epoch // 2 - 1)
                      + ["cool_down"]), every=2, guards=False,
        total_epochs=10, actions=(*ACTIONS, COOL_DOWN))
    for number in range(1, 10):
        controller.step(epoch=number, val_acc=50.0)
        pilot.step([controller.history])
        rates.append((float(pilot.rates[0]), controller.get_last_lr()[0]))
    mine, theirs = zip(*rates)
    assert mine == pytest.approx(theirs)


def test_a_row_does_not_depend_on_its_neighbours():
    task, rules = exact(short("spirals")), METHODS["rules"]
    pairs = [(rate, seed) for rate in (0.01, 0.1) for seed in range(3)]
    many = run_batched(task, rules, pairs, DOUBLE)
    [one] = run_batched(task, rules, [pairs[4]], DOUBLE)
    same(many[4], one)


def test_one_cycle_moves_rate_and_momentum_within_an_epoch():
    pilot = METHODS["one_cycle"].start(
        Group((0.1, 1.0), (0, 0), epochs=4, steps=5))
    assert isinstance(pilot, EveryStep)
    steps = [step for _ in range(4) for step in pilot.plan()]
    rates = np.array([rate for rate, _ in steps])
    momenta = np.array([momentum[0] for _, momentum in steps])
    assert rates[0, 1] == pytest.approx(1 / 25)
    assert rates.max(0) == pytest.approx([0.1, 1.0], rel=0.05)
    assert rates[-1, 1] < 0.02
    assert momenta[rates[:, 0].argmax()] == momenta.min() < momenta[0]


def test_a_stopped_run_stays_as_it_is():
    def stop(history, actions, every):
        return "stop_training"

    method = Method("stops", decided(stop))
    [row] = run_batched(short("spirals", 12), method, [(0.1, 0)])
    [until] = run_batched(short("spirals", 5), METHODS["constant"],
                          [(0.1, 0)])
    assert (row.epochs, row.actions) == (5, "s")
    assert (row.test, row.val_best) == (until.test, until.val_best)


def test_divergence_is_told_from_slowness():
    rows = run_batched(short("breast_cancer", 15), METHODS["constant"],
                       [(1e-5, 0), (0.01, 0), (1.0, 1)])
    assert [row.diverged for row in rows] == [0, 0, 1]


def test_look_ahead_finds_the_way_from_a_low_rate():
    task = short("spirals", 30)
    [ahead] = run_batched(task, METHODS["look_ahead"], [(0.01, 0)])
    [constant] = run_batched(task, METHODS["constant"], [(0.01, 0)])
    assert ahead.actions.count("i") >= 3
    assert ahead.test > constant.test + 5


def test_guards_bring_a_diverged_run_back():
    task = short("spirals", 20)
    row = run_alone(task, find_method("constant+guards"), 1.0, 0)
    [bare] = run_batched(task, METHODS["constant"], [(1.0, 0)])
    assert row.test > bare.test + 20


@pytest.mark.parametrize("task", [t.name for t in NEW])
def test_other_kinds_side_by_side_are_one_after_another(task):
    """Convolution, batch normalisation with dropout, recurrence, attention,
    a loss alone, other optimizers and units."""
    task = exact(short(task, 2))
    rates = task.rates[3:6:2]
    rows = run_batched(task, METHODS["constant"], [(r, 1) for r in rates],
                       DOUBLE)
    for found, rate in zip(rows, rates):
        same(found, run_alone(task, METHODS["constant"], rate, 1))


@pytest.mark.parametrize("name", ["patches_conv_adam", "digits_norm_dropout",
                                  "digits_recurrent_adam",
                                  "next_character_adamw", "digits_rmsprop"])
def test_first_steps_are_those_of_plain_torch(name):
    """In float64, dropout off, weights of two networks after three steps."""
    task = find_task(name)
    pairs = [(0.01, 0), (0.001, 0)]
    batch = make_batch(task, pairs, torch.float64)
    data, size = task.load(0), task.batch_size
    nets = [task.make_network(data, 0).double() for _ in pairs]
    for part in nets if not task.network else [batch.network, *nets]:
        for module in part.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    method = METHODS["constant"]
    optimizers = [make_optimizer(task, method, 9)(net.parameters(), rate)
                  for net, (rate, _) in zip(nets, pairs)]
    x, y = data.train[0].double().flatten(1), data.train[1]
    for k in range(3):
        rows = torch.arange(k * size, (k + 1) * size)
        with torch.no_grad():
            batch._step(rows.expand(2, -1))
        for net, optimizer in zip(nets, optimizers):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
    flat = flat_state if task.network else flat_weights
    for net, weights in zip(nets, batch.weights):
        assert (flat(net) - weights).abs().max() < 1e-7


@pytest.fixture
def few_labels(tmp_path, monkeypatch):
    """A regression on a part of the labels; on all it takes long."""
    pack(unpack(LABELS)[:9], tmp_path / "labels")
    monkeypatch.setattr(deciders, "fit_logistic",
                        lambda path: fit_logistic(tmp_path / "labels"))


@pytest.mark.parametrize("method", [
    "constant+guards", "one_cycle+guards", "linear+guards",
    "greedy_tuned+guards", "rules_quick+guards", "logistic_quick+guards"])
def test_guards_side_by_side_are_guards_one_after_another(method, request):
    if method.startswith("logistic"):
        request.getfixturevalue("few_labels")
    task, method = exact(short("spirals", 12)), find_method(method)
    pairs = [(1.0, 0), (0.003, 1)]
    for found, pair in zip(run_guarded(task, method, pairs, DOUBLE), pairs):
        same(found, run_alone(task, method, *pair))


@pytest.mark.parametrize("method", ["rules_quick", "logistic_quick",
                                    "brain_quick"])
def test_a_run_that_begins_again_beside_one_that_does_not(method, few_labels):
    """Each is shown what belongs to it, whatever its neighbour needed."""
    task, method = exact(short("digits", 7)), find_method(method + "+guards")
    pairs = [(1.0, 0), (0.003, 1)]
    rows = run_guarded(task, method, pairs, DOUBLE)
    for found, pair in zip(rows, pairs):
        same(found, run_alone(task, method, *pair))
    bare, _ = run_batched(task, METHODS["constant"], pairs, DOUBLE)
    assert rows[0].test > bare.test + 20  # so it did begin again


def test_the_controller_takes_a_row_back_and_no_other():
    batch = make_batch(short("spirals"), [(0.1, 0), (0.1, 1)])
    networks = [as_network(batch, k) for k in (0, 1)]
    rows = [RowOptimizer(batch, k, n, 0.1) for k, n in enumerate(networks)]
    train_epoch(batch, [0, 1], 1)
    best = Best(networks[0], rows[0])
    before = batch.weights.clone(), batch.first.clone()
    train_epoch(batch, [0, 1], 2)
    after = batch.weights.clone(), batch.first.clone()
    best.restore()
    for now, old, new in zip((batch.weights, batch.first), before, after):
        assert (now[0] == old[0]).all() and (now[1] == new[1]).all()
        assert not (new[0] == old[0]).all()


def test_halving_spends_the_same_epochs_and_keeps_the_best(monkeypatch):
    monkeypatch.setattr(searches, "make_batch",
                        partial(make_batch, dtype=DOUBLE))
    task = find_task("spirals")
    [one, other] = run_job(task, METHODS["halving"], [(NAN, 3), (NAN, 4)])
    [alone] = run_job(task, METHODS["halving"], [(NAN, 4)])
    same(other, alone)
    assert one.epochs == other.epochs == 60
    assert np.isnan(one.rate)
    tried = [round(r, 6) for r in eight_rates(task)]
    assert one.last_rate in [float(f"{r:.3g}") for r in tried]
    assert sum(count * epochs for count, epochs in ROUNDS) == 40
    # among the rates tried, most constant runs of 11 epochs do no better
    rest = run_batched(short("spirals", 11), METHODS["constant"],
                       [(r, 3) for r in tried], DOUBLE)
    reached = sorted(r.val_best for r in rest)
    kept = [r for r in rest if float(f"{r.rate:.3g}") == one.last_rate]
    assert kept[0].val_best >= reached[4]


@given(st.lists(st.floats(0.01, 50), min_size=20, max_size=100))
@settings(deadline=None, max_examples=25)
def test_the_range_test_sees_lightnings_losses(losses):
    finder = pytest.importorskip("lightning.pytorch.tuner.lr_finder")
    callback = finder._LRCallback(100)
    stopped = SimpleNamespace(
        fit_loop=SimpleNamespace(batch_idx=0), accumulate_grad_batches=1,
        lr_scheduler_configs=[SimpleNamespace(
            scheduler=SimpleNamespace(lr=[0]))],
        strategy=SimpleNamespace(broadcast=bool), should_stop=False)
    for k, loss in enumerate(losses):
        stopped.global_step = k + 1
        stopped.lr_scheduler_configs[0].scheduler.lr = [
            float(searches.test_rates()[k])]
        callback.on_train_batch_start(stopped, None, None, k)
        callback.on_train_batch_end(stopped, None, torch.tensor(loss), None,
                                    k)
        if stopped.should_stop:
            break
    # their losses, and the steepest step as in every version but the last
    kept = np.array(callback.losses)[10:-1]
    found = searches.suggest(losses)
    assert (found is None) == (len(kept) < 2)
    if found is not None:
        steps = np.gradient(kept)
        at = np.flatnonzero(searches.test_rates() == found)[0] - 10
        assert steps[at] == pytest.approx(steps.min(), rel=1e-3, abs=1e-6)


def test_a_range_test_has_what_is_left_of_the_epochs():
    task = find_task("spirals")
    for name in ("range_one_cycle", "range_cosine"):
        [found] = run_job(task, METHODS[name], [(NAN, 0)])
        assert found.epochs == 60 and np.isnan(found.rate)
    rates, spent = searches.range_test(task, [0, 1])
    assert spent == 10  # 100 steps of 10 an epoch
    assert all(1e-8 <= rate <= 1 for rate in rates.values())


@pytest.mark.parametrize("name, package", [
    ("schedule_free_advised", "schedulefree"), ("prodigy", "prodigyopt"),
    ("prodigy_cosine", "prodigyopt"), ("d_adaptation", "pytorch_optimizer"),
    ("adam_g", "pytorch_optimizer"), ("dog", "dog"),
    ("dog_averaged", "dog"), ("cocob", "parameterfree")])
def test_optimizers_without_a_rate_run(name, package):
    pytest.importorskip(package)
    [found] = run_job(short("breast_cancer", 16), METHODS[name], [(NAN, 0)])
    assert np.isnan(found.rate) and found.test_best > 70


def test_accuracies_below_one_percent_are_scores_too():
    x = torch.randn(400, 4, generator=torch.Generator().manual_seed(0))
    part = x, torch.arange(400) % 200  # who guesses is right in 0.5 %
    task = Task("many classes", lambda seed: Data(
        "many classes", 200, part, part, part), "made", 16, 1, epochs=2)
    constant = find_method("constant+guards")
    [found] = run_job(task, constant, [(1e-6, 0)])
    assert found.val_best == 0.0 and 0 < found.test <= 1


@pytest.mark.parametrize("name", ["prodigy_cosine", "prodigy_cosine+guards"])
def test_prodigys_cosine_ends_near_zero(name):
    pytest.importorskip("prodigyopt")
    task = short("breast_cancer", 8)
    for method, last in ((find_method(name), (1 + np.cos(7 * np.pi / 8)) / 2),
                         (METHODS["prodigy"], 1.0)):
        [found] = run_job(task, method, [(NAN, 0)])
        assert found.last_rate == pytest.approx(last, rel=2e-3)  # rounded


def test_dog_is_the_papers_update_and_shows_the_average():
    """Ivgi et al. 2023, algorithm 1, with the average of Shamir and Zhang
    2013 that they advise, written down step by step."""
    pytest.importorskip("dog")
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
    target = torch.tensor([3.0, 1.0, -1.0])
    optimizer = METHODS["dog_averaged"].optimizer([weights], 1.0, None, 9)
    start = x = weights.detach().double().clone()
    average, squares, gamma = torch.zeros(3), 1e-8, 8
    farthest = 1e-6 * (1 + start.norm())
    for t in range(1, 40):
        optimizer.train()
        optimizer.zero_grad()
        ((weights - target) ** 2).sum().backward()
        optimizer.step()
        gradient = 2 * (x - target)
        squares = squares + (gradient ** 2).sum()
        farthest = max(farthest, (x - start).norm())
        x = x - farthest / squares.sqrt() * gradient
        share = (1 + gamma) / (t + gamma)
        average = (1 - share) * average + share * x
        assert weights.tolist() == pytest.approx(x.tolist(), rel=1e-3)
        optimizer.eval()
        optimizer.eval()  # twice is once
        assert weights.tolist() == pytest.approx(average.tolist(), rel=1e-3)
    assert (average - x).norm() > 0.005


def test_units_change_nothing_but_the_printed_rate():
    plain, scaled = (short(name, 5) for name in (
        "digits_noisy", "digits_noisy_x1000"))
    for method in ("constant", "linear", "one_cycle"):
        rows = [run_job(task, METHODS[method], [(rate, 0)])[0]
                for task, rate in ((plain, 0.1), (scaled, 1e-4))]
        assert rows[1].test == pytest.approx(rows[0].test, abs=0.6)
        assert rows[1].last_rate == pytest.approx(rows[0].last_rate / 1000,
                                                  rel=0.01)
