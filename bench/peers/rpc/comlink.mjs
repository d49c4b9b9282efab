// comlink between two threads, by its adapter for Node's message ports.

import { MessageChannel } from 'node:worker_threads';
import { packageMissing } from '../../harness/dependencies.mjs';
import { startThread } from '../../harness/follower.mjs';
import { adjust, block, reading } from '../../harness/service.mjs';

export function peer() {
  return {
    missing: () => packageMissing('comlink'),

    async lead(job, started) {
      const { wrap, endpointOf } = await load();
      const { port1, port2 } = new MessageChannel();
      started(await startThread(job, port2));
      const remote = wrap(endpointOf(port1));
      return {
        call: (i) => remote.adjust(reading(i)),
        large: (bytes) => ({ call: () => remote.load(bytes) }),
      };
    },

    async follow(_job, port) {
      const { expose, endpointOf } = await load();
      expose({ adjust, load: block }, endpointOf(port));
    },
  };
}

async function load() {
  const { expose, wrap } = await import('comlink');
  const { default: endpointOf } = await import('comlink/dist/esm/node-adapter.mjs');
  return { expose, wrap, endpointOf };
}
