"""AgenticLR: Decision -> optimizer.

Used like torch's ReduceLROnPlateau. Knows nothing about language models: a
brain is anything with `analyze_training(history, every, actions)`; its
`actions`, if it has any, are the default. rates.py says how a rate is moved,
guards.py what overrules a brain, counting.py when a decision is due.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from torch import nn, optim

from agentic_lib.brain.decision import (
    Action, Decision, Metrics, check_actions, with_factors)
from agentic_lib.brain.fallback import fallback_decision
from agentic_lib.control.guards import (
    RESTART, RESTORE, Guards, check_guards, check_model, fall, usual_actions)
from agentic_lib.mechanics import checks
from agentic_lib.mechanics.best import Best
from agentic_lib.mechanics.counting import PACES, make_counter
from agentic_lib.mechanics.divergence import Watch
from agentic_lib.mechanics.measured import Measured, goodness, validation
from agentic_lib.mechanics.processes import from_first, is_first
from agentic_lib.mechanics.rates import make_rates
from agentic_lib.mechanics.story import Story


class AgenticLR:
    """Lets a brain set the learning rate of `optimizer` every few epochs.

    optimizer     any torch.optim.Optimizer; every parameter group is scaled,
                  and a brain is shown the highest of their rates
    brain         SimpleAIBrain, ScriptedBrain or your own; with None, the
                  controller watches and never decides
    total_epochs  the budget, or None if there is none; `total` is the same
                  in another unit. Training may go on beyond it.
    every         a decision is due each time this many epochs have passed,
                  but never at the end of the budget, where it would change
                  nothing
    reduce, increase
                  factors for every action that lowers or raises the rate;
                  None takes those of the pace, and at the original pace those
                  of the actions (0.7 and 1.3)
    min_lr, max_lr
                  the highest rate is never moved beyond these bounds; the
                  others keep their ratio to it. With a `scheduler`, each rate
                  is kept within the bounds by itself
    actions       the actions to choose from; None takes the brain's, and
                  COOL_DOWN where the pace has it
    scheduler     a scheduler of this optimizer that you keep stepping as
                  before; its rates are scaled, whatever they are
    model         the network that is trained, with its weights loaded: a run
                  that diverges goes back to its best ones
    guards        Guards(...), or False for none; None takes the usual ones
                  if there is a brain
    unit          what `every`, `total` and `step` count: "epochs",
                  "evaluations" (each call is one) or "steps"
    pace          "original" (every 5, 0.7, 1.3) or "quick" (every 2, 0.5,
                  2.0, and COOL_DOWN as a fifth action if there is a budget
                  and the brain was taught when to take it); the individual
                  arguments override it
    metric, higher_is_better
                  `metric` names the number that says how good the weights
                  are, as you pass it to `step`; None: validation accuracy, or
                  the loss. The guards go by it, and so does the choice of the
                  best weights. The brain reads what it was taught to read:
                  accuracies and losses (measured.py says when a metric stands
                  in for one)
    warm_up       no decisions for this long, counted in `unit`; the warm-up
                  itself is done by a `scheduler` such as torch's LinearLR
    back_to_best  True goes back to the best weights when a decision lowers
                  the rate
    on_decision   called with every Decision after it has been applied, in the
                  first process; an error in it is reported once
    strict        True raises an error that occurs in the brain; False lets
                  the rules decide instead

    `history` and `decisions` hold all that was seen and decided. They are the
    same two lists throughout, so that a Run can hold them too. In a job with
    several processes each one calls `step`; the metrics of the first process
    count, and it decides for all.
    """

    def __init__(self, optimizer: optim.Optimizer, brain: Any,
                 total_epochs: int | None = None, every: int | None = None,
                 reduce: float | None = None, increase: float | None = None,
                 min_lr: float = 1e-7, max_lr: float = 10.0,
                 actions: Sequence[Action] | None = None,
                 scheduler: Any = None, model: nn.Module | None = None,
                 guards: Guards | bool | None = None, *,
                 total: int | None = None, unit: str = "epochs",
                 pace: str = "original", metric: str | None = None,
                 higher_is_better: bool | None = None, warm_up: float = 0,
                 back_to_best: bool = False,
                 on_decision: Callable[[Decision], Any] | None = None,
                 strict: bool = False) -> None:
        if brain is not None and (isinstance(brain, type) or not hasattr(
                brain, "analyze_training")):
            raise ValueError(
                f"brain={brain!r} cannot decide: pass SimpleAIBrain(), or an "
                "object with analyze_training(history, every, actions).")
        self.counter = make_counter(unit, every, total, total_epochs, pace)
        _, lower, higher, cools = PACES[pace]
        if actions is None:
            actions = usual_actions(brain, cools and self.counter.total)
        checks.rate("warm_up", warm_up)
        self.optimizer, self.strict = optimizer, strict
        self.brain: Any = brain
        getattr(brain, "told", set()).clear()  # a new run: it warns again
        self.actions = with_factors(
            check_actions(actions), lower if reduce is None else reduce,
            higher if increase is None else increase)
        if fall in [a.effect for a in self.actions] and not self.counter.total:
            raise ValueError("actions holds 'cool_down', which needs the "
                             "budget: pass total_epochs=, or total=.")
        self.rates = make_rates(optimizer, scheduler, min_lr, max_lr)
        self.guards = check_guards(guards, brain)
        self.measured = Measured(metric, higher_is_better)
        self.warm_up, self.back_to_best = warm_up, back_to_best
        self.on_decision = on_decision
        check_model(model, self.actions, back_to_best)
        self.best = None if model is None else Best(
            model, self.rates.optimizer)
        self.story = Story()
        self.history: list[Metrics] = self.story.history
        self.decisions: list[Decision] = []
        self.should_stop = self.cooling = False
        self._forget()
        if brain is not None and (advice := self.counter.advice()):
            self.tell("no decision", advice)

    @property
    def every(self) -> int:
        """Evaluations between two decisions."""
        return self.counter.evaluations(self.counter.every)

    @property
    def total_epochs(self) -> int | None:
        """The budget in evaluations, or None if there is none."""
        return self.counter.evaluations(self.counter.total)

    def step(self, epoch: int | None = None, train_acc: float | None = None,
             val_acc: float | None = None, train_loss: float | None = None,
             val_loss: float | None = None, ask: bool = True,
             **own: Any) -> Decision | None:
        """Call it after every evaluation, in every process.

        epoch     when the evaluation was made, in the controller's unit;
                  None: one more than the last
        train_acc, val_acc
                  accuracies in percent
        ask       False: the brain is not asked, because someone else decides,
                  through `apply`
        own       the `metric`, by its name; `step=` instead of `epoch` if you
                  count steps

        Returns the Decision that was made, the brain's or a guard's, or
        None. Impossible numbers are reported once and left out. Raises
        ValueError for an epoch that does not come after the last one, and
        RuntimeError if something else changed the rate, or if another
        process does not call `step`.
        """
        self.rates.check()
        self.counter.count(own.pop("step", epoch))
        if self.counter.total and self.counter.at > self.counter.total:
            self.tell("budget", f"The budget of {self.counter.total} "
                      f"{self.counter.unit} is over: going on without one.")
            self.counter.total, self.cooling = None, False
            self.actions = tuple(a for a in self.actions if a.effect != fall)
        given = {"train_acc": train_acc, "val_acc": val_acc,
                 "train_loss": train_loss, "val_loss": val_loss, **own}
        known, result, rate = from_first(
            lambda: (*self.measured.clean(given), max(self.rates.used())))
        if not known:
            # nothing to decide on, but a metric that no brain can read still
            # says which weights are the best
            return None if self.best is None else self.best.see(result)
        if not self.history:
            # steps: how many lie between two evaluations is known only now
            self._forget()
        metrics = Metrics(self.counter.number, **known, learning_rate=rate,
                          total_epochs=self.total_epochs)
        self._see(metrics, result)
        decision = from_first(lambda: self._decide(ask))
        if decision is not None:
            return self.apply(decision)
        if self.cooling and self.counter.total:
            self.rates.multiply((self.counter.total - self.counter.at)
                                / (self.counter.total - self.counter.before))
        return None

    def apply(self, decision: Decision) -> Decision:
        """Carries out a decision, also one made by a person, and records
        it."""
        action = self.find_action(decision.action)
        old = max(self.get_last_lr())
        if action.factor < 1 and self.rates.at_bound(action.factor):
            self.tell("bound", f"The rate is at min_lr={self.rates.low:g} and "
                      "cannot be reduced: pass a smaller min_lr.")
        self.rates.multiply(action.factor)
        self.should_stop = self.should_stop or action.stop
        if action.factor != 1 or action.effect is not None:
            self.cooling = False
        if action.effect is not None:
            action.effect(self)
        elif action.factor < 1 and self.back_to_best:
            self.restore_best()
        epoch = self.history[-1].epoch if self.history else 0
        decision = replace(decision, epoch=epoch, old_lr=old,
                           new_lr=max(self.get_last_lr()))
        self.decisions.append(decision)
        self._note(decision)
        if self.on_decision is not None and is_first():
            try:
                self.on_decision(decision)
            except Exception as error:  # whatever it is, training goes on
                self.tell("hook", "on_decision broke: "
                           f"{type(error).__name__}: {error}")
        return decision

    def get_last_lr(self) -> list[float]:
        """The learning rate of every parameter group, schedule included."""
        return self.rates.read()

    def set_lr(self, lr: float) -> None:
        """Goes on with `lr` as the rate of the parameter group that has the
        highest rate; the rates of the other groups keep their ratio to it.
        The bounds still hold. Raises ValueError while all rates are 0, since
        none of them can be scaled."""
        highest = max(self.get_last_lr())
        checks.positive(lr=lr, highest_lr_now=highest)
        self.rates.multiply(lr / highest)

    def restore_best(self) -> None:
        """Goes back to the best weights; the rates stay as they are."""
        if self.best is None:
            raise ValueError("No best weights were kept: pass AgenticLR(..., "
                             "model=model).")
        if self.best.result is None:
            return self.tell("no best", "Nothing has said yet how good the "
                             "weights are: they stay as they are.")
        self.best.restore()

    def changes(self) -> list[Decision]:
        """Every decision that changed the rate: when it changed, and why.
        print(*controller.changes(), sep="\\n") shows them."""
        return [d for d in self.decisions if d.old_lr != d.new_lr]

    def state_dict(self, history: bool = True) -> dict:
        """Plain numbers and text, for torch.save and for JSON. The best
        weights are kept separately, in `best`. With history=False the state
        stays small: it leaves out what was seen and decided. Use this if you
        keep that elsewhere and put it back, or if you want it forgotten.
        """
        state = {"should_stop": self.should_stop, "cooling": self.cooling,
                 "at": [self.counter.at, self.counter.number],
                 "rates": self.rates.state_dict()}
        if history:
            state["history"] = [asdict(m) for m in self.history]
            state["decisions"] = [asdict(d) for d in self.decisions]
            state["results"] = list(self.story.results)
        return state

    def load_state_dict(self, state: dict) -> None:
        """Loads a saved state. Load the optimizer's own state, which includes
        its rates, separately and before this. If the optimizer's rate then
        differs from the saved one, the run goes on with the optimizer's."""
        history = [Metrics(**m) for m in state.get("history", ())]
        results = state.get("results") or [
            self.measured.result(metrics) for metrics in history]
        self.decisions[:] = [Decision(**d) for d in state.get("decisions", ())]
        self.should_stop = state["should_stop"]
        last = history[-1].epoch if history else 0
        self.counter.at, self.counter.number = state.get("at", [last, last])
        self.rates.load_state_dict(state["rates"])
        # a fall that has reached its end is over, if the budget has grown
        self.cooling = state["cooling"] and not self.rates.at_bound(0.5)
        self._forget()
        if self.counter.at and self.best:  # until its own copies are loaded
            self.best.keep()
            self.best.start = None
        for metrics, result in zip(history, results):
            self._see(metrics, result, weights=False)
            for decision in self.decisions:  # a guard's and a person's, say
                if decision.epoch == metrics.epoch:
                    self._note(decision)

    def find_action(self, name: str) -> Action:
        """The action of that name, including the guards' own actions."""
        own = (RESTORE, RESTART) if self.best else ()
        known = {action.name: action for action in (*own, *self.actions)}
        if name not in known:
            raise ValueError(f"action={name!r} is none of {[*known]}.")
        return known[name]

    def _note(self, decision):
        again = decision.action == RESTART.name
        self.watch.note(decision, again)
        if again:
            self.story.begin_again()

    def _forget(self):
        """Starts the watch and the story from nothing."""
        guards = self.guards or Guards()
        self.watch = Watch(guards.far, guards.nowhere, self.every,
                           self.measured.metric is not None)
        self.story.clear()

    def _see(self, metrics, result, weights=True):
        """Takes in one evaluation, at a cost that never grows."""
        self.story.add(metrics, result)
        good = goodness(metrics) if self.measured.metric is None else result
        if self.measured.metric is None:
            result = validation(metrics)
        at = round(metrics.epoch * self.counter.step)
        if at > self.warm_up or metrics.diverged:
            self.watch.see(metrics, result)
        if weights and self.best is not None:
            self.best.see(good)
            if self.watch.learned and not (
                    self.guards and self.guards.leapt(self)):
                self.best.start = None

    def _decide(self, ask=True) -> Decision | None:
        """A guard's decision if one must act at once; the brain's if one is
        due."""
        rescue = self.guards and self.guards.rescue(self)
        if rescue:
            return rescue
        if (not ask or self.brain is None or not self.counter.due()
                or self.cooling or self.counter.at <= self.warm_up):
            return None
        decision = self._ask_brain()
        return self.guards.review(decision, self) if self.guards else decision

    def _ask_brain(self) -> Decision:
        """The brain's decision; the rules' if the brain breaks."""
        seen = extract = self.story.extract(self.every)
        if getattr(self.brain, "reads_all", True):
            seen = self.story.since_begin()
        try:
            decision = self.brain.analyze_training(
                seen, every=self.every, actions=self.actions)
            self.find_action(decision.action)
            return decision
        except Exception as error:  # whatever it is, training goes on
            if self.strict or getattr(self.brain, "strict", False):
                raise
            note = f"the brain broke: {type(error).__name__}: {error}"
            self.tell(note, f"{note}. The rules decide in its place.")
            return replace(fallback_decision(
                extract, self.actions, self.every), note=note)

    def tell(self, cause: str, text: str) -> None:
        """Warns once per run for each `cause`, in the first process."""
        if is_first():
            self.measured.tell(cause, text)
