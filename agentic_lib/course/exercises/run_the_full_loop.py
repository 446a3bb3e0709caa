"""The checks of notebook 05, run the full loop."""

from agentic_lib.brain.decision import ACTIONS, Decision, Metrics
from agentic_lib.course.exercises.checking import check, expect
from agentic_lib.course.exercises.held_out import expect_last_score, shuffled


@check
def scale_rates(scale):
    """scale(optimizer, scheduler, factor): every group, for good."""
    import torch
    from torch.optim import lr_scheduler

    def rates(make, decisions):
        """Rates of two groups over 12 epochs, decisions after some."""
        body, head = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD([
            {"params": body.parameters(), "lr": 0.1},
            {"params": head.parameters(), "lr": 0.02}])
        scheduler = make(optimizer)
        used = []
        for epoch in range(1, 13):
            used.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
            if epoch in decisions:
                scale(optimizer, scheduler, decisions[epoch])
            scheduler.step()
        return used

    schedules = {
        "LambdaLR": lambda optimizer: lr_scheduler.LambdaLR(
            optimizer, lambda epoch: 1 - epoch / 16),
        "StepLR": lambda optimizer: lr_scheduler.StepLR(optimizer, 4, 0.5),
    }
    decisions = {3: 0.7, 8: 1.3}
    for name, make in schedules.items():
        wanted, factor = [], 1.0
        for epoch, row in enumerate(rates(make, {}), start=1):
            wanted.append([factor * rate for rate in row])
            factor *= decisions.get(epoch, 1.0)
        for epoch, (row, right) in enumerate(
                zip(rates(make, decisions), wanted), start=1):
            for group, (rate, goal) in enumerate(zip(row, right)):
                expect(abs(rate - goal) < 1e-9, f"With a {name}: after x 0.7 "
                       f"at epoch 3 and x 1.3 at epoch 8, group {group} must "
                       f"be used at {goal:.4g} in epoch {epoch}. It is used "
                       f"at {rate:.4g}.")
    return "Both groups, two decisions, two kinds of schedule."


@check
def judged_run(run):
    """run(data, brain) -> (actions, network, test accuracy): no leak."""
    from agentic_lib.run.data import Data, load_data

    data = load_data("digits", train_size=200)
    other_test = Data("digits", 10, data.train, data.val,
                      shuffled(data.test))
    other_val = Data("digits", 10, data.train, shuffled(data.val), data.test)
    actions, network, reported = run(data, Touchy())
    changed, _, _ = run(other_test, Touchy())
    expect(actions == changed, "The labels of the test set were shuffled, "
           f"and the decisions changed from {actions} to {changed}. The "
           "brain is shown something that was computed from data.test.")
    expect(run(other_val, Touchy())[0] != actions, "Now the decisions no "
           "longer change with the validation data: what is the brain shown "
           f"as val_acc? It decided {actions}.")
    expect_last_score(
        network, data.test, reported,
        "Picking the best of many readings is deciding, too.")
    return "The test set can change, and no decision does."


class Touchy:
    """A brain for the check: any change of validation accuracy shows."""

    def analyze_training(self, history, every=5, actions=None):
        total = sum(round(100 * m.val_acc) for m in history)
        return Decision(ACTIONS[total // 7 % 3].name, "Made up.")


@check
def same_weights(save, load):
    """save(path, network, optimizer, history) after epoch 4 of 8, and
    load(path, network, optimizer) -> history: then on as if nothing was."""
    import tempfile
    from pathlib import Path

    whole, killed, back = TinyRun(0), TinyRun(0), TinyRun(1)
    whole.train(8)
    killed.train(4)
    rate = killed.optimizer.param_groups[0]["lr"]
    weights = killed.weights()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.pt"
        save(path, killed.network, killed.optimizer, killed.history)
        expect(path.is_file(), "save wrote no file at the path it was given.")
        killed.train(6)  # what comes after saving is lost
        back.history = load(path, back.network, back.optimizer)
    expect(isinstance(back.history, list) and all(
        isinstance(m, Metrics) for m in back.history), "load must return the "
        f"history, a list of Metrics. It returned {back.history!r}.")
    expect(len(back.history) == 4, "The history had 4 epochs when it was "
           f"saved, and comes back with {len(back.history)}: a brain without "
           "memory would know nothing of the rest.")
    expect(back.weights() == weights, "The weights that come back are not "
           "those that were saved.")
    found = back.optimizer.param_groups[0]["lr"]
    expect(found == rate, f"The decided rate was {rate:g}, and {found:g} came "
           "back. It lives in the optimizer.")
    back.train(8)
    expect(back.weights() == whole.weights(), "All looks well at first, and "
           "four epochs later the weights differ: the optimizer's momentum "
           "did not come back.")
    return "Eight epochs, killed after four: the same weights, bit for bit."


class TinyRun:
    """A small training for the check; its rate falls at epoch 3."""

    def __init__(self, seed):
        import torch

        torch.manual_seed(seed)
        self.network = torch.nn.Linear(3, 2)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1,
                                         momentum=0.9)
        self.history = []

    def train(self, epochs):
        import torch

        while len(self.history) < epochs:
            epoch = len(self.history) + 1
            x = torch.linspace(-1, 1, 12).reshape(4, 3) * epoch
            loss = (self.network(x) - 1).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if epoch == 3:
                self.optimizer.param_groups[0]["lr"] *= 0.7
            self.history.append(Metrics(epoch, train_loss=loss.item()))

    def weights(self):
        return [p.tolist() for p in self.network.parameters()]
