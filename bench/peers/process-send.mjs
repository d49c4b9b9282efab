// process.send over Node's own channel between parent and child.
// Variants: `json` and `advanced` (structured clone), the two ways Node serialises.

import { startProcess } from '../harness/follower.mjs';

/** @param {'json' | 'advanced'} variant */
export function peer(variant) {
  return {
    async lead(job, started) {
      const follower = await startProcess(job, { ipc: variant });
      started(follower);
      return link(follower.process, variant);
    },

    async follow() {
      return link(process, variant);
    },
  };
}

/** @param {import('node:child_process').ChildProcess | NodeJS.Process} end */
function link(end, variant) {
  return {
    textual: variant === 'json',
    send: (message) => void end.send(message),
    onMessage: (handler) => void end.on('message', handler),
    close: () => end.disconnect(),

    // send() returns false when too much is waiting; the callback of the next send reports when it
    // is sent.
    async pump(count, make) {
      for (let i = 0; i < count; i++) {
        if (end.send(make(i)) || i + 1 === count) continue;
        i += 1;
        await new Promise((resolve, reject) => {
          end.send(make(i), (error) => (error ? reject(error) : resolve()));
        });
      }
    },
  };
}
