// Busbar itself, two endpoints on one bus. Variants: `handler` takes messages by on('message'),
// `iterator` by for await, `spin` is `handler` with 50 µs of adaptive spinning.

import { busbarMissing, loadBusbar } from '../harness/busbar.mjs';
import { startProcesses } from '../harness/follower.mjs';

const SPIN_MICROSECONDS = 50;
const QUEUE_FULL = 'ERR_BUSBAR_QUEUE_FULL';

/** @param {'handler' | 'iterator' | 'spin'} variant */
export function peer(variant) {
  return {
    missing: busbarMissing,

    async lead(job, started) {
      const opened = await open(job, 'lead', variant);
      await startProcesses(job, started);
      await opened.endpoint.waitFor('follower', { count: job.params.receivers ?? 1 });
      return link(opened, 'follower', job, variant);
    },

    async follow(job) {
      return link(await open(job, 'follower', variant), 'lead', job, variant);
    },
  };
}

async function open(job, label, variant) {
  const busbar = await loadBusbar();
  const box =
    job.params.payload === 'object' ? undefined : busbar.messageBox({ Raw: busbar.bytes });
  const spin = variant === 'spin' ? SPIN_MICROSECONDS : 0;
  const endpoint = await busbar.join(job.bus, { label, messages: box, spin });
  return { busbar, box, endpoint };
}

function link({ busbar, box, endpoint }, other, { params }, variant) {
  const to = params.receivers ? busbar.multicast(other) : busbar.unicast(other);
  // Plain objects need no message box: MessagePack is the default.
  const outgoing = box ? (payload) => box.Raw(payload) : (payload) => payload;

  return {
    send: (payload) => void endpoint.send(to, outgoing(payload)),

    async pump(count, make) {
      for (let i = 0; i < count; ) {
        try {
          for (; i < count; i++) endpoint.send(to, outgoing(make(i)));
        } catch (error) {
          if (error.code !== QUEUE_FULL) throw error;
          await endpoint.drained();
        }
      }
    },

    onMessage(handler) {
      if (variant === 'iterator') return void iterate(endpoint, handler);
      endpoint.on('message', (message) => handler(message.payload));
    },
  };
}

async function iterate(endpoint, handler) {
  for await (const message of endpoint) handler(message.payload);
}
