// A network that really trains, by hand: two hidden layers with ReLU, softmax
// at the end, gradients by the chain rule, SGD with momentum. What torch does
// for the notebooks, in a few dozen lines. Knows nothing about who steers it.

const SIZES = [64, 64, 64, 10];
const MOMENTUM = 0.9;
const BATCH = 64;

export interface Pictures {
  pixels: Float32Array; // (n, 64), from 0 to 1
  labels: number[];
}

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 0 .. n-1 in a random order. */
export function shuffled(n: number, random: () => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

class Layer {
  readonly speedW: Float32Array;
  readonly speedB: Float32Array;
  readonly gradW: Float32Array;
  readonly gradB: Float32Array;

  /** weights (outputs, inputs) and biases (outputs) */
  constructor(
    readonly inputs: number, readonly outputs: number,
    readonly weights: Float32Array, readonly biases: Float32Array,
  ) {
    [this.speedW, this.gradW] = [like(weights), like(weights)];
    [this.speedB, this.gradB] = [like(biases), like(biases)];
  }

  /** (n, inputs) -> (n, outputs) */
  forward(x: Float32Array, n: number): Float32Array {
    const { inputs, outputs, weights } = this;
    const y = new Float32Array(n * outputs);
    for (let i = 0; i < n; i++) {
      const from = i * inputs;
      for (let o = 0; o < outputs; o++) {
        const at = o * inputs;
        let sum = this.biases[o]!;
        for (let k = 0; k < inputs; k++) {
          sum += weights[at + k]! * x[from + k]!;
        }
        y[i * outputs + o] = sum;
      }
    }
    return y;
  }

  /** Gradients of the outputs -> of weights (kept here) and inputs. */
  backward(x: Float32Array, dy: Float32Array, n: number): Float32Array {
    const { inputs, outputs, weights, gradW, gradB } = this;
    const dx = new Float32Array(n * inputs);
    gradW.fill(0);
    gradB.fill(0);
    for (let i = 0; i < n; i++) {
      const from = i * inputs;
      for (let o = 0; o < outputs; o++) {
        const d = dy[i * outputs + o]!;
        if (d === 0) continue; // a ReLU that was off
        const at = o * inputs;
        gradB[o]! += d;
        for (let k = 0; k < inputs; k++) {
          gradW[at + k]! += d * x[from + k]!;
          dx[from + k]! += d * weights[at + k]!;
        }
      }
    }
    return dx;
  }

  /** One step of SGD with momentum, as torch defines it. */
  step(rate: number): void {
    descend(this.weights, this.speedW, this.gradW, rate);
    descend(this.biases, this.speedB, this.gradB, rate);
  }
}

const like = (a: Float32Array): Float32Array => new Float32Array(a.length);

function descend(
  w: Float32Array, speed: Float32Array, grad: Float32Array, rate: number,
): void {
  for (let i = 0; i < w.length; i++) {
    speed[i] = MOMENTUM * speed[i]! + grad[i]!;
    w[i]! -= rate * speed[i]!;
  }
}

export class Network {
  private constructor(private layers: Layer[]) {}

  /** First weights as torch draws them: uniform up to 1 / sqrt(inputs). */
  static random(random: () => number): Network {
    return Network.from(SIZES.slice(1).flatMap((outputs, i) => {
      const bound = 1 / Math.sqrt(SIZES[i]!);
      const draw = (n: number) => Float32Array.from(
        { length: n }, () => bound * (2 * random() - 1));
      return [draw(outputs * SIZES[i]!), draw(outputs)];
    }));
  }

  /** From weights and biases of each layer in turn. */
  static from(tensors: ArrayLike<number>[]): Network {
    return new Network(SIZES.slice(1).map((outputs, i) => new Layer(
      SIZES[i]!, outputs, Float32Array.from(tensors[2 * i]!),
      Float32Array.from(tensors[2 * i + 1]!))));
  }

  /** Inputs of every layer, and the logits at the end. */
  private forward(x: Float32Array, n: number): Float32Array[] {
    const seen: Float32Array[] = [x];
    for (const [i, layer] of this.layers.entries()) {
      const y = layer.forward(seen[i]!, n);
      const last = i === this.layers.length - 1;
      seen.push(last ? y : y.map((v) => Math.max(v, 0))); // keeps nan
    }
    return seen;
  }

  /** One batch: forward, backward, a step. Returns how many were right, and
   *  the sum of the losses. */
  train(
    x: Float32Array, labels: number[], rate: number,
  ): [right: number, loss: number] {
    const n = labels.length;
    const seen = this.forward(x, n);
    const [right, loss, slope] = crossEntropy(seen.at(-1)!, labels);
    let dy: Float32Array = slope.map((d) => d / n);
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const dx = this.layers[i]!.backward(seen[i]!, dy, n);
      dy = i ? dx.map((d, j) => (seen[i]![j]! > 0 ? d : 0)) : dx;
    }
    for (const layer of this.layers) layer.step(rate);
    return [right, loss];
  }

  /** Accuracy in percent and mean loss. */
  measure({ pixels, labels }: Pictures): [accuracy: number, loss: number] {
    const logits = this.forward(pixels, labels.length).at(-1)!;
    const [right, loss] = crossEntropy(logits, labels);
    return [(100 * right) / labels.length, loss / labels.length];
  }

  /** The class that each picture is taken for. */
  predict(pixels: Float32Array): number[] {
    const n = pixels.length / SIZES[0]!;
    const logits = this.forward(pixels, n).at(-1)!;
    return Array.from({ length: n }, (_, i) => top(row(logits, i)));
  }
}

const row = (logits: Float32Array, i: number): Float32Array =>
  logits.subarray(10 * i, 10 * (i + 1));

const top = (x: Float32Array): number =>
  x.reduce((best, v, i) => (v > x[best]! ? i : best), 0);

/** How many are right, the sum of losses, and the logits' gradients. */
function crossEntropy(
  logits: Float32Array, labels: number[],
): [right: number, loss: number, slope: Float32Array] {
  let right = 0, loss = 0;
  const slope = like(logits);
  for (const [i, label] of labels.entries()) {
    const x = row(logits, i);
    const highest = x.reduce((a, b) => Math.max(a, b));
    const total = x.reduce((sum, v) => sum + Math.exp(v - highest), 0);
    loss += Math.log(total) + highest - x[label]!;
    if (top(x) === label) right++;
    for (let c = 0; c < x.length; c++) {
      slope[10 * i + c] = Math.exp(x[c]! - highest) / total -
        Number(c === label);
    }
  }
  return [right, loss, slope];
}

/** One epoch in a given order: training accuracy and loss, averaged while it
 *  ran. */
export function trainEpoch(
  network: Network, { pixels, labels }: Pictures, order: number[],
  rate: number,
): [accuracy: number, loss: number] {
  let right = 0, loss = 0;
  for (let at = 0; at < order.length; at += BATCH) {
    const batch = order.slice(at, at + BATCH);
    const x = new Float32Array(batch.length * 64);
    for (const [i, which] of batch.entries()) {
      x.set(pixels.subarray(64 * which, 64 * (which + 1)), 64 * i);
    }
    const [r, l] = network.train(x, batch.map((i) => labels[i]!), rate);
    right += r;
    loss += l;
  }
  return [(100 * right) / order.length, loss / order.length];
}
