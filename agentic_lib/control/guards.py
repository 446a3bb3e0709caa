"""What ranks above the brain: guards that overrule it, and the way back.

Whatever a guard does is recorded as a guard's decision, and its note says
what the brain wanted. Knows nothing about language models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentic_lib.brain.decision import ACTIONS, Action, Decision
from agentic_lib.brain.fallback import choose, is_lower, is_plain


def go_back(controller):
    """An action's effect: back to the best weights."""
    controller.best.restore()


def go_to_start(controller):
    """An action's effect: back to the first weights."""
    controller.best.restart()


def fall(controller):
    """An action's effect: from now on the rate falls to zero."""
    controller.cooling = True


# The guards' own answers. RESTORE can be offered to a brain as well:
# AgenticLR(..., actions=(*ACTIONS, RESTORE), model=model).
RESTORE = Action(
    "restore_best",
    "go back to the best weights and multiply the learning rate by {factor}",
    words=("go back", "roll back", "rollback", "restore", "revert"),
    factor=0.5, effect=go_back, marker="P", colour="#CC79A7")
RESTART = Action(
    "start_again",
    "go back to the first weights and multiply the learning rate by {factor}",
    factor=0.1, effect=go_to_start, marker="X", colour="#CC79A7")
# Needs a budget (arXiv 2310.07831, 2405.18392); part of the quick pace.
COOL_DOWN = Action(
    "cool_down",
    "lower the learning rate in a straight line, to zero at the end",
    words=("cool down", "cooldown", "anneal", "wind down"),
    effect=fall, marker="D", colour="#56B4E9")

LITTLE = 0.1  # a run whose first ten steps move less than this is slow


@dataclass(frozen=True)
class Guards:
    """Which guards are on, and how strict they are. None switches one off.

    bounds      overrules a step that would move nothing, since the highest
                rate is at min_lr or max_lr already
    ceiling     overrules a step back up to a rate at which the run diverged
    cooldown    evaluations that must pass after a change before the next one
    first_stop  the first evaluation after which training may stop
    improving   no stop if validation accuracy has risen by this many points
                since the last decision, or the validation loss has fallen by
                1 %
    divergence  responds to divergence, and to a network in which hardly any
                gradient is left, between decisions too: goes back to the best
                weights, or lowers the rate if no model was given; but not
                while validation is near its best and has improved clearly
    far         the training loss counts as diverged when it has lost this
                share of what had been gained since the first evaluation, and
                more than its noise: twice in a row, or once if validation
                got worse at the same time
    nowhere     evaluations after which a run may count as going nowhere; it
                then begins again at a tenth of its rate, unless its first
                ten steps have hardly moved the weights
    leap        a run also begins again if its first ten steps move the
                weights further than this many times their own length
                (Best.distance says how that is measured), unless validation
                accuracy is above 50
    rescues     how many times in one run the guards respond to divergence
    """

    bounds: bool | None = True
    ceiling: bool | None = True
    cooldown: int | None = 2
    first_stop: int | None = 10
    improving: float | None = 0.5
    divergence: bool | None = True
    far: float | None = 0.5
    nowhere: int | None = 5
    leap: float | None = 1.0
    rescues: int = 6

    def review(self, decision: Decision, controller: Any) -> Decision:
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
            note=f"the {decision.source} chose {decision.action}: "
                 f"{decision.reason}")

    def objection(self, action: Action, controller: Any) -> str | None:
        """Why `action` must not be taken now, or None."""
        epoch = controller.history[-1].epoch
        if action.stop:
            if self.first_stop and epoch < self.first_stop:
                return f"Too early to stop (first_stop={self.first_stop})."
            if self.improving and controller.watch.improves(self.improving):
                return "Validation is still improving; not stopping."
        if action.factor > 1 and self.ceiling and (
                max(controller.get_last_lr()) * action.factor
                > 0.99 * controller.watch.ceiling):  # rates are rounded
            return "A guard had to step in at that rate before."
        if action.factor != 1:
            changed = controller.watch.changed
            if changed and epoch - changed < (self.cooldown or 0):
                return f"Too soon after a change (cooldown={self.cooldown})."
            if self.bounds and controller.rates.at_bound(action.factor):
                return "The rate is at its bound."
        return None

    def rescue(self, controller: Any) -> Decision | None:
        """The answer to divergence, or None."""
        watch, best = controller.watch, controller.best
        why, now = self.trouble(controller), controller.history[-1]
        if why is None or len(watch.rescues) >= (self.rescues or 0):
            return None
        if best is not None:
            lost = watch.lost or best.dead or self.leapt(controller)
            answer = RESTART if lost and best.start else RESTORE
            return Decision(answer.name, why, source="guard")
        if watch.rescues and now.epoch < watch.rescues[-1] + controller.every:
            return None  # a lower rate alone takes its time
        if now.diverged:
            controller.tell("no model", f"{why} A lower rate cannot mend "
                            "weights that are nan. Going back can: pass "
                            "AgenticLR(..., model=model).")
        return replace(choose(is_lower, controller.actions, why),
                       source="guard")

    def trouble(self, controller: Any) -> str | None:
        """How the run has diverged, or None."""
        if not self.divergence:
            return None
        watch, best = controller.watch, controller.best
        if best is not None and best.dead and not watch.thrives:
            return "The network is dead: hardly any gradient is left."
        if watch.lost and best and (best.moved or LITTLE) < LITTLE:
            return None  # only slow; if that is not known, it is lost
        if watch.why is None and self.leapt(controller):
            return "The first ten steps moved the weights by " \
                f"{best.moved:.3g} times their own length (see Guards.leap)."
        return watch.why

    def leapt(self, controller: Any) -> bool:
        """True if the first steps threw the run off its course."""
        best, accuracy = controller.best, controller.history[-1].val_acc
        return bool(self.leap and best and best.start
                    and best.moved is not None and (accuracy or 0) <= 50
                    and not best.moved <= self.leap)  # nan counts as further


def usual_actions(brain, cools) -> Sequence[Action]:
    """The brain's own actions; if `cools`, a brain that offers the four and
    was taught when to take COOL_DOWN gets that as well."""
    own = getattr(brain, "actions", ACTIONS)
    taught = getattr(getattr(brain, "taught", None), "actions", None) or ()
    cools = cools and own == ACTIONS and COOL_DOWN.name in taught
    return (*own, COOL_DOWN) if cools else own


def check_guards(guards, brain):
    """Guards or None, from what was passed as guards=."""
    if guards is None:
        return None if brain is None else Guards()
    if guards is not False and not isinstance(guards, Guards):
        raise ValueError(f"guards={guards!r} must be Guards(...), False for "
                         "none, or None for the usual ones.")
    return guards or None


def check_model(model, actions, back_to_best):
    """A ValueError if an action or an option needs the best weights and there
    is no model to take them from."""
    offered = RESTORE.name in [action.name for action in actions]
    if (offered or back_to_best) and model is None:
        raise ValueError("actions with 'restore_best', and back_to_best=True, "
                         "need the network: pass AgenticLR(..., model=model).")
