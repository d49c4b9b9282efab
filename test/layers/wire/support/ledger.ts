// An interface whose server tells whether something was done twice.
import { defineInterface, t } from 'busbar/interface';
import type { ServerOf } from 'busbar/rpc';

export const Ledger = defineInterface('com.example.ledger', '1.0', {
  methods: {
    /** Returns how many times this key was entered. */
    enter: { args: { key: t.u32 }, returns: t.u32 },
    /** Which of the servers answers. */
    name: { returns: t.string, idempotent: true },
    /** Returns when its signal aborts. */
    hold: {},
    /** Yields one item, and no more. */
    drip: { stream: t.u32 },
    count: { args: { to: t.u32 }, stream: t.u32 },
    sum: { input: t.u32, returns: t.f64 },
    /** Emits so many ticks. */
    ticks: { args: { count: t.u32 } },
  },
  properties: { level: { type: t.u32, access: 'read-write' } },
  signals: { tick: { n: t.u32 } },
});

/** The implementation; `tell` hears of held calls, `tick` emits the signal. */
export function ledger(
  name: string,
  tell: (news: string) => void,
  tick: (n: number) => void,
): ServerOf<typeof Ledger> {
  const entries = new Map<number, number>();
  return {
    enter({ key }) {
      const times = (entries.get(key) ?? 0) + 1;
      entries.set(key, times);
      return times;
    },
    name: () => name,
    hold(_, call) {
      tell('held');
      return new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => {
          tell('aborted');
          reject(call.signal.reason);
        });
      });
    },
    async *drip(_, call) {
      yield 0;
      await new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(call.signal.reason));
      });
    },
    *count({ to }) {
      for (let n = 0; n < to; n++) yield n;
    },
    async sum(_, call) {
      let sum = 0;
      for await (const n of call.input) sum += n;
      return sum;
    },
    ticks({ count }) {
      for (let n = 0; n < count; n++) tick(n);
    },
  };
}
