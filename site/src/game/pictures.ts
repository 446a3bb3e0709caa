// The digits as export.py packs them -> numbers for the network.

import type { Pictures } from "./network";

export interface Digits {
  train: Pictures;
  val: Pictures;
  test: Pictures;
}

type Packed = Record<keyof Digits, { pixels: number[]; labels: number[] }>;

export function pictures(packed: Packed): Digits {
  const read = (part: keyof Digits): Pictures => ({
    pixels: Float32Array.from(packed[part].pixels, (x) => x / 16),
    labels: packed[part].labels,
  });
  return { train: read("train"), val: read("val"), test: read("test") };
}
