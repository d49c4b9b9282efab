// The implementation that the conformance list calls. It tells its test what happens in it.
import { readdirSync } from 'node:fs';
import { KernelObject, MemoryRegion } from 'busbar';
import type { ServerOf } from 'busbar/rpc';
import { Backend, type Conformance } from './interface.js';

/** What the implementation needs of its program. */
export interface Place {
  readonly name: string;
  readonly tell: (news: string) => void;
  /** Set once the service runs. */
  service: { emit: { tick(data: { n: number }): void }; level: number } | undefined;
}

/** What the test says to methods that hold. */
export class Held {
  readonly #waiting = new Map<string, (value: string) => void>();

  release(key: string, value: string): void {
    this.#waiting.get(key)?.(value);
    this.#waiting.delete(key);
  }

  hold(key: string, signal: AbortSignal, tell: (news: string) => void): Promise<string> {
    tell(`held ${key}`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, resolve);
      signal.addEventListener('abort', () => {
        tell(`aborted ${key}`);
        reject(signal.reason);
      });
    });
  }
}

export function implementation(place: Place, held: Held): ServerOf<typeof Conformance> {
  const { name, tell } = place;
  return {
    add: ({ a, b }) => a + b,
    echo: async ({ value }) => value,
    optional: ({ n }) => n,
    nothing() {
      tell('nothing');
    },
    name: () => name,
    fail({ how }, call) {
      if (how === 'declared') throw call.error('TooBig', { limit: 9 }, 'it is too big');
      if (how === 'forged') throw Object.assign(new Error('forged'), { code: 'PEER_GONE' });
      if (how === 'data') throw call.error('TooBig', { limit: 'much' } as never);
      if (how === 'async') return Promise.reject(new TypeError('later'));
      if (how === 'nothing') return Promise.reject(undefined);
      throw new RangeError('undeclared');
    },
    wrongResult: () => 'text' as never,
    hold: ({ key }, call) => held.hold(key, call.signal, tell),
    holdAgain: ({ key }, call) => held.hold(key, call.signal, tell),
    stubborn() {
      tell('stubborn');
      return new Promise(() => undefined);
    },
    timeLeft: (_, call) => Math.min(call.deadline - performance.now(), 1e9),
    attempt: (_, call) => call.attempt,
    caller: (_, call) => ({ id: call.from.id, pid: call.from.pid }),
    async nested({ how }, call) {
      const backend = call.client(Backend);
      return how === 'wait' ? backend.wait() : String(await backend.timeLeft());
    },
    big: ({ size }) => new Uint8Array(size).fill(7),
    *numbers({ count }) {
      try {
        for (let n = 0; n < count; n++) yield n;
      } finally {
        tell('numbers ended');
      }
    },
    async *numbersThenFail({ count }, call) {
      for (let n = 0; n < count; n++) yield n;
      throw call.error('Ended', { at: count });
    },
    *chunks({ count, size }) {
      for (let n = 0; n < count; n++) {
        tell(`chunk ${n}`);
        yield new Uint8Array(size).fill(n);
      }
    },
    async *numbersThenWait({ count }, call) {
      try {
        for (let n = 0; n < count; n++) yield n;
        tell('waiting');
        await new Promise((_, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason));
        });
      } finally {
        tell('stream closed');
      }
    },
    *wrongItems() {
      yield 1;
      yield 'two' as never;
    },
    async *counted({ count }) {
      for (let n = 0; n < count; n++) yield n;
      return `${count} in all`;
    },
    async sum(_, call) {
      let sum = 0;
      for await (const n of call.input) sum += n;
      return sum;
    },
    async sumSome({ count }, call) {
      let sum = 0;
      let seen = 0;
      for await (const n of call.input) {
        sum += n;
        if (++seen === count) break;
      }
      return sum;
    },
    async *double(_, call) {
      for await (const n of call.input) yield 2 * n;
    },
    emitTick({ n }) {
      place.service?.emit.tick({ n });
    },
    putLevel({ value }) {
      if (place.service !== undefined) place.service.level = value;
    },
    region({ size }) {
      const region = MemoryRegion.create(size);
      region.write(new Uint8Array(size).fill(3));
      return region;
    },
    weigh({ region, keep }, call) {
      const sum = region.copy().reduce((all, byte) => all + byte, 0);
      if (keep) {
        call.keep();
        setImmediate(() => {
          tell(`kept ${region.size}`);
          region.release();
        });
      }
      return sum;
    },
    *regions({ count }) {
      for (let n = 0; n < count; n++) {
        const region = MemoryRegion.create(4096);
        yield { region };
        region.release();
      }
    },
    object: () => KernelObject.fromFd(0),
    holdings: () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0),
  };
}
