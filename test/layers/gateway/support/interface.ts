// The interface that tests of gateways use, and its server.
import { MemoryRegion } from 'busbar';
import { defineInterface, t } from 'busbar/interface';
import type { Call, ServerOf } from 'busbar/rpc';

export const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    setTarget: {
      args: { celsius: t.f64 },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
    },
    add: { args: { a: t.f64, b: t.f64 }, returns: t.f64, idempotent: true },
    exact: {
      args: { big: t.u64, at: t.time, raw: t.bytes },
      returns: t.struct({ big: t.u64, at: t.time, raw: t.bytes }),
    },
    nothing: {},
    /** Returns when its signal aborts, which it tells. */
    hold: { args: { key: t.string }, returns: t.string },
    fail: {},
    history: {
      args: { count: t.u32 },
      stream: t.struct({ n: t.u32 }),
      returns: t.u32,
      idempotent: true,
    },
    /** Yields one item, and no more. */
    drip: { stream: t.u32, idempotent: true },
    /** Yields items of 64 KiB for ever. */
    flood: { stream: t.string, idempotent: true },
    /** Yields one item, and fails. */
    breaks: { stream: t.u32, errors: { Broken: { part: t.string } } },
    sum: { args: { start: t.f64 }, input: t.f64, returns: t.f64 },
    frame: { args: { bytes: t.u32 }, returns: t.struct({ frame: t.region }) },
  },
  properties: { target: { type: t.f64, access: 'read-write' }, serial: { type: t.string } },
  signals: { overheated: { celsius: t.f64 } },
});

/** Something else, which is served and not exposed. */
export const Secret = defineInterface('com.example.secret', '1.0', {
  methods: { tell: { returns: t.string } },
});

type Implementation = ServerOf<typeof Thermostat>;

/** The implementation; `tell` hears which calls began and ended. */
export function thermostat(tell: (news: string) => void = () => undefined): Implementation {
  const untilAborted = (call: Call, key: string) =>
    new Promise<never>((_, reject) => {
      call.signal.addEventListener('abort', () => {
        tell(`aborted ${key}`);
        reject(call.signal.reason);
      });
    });
  return {
    setTarget({ celsius }, call) {
      tell(`setTarget ${celsius}`);
      if (celsius > 30) throw call.error('OutOfRange', { min: 5, max: 30 }, 'too warm');
      return true;
    },
    add: ({ a, b }) => a + b,
    exact: (values) => values,
    nothing() {
      tell('nothing');
    },
    hold({ key }, call) {
      tell(`held ${key}`);
      return untilAborted(call, key);
    },
    fail() {
      throw new Error('the cable is loose');
    },
    async *history({ count }) {
      for (let n = 0; n < count; n++) yield { n };
      return count as never;
    },
    async *drip(_, call) {
      tell('dripping');
      yield 1;
      await untilAborted(call, 'drip');
    },
    *flood() {
      const text = 'x'.repeat(64 * 1024);
      for (let n = 0; ; n++) {
        tell(`flood ${n}`);
        yield text;
      }
    },
    async *breaks(_, call) {
      yield 1;
      throw call.error('Broken', { part: 'valve' });
    },
    async sum({ start }, call) {
      let all = start;
      for await (const each of call.input) all += each;
      return all;
    },
    frame({ bytes }) {
      const frame = MemoryRegion.create(bytes);
      const view = frame.bytes;
      for (let at = 0; at < bytes; at++) view[at] = at % 251;
      return { frame };
    },
  };
}

/** The first values of the properties. */
export const values = { properties: { target: 20, serial: 'x1' } };
