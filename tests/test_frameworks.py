"""What users of a framework need: loggers, steps, a callback used again."""

import csv
import math

import pytest
import torch
from torch.optim import lr_scheduler as schedules
from transformers import TrainerCallback

from agentic_lib import Run, ScriptedBrain, load_data
from agentic_lib.control.guards import RESTORE, Guards
from agentic_lib.mechanics.rates import inner
from agentic_lib.integrations import AgenticTrainerCallback
from agentic_lib.integrations.examples import transformers_trainer
from test_integrations import SGD, needs_lightning

try:
    import lightning
    from lightning.pytorch.callbacks import LearningRateMonitor
    from lightning.pytorch.loggers import CSVLogger

    from agentic_lib.integrations import AgenticLightningCallback
    from agentic_lib.integrations.examples import lightning_trainer
except ImportError:
    pass  # needs_lightning skips what needs it

DATA = load_data("digits", train_size=128, val_size=64)
DOWN, UP = "reduce_learning_rate", "increase_learning_rate"


def brain(*wishes):
    return ScriptedBrain([f"{wish}: because {i}."
                          for i, wish in enumerate(wishes)])


def make_trainer(callback, folder, epochs=4, **arguments):
    """Two batches an epoch, and an optimizer that notes the rates it uses."""
    trainer = transformers_trainer.make_trainer(
        callback, folder, epochs, 0.01, **arguments)
    trainer.train_dataset = transformers_trainer.Examples(DATA.train)
    trainer.eval_dataset = transformers_trainer.Examples(DATA.val)
    trainer.optimizer = SGD(trainer.model.parameters(), lr=0.01)
    return trainer


def used(trainer):
    """The rate at every step."""
    return [rates[0] for rates, _ in inner(trainer.optimizer).notes]


class Recording(TrainerCallback):
    """A typical reporter: keeps what it is told."""

    def __init__(self):
        self.told = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        self.told.append((state.global_step, dict(logs)))


@pytest.mark.parametrize("schedule", ["cosine", "constant",
                                      "reduce_lr_on_plateau"])
@pytest.mark.parametrize("logging", ["steps", "epoch"])
def test_reporters_see_the_rate_that_was_used(tmp_path, schedule, logging):
    """Also one that stands before the callback."""
    callback = AgenticTrainerCallback(brain(UP, UP, DOWN), every=1,
                                      guards=False)
    trainer = make_trainer(
        callback, tmp_path, lr_scheduler_type=schedule,
        logging_strategy=logging, logging_steps=1,
        metric_for_best_model="eval_loss")
    before = Recording()
    trainer.callback_handler.callbacks.insert(0, before)
    trainer.train()
    shown = {step: logs["learning_rate"] for step, logs in before.told
             if "learning_rate" in logs}
    rates = used(trainer)
    assert shown == pytest.approx({step: rates[step - 1] for step in shown})
    assert len(shown) == (8 if logging == "steps" else 4)
    assert len(set(rates)) > 2
    logged = {e["step"]: e["learning_rate"]
              for e in trainer.state.log_history if "learning_rate" in e}
    assert logged == shown


def test_reporters_see_every_decision(tmp_path):
    callback = AgenticTrainerCallback(brain(UP, DOWN, UP), every=1,
                                      guards=False)
    trainer = make_trainer(callback, tmp_path)
    before = Recording()
    trainer.callback_handler.callbacks.insert(0, before)
    trainer.train()
    told = [(step, logs) for step, logs in before.told
            if "decision/action" in logs]
    assert [(step, logs["decision/action"], logs["decision/reason"])
            for step, logs in told] == [
        (2, UP, "because 0."), (4, DOWN, "because 1."), (6, UP, "because 2.")]
    assert {logs["decision/source"] for _, logs in told} == {"human"}
    assert [logs["decision/learning_rate"] for _, logs in told] == [
        d.new_lr for d in callback.controller.decisions]
    assert [e["step"] for e in trainer.state.log_history
            if "decision/action" in e] == [2, 4, 6]


def test_tensorboard_holds_rates_and_decisions(tmp_path, monkeypatch):
    events = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="TensorBoard is an extra: pip install tensorboard")
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "logs"))
    callback = AgenticTrainerCallback(brain(UP, DOWN), every=1, guards=False)
    trainer = make_trainer(callback, tmp_path, 3, report_to=["tensorboard"],
                           logging_strategy="steps", logging_steps=1)
    trainer.train()
    seen = events.EventAccumulator(str(tmp_path / "logs"))
    seen.Reload()
    assert [e.value for e in seen.Scalars("train/learning_rate")] == \
        pytest.approx(used(trainer))
    assert [e.value for e in seen.Scalars(
        "train/decision/learning_rate")] == pytest.approx(
            [d.new_lr for d in callback.controller.decisions])
    texts = seen.Tensors("train/decision/action/text_summary")
    assert [e.tensor_proto.string_val[0].decode() for e in texts] == [
        UP, DOWN]


def test_decisions_by_steps_with_a_budget_of_steps(tmp_path):
    callback = AgenticTrainerCallback(brain(*[UP] * 9), every=2, guards=False)
    trainer = make_trainer(callback, tmp_path, eval_strategy="steps",
                           eval_steps=3, max_steps=20,
                           lr_scheduler_type="constant")
    trainer.train()
    # at steps 3, 6, ..., 18, and once more at the end
    assert callback.controller.total_epochs == 7
    assert [d.epoch for d in callback.controller.decisions] == [2, 4, 6]
    assert trainer.state.global_step == 20
    changed = [i for i in range(1, 20) if callback.controller.decisions and
               used(trainer)[i] > used(trainer)[i - 1]]
    assert changed == [6, 12, 18]  # the step after the evaluation


def test_every_may_count_steps(tmp_path):
    callback = AgenticTrainerCallback(brain(*[UP] * 9), every=6, unit="steps",
                                      guards=False)
    trainer = make_trainer(callback, tmp_path, eval_strategy="steps",
                           eval_steps=3, max_steps=20,
                           lr_scheduler_type="constant")
    trainer.train()
    rates = used(trainer)
    assert [i for i in range(1, 20) if rates[i] > rates[i - 1]] == [6, 12, 18]


def test_a_hook_gets_every_decision(tmp_path):
    seen = []
    callback = AgenticTrainerCallback(brain(UP, DOWN), every=1,
                                      on_decision=seen.append)
    make_trainer(callback, tmp_path, 3).train()
    assert seen == callback.controller.decisions and len(seen) == 2


def test_a_delay_is_no_part_of_the_budget(tmp_path):
    callback = AgenticTrainerCallback(brain(), every=1, guards=False)
    trainer = make_trainer(callback, tmp_path, 6, eval_delay=3)
    trainer.train()
    assert callback.controller.total_epochs == 4
    assert len(callback.controller.history) == 4


def test_more_evaluations_than_planned_are_no_error(tmp_path):
    callback = AgenticTrainerCallback(brain(), every=1, guards=False)

    class Eager(Recording):
        def on_step_end(self, args, state, control, **kwargs):
            control.should_evaluate = True
    trainer = make_trainer(callback, tmp_path, 3)
    trainer.add_callback(Eager())
    trainer.train()
    assert len(callback.controller.history) == 6


def test_no_evaluation_is_said_at_the_start(tmp_path, capsys):
    callback = AgenticTrainerCallback(brain(), every=1)
    trainer = make_trainer(callback, tmp_path, 1, eval_strategy="no")

    said = []

    class Begun(Recording):
        def on_step_begin(self, args, state, control, **kwargs):
            said.append(capsys.readouterr().out)
    trainer.add_callback(Begun())
    trainer.train()
    assert 'eval_strategy="no"' in said[0]


def test_of_several_evaluation_sets_the_named_one_counts(tmp_path):
    callback = AgenticTrainerCallback(
        brain(UP, UP), every=1, guards=False, train_loss=None,
        val_acc="eval_b_accuracy", val_loss="eval_b_loss")
    trainer = make_trainer(callback, tmp_path, 3)
    trainer.eval_dataset = {"a": trainer.eval_dataset,
                            "b": trainer.train_dataset}
    trainer.train()
    logged = [e["eval_b_loss"] for e in trainer.state.log_history
              if "eval_b_loss" in e]
    assert [m.val_loss for m in callback.controller.history] == logged
    assert len(logged) == 3


def test_a_second_training_begins_anew(tmp_path):
    callback = AgenticTrainerCallback(brain(DOWN, DOWN), every=1,
                                      folder=tmp_path / "run", guards=False)
    trainer = make_trainer(callback, tmp_path, 2)
    trainer.train()
    trainer.train()
    assert [m.epoch for m in callback.controller.history] == [1, 2]
    assert len(callback.controller.decisions) == 1
    assert len(Run.load(tmp_path / "run").metrics) == 2
    assert len(Run.load(tmp_path / "run" / "earlier").metrics) == 2


def test_one_callback_in_several_trainers(tmp_path):
    callback = AgenticTrainerCallback(brain(*[DOWN] * 9), every=1,
                                      guards=False)
    for fold, epochs in enumerate((3, 2, 4)):
        trainer = make_trainer(callback, tmp_path / str(fold), epochs,
                               save_strategy="epoch")
        trainer.train()
        assert len(callback.controller.history) == epochs
        assert callback.controller.total_epochs == epochs
        scale = used(trainer)[-1] / (
            0.01 * (1 + math.cos(math.pi * (1 - .5 / epochs))) / 2)
        assert scale == pytest.approx(0.7 ** (epochs - 1), rel=1e-6)


CALLBACKS = [pytest.param("AgenticTrainerCallback", id="trainer"),
             pytest.param("AgenticLightningCallback", id="lightning",
                          marks=needs_lightning)]


@pytest.mark.parametrize("name", CALLBACKS)
@pytest.mark.parametrize("options, word", [
    ({"evry": 5}, "evry=5.*every"), ({"every": 0}, "every"),
    ({"total_epochs": 9}, "total_epochs"), ({"reduce": 1.5}, "reduce"),
    ({"min_lr": 2, "max_lr": 1}, "min_lr"), ({"unit": "epochs"}, "unit"),
    ({"guard": False}, "guards")])
def test_a_mistake_shows_where_it_is_typed(name, options, word):
    with pytest.raises((TypeError, ValueError), match=word):
        globals()[name](brain(), **options)


def test_rules_in_the_models_place_are_said_at_the_end(tmp_path, capsys):
    callback = AgenticTrainerCallback(brain(DOWN), every=1, guards=False)
    make_trainer(callback, tmp_path, 4).train()
    assert "The rules made 2 of 3 decisions: the script is over" in \
        capsys.readouterr().out


class Broken(torch.nn.Module):
    """Stands for averaged weights: a copy that divergence has spoilt."""

    def __init__(self):
        super().__init__()
        self.register_buffer("average", torch.zeros(1))


def test_averaged_weights_go_back_with_the_best_ones(tmp_path):
    ema = Broken()
    wishes = ["continue", "continue", RESTORE.name, "continue"]
    steered = ScriptedBrain([f"{w}: x" for w in wishes],
                            actions=(*brain().actions, RESTORE))
    callback = AgenticTrainerCallback(steered, every=1, guards=False, ema=ema)
    trainer = make_trainer(callback, tmp_path, 4)
    seen = []

    class Averaging(Recording):
        def on_epoch_end(self, args, state, control, **kwargs):
            seen.append(ema.average.item())
            ema.average.fill_(round(state.epoch))
    trainer.add_callback(Averaging())
    trainer.train()
    result = callback.controller.history
    best = max(range(3), key=lambda i: (result[i].val_acc, -i)) + 1
    assert seen == [0, 1, 2, best]


# -- Lightning -------------------------------------------------------------


def fit(callback, *more, module=None, logger=False, data=DATA, **options):
    module = module or lightning_trainer.Classifier(data)
    trainer = lightning_trainer.make_trainer(
        callback, options.pop("max_epochs", 4), logger=logger,
        log_every_n_steps=1, **options)
    trainer.callbacks += more
    trainer.fit(module, *lightning_trainer.loaders(data))
    return trainer, module


def noted(module, schedule=None):
    """Gives the module an optimizer that notes what it uses."""
    optimizer = SGD(module.parameters(), lr=0.01)
    config = {"optimizer": optimizer}
    if schedule is not None:
        config["lr_scheduler"] = {"scheduler": schedule(optimizer),
                                  "interval": "step"}
    module.configure_optimizers = lambda: config
    return optimizer


@needs_lightning
@pytest.mark.parametrize("schedule", [
    None, lambda o: schedules.StepLR(o, 1, gamma=0.9),
    lambda o: schedules.CosineAnnealingLR(o, 9)])
@pytest.mark.parametrize("monitor_first", [False, True])
def test_the_rate_monitor_shows_the_rate_that_was_used(
        tmp_path, schedule, monitor_first):
    callback = AgenticLightningCallback(brain(UP, UP, DOWN), every=1,
                                        guards=False)
    module = lightning_trainer.Classifier(DATA)
    optimizer = noted(module, schedule)
    logger = CSVLogger(tmp_path)
    trainer = lightning_trainer.make_trainer(
        callback, 4, logger=logger, log_every_n_steps=1)
    trainer.callbacks.insert(0 if monitor_first else 1,
                             LearningRateMonitor("step"))
    trainer.fit(module, *lightning_trainer.loaders(DATA))
    shown = [float(row["lr-SGD"]) for row in rows(logger)
             if row.get("lr-SGD")]
    assert shown == pytest.approx([rates[0] for rates, _
                                   in optimizer.notes])
    assert len(shown) == 8 and len(set(shown)) > 2
    if schedule is not None:  # and the schedule never met a scaled rate
        assert optimizer.param_groups[0]["lr"] == \
            trainer.lr_scheduler_configs[0].scheduler.get_last_lr()[0]


def rows(logger):
    logger.save()
    with open(f"{logger.log_dir}/metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


@needs_lightning
def test_decisions_go_to_lightnings_loggers(tmp_path):
    callback = AgenticLightningCallback(brain(UP, DOWN), every=1,
                                        guards=False)
    logger = CSVLogger(tmp_path)
    fit(callback, logger=logger, max_epochs=3)
    told = [row for row in rows(logger) if row.get("decision/action")]
    assert [(row["step"], row["decision/action"], row["decision/reason"],
             row["decision/source"]) for row in told] == [
        ("2", UP, "because 0.", "human"), ("4", DOWN, "because 1.", "human")]
    assert [float(row["decision/learning_rate"]) for row in told] == \
        pytest.approx([d.new_lr for d in callback.controller.decisions])


@needs_lightning
def test_decisions_go_to_lightnings_tensorboard(tmp_path):
    events = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="TensorBoard is an extra: pip install tensorboard")
    from lightning.pytorch.loggers import TensorBoardLogger
    callback = AgenticLightningCallback(brain(UP, DOWN), every=1,
                                        guards=False)
    logger = TensorBoardLogger(tmp_path)
    fit(callback, logger=logger, max_epochs=3)
    logger.experiment.flush()
    seen = events.EventAccumulator(logger.log_dir)
    seen.Reload()
    texts = seen.Tensors("decision/action/text_summary")
    assert [(e.step, e.tensor_proto.string_val[0].decode())
            for e in texts] == [(2, UP), (4, DOWN)]


@needs_lightning
def test_a_logger_that_takes_no_text_is_told_once(tmp_path, capsys):
    class Picky(CSVLogger):
        def log_metrics(self, metrics, step=None):
            if any(isinstance(value, str) for value in metrics.values()):
                raise ValueError("numbers only")
            super().log_metrics(metrics, step)
    callback = AgenticLightningCallback(brain(UP, DOWN, UP), every=1,
                                        guards=False)
    fit(callback, logger=Picky(tmp_path))
    assert len(callback.controller.decisions) == 3
    assert capsys.readouterr().out.count("numbers only") == 1


@needs_lightning
@pytest.mark.parametrize("options, evaluations", [
    ({}, 4), ({"val_check_interval": 0.25}, 16),
    ({"val_check_interval": 3}, 8),  # two in each 8 batches of an epoch
    ({"val_check_interval": 3, "check_val_every_n_epoch": None}, 10),
    ({"check_val_every_n_epoch": 2}, 2), ({"limit_val_batches": 0}, 4),
    ({"max_steps": 11}, 1), ({"max_steps": 11, "val_check_interval": 2}, 5),
    ({"max_steps": 3, "accumulate_grad_batches": 4}, 1),
])
def test_what_is_counted_is_a_validation(options, evaluations):
    data = load_data("digits", train_size=512, val_size=64)  # 8 batches
    callback = AgenticLightningCallback(brain(), every=100)
    fit(callback, data=data, **options)
    controller = callback.controller
    assert len(controller.history) == evaluations
    assert controller.total_epochs == evaluations
    validated = "limit_val_batches" not in options
    assert all((m.val_loss is not None) == validated
               for m in controller.history)
    # the training loss of an epoch is taken once
    losses = [m.train_loss for m in controller.history
              if m.train_loss is not None]
    assert len(losses) == len(set(losses))


@needs_lightning
def test_a_decision_inside_an_epoch_acts_inside_it():
    data = load_data("digits", train_size=512, val_size=64)
    callback = AgenticLightningCallback(brain(UP, UP, "stop_training"),
                                        every=1, guards=False)
    module = lightning_trainer.Classifier(data)
    optimizer = noted(module)
    fit(callback, module=module, data=data, val_check_interval=2)
    assert [rates[0] for rates, _ in optimizer.notes] == pytest.approx(
        [.01, .01, .013, .013, .0169, .0169])


@needs_lightning
def test_two_optimizers_two_callbacks_each_with_its_own_weights():
    class Two(lightning.LightningModule):
        """Two networks; the second one diverges at epoch 3."""

        def __init__(self):
            super().__init__()
            self.one, self.two = (torch.nn.Sequential(
                torch.nn.Linear(64, 10), torch.nn.BatchNorm1d(10))
                for _ in range(2))
            self.automatic_optimization = False
            self.kept = []

        def training_step(self, batch, _):
            for network, optimizer in zip((self.one, self.two),
                                          self.optimizers()):
                loss = torch.nn.functional.cross_entropy(
                    network(batch[0]), batch[1])
                optimizer.zero_grad()
                self.manual_backward(loss)
                optimizer.step()

        def validation_step(self, batch, _):
            for name in ("one", "two"):
                loss = torch.nn.functional.cross_entropy(
                    getattr(self, name)(batch[0]), batch[1])
                if name == "two" and self.current_epoch == 2:
                    loss = loss * math.inf
                self.log(f"{name}_loss", loss, on_epoch=True)

        def on_train_epoch_end(self):
            self.kept.append({k: v.clone() for k, v
                              in self.state_dict().items()})

        def configure_optimizers(self):
            return [torch.optim.SGD(self.one.parameters(), lr=0.01),
                    torch.optim.SGD(self.two.parameters(), lr=0.02)]

    callbacks = [AgenticLightningCallback(
        brain(*wishes), every=1, optimizer=i, val_loss=name,
        guards=Guards(cooldown=None))
        for i, (name, wishes) in enumerate((("one_loss", [UP] * 9),
                                            ("two_loss", [DOWN] * 9)))]
    module = Two()
    fit(callbacks[0], callbacks[1], module=module, max_epochs=4)
    one, two = (callback.controller for callback in callbacks)
    assert {d.action for d in one.decisions} == {UP}
    assert [d.action for d in two.decisions][:3] == [DOWN, DOWN, RESTORE.name]
    assert callbacks[0].state_key != callbacks[1].state_key
    assert [m.val_loss for m in one.history] != [
        m.val_loss for m in two.history]
    assert one.get_last_lr() == pytest.approx([0.01 * 1.3 ** 3])
    # callbacks act before the module's own hook sees the third epoch
    second, third = module.kept[1:3]
    for name in third:
        back = torch.equal(second[name], third[name])
        assert back == name.startswith("two"), name
