"""The brain: from a history to a Decision, whatever the model does."""

import copy
import math
import multiprocessing
import pickle
import warnings
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import (
    make_history,
    save_tiny_model,
    tiny_language_model,
    tiny_network,
    tiny_tokenizer,
)

from agentic_lib import AgenticLR
from agentic_lib.brain.brain import (
    NoDecision,
    SimpleAIBrain,
    answer_complete,
)
from agentic_lib.brain.decision import (
    ACTIONS,
    Action,
    meanings,
    with_factors,
)
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.brain.prompt import Prompt
from agentic_lib.brain.scoring import margin, probabilities, softmax
from agentic_lib.course.scripted import ScriptedBrain
from agentic_lib.models import which
from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.taught import (
    Taught,
    learn_lines,
    line_shapes,
    read_taught,
    write_taught,
)

NAMES = [action.name for action in ACTIONS]
BEST = Action("restore_best", "go back to the best weights so far",
              words=("go back",))


@pytest.fixture(scope="module")
def model():
    return tiny_language_model()


def quiet(model, **options):
    return SimpleAIBrain(model, quiet=True, **options)


class Saying:
    """A model that writes what it is told to, or raises it."""

    name = description = "a saying"

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    def generate(self, messages, start="", **options):
        self.asked.append((messages, start, options))
        reply = self.replies.pop(0) if self.replies else "continue: fine"
        if isinstance(reply, BaseException):
            raise reply
        return start + reply


# -- a usual day


def test_a_scored_decision_carries_all_that_belongs_to_it(model):
    decision = quiet(model, mode="score").analyze_training(make_history())
    assert decision.source == "model" and decision.note is None
    assert list(decision.probabilities) == NAMES
    assert sum(decision.probabilities.values()) == pytest.approx(1)
    assert decision.action == max(decision.probabilities,
                                  key=decision.probabilities.get)
    assert decision.reply.startswith(decision.action + ":")
    assert decision.reason and "\n" not in decision.reason
    assert "Which action?" in decision.prompt
    assert decision.seconds > 0


def test_without_explain_the_reason_says_where_it_comes_from(model):
    brain = quiet(model, mode="score", explain=False)
    decision = brain.analyze_training(make_history())
    assert decision.reply is None
    assert "No reason was written" in decision.reason
    assert all(name in decision.reason for name in NAMES)


def test_a_written_decision_is_parsed_and_keeps_the_reply(model):
    said = Saying("reduce_learning_rate: The loss jumps.")
    decision = quiet(said).analyze_training(make_history())
    assert tuple(decision) == ("reduce_learning_rate", "The loss jumps.")
    assert decision.source == "model"
    assert decision.reply == "reduce_learning_rate: The loss jumps."


def test_a_reply_without_a_decision_is_left_to_the_rules(model):
    history = make_history()
    decision = quiet(Saying("Bananas.")).analyze_training(history)
    assert decision.action == fallback_decision(history).action
    assert decision.source == "fallback"
    assert decision.reply == "Bananas." and "no decision" in decision.note


def test_the_originals_question_works(model):
    action, reason = quiet(model).think_about_training(
        train_acc=92.0, test_acc=76.0, epoch=15)
    assert action in NAMES and reason
    decision = quiet("rules").think_about_training(92.0, 76.0, 15)
    assert decision.action == "reduce_learning_rate"
    assert decision.source == "fallback" and decision.note is None


def test_thoughts_are_kept_for_reading_but_not_read_as_the_answer():
    reply = ("<think>\nstop_training? No.\n</think>\n\n"
             "continue: All is well.\n")
    said = Saying(reply)
    decision = quiet(said, thinking=True).analyze_training(make_history())
    assert decision.action == "continue" and decision.reply == reply
    assert said.asked[0][2]["thinking"] is True


def test_each_epoch_and_seed_draws_anew():
    said = Saying()
    brain = quiet(said, sample=True, seed=100)
    brain.analyze_training(make_history(5))
    brain.analyze_training(make_history(10))
    assert [options["seed"] for *_, options in said.asked] == [105, 110]


@pytest.mark.parametrize("text, complete", [
    ("", False), ("continue: fine", False), ("continue: fine\n", True),
    ("Let me see.\n", False), ("Let me see.\n**continue**: fine\n", True),
    ("- continue: keep it\n", False), ("<think>\ncontinue: so\n", False),
    ("<think>\nx\n</think>\n\nstop_training: now\n", True),
])
def test_writing_ends_with_the_line_of_the_answer(text, complete):
    assert answer_complete(text, tuple(NAMES)) is complete


# -- actions are data


def test_an_added_action_is_asked_for_and_can_be_chosen(model):
    actions = [*ACTIONS, BEST]
    brain = quiet(model, mode="score", actions=actions, explain=False)
    decision = brain.analyze_training(make_history())
    assert list(decision.probabilities) == [*NAMES, "restore_best"]
    assert BEST.line in decision.prompt
    said = quiet(Saying("restore_best: It was better."), actions=actions)
    assert said.analyze_training(make_history()).action == "restore_best"


def test_the_callers_actions_come_before_the_brains_own():
    said = Saying()
    actions = with_factors(ACTIONS, reduce=0.5, increase=2)
    decision = quiet(said).analyze_training(make_history(), actions=actions)
    assert "multiply the learning rate by 0.5" in decision.prompt
    assert "by 0.7" not in decision.prompt


def test_names_that_begin_alike_are_told_apart(model):
    actions = [Action("reduce", "a"), Action("reduce_a_lot", "b"),
               Action("continue", "c")]
    brain = quiet(model, mode="score", actions=actions, explain=False)
    found = brain.probabilities([make_history()])[0]
    assert set(found) == {"reduce", "reduce_a_lot", "continue"}
    assert len(set(found.values())) == 3


# -- what it was taught


@pytest.fixture(scope="module")
def taught_folder(tmp_path_factory):
    folder = save_tiny_model(tmp_path_factory.mktemp("taught"))
    prompts = [Prompt().messages(make_history(n)) for n in range(1, 31)]
    write_taught(folder, actions=NAMES, mode="score", temperature=2.0,
                 lines=learn_lines(prompts))
    return folder


def test_a_taught_brain_answers_what_it_knows(taught_folder):
    brain = quiet(taught_folder)
    assert brain.mode == "score"
    assert brain.analyze_training(make_history()).source == "model"


def test_the_temperature_makes_it_less_sure(taught_folder):
    brain = quiet(taught_folder, both_orders=False)
    plain = quiet(brain.model, mode="score", both_orders=False)
    warm, = brain.probabilities([make_history()])
    hot, = plain.probabilities([make_history()])
    assert max(warm.values()) < max(hot.values())
    for a in NAMES:
        for b in NAMES:
            assert 2 * math.log(warm[a] / warm[b]) == pytest.approx(
                math.log(hot[a] / hot[b]), abs=1e-4)


@pytest.mark.parametrize("history, options, word", [
    (make_history(), {"actions": [*ACTIONS, BEST]}, "restore_best"),
    (make_history(total=5000), {}, "lies outside"),
    (make_history(), {"prompt": Prompt(user="{val_acc} %?")}, "'# %?'"),
    ([*make_history(9), replace(make_history()[-1], val_loss=math.nan)], {},
     "nan"),
])
def test_what_it_was_not_taught_is_left_to_the_rules(
        taught_folder, history, options, word):
    decision = quiet(taught_folder, **options).analyze_training(history)
    assert decision.source == "fallback"
    assert "not asked" in decision.note and word in decision.note


def test_lines_are_compared_without_their_numbers():
    shapes = dict(line_shapes([{"content": "rate: 0.01 -> 1e-05\nnan of 5"}]))
    assert shapes == {"rate: # -> #": [0.01, 1e-5], "nan of #": [5]}


def test_taught_fields_round_trip_and_unknown_ones_are_named(tmp_path):
    assert read_taught(tmp_path) == Taught()
    write_taught(tmp_path, actions=["a"], temperature=1.5)
    assert read_taught(tmp_path) == Taught(actions=["a"], temperature=1.5)
    assert read_taught(tmp_path).fields() == {
        "actions": ["a"], "temperature": 1.5}
    with pytest.raises(ValueError, match="temprature"):
        write_taught(tmp_path, temprature=1)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=5))
def test_what_was_learned_is_never_outside(numbers):
    messages = [{"role": "user", "content": " ".join(map(repr, numbers))}]
    taught = Taught(lines=learn_lines([messages]))
    assert taught.outside(NAMES, messages) is None


@given(st.integers(0, 10 ** 7), st.integers(0, 10 ** 7), st.booleans())
def test_large_counts_are_told_as_the_largest_that_was_taught(
        left, ago, known):
    text = (f"Progress: 3% of the budget, {left} decisions left\n"
            f"Validation loss: 0.5 of the first, best 0.4, {ago} decisions "
            "ago" if known else f"Progress: epoch {left}")
    system = {"role": "system", "content": "Decide every 5000 epochs."}
    taught = Taught(most={"decisions": 90, "epoch": 140})
    same, told = taught.told([system, {"role": "user", "content": text}])
    assert same == system and told["role"] == "user"
    [(_, before), *rest] = line_shapes([{"content": text}])
    [(_, after), *others] = line_shapes([told])
    assert after == [*before[:-1], min(left, 90 if known else 140)]
    assert [numbers[-1] for _, numbers in others] == [
        min(ago, 90) for _ in rest]
    assert Taught().told([system, {"role": "user", "content": text}])[1][
        "content"] == text


def test_a_long_run_is_decided_by_the_model_from_its_beginning(taught_folder):
    limits = read_taught(taught_folder).fields()
    history = make_history(total=200)
    assert "37 in" in quiet(taught_folder).analyze_training(
        history).note
    write_taught(taught_folder, **limits, most={"decisions": 9})
    try:
        brain = quiet(taught_folder)
        decision = brain.analyze_training(history)
        assert decision.source == "model" and "9 decisions" in decision.prompt
        assert brain.probabilities([history]) == [decision.probabilities]
    finally:
        write_taught(taught_folder, **limits)


# -- probabilities


@given(st.dictionaries(st.text(min_size=1), st.floats(-1000, 0), min_size=2))
def test_softmax_keeps_the_order_and_sums_to_one(scores):
    found = softmax(scores)
    assert sum(found.values()) == pytest.approx(1)
    assert found[max(scores, key=scores.get)] == max(found.values())


class Leaning:
    """Scores that lean towards one name and towards what is named first."""

    def __init__(self, lean, first=0.0, truth=None):
        self.lean, self.first, self.truth = lean, first, truth or {}

    def score(self, messages, options):
        empty = "Nothing was measured" in messages[-1]["content"]
        return {name: self.lean.get(name, 0) + self.first * (i == 0)
                + (0 if empty else self.truth.get(name, 0))
                for i, name in enumerate(options)}

    def score_many(self, list_of_messages, options):
        return [self.score(m, options) for m in list_of_messages]


def test_calibration_divides_out_what_is_liked_anyway():
    leaning = Leaning({"stop_training": 3.0}, truth={"continue": 1.0})
    args = (leaning, Prompt(), [make_history()], ACTIONS)
    raw, = probabilities(*args, both_orders=False)
    calibrated, = probabilities(*args, both_orders=False, calibrate=True)
    assert max(raw, key=raw.get) == "stop_training"
    assert max(calibrated, key=calibrated.get) == "continue"
    assert calibrated == pytest.approx(softmax(
        {name: float(name == "continue") for name in NAMES}))


def test_two_orders_take_out_the_liking_for_the_first():
    leaning = Leaning({}, first=0.5, truth={"increase_learning_rate": 0.45})
    args = (leaning, Prompt(), [make_history()], ACTIONS)
    one, = probabilities(*args, both_orders=False)
    both, = probabilities(*args)
    assert max(one, key=one.get) == "continue" and margin(one) < 0.2
    assert max(both, key=both.get) == "increase_learning_rate"
    assert list(both) == NAMES


def test_many_histories_are_decided_as_each_alone(model):
    histories = [make_history(n) for n in range(1, 40)]  # more than a batch
    brain = quiet(model, mode="score", explain=False)
    together = brain.decide_many(histories)
    alone = [brain.analyze_training(history) for history in histories]
    assert [d.action for d in together] == [d.action for d in alone]
    for one, other in zip(together, alone):
        assert one.probabilities == pytest.approx(
            other.probabilities, abs=1e-4)


# -- it never breaks a run


@pytest.mark.parametrize("error", [
    torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), OSError("x"),
    RuntimeError("device-side assert"), LanguageModelError("gone"),
    ZeroDivisionError(), AssertionError(), KeyError("answers"),
])
def test_whatever_the_model_raises_becomes_the_rules_decision(error):
    history = make_history()
    decision = quiet(Saying(error)).analyze_training(history)
    assert decision.action == fallback_decision(history).action
    assert decision.source == "fallback"
    assert type(error).__name__ in decision.note


def test_the_users_own_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        quiet(Saying(KeyboardInterrupt())).analyze_training(make_history())


@pytest.mark.parametrize("mode", ["score", "generate"])
def test_numbers_that_are_none_become_the_rules_decision(mode):
    broken = tiny_language_model()
    with torch.no_grad():
        broken.network.model.norm.weight.fill_(math.inf)
    decision = quiet(broken, mode=mode).analyze_training(make_history())
    assert decision.source == "fallback"
    assert "nan or infinite" in decision.note


def test_after_three_failures_it_rests_says_so_and_tries_again(capsys):
    said = Saying(*[RuntimeError("broken")] * 3)
    brain = SimpleAIBrain(said)
    capsys.readouterr()
    for _ in range(3):
        brain.analyze_training(make_history())
    told = capsys.readouterr().out
    assert told.count("broken") == 1 and "rules decide" in told
    brain.analyze_training(make_history())
    assert "rests for 10 decisions" in capsys.readouterr().out
    while "rests" in (brain.analyze_training(make_history()).note or ""):
        assert len(said.asked) == 3
    assert len(said.asked) == 4
    assert brain.analyze_training(make_history()).source == "model"


def test_failures_count_only_in_a_row():
    fail = RuntimeError("broken")
    said = Saying(fail, fail, "continue: fine", fail, fail, "continue: fine")
    brain = quiet(said)
    for _ in range(6):
        brain.analyze_training(make_history())
    assert len(said.asked) == 6


@settings(max_examples=60, deadline=None)
@given(reply=st.text(max_size=200))
def test_any_reply_leads_to_a_decision(reply):
    decision = quiet(Saying(reply)).analyze_training(make_history())
    assert decision.action in NAMES


def test_bad_histories_are_the_callers_fault():
    brain = quiet("rules")
    with pytest.raises(ValueError, match="empty"):
        brain.analyze_training([])
    with pytest.raises(ValueError, match="oldest first"):
        brain.analyze_training(make_history()[::-1])


def test_the_rules_in_the_models_place_are_told_once_for_each_cause(
        taught_folder, capsys):
    brain = SimpleAIBrain(taught_folder, device="cpu")
    capsys.readouterr()
    shouting = replace(ACTIONS[0], meaning="KEEP THE RATE")
    for total in (5000, 6000, 7000):  # other numbers, the same cause
        decision = brain.analyze_training(make_history(total=total))
    told = capsys.readouterr().out
    assert told.count("rules decide") == 1 and "decisions left" in told
    for _ in range(2):
        decision = brain.analyze_training(
            make_history(), actions=[shouting, *ACTIONS[1:]])
        assert "KEEP THE RATE" in str(decision)
        assert "Note:" in str(decision)
    told = capsys.readouterr().out
    assert told.count("- continue: KEEP THE RATE") == 1
    quiet_brain = quiet(taught_folder, device="cpu")
    quiet_brain.analyze_training(make_history(total=5000))
    assert capsys.readouterr().out == ""


def test_a_new_run_warns_anew(capsys):
    brain = SimpleAIBrain(Saying(*["Bananas."] * 20))
    capsys.readouterr()
    for _ in range(2):
        weight = torch.nn.Parameter(torch.zeros(1))
        controller = AgenticLR(torch.optim.SGD([weight], lr=0.1), brain,
                               total_epochs=30)
        for epoch in range(1, 30):
            controller.step(epoch=epoch, val_acc=50.0)
        told = capsys.readouterr().out
        assert told.count("no decision") == 1


def test_strict_raises_where_the_rules_would_decide(taught_folder):
    strict = quiet(taught_folder, strict=True)
    assert strict.analyze_training(make_history()).source == "model"
    with pytest.raises(NoDecision, match="decisions left"):
        strict.analyze_training(make_history(total=5000))
    with pytest.raises(NoDecision, match="no decision"):
        quiet(Saying("Bananas."), strict=True).analyze_training(
            make_history())
    with pytest.raises(NoDecision, match="RuntimeError: broken"):
        quiet(Saying(RuntimeError("broken")), strict=True).analyze_training(
            make_history())
    with pytest.raises(ValueError, match="only the rules"):
        quiet("rules", strict=True)


@pytest.mark.parametrize("mode, times", [("score", 1), ("generate", 1)])
def test_a_prompt_is_written_once_for_one_decision(model, mode, times):
    class Counting(Prompt):
        written = 0

        def messages(self, *args):
            Counting.written += 1
            return super().messages(*args)

    quiet(model, mode=mode, prompt=Counting(),
          both_orders=False).analyze_training(make_history())
    assert Counting.written == times


def test_an_argument_chooses_whether_a_reason_is_written(model):
    brain = quiet(model, mode="score")
    assert brain.analyze_training(make_history()).reply
    short = brain.analyze_training(make_history(), explain=False)
    assert short.reply is None and brain.explain


# -- copies


def decide_elsewhere(brain):
    torch.set_num_threads(1)
    return brain.analyze_training(make_history())


@pytest.mark.parametrize("copied", [
    copy.deepcopy, lambda brain: pickle.loads(pickle.dumps(brain))])
def test_a_copy_decides_as_the_brain_does(taught_folder, copied):
    brain = quiet(taught_folder)
    expected = brain.analyze_training(make_history())  # now it has a cache
    found = copied(brain).analyze_training(make_history())
    assert tuple(found) == tuple(expected)
    assert found.probabilities == pytest.approx(expected.probabilities)


def test_another_process_can_be_given_a_brain(taught_folder):
    brain = quiet(taught_folder)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(decide_elsewhere, (brain,))
    assert tuple(found) == tuple(brain.analyze_training(make_history()))


# -- which brain


@pytest.mark.parametrize("model, says", [
    (LanguageModel, "class"), (SimpleAIBrain, "class"), ("", "must be one"),
    (None, "must be one"), ("Qwen", "'qwen'"), ("bundeled", "'bundled'"),
    ("rule", "'rules'"),
])
def test_a_model_that_cannot_be_one_is_refused_at_once(model, says):
    with pytest.raises(ValueError, match=says):
        quiet(model)


def test_the_naive_brain_is_a_known_word(monkeypatch, tmp_path, model):
    monkeypatch.setattr(which, "NAIVE", tmp_path)
    with pytest.raises(LanguageModelError, match="naive_brain"):
        quiet("naive")
    save_tiny_model(tmp_path)
    assert quiet("naive").name == "the naive brain"


def test_arguments_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match="mode='shout'"):
        SimpleAIBrain("rules", mode="shout")
    with pytest.raises(ValueError, match="model=7"):
        SimpleAIBrain(7)
    with pytest.raises(ValueError, match="no probabilities"):
        SimpleAIBrain(Saying(), mode="score")
    assert quiet("rules", mode="score").think_about_training(92, 76, 15)


def test_the_environment_overrides_auto_only(monkeypatch, model):
    monkeypatch.setenv("AGENTIC_LIB_BRAIN", "rules")
    brain = quiet("auto")
    assert brain.model is None
    assert "AGENTIC_LIB_BRAIN=rules" in brain.description
    assert quiet(model).model is model


def test_it_says_which_brain_it_took(capsys, tmp_path):
    save_tiny_model(tmp_path)
    brain = SimpleAIBrain(tmp_path, device="cpu")
    line, = capsys.readouterr().out.splitlines()
    assert str(tmp_path) in line and "float32" in line
    assert brain.description in line
    SimpleAIBrain("rules")
    assert "rules" in capsys.readouterr().out


def test_auto_without_gpu_takes_what_ships(monkeypatch):
    monkeypatch.delenv("AGENTIC_LIB_BRAIN", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    brain = quiet("auto")
    assert "no CUDA GPU" in brain.description
    assert brain.think_about_training(92.0, 76.0, 15).action in NAMES


def test_a_folder_that_is_no_model_is_told_at_once(tmp_path):
    with pytest.raises(LanguageModelError):
        quiet(tmp_path)


# -- the scripted brain


def test_a_script_is_read_in_order_then_the_rules_decide():
    brain = ScriptedBrain(["lower the learning rate", "what?",
                           "stop_training: Nothing more is to be gained."])
    history = make_history()
    found = [brain.analyze_training(history) for _ in range(4)]
    assert [d.source for d in found] == ["human", "fallback", "human",
                                         "fallback"]
    assert found[0].action == "reduce_learning_rate"
    assert tuple(found[2]) == (
        "stop_training", "Nothing more is to be gained.")
    assert found[1].note == "the model's reply holds no decision"
    assert found[3].note == "the script is over"


# -- saved, and read by others


def test_a_saved_brain_decides_as_before(model, tmp_path):
    brain = quiet(model, mode="score", explain=False, both_orders=False)
    brain.save(tmp_path)
    again = quiet(tmp_path, device="cpu", explain=False, both_orders=False)
    assert again.mode == "score"
    histories = [make_history(n) for n in (1, 7, 30)]
    for one, other in zip(brain.decide_many(histories),
                          again.decide_many(histories)):
        assert one.probabilities == pytest.approx(
            other.probabilities, abs=1e-5)


def test_transformers_own_pipeline_gives_the_same_probabilities(
        taught_folder, tmp_path):
    """Also in another order of the options, for some of them only, and with
    another number of epochs between decisions."""
    transformers = pytest.importorskip("transformers")
    if not hasattr(transformers, "DecisionPipeline"):
        pytest.skip(f"transformers {transformers.__version__} has no decision "
                    "pipeline: that begins with 5.23")
    from agentic_lib.models.systemone import decision_request

    actions = [*with_factors(ACTIONS, reduce=0.5),
               Action("restore_best", 'back to "the best", {{ not jinja }}')]
    brain = quiet(tiny_language_model(), mode="score", actions=actions,
                  both_orders=False)
    brain.taught = Taught(temperature=1.7)
    brain.save(tmp_path)
    decide = transformers.pipeline(
        "decision", model=str(tmp_path), device="cpu")
    every_name = sorted(meanings(actions))
    for n in (1, 7, 30):
        for offered, every in [(actions, 5), (actions[::-1], 5),
                               (actions[3:] + actions[:3], 2),
                               (actions[1:3], 5), (actions[4:1:-1], 7)]:
            messages = Prompt().messages(make_history(n), offered, every)
            found = decide(decision_request(
                messages, meanings(offered), every_name))["action"]
            found = {action.name: found["probabilities"][action.name]
                     for action in offered}
            expected, = brain.probabilities(
                [make_history(n)], offered, every)
            assert expected == pytest.approx(
                {name: p / sum(found.values()) for name, p in found.items()},
                abs=1e-5)


def test_what_no_decision_model_can_read_is_not_saved(model, tmp_path):
    actions = [Action("reduce", "a"), Action("reduce_a_lot", "b")]
    with pytest.raises(ValueError, match="token of its own"):
        quiet(model, actions=actions).save(tmp_path / "a")
    with pytest.raises(ValueError, match="no weights"):
        quiet("rules").save(tmp_path / "b")
    assert not (tmp_path / "a").exists()


def test_no_warnings_on_the_way(capfd):
    tokenizer = tiny_tokenizer()
    network = tiny_network(tokenizer)
    network.generation_config.update(
        do_sample=True, temperature=0.6, top_k=20, top_p=0.95)  # as Qwen's
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LanguageModel(network, tokenizer)
        for options in ({"mode": "score"}, {}, {"sample": True}):
            brain = quiet(model, **options)
            assert brain.analyze_training(make_history()).action in NAMES
    assert capfd.readouterr() == ("", "")
