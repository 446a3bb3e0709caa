// The worker that networks are trained in.

import { fetchJson } from "../brain/files";
import type { Metrics } from "../brain/tables";
import { serve } from "../calls";
import { Network, randomFrom, shuffled, trainEpoch } from "./network";
import type { Digits } from "./pictures";
import { pictures } from "./pictures";

interface Trainee {
  network: Network;
  seed: number;
  epoch: number;
  epochs: number;
}

let digits: Digits;
const trainees = new Map<string, Trainee>();

serve({
  /** Loads the pictures; returns the first of those that are looked at. */
  async load(address: string, shown: number) {
    digits = pictures(await fetchJson(address));
    return {
      pixels: digits.val.pixels.slice(0, 64 * shown),
      labels: digits.val.labels.slice(0, shown),
    };
  },

  /** A fresh network. The same seed gives the same weights and, epoch by
   *  epoch, the same order of the pictures. */
  start(name: string, seed: number, epochs: number) {
    const network = Network.random(randomFrom(seed));
    trainees.set(name, { network, seed, epoch: 0, epochs });
  },

  /** Trains for one epoch. */
  epoch(name: string, rate: number): Metrics {
    const trainee = trainees.get(name)!;
    trainee.epoch++;
    const order = shuffled(digits.train.labels.length,
      randomFrom(trainee.seed * 100_003 + trainee.epoch));
    const [trainAcc, trainLoss] = trainEpoch(
      trainee.network, digits.train, order, rate);
    const [valAcc, valLoss] = trainee.network.measure(digits.val);
    return {
      epoch: trainee.epoch, train_acc: trainAcc, val_acc: valAcc,
      train_loss: trainLoss, val_loss: valLoss, learning_rate: rate,
      total_epochs: trainee.epochs,
    };
  },

  /** What the network takes the first pictures for. */
  predict(name: string, shown: number): number[] {
    return trainees.get(name)!.network.predict(
      digits.val.pixels.subarray(0, 64 * shown));
  },

  /** Accuracy on the test pictures, read once. */
  test(name: string): number {
    return trainees.get(name)!.network.measure(digits.test)[0];
  },
});
