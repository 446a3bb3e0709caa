// The worker that the brains live in, so that the page never waits for them.

import { serve } from "../calls";
import { Brain } from "./brain";
import { fetchBytes, fetchJson } from "./files";
import { LanguageModel } from "./model";
import type { Decision, Metrics, Probabilities } from "./tables";
import { ACTIONS } from "./tables";

export interface BrainFiles {
  network: string;
  file: string;
}

/** A decision, and the probabilities in both orders of the options. */
export interface Answer {
  decision: Decision;
  given: Probabilities | null;
  reversed: Probabilities | null;
  milliseconds: number;
}

const brains = new Map<string, Brain>();
let runtime: Promise<Uint8Array> | undefined;

serve({
  /** Loads a brain. Returns its number of weights. */
  async load(name: string, files: BrainFiles, runtimeFile: string) {
    runtime ??= fetchBytes(runtimeFile);
    const [bytes, network, file] = await Promise.all([
      runtime, fetchBytes(files.network), fetchJson(files.file)]);
    const model = await LanguageModel.load(bytes, network, file);
    brains.set(name, new Brain(name, model));
    return file.weights;
  },

  async decide(name: string, history: Metrics[], explain = true) {
    return brains.get(name)!.decide(history, explain);
  },

  /** All that the prompt's part shows. */
  async answer(name: string, history: Metrics[]): Promise<Answer> {
    const brain = brains.get(name)!;
    const started = performance.now();
    const decision = await brain.decide(history);
    const milliseconds = performance.now() - started;
    if (decision.source !== "model") {
      return { decision, given: null, reversed: null, milliseconds };
    }
    return {
      decision, milliseconds,
      given: await brain.probabilities(history),
      reversed: await brain.probabilities(history, 5, ACTIONS.toReversed()),
    };
  },

  async decideMany(name: string, histories: Metrics[][]) {
    const found: Decision[] = [];
    for (const history of histories) {
      found.push(await brains.get(name)!.decide(history, false));
    }
    return found;
  },
});
