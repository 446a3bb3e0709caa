// What sliders say -> a history, as agentic_lib's experiments.situation makes
// one: the two decisions before lie as far apart as the gain says.

import { EVERY } from "./tables";
import type { Metrics } from "./tables";

export interface Knobs {
  train_acc: number;
  val_acc: number;
  epoch: number;
  learning_rate: number;
  trend: number;              // points gained since the last decision
  train_loss?: number;        // unknown where left out
  val_loss?: number;
  loss_change?: number;       // of both losses since then, in percent
}

export function situation(knobs: Knobs, budget = 60): Metrics[] {
  const history: Metrics[] = [];
  for (const back of [2 * EVERY, EVERY, 0]) {
    if (knobs.epoch - back < 1) continue;
    const missing = (knobs.trend * back) / EVERY;
    const share = 1 + (knobs.loss_change ?? 0) / 100;
    const loss = (now?: number) =>
      now === undefined ? null : now / share ** (back / EVERY);
    history.push({
      epoch: knobs.epoch - back,
      train_acc: clip(knobs.train_acc - missing),
      val_acc: clip(knobs.val_acc - missing),
      train_loss: loss(knobs.train_loss), val_loss: loss(knobs.val_loss),
      learning_rate: knobs.learning_rate,
      total_epochs: Math.max(budget, knobs.epoch),
    });
  }
  const earliest = history[0]!;
  if (history.length > 1) {  // the prompt shows multiples of the first
    earliest.learning_rate = FIRST.learning_rate;
    for (const name of ["train_loss", "val_loss"] as const) {
      if (earliest[name] !== null) earliest[name] = FIRST.loss;
    }
  }
  return history;
}

// The loss of guessing among ten classes.
const FIRST = { learning_rate: 0.01, loss: Math.log(10) };

const clip = (accuracy: number): number =>
  Math.min(100, Math.max(0, accuracy));
