// What a brain was taught, as its brain.json says: a prompt with a line, or a
// number, that is far from it is left to the rules; larger counts than it was
// taught are told as the largest.

import { general } from "./format";
import type { Action, Message } from "./tables";

export interface Taught {
  actions?: string[];
  mode?: string;
  temperature?: number;
  lines?: Record<string, [low: number, high: number][]>;
  most?: Record<string, number>;
}

const COUNTS: Record<string, RegExp> = {
  decisions: /\d+(?= decisions\b)/g,
  epoch: /(?<=\bepoch )\d+$/gm,
};
const NUMBER = /(?<![A-Za-z_])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

/** The messages as the model gets them: no count beyond the most it knows. */
export function told(
  taught: Taught, prompt: readonly Message[],
): Message[] {
  const last = prompt[prompt.length - 1]!;
  const content = Object.entries(taught.most ?? {}).reduce(
    (text, [unit, most]) => text.replace(
      COUNTS[unit]!, (count) => String(Math.min(Number(count), most))),
    last.content);
  return [...prompt.slice(0, -1), { ...last, content }];
}

/** Why this prompt lies outside what was taught, or null. */
export function outside(
  taught: Taught, actions: readonly Action[], prompt: readonly Message[],
): string | null {
  const names = actions.map((action) => action.name);
  const unknown = names.filter((n) => !(taught.actions ?? names).includes(n));
  if (unknown.length) return `it was not taught ${unknown.sort().join(", ")}`;
  if (!taught.lines) return null;
  for (const line of prompt.flatMap((m) => m.content.split("\n"))) {
    const numbers = (line.match(NUMBER) ?? []).map(Number);
    const shape = line.replace(NUMBER, "#");
    const ranges = taught.lines[shape];
    if (!ranges) return `it was taught no prompt with the line '${shape}'`;
    for (const [i, x] of numbers.entries()) {
      const [low, high] = ranges[i]!;
      if (!(low <= x && x <= high)) {
        return `${general(x, 6)} in '${shape}' lies outside the ` +
          `${general(low, 6)} to ${general(high, 6)} that it was taught with`;
      }
    }
  }
  return null;
}
