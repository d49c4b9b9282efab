// The queue of a rule, and its counters, which add up after every step.
import test from 'ava';
import fc from 'fast-check';
import {
  LossWatch,
  RuleCounters,
  RuleQueue,
  type WhenQueueFull,
} from '../../dist/layers/bridge/index.js';

function made(whenFull: WhenQueueFull, queueBytes = 100) {
  const counters = new RuleCounters();
  return { counters, queue: new RuleQueue<number>(counters, { queueBytes, whenFull }) };
}

/** Takes a message as a source does; whether it was taken. */
function take({ counters, queue }: ReturnType<typeof made>, item: number, bytes: number, key = '') {
  const taken = queue.add(item, bytes, key === '' ? undefined : key);
  if (taken) counters.taken++;
  return taken;
}

function addsUp(counters: RuleCounters): boolean {
  const { taken, passed, waiting, waitingBytes, dropped } = counters.snapshot();
  const lost = Object.values(dropped).reduce((sum, each) => sum + each, 0);
  return taken === passed + lost + waiting && waiting >= 0 && (waiting > 0 || waitingBytes === 0);
}

test('what is confirmed has passed, in the order in which it was sent', (t) => {
  const made1 = made('wait');
  const { queue, counters } = made1;
  for (let item = 0; item < 3; item++) t.true(take(made1, item, 10));
  t.is(queue.peek(), 0);
  queue.sent();
  queue.sent();
  t.like(counters.snapshot(), { taken: 3, passed: 0, waiting: 3, waitingBytes: 30 });
  queue.confirm(1);
  t.like(counters.snapshot(), { taken: 3, passed: 1, waiting: 2, waitingBytes: 20 });
  t.is(queue.peek(), 2);
});

test('wait: a message without room is not taken, until something has left', async (t) => {
  const made1 = made('wait');
  t.true(take(made1, 1, 60));
  t.false(take(made1, 2, 60));
  const room = made1.queue.whenRoom();
  made1.queue.sent();
  t.false(take(made1, 2, 60), 'what is not confirmed counts');
  made1.queue.confirm(1);
  await room;
  t.true(take(made1, 2, 60));
  t.true(addsUp(made1.counters));
});

test('a message larger than the queue has room in an empty one', (t) => {
  t.true(take(made('wait'), 1, 1000));
});

test('drop: the newest is dropped and counted', (t) => {
  const made1 = made('drop');
  take(made1, 1, 60);
  take(made1, 2, 60);
  t.is(made1.queue.peek(), 1);
  t.is(made1.counters.snapshot().dropped.full, 1);
});

test('key: of one key the newest waits, at the place of the first', (t) => {
  const made1 = made('key');
  const { queue, counters } = made1;
  take(made1, 1, 10, 'a');
  take(made1, 2, 10, 'b');
  take(made1, 3, 30, 'a');
  t.like(counters.snapshot(), { waiting: 2, waitingBytes: 40 });
  t.is(counters.snapshot().dropped.superseded, 1);
  t.is(queue.peek(), 3);
  queue.sent();
  take(made1, 4, 10, 'a');
  t.is(queue.unsent, 2, 'what was sent is not superseded');
  t.true(addsUp(counters));
});

test('what was not confirmed when the connection went is counted, or sent once more', (t) => {
  const lost = made('wait');
  for (const item of [1, 2, 3]) take(lost, item, 10);
  lost.queue.sent();
  lost.queue.sent();
  lost.queue.lose();
  t.is(lost.counters.snapshot().dropped.unconfirmed, 2);
  t.is(lost.queue.peek(), 3);

  const again = made('wait');
  for (const item of [1, 2, 3]) take(again, item, 10);
  again.queue.sent();
  again.queue.sent();
  again.queue.again();
  t.is(again.queue.peek(), 1);
  t.is(again.queue.unsent, 3);
  t.true(addsUp(again.counters));
});

test('a closed queue drops what waits, what comes, and whoever waits for room', async (t) => {
  const made1 = made('wait');
  take(made1, 1, 60);
  take(made1, 2, 30);
  made1.queue.sent();
  const room = made1.queue.whenRoom();
  made1.queue.close();
  await room;
  take(made1, 3, 10);
  t.like(made1.counters.snapshot().dropped, { unconfirmed: 1, closed: 2 });
  t.true(addsUp(made1.counters));
});

test('the counters add up whatever happens', (t) => {
  t.plan(1);
  const step = fc.oneof(
    fc.record({ do: fc.constant('take'), bytes: fc.nat(60), key: fc.constantFrom('', 'a', 'b') }),
    fc.record({ do: fc.constantFrom('sent', 'drop', 'passed', 'lose', 'again', 'close') }),
    fc.record({ do: fc.constant('confirm'), count: fc.nat(5) }),
  );
  const policy = fc.constantFrom<WhenQueueFull>('wait', 'drop', 'key');
  fc.assert(
    fc.property(policy, fc.array(step, { maxLength: 200 }), (whenFull, steps) => {
      const made1 = made(whenFull);
      const { queue, counters } = made1;
      for (const [index, each] of steps.entries()) {
        if ('key' in each) take(made1, index, each.bytes, each.key);
        else if ('count' in each) queue.confirm(each.count);
        else if (each.do === 'lose') queue.lose();
        else if (each.do === 'again') queue.again();
        else if (each.do === 'close' && index > 150) queue.close();
        else if (queue.peek() === undefined) continue;
        else if (each.do === 'sent') queue.sent();
        else if (each.do === 'passed') queue.passed();
        else if (each.do === 'drop') queue.drop('refused');
        if (!addsUp(counters) || queue.unsent + queue.unconfirmed !== counters.waiting)
          return false;
      }
      return true;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('a report has what each rule lost while there was no connection, and nothing from before', (t) => {
  const first = made('drop');
  const second = made('drop');
  take(first, 1, 60);
  take(first, 2, 60);
  const watch = new LossWatch([first.counters], [second.counters], 1000);
  take(first, 3, 60);
  take(first, 4, 60);
  const report = watch.report(1250);
  t.like(report, { milliseconds: 250, lost: 2 });
  t.is(report.rules.length, 1);
  t.like(report.rules[0], {
    direction: 'out',
    rule: 0,
    counts: { taken: 2, dropped: { full: 2 } },
  });
});
