"""AgenticLR: Decision -> optimizer.

Used like torch's ReduceLROnPlateau. Knows nothing about language models: a
brain is anything with `actions` and `analyze_training(history, every,
actions)`.
"""

import warnings
from dataclasses import asdict, replace

from agentic_lib.decision import (
    ACTIONS, Decision, Metrics, check_actions, check_history, with_factors,
)
from agentic_lib.fallback import fallback_decision


class AgenticLR:
    """Lets a brain set the learning rate of `optimizer` every few epochs.

    optimizer     any torch.optim.Optimizer; every parameter group is scaled
    brain         SimpleAIBrain, ScriptedBrain or your own; None watches
                  and never decides
    total_epochs  the budget, or None if there is none
    every         a decision falls when epoch % every == 0, but never at the
                  last epoch: nothing would follow from it
    reduce, increase
                  factors; None takes them from the actions (0.7 and 1.3)
    min_lr, max_lr
                  a rate is never moved beyond these bounds
    actions       what can be decided; None takes the brain's

    `history` and `decisions` hold all that was seen and decided.
    """

    def __init__(self, optimizer, brain, total_epochs=None, every=5,
                 reduce=None, increase=None, min_lr=1e-7, max_lr=10.0,
                 actions=None):
        if brain is not None and not hasattr(brain, "analyze_training"):
            raise ValueError(
                f"brain={brain!r} cannot decide: pass SimpleAIBrain(), or an "
                "object with analyze_training(history, every, actions)."
            )
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"every={every!r} must be a whole number of 1 "
                             "or more, in epochs.")
        if not 0 <= min_lr < max_lr:
            raise ValueError(f"min_lr={min_lr!r} must be at least 0 and "
                             f"below max_lr={max_lr!r}.")
        self.optimizer = optimizer
        self.brain = brain
        self.total_epochs = total_epochs
        self.every = every
        self.min_lr, self.max_lr = min_lr, max_lr
        if actions is None:
            actions = getattr(brain, "actions", ACTIONS)
        self.actions = with_factors(check_actions(actions), reduce, increase)
        self.history: list[Metrics] = []
        self.decisions: list[Decision] = []
        self.should_stop = False
        self._last_lr = self._read_rates()

    def step(self, epoch, train_acc=None, val_acc=None, train_loss=None,
             val_loss=None) -> Decision | None:
        """Call it after every epoch; decides at every fifth.

        Accuracies are in percent. Returns the Decision that fell, or None.
        Raises ValueError for metrics that cannot be, RuntimeError where
        something else changed the learning rate in between.
        """
        self._check_rates()
        metrics = Metrics(epoch, train_acc, val_acc, train_loss, val_loss,
                          self.get_last_lr()[0], self.total_epochs)
        self.history = check_history([*self.history, metrics])
        self._warn_about_fractions()
        last = metrics.epoch == self.total_epochs
        if self.brain is None or last or metrics.epoch % self.every:
            return None
        return self.apply(self._ask_brain())

    def apply(self, decision) -> Decision:
        """Carries out a decision, a person's own included, and keeps it."""
        action = self._find_action(decision.action)
        old = self.get_last_lr()
        for group in self.optimizer.param_groups:
            group["lr"] = self._bounded(group["lr"], action.factor)
        self._last_lr = self._read_rates()
        self.should_stop = self.should_stop or action.stop
        if action.effect is not None:
            action.effect(self)
        decision = replace(decision, epoch=self.history[-1].epoch,
                           old_lr=old[0], new_lr=self.get_last_lr()[0])
        self.decisions.append(decision)
        return decision

    def get_last_lr(self) -> list[float]:
        """The learning rate of every parameter group."""
        return list(self._last_lr)

    def state_dict(self) -> dict:
        """Plain numbers and text: fit for torch.save and for JSON."""
        return {
            "history": [asdict(m) for m in self.history],
            "decisions": [asdict(d) for d in self.decisions],
            "should_stop": self.should_stop,
            "last_lr": self.get_last_lr(),
        }

    def load_state_dict(self, state):
        """Takes up a saved state. The optimizer's own state, its rates
        included, is loaded by itself, before this."""
        self.history = [Metrics(**m) for m in state["history"]]
        self.decisions = [Decision(**d) for d in state["decisions"]]
        self.should_stop = state["should_stop"]
        self._last_lr = list(state["last_lr"])

    def _ask_brain(self) -> Decision:
        """The brain's decision; the rules' if the brain breaks."""
        try:
            decision = self.brain.analyze_training(
                self.history, every=self.every, actions=self.actions)
            self._find_action(decision.action)
            return decision
        except Exception as error:  # whatever it is, training goes on
            stand_in = fallback_decision(self.history, self.actions,
                                         self.every)
            note = f"the brain broke: {type(error).__name__}: {error}"
            return replace(stand_in, note=note)

    def _find_action(self, name):
        for action in self.actions:
            if action.name == name:
                return action
        names = ", ".join(action.name for action in self.actions)
        raise ValueError(f"action={name!r} is not one of: {names}.")

    def _bounded(self, rate, factor):
        """rate x factor, but never across a bound, and never the other way
        where the rate already lay outside."""
        if factor > 1:
            return min(rate * factor, max(self.max_lr, rate))
        return max(rate * factor, min(self.min_lr, rate))

    def _read_rates(self):
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def _check_rates(self):
        """A rate that something else changed would undo every decision."""
        found = self._read_rates()
        if self.decisions and found[:len(self._last_lr)] != self._last_lr:
            raise RuntimeError(
                f"The learning rate was set to {self._last_lr} and is now "
                f"{found}: something else, such as a scheduler, changed it. "
                "Pass it: AgenticLR(optimizer, brain, scheduler=scheduler)."
            )
        self._last_lr = found

    def _warn_about_fractions(self):
        """Warns once when accuracies look like 0-1 instead of percent."""
        seen = [acc for m in self.history for acc in (m.train_acc, m.val_acc)
                if acc is not None]
        if len(self.history) == 4 and seen and max(seen) <= 1.0:
            warnings.warn(
                f"Accuracies have never exceeded {max(seen):g}: percent is "
                "expected, from 0 to 100. Multiply fractions by 100.",
                stacklevel=3,
            )
