// One decision from a history: prompt, model, probabilities, rules. The same
// steps as agentic_lib's SimpleAIBrain in mode "score".

import { fixed } from "./format";
import type { LanguageModel } from "./model";
import { messages } from "./prompt";
import { rulesDecision } from "./rules";
import { ACTIONS, EVERY, tables } from "./tables";
import type {
  Action, Decision, Message, Metrics, Probabilities,
} from "./tables";
import { outside, told } from "./taught";

export class Brain {
  constructor(readonly name: string, readonly model: LanguageModel) {}

  /** The prompt as the model gets it. */
  messages(
    history: readonly Metrics[], actions: readonly Action[] = ACTIONS,
    every = EVERY,
  ): Message[] {
    return told(this.model.file.taught, messages(history, actions, every));
  }

  /** A decision; with `explain` the model writes the reason. */
  async decide(
    history: readonly Metrics[], explain = true, every = EVERY,
    actions: readonly Action[] = ACTIONS,
  ): Promise<Decision> {
    const prompt = this.messages(history, actions, every);
    const why = outside(this.model.file.taught, actions, prompt);
    if (why) {
      return {
        ...rulesDecision(history, actions, every),
        note: `${this.name} was not asked: ${why}`,
      };
    }
    const probabilities = await this.bothOrders(history, every, actions);
    const action = likeliest(probabilities);
    let reply: string | null = null;
    let reason = sayProbabilities(probabilities);
    if (explain) {
      reply = await this.model.write(prompt, `${action}:`);
      const written = reply.slice(action.length + 1).trim();
      reason = written.split("\n")[0] || reason;
    }
    return { action, reason, source: "model", probabilities, reply };
  }

  /** Probabilities; where the two best are close, the mean of both orders of
   *  the options. */
  async bothOrders(
    history: readonly Metrics[], every = EVERY,
    actions: readonly Action[] = ACTIONS,
  ): Promise<Probabilities> {
    const row = await this.probabilities(history, every, actions);
    const [best, second] = Object.values(row).sort((a, b) => b - a);
    if (best! - second! >= tables.close) return row;
    const other = await this.probabilities(
      history, every, actions.toReversed());
    return Object.fromEntries(Object.entries(row).map(
      ([name, p]) => [name, (p + other[name]!) / 2]));
  }

  /** Probabilities for one order of the options. They sum to 1. */
  async probabilities(
    history: readonly Metrics[], every = EVERY,
    actions: readonly Action[] = ACTIONS,
  ): Promise<Probabilities> {
    const scores = await this.model.score(
      this.messages(history, actions, every));
    const temperature = this.model.file.taught.temperature ?? 1;
    return softmax(Object.fromEntries(actions.map(
      ({ name }) => [name, scores[name]! / temperature])));
  }
}

function softmax(scores: Record<string, number>): Probabilities {
  const highest = Math.max(...Object.values(scores));
  const powers = Object.entries(scores).map(
    ([name, x]) => [name, Math.exp(x - highest)] as const);
  const total = powers.reduce((sum, [, power]) => sum + power, 0);
  return Object.fromEntries(powers.map(([name, p]) => [name, p / total]));
}

export const likeliest = (row: Probabilities): string =>
  Object.entries(row).reduce((a, b) => (b[1] > a[1] ? b : a))[0];

function sayProbabilities(row: Probabilities): string {
  const ranked = Object.entries(row).sort((a, b) => b[1] - a[1]);
  return "No reason was written; the model's probabilities: " +
    ranked.map(([name, p]) => `${name} ${fixed(100 * p, 0)}%`).join(", ") +
    ".";
}
