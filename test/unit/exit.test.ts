// The end of a thread closes its open endpoints all at once, so that it takes as long as the
// slowest.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';

const exitUrl = new URL('../../dist/endpoint/exit.js', import.meta.url).href;

test('endpoints begin to close before the first is waited for, after all other listeners', async (t) => {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const told = [];
    const native = (name) => ({
      beginClose: () => told.push('begin ' + name),
      closeNow: () => told.push('wait for ' + name),
    });
    process.on('exit', () => told.push('early'));
    void import(${JSON.stringify(exitUrl)}).then(({ closeAtExit, closedBeforeExit }) => {
      const closed = native('closed before');
      closeAtExit(native('a'), () => told.push('a closes'));
      closeAtExit(closed, () => told.push('never'));
      const last = { ...native('b'), closeNow: () => parentPort.postMessage(told) };
      closeAtExit(last, () => told.push('b closes'));
      closedBeforeExit(closed);
      process.on('exit', () => told.push('late'));
      process.once('exit', () => told.push('once'));
      setImmediate(() => {
        process.on('exit', () => told.push('later'));
        process.prependListener('exit', () => told.push('first'));
      });
    });`,
    { eval: true },
  );
  const [told] = await once(worker, 'message');
  t.deepEqual(told, [
    ...['first', 'early', 'late', 'once', 'later'],
    ...['a closes', 'begin a', 'b closes', 'begin b', 'wait for a'],
  ]);
});
