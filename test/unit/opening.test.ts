// A worker that ends while it opens an endpoint ends alone: values that its environment can no
// longer make are not used. The worker exits at each place where opening reads the configuration,
// which can run JavaScript.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';

const addonUrl = new URL('../../dist/native/addon.js', import.meta.url).href;

/**
 * Reads the configuration in a worker; the `end`-th read ends it (0: none does). Reports the number
 * of reads.
 */
const source = (end: number) => `
  const { parentPort } = require('node:worker_threads');
  void import(${JSON.stringify(addonUrl)}).then(({ addon }) => {
    const values = {
      identifier: 'opening-${process.pid}', label: ['x'], token: '', controllerAffinity: true, ringBytes: 65536,
      queueBytes: 65536, totalQueueBytes: 65536, maxQueuedObjects: 1, maxParked: 1, maxLinks: 1, maxEndpoints: 1,
      maxEndpointsPerProcess: 1, whenFull: 0, maxMessageBytes: 65536, drainBudget: 1000, spin: 0, linger: 0,
      hostHasLibuv: true, timeout: 0, prefetch: 1,
    };
    let reads = 0;
    const config = {};
    for (const name of Object.keys(values)) {
      Object.defineProperty(config, name, { get() {
        if (++reads === ${end}) process.exit();
        return values[name];
      } });
    }
    const native = addon.openEndpoint(config, () => undefined, () => undefined);
    parentPort.postMessage([reads, typeof native]);
    native.detach();
  });
`;

test('a worker that exits at any step of opening an endpoint', async (t) => {
  const whole = new Worker(source(0), { eval: true });
  const [[reads, kind]] = (await once(whole, 'message')) as [[number, string]];
  t.is(kind, 'object');
  t.true(reads > 10);
  for (let end = 1; end <= reads; end++) {
    const worker = new Worker(source(end), { eval: true });
    t.deepEqual(await once(worker, 'exit'), [0]);
  }
});
