"""The policy gradient: what is played, what counts, and what is learned."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agentic_lib.lab.batch import Shape
from agentic_lib.lab.features import NUMBERS, without_accuracy
from agentic_lib.lab.teach import branching, reward
from agentic_lib.lab.teach.labels import (
    LABELS,
    probabilities,
    table,
    unpack,
)
from agentic_lib.lab.teach.making import make_brain
from agentic_lib.lab.teach.policies import rules
from agentic_lib.lab.teach.reward import (
    COOL,
    COPIES,
    Played,
    Policy,
    advantages,
    imitate,
    improve,
    loss_of,
    rewarded,
)
from agentic_lib.lab.teach.situations import Situation, draw_runs

TINY = Situation(Shape((8,), 16), train=32, val=20, horizon=9, every=2,
                 features=12, classes=4)
WIDE = len(NUMBERS)


def fresh():
    torch.manual_seed(0)
    return Policy(np.zeros(WIDE), np.ones(WIDE))


def sure_of(action):
    policy = fresh()
    with torch.no_grad():
        policy.net[-1].weight.zero_()
        policy.net[-1].bias.copy_(100.0 * torch.eye(4)[action])
    return policy


# -- what counts -------------------------------------------------------------

@given(st.lists(st.floats(0, 100), min_size=COPIES, max_size=COPIES),
       st.floats(-20, 20))
def test_only_differences_between_copies_count(ends, shift):
    gains = advantages(np.array(ends))
    assert np.abs(gains).max() <= reward.CAP
    np.testing.assert_allclose(advantages(np.array(ends) + shift), gains,
                               atol=1e-9)
    order = np.argsort(ends)
    assert (np.diff(gains[order]) >= 0).all()
    two = advantages(np.array([*ends, *np.zeros(COPIES)]))
    np.testing.assert_allclose(two[:COPIES], gains)
    assert not two[COPIES:].any()


def test_a_run_without_a_result_counts_as_worth_nothing():
    ends = np.full(COPIES, 50.0)
    ends[0] = np.nan
    gains = advantages(ends)
    assert gains[0] < -reward.CAP * 0.99 and (gains[1:] > 0).all()


# -- what is played ----------------------------------------------------------

def rates_under(acts, situation=TINY):
    """The rates of one run that takes these actions in turn."""
    batch, factors = draw_runs(situation, 1, np.random.default_rng(0))
    rates, epoch, left = [], batch.epoch, iter(acts)
    batch.epoch = lambda: rates.append(batch.rate[0].item()) or epoch()
    found = reward.run(batch, situation, factors,
                       lambda rows: np.array([next(left)]))
    return np.array(rates), factors[0], found


def test_actions_move_the_rate():
    rates, (lower, higher), (rows, acts, free) = rates_under([0, 1, 2, 2])
    expected = rates[0] * np.repeat(
        [1, 1, lower, lower * higher, lower * higher ** 2], 2)[:9]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    assert [a.item() for a in acts] == [0, 1, 2, 2]
    assert all(r.shape == (1, WIDE) for r in rows) and all(free)


def test_cooling_is_what_labels_take_it_for():
    rates, _, (_, acts, _) = rates_under([0, COOL])
    assert len(acts) == 2  # nobody is asked once it cools
    batch, _ = draw_runs(TINY, 1, np.random.default_rng(0))
    wanted, epoch = [], batch.epoch
    batch.epoch = lambda: wanted.append(batch.rate[0].item()) or epoch()
    branching.cool_down(batch, 4, TINY.horizon)
    np.testing.assert_allclose(rates[4:], wanted, rtol=1e-5)


def test_what_is_played_can_be_played_again_and_copies_differ_by_actions():
    one, two = (reward.play_copies(fresh(), 3) for _ in range(2))
    for name in ("rows", "acts", "gains"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert len(one.rows) == len(one.acts) == len(one.gains)
    assert np.abs(one.gains).max() > 0
    assert not reward.play_copies(sure_of(0), 3).gains.any()


def test_who_sees_only_losses_is_judged_by_them(monkeypatch):
    monkeypatch.setattr(reward, "draw_situation",
                        lambda rng: (TINY, False, True))
    played = reward.play_copies(fresh(), 1)
    assert not played.rows[:, NUMBERS.index("val_acc")].any()
    assert played.rows[:, NUMBERS.index("val_loss_of_first")].any()
    assert set(played.acts) <= {0, 1, 2}  # cool_down was not offered


def test_situations_are_cheap_and_of_many_kinds():
    rng = np.random.default_rng(0)
    drawn = [reward.draw_situation(rng) for _ in range(200)]
    assert all(s.train * s.horizon <= reward.COST for s, _, _ in drawn)
    assert {"", "convolution", "dense_norm", "regression"} <= {
        s.network for s, _, _ in drawn}
    assert all(blind for s, _, blind in drawn if s.network == "regression")
    assert {True, False} == {cools for _, cools, _ in drawn}


# -- what is taught ----------------------------------------------------------

@pytest.mark.parametrize("blind", [False, True])
def test_a_brain_is_taught_the_policy_and_when_to_stop(blind):
    rows = np.random.default_rng(0).normal(size=(50, WIDE))

    def teach(rows):
        return np.column_stack([rows[:, :3], rows[:, 3], rows[:, 4]])

    policy = fresh()
    odds = policy(without_accuracy(rows) if blind else rows)
    shares = probabilities(rewarded(policy, teach, blind)(rows))
    moves = shares[:, reward.MOVES] / shares[:, reward.MOVES].sum(1)[:, None]
    wanted = np.exp(odds) / np.exp(odds).sum(1)[:, None]
    np.testing.assert_allclose(moves, wanted, atol=1e-6)
    before = probabilities(teach(rows))
    np.testing.assert_allclose(  # stopping against the best of three
        shares[:, 3] / shares[:, :3].max(1),
        before[:, 3] / before[:, :3].max(1), rtol=1e-5)


def test_teaching_can_follow_a_policy():
    group = branching.label_group(5, rules, situation=TINY)
    policy = fresh()
    _, _, lessons = make_brain([group], steps=1, width=64, layers=1,
                               policy=policy, say=lambda line: None)
    for targets, rows in ((lessons.targets, lessons.rows),
                          (lessons.loss_targets,
                           without_accuracy(lessons.rows))):
        np.testing.assert_array_equal(
            targets[:, reward.MOVES].argmax(1), policy(rows).argmax(1))


def test_the_policy_that_ships_decides_whatever_it_reads():
    policy = Policy.load(reward.POLICY)
    rows = table(unpack(LABELS)[:20])[0]
    for seen in (rows, without_accuracy(rows)):
        odds = policy(seen)
        assert odds.shape == (len(rows), 4) and np.isfinite(odds).all()
        assert len(set(odds[:, :COOL].argmax(1))) == 3  # it reads the run


# -- what is learned ---------------------------------------------------------

def test_it_begins_as_what_it_imitates():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, WIDE))

    def teach(rows):
        worth = np.zeros((len(rows), 5))
        worth[:, 1], worth[:, 4] = rows[:, 0], -1
        return worth

    policy = imitate(teach, rows, steps=600)
    odds = policy(rows)
    assert odds[rows[:, 0] > 0.5].argmax(1).tolist().count(1) > 100
    assert (odds[rows[:, 0] < -0.5].argmax(1) != 1).all()
    assert (odds.argmax(1) != COOL).all()


def test_what_gained_becomes_likelier_and_only_among_what_was_offered():
    rows = np.random.default_rng(0).normal(size=(40, WIDE))
    acts = np.arange(40) % 3
    played = Played(rows, acts, np.where(acts == 2, 1.0, -0.5), False)
    policy, first = fresh(), fresh()

    def likely():
        odds = policy.log_odds(rows)[:, :COOL].log_softmax(1).detach()
        return odds.numpy()[np.arange(40), acts]

    before = likely()
    optimizer = torch.optim.Adam(policy.net.parameters(), 1e-3)
    for _ in range(20):
        optimizer.zero_grad()
        loss_of(policy, first, [played]).backward()
        optimizer.step()
    assert ((likely() > before) == (played.gains > 0)).all()
    policy.net[-1].bias.grad = None
    loss_of(policy, first, [played]).backward()
    assert policy.net[-1].bias.grad[COOL] == 0


def raising_pays(policy, seed):
    """Stands in for `play_copies`: raising the rate ends three points up."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(64, WIDE))
    acts = (policy(rows) + rng.gumbel(size=(64, 4))).argmax(1)
    return Played(rows, acts, np.where(acts == 2, 3.0, -1.0), True)


def test_it_learns_what_pays_and_can_be_interrupted(tmp_path):
    rows = np.random.default_rng(0).normal(size=(200, WIDE))
    whole = improve(fresh(), 30, jobs=1, episode=raising_pays)
    share = np.exp(whole(rows))[:, 2] / np.exp(whole(rows)).sum(1)
    at_first = np.exp(fresh()(rows))[:, 2] / np.exp(fresh()(rows)).sum(1)
    assert share.mean() > at_first.mean() + 0.15

    def stop(line):
        raise KeyboardInterrupt

    keep = tmp_path / "policy.pt"
    with pytest.raises(KeyboardInterrupt):
        improve(fresh(), 30, jobs=1, keep=keep, say=stop,
                episode=raising_pays)
    # two processes go on where one stopped, and nothing differs
    again = improve(fresh(), 30, jobs=2, keep=keep, episode=raising_pays)
    np.testing.assert_allclose(again(rows), whole(rows), atol=1e-4)

    with pytest.raises(ValueError, match="another file"):
        improve(fresh(), 31, jobs=1, keep=keep, episode=raising_pays)

    again.save(tmp_path / "policy.npz")
    np.testing.assert_array_equal(
        Policy.load(tmp_path / "policy.npz")(rows), again(rows))


def test_a_policy_can_be_improved_further(tmp_path, monkeypatch):
    monkeypatch.setattr(reward, "from_labels", fresh)
    monkeypatch.setattr(reward, "lead", lambda *policies, jobs: np.zeros(2))
    rows = np.zeros((1, WIDE))
    begin, out = tmp_path / "begin.npz", tmp_path / "out.npz"
    sure_of(2).save(begin)
    reward.main(["--begin", str(begin), "--steps", "0", "--out", str(out)])
    np.testing.assert_array_equal(Policy.load(out)(rows), sure_of(2)(rows))
    reward.main(["--steps", "0", "--out", str(out)])
    np.testing.assert_array_equal(Policy.load(out)(rows), fresh()(rows))
