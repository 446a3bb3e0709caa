// A run of the game: what was measured and decided, and what its rate is.
// Knows nothing about who decides.

import type { Decision, Metrics } from "../brain/tables";
import { EVERY, actionOf } from "../brain/tables";
import type { Series } from "../show/chart";

export const EPOCHS = 65;
const BOUNDS = [1e-7, 10] as const;

export class Run implements Series {
  readonly metrics: Metrics[] = [];
  readonly decisions: Decision[] = [];
  test?: number;
  private stopped = false;

  constructor(readonly name: string, public rate: number) {}

  get epoch(): number {
    return this.metrics.length;
  }

  get done(): boolean {
    return this.stopped || this.epoch >= EPOCHS;
  }

  /** A decision is due after every fifth epoch, never after the last. */
  get due(): boolean {
    return !this.done && this.epoch > 0 && this.epoch % EVERY === 0 &&
      this.decisions.at(-1)?.epoch !== this.epoch;
  }

  get left(): number {
    return this.stopped ? 0
      : Math.floor((EPOCHS - 1) / EVERY) - this.decisions.length;
  }

  apply(decision: Decision): void {
    const action = actionOf(decision.action)!;
    const [low, high] = BOUNDS;
    const next = Math.min(high, Math.max(low, this.rate * action.factor));
    this.decisions.push({
      ...decision, epoch: this.epoch, old_lr: this.rate, new_lr: next,
    });
    this.rate = next;
    this.stopped = action.stop;
  }
}
