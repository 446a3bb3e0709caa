// The language model itself: tokens in, logits out, by ONNX Runtime's plain
// WebAssembly build on one thread. What was computed for the beginning of a
// prompt is kept. Knows nothing about training runs.

import { Tokenizer } from "@huggingface/tokenizers";
import * as ort from "onnxruntime-web/wasm";
import type { Taught } from "./taught";
import type { Message } from "./tables";

/** NAME.json.gz as export.py writes it. */
export interface BrainFile {
  weights: number;
  kept: number[];
  end: number;
  chat: [before: string, between: string, after: string];
  tokens: Record<string, number>;
  taught: Taught;
  tokenizer: object;
  tokenizer_config: object;
}

interface State {
  kept: ort.Tensor;
  logits: Float32Array;
}

const LONGEST_REPLY = 64; // tokens, as in Python

export class LanguageModel {
  private tokenizer: Tokenizer;
  private beginnings = new Map<string, State>();

  private constructor(
    private session: ort.InferenceSession,
    readonly file: BrainFile,
  ) {
    this.tokenizer = new Tokenizer(file.tokenizer, file.tokenizer_config);
  }

  static async load(
    runtime: Uint8Array, network: Uint8Array, file: BrainFile,
  ): Promise<LanguageModel> {
    ort.env.wasm.numThreads = 1; // more would need special HTTP headers
    ort.env.wasm.wasmBinary = runtime;
    const session = await ort.InferenceSession.create(network);
    return new LanguageModel(session, file);
  }

  /** The ids of a text, no special tokens added. */
  encode(text: string): number[] {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** {action: log-probability that the reply begins with its name}. */
  async score(prompt: readonly Message[]): Promise<Record<string, number>> {
    const { logits } = await this.read(prompt);
    const highest = logits.reduce((a, b) => Math.max(a, b));
    const total = Math.log(
      logits.reduce((sum, x) => sum + Math.exp(x - highest), 0));
    return Object.fromEntries(Object.entries(this.file.tokens).map(
      ([name, token]) => [name, logits[token]! - highest - total]));
  }

  /** The reply that begins with `start`, up to the end of its first line. */
  async write(prompt: readonly Message[], start: string): Promise<string> {
    let state = await this.read(prompt, start);
    const ids: number[] = [];
    let reply = start;
    while (ids.length < LONGEST_REPLY) {
      const next = state.logits.indexOf(Math.max(...state.logits));
      if (next === this.file.end) break;
      ids.push(next);
      reply = start + this.tokenizer.decode(ids,
        { skip_special_tokens: true });
      if (reply.trimStart().includes("\n")) break;
      state = await this.step([next], state.kept);
    }
    return reply;
  }

  /** The state behind a whole prompt; the system message's part is kept. */
  private async read(
    prompt: readonly Message[], start = "",
  ): Promise<State> {
    const [before, between, after] = this.file.chat;
    const beginning = before + prompt[0]!.content;
    const rest = `${between}${prompt[1]!.content}${after}${start}`;
    // Tokens must not be cut where the two texts meet: the template puts a
    // special token there, at which the tokenizer cuts by itself.
    let known = this.beginnings.get(beginning);
    if (!known) {
      known = await this.step(this.encode(beginning), this.nothing());
      this.beginnings.set(beginning, known);
    }
    return this.step(this.encode(rest), known.kept);
  }

  private nothing(): ort.Tensor {
    return new ort.Tensor("float32", new Float32Array(0), this.file.kept);
  }

  /** One pass over new tokens behind what is kept. */
  private async step(ids: number[], kept: ort.Tensor): Promise<State> {
    const found = await this.session.run({
      ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt),
        [1, ids.length]),
      kept,
    });
    const logits = found.logits!.data as Float32Array;
    if (!logits.every(Number.isFinite)) {
      throw new Error("the model's logits are not finite");
    }
    return { kept: found.now_kept!, logits };
  }
}
