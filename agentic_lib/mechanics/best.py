"""The best weights that a run has had, and the way back to them.

Knows nothing about learning rates, metrics, or the reason for going back.
"""

import copy
from statistics import median

STEPS = 10  # the optimizer's first steps, after which `moved` is known
KEPT = "weights", "state", "result", "fed", "start", "steps", "moved"


class Best:
    """The best weights so far, with the optimizer's state.

    `dead` says whether gradients no longer reach most of the weights, as
    happens when too large a step has switched every ReLU off. `moved` is how
    far the first STEPS steps took the weights, in multiples of their own
    length (see `distance`), or None until that is known. A few thousandths
    per step are usual.
    """

    def __init__(self, model, optimizer):  # torch's own optimizer
        self.model, self.optimizer = model, optimizer
        trained = {id(p) for p in self.parameters()}
        if hasattr(model, "parameters") and trained.isdisjoint(
                map(id, model.parameters())):
            raise ValueError("model= is not the network that this optimizer "
                             "trains: pass that; with averaged weights both, "
                             "torch.nn.ModuleList([network, averaged]).")
        self.result = self.fed = None  # fed: what had a gradient at the start
        self.dead, self.steps, self.seen, self.moved = False, 0, 0, None
        # seen: the steps at the last evaluation. The hook looks at gradients,
        # and at how far the first steps go.
        self.optimizer.register_step_pre_hook(self.before_step)
        self.keep()
        self.start = self.weights, self.state  # until something was learned

    def __setstate__(self, state):
        self.__dict__.update(state)
        # a copy of an optimizer leaves its hooks behind
        self.optimizer.register_step_pre_hook(self.before_step)

    def keep(self):
        """Takes a copy, on the CPU: a GPU has better uses for its memory."""
        self.weights = to_cpu(self.model.state_dict())
        self.state = to_cpu(self.optimizer.state_dict()["state"])

    def restart(self):
        """Goes back to the start, if nothing has been learned since."""
        if self.start is not None:
            self.weights, self.state = self.start
            self.result, self.moved, self.steps, self.seen = None, None, 0, 0
        self.restore()

    def restore(self):
        """Goes back to the best weights. Learning rates stay as they are."""
        self.model.load_state_dict(self.weights)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(),
                                        "state": copy.deepcopy(self.state)})

    def state_dict(self) -> dict:
        return {name: getattr(self, name) for name in KEPT}

    def load_state_dict(self, state):
        self.__dict__.update(copy.deepcopy(state))

    def see(self, result):
        """Keeps the weights if this result is the best yet.

        result  higher is better; None if nothing says how good they are
        """
        self.look()
        self.seen = self.steps
        self.measure()
        if not self.dead and result is not None and (
                self.result is None or result > self.result):
            self.result = result
            self.keep()

    def before_step(self, *_):
        """Looks at gradients at the first step, which says what has one by
        design, and after each evaluation; counts the steps."""
        if self.fed is None:
            self.fed = [i for i, alive in self.gradients().items() if alive]
            if self.start and self.result is None:
                self.keep()  # weights may have been loaded since
                self.start = self.weights, self.state
        if self.steps == self.seen:  # some frameworks zero the gradients
            self.look()              # before an evaluation
        self.measure()
        self.steps += 1

    def measure(self):
        """After STEPS steps: how far have the weights gone?"""
        if self.steps == STEPS and self.start is not None:
            self.moved = self.distance()

    def distance(self) -> float | None:
        """How far this optimizer's weights are from the start.

        The distance of a weight matrix is given in multiples of its own
        length, or of half the length with which torch's layers begin (numbers
        between -1 and 1, over the root of the number of inputs) if that is
        more: some models begin smaller, and LoRA's second matrix at zero, but
        they grow to about that length. Returns the median over matrices, or
        None if there are none. The weights are identified by their place in
        memory, so all that `model` needs is a state_dict.
        """
        shares, moved = [], {p.data_ptr() for p in self.parameters()}
        for name, now in self.model.state_dict().items():
            first = self.start[0].get(name)
            if hasattr(now, "dim") and now.dim() > 1 and first is not None \
                    and now.data_ptr() in moved:
                now, first = now.to(first).float(), first.float()
                length = max(float(first.norm()), (len(first) / 12) ** 0.5)
                shares.append(float((now - first).norm()) / length)
        return median(shares) if shares else None

    def look(self):
        """Sets `dead`: True if few weights still have a gradient.

        Weights that have none by design, because they are frozen or not in
        use now, do not count.
        """
        alive = [x for i, x in self.gradients().items()
                 if i in (self.fed or ())]
        if any(alive):  # otherwise they have been zeroed
            self.dead = sum(alive) <= len(alive) / 2

    def gradients(self) -> dict[int, bool]:
        """{index of weights with a gradient: True unless it is all zero}."""
        return {i: p.grad.is_sparse or bool((p.grad != 0).any())
                for i, p in enumerate(self.parameters())
                if p.requires_grad and p.grad is not None}

    def parameters(self) -> list:
        """The parameters that the optimizer moves."""
        return [p for group in self.optimizer.param_groups
                for p in group["params"]]


def to_cpu(state):
    """A copy of a nested state, with every tensor in the CPU's memory."""
    if hasattr(state, "detach"):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {key: to_cpu(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(to_cpu(value) for value in state)
    return copy.deepcopy(state)
