"""The checks that notebooks call behind an exercise.

A check looks at what the learner's code does, never at its text; it gives a
hint and never raises. `passed` holds how the last call of each check ended.
A section for each notebook.
"""

import functools
import random
import re
import textwrap
import traceback
import types

from agentic_lib.decision import ACTIONS, Decision, Metrics
from agentic_lib.prompt import Prompt

passed = {}  # {name of the check: True or False}


class Hint(Exception):
    """What is not right yet, said so that it helps."""


def expect(condition, hint):
    """Ends the check with `hint` where `condition` does not hold."""
    if not condition:
        raise Hint(hint)


def say(text):
    """Prints text in lines that fit a projector."""
    for line in text.split("\n"):
        print(textwrap.fill(line, 76))


def where(error) -> str:
    """The line of the notebook's cell in which an error arose."""
    lines = [frame.lineno for frame in traceback.extract_tb(
        error.__traceback__) if "ipykernel" in frame.filename
        or frame.filename.startswith("<")]
    return f" (in line {lines[-1]} of its cell)" if lines else ""


def check(function):
    """Makes a check of a function that raises Hint, or returns praise."""
    @functools.wraps(function)
    def checked(*args, **kwargs):
        passed[function.__name__] = False
        try:
            praise = function(*args, **kwargs)
        except Hint as hint:
            say(f"Not yet. {hint}")
        except Exception as error:  # the learner's own, most likely
            say(f"Not yet. Your code stopped with {type(error).__name__}: "
                f"{error}{where(error)}.")
        else:
            passed[function.__name__] = True
            say(f"Passed. {praise or ''}".rstrip())
    return checked


# -- 01, load the brain ------------------------------------------------------

@check
def write_without_generate(write):
    """write(network, ids, steps) -> the likeliest tokens, one by one."""
    for ids, steps in (([3], 1), ([1, 4, 1], 4), ([5, 9, 2, 6], 7)):
        network = CountsAlong()
        answer = write(network, list(ids), steps)
        wanted = list(ids)
        for _ in range(steps):
            wanted.append(network.next_one(wanted))
        wanted = wanted[len(ids):]
        expect(isinstance(answer, list) and len(answer) == steps,
               f"With steps={steps} you return {answer!r}: that should be a "
               f"list of {steps} numbers, the new ones alone.")
        answer = [int(token) for token in answer]
        expect(answer[0] == wanted[0], "The first new token should be "
               f"{wanted[0]}, you have {answer[0]}. The next place is that "
               "behind the last token: logits[0, -1], and there the argmax.")
        expect(answer == wanted, f"You write {answer}, it should be {wanted}. "
               "Does each new token go onto the page before the next?")
    return "Token by token, as the library does."


class CountsAlong:
    """A network for the check: the likeliest next token follows from the
    last two and from how many there are."""

    device = "cpu"

    @staticmethod
    def next_one(ids):
        return (3 * ids[-1] + sum(ids[-2:-1]) + len(ids)) % 11

    def __call__(self, input_ids):
        import torch

        (ids,) = input_ids.tolist()
        logits = torch.zeros(1, len(ids), 11)
        for i in range(len(ids)):
            logits[0, i, self.next_one(ids[:i + 1])] = 2.0
        return types.SimpleNamespace(logits=logits)


@check
def agreement(measure):
    """measure(ask, times) -> the share of the most frequent action."""
    cut = "reduce_learning_rate: it jumps."
    go, hm = "continue: it rises.", "The weather is fine today."
    for replies in ([go, cut, cut, cut], [go] * 5, [hm, hm, hm, go],
                    [hm] * 4, [go, cut, go, cut, go, hm]):
        seeds = []

        def ask(seed, replies=replies, seeds=seeds):
            seeds.append(seed)
            return replies[seed]

        share = measure(ask, len(replies))
        most = max(replies.count(go), replies.count(cut)) / len(replies)
        expect(sorted(seeds) == list(range(len(replies))),
               f"Asked {len(replies)} times, the seeds should be 0 to "
               f"{len(replies) - 1}, each once; yours were {seeds}.")
        expect(isinstance(share, (int, float))
               and abs(share - most) < 1e-9,
               f"For {replies} the share is {most:g}, and you say {share!r}."
               + (" A reply that holds no decision agrees with none, and "
                  "still counts as asked." if hm in replies else ""))
    return "It counts what agrees, out of all that was asked."


# -- 02, craft prompts -------------------------------------------------------

@check
def trend_in_words(words_for):
    """words_for(history) -> a trend in words, or None; on 50 histories."""
    for seed in range(50):
        history = made_up_history(seed)
        before = [m.val_acc for m in history
                  if m.epoch == history[-1].epoch - 5]
        gained = history[-1].val_acc - before[0] if before else None
        answer = words_for(list(history))
        wanted = None
        if gained is not None:
            wanted = "rising fast" if gained > 3 else \
                "rising slowly" if gained > 0.5 else \
                "flat" if gained >= -0.5 else "falling"
        path = " ".join(f"{m.epoch}: {m.val_acc:g} %" for m in history[-8:])
        expect(answer == wanted, f"Your function says {answer!r} here, and "
               + (f"the change is {gained:+g} points" if before
                  else "nothing is known from five epochs ago")
               + f". Epochs and validation accuracy: {path}")
    return "True on 50 histories."


def made_up_history(seed):
    """1 to 14 Metrics of a run that wanders; at times each fifth epoch."""
    dice = random.Random(seed)
    step = 1 if seed % 3 else 5
    accuracy, history = dice.randint(160, 280) / 4, []
    drift = dice.choice((-8, -2, 0, 0, 2, 8))
    for i in range(dice.randint(1, 14)):
        history.append(Metrics(epoch=(i + 1) * step, train_acc=50.0,
                               val_acc=accuracy))
        change = drift * step + dice.randint(-3, 3)
        accuracy = min(100.0, max(0.0, accuracy + change / 4))
    return history


@check
def smallest_flip(find):
    """find(decide, val_acc) -> the nearest value with another action."""
    for start, nearest, act in (
        (76, (80,), lambda v: "continue" if v >= 80 else "reduce"),
        (76, (70,), lambda v: "reduce" if v <= 70 else "continue"),
        (50, (53,), lambda v: "stop" if v >= 53 or v <= 40 else "continue"),
        (50, (44, 56), lambda v: "continue" if 44 < v < 56 else "reduce"),
        (10, (0,), lambda v: "stop" if v == 0 else "continue"),
        (95, (100,), lambda v: "stop" if v == 100 else "continue"),
        (60, (62,), lambda v: "reduce" if v == 62 else "continue"),
        (30, (None,), lambda v: "continue"),
    ):
        def decide(value, act=act):
            expect(0 <= value <= 100, f"You asked for {value} %. An accuracy "
                   "lies from 0 to 100.")
            return act(value)

        answer = find(decide, start)
        expect(answer in nearest, f"Starting at {start} %, the nearest flip "
               f"is at {nearest[0]}, and your function says {answer!r}. "
               + ("It must look down as well as up."
                  if answer is not None and nearest[0] is not None
                  else "None means that nothing flips it."))
    return "It finds the nearest flip, up and down, and None where none is."


@check
def flip_rate(measure):
    """measure(brain, prompt, histories) -> the share of flips."""
    histories = [made_up_history(seed) for seed in range(4)]
    steady, shaky = Prompt(), Prompt(system="First is best.\n{actions}")
    brain = TakesTheFirst(shaky)
    none = measure(brain, steady, histories)
    expect(none == 0, f"This prompt flips nothing, and you say {none!r}. Is "
           "it your `prompt` that is asked with?")
    rate = measure(brain, shaky, histories)
    hint = f"The share is 6 of 7, 0.857, and you say {rate!r}."
    expect(isinstance(rate, (int, float)), hint)
    expect(rate <= 1, hint + " Divide by the number of other orders, over "
           "all histories.")
    expect(abs(rate - 0.75) > 1e-6, hint + " The usual order counts as no "
           "try: leave it out of what you divide by.")
    expect(abs(rate - 6 / 7) < 0.08, hint + " Compare each other order's "
           "action with that of the first pair.")
    half = measure(TakesTheFirst(shaky, histories[:2]), shaky, histories)
    expect(abs(half - rate / 2) < 1e-6, "Where half of the histories flip, "
           f"the share must be half as large; you say {half!r}.")
    return "It counts flips over all histories and orders."


class TakesTheFirst:
    """A brain for the check: with one prompt, and for these histories, it
    takes what is named first; else it always says "continue"."""

    actions, both_orders = ACTIONS, False

    def __init__(self, prompt, histories=None):
        self.prompt = self.shaky = prompt
        self.histories = histories

    def analyze_training(self, history, every=5, actions=None):
        first = (actions or self.actions)[0].name
        falls = self.prompt == self.shaky and (
            self.histories is None or history in self.histories)
        return Decision(first if falls else "continue", "Made up.")


# -- 04, score the options ---------------------------------------------------

@check
def without_prior(divide):
    """divide(chances, prior) -> probabilities with the prior divided out."""
    dice = random.Random(4)
    for size in (2, 4, 4, 5):
        names = [f"action_{i}" for i in range(size)]
        chances, prior = ({name: dice.uniform(0.05, 1) for name in names}
                          for _ in range(2))
        for row in (chances, prior):
            total = sum(row.values())
            row.update({name: x / total for name, x in row.items()})
        kept = dict(chances)
        answer = divide(chances, prior)
        expect(isinstance(answer, dict) and list(answer) == names,
               f"Return a dictionary with the names {names}; yours is "
               f"{answer!r}.")
        expect(chances == kept, "Your function changes the dictionary it was "
               "given. Make a new one.")
        total = sum(answer.values())
        expect(abs(total - 1) < 1e-6, f"Your probabilities sum to {total:g}: "
               "divide each by their sum.")
        a, b = names[:2]
        ratio = chances[a] / prior[a] / (chances[b] / prior[b])
        expect(abs(answer[a] / answer[b] / ratio - 1) < 1e-6,
               f"With chances of {chances[a]:.2f} and {chances[b]:.2f} and "
               f"priors of {prior[a]:.2f} and {prior[b]:.2f}, the first "
               f"should be {ratio:.2f} times the second; yours is "
               f"{answer[a] / answer[b]:.2f} times.")
    return "What the model prefers anyway is divided out."


@check
def calibration_error(measure):
    """measure([(confidence, share right, count)]) -> one number."""
    for bins, wanted in (
        ([(0.9, 0.6, 10)], 0.3), ([(0.5, 0.5, 3), (0.8, 0.8, 9)], 0.0),
        ([(0.3, 0.5, 10)], 0.2), ([(0.9, 0.5, 30), (0.5, 0.5, 10)], 0.3),
        ([(0.6, 0.8, 10), (0.8, 0.6, 10)], 0.2),
    ):
        answer = measure(list(bins))
        expect(isinstance(answer, (int, float))
               and abs(answer - wanted) < 1e-9,
               f"For bins of (sure, right, how many) = {bins} the error is "
               f"{wanted:g}, and you say {answer!r}. Distances count as "
               "positive, and each bin by its number of states.")
    return "Far off in many states weighs most, too sure or not enough."


# -- 05, run the full loop ---------------------------------------------------

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
                expect(abs(rate - goal) < 1e-9, f"With a {name}: after x 0.7 "
                       f"at epoch 3 and x 1.3 at epoch 8, group {group} must "
                       f"be used at {goal:.4g} in epoch {epoch}. It is used "
                       f"at {rate:.4g}.")
    return "Both groups, two decisions, two kinds of schedule."


@check
def judged_run(run):
    """run(data, brain) -> (actions, network, test accuracy): no leak."""
    import torch

    from agentic_lib.data import Data, load_data

    def shuffled(part):
        inputs, labels = part
        order = torch.randperm(
            len(labels), generator=torch.Generator().manual_seed(1))
        return inputs, labels[order]

    data = load_data("digits", train_size=200)
    other_test = Data("digits", 10, data.train, data.val,
                      shuffled(data.test))
    other_val = Data("digits", 10, data.train, shuffled(data.val), data.test)
    actions, network, reported = run(data, Touchy())
    changed, _, _ = run(other_test, Touchy())
    expect(actions == changed, "The labels of the test set were shuffled, "
           f"and the decisions changed from {actions} to {changed}. The "
           "brain is shown something that was computed from data.test.")
    expect(run(other_val, Touchy())[0] != actions, "Now the decisions no "
           "longer change with the validation data: what is the brain shown "
           f"as val_acc? It decided {actions}.")
    with torch.no_grad():
        right = network(data.test[0]).argmax(1) == data.test[1]
    score = 100 * right.float().mean().item()
    expect(abs(score - reported) < 0.01, f"It reports {reported:.2f} %, and "
           f"the network that it returns has {score:.2f} % on the test set. "
           "Picking the best of many readings is deciding, too.")
    return "The test set can change, and no decision does."


class Touchy:
    """A brain for the check: any change of validation accuracy shows."""

    def analyze_training(self, history, every=5, actions=None):
        total = sum(round(100 * m.val_acc) for m in history)
        return Decision(ACTIONS[total // 7 % 3].name, "Made up.")


@check
def same_weights(save, load):
    """save(path, network, optimizer, history) after epoch 4 of 8, and
    load(path, network, optimizer) -> history: then on as if nothing was."""
    import tempfile
    from pathlib import Path

    whole, killed, back = TinyRun(0), TinyRun(0), TinyRun(1)
    whole.train(8)
    killed.train(4)
    rate = killed.optimizer.param_groups[0]["lr"]
    weights = killed.weights()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.pt"
        save(path, killed.network, killed.optimizer, killed.history)
        expect(path.is_file(), "save wrote no file at the path it was given.")
        killed.train(6)  # what comes after saving is lost
        back.history = load(path, back.network, back.optimizer)
    expect(isinstance(back.history, list) and all(
        isinstance(m, Metrics) for m in back.history), "load must return the "
        f"history, a list of Metrics. It returned {back.history!r}.")
    expect(len(back.history) == 4, "The history had 4 epochs when it was "
           f"saved, and comes back with {len(back.history)}: a brain without "
           "memory would know nothing of the rest.")
    expect(back.weights() == weights, "The weights that come back are not "
           "those that were saved.")
    found = back.optimizer.param_groups[0]["lr"]
    expect(found == rate, f"The decided rate was {rate:g}, and {found:g} came "
           "back. It lives in the optimizer.")
    back.train(8)
    expect(back.weights() == whole.weights(), "All looks well at first, and "
           "four epochs later the weights differ: the optimizer's momentum "
           "did not come back.")
    return "Eight epochs, killed after four: the same weights, bit for bit."


class TinyRun:
    """A small training for the check; its rate falls at epoch 3."""

    def __init__(self, seed):
        import torch

        torch.manual_seed(seed)
        self.network = torch.nn.Linear(3, 2)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1,
                                         momentum=0.9)
        self.history = []

    def train(self, epochs):
        import torch

        while len(self.history) < epochs:
            epoch = len(self.history) + 1
            x = torch.linspace(-1, 1, 12).reshape(4, 3) * epoch
            loss = (self.network(x) - 1).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if epoch == 3:
                self.optimizer.param_groups[0]["lr"] *= 0.7
            self.history.append(Metrics(epoch, train_loss=loss.item()))

    def weights(self):
        return [p.tolist() for p in self.network.parameters()]


# 03 Parse decisions

# Written by hand, in the manner in which small chat models write.
REPLIES = (
    ("increase_learning_rate", "increase_learning_rate"),
    ("Action: reduce_learning_rate. The gap is 16 points.",
     "reduce_learning_rate"),
    ("`continue`", "continue"),
    ("REDUCE_LEARNING_RATE", "reduce_learning_rate"),
    ("increase-learning-rate: both accuracies are low",
     "increase_learning_rate"),
    ("Lower the LR.", "reduce_learning_rate"),
    ("I'd raise the learning rate.", "increase_learning_rate"),
    ("Carry on.", "continue"),
    ("stop_training", "stop_training"),
    ('{"action": "stop_training", "reason": "flat for 20 epochs"}',
     "stop_training"),
    ("**reduce_learning_rate**\n\nThe loss jumps.", "reduce_learning_rate"),
    ("<think>\nstop_training? No.\n</think>\n\nincrease_learning_rate: slow",
     "increase_learning_rate"),
    ("continue: no need to reduce it", "continue"),
    ("I would not stop; continue", "continue"),
    ("reduce_learnig_rate", "reduce_learning_rate"),
    ("Increase it? No. Reduce the learning rate.", "reduce_learning_rate"),
    ("Answer: A", "continue"),
    ("Option C", "increase_learning_rate"),
    ("Decrease the learning rate, since the loss rises.",
     "reduce_learning_rate"),
    ("reduce_learning_rate, rather than stop_training",
     "reduce_learning_rate"),
    ("", None),
    ("I don't know.", None),
    ("The loss stopped falling.", None),
    ("If the loss keeps rising, stop training.", None),
    ("Should we stop training?", None),
    ("continue or stop_training", None),
    ("continue\nreduce_learning_rate\nincrease_learning_rate\n"
     "stop_training", None),
    ("<think>The gap is large, so stop_training looks", None),
    ("Do not stop_training.", None),
    ("There is no need to reduce the rate.", None),
)
ENOUGH = 18  # of the 20 replies that hold an answer


@check
def check_parser(parse):
    """`parse`: reply -> the name of an action, or None."""
    read = [(reply, parse(reply), answer) for reply, answer in REPLIES]
    for reply, found, answer in read:
        expect(found != "stop_training" or answer == "stop_training",
               f"A wrong stop, the worst answer there is, for: {reply!r}")
    for reply, found, answer in read:
        expect(answer is not None or found is None,
               f"Nobody decided anything here, and you read {found!r}: "
               f"{reply!r}")
    missed = [(reply, found, answer) for reply, found, answer in read
              if found != answer]
    right = len(read) - 10 - len(missed)
    if right < ENOUGH:
        reply, found, answer = missed[0]
        raise Hint(f"No wrong stop, and {right} of 20 answers read; {ENOUGH} "
                   f"are wanted. For example {reply!r}: you read {found!r}, "
                   f"it says {answer!r}.")
    return f"{right} of 20 answers read, no wrong stop, no guess."


@check
def check_breaking_reply(reply, meaning):
    """A reply that a person understands and the library's parser doesn't."""
    from agentic_lib import ACTIONS, parse_decision

    names = [action.name for action in ACTIONS]
    expect(isinstance(reply, str) and len(reply.split()) > 1,
           "Write a reply of two words or more.")
    expect(meaning in (*names, None),
           f"`meaning` must be one of {names}, or None.")
    named = [name for name in names if name in reply]
    expect(meaning is None or named in ([], [meaning]) or len(named) > 1,
           f"It names {named} and you say that it means {meaning}: nobody "
           "would read it like that.")
    decision = parse_decision(reply)
    found = decision and decision.action
    expect(found != meaning, f"The parser reads {found!r}, as you do.")
    if found is None:
        return "It is missed: the rules step in. No harm is done."
    return (f"The parser reads {found!r}: a wrong answer is worse than "
            "none. Ask a neighbour whether they read it as you do.")


@check
def check_safe_rule(rule, diverging, creeping):
    """`rule` never raises the rate of a diverging run whose training loss
    has just risen, lowers it now and then, and raises that of the creeping
    runs."""
    from agentic_lib import ACTIONS

    def rose(run, epoch):
        losses = [m.train_loss for m in run.metrics[max(0, epoch - 6):epoch]]
        return any(not new <= old for old, new in zip(losses, losses[1:]))

    def decisions(runs):
        for run in runs:
            for end in range(5, len(run.metrics), 5):
                decision = rule(run.metrics[:end], ACTIONS, 5)
                expect(decision is not None,
                       "Your rule returns nothing: let it return a Decision.")
                yield run, end, decision.action

    found = list(decisions(diverging))
    for run, epoch, action in found:
        expect(action != "increase_learning_rate" or not rose(run, epoch),
               f"It raises the rate of a diverging run, at epoch {epoch}. "
               "What do the training losses of the last epochs say?")
    expect(any(action == "reduce_learning_rate" for *_, action in found),
           "It never raises the rate of a diverging run, but it does not "
           "lower it either.")
    raised = [action == "increase_learning_rate"
              for *_, action in decisions(creeping)]
    expect(sum(raised) >= len(raised) / 4,
           "It is safe, but a run that creeps is hardly ever helped: "
           f"{sum(raised)} of {len(raised)} decisions raise its rate.")
    return (f"No raise in {len(found)} decisions on diverging runs, and "
            f"{sum(raised)} of {len(raised)} on creeping ones.")


# -- 06, visualise -----------------------------------------------------------

def made_up_run(seed, decisions=True, epochs=20):
    """A Run that nobody trained, its four actions in turn."""
    from agentic_lib.record import Run

    dice, run, rate = random.Random(seed), Run(), 0.01 * (seed + 1)
    for epoch in range(1, epochs + 1):
        run.metrics.append(Metrics(
            epoch, dice.uniform(20, 99), dice.uniform(20, 99), 1.0, 1.0,
            rate, epochs))
        if decisions and epoch % 4 == 0 and epoch < epochs:
            action = ACTIONS[epoch // 4 % 4]
            rate *= action.factor
            run.decisions.append(Decision(
                action.name, "Made up.", epoch=epoch, new_lr=rate,
                old_lr=rate / action.factor))
    return run


@check
def draw_rate(draw):
    """draw(run) -> a figure: log scale, a shape for each action."""
    for seed in (0, 3):
        run = made_up_run(seed)
        figure = draw(run)
        expect(hasattr(figure, "axes"), "It must return a figure, and it "
               f"returned {figure!r}.")
        drawn = [(x, y, shape) for axes in figure.axes
                 if axes.get_yscale() == "log"
                 for x, y, shape in markers_in(axes)]
        close(figure)
        expect(any(axes.get_yscale() == "log" for axes in figure.axes),
               "No axis has a log scale: equal factors do not look equal.")
        shapes = {}
        for d in run.decisions:
            found = [shape for x, y, shape in drawn if abs(x - d.epoch) < 1e-6
                     and abs(y / d.new_lr - 1) < 1e-6]
            expect(found, f"There is no marker at epoch {d.epoch} and rate "
                   f"{d.new_lr:.3g}, where a decision fell.")
            shapes.setdefault(d.action, set()).update(found)
        for one in shapes:
            for other in shapes:
                expect(one == other or not shapes[one] & shapes[other],
                       f"{one} and {other} have the same shape: in grey "
                       "nobody can tell them apart.")
    return "Every decision is there, and has a shape of its own."


def markers_in(axes):
    """(x, y, shape) of every marker in the axes, plotted or scattered."""
    for line in axes.lines:
        if line.get_marker() not in ("", " ", "None", None):
            for x, y in zip(line.get_xdata(), line.get_ydata()):
                yield float(x), float(y), str(line.get_marker())
    for cloud in axes.collections:
        paths = cloud.get_paths()
        for x, y in getattr(cloud, "get_offsets", list)():
            yield float(x), float(y), str(
                paths[0].vertices.round(3).tolist() if paths else None)


def close(figure):
    """Before a front end shows a figure that was drawn for a check."""
    from matplotlib import pyplot

    pyplot.close(figure)


@check
def in_words(describe):
    """describe(run) -> the picture in at most 60 words, with its numbers."""
    runs = [made_up_run(1), made_up_run(2, epochs=34),
            made_up_run(4, decisions=False), made_up_run(5, epochs=1)]
    for run in runs:
        text, first, last = describe(run), run.metrics[0], run.metrics[-1]
        expect(isinstance(text, str), f"It must return a text, and it "
               f"returned {text!r}.")
        numbers = re.findall(r"\d+(?:\.\d+)?", text)
        expect(text and len(text.split()) <= 60, f"{len(text.split())} words "
               "are too many to listen to: at most 60.")
        for what, value in (
                ("the first validation accuracy", f"{first.val_acc:.0f}"),
                ("the last validation accuracy", f"{last.val_acc:.0f}"),
                ("the last learning rate", f"{last.learning_rate:.3g}"),
                ("the number of decisions", f"{len(run.decisions)}")):
            expect(value in numbers, f"Of a run of {len(run.metrics)} epochs "
                   f"it says: {text!r} There is no {value} in it: {what}.")
    return "Four runs, and nothing that matters left out."


# -- 07, does it help --------------------------------------------------------

@check
def regret_of(measure):
    """measure(constant, method) -> mean points behind the best rate."""
    constant = {(0.01, 0): 60.0, (0.01, 1): 99.0, (0.1, 0): 90.0,
                (0.1, 1): 80.0}
    method = {(0.01, 0): 85.0, (0.01, 1): 75.0, (0.1, 0): 88.0,
              (0.1, 1): 79.0}
    found = measure(dict(constant), dict(constant))
    expect(found is not None, "It returned None: is there a return?")
    expect(abs(found - 12.25) > 0.01, "The best rate is one rate for all "
           "seeds, chosen by its mean. You seem to take the better one for "
           "every seed by itself.")
    expect(abs(found - 2.75) < 1e-6, "Of the constant rates themselves the "
           f"mean regret is 2.75 here, and you have {found:.4g}. The best "
           "rate, 0.1 with a mean of 85, is behind by 0; the other by 5.5.")
    found = measure(constant, method)
    expect(abs(found - 3.25) < 1e-6, "A method with 85 and 75 from 0.01, 88 "
           "and 79 from 0.1 is behind by 3.25 on average; you have "
           f"{found:.4g}.")
    return "That is the number which all tables below are made of."


@check
def paired_interval(make):
    """make(differences) -> (low, high) of a bootstrap of the mean."""
    dice = random.Random(0)
    for spread, count in ((1.0, 40), (6.0, 25)):
        sample = [3 + dice.gauss(0, spread) for _ in range(count)]
        low, high = make(list(sample))
        mean = sum(sample) / count
        deviation = (sum((x - mean) ** 2 for x in sample) / count) ** 0.5
        width = 2 * 1.96 * deviation / count ** 0.5
        expect(low < mean < high, f"The mean of the sample is {mean:.2f}, "
               f"and your interval goes from {low:.2f} to {high:.2f}.")
        expect(0.7 * width < high - low < 1.4 * width,
               f"For {count} differences with a spread of {deviation:.1f} it "
               f"should be about {width:.2f} wide and is {high - low:.2f}. "
               "Draw as many as there are, with repetition, take the mean; "
               "do it often; leave out 2.5 % on each side.")
    return "It is narrow where there is much data and little noise."


@check
def beats_constant(rule):
    """A method of one's own, from a poor start and from a good one."""
    from agentic_lib.lab.methods import METHODS, Method, decided
    from agentic_lib.lab.tasks import TASKS
    from agentic_lib.lab.trials import run_job

    def mean(method, rate):
        rows = run_job(TASKS["spirals"], method, [(rate, s) for s in (7, 8)])
        return sum(row.test for row in rows) / len(rows)

    mine = Method("mine", decided(rule))
    gained = mean(mine, 0.003) - mean(METHODS["constant"], 0.003)
    lost = mean(METHODS["constant"], 0.1) - mean(mine, 0.1)
    expect(gained > 3, f"On spirals from 0.003 it gains {gained:.1f} points "
           "on a constant rate, and more than 3 are asked. Does it raise the "
           "rate while the training loss falls?")
    expect(lost < 2, f"From the good start of 0.1 it loses {lost:.1f} points. "
           "Does it know when to leave the rate alone?")
    return f"{gained:+.1f} points from a poor start, {-lost:+.1f} from a good."


# -- 08, teach the brain -----------------------------------------------------

@check
def soft_label(label):
    """label(worth, now) -> four probabilities; see notebook 08."""
    import numpy as np

    for worth, now, what in (
            ([90.0, 90.0, 90.0], 80.0, "three actions that tie"),
            ([90.0, 91.0, 89.0], 80.0, "reduce a point better"),
            ([90.0, 90.1, 90.0], 90.0, "nothing to be gained"),
            ([10.0, 10.0, 12.0], 5.0, "increase two points better"),
            ([900.0, 900.5, 900.0], 0.0, "large values")):
        got = np.asarray(label(np.array(worth), now), dtype=float)
        told = f"With {what} (worth {worth}, now {now:g}) it gives {got}."
        expect(got.shape == (4,), told + " Four numbers are wanted.")
        expect(abs(got.sum() - 1) < 1e-6, told + " They must sum to 1. (nan "
               "means that exp was too large: take the maximum off first.)")
        powers = [*worth, now + 0.1]
        powers = np.exp((np.array(powers) - max(powers)) / 0.25)
        expect(np.allclose(got, powers / powers.sum(), atol=1e-4), told
               + f" By the formula: {(powers / powers.sum()).round(3)}.")
    return "Ties are told as ties, and stopping has its share."


@check
def split_by_run(split):
    """split(run_of_row) -> True where a row is kept back."""
    import numpy as np

    for rows, seed in ((400, 0), (2000, 1)):
        runs = np.random.default_rng(seed).permutation(
            np.repeat(np.arange(rows // 4), 4))
        kept = np.asarray(split(runs))
        expect(kept.shape == runs.shape and kept.dtype == bool, "It must "
               "return True or False for each row.")
        both = len(set(runs[kept]) & set(runs[~kept]))
        expect(both == 0, f"{both} of {rows // 4} runs have rows on both "
               "sides: choose runs, not rows.")
        expect(0.1 < kept.mean() < 0.3, f"{kept.mean():.0%} of the rows are "
               "kept back; about a fifth is wanted.")
    return "No run is on both sides."


# -- 09, your own training ---------------------------------------------------

@check
def mended_loop(train):
    """train(data, brain, epochs, lr) -> (network, controller, test_acc): the
    schedule scaled by what was decided, and no look at the test set."""
    import torch

    from agentic_lib.data import Data, load_data

    def shuffled(part):
        inputs, labels = part
        order = torch.randperm(
            len(labels), generator=torch.Generator().manual_seed(1))
        return inputs, labels[order]

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
               f"used at {m.learning_rate:.4g}.")
    other_test = Data("digits", 10, data.train, data.val, shuffled(data.test))
    expect(trained(other_test)[3] == shown, "The rates are right. But the "
           "labels of the test set were shuffled, and the brain is shown "
           "other numbers: something that decides looks at data.test.")
    other_val = Data("digits", 10, data.train, shuffled(data.val), data.test)
    expect(trained(other_val)[3] != shown, "The rates are right, and the "
           "test set is left alone. But the brain no longer notices when "
           "data.val changes: what is it shown as val_acc?")
    with torch.no_grad():
        right = network(data.test[0]).argmax(1) == data.test[1]
    score = 100 * right.float().mean().item()
    expect(abs(score - reported) < 0.01, f"It reports {reported:.2f} %, and "
           f"the network that it returns has {score:.2f} % on the test set. "
           "The best of many readings lies above what new pictures give.")
    return "Scaled in every epoch, and the test set is read once."


class Noting:
    """A brain for the check: always reduces, notes what it is shown."""

    actions = ACTIONS

    def __init__(self):
        self.shown = []

    def analyze_training(self, history, every=5, actions=None):
        self.shown.append([(m.val_acc, m.val_loss) for m in history])
        return Decision("reduce_learning_rate", "Made up.")
