"""Labels -> a small Qwen3 that reads the prompt, answers and gives reasons.

What each action was worth is smoothed by a forest (single labels are noisy),
turned into probabilities, and taught as the first token of a reply to
prompts in many wordings; behind it stands a reason. The result is a folder
like any other model's, with brain.json beside it.
"""

import itertools
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from agentic_lib.brain.prompt import USER, Prompt
from agentic_lib.lab.teach.features import NAMES as NUMBERS
from agentic_lib.lab.teach.features import numbers
from agentic_lib.lab.teach.labels import (
    RUNS,
    load_groups,
    make_labels,
    teacher,
    unpack,
    with_stop,
)
from agentic_lib.lab.teach.texts import WORDINGS, State, anchor, ask, reason
from agentic_lib.lab.teach.tokens import make_tokenizer
from agentic_lib.lab.teach.visits import NAMES, scores, visits
from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.taught import learn_lines, write_taught

LABELS = Path(__file__).parents[1] / "data" / "labels.npz.xz"
TIE = 0.25       # points: actions this close are nearly equally right
KEEP = 0.1       # points that a change of rate must be better
REASON = 0.8     # weight of the reason's loss
PROMPT = 0.2     # weight of the loss of the metrics in the prompt
FACTS = 2.0      # weight of the reader's loss
ANCHORS = 0.02   # share of prompts that are the original's examples
POOL = 512       # prompts sorted by length together, so that few are padded
BATCH = 16
FALL = 0.65      # share of the time after which the rate falls
# Half precision pays where the processor has instructions for it.
QUICK = torch.cpu._is_avx512_bf16_supported()
# A prompt that shows these says what `numbers` says.
WHOLE = {"learning_rate", "train_acc", "val_acc", "train_loss", "val_loss",
         "train_loss_rises", "since_best", "since_best_loss", "progress"}
HELD_BACK = 12   # every twelfth group is not taught, for calibration
VISITS = 40      # groups of runs that the brain itself steers
OWN = 0.35       # share of prompts from those, once there are any
MATTERS = 5.0    # points by which a decision counts at most, and
ALWAYS = 0.5     # those by which each counts at least


@dataclass
class Example:
    """One prompt with its reply, as token ids.

    ids     prompt, name, ':', reason, end of turn
    start   position of the name
    target  {token id: probability} for the name
    facts   (len(numbers.NAMES),) what the prompt says, standardised; None
            where it does not say everything
    read    [(position behind a number, the number)]
    """

    ids: list
    start: int
    target: dict
    facts: torch.Tensor | None
    read: list


def make_network(tokenizer, width=128, layers=3, seed=0):
    """A fresh small Qwen3."""
    torch.manual_seed(seed)
    return Qwen3ForCausalLM(Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=width,
        intermediate_size=3 * width, num_hidden_layers=layers,
        num_attention_heads=width // 32, num_key_value_heads=width // 64,
        head_dim=32, tie_word_embeddings=True, max_position_embeddings=2048,
        rope_theta=10_000.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=None))


def probabilities(values):
    """(N, 4) worth of continue, reduce, increase, stop -> probabilities."""
    scores = (values + np.array([KEEP, 0, 0, 0])) / TIE
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


class Lessons:
    """What is taught: decisions of runs, with probabilities.

    groups  as `labels.load_groups` gives them
    policy  says what actions are worth: rows of numbers -> (N, 4)
    kinds   of prompts, from texts.SHARES; None for all of them, in shares

    A decision on which much depends is drawn more often than one on which
    nothing does.
    """

    def __init__(self, groups, policy, tokenizer, seed=0, kinds=None):
        self.policy, self.tokenizer, self.kinds = policy, tokenizer, kinds
        self.rng = np.random.default_rng(seed)
        self.first = [self.tokens(name + ":")[0] for name in NAMES]
        self.pieces = [tokenizer.decode([i]) for i in range(len(tokenizer))]
        self.groups, self.places = [], []
        self.targets, self.rows = np.empty((0, 4)), None
        self.chances, self.waiting = np.empty(0), []
        self.add(groups)

    def add(self, groups, share=1.0):
        """Adds the decisions of more runs, as this share of the lessons."""
        targets, rows, weights = [], [], []
        for g in groups:
            self.groups.append(g)
            every, horizon = int(g["every"]), int(g["horizon"])
            for epoch in range(every, horizon, every):
                seen = numbers(g["seen"][:, :epoch], horizon, every,
                               g["factors"])
                values = self.policy(seen)
                rows.append(seen)
                targets.append(probabilities(values))
                weights.append(ALWAYS + np.ptp(values, 1).clip(0, MATTERS))
                self.places += [(len(self.groups) - 1, i, epoch)
                                for i in range(len(seen))]
        rows = np.concatenate(rows)
        weights = np.concatenate(weights).astype(np.float64)
        if self.rows is None:
            self.mean, self.std = rows.mean(0), rows.std(0) + 1e-3
            self.rows = np.empty((0, rows.shape[1]))
        self.rows = np.concatenate([self.rows, rows])
        self.targets = np.concatenate([self.targets, *targets])
        self.chances = np.concatenate([(1 - share) * self.chances,
                                       share * weights / weights.sum()])

    def facts(self, at):
        """What `numbers` says of a decision, standardised."""
        return torch.tensor((self.rows[at] - self.mean) / self.std
                            ).float().clamp(-3, 3)

    def state(self, k, i, epoch) -> State:
        """Run i of group k after that epoch."""
        g = self.groups[k]
        return State(g["seen"][i, :epoch], int(g["horizon"]),
                     int(g["every"]), tuple(g["factors"][i]))

    def draw(self):
        """(Question, (4,) probabilities, facts) of a prompt at random."""
        if self.rng.random() < ANCHORS:
            question, action = anchor(self.rng)
            return question, np.where(
                np.arange(4) == action, 0.85, 0.05), None
        at = self.next_place()
        kind = self.kinds and str(self.rng.choice(self.kinds))
        question = ask(self.state(*self.places[at]), self.rng, kind)
        says_all = WHOLE <= set(question.known)
        return question, self.targets[at], self.facts(at) if says_all else None

    def next_place(self):
        """The index of a decision, drawn by its chance; many at a time."""
        if not self.waiting:
            self.waiting = list(self.rng.choice(
                len(self.places), POOL, p=self.chances))
        return self.waiting.pop()

    def example(self) -> Example:
        """A prompt with a reply: mostly the best one, at times another, so
        that the brain can argue for each."""
        question, target, facts = self.draw()
        offered = [NAMES.index(name) for name in question.names]
        target = {i: target[i] for i in offered}
        total = sum(target.values())
        name = max(target, key=target.get)
        if self.rng.random() < 0.4:
            name = self.rng.choice(offered)
        text = reason(NAMES[name], question.known)
        prompt = self.tokenizer.apply_chat_template(
            question.messages, add_generation_prompt=True,
            enable_thinking=self.rng.random() < 0.03)["input_ids"]
        reply = [*self.tokens(NAMES[name] + ":"), *self.tokens(f" {text}\n"),
                 self.tokenizer.eos_token_id]
        return Example([*prompt, *reply], len(prompt),
                       {self.first[i]: p / total for i, p in target.items()},
                       facts, self.numbers_in(prompt))

    def tokens(self, text):
        """Token ids of a piece of a reply."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def numbers_in(self, ids):
        """[(position of the token behind it, number)] in token ids."""
        found, digits = [], ""
        for at, token in enumerate(ids):
            piece = self.pieces[token]
            if len(piece) == 1 and piece in "0123456789.+-e":
                digits += piece
                continue
            with suppress(ValueError):
                found.append((at, float(digits)))
            digits = ""
        return found

    def batches(self):
        """Batches of examples of like length, without end."""
        while True:
            pool = sorted((self.example() for _ in range(POOL)),
                          key=lambda e: len(e.ids))
            batches = [pool[i:i + BATCH] for i in range(0, POOL, BATCH)]
            self.rng.shuffle(batches)
            yield from batches


class Reader(torch.nn.Module):
    """What helps a network learn to read numbers; dropped afterwards.

    Reading digits is the hard part of the task, and the choice among four
    names teaches it slowly. So behind each number a linear layer must find
    its size in what the network has computed there, and another one all of
    `numbers` where the reply begins.
    """

    def __init__(self, width):
        super().__init__()
        self.size = torch.nn.Linear(width, 2)
        self.facts = torch.nn.Linear(width, len(NUMBERS))

    def loss(self, hidden, batch):
        """Huber loss of both together, for hidden states (B, T, width)."""
        huber = torch.nn.functional.huber_loss
        where = torch.tensor([(i, at) for i, e in enumerate(batch)
                              for at, _ in e.read]).T
        x = torch.tensor([x for e in batch for _, x in e.read])
        sizes = torch.stack([x.abs().clamp(1e-6, 1e6).log10(),
                             x.clamp(-100, 100) / 30], 1)
        found = self.size(hidden[where[0], where[1]]).float()
        total = huber(found, sizes)
        told = [i for i, e in enumerate(batch) if e.facts is not None]
        if told:
            starts = torch.tensor([batch[i].start - 1 for i in told])
            total = total + huber(self.facts(hidden[told, starts]).float(),
                                  torch.stack([batch[i].facts for i in told]))
        return total


def loss_of(network, batch, reader=None):
    """Cross-entropy of the names, (B,), and of the reasons behind them, of
    the metrics in the prompt, and the reader's loss.

    To foretell the metrics a network must copy numbers (the best is one of
    those above it) and subtract (the gap): what reasons need, too.
    """
    width = max(len(e.ids) for e in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    for row, e in zip(ids, batch):
        row[:len(e.ids)] = torch.tensor(e.ids)
    ids = ids.to(network.device)
    hidden = network.model(input_ids=ids, use_cache=False).last_hidden_state
    starts = torch.tensor([e.start for e in batch])
    logp = network.lm_head(
        hidden[torch.arange(len(batch)), starts - 1]).log_softmax(-1)
    names = torch.stack([
        -sum(p * logp[i, token] for token, p in e.target.items())
        for i, e in enumerate(batch)])
    words = behind(network, hidden, ids, batch, lambda e: e.start,
                   lambda e: len(e.ids) - 1)
    metrics = behind(network, hidden, ids, batch,
                     lambda e: second_turn(e.ids), lambda e: e.start - 1)
    return names, words, metrics, reader.loss(hidden, batch) if reader else 0


def second_turn(ids):
    """Where the user's turn begins: it opens with the token that opens the
    system's. 0 where a model has no such token."""
    return ids.index(ids[0], 1) if ids[0] in ids[1:] else 0


def behind(network, hidden, ids, batch, first, last):
    """Cross-entropy of the tokens behind those from `first` up to `last`."""
    rows, at = torch.tensor([(i, at) for i, e in enumerate(batch)
                             for at in range(first(e), last(e))]).T
    return torch.nn.functional.cross_entropy(
        network.lm_head(hidden[rows, at]), ids[rows, at + 1])


def teach(network, batches, seconds, rate=2e-3, keep=None, say=print,
          halfway=None):
    """Trains for so many seconds: the rate holds, then falls to zero.

    keep     a file for all that is needed to go on after an interruption,
             written every minute until the rate falls
    halfway  called once when half of the time is over
    """
    network.reader = reader = Reader(network.config.hidden_size)
    optimizer = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad], rate,
        betas=(0.9, 0.98), weight_decay=0.05)
    begin = time.time() - resume(keep, network, optimizer)
    spoken = kept = time.time()
    recent = []
    for step in itertools.count():
        share = (time.time() - begin) / seconds
        if share >= 1:
            del network.reader
            return network.eval()
        if halfway and share >= 0.5:
            halfway()
            halfway = None
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / 50,
                                     (1 - share) / (1 - FALL), 1)
        batch = next(batches)
        with torch.autocast("cpu", torch.bfloat16, QUICK):
            names, words, metrics, facts = loss_of(network, batch, reader)
            loss = (names.mean() + REASON * words + PROMPT * metrics
                    + FACTS * facts)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        whole = [names[i].item() for i, e in enumerate(batch)
                 if e.facts is not None]
        recent.append([names.mean().item(), words.item(), facts.item(),
                       np.mean(whole or names.tolist()), metrics.item()])
        if time.time() - spoken > 20:
            means = np.mean(recent, 0)
            say(f"{share:4.0%}  step {step}  loss of names {means[0]:.3f} "
                f"(with all numbers shown {means[3]:.3f}), of reasons "
                f"{means[1]:.3f}, of metrics {means[4]:.3f}, of reading "
                f"{means[2]:.4f}")
            spoken, recent = time.time(), []
        if keep and share < FALL and time.time() - kept > 60:
            kept = time.time()
            torch.save({"network": network.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "seconds": kept - begin}, keep)


def resume(keep, network, optimizer):
    """Takes up what `teach` kept; the seconds that were spent on it."""
    if keep is None or not Path(keep).exists():
        return 0.0
    saved = torch.load(keep)
    network.load_state_dict(saved["network"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["seconds"]


# -- after teaching: what its probabilities mean, and what it knows ---------

def held_back(groups):
    """(groups to teach with, groups kept for calibration)."""
    kept = [k % HELD_BACK == HELD_BACK - 1 for k in range(len(groups))]
    return ([g for g, k in zip(groups, kept) if not k],
            [g for g, k in zip(groups, kept) if k])


def answers(model, groups):
    """What the model says to labelled states, and what was best.

    model  a LanguageModel
    Returns ((N, 4) log-probabilities, (N,) index of the best action).
    """
    told, best = [], []
    for g in groups:
        for p, epoch in enumerate(g["epochs"]):
            values = with_stop(g["worth"][:, p].mean(-1), g["now"][:, p])
            best.append(probabilities(values).argmax(1))
            told.append(scores(model, g["seen"][:, :epoch], g["factors"],
                               int(g["horizon"]), int(g["every"])))
    return np.concatenate(told), np.concatenate(best)


def find_temperature(table, best):
    """The divisor of log-probabilities that makes the truth likeliest."""
    def surprise(temperature):
        logp = torch.tensor(table / temperature).log_softmax(1)
        return -logp[torch.arange(len(best)), torch.tensor(best)].mean()

    return float(min(np.arange(0.3, 6, 0.05), key=surprise))


def calibration_error(table, best, temperature, bins=10):
    """Expected calibration error: how far, on the mean, the stated share of
    right answers lies from the true one."""
    chances = torch.tensor(table / temperature).softmax(1).numpy()
    sure, right = chances.max(1), chances.argmax(1) == best
    places = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs(sure[places == b].mean() - right[places == b].mean())
                     * (places == b).mean() for b in np.unique(places)))


def prompts_taught(lessons, count=12_000):
    """Messages of many prompts, and every way in which losses can break."""
    for _ in range(count):
        question, _, _ = lessons.draw()
        yield question.messages
    for length in (1, 2, 3):
        for losses in itertools.product((1.0, np.nan, np.inf), repeat=length):
            seen = np.full((1 + 5 * length, 5), 0.5)
            seen[::5, 2:4] = np.array([*losses, losses[-1]])[:, None]
            state = State(seen[1:], 60, 5, (0.7, 1.3))
            for line in (USER, *map("\n".join, zip(*[
                    (w * 5)[:5] for w in WORDINGS]))):
                yield Prompt(user=line).messages(state.history())


def widened(lines):
    """Ranges of numbers, a tenth wider on both sides, in short figures."""
    return {shape: [[float(f"{low - 0.1 * (high - low):.3g}"),
                     float(f"{high + 0.1 * (high - low):.3g}")]
                    for low, high in spans]
            for shape, spans in lines.items()}


def save(network, tokenizer, lessons, kept, folder):
    """Writes the folder that the package loads; returns what was measured.

    kept  groups for calibration: the first half finds the temperature, the
          second half measures the error that is left
    """
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    table, best = answers(LanguageModel(network, tokenizer), kept)
    half = len(best) // 2
    temperature = find_temperature(table[:half], best[:half])
    write_taught(
        folder, actions=NAMES, mode="score",
        temperature=round(temperature, 2),
        lines=widened(learn_lines(prompts_taught(lessons))))
    return {
        "temperature": temperature, "states": len(best) - half,
        "agreement": float((table.argmax(1) == best)[half:].mean()),
        "calibration error": calibration_error(
            table[half:], best[half:], temperature),
    }


# -- the command -------------------------------------------------------------

def make_brain(groups, seconds, width=128, layers=3, seed=0, kinds=None,
               own=0, keep=None, say=print):
    """Labels -> (network, tokenizer, Lessons), taught for so many seconds.

    own   groups of runs that it steers itself halfway, and learns from
    keep  a folder for all that is needed to go on after an interruption

    A notebook's small one: make_brain(unpack(LABELS), 45, width=64,
    layers=2, kinds=["three numbers"]).
    """
    tokenizer = make_tokenizer()
    lessons = Lessons(groups, teacher(groups, seed), tokenizer, seed, kinds)
    network = make_network(tokenizer, width, layers, seed)
    say(f"{len(lessons.places)} decisions to learn from; "
        f"{network.num_parameters() / 1e6:.2f} million parameters")

    def let_loose():
        say(f"The brain steers {own * RUNS} runs itself ...")
        model = LanguageModel(network.eval(), tokenizer)
        lessons.add(visits(model, own, seed, keep), OWN)
        network.train()

    teach(network, lessons.batches(), seconds, say=say,
          keep=keep and keep / "teaching.pt",
          halfway=let_loose if own else None)
    return network, tokenizer, lessons


def add_arguments(parser):
    """The options of `python -m agentic_lib teach`."""
    add = parser.add_argument
    add("--out", type=Path, default=Path("taught_brain"),
        help="folder for the brain")
    add("--work", type=Path, default=Path("teaching"),
        help="folder for labels and weights in the making; a command that "
             "was interrupted goes on from there")
    add("--from-labels", action="store_true",
        help="use the labels that are shipped instead of making new ones")
    add("--label-minutes", type=float, default=25, help="for making labels")
    add("--teach-minutes", type=float, default=25, help="for teaching")
    add("--jobs", type=int, default=2, help="processes that make labels")
    add("--width", type=int, default=128, help="of the network, in 64s")
    add("--layers", type=int, default=3)
    add("--seed", type=int, default=0)
    add("--model", help="a hub id or folder: teach a LoRA adapter for this "
                        "model instead (needs peft, and wants a GPU)")


def run(args):
    """Makes labels where needed, teaches, calibrates, saves."""
    groups = labels_for(args)
    taught, kept = held_back(groups)
    if args.model:
        from agentic_lib.lab.teach.adapter import teach_adapter

        return teach_adapter(args.model, taught, 60 * args.teach_minutes,
                             args.out, args.seed)
    torch.set_num_threads(args.jobs)
    args.work.mkdir(parents=True, exist_ok=True)
    network, tokenizer, lessons = make_brain(
        taught, 60 * args.teach_minutes, args.width, args.layers, args.seed,
        own=VISITS, keep=args.work)
    print("Calibrating ...")
    for name, value in save(network, tokenizer, lessons, kept,
                            args.out).items():
        print(f"  {name}: {value:.3g}")
    print(f"Written: {args.out}. Use it: SimpleAIBrain({str(args.out)!r})")


def labels_for(args):
    """The labels that are shipped, or new ones."""
    if args.from_labels:
        return unpack(LABELS)
    folder = args.work / "labels"
    make_labels(folder, 60 * args.label_minutes, seed=args.seed,
                jobs=args.jobs)
    return load_groups(folder)
