// busbar/rpc, over the bus or over a MessagePort. Variants: `bus` and `port` read streams item by
// item, `bus-batches` and `port-batches` in lists.

import { MessageChannel } from 'node:worker_threads';
import { busbarMissing, loadEntry } from '../../harness/busbar.mjs';
import { startProcesses, startThread } from '../../harness/follower.mjs';
import { adjust, block, items, reading } from '../../harness/service.mjs';

const FIELDS = ['u32', 'string', 'f64', 'u8'];
const NAMES = ['id', 'name', 'ts', 'flags'];

/**
 * @param {'bus' | 'port' | 'bus-batches' | 'port-batches'} variant
 * @param {string} [build] the folder of another build
 */
export function peer(variant, build) {
  const [kind, batches] = variant.split('-');
  const open = async () => ({
    ...(await loadEntry('./rpc', build)),
    Bench: await benchInterface(build),
  });
  return {
    missing: () => busbarMissing(build),

    async lead(job, started) {
      const { connect, Bench } = await open();
      if (kind === 'bus') {
        await startProcesses(job, started);
        return link(await connect(job.bus, Bench), batches !== undefined);
      }
      const { port1, port2 } = new MessageChannel();
      started(await startThread(job, port2));
      return link(await connect(port1, Bench), batches !== undefined);
    },

    async follow(job, port) {
      const { serve, Bench } = await open();
      await serve(port ?? job.bus, Bench, service);
    },
  };
}

async function benchInterface(build) {
  const { defineInterface, t } = await loadEntry('./interface', build);
  const fields = Object.fromEntries(NAMES.map((name, i) => [name, t[FIELDS[i]]]));
  return defineInterface('com.example.bench', '1.0', {
    methods: {
      nothing: {},
      adjust: { args: fields, returns: t.struct(fields) },
      adjustLater: { args: fields, returns: t.struct(fields) },
      load: { args: { bytes: t.u32 }, returns: t.bytes },
      items: { args: { count: t.u53, bytes: t.u32 }, stream: t.bytes },
    },
  });
}

const service = {
  nothing: () => undefined,
  adjust,
  adjustLater: async (args) => adjust(args),
  load: ({ bytes }) => block(bytes),
  items: ({ count, bytes }) => items(count, bytes),
};

function link(client, batches) {
  return {
    call: (i) => client.adjust(reading(i)),
    part: (name) => parts[name](client),
    large: (bytes) => ({ call: () => client.load({ bytes }) }),

    async stream(count, bytes, onItem) {
      const stream = client.items({ count, bytes });
      if (batches) {
        for await (const batch of stream.batches()) for (const item of batch) onItem(item);
      } else {
        for await (const item of stream) onItem(item);
      }
    },

    open: (count, bytes) => client.items({ count, bytes }),
    close: () => void client.close(),
  };
}

/** What the table of parts compares. */
const parts = {
  nothing: (client) => ({ empty: true, call: () => client.nothing() }),
  fields: (client) => ({ call: (i) => client.adjust(reading(i)) }),
  later: (client) => ({ call: (i) => client.adjustLater(reading(i)) }),
  timeout: (client) => {
    const options = { timeout: 10_000 };
    return { call: (i) => client.adjust(reading(i), options) };
  },
};
