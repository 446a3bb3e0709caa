// The same comparison in a browser: `await compare(folder)` on a page that
// loads this file. `folder` is the address of site/generated.

import { fetchBytes, fetchJson } from "../src/brain/files";
import { LanguageModel } from "../src/brain/model";
import * as answers from "./answers";

async function compare(folder: string, runtime: string) {
  const fixtures: answers.Fixtures = await fetchJson(
    `${folder}/fixtures.json.gz`);
  const brains: Record<string, answers.Compared> = {};
  for (const name of Object.keys(fixtures.brains)) {
    const model = await LanguageModel.load(await fetchBytes(runtime),
      await fetchBytes(`${folder}/${name}.onnx.gz`),
      await fetchJson(`${folder}/${name}.json.gz`));
    brains[name] = await answers.compareBrain(name, model, fixtures);
  }
  return {
    states: fixtures.states.length, replies: fixtures.replies.length, brains,
    wrong: [...answers.wrongNumbers(fixtures),
      ...answers.wrongPrompts(fixtures), ...answers.wrongRules(fixtures),
      ...answers.wrongReadings(fixtures)],
  };
}

Object.assign(globalThis, { compare });
