"""Has this run diverged? Checks one evaluation at a time, at constant cost.

Whether a number is far below its best is measured by its own noise. No
training loss is a reason to interfere while validation is at or near its
best. Knows nothing about weights.
"""

import math
from collections import deque
from statistics import median

SMOOTH = 0.5   # weight of the newest number in the smoothed one
MEMORY = 0.1   # weight of the newest in the noise, once ten have been seen
TENTH = 0.1    # a fall by less than this share of the best does not count
JUMPY = 0.004  # a rate that is too low moves a loss more smoothly than this
WILD = 0.05    # and no healthy run makes it jump like this
GOOD = 60      # percent: an accuracy above it is worth keeping

# What is watched, and its sign: higher is better throughout.
SIGNS = {"train_acc": 1, "val_acc": 1, "train_loss": -1, "val_loss": -1}


class Curve:
    """One number over a run, higher is better: its best and its noise."""

    def __init__(self, every=1):
        self.count, self.noise = 0, 0.0
        self.first = self.level = self.best = self.before = -math.inf
        self.last, self.bends = deque(maxlen=2), deque(maxlen=5)
        self.recent, self.every = deque(), every

    def add(self, x, at=None):
        """Takes in one more number; `at` is its evaluation, or the next."""
        self.count += 1
        at = self.count if at is None else at
        if self.count == 1:
            self.first = self.level = x
        fall = max(0, self.level - x)  # noise: no trend goes down
        if len(self.last) == 2:        # and a smooth curve bends little
            bend = abs(x - 2 * self.last[1] + self.last[0]) / 2
            self.bends.append(bend)
            fall = max(fall, bend)
        if self.count > 1:
            weight = max(MEMORY, 1 / (self.count - 1))
            self.noise += weight * (fall - self.noise)
        self.level += SMOOTH * (x - self.level)
        self.best = max(self.best, self.level)
        self.last.append(x)
        self.recent.append((at, x))
        while self.recent[0][0] <= at - self.every:
            self.before = max(self.before, self.recent.popleft()[1])

    def fell(self, x, share, noises, since=None) -> bool:
        """True if `x` lies far below `since`, by default the best.

        It must have lost more than each of these: this share of what was
        gained since the first number, a tenth of `since`, and `noises` times
        the noise.
        """
        since = self.best if since is None else since
        gain = max(0, self.best - self.first)
        return x < since - max(share * gain, TENTH * abs(since),
                               noises * self.noise)

    def gained(self, share=0.01) -> bool:
        """True if the best is clearly better than the first number.

        That is, by more than noise and by more than this share of the first.
        """
        return self.best - self.first > max(2 * self.noise,
                                            abs(self.first) * share)

    def improves(self, points=None) -> bool:
        """True if the last `every` evaluations have brought a better best.

        It must be better by this many points, or by 1 % if none are given.
        """
        margin = abs(self.before) / 100 if points is None else points
        return max((x for _, x in self.recent), default=-math.inf) > (
            self.before + margin) > -math.inf

    def jumps(self) -> float:
        """How far it jumps from one evaluation to the next, as a share of
        its level; a steady trend does not count."""
        return median(self.bends) / abs(self.level or 1)


class Watch:
    """What the guards know about a run, however long it is.

    `changed` says when the rate was last changed, `rescues` when a guard was
    needed; `ceiling` is the lowest rate at which a guard was needed.

    far      the training loss counts as diverged when it has lost this share
             of what had been gained; None looks only for nan
    nowhere  evaluations, at least 3, after which a run may count as lost
    every    evaluations between two decisions
    named    True if the result is a metric that the user named: that one
             counts
    `why` says how the run has diverged, or is None. `lost` is True if nothing
    has been learned at all, `near` if validation is near its best.
    """

    def __init__(self, far=0.5, nowhere=5, every=5, named=False):
        self.named = named
        self.far, self.nowhere, self.every = far, nowhere, every
        self.changed, self.rescues = None, []
        self.ceiling = self.rate = math.inf  # rate: the last evaluation's
        self.restart()

    def restart(self):
        """Forgets everything seen so far."""
        self.curves = {name: Curve(self.every) for name in SIGNS}
        self.loss, self.result = Curve(), Curve(self.every)
        self.settle()

    def settle(self):
        """All is well again: the run went back to its best."""
        self.bad = []  # losses far above the best, until more is known
        self.why, self.lost, self.near = None, False, False

    def note(self, decision, again=False):
        """Remembers when the rate was changed, and when a guard decided.

        A guard that only overrules a brain does not count: its decision has a
        note, which says what the brain chose.

        again  True if the run goes back to its start
        """
        if decision.new_lr != decision.old_lr:
            self.changed = decision.epoch
        if decision.source == "guard" and not decision.note:
            self.rescues.append(decision.epoch)
            self.ceiling = min(self.ceiling, self.rate)
            (self.restart if again else self.settle)()

    def see(self, metrics, result=None):
        """Takes in one more evaluation.

        result  how good validation is, higher is better; None: not known
        """
        seen, self.rate = self.result, metrics.learning_rate or math.inf
        known = result is not None and math.isfinite(result)
        self.why, self.lost = None, False
        self.near = bool(known and seen.count and not seen.fell(
            result, 0.25, noises=2))
        fallen = result is not None and not (known and (
            seen.count == 0 or not seen.fell(result, 0.5, noises=3)))
        if metrics.diverged and not self.thrives:
            self.why = "The loss is no longer finite."
        elif metrics.train_loss is not None and not metrics.diverged:
            self.see_loss(-metrics.train_loss, fallen, result is None)
        elif known:  # all there is to go by
            self.see_loss(result, fallen=False, alone=True, since=seen.level)
        if known and not self.bad:
            seen.add(result, metrics.epoch)
        for name, sign in SIGNS.items():
            x = getattr(metrics, name)
            if x is not None and math.isfinite(x):
                self.curves[name].add(sign * x, metrics.epoch)
        if self.nowhere and not self.why and self.goes_nowhere():
            self.why, self.lost = "The run goes nowhere: the loss jumps, " \
                "and accuracy does not rise (see Guards.nowhere).", True

    @property
    def thrives(self) -> bool:
        """Something was gained, and validation still has it."""
        return self.near and self.result.gained(0.25)

    @property
    def learned(self) -> bool:
        """The weights are clearly worth more than those at the start."""
        return self.curves["val_acc"].best > GOOD or (
            self.thrives and self.loss.gained(0.1))

    def improves(self, points) -> bool:
        """True if validation has improved since the last decision.

        That is, accuracy has risen by this many points, or the loss has
        fallen by 1 %. If the user named a metric, it must be better by 1 %.
        """
        if self.named:
            return self.result.improves()
        return (self.curves["val_acc"].improves(points)
                or self.curves["val_loss"].improves())

    def see_loss(self, x, fallen, alone, since=None):
        """Judges the newest loss, and sets `why` if it has diverged.

        x  minus the training loss; validation if that loss is not known
        """
        curve, good = self.loss, self.near and not since
        # with one number alone it takes more to be sure, and most of all
        # after few evaluations
        care = 1 + max(0, 6 - curve.count) if alone else 1
        share, noises = (0.75, 8 * care) if alone else (self.far, 3)
        if self.far is None or good or curve.count < 2 or not curve.fell(
                x, share, noises, since) or (
                alone and x > curve.best - care * TENTH * abs(curve.best)):
            for each in [*self.bad, x]:  # it came back: that was noise
                curve.add(each)
            self.bad = []
            return
        self.bad.append(x)
        if len(self.bad) > 1 or fallen:
            self.why = (f"The loss of {abs(x):.3g} lies far above its best, "
                        f"{abs(curve.best):.3g}.")

    def goes_nowhere(self) -> bool:
        """True if neither accuracy has risen while the validation loss jumps.

        A rate that is far too low does not count: it moves the loss smoothly.
        Works only for classifiers whose loss is a cross-entropy in nats.
        """
        train, val, train_loss, loss = self.curves.values()
        if min(val.count, loss.count, train_loss.count) < self.nowhere or (
                val.level > GOOD or val.gained() or train.gained()):
            return False
        chance = 100 * math.exp(min(0, train_loss.level))
        if val.level / 1.25 < chance < val.level * 1.5:
            return loss.jumps() > JUMPY  # uniform guesses, or nearly so
        return loss.jumps() > WILD and (
            -loss.level > 1.1 * math.log(100 / max(val.level, 1)))
