"""Event handlers are plain functions: here they are called as the browser
would call them. tests/browser does it with a real one."""

import base64
import io
import math
import re
import threading
import time

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS, Action, Decision
from agentic_lib.show.presets import PRESETS
from agentic_lib.brain.prompt import Prompt
from agentic_lib.run.record import Run
from agentic_lib.run.training import Training, train
from agentic_lib.show.widgets import (
    LiveTraining,
    PromptLab,
    Replay,
    YouAgainstTheBrain,
    front_end,
    live_view,
)
from agentic_lib.show.widgets.prompt_lab import bar

OPTIONS = {"lr": 0.01, "epochs": 8, "every": 2}


class Frank(SimpleAIBrain):
    """Reduces above a gap of 10 points, says how sure it is and why."""

    name = description = "frank"

    def __init__(self, seconds=0.01, **options):
        super().__init__("rules", quiet=True, **options)
        self.wait, self.model = seconds, self

    def analyze_training(self, history, every=5, actions=None):
        prompt = self.prompt.messages(history)[1]["content"]
        name = "continue" if history[-1].gap <= 10 else "reduce_learning_rate"
        return Decision(name, "<b>so</b>", probabilities={name: 0.75},
                        seconds=self.wait, prompt=prompt, reply=f"{name}: so")

    def decide_many(self, histories, every=5, actions=None, explain=False):
        return [self.analyze_training(h) for h in histories]

    def generate(self, messages, start="", on_text=None):
        return f"{start} since I must"


def text(widget):
    """What a person reads in an HTML widget."""
    plain = re.sub(r"<[^>]+>", "", widget.value)
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#x27;", "'"),
                       ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(name, sign)
    return plain


def rules():
    return SimpleAIBrain("rules", quiet=True)


def make_live(brain=None, **options):
    training = Training("digits", brain or rules(), **OPTIONS)
    return LiveTraining(training, **options)


def tick(view, count=1):
    """The browser's clock, never too early."""
    for _ in range(count):
        view.last_work = 0.0
        view.play.value += 1


@pytest.fixture
def pictures(monkeypatch):
    """Counts drawings, and draws nothing: that is tested elsewhere."""
    drawn = []
    monkeypatch.setattr(live_view, "picture",
                        lambda figure: drawn.append(figure) or "drawn")
    monkeypatch.setattr(live_view, "plot_run", lambda run, *_: run)
    return drawn


# -- the prompt lab --------------------------------------------------------

def test_lab_answers_a_slider():
    lab = PromptLab(Frank())
    assert "reduce_learning_rate" in text(lab.answer)
    lab.knobs["train_acc"].value = 80
    assert text(lab.answer).startswith("continue")
    assert "Training accuracy: 80.0" in text(lab.asked)
    assert "<b>so</b>" in text(lab.answer)  # as text, not as a tag
    assert "<b>" not in lab.answer.value


def test_lab_shows_bars_source_reply_and_time():
    shown = text(PromptLab(Frank(seconds=0.25)).answer)
    for part in ("model", "0.25 s", "████▌   75% reduce", "It wrote:"):
        assert part in shown


@pytest.mark.parametrize("share, drawn", [
    (0, "      "), (0.01, "      "), (0.5, "███   "), (0.75, "████▌ "),
    (1, "██████")])
def test_bars_are_as_long_as_the_share(share, drawn):
    assert bar(share) == drawn


def test_a_broken_template_is_explained_and_changes_nothing():
    lab = PromptLab(Frank())
    before, asked = lab.prompt, lab.asked.value
    for broken in ("{epoc}", "{", "{epoch:d}", "{epoch!z}"):
        lab.user.value = broken
        assert "Not usable yet" in text(lab.problem)
        assert lab.prompt == before and lab.asked.value == asked
    lab.user.value = "Epoch {epoch}?"
    assert lab.problem.value == "" and "Epoch 15?" in text(lab.asked)
    assert lab.preset.value == "your own"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_and_export_go_together(name):
    lab = PromptLab(Frank())
    lab.preset.value = name
    assert lab.prompt == PRESETS[name]
    assert lab.user.value == PRESETS[name].user
    brain = Frank()
    exec(lab.export(), {"brain": brain, "PRESETS": PRESETS})
    assert brain.prompt == PRESETS[name]


def test_export_of_an_own_prompt_gives_it_back():
    lab, brain = PromptLab(Frank()), Frank()
    lab.user.value = "It's \"{epoch}\"\n\\ {val_acc} 继续"
    exec(lab.export(), {"brain": brain, "Prompt": Prompt})
    assert brain.prompt == lab.prompt


def test_guess_first_hides_the_answer_until_the_guess():
    lab = PromptLab(Frank())
    lab.guess_first.value = True
    assert "reduce" not in text(lab.answer)
    lab.guess.value = "reduce_learning_rate"
    assert "reduce_learning_rate   (model" in text(lab.answer)
    assert lab.guess.disabled
    lab.knobs["train_acc"].value = 80  # a new question, a new guess
    assert "Your guess first" in text(lab.answer)
    assert not lab.guess.disabled
    lab.guess.value = "stop_training"
    assert "Right so far: 1 of 2" in text(lab.answer)


def test_slow_brains_answer_on_release_fast_ones_while_it_moves():
    slow, fast = PromptLab(Frank(seconds=2)), PromptLab(Frank())
    assert not slow.knobs["epoch"].continuous_update
    assert fast.knobs["epoch"].continuous_update


def test_nothing_can_be_changed_while_a_slow_brain_thinks():
    seen = []

    class Slow(Frank):
        def analyze_training(self, *args, **options):
            seen.append(lab.knobs["epoch"].disabled if seen else None)
            return super().analyze_training(*args, **options)
    lab = None
    lab = PromptLab(Slow(seconds=2))
    lab.knobs["epoch"].value = 20
    assert seen[-1] is True
    assert lab.knobs["epoch"].disabled is False


def test_tries_are_kept_and_compared_in_the_same_situation():
    lab = PromptLab(Frank())
    lab.user.value = "first {train_acc}"
    lab.keep.click()
    lab.preset.value = "original"
    lab.compare.value = "try 1: your own"
    lab.knobs["train_acc"].value = 81
    assert lab.beside.prompt == "first 81.0"
    assert "try 1: your own:" in text(lab.other)
    assert "try 1: your own" in text(lab.kept)
    assert "92 / 76 at epoch 15" in text(lab.kept)


def test_every_experiment_finds_something():
    lab = PromptLab(Frank())
    found = {}
    for name in lab.experiment.options:
        lab.experiment.value = name
        lab.go.click()
        found[name] = text(lab.findings)
    assert "becomes continue when" in found["find the flip"]
    assert "{train_acc}" in found["blindfold"]
    assert "stop, " in found["shuffle the options"]
    assert found["defend stop_training"] == "stop_training: since I must"


def test_another_brain_brings_its_actions():
    class Other(Frank):
        name = "other"
    own = Action("restore_best", "go back to the best weights")
    other = Other(actions=(*ACTIONS, own))
    lab = PromptLab(Frank(), other)
    assert "restore_best" not in lab.guess.options
    lab.brain.value = "other"
    assert "restore_best" in lab.guess.options
    assert "defend restore_best" in lab.experiment.options


def test_what_is_being_written_is_shown(monkeypatch):
    lab, seen = PromptLab(Frank()), []
    lab.writing.observe(lambda change: seen.append(change["new"]), "value")
    times = iter(range(100))
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    show = lab.on_text()
    show("conti")
    show("nue <i>")
    assert seen[-1].endswith("continue &lt;i&gt;</pre>")


# -- training, live --------------------------------------------------------

@pytest.mark.parametrize("size", [(3, 2), (8.5, 4.25), (7, 10.1)])
def test_a_picture_takes_its_room_before_it_is_drawn(size):
    """Otherwise the buttons below it move away from under a finger."""
    drawn = front_end.picture(Figure(size))
    wide, high = map(float, re.search("aspect-ratio:([^/]*)/([^\"]*)",
                                      drawn).groups())
    data = base64.b64decode(re.search("base64,([^\"]*)", drawn)[1])
    pixels = plt.imread(io.BytesIO(data)).shape
    assert wide / high == pytest.approx(pixels[1] / pixels[0], rel=0.01)


def test_ticks_train_as_train_does(pictures):
    view = make_live()
    tick(view, 20)
    assert view.ended and view.run.test is not None
    alone = train("digits", rules(), **OPTIONS)
    assert view.run.metrics == alone.metrics
    assert view.run.test == alone.test


def test_one_epoch_a_tick_and_stale_ticks_are_dropped(pictures):
    view = make_live()
    tick(view)
    assert view.training.epoch == 1
    view.last_work = math.inf  # the work before ended just now
    view.play.value += 1
    assert view.training.epoch == 1
    view.last_work = 0.0
    view.play.value = 0  # the clock's own stop button
    assert view.training.epoch == 1


def test_drawing_is_rare_and_never_takes_a_fifth_of_the_time(
        pictures, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live_view.time, "perf_counter", lambda: now[0])

    def slow_picture(figure):
        now[0] += 0.3
        pictures.append(now[0])
        return "drawn"
    monkeypatch.setattr(live_view, "picture", slow_picture)
    view = make_live()
    pictures.clear()
    start = now[0]
    for _ in range(200):
        now[0] += 0.1  # an epoch's time
        view.show()
    gaps = [b - a for a, b in zip(pictures, pictures[1:])]
    assert len(gaps) > 2 and min(gaps) >= live_view.PAUSE
    assert 0.3 * len(pictures) <= 0.2 * (200 * 0.1)
    assert now[0] - start <= 1.2 * 200 * 0.1


def test_a_person_decides(pictures):
    view = make_live()
    view.mine.value = True
    tick(view, 5)
    assert view.waiting and view.training.epoch == 2
    assert view.run.decisions == []
    assert "Validation accuracy" in text(view.words)
    view.why.value = "a feeling"
    view.on_decision("reduce_learning_rate")
    decision, = view.run.decisions
    assert (decision.source, decision.reason) == ("human", "a feeling")
    assert decision.new_lr == pytest.approx(0.7 * decision.old_lr)
    assert "Validation accuracy" in decision.prompt
    tick(view)
    assert view.training.epoch == 3
    assert view.run.metrics[-1].learning_rate == pytest.approx(0.007)


def test_a_decision_out_of_turn_is_ignored(pictures):
    view = make_live()
    view.on_decision("stop_training")
    tick(view)
    assert view.run.decisions == [] and view.training.epoch == 1


def test_stop_is_a_persons_decision(pictures):
    view = make_live()
    view.on_stop()  # nothing was seen yet: nothing to stop
    tick(view, 3)
    view.on_stop()
    assert view.ended and view.training.epoch == 3
    assert view.run.decisions[-1].source == "human"
    assert view.run.stopped_early


def test_skip_goes_to_the_end_in_chunks(pictures, monkeypatch):
    monkeypatch.setattr(live_view, "CHUNK", 0.0)
    view = make_live()
    view.mine.value = True
    tick(view, 5)
    view.on_skip()  # the decision that was due goes to the brain
    assert view.run.decisions[0].source == "fallback"
    assert not view.ended
    tick(view, 10)
    assert view.ended


def test_finish_runs_to_the_end_with_the_brain_deciding(pictures):
    view = make_live()
    view.mine.value = True
    tick(view, 5)
    run = view.finish()
    assert run.metrics == train("digits", rules(), **OPTIONS).metrics
    assert {d.source for d in run.decisions} == {"fallback"}
    assert view.finish() is run


def test_events_of_several_threads_take_turns(pictures, monkeypatch):
    """As JupyterLab and ipykernel 7 deliver them, with a cell beside them."""
    live, inside, most = make_live(), [], []
    train_one_epoch = live.training.train_one_epoch

    def slowly(epoch):
        inside.append(epoch)
        time.sleep(0.05)  # another thread has time to come in
        most.append(len(inside))
        inside.pop()
        return train_one_epoch(epoch)

    monkeypatch.setattr(live.training, "train_one_epoch", slowly)
    step, skip = live.box.children[0].children[1:3]
    threads = [threading.Thread(target=event) for event in (
        step.click, lambda: tick(live, 3), skip.click, live.finish)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * OPTIONS["epochs"]
    assert live.run.test == train("digits", rules(), **OPTIONS).test


def test_a_run_without_a_brain_can_be_watched_and_steered(pictures):
    view = LiveTraining(Training("digits", None, **OPTIONS))
    view.mine.value = True
    tick(view, 3)
    assert view.waiting
    assert len(view.finish().metrics) == 8


def test_a_pause_shows_the_newest_figure(pictures):
    view = make_live()
    tick(view, 1)
    before = len(pictures)
    view.on_step()
    assert len(pictures) > before
    name, before = live_view.playing(view.play), len(pictures)
    view.play.set_trait(name, True)
    view.play.set_trait(name, False)
    assert len(pictures) == before + 2


def test_words_tell_the_last_decision(pictures):
    view = make_live()
    assert "Press play" in text(view.words)
    tick(view, 2)
    assert "Epoch 2 of 8" in text(view.words)
    assert view.run.decisions[-1].reason in text(view.words)


# -- you against the brain -------------------------------------------------

def test_the_brains_decision_stays_hidden_until_yours():
    game = YouAgainstTheBrain(Frank(), **OPTIONS)
    assert "so" not in game.last and len(game.brain_run.decisions) == 1
    assert game.run.decisions == []
    game.on_decision("increase_learning_rate")
    assert "you chose increase_learning_rate, the brain " in game.last
    assert game.run.decisions[0].source == "human"


def test_same_decisions_same_run():
    game = YouAgainstTheBrain(Frank(), **OPTIONS)
    while not game.over:
        epoch = game.run.metrics[-1].epoch
        theirs = [d for d in game.brain_run.decisions if d.epoch == epoch]
        game.on_decision(theirs[0].action)
    assert game.run.metrics == game.brain_run.metrics
    assert game.agreed == game.asked == 3
    assert "You agreed in 3 of 3" in text(game.words)
    assert game.choices.layout.display == "none"
    game.on_decision("continue")  # too late
    assert len(game.run.decisions) == 3


def test_stopping_ends_both_and_the_curves_are_shown():
    game = YouAgainstTheBrain(Frank(), **OPTIONS)
    game.on_decision("stop_training")
    assert len(game.run.metrics) == 2 and len(game.brain_run.metrics) == 8
    assert game.draw().axes[0].lines[-1].get_linestyle() == ":"


def test_what_you_leave_undecided_goes_to_the_rules():
    yours, brains = YouAgainstTheBrain(Frank(), **OPTIONS).finish()
    assert {d.source for d in yours.decisions} == {"fallback"}
    assert yours.test is not None and brains.test is not None


# -- replay ----------------------------------------------------------------

@pytest.fixture(scope="module")
def run():
    return train("digits", rules(), **OPTIONS)


def test_replay_shows_what_was_seen_and_answered(run):
    view = Replay(run)
    view.epoch.value = 1
    assert "No decision had been made yet" in text(view.words)
    view.epoch.value = 5
    assert "epoch 4: " in text(view.words)
    assert "Validation accuracy" in text(view.words)
    lines = [line for line in view.draw().axes[0].lines
             if list(line.get_xdata()) == [5, 5]]
    assert len(lines) == 1
    assert view.ask.disabled


def test_replay_branches_a_decision(run):
    view = Replay(run, Training("digits", rules(), **OPTIONS))
    view.epoch.value = 1
    view.ask.click()
    assert "Choose an epoch" in text(view.branches)
    view.epoch.value = 4
    view.ask.click()
    assert "by what was decided at epoch 4" in view.branches.value


def test_replay_of_a_run_that_was_saved_and_of_an_empty_one(run, tmp_path):
    run.save(tmp_path)
    assert Replay(Run.load(tmp_path)).describe() == Replay(run).describe()
    assert Replay(Run()).describe() == "No decision had been made yet."


# -- if no widget can run -----------------------------------------------

def test_outside_of_a_notebook_a_view_is_still(run):
    views = [PromptLab(Frank()), make_live(), Replay(run),
             YouAgainstTheBrain(Frank(), **OPTIONS)]
    for view in views:
        bundle, about = view._repr_mimebundle_()
        assert front_end.WIDGET not in bundle
        assert bundle["text/plain"] == about["image/png"]["alt"] != ""
        picture = bundle.get("image/png")
        assert picture is None or picture.startswith(b"\x89PNG")
    assert views[1].run.test is not None  # it ran to its end by itself


def test_in_a_notebook_the_widget_is_shown(monkeypatch):
    monkeypatch.setattr(front_end, "static", lambda: False)
    lab = PromptLab(Frank())
    bundle = lab._repr_mimebundle_()
    assert bundle[front_end.WIDGET]["model_id"] == lab.box.model_id
    assert "run this cell" in bundle["text/plain"]


def test_static_can_be_asked_for(monkeypatch):
    class Shell:
        kernel = object()
    monkeypatch.setattr(front_end, "get_ipython", Shell)
    assert not front_end.static()
    monkeypatch.setenv("AGENTIC_LIB_STATIC", "1")
    assert front_end.static()


def test_pictures_carry_their_words():
    view = Replay(Run())
    assert 'alt="An empty figure' in view.figure.value


def test_a_dead_widget_says_so_in_words():
    def texts(widget):
        yield getattr(widget, "value", "")
        for child in getattr(widget, "children", ()):
            yield from texts(child)
    for view in (PromptLab(Frank()), make_live(), Replay(Run())):
        assert any("run this cell again" in str(t) for t in texts(view.box))
