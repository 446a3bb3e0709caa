// What stands in where the brain may not be asked: agentic_lib's rules, with
// Python's thresholds.

import { fixed } from "./format";
import { gapOf, lastDecision } from "./prompt";
import { ACTIONS, EVERY, tables } from "./tables";
import type { Action, Decision, Metrics } from "./tables";

const { BIG_GAP, GREAT, CRAWL, RESTLESS } = tables.rules;

export function rulesDecision(
  history: readonly Metrics[],
  actions: readonly Action[] = ACTIONS,
  every = EVERY,
): Decision {
  const now = history.at(-1)!;
  const before = lastDecision(history, every);
  const [rises, steps] = countRises(history, every);
  const gap = gapOf(now);
  if (diverged(now)) {
    return choose(lower, actions, "The loss is no longer finite.");
  }
  if (steps && rises >= RESTLESS * steps) {
    return choose(lower, actions, `The training loss rose in ${rises} of ` +
      `${steps} epochs: the rate is too high.`);
  }
  if (gap !== null && gap > BIG_GAP) {
    return choose(lower, actions, `The gap of ${fixed(gap, 1)} points ` +
      "between training and validation accuracy is big.");
  }
  if ((now.val_acc ?? 0) > GREAT && before &&
      Math.abs(gained(before, now, "val_acc", every)) < 0.3) {
    return choose(stops, actions,
      `Validation accuracy is great: ${fixed(now.val_acc!, 1)} %.`);
  }
  if (rises === 0 && (gap ?? 0) < BIG_GAP / 2 &&
      crawls(history, before, every)) {
    return choose(higher, actions, "Learning is slow but steady.");
  }
  return choose(plain, actions, "Learning goes well.");
}

const diverged = (m: Metrics): boolean =>
  [m.train_loss, m.val_loss].some((x) => x !== null && !Number.isFinite(x));

/** Points gained since the last decision; where only the newest is known,
 *  its average rise since the start; infinity without an accuracy. */
function gained(
  before: Metrics | undefined, now: Metrics,
  name: "train_acc" | "val_acc", every: number,
): number {
  const old = before?.[name] ?? null;
  if (now[name] === null) return Infinity;
  return old === null ? (now[name] * every) / now.epoch : now[name] - old;
}

/** Rises slowly, by what is missing to 100 %, and has not levelled off. */
function crawls(
  history: readonly Metrics[], before: Metrics | undefined, every: number,
): boolean {
  const now = history.at(-1)!, first = history[0]!;
  if (now.train_acc === null) return false;
  const gain = gained(before, now, "train_acc", every);
  let pace = gain;
  if (first.epoch < now.epoch && first.train_acc !== null) {
    pace = ((now.train_acc - first.train_acc) * every) /
      (now.epoch - first.epoch);
  }
  return pace / 2 <= gain && gain < CRAWL * (100 - now.train_acc);
}

function countRises(
  history: readonly Metrics[], every: number,
): [rises: number, steps: number] {
  const first = lastDecision(history, every) ?? history[0]!;
  const losses = history
    .filter((m) => m.epoch >= first.epoch && m.train_loss !== null)
    .map((m) => m.train_loss!);
  const rises = losses.slice(1).filter((loss, i) => loss > losses[i]!);
  return [rises.length, Math.max(0, losses.length - 1)];
}

type Kind = (action: Action) => boolean;
const lower: Kind = (action) => action.factor < 1;
const higher: Kind = (action) => action.factor > 1;
const stops: Kind = (action) => action.stop;
const plain: Kind = (action) => action.factor === 1 && !action.stop;

function choose(
  kind: Kind, actions: readonly Action[], reason: string,
): Decision {
  const action = actions.find(kind) ?? actions.find(plain) ??
    actions.find((a) => !a.stop) ?? actions[0]!;
  return { action: action.name, reason, source: "fallback" };
}
