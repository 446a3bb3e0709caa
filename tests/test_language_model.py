"""The language model: tokens, scores, writing, devices. On a real Qwen3
network with a handful of weights; the oracle is one plain uncached pass."""

import copy
import random
import threading
import warnings

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

from agentic_lib.brain.decision import ACTIONS, Action
from agentic_lib.brain.prompt import Prompt
from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.loading import choose_dtype
from agentic_lib.models.prefix import shared_beginning
from agentic_lib.models.watching import first_line_complete

NAMES = [action.name for action in ACTIONS]
COLLIDING = ["reduce_learning_rate", "reduce", "reduce_a_lot", "continue"]


@pytest.fixture(scope="module")
def model():
    return tiny_language_model()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def chat(text="Epoch: 5\nWhich action?"):
    return [{"role": "system", "content": "Choose an action."},
            {"role": "user", "content": text}]


@torch.no_grad()
def plain_log_probability(model, messages, beginning):
    """The oracle: log-probability of the reply's beginning, one full pass."""
    before = model.tokens(messages)
    whole = model.tokens(messages, start=beginning)
    logits = model.network(torch.tensor([whole])).logits[0].log_softmax(-1)
    return sum(logits[i - 1, whole[i]].item()
               for i in range(len(before), len(whole)))


@torch.no_grad()
def plain_first_tokens(model, messages, names):
    logits = model.network(torch.tensor([model.tokens(messages)])).logits
    row = logits[0, -1].log_softmax(-1)
    return {name: row[model.name_tokens(name)[0]].item() for name in names}


def random_messages(rng):
    history = make_history(rng.randint(1, 40), rng.uniform(0, 60),
                           rng.uniform(-0.2, 3))
    return Prompt().messages(history, every=rng.choice([1, 2, 5]))


def test_scores_equal_an_uncached_pass_for_200_random_prompts(model):
    rng = random.Random(0)
    for _ in range(200):
        messages = random_messages(rng)
        scores = model.score(messages, NAMES)
        plain = plain_first_tokens(model, messages, NAMES)
        assert scores == pytest.approx(plain, abs=1e-5)
        assert max(scores, key=scores.get) == max(plain, key=plain.get)


def test_whole_names_are_scored_where_first_tokens_collide(model):
    rng = random.Random(1)
    for _ in range(20):
        messages = random_messages(rng)
        scores = model.score(messages, COLLIDING)
        for name in COLLIDING:
            plain = plain_log_probability(model, messages, f"{name}:")
            assert scores[name] == pytest.approx(plain, abs=1e-4)


@pytest.mark.parametrize("names", [NAMES, COLLIDING])
def test_a_batch_gives_what_single_questions_give(model, names):
    rng = random.Random(2)
    many = [random_messages(rng) for _ in range(7)]
    together = model.score_many(many, names)
    for messages, scores in zip(many, together):
        assert scores == pytest.approx(model.score(messages, names), abs=1e-4)


def test_the_order_of_options_is_the_callers(model):
    scores = model.score(chat(), NAMES)
    assert list(model.score(chat(), NAMES[::-1])) == NAMES[::-1]
    assert model.score(chat(), NAMES[::-1]) == pytest.approx(scores)


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_can_stand_in_the_last_message(model, text):
    scores = model.score(chat(text), NAMES)
    plain = plain_first_tokens(model, chat(text), NAMES)
    assert scores == pytest.approx(plain, abs=1e-5)


@pytest.fixture
def fed(model, monkeypatch):
    """How many tokens each pass of a forgetful model is given."""
    counts, forward = [], model.network.forward
    monkeypatch.setattr(
        model.network, "forward",
        lambda *args, **kwargs: counts.append(kwargs["input_ids"].shape[1])
        or forward(*args, **kwargs))
    model.forget()
    return counts


def test_the_constant_part_is_computed_once(model, fed):
    first, second = chat("Epoch: 5\nWhich?"), chat("Epoch: 10\nWhich?")
    model.score(first, NAMES)
    model.score(second, NAMES)
    prefix = len(shared_beginning(
        [model.tokens(first), model.tokens(chat("?"))]))
    assert prefix > 10
    assert fed == [prefix, len(model.tokens(first)) - prefix,
                   len(model.tokens(second)) - prefix]


@pytest.mark.parametrize("names", [NAMES, COLLIDING])
def test_a_failed_pass_leaves_the_kept_prefix_as_it_was(
        model, names, monkeypatch):
    before = model.score(chat(), names)
    layer = model.network.model.layers[-1]
    forward = layer.forward

    def fail(*args, **kwargs):
        forward(*args, **kwargs)  # has written into the cache by now
        raise MemoryError("in the middle of a pass")

    monkeypatch.setattr(layer, "forward", fail)
    with pytest.raises(MemoryError):
        model.score(chat("Another one.\nWhich action?"), names)
    monkeypatch.undo()
    assert model.score(chat(), names) == before


def test_our_calls_cause_no_warning(model):
    model.forget()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.score(chat(), NAMES)
        model.score(chat(), COLLIDING)
        model.generate(chat(), start="continue:", max_new_tokens=4)


def plain_reply(model, messages, start, n):
    """The oracle: the likeliest token, at most n times or until the end of
    the turn, each from a whole pass."""
    ids = model.tokens(messages, start)
    first = len(ids)
    with torch.no_grad():
        for _ in range(n):
            logits = model.network(torch.tensor([ids])).logits
            ids.append(logits[0, -1].argmax().item())
            if ids[-1] == model.tokenizer.eos_token_id:
                break
    text = model.tokenizer.decode(ids[first:], skip_special_tokens=True)
    return start + text.rstrip("\ufffd")  # half a character at the end


@pytest.mark.parametrize("names", [NAMES, COLLIDING])
def test_a_reply_is_the_same_whatever_is_kept(model, names):
    """Nothing kept; the beginning kept; the whole prompt kept by scoring."""
    rng = random.Random(3)
    for _ in range(6):
        messages = random_messages(rng)
        expected = plain_reply(model, messages, "continue:", 12)
        for before in ([], [random_messages(rng)], [messages],
                       [messages, random_messages(rng)]):
            model.forget()
            for other in before:
                model.score(other, names)
            for _ in range(2):  # the first must leave what is kept alone
                assert model.generate(
                    messages, start="continue:", max_new_tokens=12,
                    until=lambda text: False) == expected


def test_a_reply_pays_only_for_what_is_new(model, fed):
    model.score(chat(), NAMES)
    fed.clear()
    model.generate(chat(), start="continue:", max_new_tokens=3,
                   until=lambda text: False)
    start = len(model.name_tokens("continue"))
    assert fed[0] == start and set(fed[1:]) == {1}


def test_few_prefixes_are_kept(model):
    for i in range(20):
        model.score([{"role": "system", "content": f"Number {i}."},
                     {"role": "user", "content": "Which?"}], NAMES)
    assert len(model.prefixes.kept) <= 4


def test_threads_may_ask_at_once(model):
    rng = random.Random(3)
    many = [random_messages(rng) for _ in range(12)]
    expected = [model.score(messages, NAMES) for messages in many]
    model.forget()
    found = [None] * len(many)

    def ask(i):
        found[i] = model.score(many[i], NAMES)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, wanted in zip(found, expected):
        assert got == pytest.approx(wanted, abs=1e-5)


def test_thinking_is_switched_off_before_the_place_that_is_scored(model):
    text = model.tokenizer.decode(model.tokens(chat()))
    assert text.endswith("assistant\n<think>\n\n</think>\n\n")
    on = model.tokenizer.decode(model.tokens(chat(), thinking=True))
    assert on.endswith("assistant\n")


def test_a_template_without_system_messages_gets_one_message():
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}"
        "{% endif %}{% for m in messages %}[{{ m.content }}]{% endfor %}")
    model = LanguageModel(tiny_network(tokenizer), tokenizer)
    assert model.render(chat("Which?")) == "[Choose an action.\n\nWhich?]"
    assert set(model.score(chat(), NAMES)) == set(NAMES)


def test_a_tokenizer_without_a_template_works():
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = None
    model = LanguageModel(tiny_network(tokenizer), tokenizer)
    assert "Choose an action." in model.render(chat())
    assert model.generate(chat(), max_new_tokens=3) is not None


def test_numbers_that_are_none_are_an_error_not_an_answer():
    broken = tiny_language_model()
    with torch.no_grad():
        broken.network.model.norm.weight.fill_(torch.nan)
    for ask in (lambda: broken.score(chat(), NAMES),
                lambda: broken.generate(chat()),
                lambda: broken.generate(chat(), sample=True)):
        with pytest.raises(FloatingPointError, match="nan or infinite"):
            ask()


# -- writing


def test_greedy_writing_is_the_likeliest_token_each_time(model):
    ids = model.tokens(chat())
    with torch.no_grad():
        for _ in range(12):
            logits = model.network(torch.tensor([ids])).logits
            ids.append(logits[0, -1].argmax().item())
    expected = model.tokenizer.decode(ids[len(model.tokens(chat())):])
    reply = model.generate(chat(), max_new_tokens=12, until=lambda text: False)
    assert reply == expected


def test_a_seed_makes_draws_repeatable_and_leaves_others_alone(model):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    replies = [model.generate(chat(), sample=True, seed=seed,
                              max_new_tokens=20) for seed in (1, 1, 2, 3)]
    assert torch.equal(torch.rand(3), expected)
    assert replies[0] == replies[1]
    assert len(set(replies)) > 1


def test_loading_does_not_shift_random_numbers(folder):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    LanguageModel.load(folder)
    assert torch.equal(torch.rand(3), expected)


def test_a_forced_beginning_is_part_of_the_reply(model):
    reply = model.generate(chat(), start="continue:", max_new_tokens=4)
    assert reply.startswith("continue:") and len(reply) > len("continue:")


def test_the_reply_can_be_watched_and_ends_where_it_is_told(model):
    pieces = []
    reply = model.generate(
        chat(), on_text=pieces.append, sample=True, max_new_tokens=500,
        until=lambda text: len(text) >= 30)
    assert "".join(pieces) == reply and len(pieces) > 3
    assert 30 <= len(reply) < 60


def test_writing_is_bounded_in_seconds_and_tokens(model):
    steps = []
    model.generate(chat(), max_seconds=1e-9, max_new_tokens=500,
                   until=lambda text: steps.append(text))
    assert len(steps) == 1
    steps.clear()
    model.generate(chat(), max_new_tokens=5,
                   until=lambda text: steps.append(text))
    assert len(steps) <= 5


@pytest.mark.parametrize("text, complete", [
    ("", False), ("continue: fine", False), ("continue: fine\n", True),
    ("\n\ncontinue", False), ("<think>\nso\n", False),
    ("<think>\nso\n</think>\n\n", False),
    ("<think>\nso\n</think>\n\nstop: now\n", True),
])
def test_an_answer_is_complete_with_its_line(text, complete):
    assert first_line_complete(text) is complete


# -- loading


def test_a_folder_loads_and_says_what_where_and_why(folder):
    model = LanguageModel.load(folder, device="cpu")
    assert model.dtype == torch.float32
    for word in (str(folder), "cpu", "float32", "stored"):
        assert word in model.description


def test_16_bit_weights_stay_16_bit(tmp_path):
    save_tiny_model(tmp_path, dtype=torch.bfloat16)
    assert LanguageModel.load(tmp_path, device="cpu").dtype == torch.bfloat16
    asked = LanguageModel.load(tmp_path, device="cpu", dtype="float32")
    assert asked.dtype == torch.float32


@pytest.mark.parametrize("capability, expected", [
    ((7, 5), torch.float16),   # a T4
    ((8, 0), torch.bfloat16),  # an A100
    ((9, 0), torch.bfloat16),  # an H100
])
def test_bfloat16_only_on_gpus_that_compute_it(
        capability, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability",
                        lambda device=None: capability)
    dtype, why = choose_dtype(torch.device("cuda"), torch.bfloat16)
    assert dtype == expected and "bfloat16" in why


def test_float16_that_overflows_becomes_float32(folder, tmp_path, capsys):
    network = tiny_network()
    with torch.no_grad():  # products beyond float16's 65,504
        network.model.layers[0].mlp.up_proj.weight.mul_(1000)
        network.model.layers[0].mlp.gate_proj.weight.mul_(1000)
    network.save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    model = LanguageModel.load(tmp_path, device="cpu", dtype="float16")
    scores = model.score(chat(), NAMES)
    assert model.dtype == torch.float32
    assert "float16" in model.description
    assert all(value < 0 for value in scores.values())
    fine = LanguageModel.load(folder, device="cpu", dtype="float16")
    fine.score(chat(), NAMES)
    assert fine.dtype == torch.float16


def test_words_for_what_is_wrong_with_a_folder(tmp_path, folder):
    def problem(path, **options):
        with pytest.raises(LanguageModelError) as caught:
            LanguageModel.load(path, device="cpu", **options)
        return str(caught.value)

    assert "neither a folder" in problem("./not/there/at/all")
    (tmp_path / "config.json").write_text('{"model_type": "qwen99"}')
    assert "transformers does not know" in problem(tmp_path)
    damaged = tmp_path / "damaged"
    save_tiny_model(damaged)
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:3000])
    assert "damaged" in problem(damaged)
    with pytest.raises(ValueError, match="dtype='float17'"):
        LanguageModel.load(folder, dtype="float17")


def test_pickled_weights_are_not_loaded(tmp_path):
    save_tiny_model(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(tiny_network().state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(LanguageModelError, match="safetensors|damaged"):
        LanguageModel.load(tmp_path, device="cpu")


def test_other_caches_are_copied_deeply(model):
    """A layer that may write into its tensors must not share them."""
    other = copy.copy(model)
    other.forget()
    other.score(chat(), NAMES)
    ids, kept = next(iter(other.prefixes.kept.items()))

    class WritesInPlace(type(kept.layers[0])):
        pass

    for layer in kept.layers:
        layer.__class__ = WritesInPlace
    cache = other.prefixes.get(list(ids))
    assert cache.layers[0].keys.data_ptr() != kept.layers[0].keys.data_ptr()


def test_an_action_of_ones_own_is_scored(model):
    mine = [*NAMES, Action("restore_best", "go back to the best weights").name]
    assert set(model.score(chat(), mine)) == set(mine)
