// Questions to a worker and their answers: functions there, promises here.

type Handlers = Record<string, (...values: any[]) => unknown>;

/** In a worker: answers calls with these functions. */
export function serve(handlers: Handlers): void {
  addEventListener("message", async ({ data: [id, name, values] }) => {
    try {
      postMessage([id, await handlers[name]!(...values)]);
    } catch (error) {
      postMessage([id, null, error instanceof Error ? error.message
        : String(error)]);
    }
  });
}

/** On the page: calls functions of a worker. */
export class Remote {
  private worker: Worker;
  private waiting = new Map<number, PromiseWithResolvers<any>>();
  private last = 0;

  constructor(address: string) {
    this.worker = new Worker(address, { type: "module" });
    this.worker.onmessage = ({ data: [id, value, problem] }) => {
      const { resolve, reject } = this.waiting.get(id)!;
      this.waiting.delete(id);
      if (problem === undefined) resolve(value);
      else reject(new Error(problem));
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(event.message || "its program did not start");
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
  }

  call<T>(name: string, ...values: unknown[]): Promise<T> {
    const answer = withResolvers<T>();
    this.waiting.set(++this.last, answer);
    this.worker.postMessage([this.last, name, values]);
    return answer.promise;
  }
}

/** Promise.withResolvers, which browsers of 2023 lack. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((yes, no) => [resolve, reject] = [yes, no]);
  return { promise, resolve, reject };
}
