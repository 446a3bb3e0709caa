"""The data set's three parts, and the networks made for them."""

import pytest
import torch

from agentic_lib import load_data, make_model


def rows(part):
    return {tuple(row) for row in part[0].tolist()}


def test_the_digits_are_split_without_overlap():
    data = load_data("digits")
    sizes = [len(part[1]) for part in (data.train, data.val, data.test)]
    assert sizes == [600, 400, 797] and data.classes == 10
    assert data.train[0].shape == (600, 64)
    assert data.train[0].dtype == torch.float32
    assert 0 <= data.train[0].min() and data.train[0].max() == 1
    # the digits hold no picture twice, so equal rows would be a leak
    assert len(rows(data.train) | rows(data.val) | rows(data.test)) == 1797


def test_a_seed_gives_the_same_split_and_another_seed_another():
    first, again, other = (load_data(seed=s) for s in (3, 3, 4))
    assert torch.equal(first.train[0], again.train[0])
    assert torch.equal(first.test[1], again.test[1])
    assert not torch.equal(first.train[0], other.train[0])


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_label_noise_touches_its_share_of_training_labels_only(noise):
    clean, noisy = load_data(train_size=1000), load_data(
        train_size=1000, label_noise=noise)
    changed = (clean.train[1] != noisy.train[1]).float().mean().item()
    # one in ten of the labels drawn at random equals the old one
    assert changed == pytest.approx(0.9 * noise, abs=0.05)
    assert torch.equal(clean.train[0], noisy.train[0])
    assert torch.equal(clean.val[1], noisy.val[1])
    assert torch.equal(clean.test[1], noisy.test[1])


def test_random_numbers_of_others_are_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    make_model(load_data(label_noise=0.5), seed=5)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("options, word", [
    ({"name": "mnist"}, "digits"), ({"label_noise": 30}, "label_noise"),
    ({"train_size": 1797}, "train_size"), ({"val_size": -1}, "val_size"),
    ({"train_size": 0}, "train_size"), ({"train_size": 1397}, "train_size"),
    ({"train_size": "many"}, "train_size"),
])
def test_what_cannot_be_loaded_is_said(options, word):
    with pytest.raises(ValueError, match=word):
        load_data(**options)


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10"])
def test_no_network_means_an_error_and_nothing_in_its_place(
        name, tmp_path, monkeypatch):
    import socket

    def refuse(*args, **kwargs):
        raise OSError("Network is unreachable")
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ConnectionError) as error:
        load_data(name, folder=tmp_path)
    for part in (name, "http", "digits"):
        assert part in str(error.value)


@pytest.mark.parametrize("shape, kind, expected", [
    ((64,), None, "mlp"), ((64,), "mlp", "mlp"), ((1, 8, 8), "mlp", "mlp"),
    ((3, 32, 32), None, "resnet"), ((1, 28, 28), "resnet", "resnet"),
])
def test_the_network_fits_the_data(shape, kind, expected):
    data = load_data()
    data = type(data)("made up", 7, (torch.zeros(2, *shape), None),
                      data.val, data.test)
    model = make_model(data, kind).eval()
    assert model(torch.randn(5, *shape)).shape == (5, 7)
    convolutions = any(isinstance(m, torch.nn.Conv2d) for m in model.modules())
    assert convolutions == (expected == "resnet")
    again = make_model(data, kind).eval()
    assert all(torch.equal(a, b) for a, b in zip(
        model.state_dict().values(), again.state_dict().values()))


@pytest.mark.parametrize("options", [{"kind": "transformer"},
                                     {"kind": "resnet"}])
def test_a_network_that_does_not_fit_is_refused(options):
    with pytest.raises(ValueError, match="kind"):
        make_model(load_data(), **options)
