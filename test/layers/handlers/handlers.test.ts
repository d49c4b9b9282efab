// Tables on a real bus: routes by type and sender, replies, turns, failures, and draining.
import { once } from 'node:events';
import test from 'ava';
import { messageBox, messageType, multicast } from 'busbar';
import { emits, type FailedEvent } from 'busbar/handlers';
import { joined, newBus } from '../../support/program.js';
import { handled } from './support/handled.js';

interface Order {
  readonly customer: string;
  readonly item: number;
}

const Move = messageType<{ readonly x: number }>('com.example.move');
const Moved = messageType<{ readonly x: number }>('com.example.moved');
const Placed = messageType<Order>('com.example.order');
const box = messageBox({ Move, Moved, Placed });

/** A promise, and the function that resolves it. */
function gate<T = void>() {
  let open = (_: T): void => undefined;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test('a reply to an endpoint that is gone is dropped, and its message is not handled again', async (t) => {
  const bus = newBus();
  const holding = gate();
  const began = gate();
  let runs = 0;
  const failures: FailedEvent[] = [];
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: async ({ x }) => {
        runs++;
        began.open();
        await holding.promise;
        return box.Moved({ x });
      },
      Moved: emits(),
      Placed: { run: ({ item }) => box.Moved({ x: item }), retry: { times: 2, delay: 1 } },
    },
    { label: 'mover' },
  );
  handlers.on('failed', (event) => failures.push(event));
  const asker = await joined(t, bus, { messages: box });
  asker.send('mover', box.Move({ x: 1 }));
  await began.promise;
  await asker.close();
  const other = await joined(t, bus, { label: 'other', messages: box });
  holding.open();
  t.is(await other.deliver('mover', box.Move({ x: 2 }), { acknowledge: 'handled' }), 1);
  t.deepEqual(failures, []);
  t.is(runs, 2);
  t.is(handlers.routes()[0]?.handled, 2);
});

test('a handler gets payloads, and what it returns is the reply', async (t) => {
  const bus = newBus();
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: ({ x }) => box.Moved({ x: x + 1 }),
      Moved: emits(),
      Placed: async ({ item }) => box.Moved({ x: item }),
    },
    { label: 'mover' },
  );
  const asker = await joined(t, bus, { messages: box });
  const id = asker.sendWithReceipt('mover', box.Move({ x: 1 })).id;
  const answer = await asker.recv();
  t.is(answer.type, 'Moved');
  t.is(answer.replyTo, id);
  t.deepEqual(answer.payload, { x: 2 });
  asker.send('mover', box.Placed({ customer: 'Ada', item: 7 }));
  t.deepEqual((await asker.recv()).payload, { x: 7 });
  t.is(await asker.deliver('mover', box.Move({ x: 3 }), { acknowledge: 'handled' }), 1);
  t.deepEqual(
    handlers.routes().map(({ name, mode, handled }) => [name, mode, handled]),
    [
      ['Move', 'serial', 2],
      ['Placed', 'serial', 1],
      ['Moved', 'emit', 0],
    ],
  );
  await handlers.close();
  t.deepEqual(asker.matches('mover'), []);
});

test('the first route whose condition matches the sender is taken', async (t) => {
  const bus = newBus();
  const taken: string[] = [];
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: [
        { from: 'shop & !test', run: () => void taken.push('shop') },
        { name: 'tests', from: 'test | #0', run: () => void taken.push('test') },
      ],
      Moved: emits(),
      Placed: emits(),
    },
    { label: 'mover' },
  );
  const unrouted = once(handlers, 'unrouted');
  const shop = await joined(t, bus, { messages: box, label: 'shop' });
  const tests = await joined(t, bus, { messages: box, label: ['shop', 'test'] });
  const other = await joined(t, bus, { messages: box });
  const whenHandled = { acknowledge: 'handled' } as const;
  await shop.deliver('mover', box.Move({ x: 1 }), whenHandled);
  await tests.deliver('mover', box.Move({ x: 1 }), whenHandled);
  // A new label counts from then on.
  await tests.relabel('shop');
  await tests.deliver('mover', box.Move({ x: 1 }), whenHandled);
  t.deepEqual(taken, ['shop', 'test', 'shop']);
  const failure = await t.throwsAsync(other.deliver('mover', box.Move({ x: 1 }), whenHandled), {
    code: 'ERR_BUSBAR_UNDELIVERED',
  });
  t.is(
    (failure as { failures?: { reason: string }[] }).failures?.[0]?.reason,
    'ERR_BUSBAR_NOT_HANDLED',
  );
  const [event] = (await unrouted) as [{ type: string; from: { id: number } }];
  t.is(event.type, 'Move');
  t.is(event.from.id, other.id);
  // Of a type that the table only sends, and of one that the box does not have.
  await t.throwsAsync(other.deliver('mover', box.Moved({ x: 1 }), whenHandled));
  const plain = await joined(t, bus);
  await t.throwsAsync(plain.deliver('mover', 'hello', whenHandled));
  t.is(handlers.unrouted, 3);
  await handlers.close();
});

test('one message at a time: the next one waits for the promise of the one before', async (t) => {
  const bus = newBus();
  const seen: string[] = [];
  let running = 0;
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: async ({ x }) => {
        t.is(++running, 1);
        seen.push(`begin ${x}`);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(`end ${x}`);
        running--;
      },
      Placed: ({ item }) => {
        t.is(running, 0);
        seen.push(`placed ${item}`);
      },
      Moved: emits(),
    },
    { label: 'mover' },
  );
  const sender = await joined(t, bus, { messages: box });
  sender.send('mover', box.Move({ x: 1 }));
  sender.send('mover', box.Placed({ customer: '', item: 2 }));
  await sender.deliver('mover', box.Move({ x: 3 }), { acknowledge: 'handled' });
  t.deepEqual(seen, ['begin 1', 'end 1', 'placed 2', 'begin 3', 'end 3']);
  await handlers.close();
});

test('a message is reported as handled when its own handler is done, whatever others do', async (t) => {
  const bus = newBus();
  const gates = new Map([1, 2, 3].map((x) => [x, gate()]));
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: { concurrency: 2, run: ({ x }) => gates.get(x)?.promise },
      Placed: emits(),
      Moved: emits(),
    },
    { label: 'mover' },
  );
  const sender = await joined(t, bus, { messages: box });
  const done: number[] = [];
  const deliveries = [1, 2, 3].map(async (x) => {
    await sender.deliver('mover', box.Move({ x }), { acknowledge: 'handled' });
    done.push(x);
  });
  while (handlers.routes()[0]?.running !== 2) await new Promise((next) => setImmediate(next));
  gates.get(2)?.open();
  await deliveries[1];
  t.deepEqual(done, [2]);
  gates.get(3)?.open();
  await deliveries[2];
  t.deepEqual(done, [2, 3]);
  gates.get(1)?.open();
  await Promise.all(deliveries);
  await handlers.close();
});

test('messages with one key keep their order, and others pass them', async (t) => {
  const bus = newBus();
  const seen: string[] = [];
  const first = gate();
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Placed: {
        order: ({ payload }) => payload.customer,
        concurrency: 4,
        run: async ({ customer, item }) => {
          if (customer === 'Ada' && item === 1) await first.promise;
          seen.push(`${customer} ${item}`);
        },
      },
      Move: emits(),
      Moved: emits(),
    },
    { label: 'shop' },
  );
  const sender = await joined(t, bus, { messages: box });
  const place = (customer: string, item: number) =>
    sender.deliver('shop', box.Placed({ customer, item }), { acknowledge: 'handled' });
  const ada = [place('Ada', 1), place('Ada', 2), place('Ada', 3)];
  await Promise.all([place('Bob', 1), place('Bob', 2), place('Eve', 1)]);
  t.deepEqual(seen.sort(), ['Bob 1', 'Bob 2', 'Eve 1']);
  t.is(handlers.routes()[0]?.waiting, 2);
  first.open();
  await Promise.all(ada);
  t.deepEqual(seen.slice(3), ['Ada 1', 'Ada 2', 'Ada 3']);
  await handlers.close();
});

test('a failed handler is tried again, then its message goes to the dead letters', async (t) => {
  const bus = newBus();
  const letters: unknown[] = [];
  const events: Pick<FailedEvent, 'attempt' | 'retryAfter'>[] = [];
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: {
        retry: { times: 2, delay: 1 },
        run: ({ x }, { attempt }) => {
          if (x === 1 && attempt === 2) return;
          throw new Error(`${x}`);
        },
        deadLetter: ({ message, error, attempts }) => {
          letters.push([message.payload.x, (error as Error).message, attempts]);
        },
      },
      Placed: () => 'no message' as never,
      Moved: emits(),
    },
    { label: 'mover' },
  );
  handlers.on('failed', ({ attempt, retryAfter }) => events.push({ attempt, retryAfter }));
  const sender = await joined(t, bus, { messages: box });
  const whenHandled = { acknowledge: 'handled' } as const;
  await sender.deliver('mover', box.Move({ x: 1 }), whenHandled);
  await sender.deliver('mover', box.Move({ x: 2 }), whenHandled);
  t.deepEqual(letters, [[2, '2', 3]]);
  t.deepEqual(events, [
    { attempt: 1, retryAfter: 1 },
    { attempt: 1, retryAfter: 1 },
    { attempt: 2, retryAfter: 2 },
    { attempt: 3, retryAfter: undefined },
  ]);
  const [row] = handlers.routes();
  t.deepEqual([row?.handled, row?.retried, row?.failed, row?.deadLetters], [1, 3, 1, 1]);
  // Without a place for dead letters, the sender learns that nobody has handled it.
  await t.throwsAsync(sender.deliver('mover', box.Placed({ customer: '', item: 1 }), whenHandled));
  await handlers.close();
});

test('a table that drains handles what has arrived, and the rest goes to another', async (t) => {
  const bus = newBus();
  const seen: number[] = [];
  const table = (name: string, held: Promise<void>) => ({
    Move: async ({ x }: { readonly x: number }) => {
      await held;
      seen.push(x);
    },
    Moved: emits(),
    Placed: emits(),
    onStop: () => void seen.push(name === 'one' ? -1 : -2),
  });
  const first = gate();
  const one = await handled(t, bus, box, table('one', first.promise), { label: 'mover' });
  const sender = await joined(t, bus, { messages: box });
  const deliveries = [1, 2, 3, 4].map((x) =>
    sender.deliver('mover', box.Move({ x }), { acknowledge: 'handled' }),
  );
  while (one.routes()[0]?.running === 0) await new Promise((next) => setImmediate(next));
  const two = await handled(t, bus, box, table('two', Promise.resolve()), { label: 'mover' });
  const closing = one.close({ drain: 60_000 });
  t.is(one.close(), closing);
  // While it drains, nothing new comes here.
  while (sender.matches('mover').length > 1) await new Promise((next) => setImmediate(next));
  await sender.deliver('mover', box.Move({ x: 5 }), { acknowledge: 'handled' });
  t.deepEqual(seen, [5]);
  first.open();
  await Promise.all(deliveries);
  await closing;
  t.deepEqual(seen, [5, 1, 2, 3, 4, -1]);
  t.is(two.routes()[0]?.handled, 1);
  await two.close();
});

test('what is not handled in time goes back to its sender, and on to another', async (t) => {
  const bus = newBus();
  let aborted = false;
  const stuck = await handled(
    t,
    bus,
    box,
    {
      Move: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            resolve();
          });
        }),
      Moved: emits(),
      Placed: emits(),
    },
    { label: 'mover' },
  );
  const sender = await joined(t, bus, { messages: box });
  const deliveries = [1, 2, 3].map((x) =>
    sender.deliver('mover', box.Move({ x }), { acknowledge: 'handled' }),
  );
  while (stuck.routes()[0]?.running === 0) await new Promise((next) => setImmediate(next));
  const seen: number[] = [];
  const other = await handled(
    t,
    bus,
    box,
    { Move: ({ x }) => void seen.push(x), Moved: emits(), Placed: emits() },
    { label: 'mover' },
  );
  await stuck.close({ drain: 0 });
  t.true(aborted);
  await Promise.all(deliveries.slice(1));
  t.deepEqual(seen.slice(-2), [2, 3]);
  await Promise.allSettled(deliveries);
  await other.close();
});

test('emit sends where the table says, and forward passes bytes on as they are', async (t) => {
  const bus = newBus();
  const Frame = messageType<{ readonly pixels: number }>('com.example.frame', {
    codec: { name: 'once', encode: () => undefined, decode: () => t.fail() as never } as never,
  });
  const sent = messageType<string>('com.example.frame');
  const camera = messageBox({ Move, Frame, Moved });
  const handlers = await handled(
    t,
    bus,
    camera,
    {
      Move: emits(),
      Frame: { forward: ({ format }) => (format === 1 ? 'screen' : multicast('disk')) },
      Moved: emits(multicast('dashboard')),
    },
    { label: 'camera' },
  );
  const frames = messageBox({ sent });
  const source = await joined(t, bus, { messages: frames });
  const screen = await joined(t, bus, { messages: frames, label: 'screen' });
  const disk = await joined(t, bus, { messages: frames, label: 'disk' });
  const metadata = Uint8Array.of(1, 2, 3);
  source.send('camera', frames.sent('one', { format: 1 }), { metadata });
  const shown = await screen.recv();
  t.is(shown.payload, 'one');
  t.deepEqual(Buffer.from(shown.metadata ?? []), Buffer.from(metadata));
  source.send('camera', frames.sent('two'));
  t.is((await disk.recv()).payload, 'two');
  const dashboard = await joined(t, bus, { messages: box, label: 'dashboard' });
  t.is(await handlers.sender.emit(camera.Moved({ x: 9 })), 1);
  t.deepEqual((await dashboard.recv()).payload, { x: 9 });
  await t.throwsAsync(handlers.sender.emit(camera.Move({ x: 1 })), {
    code: 'ERR_BUSBAR_HANDLERS_TABLE',
  });
  const rows = handlers.routes().map(({ name, mode, to, handled }) => [name, mode, to, handled]);
  t.deepEqual(rows, [
    ['Frame', 'serial', 'by message', 2],
    ['Move', 'emit', undefined, 0],
    ['Moved', 'emit', 'multicast dashboard', 1],
  ]);
  await handlers.close();
});

test('a table tells when it is closed, and leaves nothing behind', async (t) => {
  const bus = newBus();
  const handlers = await handled(t, bus, box, { Move: () => {}, Moved: emits(), Placed: emits() });
  const closed = once(handlers, 'close');
  await handlers.close();
  t.deepEqual(await closed, [undefined]);
  t.true(handlers.closed);
  const again = await joined(t, bus);
  t.is(again.peers.length, 0);
});
