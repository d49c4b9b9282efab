// The rehearsal of join() runs to its end, and nothing outside of it shows that it has.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test from 'ava';
import { rehearse } from '../../dist/rehearsal.js';

test('a rehearsal joins nothing, and tells nobody', async (t) => {
  const published: unknown[] = [];
  const note = (facts: unknown) => published.push(facts);
  subscribe('busbar:join', note);
  const listeners = process.listenerCount('exit');
  t.is(await rehearse(), 1);
  unsubscribe('busbar:join', note);
  t.deepEqual(published, []);
  t.is(process.listenerCount('exit'), listeners);
});

test('a rehearsal may be repeated', async (t) => {
  t.deepEqual(await Promise.all([rehearse(), rehearse(), rehearse()]), [1, 1, 1]);
});
