"""The comparison: are its runs the runs of train(), and its numbers right?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agentic_lib import __main__
from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import Decision
from agentic_lib.lab.compare import (
    choices,
    claims,
    compare,
    intervals,
    pictures,
    results,
    summary,
    tables,
)
from agentic_lib.lab.compare.deciders import RandomActions, frequencies
from agentic_lib.lab.compare.methods import (
    METHODS,
    Method,
    decided,
    find_method,
    random_actions,
)
from agentic_lib.lab.compare.tasks import LEAK, TASKS, find_task
from agentic_lib.lab.compare.trials import Row, run_alone, run_batched, run_job
from agentic_lib.lab.pilots import Decided, EveryStep, Group
from agentic_lib.run.training import train

ROOT = Path(__file__).parents[1]
NAN = float("nan")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Several threads wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def short(name, epochs=6):
    return replace(find_task(name), epochs=epochs)


def same(a, b, points=0.6):
    """Equal but for the rounding that adding up in another order leaves."""
    assert (a.task, a.method, a.seed) == (b.task, b.method, b.seed)
    assert (a.actions, a.epochs) == (b.actions, b.epochs)
    for name in ("test", "test_best", "val_best", "area"):
        assert getattr(a, name) == pytest.approx(getattr(b, name),
                                                 abs=points), name


# -- the runs -----------------------------------------------------------------

@pytest.mark.parametrize("method", ["constant", "cosine", "one_cycle",
                                    "plateau", "greedy", "rules"])
def test_side_by_side_is_one_after_another(method):
    task, method = short("breast_cancer"), METHODS[method]
    pairs = [(0.01, 3), (0.1, 4)]
    for row, pair in zip(run_batched(task, method, pairs), pairs):
        same(row, run_alone(task, method, *pair), points=1.1)


def test_adamw_side_by_side_is_one_after_another():
    task = short("digits_adamw", 3)
    [row] = run_batched(task, METHODS["constant"], [(0.003, 1)])
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


def test_a_row_does_not_depend_on_its_neighbours():
    task = short("spirals")
    many = run_batched(task, METHODS["rules"],
                       [(rate, s) for rate in (0.01, 0.1) for s in range(3)])
    [one] = run_batched(task, METHODS["rules"], [(0.1, 1)])
    same(many[4], one, points=0.3)


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


def test_prodigy_and_schedule_free_run():
    pytest.importorskip("schedulefree")
    pytest.importorskip("prodigyopt")
    task = short("spirals", 8)
    [free] = run_job(task, METHODS["schedule_free"], [(1.0, 0)])
    [prodigy] = run_job(task, METHODS["prodigy"], [(NAN, 0)])
    assert free.test > 60 and prodigy.test > 60
    assert np.isnan(prodigy.rate)


# -- tasks and placebos -------------------------------------------------------

@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_tasks_are_three_parts_drawn_by_the_seed(task):
    data, again, other = task.load(0), task.load(0), task.load(1)
    for part in ("train", "val", "test"):
        x, y = getattr(data, part)
        assert len(x) == len(y) > 100
        assert y.max() < data.classes
        assert (x == getattr(again, part)[0]).all()
    assert not (data.train[0] == other.train[0]).all()


def test_no_name_of_the_text_is_in_two_parts():
    from agentic_lib.lab.compare.tasks import unicode_names

    names = unicode_names()
    assert len(set(names)) == len(names) > 3000
    assert "LATIN SMALL LETTER A WITH GRAVE" in names


def test_a_leak_swaps_what_is_decided_on():
    honest, leaking = find_task("digits"), find_task("digits" + LEAK)
    assert (honest.load(0).val[0] == leaking.load(0).test[0]).all()
    assert (honest.load(0).test[1] == leaking.load(0).val[1]).all()


def test_random_actions_have_the_brains_frequencies():
    texts = ["cr", "ci", "rr", "ci"]
    rows = [row(method="brain", seed=i, actions=t)
            for i, t in enumerate(texts)]
    shares = frequencies(rows)
    assert shares[0] == {"continue": 0.75, "reduce_learning_rate": 0.25,
                         "increase_learning_rate": 0, "stop_training": 0}
    assert find_method("random_actions", rows).start.keywords[
        "frequencies"] == shares
    pilot = RandomActions(Group((0.1,) * 2000, tuple(range(2000))), shares)
    names = pilot.choose([None] * 2000, range(2000), None)
    assert names.count("continue") / 2000 == pytest.approx(0.75, abs=0.04)
    assert random_actions(rows).name == "random_actions"
    with pytest.raises(ValueError, match="run it first"):
        random_actions([])


def test_what_the_rules_decided_in_a_brains_place_is_marked():
    def decide(histories, every, actions):
        return [Decision("continue", "", source=source)
                for source in ("model", "fallback")]

    pilot = Decided(Group((0.1, 0.1), (0, 1)), decide)
    pilot.step([[None] * 5, [None] * 5])
    assert pilot.actions == ["c", "C"]
    rows = [row(method="brain", seed=i, actions=a)
            for i, a in enumerate(pilot.actions)]
    assert "| brain | 2 | 50.0 % |" in tables.stood_in(rows)


@pytest.mark.parametrize("suffix, every, factors", [
    ("", 5, (0.7, 1.3)), ("_quick", 2, (0.5, 2.0))])
def test_all_that_decide_run_at_both_settings(suffix, every, factors):
    rows = [row(method="brain" + suffix, actions="cr")]
    for name in ("rules", "logistic", "brain", "shuffled_metrics",
                 "look_ahead", "qwen", "random_actions"):
        method = find_method(name + suffix, rows)
        pilot = method.start(Group((0.1,), (0,)))
        assert pilot.every == every, method.name
        assert {a.factor for a in pilot.table.values()} - {1.0} == \
            set(factors)
        assert f"every {every} epochs" in method.says


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match="random_actions_quick"):
        find_method("random_actions_slow")
    with pytest.raises(ValueError, match="plateau"):
        find_method("plato")
    with pytest.raises(ValueError, match="spirals"):
        find_task("spiral")


# -- the file and the command -------------------------------------------------

def row(task="t", method="constant", rate=0.1, seed=0, test=50.0, **more):
    values = {"test_best": test, "val_best": test, "area": test, "epochs": 60,
              "to_target": NAN, "diverged": 0, "last_rate": rate}
    return Row(task, method, rate, seed, test, **{**values, **more})


def small_grid(out, **options):
    compare.grid(["constant", "rules"], [short("spirals", 6)], [0.01, 0.1],
                 range(2), out, **options)
    return sorted(map(str, results.read_rows(out)[1]))


def test_an_interrupted_comparison_goes_on(tmp_path):
    whole = small_grid(tmp_path / "whole.csv")
    assert len(whole) == 8
    text = (tmp_path / "whole.csv").read_text()
    for cut in (len(text) // 2, len(text) - 3, text.index("\n") + 1):
        part = tmp_path / f"cut{cut}.csv"
        part.write_text(text[:cut])
        assert len(small_grid(part)) == 8
        assert {line.split(",")[0] for line in small_grid(part)} == {
            line.split(",")[0] for line in whole}


def test_a_dask_cluster_gives_the_same(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1,
                                  dashboard_address=None) as cluster:
        there = small_grid(tmp_path / "there.csv",
                           dask=cluster.scheduler_address)
    assert there == small_grid(tmp_path / "here.csv")


def test_the_file_comes_back_as_it_was(tmp_path):
    rows = [row(seed=s, rate=r, actions="cris", to_target=7.0)
            for s in range(3) for r in (0.0001, 0.3162)]
    results.append_rows(tmp_path / "a.csv", rows[:4], {"command": "one"})
    results.append_rows(tmp_path / "b.csv", rows[3:], {"command": "two"})
    results.pack([tmp_path / "a.csv", tmp_path / "b.csv"],
                 tmp_path / "r.csv.gz")
    info, back = results.read_rows(tmp_path / "r.csv.gz")
    assert info["commands"] == ["one", "two"]
    assert "torch" in info["versions"]
    assert sorted(map(str, back)) == sorted(map(str, rows))


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "r.csv"
    results.append_rows(path, [row()])
    path.write_text(path.read_text().replace("0.1", "one"))
    with pytest.raises(ValueError, match="line 3"):
        results.read_rows(path)


def test_a_method_that_cannot_run_is_said(tmp_path, capsys):
    method = Method("absent", METHODS["constant"].start,
                    missing=lambda: "no such thing")
    compare.grid([method, METHODS["constant"]], [short("spirals", 2)], [0.1],
                 [0], tmp_path / "r.csv")
    assert "absent: not measured here (no such thing)" in \
        capsys.readouterr().out
    assert len(results.read_rows(tmp_path / "r.csv")[1]) == 1


def test_what_rests_on_another_brain_is_made_again(tmp_path, monkeypatch):
    old, out = tmp_path / "recorded.csv.gz", tmp_path / "out.csv"
    task = short("spirals", 3)
    results.append_rows(old, [
        row("spirals", "constant", test=-1.0),  # told from one made anew
        row("spirals", "rules", test=-1.0),
        row("spirals", "brain", test=-1.0, actions="c"),
        row("spirals", "logistic", test=-1.0)],
        {"brain_crc32": "old", "labels_crc32": "same", "commands": ["one"]})
    monkeypatch.setattr(results, "RECORDED", old)
    monkeypatch.setattr(results, "checksums", lambda: {
        "brain": "new", "labels": "same"})
    monkeypatch.setattr(compare, "RECORDED", (
        compare.Preset(("constant", "rules", "cosine"), (task,), (0.1,), 1),))
    asked = []
    monkeypatch.setattr(choices, "record", asked.append)
    command = ["compare", "--record", "--redo", "rules", "--out", str(out)]
    __main__.main(command)
    info, rows = results.read_rows(old)
    found = {r.method: r.test for r in rows}
    assert found["constant"] == found["logistic"] == -1
    assert "brain" not in found and found["rules"] > 0 < found["cosine"]
    assert info["brain_crc32"] == "new" and info["commands"][0] == "one"
    assert not out.exists() and len(asked) == 1


# -- statistics ---------------------------------------------------------------

scores = arrays(float, (2, 3, 4), elements=st.floats(
    0, 100, allow_subnormal=False))  # torch may have switched them off


@given(scores)
@settings(deadline=None, max_examples=30)
def test_the_middle_half_is_scipys_trimmed_mean(values):
    from scipy.stats import trim_mean

    assert intervals.iqm(values) == pytest.approx(
        trim_mean(values.ravel(), 0.25))


@given(scores, scores)
@settings(deadline=None, max_examples=30)
def test_improvement_is_shared_between_two(a, b):
    assert intervals.improvement(a, b) + intervals.improvement(b, a) == \
        pytest.approx(1)
    assert intervals.improvement(a + 101, b) == 1


@given(scores, st.floats(-20, 20, allow_subnormal=False))
@settings(deadline=None, max_examples=20)
def test_a_paired_interval_of_a_shift_is_the_shift(values, shift):
    found = intervals.interval(intervals.difference, values + shift, values,
                                times=50)
    assert found == pytest.approx((shift,) * 3, abs=1e-9)


def test_intervals_hold_what_they_promise():
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, (3, 2, 1))
    held = 0
    for trial in range(150):
        drawn = truth + rng.normal(0, 5, (3, 2, 12))
        _, low, high = intervals.interval(np.mean, drawn, times=400,
                                           seed=trial)
        held += low <= truth.mean() <= high
    assert 0.87 <= held / 150 <= 0.99


def test_profiles_rise_from_none_to_all():
    regret = np.array([[[0.0, 1.0], [5.0, 9.0]]])
    assert intervals.profile(regret, [-1, 0, 1, 5, 100]).tolist() == \
        [0, 0.25, 0.5, 0.75, 1]


def test_regret_is_measured_against_the_best_constant_rate():
    rows = [row(rate=r, seed=s, test=t + s)
            for r, t in ((0.01, 60), (0.1, 90)) for s in range(2)]
    rows += [row(method="other", rate=r, seed=s, test=80 + s)
             for r in (0.01, 0.1) for s in range(2)]
    rows += [row(method="rateless", rate=NAN, seed=s, test=95 + s)
             for s in range(2)]
    s = intervals.collect(rows)
    assert s.best.tolist() == [1]
    assert s.regret("constant").ravel().tolist() == [30, 30, 0, 0]
    assert (s.regret("other") == 10).all()
    assert (s.regret("rateless") == -5).all()
    assert s.good().tolist() == [[False, True]]
    assert "| rateless | 1 x 2 | 15.0" not in tables.overall(rows)
    assert "| rateless | 1 x 2 | -5.0 (-5.0 to -5.0) |" in tables.overall(rows)
    assert "| rateless | 1 x 2 | -15.0" in tables.against(rows, "other")
    with pytest.raises(ValueError, match="constant"):
        intervals.collect(rows[4:])


def test_tables_tell_what_stopping_cost():
    rows = [row(), row(method="a", test=48, epochs=30),
            row(method="a_no_stop", test=50)]
    assert "| a | 100 % | 50 % | 2.0 (2.0 to 2.0) |" in tables.stopping(rows)


def test_a_learner_can_add_a_method(tmp_path):
    def lower_late(history, actions, every):
        late = history[-1].epoch > 5
        name = "reduce_learning_rate" if late else "continue"
        return Decision(name, "It is late.")

    method = Method("mine", decided(lower_late, reduce=0.5))
    compare.grid(["constant", method], [short("spirals", 12)], [0.1], [0, 1],
                 tmp_path / "r.csv")
    rows = results.read_rows(tmp_path / "r.csv")[1]
    mine = [r for r in rows if r.method == "mine"]
    assert {r.actions for r in mine} == {"cr"}
    assert mine[0].last_rate == pytest.approx(0.05)
    assert "mine" in tables.everything(rows, "mine")


def test_bounds_are_the_controllers():
    group = Group((5.0, 2e-7), (0, 0), epochs=60)
    pilot = Decided(group, lambda h, e, a: ["increase_learning_rate",
                                            "reduce_learning_rate"],
                    reduce=0.1, increase=3.0)
    history = [None] * 5
    pilot.step([history, history])
    assert pilot.rates.tolist() == [10.0, 1e-7]


# -- claims, decisions, words -------------------------------------------------

def compared(brain, peer, random=20.0, rules=30.0):
    """Rows in which these methods reach so many points everywhere."""
    return [row(method=m, rate=r, seed=s, test=t + s, epochs=60)
            for r, constant in ((0.01, 50), (0.1, 90)) for s in range(3)
            for m, t in (("constant", constant), ("plateau", peer),
                         ("brain", brain), ("rules", rules),
                         ("random_actions", random))]


@pytest.mark.parametrize("brain, peer, peers, placebos, good", [
    (95, 80, "supported", "supported", "supported"),
    (70, 80, "refuted", "supported", "refuted"),
    (10, 10, "not shown", "refuted", "supported")])
def test_verdicts_follow_the_rows(brain, peer, peers, placebos, good):
    rows = compared(brain, peer)
    found = [verdict for _, verdict, _ in claims.aims(rows)]
    assert found == [peers, placebos, good]
    said = {claim: verdict for claim, verdict, _ in claims.claims(rows)}
    assert said["better results than plateau, the best peer"] == peers
    assert said["it spots patterns in the metrics (against random_actions)"
                ] == placebos
    assert said["educational"] == said["interpretable"] == "not measured"


def test_claims_about_a_brain_rest_on_what_it_was_asked():
    asked = {"flips, both orders": 0.0, "seconds": {
        "a decision": 0.008, "a decision with its reason": 0.05,
        "an epoch": 0.01}, "reasons": {"true in all it says": 0.97}}
    said = {claim: verdict for claim, verdict, _ in claims.asked(asked)}
    assert said["consistent: the options in another order, the same answer"
                ] == "supported"
    assert said["interpretable: the reasons that it writes are true"
                ] == "refuted"
    assert said["milliseconds a decision, the bundled brain"] == "supported"
    [cheap] = [v for claim, v in said.items() if claim.startswith("cheap")]
    assert cheap == "refuted"  # 1.6 ms of an epoch's 10


def test_guards_are_told_from_the_brain():
    rows = [row(method=m, seed=s, test=t) for s in range(3) for m, t in (
        ("constant", 50), ("constant+guards", 60), ("brain", 70),
        ("brain+guards", 75))]
    text = tables.guarded(rows)
    assert "| constant | 1 x 3 | 0.0 | -10.0 | 10.0 (10.0 to 10.0) |" in text
    assert text.splitlines()[-2].endswith("| 15.0 (15.0 to 15.0) |")


def made_up_states():
    names = ("continue", "reduce_learning_rate", "increase_learning_rate",
             "stop_training")
    return [{"task": task, "every": 5, "outcomes": {
        name: [50.0 + 10 * (k == best), 50.0, 50.0 + 20 * (k == best)]
        for k, name in enumerate(names)}}
        for task in ("a", "b") for best in range(4)], list(names)


def test_choices_are_judged_state_by_state():
    states, names = made_up_states()
    best = names + names
    assert choices.lost(states, best).tolist() == [0] * 8
    assert choices.lost(states, ["continue"] * 8).tolist() == \
        [0, 10, 10, 10] * 2
    found = choices.costs(states, {"brain": best})
    assert found[choices.SHUFFLED][0].tolist() == [7.5] * 8
    # the tries are 10, 0 and 20 points above: the third is 0, 20 and 10
    assert found[choices.LOOK_AHEAD][0].tolist() == pytest.approx([0] * 8)
    text = choices.table(states, {"chosen": {"brain": best}})
    assert "| brain | 100.0 (100.0 to 100.0) | 0.00 (0.00 to 0.00) |  |" in \
        text
    assert choices.sure_and_right(states, {
        "chosen": {"brain": ["continue"] * 8}, "sure": [0.5] * 7 + [None],
    })[:2] == [(0.5, True), (0.5, False)]


def test_pictures_are_told_in_words():
    rows = compared(95, 80)
    text = pictures.say_starts(rows, "t", ["constant", "brain"])
    assert "constant from 51 to 91 %, highest from a start at 0.1" in text
    assert "brain from 96 to 96 %" in text
    text = pictures.say_regret(rows, few=1)
    assert "at good starts it is lowest for brain -5.0" in text
    assert "highest for random_actions 70.0" in text
    assert "constant 50 % and 50 %" in pictures.say_profiles(
        rows, ["constant"])
    assert "50 % sure on average, right in 100 %" in \
        pictures.say_reliability([(0.4, True), (0.6, True)])


# -- the recorded results -----------------------------------------------------

recorded = pytest.mark.skipif(not results.RECORDED.exists(),
                              reason="nothing was recorded yet")


@recorded
def test_the_recorded_results_are_small_and_say_what_they_depend_on():
    info, rows = results.read_rows()
    assert results.RECORDED.stat().st_size < 1_000_000
    assert {"torch", "transformers", "agentic_lib"} <= set(info["versions"])
    assert info["commands"] and info["machine"] and info["brain_crc32"]
    assert {"constant", "plateau", "greedy", "rules"} <= {
        r.method for r in rows}
    assert len({r.task for r in rows if LEAK not in r.task}) >= 6
    assert len({r.seed for r in rows if r.method == "constant"}) >= 5


@recorded
def test_the_readmes_section_is_made_from_the_recorded_rows():
    text = summary.section(*results.read_rows())
    assert text.startswith(summary.BEGIN) and text.endswith(summary.END)
    assert text in (ROOT / "README.md").read_text(encoding="utf8")
    assert "| ahead of every peer in mean regret | " in text
    assert all(f"| {m} | " in text.replace("**", "")
               for m in ("constant", "brain", "random_actions"))


@recorded
@pytest.mark.parametrize("name", ["constant", "plateau", "cosine"])
def test_a_sample_of_the_recorded_rows_is_made_again(name):
    wanted = [r for r in results.read_rows()[1] if r.method == name
              and r.task in ("spirals", "breast_cancer")
              and r.seed in (0, 3) and r.rate in (0.003162, 0.03162)]
    assert len(wanted) == 8
    for old in wanted:
        [new] = run_job(find_task(old.task), METHODS[name],
                        [(old.rate, old.seed)])
        assert new.test == pytest.approx(old.test, abs=2.5)
        assert new.diverged == old.diverged
