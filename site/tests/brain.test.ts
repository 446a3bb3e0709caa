// The page answers as Python does: fixtures.py's states, in Node.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Brain } from "../src/brain/brain";
import { exponential, fixed, general } from "../src/brain/format";
import { LanguageModel } from "../src/brain/model";
import { messages } from "../src/brain/prompt";
import { rulesDecision } from "../src/brain/rules";
import type { Decision, Metrics, Probabilities } from "../src/brain/tables";
import { ACTIONS } from "../src/brain/tables";
import { Network, trainEpoch } from "../src/game/network";
import { unspell } from "../src/brain/files";
import { pictures } from "../src/game/pictures";

const unpacked = (name: string) => gunzipSync(readFileSync(
  `generated/${name}`));
const json = (name: string) => unspell(JSON.parse(String(unpacked(name))));

const fixtures = json("fixtures.json.gz");
const states: Metrics[][] = fixtures.states;

test("numbers are written as Python writes them", () => {
  for (const [x, ...wanted] of fixtures.formats) {
    assert.deepEqual([fixed(x, 1), fixed(x, 1, true), general(x, 3),
      fixed(x, 0, true), exponential(x, true)], wanted, String(x));
  }
});

test("500 prompts, letter by letter", () => {
  assert.equal(states.length, 500);
  for (const [i, state] of states.entries()) {
    assert.deepEqual(messages(state), fixtures.prompts[i]);
  }
});

test("the rules decide alike, and say the same", () => {
  for (const [i, state] of states.entries()) {
    const { action, reason } = rulesDecision(state);
    assert.deepEqual([action, reason],
      [fixtures.rules[i].action, fixtures.rules[i].reason]);
  }
});

for (const [name, wanted] of Object.entries<any>(fixtures.brains)) {
  test(`${name}: tokens, probabilities, decisions, reasons`, async (t) => {
    const model = await LanguageModel.load(
      readFileSync("node_modules/onnxruntime-web/dist/" +
        "ort-wasm-simd-threaded.wasm"),
      unpacked(`${name}.onnx.gz`), json(`${name}.json.gz`));
    const brain = new Brain(name, model);
    for (const [i, ids] of Object.entries(wanted.tokens)) {
      const prompt = messages(states[Number(i)]!);
      const [before, between, after] = model.file.chat;
      assert.deepEqual([...model.encode(before + prompt[0]!.content),
        ...model.encode(between + prompt[1]!.content + after)], ids);
    }
    let worst = 0;
    const compare = (mine: Probabilities, theirs: Probabilities) => {
      for (const action of ACTIONS) {
        const off = Math.abs(mine[action.name]! - theirs[action.name]!);
        worst = Math.max(worst, off);
      }
    };
    for (const i of Object.keys(wanted.given).map(Number)) {
      compare(await brain.probabilities(states[i]!), wanted.given[i]);
      compare(await brain.probabilities(states[i]!, 5, ACTIONS.toReversed()),
        wanted.reversed[i]);
    }
    let close = 0;
    for (const [i, state] of states.entries()) {
      const mine = await brain.decide(state, false);
      const theirs: Decision = wanted.decisions[i];
      assert.equal(mine.source, theirs.source);
      if (theirs.probabilities) compare(mine.probabilities!,
        theirs.probabilities);
      if (theirs.source === "fallback") {
        assert.equal(mine.note?.split(":").slice(1).join(":"),
          theirs.note?.split(":").slice(1).join(":"));
      }
      if (mine.action !== theirs.action) {
        const [a, b] = Object.values(theirs.probabilities!).sort()
          .toReversed();
        assert.ok(a! - b! < 2e-3, `state ${i}`);
        close++;
      }
    }
    for (const [state, [action, reason]] of wanted.written) {
      const mine = await brain.decide(state);
      assert.deepEqual([mine.action, mine.reason], [action, reason]);
    }
    t.diagnostic(`greatest difference of a probability ${worst}; ` +
      `${close} decisions of ${states.length} differ, all on ties`);
    assert.ok(worst < 1e-3);
    assert.ok(Object.keys(wanted.given).length > 200);
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
