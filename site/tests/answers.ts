// What is compared with Python: the same in Node and in a browser.

import { Brain } from "../src/brain/brain";
import { exponential, fixed, general } from "../src/brain/format";
import type { LanguageModel } from "../src/brain/model";
import { parseDecision } from "../src/brain/parser";
import { messages } from "../src/brain/prompt";
import { rulesDecision } from "../src/brain/rules";
import { ACTIONS } from "../src/brain/tables";
import type { Decision, Metrics, Probabilities } from "../src/brain/tables";

const TIE = 2e-3; // closer than this the likeliest action is anybody's

/** fixtures.json.gz, as fixtures.py writes it. */
export interface Fixtures {
  states: Metrics[][];
  prompts: unknown[];
  rules: Decision[];
  brains: Record<string, {
    tokens: number[][];
    given: Probabilities[];
    reversed: Probabilities[];
    decisions: Decision[];
  }>;
  written: number; // of so many reasons one is written
  formats: [number, ...string[]][];
  replies: [string, [string, string] | null][];
  training: any;
}

const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Each returns what differs: an empty list is what one wants to see. */
export const wrongNumbers = ({ formats }: Fixtures) =>
  formats.filter(([x, ...wanted]) => !same([fixed(x, 1), fixed(x, 1, true),
    general(x, 3), fixed(x, 0, true), exponential(x, true)], wanted));

export const wrongPrompts = ({ states, prompts }: Fixtures) =>
  states.filter((state, i) => !same(messages(state), prompts[i]));

export const wrongRules = ({ states, rules }: Fixtures) =>
  states.filter((state, i) => {
    const { action, reason } = rulesDecision(state);
    return !same([action, reason], [rules[i]!.action, rules[i]!.reason]);
  });

export const wrongReadings = ({ replies }: Fixtures) =>
  replies.map(([reply, wanted]) => [reply, wanted, parseDecision(reply)])
    .filter(([, wanted, mine]: any) =>
      !same(mine && [mine.action, mine.reason], wanted));

export interface Compared {
  wrong: [state: number, what: string][];
  worst: number;   // greatest difference of a probability
  decided: number; // states at which the model decided, not the rules
  ties: number;    // states with another action, both being as likely
}

/** A brain's tokens, probabilities, decisions and reasons. */
export async function compareBrain(
  name: string, model: LanguageModel,
  { states, brains, written: every }: Fixtures,
): Promise<Compared> {
  const brain = new Brain(name, model), wanted = brains[name]!;
  const found: Compared = { wrong: [], worst: 0, decided: 0, ties: 0 };
  const differ = (mine: Probabilities, theirs: Probabilities) => {
    for (const { name } of ACTIONS) {
      const off = Math.abs(mine[name]! - theirs[name]!);
      found.worst = Math.max(found.worst, Number.isNaN(off) ? 1 : off);
    }
  };
  for (const [i, state] of states.entries()) {
    const theirs = wanted.decisions[i]!;
    const written = i % every === 0;
    const mine = await brain.decide(state, written);
    const check = (ok: boolean, what: string) =>
      ok || found.wrong.push([i, what]);
    check(mine.source === theirs.source, "source");
    if (theirs.source === "fallback") {
      const note = (d: Decision) => d.note?.split(" was not asked: ")[1];
      check(note(mine) === note(theirs), "note");
      check(same([mine.action, mine.reason],
        [theirs.action, theirs.reason]), "rules");
    }
    const prompt = brain.messages(state);
    const [before, between, after] = model.file.chat;
    check(same([...model.encode(before + prompt[0]!.content),
      ...model.encode(between + prompt[1]!.content + after)],
    wanted.tokens[i]), "tokens");
    if (written || theirs.source === "fallback") {
      differ(await brain.probabilities(state), wanted.given[i]!);
      differ(await brain.probabilities(state, 5, ACTIONS.toReversed()),
        wanted.reversed[i]!);
    }
    if (theirs.source === "fallback") continue;
    found.decided++;
    differ(mine.probabilities!, theirs.probabilities!);
    if (mine.action !== theirs.action) {
      const [a, b] = Object.values(theirs.probabilities!)
        .sort((x, y) => y - x);
      check(a! - b! < TIE, "action");
      found.ties++;
    } else if (written) {
      check(mine.reply === theirs.reply && mine.reason === theirs.reason,
        "reason");
    }
  }
  return found;
}
