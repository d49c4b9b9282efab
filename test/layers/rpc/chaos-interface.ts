// What the processes of chaos.test.ts offer each other. Each call has a number of its own, so that
// one that is executed twice is noticed.
import { defineInterface, t } from 'busbar/interface';

const args = { id: t.u53 };

export const Counting = defineInterface('com.example.counting', '1.0', {
  methods: {
    single: { args, returns: t.u53 },
    again: { args, returns: t.u53, idempotent: true },
    grab: { args, returns: { region: t.region, object: t.object } },
    weigh: { args: { id: t.u53, region: t.region }, returns: t.u32 },
    count: { args: { id: t.u53, to: t.u32 }, stream: t.u32 },
  },
  properties: { level: { type: t.u32, access: 'read-write' } },
  signals: { tick: { n: t.u32 } },
});

/** What a server tells about each call before it answers. */
export type Tell = (id: number) => Promise<void>;

/** What came of the calls of one caller. */
export interface Outcome {
  /** Calls that were answered. */
  done: number;
  /** Calls whose server was gone, and that may have been executed. */
  lost: number;
  /** The numbers of calls that no server took. */
  readonly refused: number[];
  /** What must not happen. */
  readonly wrong: string[];
}
