// A message and its reply on the bare bus: the floor of busbar/rpc. Answers come in the order of
// their questions, so that nothing has to be looked up. Variants: `callback` calls back, `promise`
// makes a promise for each.

import { busbarMissing, loadBusbar } from '../../harness/busbar.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, block, reading } from '../../harness/service.mjs';

/**
 * @param {'callback' | 'promise'} variant
 * @param {string} [build] the folder of another build
 */
export function peer(variant, build) {
  return {
    missing: () => busbarMissing(build),

    async lead(job, started) {
      const { join, unicast } = await loadBusbar(build);
      const endpoint = await join(job.bus, { label: 'lead' });
      await startProcesses(job, started);
      await endpoint.waitFor('follower');
      return link(endpoint, unicast('follower'), variant);
    },

    async follow(job) {
      const { join } = await loadBusbar(build);
      const endpoint = await join(job.bus, { label: 'follower' });
      endpoint.on('message', (message) => {
        const { payload } = message;
        message.reply(payload.bytes === undefined ? adjust(payload) : block(payload.bytes));
      });
    },
  };
}

function link(endpoint, to, variant) {
  const waiting = [];
  let first = 0;
  endpoint.on('message', ({ payload }) => {
    const done = waiting[first];
    waiting[first++] = undefined;
    if (first === waiting.length) {
      waiting.length = 0;
      first = 0;
    }
    done(payload);
  });
  const request = (message, done) => {
    waiting.push(done);
    endpoint.send(to, message);
  };
  const takeResolve = (resolve) => waiting.push(resolve);
  const ask = (message) => {
    const promise = new Promise(takeResolve);
    endpoint.send(to, message);
    return promise;
  };
  const asking = (make) =>
    variant === 'promise'
      ? { call: (i) => ask(make(i)) }
      : { request: (i, done) => request(make(i), done) };
  return { ...asking(reading), large: (bytes) => asking(() => ({ bytes })) };
}
