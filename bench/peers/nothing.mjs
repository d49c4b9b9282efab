// A Node process that does nothing: the minimum cost of an idle or waiting process.

import { startProcess } from '../harness/follower.mjs';

export function peer() {
  return {
    async lead(job, started) {
      started(await startProcess(job));
      return link();
    },

    follow: async () => link(),
  };
}

/** Has no other side: the sender gets its own message back. */
function link() {
  let handler = () => {};
  return {
    send: (message) => handler(message),
    onMessage(given) {
      handler = given;
    },
    // Waits in the event loop, as all pumps do when the other side is full.
    pump: () => new Promise((resolve) => setTimeout(resolve, 10)),
  };
}
