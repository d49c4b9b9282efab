// MessagePort between two threads of one process. It crosses no process boundary, so the comparison
// is not like for like, but many programs would use it instead. Bytes are cloned, not transferred.

import { setImmediate } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { startThread } from '../harness/follower.mjs';

/** A port has no back-pressure: the turn of the loop ends after this many messages or bytes. */
const TURN_MESSAGES = 256;
const TURN_BYTES = 4 << 20;

export function peer() {
  return {
    async lead(job, started) {
      const { port1, port2 } = new MessageChannel();
      started(await startThread(job, port2));
      return link(port1, job);
    },

    async follow(job, port) {
      return link(port, job);
    },
  };
}

function link(port, { params }) {
  const turn = Math.max(1, Math.min(TURN_MESSAGES, Math.floor(TURN_BYTES / (params.size ?? 64))));
  return {
    send: (message) => port.postMessage(message),
    onMessage: (handler) => void port.on('message', handler),

    async pump(count, make) {
      for (let i = 0; i < count; i++) {
        port.postMessage(make(i));
        if (i % turn === turn - 1) await setImmediate();
      }
    },
  };
}
