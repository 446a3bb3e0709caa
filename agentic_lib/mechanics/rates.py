"""How learning rates are moved: alone, or on top of a schedule.

Knows nothing about decisions. Both classes read and multiply the rates of
every parameter group, keep them within bounds, and write a rate that is held
in a tensor into that same tensor.
"""

import torch

from agentic_lib import messages


class OwnRates:
    """The controller alone owns the rates, and writes them to param_groups.

    `check` raises if something else changed a rate after `multiply`.
    """

    def __init__(self, optimizer, low, high):
        one = all(isinstance(bound, (int, float)) for bound in (low, high))
        if not one or not 0 <= low < high:
            raise ValueError(f"min_lr={low!r} must be at least 0 and below "
                             f"max_lr={high!r}: each one number, the same "
                             "for every parameter group.")
        self.optimizer = inner(optimizer)
        for hook in vars(self.optimizer).pop("agentic_hooks", ()):
            hook.remove()  # a new controller replaces an old one
        self.low, self.high = low, high
        self.written = None

    @property
    def groups(self) -> list[dict]:
        """Looked up each time: loading a state replaces them."""
        return self.optimizer.param_groups

    def read(self) -> list[float]:
        """The rate of every group, as the next step uses it."""
        return [float(group["lr"]) for group in self.groups]

    def used(self) -> list[float]:
        """The rate of every group in the last step."""
        return self.read()

    def multiply(self, factor):
        """Every rate times `factor`, or times less: the highest rate stays
        within the bounds, and the others keep their ratio to it."""
        top = max(self.read())
        limit = self.bounded(top, factor)
        write(self.groups, [limit if rate == top else rate * limit / top
                            for rate in self.read()])
        self.written = self.read()

    def bounded(self, rate, factor) -> float:
        """rate x factor, but never across a bound.

        A rate that is already outside is never moved the other way.
        """
        if factor > 1:
            return min(rate * factor, max(self.high, rate))
        return max(rate * factor, min(self.low, rate))

    def at_bound(self, factor) -> bool:
        """True if `factor` would move no rate, because of the bounds."""
        top = max(self.read())
        return top >= self.high if factor > 1 else top <= self.low

    def show(self):
        """Makes the optimizer's groups show the rates that the next step uses.

        This is for anyone who looks there, and lasts until `take_off`.
        """

    def take_off(self, *_):
        """Nothing to take off: the groups hold these very rates."""

    def check(self):
        """Raises RuntimeError if something else changed a rate.

        Such a change would undo every decision.
        """
        found = self.read()
        if self.written and found[:len(self.written)] != self.written:
            raise RuntimeError(
                f"The learning rate was set to {text(self.written)} and is "
                f"now {text(found)}: something else, such as a scheduler, "
                "changed it. Pass it: AgenticLR(optimizer, brain, "
                "scheduler=scheduler). After a change of your own, call "
                "controller.set_lr(lr).")

    def state_dict(self) -> dict:
        return {"written": self.written}

    def load_state_dict(self, state):
        """The rates that the optimizer has now are the ones that count."""
        self.written = state["written"]
        if self.written and self.written != self.read():
            messages.say(f"The saved learning rate was {text(self.written)}; "
                         f"going on with {text(self.read())}.")
            self.written = self.read()


class ScaledRates(OwnRates):
    """A schedule owns the rates; each step is taken with them scaled.

    param_groups hold the schedule's own rates, and every optimizer step uses
    those rates times the scale. So any scheduler works, and neither it nor a
    checkpoint ever sees a scaled rate. The optimizer's hooks put the scale on
    and take it off.
    """

    def __init__(self, optimizer, low, high):
        super().__init__(optimizer, low, high)
        self.scales = [1.0] * len(self.groups)
        self.unscaled = self.last = None
        self.hook()

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.hook()  # a copy of an optimizer leaves its hooks behind

    def hook(self):
        """Puts the scale on every step of the optimizer."""
        self.hooks = self.optimizer.agentic_hooks = (
            self.optimizer.register_step_pre_hook(self.put_on),
            self.optimizer.register_step_post_hook(self.take_off))

    def read(self) -> list[float]:
        while len(self.scales) < len(self.groups):
            self.scales.append(1.0)  # a group that was added later
        # a closure may read in the middle of a step, with the scale on
        own = self.unscaled or [float(group["lr"]) for group in self.groups]
        return [self.bounded(*pair) for pair in zip(own, self.scales)]

    def used(self) -> list[float]:
        # a schedule may have moved on since
        return self.last or self.read()

    def multiply(self, factor):
        self.take_off()
        rates = self.read()
        for i, (group, rate) in enumerate(zip(self.groups, rates)):
            # from the bounded rate, so that a scale never runs far ahead of
            # what the bounds allow; but a factor of 1 leaves it as it is
            own = float(group["lr"])
            self.scales[i] *= factor
            if own > 0 and factor != 1:
                self.scales[i] = self.bounded(rate, factor) / own

    def put_on(self, *_):
        """Before a step: puts the scaled rates in place."""
        self.show()
        self.last = [float(group["lr"]) for group in self.groups]

    def show(self):
        self.take_off()
        rates = self.read()
        self.unscaled = [float(group["lr"]) for group in self.groups]
        write(self.groups, rates)

    def take_off(self, *_):
        """Puts the schedule's own rates back in place.

        This happens after a step, or later if an error ended it.
        """
        if self.unscaled is not None:
            write(self.groups, self.unscaled)
            self.unscaled = None

    def check(self):
        """The schedule may change the rates, but nobody else scales them."""
        if vars(self.optimizer).get("agentic_hooks") is not self.hooks:
            raise RuntimeError("A newer AgenticLR steers this optimizer: call "
                               "the step of that one alone.")

    def state_dict(self) -> dict:
        return {"scales": list(self.scales)}

    def load_state_dict(self, state):
        self.scales = list(state["scales"])


def inner(optimizer):
    """torch's own optimizer, without accelerate's or Lightning's wrapper."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer


def write(groups, rates):
    """Sets the rates; a tensor, which a captured graph may hold, in place."""
    for group, rate in zip(groups, rates):
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def text(rates) -> str:
    """Rates for people: six digits, enough to show a schedule's small step."""
    return ", ".join(f"{rate:.6g}" for rate in rates)


def make_rates(optimizer, scheduler, low, high) -> OwnRates:
    """The rates of this optimizer, on top of its scheduler's if there is one.

    Raises ValueError if the optimizer or the scheduler is not usable, or if
    the scheduler belongs to another optimizer.
    """
    if not hasattr(inner(optimizer), "param_groups"):
        raise ValueError(f"optimizer={optimizer!r} is not one: pass a "
                         "torch.optim.Optimizer, or one that wraps it; of "
                         "several, make one AgenticLR for each.")
    if scheduler is None:
        return OwnRates(optimizer, low, high)
    if not hasattr(scheduler, "step"):
        raise ValueError(f"scheduler={scheduler!r} is not one: pass the "
                         "scheduler whose step() you call, or leave it out.")
    its_own = getattr(scheduler, "optimizer", optimizer)
    if inner(its_own) is not inner(optimizer):
        raise ValueError(f"scheduler={scheduler!r} belongs to another "
                         "optimizer: pass the one made for this optimizer.")
    return ScaledRates(optimizer, low, high)
