"""Networks of any architecture side by side: the same steps as plain torch."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from agentic_lib.lab.batch import METRICS, Batch, Data, Shape
from agentic_lib.lab.stacked import Stacked
from agentic_lib.lab.teach.architectures import (
    ARCHITECTURES,
    Patches,
    recurrent,
)

FEATURES, CLASSES, TRAIN = 16, 4, 24


def make_data(sets=3, classes=(4, 3, 4)):
    random = torch.Generator().manual_seed(0)

    def part(count):
        x = torch.randn(sets, count, FEATURES, generator=random).double()
        y = torch.stack([torch.randint(0, c, (count,), generator=random)
                         for c in classes[:sets]])
        return x, y

    return Data(*part(TRAIN), *part(12), *part(12),
                features=torch.full((sets,), FEATURES),
                classes=torch.tensor(classes[:sets]))


def make_batch(name, adam=False, rates=(0.003, 0.01, 0.03), **options):
    return Stacked(make_data(), Shape(batch_size=8, adam=adam),
                   torch.arange(3), torch.tensor(rates),
                   ARCHITECTURES[name], dtype=torch.float64, **options)


def plain_network(batch, row):
    """Network `row` of a batch, as plain torch."""
    network = batch.build(FEATURES, CLASSES).double()
    network.load_state_dict({
        **{name: w[row] for name, w in batch.split(batch.weights).items()},
        **{name: b[row] for name, b in batch.buffers.items()}})
    return network


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("adam", [False, True])
def test_side_by_side_takes_the_steps_of_plain_torch(name, adam):
    batch = make_batch(name, adam, decay=0.1 if adam else 0.0)
    data, absent = batch.data, torch.arange(CLASSES)
    plain = [plain_network(batch, row) for row in range(3)]
    optimizers = [
        torch.optim.AdamW(net.parameters(), lr.item(), weight_decay=0.1)
        if adam else torch.optim.SGD(net.parameters(), lr.item(), 0.9)
        for net, lr in zip(plain, batch.rate)]
    twin = torch.Generator()
    for _ in range(2):
        order = torch.rand(3, TRAIN).argsort(1)
        twin.set_state(batch.random.get_state())
        metrics = batch.epoch(order)
        seeds = [int(torch.randint(2 ** 31, (), generator=twin))
                 for _ in range(TRAIN // 8)]
        for row, (net, optimizer) in enumerate(zip(plain, optimizers)):
            hidden = absent >= data.classes[row]
            total, right = 0, 0
            for rows, seed in zip(order[row].split(8), seeds):
                torch.manual_seed(seed)  # dropout's
                logits = net.train()(data.x[row, rows])
                logits = logits.masked_fill(hidden, -1e9)
                loss = cross_entropy(logits, data.y[row, rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += 8 * loss.item()
                right += (logits.argmax(1) == data.y[row, rows]).sum().item()
            logits = net.eval()(data.val_x[row]).masked_fill(hidden, -1e9)
            wanted = {"train_loss": total / TRAIN,
                      "train_acc": 100 * right / TRAIN,
                      "val_loss": cross_entropy(logits,
                                                data.val_y[row]).item()}
            for metric, value in wanted.items():
                assert metrics[metric][row].item() == pytest.approx(
                    value, rel=1e-6), metric
    for row, net in enumerate(plain):
        for part, w in batch.split(batch.weights).items():
            torch.testing.assert_close(w[row], net.state_dict()[part])
        for part, b in batch.buffers.items():
            torch.testing.assert_close(b[row], net.state_dict()[part])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_branch_leaves_its_origin_alone_and_goes_on_like_it(name):
    batch = make_batch(name, adam=True)
    batch.epoch()
    kept = batch.weights.clone(), {k: b.clone()
                                   for k, b in batch.buffers.items()}
    order = torch.rand(1, TRAIN).argsort(1)
    state = batch.random.get_state()
    copy = batch.take(torch.tensor([2, 2, 0]))
    copy.random.set_state(state)
    ahead = copy.epoch(order.repeat(3, 1))
    assert torch.equal(batch.weights, kept[0])
    for part, b in batch.buffers.items():
        assert torch.equal(b, kept[1][part])
    assert ahead["val_loss"][0] == pytest.approx(ahead["val_loss"][1])
    same = batch.epoch(order.repeat(3, 1))
    assert same["val_loss"][2].item() == pytest.approx(
        ahead["val_loss"][0].item())


def test_a_seed_makes_the_same_runs_and_leaves_torchs_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first, again = (make_batch("batch_norm", seed=3).epoch()
                    for _ in range(2))
    for name in METRICS:
        assert torch.equal(first[name], again[name])
    assert torch.equal(torch.rand(3), expected)


def test_a_diverged_network_harms_no_other():
    batch = make_batch("convolution", rates=(0.1, float("inf"), 0.1))
    for _ in range(3):
        metrics = batch.epoch()
    assert not metrics["val_loss"][1].isfinite()
    assert metrics["val_loss"][[0, 2]].isfinite().all()


def test_it_agrees_with_the_gradients_written_by_hand():
    def mlp(features, classes):
        return torch.nn.Sequential(
            torch.nn.Linear(features, 7), torch.nn.ReLU(),
            torch.nn.Linear(7, classes))

    options = {"dtype": torch.float64}
    rates = torch.tensor([0.01, 0.1, 0.3])
    data, sets = make_data(), torch.arange(3)
    shape = Shape((7,), 8)
    hand = Batch(data, shape, sets, rates, **options)
    torchs = Stacked(data, shape, sets, rates, mlp, **options)
    torchs.weights = torch.cat([
        part for w, b in hand.split(hand.weights)
        for part in (w.transpose(1, 2).flatten(1), b[:, 0])], 1)
    order = torch.rand(3, TRAIN).argsort(1)
    one, other = hand.epoch(order), torchs.epoch(order)
    for name in METRICS:
        torch.testing.assert_close(one[name], other[name])


def test_the_recurrent_network_is_torchs_own():
    mine = recurrent(FEATURES, CLASSES)[1]
    theirs = torch.nn.GRU(4, mine.width, batch_first=True)
    theirs.load_state_dict({
        f"{part}_{name}_l0": getattr(layer, part)
        for name, layer in (("ih", mine.of_row), ("hh", mine.of_state))
        for part in ("weight", "bias")})
    x = torch.randn(5, 4, 4, 1)
    torch.testing.assert_close(mine(x), theirs(x[..., 0])[1][0])


def test_patches_are_torchs_own_convolution():
    mine = Patches(3, 5)
    theirs = torch.nn.Conv2d(3, 5, 2, stride=2)
    theirs.weight.data = mine.weight.data.reshape(5, 2, 2, 3).permute(
        0, 3, 1, 2)
    theirs.bias.data = mine.bias.data
    x = torch.randn(7, 4, 4, 3)
    torch.testing.assert_close(
        mine(x).permute(0, 3, 1, 2), theirs(x.permute(0, 3, 1, 2)))
