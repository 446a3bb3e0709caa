// The page answers as Python does: fixtures.py's states, in Node.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { unspell } from "../src/brain/files";
import { LanguageModel } from "../src/brain/model";
import { Network, trainEpoch } from "../src/game/network";
import { pictures } from "../src/game/pictures";
import * as answers from "./answers";

const RUNTIME =
  "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm";
const unpacked = (name: string) => gunzipSync(readFileSync(
  `generated/${name}`));
const json = (name: string) => unspell(JSON.parse(String(unpacked(name))));
const fixtures: answers.Fixtures = json("fixtures.json.gz");

test("numbers are written as Python writes them", () => {
  assert.deepEqual(answers.wrongNumbers(fixtures), []);
});

test("500 prompts, letter by letter", () => {
  assert.equal(fixtures.states.length, 500);
  assert.deepEqual(answers.wrongPrompts(fixtures), []);
});

test("the rules decide alike, and say the same", () => {
  assert.deepEqual(answers.wrongRules(fixtures), []);
});

test("the parser reads replies as Python's does", (t) => {
  const { replies } = fixtures;
  t.diagnostic(`${replies.length} replies, ` +
    `${replies.filter(([, found]) => !found).length} without a decision`);
  assert.ok(replies.length >= 1000);
  assert.deepEqual(answers.wrongReadings(fixtures), []);
});

for (const name of Object.keys(fixtures.brains)) {
  test(`${name}: tokens, probabilities, decisions, reasons`, async (t) => {
    const model = await LanguageModel.load(readFileSync(RUNTIME),
      unpacked(`${name}.onnx.gz`), json(`${name}.json.gz`));
    const found = await answers.compareBrain(name, model, fixtures);
    t.diagnostic(`greatest difference of a probability ${found.worst}; ` +
      `it decided at ${found.decided} states, ${found.ties} ties`);
    assert.deepEqual(found.wrong, []);
    assert.ok(found.worst < 1e-3);
    assert.ok(found.decided > 200);
  });
}

test("the network learns as torch's does", () => {
  const { rate, start, orders, measured } = fixtures.training;
  const data = pictures(json("digits.json.gz"));
  const network = Network.from(start);
  for (const [i, order] of orders.entries()) {
    const [trainAcc, trainLoss] = trainEpoch(network, data.train, order,
      rate);
    const [valAcc, valLoss] = network.measure(data.val);
    const mine = [trainAcc, valAcc, trainLoss, valLoss];
    for (const [j, value] of mine.entries()) {
      // an accuracy may be off by one picture, a loss by rounding
      assert.ok(Math.abs(value - measured[i][j]) < (j < 2 ? 0.26 : 1e-4),
        `epoch ${i + 1}: ${mine} for ${measured[i]}`);
    }
  }
});
