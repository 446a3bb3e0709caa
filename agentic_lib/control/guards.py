"""What stands above the brain: guards that overrule it, and the way back.

Whatever a guard does is recorded as a guard's decision; what the brain had
wished stands in its note. Knows nothing about language models.
"""

import copy
import warnings
from dataclasses import dataclass, replace

from agentic_lib.brain.decision import Action, Decision
from agentic_lib.brain.fallback import choose, is_lower, is_plain
from agentic_lib.control.rates import inner

# The guards' own answer to divergence. It can be offered to a brain as well:
# AgenticLR(..., actions=(*ACTIONS, RESTORE), model=model).
RESTORE = Action(
    name="restore_best",
    meaning="go back to the best weights and multiply the learning rate by "
            "{factor}",
    words=("go back", "roll back", "rollback", "restore", "revert"),
    factor=0.5,
    effect=lambda controller: controller.restore_best(),
    marker="P",
    colour="#CC79A7",
)


@dataclass(frozen=True)
class Guards:
    """Which guards stand, and how strict they are. None switches one off.

    bounds      overrules a step across min_lr or max_lr
    cooldown    epochs that must pass after a change before the next one
    first_stop  the first epoch at which training may stop
    improving   no stop while validation accuracy has risen by this many
                points since the last decision (the loss: by 1 %)
    divergence  answers divergence at once, between decisions too: goes back
                to the best weights, or lowers the rate where no model was
                given
    far         the training loss counts as diverged when it has lost this
                share of what had been gained since the first epoch
    rescues     how often divergence is answered in one run
    """

    bounds: bool | None = True
    cooldown: int | None = 2
    first_stop: int | None = 10
    improving: float | None = 0.5
    divergence: bool | None = True
    far: float | None = 0.5
    rescues: int = 6

    def review(self, decision, controller) -> Decision:
        """The decision itself, or the one that overrules it. A person is
        never overruled."""
        action = controller.find_action(decision.action)
        why = self.objection(action, controller)
        instead = choose(is_plain, controller.actions, why or "")
        harmless = is_plain(controller.find_action(instead.action))
        if why is None or decision.source == "human" or not harmless:
            return decision
        return replace(
            decision, action=instead.action, reason=why, source="guard",
            note=f"the {decision.source} wished {decision.action}: "
                 f"{decision.reason}")

    def objection(self, action, controller) -> str | None:
        """Why `action` must not be taken now, or None."""
        epoch = controller.history[-1].epoch
        if action.stop:
            if self.first_stop and epoch < self.first_stop:
                return f"Epoch {epoch} is too early to stop."
            if self.improving and rises(controller.history, controller.every,
                                        self.improving):
                return "What is still improving is not stopped."
        if action.factor != 1:
            changed = [d.epoch for d in controller.decisions
                       if d.new_lr != d.old_lr]
            if self.cooldown and changed and (
                    epoch - changed[-1] < self.cooldown):
                return f"The rate was changed at epoch {changed[-1]}."
            if self.bounds and controller.rates.at_bound(action.factor):
                return "The rate is at its bound."
        return None

    def rescue(self, controller) -> Decision | None:
        """The answer to divergence, where there is any."""
        answers = {RESTORE.name} | {
            action.name for action in controller.actions if is_lower(action)}
        rescued = [d.epoch for d in controller.decisions
                   if d.source == "guard" and d.action in answers]
        why = self.trouble(controller)
        if why is None or len(rescued) >= self.rescues:
            return None
        if controller.best is not None:
            return Decision(RESTORE.name, why, source="guard")
        if rescued and controller.history[-1].epoch < (
                rescued[-1] + controller.every):
            return None  # a lower rate alone takes its time
        return replace(choose(is_lower, controller.actions, why),
                       source="guard")

    def trouble(self, controller) -> str | None:
        """In what way the run has diverged, or None."""
        if not self.divergence:
            return None
        if controller.history[-1].diverged:
            return "The loss is no longer finite."
        if controller.best is not None and controller.best.dead:
            return "The network is dead: hardly any gradient is left."
        losses = [m.train_loss for m in controller.history
                  if m.train_loss is not None and not m.diverged]
        if self.far and losses and is_far(losses, self.far):
            return (f"The training loss of {losses[-1]:.3g} lies far above "
                    f"its best, {min(losses):.3g}.")
        return None


def needs_best(guards, actions, model) -> bool:
    """Are copies of the best weights to be kept? A ValueError where an
    action needs them and there is no model to take them from."""
    offered = RESTORE.name in [action.name for action in actions]
    if offered and model is None:
        raise ValueError(f"actions holds {RESTORE.name!r}, which needs the "
                         "network: pass AgenticLR(..., model=model).")
    return model is not None and bool(
        offered or (guards and guards.divergence))


def is_far(losses, share) -> bool:
    """True where the last loss has lost `share` of what had been gained
    since the first, and lies a tenth above the best: a loss that hovers
    around its start has gained nothing that could be lost."""
    first, best, last = losses[0], min(losses), losses[-1]
    return last > best + max(share * (first - best), abs(best) / 10)


def warn_about_fractions(history):
    """Warns once when accuracies look like 0-1 instead of percent."""
    seen = [acc for m in history for acc in (m.train_acc, m.val_acc)
            if acc is not None]
    if len(history) == 4 and seen and max(seen) <= 1.0:
        warnings.warn(
            f"Accuracies have never exceeded {max(seen):g}: percent is "
            "expected, from 0 to 100. Multiply fractions by 100.",
            stacklevel=3,
        )


def rises(history, every, points) -> bool:
    """True where the best validation result of the last `every` epochs is
    clearly better than the best before."""
    for name, sign, margin in (("val_acc", 1, points),
                               ("val_loss", -1, None)):
        seen = [sign * getattr(m, name) for m in history
                if getattr(m, name) is not None]
        if len(seen) > every:
            new, old = max(seen[-every:]), max(seen[:-every])
            margin = abs(old) / 100 if margin is None else margin
            return new > old + margin
    return False


class Best:
    """The best weights that were seen, with the optimizer's state.

    `dead` says whether gradients have stopped reaching most weights, as they
    do where a step that was too large has switched every ReLU off.
    """

    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, inner(optimizer)
        self.result = None
        self.fed = None  # the weights that had a gradient at the start
        self.dead = False
        self.optimizer.register_step_pre_hook(self.first_look)
        self.keep()

    def keep(self):
        """Takes a copy, on the CPU: a GPU has better uses for its memory."""
        self.weights = to_cpu(self.model.state_dict())
        self.state = to_cpu(self.optimizer.state_dict()["state"])

    def restore(self):
        """Goes back. The learning rates stay as they are now."""
        self.model.load_state_dict(self.weights)
        now = self.optimizer.state_dict()
        self.optimizer.load_state_dict(
            {**now, "state": copy.deepcopy(self.state)})

    def state_dict(self) -> dict:
        return {"weights": self.weights, "state": self.state,
                "result": self.result, "fed": self.fed}

    def load_state_dict(self, state):
        state = copy.deepcopy(state)
        self.weights, self.state = state["weights"], state["state"]
        self.result, self.fed = state["result"], state["fed"]

    def see(self, metrics):
        """Keeps the weights if these metrics of theirs are the best yet."""
        self.look()
        result = goodness(metrics)
        if metrics.diverged or self.dead or result is None:
            return
        if self.result is None or result > self.result:
            self.result = result
            self.keep()

    def first_look(self, *_):
        """At the first step of a run: which weights have a gradient?"""
        if self.fed is None:
            self.fed = self.with_gradient()

    def look(self):
        """Is it so that some have one still, but most have none?"""
        fed = self.with_gradient()
        left = len(set(fed) & set(self.fed or ()))
        self.dead = 0 < left <= len(self.fed or ()) / 2

    def with_gradient(self) -> list[int]:
        """The numbers of those whose gradient is not zero throughout."""
        weights = [p for group in self.optimizer.param_groups
                   for p in group["params"]]
        return [i for i, p in enumerate(weights)
                if p.grad is not None and bool((p.grad != 0).any())]


def goodness(metrics):
    """What makes weights the best: validation accuracy; where it is not
    known, the lowest loss."""
    if metrics.val_acc is not None:
        return metrics.val_acc
    for loss in (metrics.val_loss, metrics.train_loss):
        if loss is not None:
            return -loss
    return metrics.train_acc


def to_cpu(state):
    """A copy of a nested state, every tensor in the CPU's memory."""
    if hasattr(state, "detach"):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {key: to_cpu(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(to_cpu(value) for value in state)
    return copy.deepcopy(state)
