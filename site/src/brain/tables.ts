// The nouns of the page, and the tables that Python exports for it. Texts,
// names, thresholds and colours come from there; here stand only their types.

import exported from "../../generated/tables.json";

export interface Action {
  name: string;
  line: string;
  factor: number;
  stop: boolean;
  words: string[];
  marker: string;
  colour: string;
}

/** What was measured after one epoch. Unknown values are null. */
export interface Metrics {
  epoch: number;
  train_acc: number | null;
  val_acc: number | null;
  train_loss: number | null;
  val_loss: number | null;
  learning_rate: number | null;
  total_epochs: number | null;
}

export type Source = "model" | "fallback" | "guard" | "human";
export type Probabilities = Record<string, number>;

export interface Decision {
  action: string;
  reason: string;
  source: Source;
  probabilities?: Probabilities | null;
  reply?: string | null;
  note?: string | null;
  epoch?: number | null;
  old_lr?: number | null;
  new_lr?: number | null;
}

export interface Message {
  role: "system" | "user";
  content: string;
}

type Knob = [low: number, high: number, step: number | null, what: string];

type Pattern = [source: string, flags: string];

export interface ParserTables {
  limit: number;
  no_reason: string;
  regexps: Record<string, Pattern>;
  plain: [source: string, flags: string, replacement: string][];
  actions: Pattern[]; // in the order of the actions
}

interface Tables {
  version: string;
  brains: string[];
  prompt: { system: string; user: string };
  actions: Action[];
  rules: Record<
    "BIG_GAP" | "GREAT" | "CRAWL" | "RESTLESS", number>;
  close: number;
  parser: ParserTables;
  knobs: Record<string, Knob>;
  start: Record<string, number>;
  links: Record<string, string>;
}

export const tables = exported as unknown as Tables;
export const ACTIONS: readonly Action[] = tables.actions;
export const EVERY = 5;
/** The brain that plays: the first that the package brings along. */
export const BRAINS_PLAY = tables.brains[0]!;

/** The action of that name; a guard's own action looks like none of them. */
export function actionOf(name: string): Action | undefined {
  return ACTIONS.find((action) => action.name === name);
}

/** "reduce_learning_rate" for people. */
export const spoken = (name: string): string => name.replaceAll("_", " ");
