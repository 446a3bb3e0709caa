"""The checks of notebook 05, run the full loop."""

from agentic_lib.brain.decision import ACTIONS, Decision
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
                expect(abs(rate - goal) < 1e-9, f"With a {name}, decisions "
                       "came at epoch 3 (x 0.7) and epoch 8 (x 1.3). Group "
                       f"{group} is used at {rate:.4g} in epoch {epoch}, and "
                       f"should be at {goal:.4g}.", "Which groups do you "
                       "reach? And from which numbers does the scheduler "
                       "compute the next rate?", "Scale `lr` in every group, "
                       "and every rate in scheduler.base_lrs.")
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
           f"and the decisions changed from {actions} to {changed}.",
           "Which of the numbers in the history come from data.test?",
           "What is called val_acc has to be measured on data.val.")
    expect(run(other_val, Touchy())[0] != actions, "Now the decisions no "
           "longer change with the validation data: what is the brain shown "
           f"as val_acc? It decided {actions}.")
    expect_last_score(
        network, data.test, reported,
        "When is data.test read, and how often?",
        "Picking the best of many readings is deciding, too. Read it once, "
        "after the last epoch.")
    return "The test set can change, and no decision does."


class Touchy:
    """A brain for the check: any change of validation accuracy shows."""

    def analyze_training(self, history, every=5, actions=None):
        total = sum(round(100 * m.val_acc) for m in history)
        return Decision(ACTIONS[total // 7 % 3].name, "Made up.")
