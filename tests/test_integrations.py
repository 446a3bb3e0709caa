"""The rate sticks: in every framework, under every schedule.

Every optimizer here notes, inside its own step, the rate that it is really
using, and the rate that its schedule wants. The first must be the second
times all that was decided.
"""

import warnings

import pytest
import torch
from torch.optim import lr_scheduler as schedules
from transformers import get_scheduler
from transformers.optimization import GreedyLR

from agentic_lib import AgenticLR, Run, ScriptedBrain, load_data, make_model
from agentic_lib.control.guards import Guards
from agentic_lib.integrations import trainer as for_trainer
from agentic_lib.integrations.examples import plain, transformers_trainer
from agentic_lib.integrations.following import Follower

try:
    from agentic_lib.integrations import lightning as for_lightning
    from agentic_lib.integrations.examples import lightning_trainer
except ImportError:
    lightning_trainer = None
needs_lightning = pytest.mark.skipif(
    lightning_trainer is None,
    reason="Lightning is an extra: pip install lightning")

DOWN, UP = "reduce_learning_rate", "increase_learning_rate"
DATA = load_data("digits", train_size=128, val_size=64)
EPOCHS, BATCHES, LR = 6, 2, 0.01
TOTAL = EPOCHS * BATCHES
# Decisions after epochs 1, 2, 3: what the rate is scaled by in each epoch.
SCALES = [1.0, 0.7, 0.91, 0.637, 0.637, 0.637]

SCHEDULES = {
    "none": lambda o: None,
    "constant": lambda o: get_scheduler("constant_with_warmup", o, 3),
    "linear": lambda o: get_scheduler("linear", o, 2, TOTAL + 1),
    "cosine": lambda o: get_scheduler("cosine", o, 0, TOTAL + 1),
    "onecycle": lambda o: schedules.OneCycleLR(o, 4 * LR, TOTAL + 1),
    "plateau": lambda o: schedules.ReduceLROnPlateau(
        o, factor=0.5, patience=0, threshold=0.9),  # never content
    "greedy": lambda o: GreedyLR(o, patience=0, min_lr=1e-6),
    "step": lambda o: schedules.StepLR(o, 1, gamma=0.8),
}
BY_EPOCH = ("plateau", "greedy", "step")


def brain():
    return ScriptedBrain([f"{DOWN}: a", f"{UP}: b", f"{DOWN}: c"]
                         + ["continue: d"] * EPOCHS)


class Noting:
    """Notes the rate in use and the schedule's own at every step."""

    schedule = None

    def step(self, closure=None):
        used = [float(group["lr"]) for group in self.param_groups]
        own = used if self.schedule is None else list(
            self.schedule.get_last_lr())
        self.notes = [*getattr(self, "notes", []), (used, own)]
        return super().step(closure)


class SGD(Noting, torch.optim.SGD):
    pass


class AdamW(Noting, torch.optim.AdamW):
    pass


def make_optimizer(model, kind, groups):
    weights = list(model.parameters())
    if groups == 1:
        return kind(weights, lr=LR)
    return kind([{"params": weights[:2], "lr": LR},
                 {"params": weights[2:], "lr": LR}], lr=LR)


def plain_run(optimizer, model, schedule, name, prepare=None):
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*DATA.train), 64)
    if prepare is not None:
        model, optimizer, loader, *rest = prepare(
            model, optimizer, loader, *([schedule] if schedule else []))
        schedule = rest[0] if rest else None
    controller = AgenticLR(optimizer, brain(), every=1, scheduler=schedule,
                           guards=False)
    for epoch in range(1, EPOCHS + 1):
        for inputs, labels in loader:
            loss = torch.nn.functional.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if schedule and name not in BY_EPOCH:
                schedule.step()
        controller.step(epoch, val_loss=loss.item())
        if schedule and name in BY_EPOCH:
            schedule.step(*([2.0 - epoch % 2] if name != "step" else []))
    return controller


def in_plain(name, kind, groups, tmp_path):
    model = make_model(DATA, width=16)
    optimizer = make_optimizer(model, kind, groups)
    schedule = optimizer.schedule = SCHEDULES[name](optimizer)
    return optimizer, plain_run(optimizer, model, schedule, name)


def in_accelerate(name, kind, groups, tmp_path):
    from accelerate import Accelerator
    model = make_model(DATA, width=16)
    optimizer = make_optimizer(model, kind, groups)
    schedule = optimizer.schedule = SCHEDULES[name](optimizer)
    return optimizer, plain_run(optimizer, model, schedule, name,
                                Accelerator().prepare)


def in_trainer(name, kind, groups, tmp_path):
    callback = for_trainer.AgenticCallback(brain(), every=1, guards=False)
    trainer = transformers_trainer.make_trainer(
        callback, tmp_path, EPOCHS, LR)
    trainer.train_dataset = transformers_trainer.Examples(DATA.train)
    trainer.eval_dataset = transformers_trainer.Examples(DATA.val)
    optimizer = make_optimizer(trainer.model, kind, groups)
    schedule = SCHEDULES[name](optimizer)
    if schedule is None:  # what the Trainer always has
        schedule = get_scheduler("constant", optimizer)
    optimizer.schedule = schedule
    trainer.optimizer, trainer.lr_scheduler = optimizer, schedule
    if name in ("plateau", "greedy"):
        trainer.args.lr_scheduler_type = {
            "plateau": "reduce_lr_on_plateau", "greedy": "greedy"}[name]
        trainer.args.metric_for_best_model = "eval_loss"
    trainer.train()
    return optimizer, callback.controller


def in_lightning(name, kind, groups, tmp_path):
    class Classifier(lightning_trainer.Classifier):
        def lr_scheduler_step(self, scheduler, metric):
            # Lightning asks for this if it does not know a scheduler
            scheduler.step(*([] if metric is None else [metric]))

    module = Classifier(DATA)
    optimizer = make_optimizer(module, kind, groups)
    schedule = optimizer.schedule = SCHEDULES[name](optimizer)
    config = {"optimizer": optimizer}
    if schedule is not None:
        config["lr_scheduler"] = {
            "scheduler": schedule, "monitor": "val_loss",
            "reduce_on_plateau": name in ("plateau", "greedy"),
            "interval": "epoch" if name in BY_EPOCH else "step"}
    module.configure_optimizers = lambda: config
    callback = for_lightning.AgenticCallback(brain(), every=1, guards=False)
    trainer = lightning_trainer.make_trainer(callback, EPOCHS)
    trainer.fit(module, *lightning_trainer.loaders(DATA))
    return optimizer, callback.controller


FRAMEWORKS = (in_plain, in_accelerate, in_trainer, in_lightning)
# All pairs of framework, schedule, optimizer and number of groups.
PAIRS = [(framework, name, (SGD, AdamW)[(i + j) % 2], 1 + (i + j // 2) % 2)
         for i, framework in enumerate(FRAMEWORKS)
         for j, name in enumerate(SCHEDULES)]


def test_the_table_covers_all_pairs():
    for a in range(4):
        for b in range(a):
            values = [{row[i] for row in PAIRS} for i in (a, b)]
            assert len({(row[a], row[b]) for row in PAIRS}) == \
                len(values[0]) * len(values[1])


@pytest.mark.parametrize("framework, name, kind, groups", [
    pytest.param(*row, marks=needs_lightning if row[0] is in_lightning
                 else (), id=f"{row[0].__name__[3:]}-{row[1]}")
    for row in PAIRS])
def test_the_decided_rate_is_the_rate_in_use(framework, name, kind, groups,
                                             tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the frameworks' own
        optimizer, controller = framework(name, kind, groups, tmp_path)
    assert [d.action for d in controller.decisions][:3] == [DOWN, UP, DOWN]
    assert len(optimizer.notes) == TOTAL
    plainly = optimizer.schedule is None
    for step, (used, own) in enumerate(optimizer.notes):
        scale = SCALES[step // BATCHES]
        wanted = [LR * scale] * groups if plainly else [
            rate * scale if rate * scale >= 1e-7 else min(rate, 1e-7)
            for rate in own]
        assert used == pytest.approx(wanted, rel=1e-6), step
    if not plainly and name not in ("none", "constant"):
        rates = [own[0] for _, own in optimizer.notes]
        assert len({round(rate, 12) for rate in rates}) > 2  # it did move
        assert optimizer.param_groups[0]["lr"] == \
            optimizer.schedule.get_last_lr()[0]


def decide_under(schedule_of, told):
    model = make_model(DATA, width=16)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    schedule = schedule_of(optimizer)
    controller = AgenticLR(optimizer, brain(), every=1, guards=False,
                           scheduler=schedule if told else None)
    for epoch in range(1, 4):
        optimizer.step()
        schedule.step(*([1.0] if hasattr(schedule, "patience") else []))
        controller.step(epoch, val_acc=50)


@pytest.mark.parametrize("name", [n for n in SCHEDULES if n != "none"])
def test_a_schedule_that_was_not_told_of_is_an_error(name):
    with pytest.raises(RuntimeError, match="scheduler=scheduler"):
        decide_under(SCHEDULES[name], told=False)
    decide_under(SCHEDULES[name], told=True)


def test_bounds_hold_for_the_effective_rate():
    model = make_model(DATA, width=16)
    optimizer = SGD(model.parameters(), lr=LR)
    schedule = optimizer.schedule = schedules.OneCycleLR(
        optimizer, 0.5, 20)
    controller = AgenticLR(
        optimizer, ScriptedBrain([f"{UP}: more"] * 10 + [f"{DOWN}: less"]
                                 * 10), every=1, scheduler=schedule,
        min_lr=0.02, max_lr=0.3, guards=False)
    for epoch in range(1, 20):
        optimizer.step()
        schedule.step()
        controller.step(epoch, val_acc=50)
    for used, own in optimizer.notes:
        # never beyond a bound that the schedule itself kept to
        assert min(0.02, own[0]) <= used[0] <= max(0.3, own[0])
    assert optimizer.notes[-1][0][0] < 0.3  # it came down again


def test_a_group_added_later_under_a_schedule():
    model = make_model(DATA, width=16)
    optimizer = SGD(model.parameters(), lr=LR)
    schedule = schedules.ReduceLROnPlateau(optimizer)
    controller = AgenticLR(optimizer, brain(), every=1, scheduler=schedule,
                           guards=False)
    controller.step(1, val_acc=50)
    optimizer.add_param_group(
        {"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
    optimizer.step()
    controller.step(2, val_acc=50)
    optimizer.step()
    used = [used for used, _ in optimizer.notes]
    assert used[0] == pytest.approx([0.7 * LR, 0.5])
    assert used[1] == pytest.approx([0.91 * LR, 0.65])


def test_a_step_that_fails_leaves_no_scaled_rate_behind():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = SGD([weight], lr=torch.tensor(LR))
    schedule = schedules.StepLR(optimizer, 100)
    controller = AgenticLR(optimizer, brain(), every=1, scheduler=schedule,
                           guards=False)
    controller.step(1, val_acc=50)

    def out_of_memory():
        raise MemoryError
    for _ in range(3):
        with pytest.raises(MemoryError):
            optimizer.step(out_of_memory)
    optimizer.step()
    assert {round(used[0], 9) for used, _ in optimizer.notes} == {0.007}
    assert optimizer.param_groups[0]["lr"].item() == pytest.approx(LR)


def test_a_second_controller_takes_over_from_the_first():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = SGD([weight], lr=LR)
    schedule = schedules.StepLR(optimizer, 100)
    for _ in range(3):
        controller = AgenticLR(optimizer, brain(), every=1,
                               scheduler=schedule, guards=False)
        controller.step(1, val_acc=50)
    optimizer.step()
    assert optimizer.notes[-1][0] == pytest.approx([0.7 * LR])


def test_a_scheduler_of_another_optimizer_is_refused():
    one, two = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=LR)
                for _ in range(2))
    with pytest.raises(ValueError, match="another optimizer"):
        AgenticLR(one, None, scheduler=schedules.StepLR(two, 1))


@pytest.mark.parametrize("example", [
    plain, transformers_trainer,
    pytest.param(lightning_trainer, marks=needs_lightning)])
def test_the_examples_run_as_they_stand(example, capsys):
    controller = example.main(brain="rules", epochs=6)
    assert len(controller.history) == 6 and len(controller.decisions) == 1
    assert controller.history[-1].val_acc > 60
    said = capsys.readouterr().out
    assert "epoch 5:" in said or "evaluation 5:" in said


def trainer_run(folder, wishes, epochs=4, **arguments):
    callback = for_trainer.AgenticCallback(
        ScriptedBrain([f"{w}: x" for w in wishes]), every=1,
        folder=folder / "run")
    trainer = transformers_trainer.make_trainer(
        callback, folder, epochs, 0.01, save_strategy="epoch",
        save_total_limit=5, **arguments)
    return callback, trainer


def test_trainer_checkpoints_hold_the_state(tmp_path):
    wishes = [DOWN, "continue", UP]
    whole, trainer = trainer_run(tmp_path / "a", wishes)
    trainer.train()
    one = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    checkpoint = sorted((tmp_path / "a").glob("checkpoint-*"),
                        key=lambda p: int(p.name.split("-")[1]))[1]
    again, trainer = trainer_run(tmp_path / "b", wishes[2:])
    trainer.train(resume_from_checkpoint=str(checkpoint))
    assert again.controller.history == whole.controller.history
    assert [d.action for d in again.controller.decisions] == wishes
    assert again.controller.rates.scales == whole.controller.rates.scales
    two = trainer.model.state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert len(Run.load(tmp_path / "b" / "run").metrics) == 4


def test_trainer_stops_through_control_and_logs_the_rate_in_use(tmp_path):
    callback, trainer = trainer_run(
        tmp_path, [DOWN, "stop_training"], 5, lr_scheduler_type="constant")
    trainer.train()
    assert trainer.state.epoch == 2 and callback.controller.should_stop
    rates = [e["learning_rate"] for e in trainer.state.log_history
             if "learning_rate" in e]
    assert rates == pytest.approx([0.01, 0.007])
    trainer.evaluate()  # outside training: it does not count as an epoch
    assert len(callback.controller.history) == 2


def test_a_name_that_is_not_there_is_said(tmp_path, capsys):
    callback = for_trainer.AgenticCallback(
        brain(), val_acc="eval_f1", val_loss=None, train_loss=None)
    trainer = transformers_trainer.make_trainer(callback, tmp_path, 2)
    trainer.train()
    assert capsys.readouterr().out.count("eval_f1") == 1
    callback = for_trainer.AgenticCallback(brain(), val_acc="eval_f1")
    trainer = transformers_trainer.make_trainer(callback, tmp_path, 2)
    trainer.train()
    assert "There is: ['epoch', 'eval_accuracy'" in capsys.readouterr().out
    assert len(callback.controller.history) == 2  # by the loss alone


def lightning_run(folder, wishes, epochs=4, **options):
    callback = for_lightning.AgenticCallback(
        ScriptedBrain([f"{w}: x" for w in wishes]), every=1,
        folder=folder / "run")
    trainer = lightning_trainer.make_trainer(callback, epochs, **options)
    torch.manual_seed(1)
    return callback, trainer, lightning_trainer.Classifier(DATA)


@needs_lightning
def test_lightning_checkpoints_hold_the_state(tmp_path):
    train, val = lightning_trainer.loaders(DATA)
    whole, trainer, module = lightning_run(tmp_path / "a", [DOWN], 2)
    trainer.fit(module, train, val)
    trainer.save_checkpoint(tmp_path / "half.ckpt")
    torch.load(tmp_path / "half.ckpt", weights_only=True)
    again, trainer, module = lightning_run(tmp_path / "b", [UP], 4)
    trainer.fit(module, train, val, ckpt_path=tmp_path / "half.ckpt")
    assert [m.epoch for m in again.controller.history] == [1, 2, 3, 4]
    assert [m.val_loss for m in again.controller.history][:2] == [
        m.val_loss for m in whole.controller.history]
    assert [(d.epoch, d.action) for d in again.controller.decisions] == [
        (1, DOWN), (3, UP)]  # no decision at the last epoch of either
    assert again.controller.get_last_lr() == pytest.approx([0.003 * 0.91])
    assert len(Run.load(tmp_path / "b" / "run").metrics) == 4


@needs_lightning
def test_lightning_stops(tmp_path):
    callback, trainer, module = lightning_run(tmp_path, ["stop_training"], 5)
    trainer.fit(module, *lightning_trainer.loaders(DATA))
    assert len(callback.controller.history) == 1


@needs_lightning
def test_frameworks_come_back_from_divergence(tmp_path):
    callback = for_lightning.AgenticCallback(
        ScriptedBrain([]), guards=Guards())
    trainer = lightning_trainer.make_trainer(callback, 4)
    module = lightning_trainer.Classifier(load_data(), lr=1e30)
    trainer.fit(module, *lightning_trainer.loaders(load_data()))
    assert "start_again" in [d.action for d in
                             callback.controller.decisions]


def follower(**options):
    names = {"train_loss": "loss", "val_acc": "eval_accuracy",
             "val_loss": "eval_loss"}
    follower = Follower(brain(), names, names, every=1, **options)
    follower.begin(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], 0.1),
                   evaluations=9)
    return follower


def test_a_training_loss_that_comes_less_often_is_left_out(said):
    seen = follower()
    for step in range(1, 7):
        logged = {"loss": 1 / step} if step % 2 == 0 else {}
        seen.see({**logged, "eval_loss": 2 / step}, step)
    losses = [m.train_loss for m in seen.controller.history]
    assert losses == [None, 0.5, None, None, None, None]
    assert sum(text.startswith("loss: logged less") for text in said) == 1
    usual = follower()
    for step in range(1, 4):
        usual.see({"loss": 1 / step, "eval_loss": 2 / step}, step)
    assert [m.train_loss for m in usual.controller.history] == [
        1, 1 / 2, 1 / 3]


def test_percent_where_fractions_are_usual_is_told(said):
    seen = follower()
    seen.see({"eval_accuracy": 38.0, "eval_loss": 1.0}, 1)
    assert "val_acc=38 is no fraction from 0 to 1: pass percent=True to " \
        "the callback." in said
    right = follower(percent=True)
    right.see({"eval_accuracy": 38.0, "eval_loss": 1.0}, 1)
    assert right.controller.history[0].val_acc == 38.0


def test_decisions_are_numbered_by_evaluations_and_say_so(said):
    seen = follower()
    for step in (50, 100):
        seen.see({"eval_loss": 100 / step}, step)
    assert [text for text in said if text.startswith("evaluation 2: ")]


def test_a_metric_that_the_framework_calls_otherwise_is_told(said):
    seen = follower(metric="f1", higher_is_better=True)
    seen.see({"eval_f1": 0.5, "eval_loss": 1.0}, 1)
    assert "'f1' is not measured. There is: ['eval_f1', 'eval_loss']." in said


def test_a_metric_that_the_callback_fills_in_is_not_missed(said):
    seen = follower(metric="val_loss")
    seen.see({"eval_loss": 1.0}, 1)
    assert not [text for text in said if "not measured" in text]
    assert seen.controller.story.results == [-1.0]


def test_a_training_loss_is_the_mean_since_the_last_evaluation(tmp_path):
    """Not that of the last batch, if every step is logged."""
    means = []
    for strategy in ("steps", "epoch"):
        callback, trainer = trainer_run(
            tmp_path / strategy, ["continue"] * 4, logging_steps=1,
            logging_strategy=strategy)
        trainer.train()
        means.append([m.train_loss for m in callback.controller.history])
    assert len(means[0]) == 4
    assert means[0] == pytest.approx(means[1], rel=1e-3)


def test_of_a_peft_model_only_what_is_trained_is_copied():
    peft = pytest.importorskip("peft", reason="pip install peft")
    base = torch.nn.Sequential(torch.nn.Linear(64, 64),
                               torch.nn.Linear(64, 10))
    model = peft.get_peft_model(base, peft.LoraConfig(
        target_modules=["0"], r=2))
    trained = [p for p in model.parameters() if p.requires_grad]
    start = [p.detach().clone() for p in trained]
    one = follower()
    one.begin(torch.optim.SGD(trained, lr=0.1), model=model, evaluations=4)
    best = one.controller.best
    assert sum(w.numel() for w in best.weights.values()) == sum(
        p.numel() for p in trained) < 300
    with torch.no_grad():
        for p in trained:
            p.fill_(9.0)
    best.restore()
    assert all(torch.equal(p, was) for p, was in zip(trained, start))


@needs_lightning
@pytest.mark.parametrize("how, every, seen", [
    ({"on_step": False, "on_epoch": True}, 1.0, True),
    ({"on_step": True, "on_epoch": True}, 1.0, True),
    ({}, 1.0, False),  # Lightning's own: the last batch
    ({"on_step": True, "on_epoch": True}, 0.5, False)])
def test_lightning_leaves_out_the_loss_of_a_single_batch(how, every, seen,
                                                         said):
    class Network(lightning_trainer.Classifier):
        def training_step(self, batch, _):
            loss = torch.nn.functional.cross_entropy(
                self.network(batch[0]), batch[1])
            self.log("train_loss", loss, **how)
            return loss

    callback = for_lightning.AgenticCallback(
        ScriptedBrain(["continue"] * 20), every=1)
    lightning_trainer.make_trainer(callback, 3, val_check_interval=every).fit(
        Network(DATA), *lightning_trainer.loaders(DATA))
    losses = [m.train_loss for m in callback.controller.history]
    assert len(losses) == round(3 / every)
    assert [x is not None for x in losses[2:]] == [seen] * (len(losses) - 2)
    assert any("left out" in text for text in said) == (not seen)
