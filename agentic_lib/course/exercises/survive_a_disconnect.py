"""The checks of notebook 10, survive a disconnect."""

from agentic_lib.brain.decision import Metrics
from agentic_lib.course.exercises.checking import check, expect


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
           f"saved, and comes back with {len(back.history)}.", "The brain "
           "remembers nothing: what would it know of the epochs before?",
           "Save [vars(m) for m in history], and make Metrics of it again.")
    expect(back.weights() == weights, "The weights that come back are not "
           "those that were saved.", "Does `load` change the network that it "
           "is given? load_state_dict does.")
    found = back.optimizer.param_groups[0]["lr"]
    expect(found == rate, f"The decided rate was {rate:g}, and {found:g} came "
           "back.", "Which object holds the rate while the run trains?",
           "The optimizer: save optimizer.state_dict(), and load it again.")
    back.train(8)
    expect(back.weights() == whole.weights(), "All looks well at first, and "
           "four epochs later the weights differ.", "SGD with momentum takes "
           "more into a step than this step's gradient. Where is that kept?",
           "The momentum did not come back. It is in optimizer.state_dict(), "
           "and so is the rate.")
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
