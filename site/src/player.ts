// The brains and the networks, each in a worker of its own; what the page
// asks of them.

import type { Answer, BrainFiles } from "./brain/thinker";
import type { Decision, Metrics } from "./brain/tables";
import { Remote } from "./calls";

declare const ASSETS: {
  runtime: string;
  digits: string;
  run: string;
  thinker: string;
  trainer: string;
  brains: Record<string, BrainFiles>;
};

const here = (name: string): string =>
  new URL(name, document.baseURI).href;

export const BRAINS = Object.keys(ASSETS.brains);
export const RECORDED = here(ASSETS.run);

/** The brains. `ready` is kept once a brain can be asked. */
export class Thinker {
  private remote = new Remote(here(ASSETS.thinker));
  private loads = new Map<string, Promise<number>>();
  private loaded = new Set<string>();

  /** Loads a brain at the first call; its number of weights. */
  ready(name: string): Promise<number> {
    const { network, file } = ASSETS.brains[name]!;
    let load = this.loads.get(name);
    if (!load) {
      load = this.remote.call<number>("load", name,
        { network: here(network), file: here(file) }, here(ASSETS.runtime));
      load.then(() => this.loaded.add(name), () => {});
      this.loads.set(name, load);
    }
    return load;
  }

  isReady(name: string): boolean {
    return this.loaded.has(name);
  }

  decide(name: string, history: Metrics[]): Promise<Decision> {
    return this.remote.call("decide", name, history);
  }

  answer(name: string, history: Metrics[]): Promise<Answer> {
    return this.remote.call("answer", name, history);
  }

  decideMany(name: string, histories: Metrics[][]): Promise<Decision[]> {
    return this.remote.call("decideMany", name, histories);
  }
}

/** The networks that learn. */
export class Trainer {
  private remote = new Remote(here(ASSETS.trainer));

  load(shown: number): Promise<{ pixels: Float32Array; labels: number[] }> {
    return this.remote.call("load", here(ASSETS.digits), shown);
  }

  start(name: string, seed: number, epochs: number): Promise<void> {
    return this.remote.call("start", name, seed, epochs);
  }

  epoch(name: string, rate: number): Promise<Metrics> {
    return this.remote.call("epoch", name, rate);
  }

  predict(name: string, shown: number): Promise<number[]> {
    return this.remote.call("predict", name, shown);
  }

  test(name: string): Promise<number> {
    return this.remote.call("test", name);
  }
}
