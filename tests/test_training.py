"""The loop: deterministic, honest about the test set, resumable."""

import pytest
import torch

from agentic_lib import (
    Decision,
    Run,
    ScriptedBrain,
    SimpleAIBrain,
    Training,
    load_data,
    make_model,
    train,
)
from agentic_lib.run.checkpoint import keep
from agentic_lib.run.progress import show
from tiny_model import tiny_language_model

UP, DOWN = "increase_learning_rate", "reduce_learning_rate"


def small(**options):
    return load_data("digits", **{"train_size": 128, "val_size": 64,
                                  **options})


def rules():
    return SimpleAIBrain("rules", quiet=True)


def weights(training):
    return list(training.model.state_dict().values())


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(two)))


def finished(**options):
    options = {"data": small(), "epochs": 8, "lr": 0.1, "every": 2,
               "brain": rules(), **options}
    training = Training(**options)
    list(training)
    return training


def without_times(run):
    return [{k: v for k, v in event.items() if k != "seconds"}
            for event in run.events()]


def test_two_runs_agree_bit_for_bit_whatever_else_draws_numbers():
    torch.manual_seed(1)
    one = finished()
    torch.manual_seed(2)
    two = Training(small(), rules(), lr=0.1, epochs=8, every=2)
    for _ in two:
        tiny_language_model(seed=7)  # loading one draws random numbers
        torch.rand(5)
    assert same(one, two)
    assert without_times(one.run) == without_times(two.run)
    assert not same(one, finished(seed=1))


class Dropping(torch.nn.Module):
    """A network that draws random numbers itself."""

    def __init__(self):
        super().__init__()
        self.net = make_model(small(), width=16)

    def forward(self, x):
        return self.net(torch.nn.functional.dropout(x, 0.3, self.training))


def test_a_language_model_that_decides_draws_from_its_own_numbers():
    """The same decisions, by a list or by a model that samples."""
    brain = SimpleAIBrain(tiny_language_model(), mode="generate",
                          sample=True, quiet=True)
    asked = finished(model=Dropping(), brain=brain)
    told = finished(model=Dropping(), brain=ScriptedBrain(
        [f"{d.action}: again" for d in asked.run.decisions]))
    assert [d.action for d in asked.run.decisions] == \
        [d.action for d in told.run.decisions]
    assert same(asked, told)


def test_the_test_set_is_read_once_after_the_last_epoch(monkeypatch):
    reads = []
    data = small()

    class Watched(type(data)):
        @property
        def test(self):
            reads.append(training.epoch)
            return data.test

        @test.setter
        def test(self, value):
            pass
    watched = object.__new__(Watched)
    for name in ("name", "classes", "train", "val"):
        object.__setattr__(watched, name, getattr(data, name))
    training = Training(watched, rules(), epochs=5)
    list(training)
    assert reads == [5]
    list(training)  # going over it again reads nothing again
    assert reads == [5]


def test_decisions_and_weights_do_not_depend_on_the_test_set():
    data = small()
    inputs, labels = data.test
    altered = type(data)(data.name, data.classes, data.train, data.val,
                         (torch.randn_like(inputs), labels.flip(0)))
    one, two = finished(data=data), finished(data=altered)
    assert same(one, two)
    assert without_times(one.run)[:-1] == without_times(two.run)[:-1]
    assert one.run.test != two.run.test


def test_a_decision_reaches_the_next_epoch():
    brain = ScriptedBrain([f"{DOWN}: a", f"{UP}: b"])
    run = finished(brain=brain, epochs=6).run
    assert run.learning_rates == pytest.approx(
        [.1, .1, .07, .07, .091, .091])


def test_stopping_ends_the_run_and_the_test_set_is_read():
    run = finished(brain=ScriptedBrain(["stop_training: enough"]),
                   guards=False).run
    assert len(run.metrics) == 2 and run.stopped_early
    assert run.test_acc is not None


def test_no_brain_is_a_constant_rate():
    run = finished(brain=None, guards=False).run
    assert set(run.learning_rates) == {0.1} and run.decisions == []


@pytest.mark.parametrize("lr, cut", [
    (0.1, 0), (0.1, 3), (0.1, 7), (1.5, 1), (1.5, 2), (1.5, 4), (1.5, 6)])
def test_a_run_goes_on_from_its_state_as_if_never_interrupted(lr, cut):
    """At a rate of 1.5 the guards go back to earlier weights."""
    options = {"lr": lr, "epochs": 8, "every": 2}
    whole, first = finished(**options), Training(small(), rules(), **options)
    assert (lr == 1.5) == ("guard" in [d.source for d in whole.run.decisions])
    for _ in range(cut):
        first.step()
    state = first.state_dict()
    first.step()  # must not reach into the state that was taken
    second = Training(small(), rules(), **options)
    second.load_state_dict(state)
    list(second)
    assert same(whole, second)
    assert without_times(whole.run) == without_times(second.run)


def test_metrics_are_what_they_say():
    training = finished(epochs=1)
    [m] = training.run.metrics
    inputs, labels = training.data.val
    logits = training.model.eval()(inputs)
    expected = torch.nn.functional.cross_entropy(logits, labels)
    assert m.val_loss == pytest.approx(expected.item(), rel=1e-5)
    assert m.val_acc == pytest.approx(
        100 * (logits.argmax(1) == labels).float().mean().item())


@pytest.mark.parametrize("optimizer, kind", [
    ("sgd", torch.optim.SGD), ("adam", torch.optim.Adam),
    ("adamw", torch.optim.AdamW),
    (lambda p, lr: torch.optim.RMSprop(p, lr=lr), torch.optim.RMSprop)])
def test_optimizers_by_name_or_by_function(optimizer, kind):
    training = finished(optimizer=optimizer, epochs=2)
    assert isinstance(training.optimizer.optimizer, kind)
    assert training.run.test_acc > 0


def test_any_model_can_be_trained():
    model = torch.nn.Linear(64, 10)
    before = model.weight.clone()
    finished(model=model, epochs=2)
    assert not torch.equal(before, model.weight)


def test_train_returns_the_run_and_prints_decisions_as_they_fall(capsys):
    run = train(small(), brain="rules", epochs=6, progress=True)
    assert isinstance(run, Run) and len(run.metrics) == 6
    out = capsys.readouterr()
    assert "epoch 5:" in out.out + out.err
    assert run.settings["lr"] == 0.01 and run.settings["seed"] == 0


@pytest.mark.parametrize("options, word", [
    ({"lr": 0}, "lr"), ({"lr": "0.1"}, "lr"), ({"epochs": -1}, "epochs"),
    ({"epochs": 2.5}, "epochs"), ({"batch_size": 0}, "batch_size"),
    ({"batch_size": float("inf")}, "batch_size"),
    ({"optimizer": "momentum"}, "optimizer"), ({"data": "mnist"}, "digits"),
    ({"every": 0}, "every"), ({"seed": -1}, "seed"), ({"seed": "x"}, "seed"),
])
def test_bad_arguments_are_named(options, word):
    with pytest.raises(ValueError, match=word):
        Training(**{"data": small(), **options})


def test_progress_tells_what_the_decisions_cost(capsys, tmp_path):
    for epochs in (3, 6):  # the second call begins where the first ended
        brain = SimpleAIBrain("rules", quiet=True)
        training = Training(small(), brain, epochs=6, every=2)
        steps = show(keep(training, tmp_path, resume=True), training)
        for metrics, _ in steps:
            if metrics.epoch == epochs < 6:
                break
    said = capsys.readouterr()
    assert "All decisions together took" in said.out
    assert "6/6" in said.err
    run = training.run
    assert run.seconds_deciding == sum(d.seconds for d in run.decisions)


def test_a_decision_made_by_hand_is_on_record_at_once():
    training = Training(small(), None, lr=0.1, epochs=8)
    state = training.state_dict()
    training.step()
    training.controller.apply(Decision(DOWN, "I say so.", source="human"))
    assert [d.action for d in training.run.decisions] == [DOWN]
    training.load_state_dict(state)
    assert training.run.decisions == [] and training.run.metrics == []
    training.step()
    assert len(training.run.metrics) == training.epoch == 1


def test_a_step_without_the_brain_leaves_the_brain_as_it_was():
    """Also if the step ends in an error."""
    training = Training(small(), ScriptedBrain([f"{DOWN}: a"] * 9), lr=0.1,
                        epochs=8, every=1)
    assert training.step(ask=False)[1] is None
    whole, training.model = training.model, None
    with pytest.raises(AttributeError):
        training.step(ask=False)
    training.model = whole
    assert training.step()[1].action == DOWN


def test_rules_in_the_models_place_are_said_at_the_end(capsys):
    train(small(), brain=ScriptedBrain([f"{DOWN}: a"]), epochs=8, every=2,
          guards=False)
    assert "The rules made 2 of 3 decisions: the script is over" in \
        capsys.readouterr().out
    train(small(), brain=rules(), epochs=8, every=2)
    train(small(), brain=ScriptedBrain([f"{DOWN}: a"] * 3), epochs=8, every=2)
    assert "The rules made" not in capsys.readouterr().out
