// A service that closes: it takes no new calls, and finishes those that run.
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { join } from 'busbar';
import { defineInterface, t as type } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import { newBus } from '../../support/program.js';

const Work = defineInterface('com.example.work', '1.0', {
  methods: { slow: { returns: type.string }, quick: { returns: type.string } },
});
const Rest = defineInterface('com.example.rest', '1.0', { methods: { quick: {} } });

test('a closing service takes its labels back, and its calls end as they would have', async (t) => {
  const bus = newBus();
  let start = () => {};
  let answer = (_: string) => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const answered = new Promise<string>((resolve) => {
    answer = resolve;
  });
  const one = await serve(bus, Work, {
    slow: () => {
      start();
      return answered;
    },
    quick: () => 'one',
  });
  const client = await connect(bus, Work);
  const other = await join(bus, { label: 'other' });
  t.teardown(() => Promise.all([client.close(), other.close()]));
  const slow = client.slow();
  await started;
  const two = await serve(bus, Work, { slow: () => 'slow two', quick: () => 'two' });
  t.is(other.matches(Work.name).length, 2);
  const closing = one.close({ linger: 60_000 });
  while (other.matches(Work.name).length > 1) await turn();
  // The one that closes is there, has its call, and gets none of these.
  t.deepEqual(await Promise.all(Array.from({ length: 20 }, () => client.quick())), [
    ...new Array<string>(20).fill('two'),
  ]);
  answer('slow one');
  t.is(await slow, 'slow one');
  await closing;
  await two.close();
});

test('of two services on one endpoint, one closes', async (t) => {
  const bus = newBus();
  const [work, rest] = await serve(
    bus,
    [Work, Rest],
    [{ slow: () => 'slow', quick: () => 'quick' }, { quick: () => undefined }],
  );
  const other = await join(bus, { label: 'other' });
  const client = await connect(bus, Rest);
  t.teardown(() => Promise.all([client.close(), other.close()]));
  await work.close();
  t.deepEqual(other.matches(Work.name), []);
  t.is(other.matches(`${Rest.name} & "${Rest.name}/1"`).length, 1);
  t.is(await client.quick(), undefined);
  await rest.close();
  t.deepEqual(other.matches(Rest.name), []);
});
