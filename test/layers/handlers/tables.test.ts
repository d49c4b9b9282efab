// What a table may say: everything that does not fit its box is refused before it joins; hooks,
// middleware, lists and graphs. On a bus for tests, which does the same each time.
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { emits, handle, type Middleware, type Table, testBus } from 'busbar/handlers';

const Ping = messageType<number>('com.example.ping');
const Pong = messageType<number>('com.example.pong');
const box = messageBox({ Ping, Pong });

const wrong: readonly [string, object, RegExp][] = [
  ['a type without a route', { Ping: () => {} }, /no route for 'Pong'.*emits/],
  [
    'a type outside the box',
    { Ping() {}, Pong: emits(), Pnig() {} },
    /'Pnig' is no type of the box/,
  ],
  ['no function', { Ping: 1, Pong: emits() }, /'Ping' is 1; expected a function/],
  ['neither run nor forward', { Ping: { from: 'a' }, Pong: emits() }, /no 'run' and no 'forward'/],
  ['run and forward', { Ping: { run() {}, forward: 'a' }, Pong: emits() }, /unknown option 'run'/],
  ['an option that does not exist', { Ping: { run() {}, form: 'a' }, Pong: emits() }, /'form'/],
  ['a condition that is no text', { Ping: { run() {}, from: 1 }, Pong: emits() }, /from .* is 1/],
  [
    'a route that is never reached',
    { Ping: [{ run() {} }, { run() {}, from: 'a' }], Pong: emits() },
    /route 1 of 'Ping' takes .* all senders/,
  ],
  [
    'a route beside one that forwards',
    { Ping: [{ from: 'a', run() {} }, { forward: 'b' }], Pong: emits() },
    /forwards, so it can have no other/,
  ],
  ['a wrong hook', { Ping() {}, Pong: emits(), onStart: 1 }, /onStart is 1/],
  ['a wrong number', { Ping: { run() {}, concurrency: 0 }, Pong: emits() }, /concurrency/],
  ['a wrong retry', { Ping: { run() {}, retry: 'often' }, Pong: emits() }, /retry .* "often"/],
  ['a wrong place', { Ping: { run() {}, deadLetter: 1 }, Pong: emits() }, /deadLetter .* is 1/],
  ['wrong middleware', { Ping: { run() {}, use: [1] }, Pong: emits() }, /use .* has 1/],
];

for (const [what, table, message] of wrong) {
  test(`refused: ${what}`, async (t) => {
    await t.throwsAsync(testBus().handle(box, table as Table<typeof box>), { message });
    // Before it joins: this bus name is too long to be joined.
    const impossible = 'x'.repeat(1000);
    await t.throwsAsync(handle(impossible, box, table as Table<typeof box>), { message });
  });
}

test('a key of the box that is the name of a hook is refused', async (t) => {
  const odd = messageBox({ onStart: Ping });
  await t.throwsAsync(testBus().handle(odd, { onStart() {} } as Table<typeof odd>), {
    message: /'onStart', which is the name of a hook/,
  });
});

test('syntax errors of conditions are found at start', async (t) => {
  const table = { Ping: { from: 'a &', run() {} }, Pong: emits() };
  await t.throwsAsync(testBus().handle(box, table), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
  t.throws(() => emits('a &'), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
});

test('an instance of a class is a table, with its own state and hooks', async (t) => {
  const bus = testBus();
  const seen: string[] = [];
  class Counter implements Table<typeof box> {
    readonly Pong = emits('listener');
    readonly #step: number;
    #count = 0;

    constructor({ step }: { readonly step: number }) {
      this.#step = step;
    }

    onStart() {
      seen.push(`start ${this.#count}`);
    }

    Ping() {
      this.#count += this.#step;
      seen.push(`ping ${this.#count}`);
    }

    async onIdle(sender: { emit(message: ReturnType<typeof box.Pong>): Promise<number> }) {
      await sender.emit(box.Pong(this.#count));
    }

    onStop() {
      seen.push(`stop ${this.#count}`);
    }
  }
  const counter = await bus.handle(box, new Counter({ step: 5 }), { label: 'counter' });
  const listener = bus.join(box, { label: 'listener' });
  listener.send('counter', box.Ping(1));
  listener.send('counter', box.Ping(1));
  await bus.settle();
  await bus.settle();
  t.is(listener.take()?.payload, 10);
  t.is(listener.take(), undefined);
  const closing = counter.close();
  await bus.settle();
  await closing;
  t.deepEqual(seen, ['start 0', 'ping 5', 'ping 10', 'stop 10']);
});

test('middleware runs around handlers, the first one outermost, and may answer itself', async (t) => {
  const bus = testBus();
  const seen: string[] = [];
  const trace =
    (name: string): Middleware =>
    async ({ type }, { attempt }, next) => {
      seen.push(`${name} ${type} ${attempt}`);
      const result = await next();
      seen.push(`${name} done`);
      return result;
    };
  const guard: Middleware = ({ payload }, _, next) => (payload === 0 ? box.Pong(-1) : next());
  const table = {
    Ping: { use: trace('inner'), run: (value: number) => box.Pong(value * 2) },
    Pong: emits(),
  };
  await bus.handle(box, table, { label: 'doubler', use: [trace('outer'), guard] });
  const asker = bus.join(box);
  await asker.deliver('doubler', box.Ping(4));
  await bus.settle();
  t.is(asker.take()?.payload, 8);
  t.deepEqual(seen, ['outer Ping 1', 'inner Ping 1', 'inner done', 'outer done']);
  await asker.deliver('doubler', box.Ping(0));
  await bus.settle();
  t.is(asker.take()?.payload, -1);
  t.deepEqual(seen.slice(4), ['outer Ping 1', 'outer done']);
});

test('a middleware that calls next() twice is a failure, and the handler runs once', async (t) => {
  const bus = testBus();
  let runs = 0;
  const codes: unknown[] = [];
  const twice: Middleware = (_, __, next) => {
    next();
    return next();
  };
  const handlers = await bus.handle(
    box,
    { Ping: () => void runs++, Pong: emits() },
    { label: 'it', use: twice },
  );
  handlers.on('failed', ({ error }) => codes.push((error as { code?: string }).code));
  await t.throwsAsync(bus.join(box).deliver('it', box.Ping(1)), { code: 'ERR_BUSBAR_NOT_HANDLED' });
  t.is(runs, 1);
  t.deepEqual(codes, ['ERR_BUSBAR_HANDLERS_NEXT_TWICE']);
});

test('back-off doubles up to its limit, in the time of the bus', async (t) => {
  const bus = testBus();
  const times: number[] = [];
  const letters: number[] = [];
  await bus.handle(
    box,
    {
      Ping: {
        retry: { times: 4, delay: 100, maxDelay: 300 },
        run: () => {
          times.push(bus.now);
          throw new Error('never');
        },
      },
      Pong: emits(),
    },
    { label: 'it', deadLetter: ({ message }) => void letters.push(message.payload) },
  );
  bus.join(box).send('it', box.Ping(7));
  await bus.advance(99);
  t.deepEqual(times, [0]);
  await bus.advance(1);
  t.deepEqual(times, [0, 100]);
  await bus.advance(10_000);
  t.deepEqual(times, [0, 100, 300, 600, 900]);
  t.deepEqual(letters, [7]);
});

test('a dead-letter log gets what is known of a message', async (t) => {
  const bus = testBus();
  const entries: unknown[] = [];
  const log = {
    append: async (message: { readonly payload: unknown }, facts: object) => {
      entries.push([message.payload, facts]);
    },
  };
  const fail = () => {
    throw new Error('no');
  };
  const handlers = await bus.handle(
    box,
    { Ping: fail, Pong: emits() },
    { label: 'it', deadLetter: log },
  );
  const sender = bus.join(box, { label: ['a', 'b'] });
  await sender.deliver('it', box.Ping(3), { metadata: Uint8Array.of(9) });
  const facts = { label: ['a', 'b'], peerId: sender.id, id: 1, metadata: Uint8Array.of(9) };
  t.deepEqual(entries, [[3, facts]]);
  t.is(handlers.routes()[0]?.deadLetters, 1);
});

test('a table is printed as rows and as a Mermaid graph', async (t) => {
  const bus = testBus();
  const handlers = await bus.handle(
    box,
    {
      Ping: [
        { name: 'players', from: 'player & !"a|b"', order: ({ from }) => from.id, run: () => {} },
        { concurrency: 3, run: () => {} },
      ],
      Pong: emits('players'),
    },
    { label: ['game', 'spare'] },
  );
  t.deepEqual(
    handlers.routes().map(({ name, type, from, mode, concurrency, to }) => ({
      ...{ name, type, from, mode, concurrency, to },
    })),
    [
      {
        ...{ name: 'players', type: 'Ping', from: 'player & !"a|b"' },
        ...{ mode: 'ordered', concurrency: 16, to: undefined },
      },
      {
        ...{ name: 'Ping 2', type: 'Ping', from: undefined },
        ...{ mode: 'concurrent', concurrency: 3, to: undefined },
      },
      {
        ...{ name: 'Pong', type: 'Pong', from: undefined },
        ...{ mode: 'emit', concurrency: 0, to: 'unicast players' },
      },
    ],
  );
  t.is(
    handlers.mermaid(),
    [
      'flowchart LR',
      '  n1["players"]',
      '  n2(["player #38; !#34;a#124;b#34;"])',
      '  n2 -->|"Ping"| n1',
      '  n3["Ping 2"]',
      '  n4(["anyone"])',
      '  n4 -->|"Ping"| n3',
      '  n5[["game, spare"]]',
      '  n6(["unicast players"])',
      '  n5 -->|"Pong"| n6',
      '',
    ].join('\n'),
  );
});

test('what waits for a member that leaves goes to another match, in the same order each time', async (t) => {
  const run = async () => {
    const bus = testBus();
    const seen: string[] = [];
    const table = (name: string): Table<typeof box> => ({
      Ping: (value) => void seen.push(`${name} ${value}`),
      Pong: emits(),
    });
    await bus.handle(box, table('one'), { label: 'worker' });
    const two = await bus.handle(box, table('two'), { label: 'worker' });
    const sender = bus.join(box);
    for (let value = 0; value < 6; value++) sender.send('worker', box.Ping(value));
    await two.close({ drain: 0 });
    await bus.settle();
    return [...seen, ...bus.log.map(({ to, payload }) => `${to.id}:${payload}`)];
  };
  const first = await run();
  t.is(first.filter((line) => /^(one|two)/.test(line)).length, 6);
  t.deepEqual(await run(), first);
});

test('a test bus refuses what it cannot do', async (t) => {
  const bus = testBus();
  const member = bus.join(box);
  t.throws(() => member.send('nobody', box.Ping(1)), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  t.throws(() => member.send('x', 1 as never), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  await t.throwsAsync(bus.advance(-1), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
});
