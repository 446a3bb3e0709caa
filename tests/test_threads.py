"""How many threads small and large networks get, and what is put back."""

import pytest
import torch
from tiny_model import tiny_network, tiny_tokenizer
from torch import nn

from agentic_lib import LanguageModel, Training, load_data
from agentic_lib.models.threads import (
    is_small_network,
    threads_for,
    use_one_thread,
)


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def threads_inside(network):
    """The numbers of threads that the network's passes see."""
    seen = []
    network.register_forward_hook(
        lambda *_: seen.append(torch.get_num_threads()))
    return seen


def test_a_small_network_is_trained_on_one_thread():
    training = Training(load_data("digits"), None, epochs=2)
    seen = threads_inside(training.model)
    list(training)
    assert set(seen) == {1}
    assert torch.get_num_threads() == 3


def test_a_large_network_keeps_all():
    data = load_data("digits", train_size=64)
    large = nn.Sequential(nn.Linear(64, 2000), nn.Linear(2000, 100))
    training = Training(data, None, epochs=1, model=large)
    seen = threads_inside(training.model)
    list(training)
    assert set(seen) == {3}


def test_a_convolution_is_not_small():
    assert is_small_network(nn.Linear(64, 10), batch_size=64)
    assert not is_small_network(nn.Linear(64, 10), batch_size=64_000)
    assert not is_small_network(nn.Conv2d(1, 2, 3), batch_size=64)


def test_a_small_brain_is_asked_on_one_thread():
    model = LanguageModel(tiny_network(), tiny_tokenizer())
    seen = threads_inside(model.network)
    question = [{"role": "user", "content": "What next?"}]
    model.score(question, ["continue", "stop_training"])
    model.generate(question, max_new_tokens=2)
    assert set(seen) == {1}
    assert torch.get_num_threads() == 3


def test_what_is_large_keeps_all_inside_what_is_small():
    with threads_for(small=True):
        assert torch.get_num_threads() == 1
        with threads_for(small=False):
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_an_error_leaves_the_setting_as_it_was():
    with pytest.raises(ZeroDivisionError), threads_for(small=True):
        1 / 0  # noqa: B018
    assert torch.get_num_threads() == 3


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("AGENTIC_LIB_THREADS", "all")
    with threads_for(small=True):
        assert torch.get_num_threads() == 3
    use_one_thread()
    assert torch.get_num_threads() == 3


def test_the_numbers_do_not_depend_on_the_setting():
    def run(threads):
        torch.set_num_threads(threads)
        training = Training(load_data("digits"), None, lr=0.5, epochs=3)
        list(training)
        return training.run.metrics

    assert run(1) == run(4)
