// Busbar itself: two endpoints on one bus. Variants: `handler` receives messages with
// on('message'), `iterator` with for await, `spin` is `handler` with 50 µs of adaptive spinning.

import { openSync } from 'node:fs';
import { busbarMissing, loadBusbar } from '../harness/busbar.mjs';
import { startProcesses } from '../harness/follower.mjs';

const SPIN_MICROSECONDS = 50;
const QUEUE_FULL = 'ERR_BUSBAR_QUEUE_FULL';
const LIMIT_EXCEEDED = 'ERR_BUSBAR_LIMIT_EXCEEDED';
/** Frames that may be in flight. */
const REGIONS = 12;

/**
 * @param {'handler' | 'iterator' | 'spin'} variant
 * @param {string} [build] the folder of another build
 */
export function peer(variant, build) {
  return {
    missing: () => busbarMissing(build),

    async lead(job, started) {
      const opened = await open(job, 'lead', variant, build);
      await startProcesses(job, started);
      await opened.endpoint.waitFor('follower', { count: job.params.receivers ?? 1 });
      return link(opened, 'follower', job, variant);
    },

    async follow(job) {
      return link(await open(job, 'follower', variant, build), 'lead', job, variant);
    },
  };
}

async function open(job, label, variant, build) {
  const busbar = await loadBusbar(build);
  const box =
    job.params.payload === 'object' || job.params.carry
      ? undefined
      : busbar.messageBox({ Raw: busbar.bytes });
  const spin = variant === 'spin' ? SPIN_MICROSECONDS : 0;
  const endpoint = await busbar.join(job.bus, { label, messages: box, spin });
  return { busbar, box, endpoint };
}

function link({ busbar, box, endpoint }, other, { params }, variant) {
  const to = params.receivers ? busbar.multicast(other) : busbar.unicast(other);
  // Plain objects need no message box: MessagePack is the default.
  const carrier = carriers[params.carry]?.(busbar, endpoint, params);
  if (carrier) return attachments(endpoint, to, carrier);
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

/** Messages that consist only of their attachments. */
const carriers = {
  region(busbar, _endpoint, { size }) {
    const registry = new busbar.MemoryRegistry({ maxBytes: size * REGIONS });
    // All of them are allocated now: the cost of a first use belongs to another trial.
    const all = Array.from({ length: REGIONS }, () => registry.alloc(size));
    for (const region of all) region.release();
    return {
      make: () => registry.alloc(size),
      with: (region) => ({ regions: [region] }),
      drop: (region) => region.release(),
      of: ({ regions }) => regions[0],
    };
  },

  object(busbar) {
    const object = busbar.KernelObject.fromFd(openSync('/dev/null', 'r'), { takeOver: true });
    return {
      make: () => object,
      with: (each) => ({ objects: [each] }),
      drop: () => {},
      of: (message) => message,
    };
  },
};

function attachments(endpoint, to, carrier) {
  const send = (given) => {
    const item = given ?? carrier.make();
    try {
      endpoint.send(to, undefined, carrier.with(item));
    } finally {
      if (given === undefined) carrier.drop(item);
    }
  };
  return {
    send,

    async pump(count) {
      for (let i = 0; i < count; ) {
        try {
          for (; i < count; i++) send();
        } catch (error) {
          if (error.code === QUEUE_FULL) await endpoint.drained();
          // The receiver holds all regions.
          else if (error.code === LIMIT_EXCEEDED) await new Promise(setImmediate);
          else throw error;
        }
      }
    },

    onMessage(handler) {
      endpoint.on('message', (message) => {
        handler(carrier.of(message));
        message.close();
      });
    },
  };
}
