"""The checks of notebook 09, your own training."""


from agentic_lib.brain.decision import ACTIONS, Decision
from agentic_lib.course.exercises.checking import check, expect
from agentic_lib.course.exercises.held_out import expect_last_score, shuffled


@check
def mended_loop(train):
    """train(data, brain, epochs, lr) -> (network, controller, test_acc): the
    schedule scaled by what was decided, and no look at the test set."""
    import torch

    from agentic_lib.run.data import Data, load_data

    def trained(data):
        brain = Noting()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            network, controller, reported = train(data, brain, 12, 0.04)
        return network, controller, reported, brain.shown

    data = load_data("digits", train_size=200)
    network, controller, reported, shown = trained(data)
    expect(len(controller.history) == 12 and len(controller.decisions) == 2,
           "Of 12 epochs, two end with a decision: 5 and 10. The controller "
           f"has seen {len(controller.history)} and holds "
           f"{len(controller.decisions)} decisions.")
    for m in controller.history:
        cuts = (m.epoch > 5) + (m.epoch > 10)
        wanted = 0.04 * (1 - (m.epoch - 1) / 12) * 0.7 ** cuts
        expect(abs(m.learning_rate - wanted) < 1e-9, f"Reduced {cuts} times "
               f"until then, a line from 0.04 down to zero in 12 epochs "
               f"should be used at {wanted:.4g} in epoch {m.epoch}. It was "
               f"used at {m.learning_rate:.4g}.", "Who sets the rates in this "
               "loop? Do the two know of each other?", "Tell the controller: "
               "AgenticLR(..., scheduler=schedule).")
    other_test = Data("digits", 10, data.train, data.val, shuffled(data.test))
    expect(trained(other_test)[3] == shown, "The rates are right. But the "
           "labels of the test set were shuffled, and the brain is shown "
           "other numbers.", "Which lines of the loop look at data.test?",
           "Measure on data.val in every epoch.")
    other_val = Data("digits", 10, data.train, shuffled(data.val), data.test)
    expect(trained(other_val)[3] != shown, "The rates are right, and the "
           "test set is left alone. But the brain no longer notices when "
           "data.val changes: what is it shown as val_acc?")
    expect_last_score(
        network, data.test, reported,
        "When is data.test read, and how often?",
        "The best of many readings is higher than what new pictures give. "
        "Read it once, after the last epoch.")
    return "Scaled in every epoch, and the test set is read once."


class Noting:
    """A brain for the check: always reduces, notes what it is shown."""

    actions = ACTIONS

    def __init__(self):
        self.shown = []

    def analyze_training(self, history, every=5, actions=None):
        self.shown.append([(m.val_acc, m.val_loss) for m in history])
        return Decision("reduce_learning_rate", "Made up.")
