// The interface that tests of wires use.
import { defineInterface, t } from 'busbar/interface';
import type { ServerOf } from 'busbar/rpc';

export const Counter = defineInterface('com.example.counter', '1.0', {
  methods: {
    add: { args: { a: t.f64, b: t.f64 }, returns: t.f64 },
    /** Returns when its signal aborts, which it tells. */
    hold: { args: { key: t.string }, returns: t.string },
    echo: { args: { value: t.any }, returns: t.any },
    bytes: { args: { size: t.u32 }, returns: t.bytes },
    size: { args: { value: t.bytes }, returns: t.u32 },
    count: { args: { to: t.u32 }, stream: t.u32 },
    /** Yields one item, and no more. */
    drip: { stream: t.u32 },
    back: { returns: t.string },
  },
  properties: { level: { type: t.u32, access: 'read-write' } },
  signals: { tick: { n: t.u32 } },
});

/** Something else, which is not served. */
export const Other = defineInterface('com.example.other', '1.0', {
  methods: { secret: { returns: t.string } },
});

/** What `back` asks its caller. */
export const Caller = defineInterface('com.example.caller', '1.0', {
  methods: { name: { returns: t.string } },
});

/** The implementation; `tell` hears which calls began and ended. */
export function counter(tell: (news: string) => void = () => undefined): ServerOf<typeof Counter> {
  return {
    add: ({ a, b }) => a + b,
    hold({ key }, call) {
      tell(`held ${key}`);
      return new Promise((_, reject) => {
        call.signal.addEventListener('abort', () => {
          tell(`aborted ${key}`);
          reject(call.signal.reason);
        });
      });
    },
    echo: ({ value }) => value,
    bytes: ({ size }) => new Uint8Array(size).fill(7),
    size: ({ value }) => value.length,
    *count({ to }) {
      for (let n = 0; n < to; n++) yield n;
    },
    async *drip(_, call) {
      yield 1;
      await new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(call.signal.reason));
      });
    },
    back: (_, call) => call.client(Caller).name({ timeout: 60_000 }),
  };
}

/** The first values of the properties. */
export const values = { properties: { level: 1 } };
