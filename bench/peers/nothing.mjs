// A Node process that does nothing: the floor under what an idle or a waiting process costs.

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

/** Leads nowhere: whoever sends gets the message back himself. */
function link() {
  let handler = () => {};
  return {
    send: (message) => handler(message),
    onMessage(given) {
      handler = given;
    },
    // Waits through the event loop, as all pumps do when the other side is full.
    pump: () => new Promise((resolve) => setTimeout(resolve, 10)),
  };
}
