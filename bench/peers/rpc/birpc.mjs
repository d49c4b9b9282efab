// birpc over a MessagePort between threads, or over process.send between processes (JSON for
// objects, structured clones for bytes, which JSON does not have).

import { MessageChannel } from 'node:worker_threads';
import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcess, startThread } from '../../harness/follower.mjs';
import { adjust, block, reading } from '../../harness/service.mjs';

const functions = { adjust, load: block };

/** @param {'port' | 'send'} variant */
export function peer(variant) {
  return {
    missing: () => packageMissing('birpc'),

    async lead(job, started) {
      if (variant === 'port') {
        const { port1, port2 } = new MessageChannel();
        started(await startThread(job, port2));
        return link(await overPort(port1, {}));
      }
      const ipc = job.params.kind === 'large' ? 'advanced' : 'json';
      const follower = await startProcess(job, { ipc });
      started(follower);
      return link(await overProcess(follower.process, {}), () => follower.process.disconnect());
    },

    async follow(_job, port) {
      if (port) await overPort(port, functions);
      else await overProcess(process, functions);
    },
  };
}

async function overPort(port, own) {
  const { createBirpc } = await import('birpc');
  return createBirpc(own, {
    post: (message) => port.postMessage(message),
    on: (listener) => void port.on('message', listener),
  });
}

async function overProcess(end, own) {
  const { createBirpc } = await import('birpc');
  return createBirpc(own, {
    post: (message) => void end.send(message),
    on: (listener) => void end.on('message', listener),
  });
}

function link(remote, close) {
  return {
    call: (i) => remote.adjust(reading(i)),
    large: (bytes) => ({ call: () => remote.load(bytes) }),
    close,
  };
}
