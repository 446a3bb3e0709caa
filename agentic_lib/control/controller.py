"""AgenticLR: Decision -> optimizer.

Used like torch's ReduceLROnPlateau. Knows nothing about language models: a
brain is anything with `actions` and `analyze_training(history, every,
actions)`. How a rate is moved is told in rates.py, what overrules a brain in
guards.py.
"""

from dataclasses import asdict, replace

from agentic_lib.brain import checks
from agentic_lib.brain.decision import (
    ACTIONS,
    Decision,
    Metrics,
    check_actions,
    check_history,
    with_factors,
)
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.safety.divergence import Watch
from agentic_lib.control.guards import (
    RESTART,
    RESTORE,
    Guards,
    goodness,
    needs_best,
    validation,
    warn_about_fractions,
)
from agentic_lib.control.processes import from_first
from agentic_lib.control.rates import (
    OwnRates,
    ScaledRates,
    check_scheduler,
    inner,
)
from agentic_lib.safety.best import Best


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
    scheduler     a scheduler of this optimizer that you step as before; its
                  rates are scaled, whatever they are
    model         the network that is trained: with it, a run that diverges
                  goes back to its best weights
    guards        Guards(...), or False for none; None takes the usual ones
                  where there is a brain

    `history` and `decisions` hold all that was seen and decided: the same
    two lists throughout, so that a Run can hold them too. In a job of
    several processes the first one's metrics count, and it decides for all.
    """

    def __init__(self, optimizer, brain, total_epochs=None, every=5,
                 reduce=None, increase=None, min_lr=1e-7, max_lr=10.0,
                 actions=None, scheduler=None, model=None, guards=None):
        if brain is not None and not hasattr(brain, "analyze_training"):
            raise ValueError(
                f"brain={brain!r} cannot decide: pass SimpleAIBrain(), or an "
                "object with analyze_training(history, every, actions).")
        if actions is None:
            actions = getattr(brain, "actions", ACTIONS)
        self.optimizer, self.brain = optimizer, brain
        self.every = checks.count("every", every)
        self.total_epochs = None if total_epochs is None else checks.count(
            "total_epochs", total_epochs)
        self.actions = with_factors(check_actions(actions), reduce, increase)
        if scheduler is not None:
            check_scheduler(scheduler, optimizer)
        kind = OwnRates if scheduler is None else ScaledRates
        self.rates = kind(optimizer, min_lr, max_lr)
        if guards is None and brain is not None:
            guards = Guards()
        self.guards = guards or None
        self.best = None
        if needs_best(self.guards, self.actions, model):
            self.best = Best(model, inner(optimizer))
        self.watch = self._new_watch()
        self.history: list[Metrics] = []
        self.decisions: list[Decision] = []
        self.should_stop = False

    def step(self, epoch, train_acc=None, val_acc=None, train_loss=None,
             val_loss=None, ask=True) -> Decision | None:
        """Call it after every epoch; decides at every fifth.

        Accuracies are in percent. With ask=False the brain is not asked:
        somebody else decides, through `apply`. Returns the Decision that
        was made, the brain's or a guard's, or None. Raises ValueError for
        metrics that cannot be, RuntimeError if something else changed the
        rate.
        """
        self.rates.check()
        metrics = Metrics(epoch, train_acc, val_acc, train_loss, val_loss,
                          self.rates.used()[0], self.total_epochs)
        metrics = from_first(lambda: metrics)
        self.history[:] = check_history([*self.history, metrics])
        warn_about_fractions(self.history)
        self.watch.see(metrics, validation(metrics))
        if self.best is not None:
            self.best.see(goodness(metrics))
            if self.watch.learned:
                self.best.start = None
        decision = from_first(lambda: self._decide(ask))
        return None if decision is None else self.apply(decision)

    def apply(self, decision) -> Decision:
        """Carries out a decision, a person's own included, and keeps it."""
        action = self.find_action(decision.action)
        old = self.get_last_lr()[0]
        self.rates.multiply(action.factor)
        self.should_stop = self.should_stop or action.stop
        if action.effect is not None:
            action.effect(self)
        epoch = self.history[-1].epoch if self.history else 0
        decision = replace(decision, epoch=epoch, old_lr=old,
                           new_lr=self.get_last_lr()[0])
        self.decisions.append(decision)
        self.watch.note(decision)
        return decision

    def get_last_lr(self) -> list[float]:
        """The learning rate of every parameter group, schedule included."""
        return self.rates.read()

    def restore_best(self):
        """Goes back to the best weights; the rates stay as they are."""
        if self.best is None:
            raise ValueError("There are no best weights to go back to: pass "
                             "AgenticLR(..., model=model).")
        self.best.restore()

    def restart(self):
        """Goes back to the first weights; the rates stay as they are."""
        self.best.restart()

    def state_dict(self, history=True) -> dict:
        """Plain numbers and text: fit for torch.save and for JSON. The best
        weights are apart, in `best`. With history=False it stays small: what
        was seen and decided is left out, for those who keep it elsewhere.
        """
        state = {"should_stop": self.should_stop,
                 "rates": self.rates.state_dict()}
        if history:
            state["history"] = [asdict(m) for m in self.history]
            state["decisions"] = [asdict(d) for d in self.decisions]
        return state

    def load_state_dict(self, state):
        """Takes up a saved state. The optimizer's own state, its rates
        included, is loaded by itself, before this."""
        self.history[:] = [Metrics(**m) for m in state["history"]]
        self.decisions[:] = [Decision(**d) for d in state["decisions"]]
        self.should_stop = state["should_stop"]
        self.rates.load_state_dict(state["rates"])
        self.watch = self._new_watch()
        made = {d.epoch: d for d in self.decisions}
        for metrics in self.history:
            self.watch.see(metrics, validation(metrics))
            if metrics.epoch in made:
                self.watch.note(made[metrics.epoch])

    def _new_watch(self) -> Watch:
        guards = self.guards or Guards()
        return Watch(guards.far, guards.nowhere, self.every)

    def _decide(self, ask=True) -> Decision | None:
        """A guard's decision if one must act at once; the brain's if one is
        due."""
        rescue = self.guards and self.guards.rescue(self)
        if rescue:
            return rescue
        epoch = self.history[-1].epoch
        if (not ask or self.brain is None or epoch % self.every
                or epoch == self.total_epochs):
            return None
        decision = self._ask_brain()
        return self.guards.review(decision, self) if self.guards else decision

    def _ask_brain(self) -> Decision:
        """The brain's decision; the rules' if the brain breaks."""
        try:
            decision = self.brain.analyze_training(
                self.history, every=self.every, actions=self.actions)
            self.find_action(decision.action)
            return decision
        except Exception as error:  # whatever it is, training goes on
            stand_in = fallback_decision(self.history, self.actions,
                                         self.every)
            note = f"the brain broke: {type(error).__name__}: {error}"
            return replace(stand_in, note=note)

    def find_action(self, name):
        """The action of that name, the guards' own one included."""
        own = (RESTORE, RESTART) if self.best else ()
        for action in (*self.actions, *own):
            if action.name == name:
                return action
        names = ", ".join(action.name for action in self.actions)
        raise ValueError(f"action={name!r} is not one of: {names}.")
