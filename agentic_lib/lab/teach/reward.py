"""Policy gradient: a policy that is rewarded for where a run ends.

    python -m agentic_lib.lab.teach.reward --steps 400

A label says what one action led to if an older policy decided afterwards.
Here the policy makes all decisions of a run, and what counts is the end. Every
run is played in copies that differ only in the actions drawn. What a copy did
becomes likelier if it ended better than the mean of the copies, and less
likely if it ended worse (REINFORCE: Williams, 1992; the mean of a group as the
baseline: Kool et al., 2019, and GRPO: Shao et al., 2024). Knows nothing about
prompts.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import huber_loss

from agentic_lib.lab.features import numbers, without_accuracy
from agentic_lib.lab.teach.branching import COOL, play
from agentic_lib.lab.teach.forest import teacher, with_cool_down
from agentic_lib.lab.teach.labels import LABELS, TIE, held_back, table, unpack
from agentic_lib.lab.teach.networks import SLOW, draw_any
from agentic_lib.lab.teach.policies import small_network
from agentic_lib.lab.teach.rounds import one_thread
from agentic_lib.lab.teach.situations import draw_runs
from agentic_lib.mechanics.counting import PACES

# The policy that ships was made in three stretches: 240 steps (seed 0) in
# which a run might cost 30_000, then 30 (seed 1) and 75 (seed 2) at COST.
POLICY = LABELS.with_name("policy.npz")
MOVES = (0, 1, 2, 4)  # continue, reduce, increase, cool_down in TAUGHT
RUNS, COPIES = 8, 8   # different runs of a situation, and copies of each
PLAYS = 5             # situations in a step
COST = 60_000         # examples times epochs that a run may cost here
# Dropout and wrong labels look alike (both keep the training accuracy below
# that of validation) and call for opposite rates; what people train has
# dropout more often.
DROPOUTS = (0.1, 0.2, 0.3, 0.5)
RIGHT = 0.6           # share of data sets without a wrong label
QUICK = 0.5           # share of situations at the quick pace
BLIND = 0.25          # share in which only losses are shown, and count
CAP = 5.0             # points: what is gained or lost counts up to this
PULL = 0.01           # towards the policy that it began as
RATE = 8e-4           # of Adam; it falls over the last 40 % of the steps
WIDTH = 96


class Policy:
    """Numbers -> (N, 4) log-odds of continue, reduce, increase, cool_down.

    mean, std  (F,) of the numbers: what the network sees is standardised
    """

    def __init__(self, mean, std):
        self.mean, self.std = torch.as_tensor(mean), torch.as_tensor(std)
        self.net = small_network(WIDTH, len(MOVES))

    def log_odds(self, rows) -> torch.Tensor:
        """The same as a tensor with gradients."""
        x = (torch.as_tensor(rows) - self.mean) / self.std
        return self.net(x.clamp(-6, 6).float())

    @torch.no_grad()
    def __call__(self, rows) -> np.ndarray:
        return self.log_odds(rows).double().numpy()

    def save(self, path):
        """Writes an .npz file."""
        np.savez_compressed(path, mean=self.mean, std=self.std, **{
            name: value.numpy()
            for name, value in self.net.state_dict().items()})

    @classmethod
    def load(cls, path) -> "Policy":
        """Reads what `save` wrote."""
        arrays = {name: torch.tensor(value)
                  for name, value in np.load(path).items()}
        policy = cls(arrays.pop("mean"), arrays.pop("std"))
        policy.net.load_state_dict(arrays)
        return policy


def imitate(teach, rows, seed=0, steps=4000) -> Policy:
    """A Policy that decides as `teach`, (N, F) -> (N, 5) worths of TAUGHT,
    would have it: where to begin from."""
    torch.manual_seed(seed)
    policy = Policy(rows.mean(0), rows.std(0) + 1e-3)
    wanted = teach(rows)[:, MOVES] / TIE
    wanted = torch.tensor(wanted - wanted[:, :COOL].mean(1, keepdims=True)
                          ).float().clamp(-12, 12)
    optimizer = torch.optim.AdamW(policy.net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        some = torch.randint(len(rows), (256,))
        loss = huber_loss(policy.log_odds(rows[some]), wanted[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return policy


# -- playing -----------------------------------------------------------------

@dataclass
class Played:
    """The decisions of some runs: `rows` (M, F), `acts` (M,) that were drawn,
    `gains` (M,) in points, and whether cool_down was offered, `cools`."""

    rows: np.ndarray
    acts: np.ndarray
    gains: np.ndarray
    cools: bool


def draw_situation(rng):
    """(situation, cool_down is offered, only losses are shown)."""
    situation = draw_any(rng, RIGHT, DROPOUTS)
    while situation.train * situation.horizon > COST or (
            situation.network in SLOW):
        situation = draw_any(rng, RIGHT, DROPOUTS)
    quick = rng.random() < QUICK
    if quick:
        situation = replace(situation, every=2)
    blind = situation.network == "regression" or rng.random() < BLIND
    return situation, quick or rng.random() < 0.5, blind


def prepare(rng, count):
    """(situation, `count` fresh runs of it, their factors, cool_down is
    offered, only losses are shown)."""
    situation, cools, blind = draw_situation(rng)
    runs, factors = draw_runs(situation, count, rng)
    if cools and situation.every == 2:
        factors[:] = PACES["quick"][1:3]
    return situation, runs, factors, cools, blind


def play_copies(policy, seed) -> Played:
    """Plays copies of RUNS runs of a situation, each with actions drawn by
    the policy's odds."""
    rng = np.random.default_rng(seed)
    situation, runs, factors, cools, blind = prepare(rng, RUNS)
    which = torch.arange(RUNS).repeat_interleave(COPIES)
    batch = runs.take(which, seed=seed % 2 ** 31)
    batch.stream = which  # copies see the data in the same order

    def decide(rows):
        odds = policy(rows) + rng.gumbel(size=(len(rows), len(MOVES)))
        return odds[:, :None if cools else COOL].argmax(1)

    rows, acts, free = run(batch, situation, factors[which], decide, blind)
    gains = advantages(batch.worths()[int(blind)])
    return Played(rows[free], acts[free],
                  np.broadcast_to(gains, acts.shape)[free], cools)


def ends(policy, seed) -> float:
    """Where runs of a situation end, on average, if the likeliest action is
    always taken; in points."""
    situation, batch, factors, cools, blind = prepare(
        np.random.default_rng(seed), RUNS * COPIES)
    run(batch, situation, factors, lambda rows: policy(rows)[
        :, :None if cools else COOL].argmax(1), blind)
    return float(np.nan_to_num(batch.worths()[int(blind)]).mean())


def run(batch, situation, factors, decide, blind=False):
    """Trains `batch` to the end; `decide` maps rows of numbers to actions.

    Returns what it was asked and said, T times: rows (T, N, F), actions
    (T, N), and whether a run was still free to decide, (T, N).
    """
    asked, said = [], []

    def note(seen, factors, situation):
        rows = numbers(seen, situation.horizon, situation.every, factors)
        asked.append(without_accuracy(rows) if blind else rows)
        said.append(decide(asked[-1]))
        return said[-1]

    play(batch, np.empty((len(batch), 0, 5)), factors, situation, note)
    said = np.array(said)
    earlier = np.cumsum(said == COOL, 0) - (said == COOL)
    return np.array(asked), said, earlier == 0


def advantages(worths):
    """(RUNS x COPIES,) ends of runs -> by how many points each is better
    than the mean of its copies; large differences count less."""
    ends = np.nan_to_num(worths).reshape(-1, COPIES)
    return CAP * np.tanh((ends - ends.mean(1, keepdims=True)) / CAP).ravel()


# -- learning ----------------------------------------------------------------

def loss_of(policy, first, played):
    """What falls as actions that gained become likelier; `first` is the
    policy that it began as."""
    total = 0.0
    for p in played:
        offered = slice(None if p.cools else COOL)
        odds = policy.log_odds(p.rows)[:, offered].log_softmax(1)
        before = torch.tensor(first(p.rows)).float()[:, offered].log_softmax(1)
        taken = odds.gather(1, torch.tensor(p.acts)[:, None])[:, 0]
        apart = (odds.exp() * (odds - before)).sum(1)
        total = total + (PULL * apart - torch.tensor(p.gains) * taken).mean()
    return total / len(played)


def players(jobs):
    """What plays episodes: so many processes, or a thread of this one if
    `jobs` is 1."""
    if jobs == 1:
        return ThreadPoolExecutor(1, initializer=one_thread)
    return ProcessPoolExecutor(jobs, get_context("spawn"), one_thread)


def improve(policy, steps, seed=0, jobs=2, keep=None, say=print,
            episode=play_copies) -> Policy:
    """Takes `steps` steps of the policy gradient; resumes from `keep`, a file
    that is written after every tenth.

    While one step is taken, `episode` is already playing the runs of the
    next, under the policy before that step. So the same seed and steps give
    the same policy, whatever `jobs` is. Raises ValueError if `keep` belongs
    to another seed or number of steps.
    """
    optimizer = torch.optim.Adam(policy.net.parameters(), RATE,
                                 betas=(0.9, 0.99))
    first, behind = deepcopy(policy), deepcopy(policy)
    plan = {"steps": steps, "seed": seed}
    begin = resume(keep, plan, policy, first, behind, optimizer)

    def submit(step, policy):
        start = 10 ** 10 + seed * 10 ** 7 + step * PLAYS
        return [pool.submit(episode, policy, start + k)
                for k in range(PLAYS if step < steps else 0)]

    with players(jobs) as pool:
        now = submit(begin, behind)
        for step in range(begin, steps):
            behind = deepcopy(policy)
            later = submit(step + 1, behind)
            played = [job.result() for job in now]
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1, (steps - step) / (0.4 * steps))
            one_step(policy, first, optimizer, played)
            now = later
            if step % 10 == 9:
                store(keep, plan, policy, first, behind, optimizer, step + 1)
                say(f"step {step + 1} of {steps}: " + describe(played))
    return policy


def one_step(policy, first, optimizer, played):
    """One step of the optimizer on what was played."""
    optimizer.zero_grad()
    loss_of(policy, first, played).backward()
    torch.nn.utils.clip_grad_norm_(policy.net.parameters(), 1.0)
    optimizer.step()


def describe(played) -> str:
    """How much actions mattered, and how often each was taken."""
    acts = np.concatenate([p.acts for p in played])
    shares = np.bincount(acts, minlength=len(MOVES)) / len(acts)
    gains = np.concatenate([p.gains for p in played])
    return (f"copies end {np.abs(gains).mean():.2f} points apart from their "
            "mean; continue {:.0%}, reduce {:.0%}, increase {:.0%}, cool "
            "down {:.0%}".format(*shares))


def store(path, plan, policy, first, behind, optimizer, step):
    """Writes all that is needed to go on from here."""
    if path:
        torch.save({"policy": policy.net.state_dict(), "step": step,
                    "first": first.net.state_dict(),
                    "behind": behind.net.state_dict(),
                    "optimizer": optimizer.state_dict(), **plan}, path)


def resume(path, plan, policy, first, behind, optimizer) -> int:
    """Restores what `store` wrote; returns the steps taken so far."""
    if path is None or not Path(path).exists():
        return 0
    saved = torch.load(path)
    theirs = {name: saved.get(name) for name in plan}
    if theirs != plan:
        raise ValueError(f"{path} belongs to {theirs}, not to {plan}: move it "
                         "away, or write to another file.")
    for name, each in (("policy", policy), ("first", first),
                       ("behind", behind)):
        each.net.load_state_dict(saved[name])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["step"]


def lead(policy, other, situations=60, jobs=2) -> np.ndarray:
    """Points by which `policy` ends ahead of `other`, in each of these
    situations, which neither has played."""
    seeds = range(2 * 10 ** 10, 2 * 10 ** 10 + situations)
    with players(jobs) as pool:
        found = [np.array(list(pool.map(partial(ends, each), seeds)))
                 for each in (policy, other)]
    return found[0] - found[1]


def rewarded(policy, teach, blind=False):
    """Rows of numbers -> (N, 5) worths of TAUGHT: the policy's odds, and for
    stopping what `teach` says. That gives (N, 4) worths of continue, reduce,
    increase and stop; how far stop is ahead of the best of them is kept.

    blind  True: the rows hold no accuracies for the policy
    """
    def worths(rows):
        told = teach(rows)
        odds = TIE * policy(without_accuracy(rows) if blind else rows)
        ahead = told[:, 3] - told[:, :3].max(1)
        stop = odds[:, :3].max(1) + ahead
        return np.column_stack([odds[:, :3], stop, odds[:, COOL]])
    return worths


def from_labels() -> Policy:
    """The policy that the labels teach, to begin from."""
    groups, _ = held_back(unpack(LABELS))
    return imitate(with_cool_down(teacher(groups), groups), table(groups)[0])


def main(words=None):
    """Makes a policy, or judges the one that ships."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--steps", type=int, default=400)
    add("--seed", type=int, default=0)
    add("--jobs", type=int, default=2, help="processes")
    add("--out", type=Path, default=Path("policy.npz"),
        help="file for the policy; the same command goes on where it stopped")
    add("--begin", type=Path, metavar="FILE",
        help="a policy to go on from, instead of what the labels teach")
    add("--judge", action="store_true",
        help="only hold the policy that ships against what the labels teach")
    args = parser.parse_args(words)
    torch.set_num_threads(1)
    print("What the labels teach, to be held against ...", flush=True)
    first = from_labels()
    if args.judge:
        policy = Policy.load(POLICY)
    else:
        begin = Policy.load(args.begin) if args.begin else deepcopy(first)
        policy = improve(begin, args.steps, args.seed, args.jobs,
                         args.out.with_suffix(".pt"))
        policy.save(args.out)
    print("Fresh situations, under both policies: some ten minutes ...",
          flush=True)
    gains = lead(policy, first, jobs=args.jobs)
    error = gains.std(ddof=1) / len(gains) ** 0.5
    print(f"On situations that it never played it ends {gains.mean():.2f} "
          f"points ahead of what the labels teach (standard error {error:.2f}"
          f"; in half of them by {np.median(gains):.1f} or more).")


if __name__ == "__main__":
    main()
