"""What if: a branch gives what real training along it gives."""

import pytest

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS
from agentic_lib.control.guards import Guards
from agentic_lib.run.training import Training
from agentic_lib.show.branching import describe_branches, plot_what_if, what_if

OPTIONS = {"lr": 0.01, "epochs": 8, "every": 2, "seed": 3}


def make(**changes):
    return Training("digits", SimpleAIBrain("rules", quiet=True),
                    **{**OPTIONS, **changes})


@pytest.fixture(scope="module")
def run():
    training = make()
    for _ in training:
        pass
    return training.run


@pytest.fixture(scope="module")
def branches(run):
    return what_if(make(), run, epoch=4)


def test_every_action_has_its_branch(branches):
    assert list(branches) == [a.name for a in ACTIONS]
    assert len(branches["stop_training"].metrics) == 4
    assert len(branches["continue"].metrics) == 8


def test_the_branch_of_what_was_decided_is_the_run_itself(run, branches):
    taken = next(d for d in run.decisions if d.epoch == 4).action
    assert branches[taken].metrics == run.metrics


def test_before_the_decision_all_branches_are_the_run(run, branches):
    for branch in branches.values():
        assert branch.metrics[:4] == run.metrics[:4]


def test_factors_act_from_the_decision_on(run, branches):
    before = run.metrics[3].learning_rate
    after = {name: branch.metrics[4].learning_rate / before
             for name, branch in branches.items() if len(branch.metrics) > 4}
    assert after == pytest.approx({"continue": 1, "reduce_learning_rate": 0.7,
                                   "increase_learning_rate": 1.3})


def test_the_test_set_is_left_alone(branches):
    assert all(branch.test is None for branch in branches.values())


def test_the_training_is_put_back_to_its_start(run):
    training, told = make(), []
    what_if(training, run, epoch=2, on_branch=told.append)
    assert training.epoch == 0 and told == [a.name for a in ACTIONS]
    for _ in training:
        pass
    assert training.run.metrics == run.metrics


def test_another_training_is_refused(run):
    with pytest.raises(ValueError, match="does not repeat the run.*epoch 1"):
        what_if(make(seed=4), run, epoch=4)
    with pytest.raises(ValueError, match="decisions at epochs"):
        what_if(make(), run, epoch=3)
    begun = make()
    begun.step()
    with pytest.raises(ValueError, match="fresh"):
        what_if(begun, run, epoch=4)


def test_a_refusal_leaves_the_brain_in_its_place(run):
    training = make(seed=4)
    with pytest.raises(ValueError):
        what_if(training, run, epoch=4)
    assert training.controller.brain is not None


def test_what_guards_did_is_repeated_but_once():
    def guarded():
        return make(lr=1.0, epochs=12, guards=Guards())
    training = guarded()
    for _ in training:
        pass
    before = [d for d in training.run.decisions if d.epoch < 8]
    assert before[-1].source == "guard"
    branches = what_if(guarded(), training.run, epoch=8)
    assert all(b.decisions[:len(before)] == before
               and b.decisions[len(before)].source == "human"
               for b in branches.values())


def test_picture_has_a_line_for_each_branch(branches):
    upper, lower = plot_what_if(branches, 4).axes
    ends = {line.get_label().split(":")[0]: line.get_ydata()[-1]
            for line in upper.lines if ":" in line.get_label()}
    assert ends == {name: branch.metrics[-1].val_acc
                    for name, branch in branches.items()}
    styles = {str(line.get_linestyle()) + line.get_marker()
              for line in upper.lines if ":" in line.get_label()}
    assert len(styles) == 4
    assert lower.get_yscale() == "log"
    text = describe_branches(branches, 4)
    assert "stop_training" in text and "ended at epoch 4" in text
