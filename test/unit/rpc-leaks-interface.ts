// The interface and the implementation whose calls rpc-leaks.test.ts ends in every way.
import { MemoryRegion } from 'busbar';
import { defineInterface, t } from 'busbar/interface';
import type { ServerOf } from 'busbar/rpc';

export const Ends = defineInterface('com.example.ends', '1.0', {
  methods: {
    double: { args: { n: t.u32 }, returns: t.u32, idempotent: true },
    nothing: {},
    fail: { args: { how: t.string }, returns: t.u32, errors: { Declared: { at: t.u32 } } },
    hold: { returns: t.u32 },
    region: { returns: t.region },
    late: { returns: t.region },
    weigh: { args: { region: t.region, fail: t.bool }, returns: t.u32 },
    numbers: { args: { count: t.u32 }, stream: t.u32 },
    wait: { stream: t.u32 },
    regions: { args: { count: t.u32 }, stream: { region: t.region } },
    sum: { args: { count: t.u32 }, input: t.u32, returns: t.u32 },
    store: { args: { count: t.u32 }, input: { region: t.region }, returns: t.u32 },
    echo: { input: t.u32, stream: t.u32 },
    nested: { args: { n: t.u32 }, returns: t.u32 },
  },
  properties: { level: { type: t.u32, access: 'read-write' } },
  signals: { tick: { n: t.u32 } },
});

/** One of them that no server implements. */
export const More = defineInterface('com.example.ends', '1.1', { methods: { more: {} } });

/** Second references to every region made, so that their counts can be seen. */
export class Regions {
  readonly #all: MemoryRegion[] = [];

  make(): MemoryRegion {
    const region = MemoryRegion.create(4096);
    this.#all.push(region.duplicate());
    return region;
  }

  /** Whether nobody else has one. */
  get areFree(): boolean {
    return this.#all.every((region) => region.refCount === 1);
  }

  release(): void {
    for (const region of this.#all.splice(0)) region.release();
  }
}

export function implementation(regions: Regions): ServerOf<typeof Ends> {
  return {
    double: ({ n }) => 2 * n,
    nothing() {},
    fail({ how }, call) {
      if (how === 'declared') throw call.error('Declared', { at: 1 });
      if (how === 'result') return 'text' as never;
      throw new Error('undeclared');
    },
    hold: (_, call) => ended(call.signal),
    region: () => regions.make(),
    // Returns when nobody wants it any more.
    late: (_, call) =>
      new Promise((resolve) => {
        call.signal.addEventListener('abort', () => resolve(regions.make()));
      }),
    weigh({ region, fail }) {
      if (fail) throw new Error('undeclared');
      return region.copy(0, 1)[0] ?? 0;
    },
    *numbers({ count }) {
      for (let n = 0; n < count; n++) yield n;
    },
    async *wait(_, call) {
      yield 1;
      yield await ended(call.signal);
    },
    *regions({ count }) {
      for (let n = 0; n < count; n++) {
        const region = regions.make();
        yield { region };
        region.release();
      }
    },
    async sum({ count }, call) {
      let sum = 0;
      let seen = 0;
      for await (const n of call.input) {
        sum += n;
        if (++seen === count) break;
      }
      return sum;
    },
    async store({ count }, call) {
      let seen = 0;
      if (count === 0) return 0;
      for await (const { region } of call.input) {
        region.release();
        if (++seen === count) break;
      }
      return seen;
    },
    async *echo(_, call) {
      for await (const n of call.input) yield n;
    },
    nested: ({ n }, call) => call.client(Ends).double({ n }),
  };
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
