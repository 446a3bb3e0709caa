// Metrics -> the two chat messages, as agentic_lib's prompt.py makes them.
// The templates and the actions' lines are Python's own, from tables.json.

import { count, exponential, fixed, general } from "./format";
import { ACTIONS, EVERY, tables } from "./tables";
import type { Action, Message, Metrics } from "./tables";

type Values = Record<string, string>;
type Measured = "train_acc" | "val_acc" | "train_loss" | "val_loss";

/** The chat messages for a history of Metrics, oldest first. */
export function messages(
  history: readonly Metrics[],
  actions: readonly Action[] = ACTIONS,
  every = EVERY,
): Message[] {
  const options = actions.map((action) => `- ${action.line}`).join("\n");
  const values = describe(history, every);
  const user = knownLines(tables.prompt.user, values)
    .map((line) => fill(line, values)).join("\n");
  const system = fill(tables.prompt.system,
    { actions: options, every: String(every) });
  return [{ role: "system", content: system },
    { role: "user", content: user }];
}

const fill = (template: string, values: Values): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");

/** The lines, and the parts in brackets, whose fields are all known. */
export function knownLines(template: string, known: Values): string[] {
  const isKnown = (text: string) =>
    [...text.matchAll(/\{(\w+)\}/g)].every((field) => field[1]! in known);
  return template.split("\n")
    .map((line) => line.replace(/\[([^[\]]*\{\w+\}[^[\]]*)\]/g,
      (_, part: string) => (isKnown(part) ? part : "")))
    .filter(isKnown);
}

/** The values of the template's fields that are known, as text. */
export function describe(history: readonly Metrics[], every = EVERY): Values {
  const now = history.at(-1)!;
  const values = describeProgress(now, every);
  const show = {
    learning_rate: number, train_acc: percent, val_acc: percent,
    train_loss: number, val_loss: number,
  };
  for (const [name, write] of Object.entries(show)) {
    const value = now[name as keyof Metrics];
    if (value !== null) values[name] = write(value);
  }
  const gap = gapOf(now);
  if (gap !== null) values.gap = percent(gap);
  const before = lastDecision(history, every);
  Object.assign(values, describeMultiples(history, before));
  if (before) {
    const earlier = history.filter((m) => m.epoch <= before.epoch);
    const changes = describeChanges(lastDecision(earlier, every), before);
    Object.assign(values, describeChanges(before, now), Object.fromEntries(
      Object.entries(changes).map(([name, text]) => [`${name}_before`, text])));
  }
  if (values.val_acc_change !== undefined) {
    values.trend = trend(Number(values.val_acc_change));
  }
  return Object.assign(values, describeRises(history, before),
    describeBest(history, "val_acc", every),
    describeBest(history, "val_loss", every));
}

/** The Metrics at the last decision, or the newest before that. */
export const lastDecision = (history: readonly Metrics[], every: number) =>
  history.findLast((m) => m.epoch <= history.at(-1)!.epoch - every);

/** How far the run is, in shares of the budget and in decisions. */
function describeProgress(now: Metrics, every: number): Values {
  const values: Values = {
    epoch: String(now.epoch), progress: `epoch ${now.epoch}`,
  };
  const total = now.total_epochs;
  if (total === null) return values;
  const decisions = count(Math.max(0, Math.floor((total - 1) / every)
    - Math.floor(now.epoch / every)), "decision");
  return {
    ...values, total_epochs: String(total),
    epochs_left: String(total - now.epoch), decisions_left: decisions,
    progress: `${fixed((100 * now.epoch) / total, 0)}% of the budget, `
      + `${decisions} left`,
  };
}

/** The rate and the losses, as multiples of the first ones. */
function describeMultiples(
  history: readonly Metrics[], before: Metrics | undefined,
): Values {
  const values: Values = {};
  for (const [name, field] of OF_FIRST) {
    const [start, value] = [first(history, name), history.at(-1)![name]];
    if (start !== null && value !== null) values[field] = number(value / start);
  }
  const start = first(history, "learning_rate");
  const last = before?.learning_rate;
  const rate = history.at(-1)!.learning_rate;
  if (start !== null && last && number(last) !== number(rate || last)) {
    values.last_rate_of_first = number(last / start);
  }
  return values;
}

const OF_FIRST = [["learning_rate", "rate_of_first"],
  ["train_loss", "train_loss_of_first"],
  ["val_loss", "val_loss_of_first"]] as const;

/** The first value that is a positive number, or null. */
function first(
  history: readonly Metrics[], name: Measured | "learning_rate",
): number | null {
  const found = history.find((m) => m[name] !== null && m[name]! > 0
    && Number.isFinite(m[name]));
  return found ? found[name] : null;
}

/** Training minus validation accuracy, in points. */
export const gapOf = (m: Metrics): number | null =>
  m.train_acc === null || m.val_acc === null ? null
    : m.train_acc - m.val_acc;

const percent = (value: number): string => fixed(value, 1);
const number = (value: number): string => general(value, 3);

function describeChanges(before: Metrics | undefined, now: Metrics): Values {
  const values: Values = {};
  if (!before) return values;
  for (const name of ["train_acc", "val_acc"] as const) {
    const [a, b] = [before[name], now[name]];
    if (a !== null && b !== null) {
      values[`${name}_change`] = fixed(b - a, 1, true);
    }
  }
  for (const name of ["train_loss", "val_loss"] as const) {
    const [a, b] = [before[name], now[name]];
    if (a && b !== null && Number.isFinite((b - a) / a)) {
      values[`${name}_change`] = share((b - a) / Math.abs(a));
    }
  }
  return values;
}

/** A change of -0.25 as -25%; a very large one in powers of ten. */
function share(change: number): string {
  const hundred = 100 * change;
  return `${Math.abs(change) < 100 ? fixed(hundred, 0, true)
    : exponential(hundred, true)}%`;
}

function trend(points: number): string {
  if (points > 3) return "rising fast";
  if (points > 0.5) return "rising slowly";
  return points >= -0.5 ? "flat" : "falling";
}

/** How often the training loss rose from one epoch to the next. */
function describeRises(
  history: readonly Metrics[], before: Metrics | undefined,
): Values {
  const losses = history.filter((m) => !before || m.epoch >= before.epoch)
    .map((m) => m.train_loss);
  const pairs = losses.slice(1).map((b, i) => [losses[i]!, b] as const)
    .filter(([a, b]) => a !== null && b !== null);
  if (pairs.length === 0) return {};
  const rises = pairs.filter(([a, b]) => !(b! <= a!)).length; // nan counts
  return { train_loss_rises: `${rises} of ${count(pairs.length, "time")}` };
}

/** The best value so far, and how many decisions ago that was. */
function describeBest(
  history: readonly Metrics[], name: "val_acc" | "val_loss", every: number,
): Values {
  const seen = history.filter((m) => Number.isFinite(m[name]));
  if (seen.length < 2) return {};
  const sign = name === "val_acc" ? 1 : -1;
  const best = seen.reduce((a, b) => (
    sign * b[name]! > sign * a[name]! ? b : a));
  const shown = (name === "val_acc" ? percent : number)(best[name]!);
  const values: Values = { [`best_${name}`]: shown };
  const since = name === "val_acc" ? "since_best" : "since_best_loss";
  const ago = Math.ceil((history.at(-1)!.epoch - best.epoch) / every);
  if (!ago) return { ...values, [since]: "now" };
  const start = first(history, "val_loss");
  if (name === "val_loss" && start === null) return values;
  const value = name === "val_acc" ? shown : number(best[name]! / start!);
  return { ...values, [since]: `${value}, ${count(ago, "decision")} ago` };
}
