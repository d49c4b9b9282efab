// Interfaces as routes of a table: one endpoint, one list, one middleware, one drain.
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { join, messageBox, messageType } from 'busbar';
import { emits, server, testBus } from 'busbar/handlers';
import { defineInterface, t as type } from 'busbar/interface';
import { connect, describe as describeServer } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { handled } from './support/handled.js';

const Move = messageType<number>('com.example.move');
const Moved = messageType<number>('com.example.moved');
const box = messageBox({ Move, Moved });

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    setTarget: { args: { celsius: type.f64 }, returns: type.bool },
    count: { args: { to: type.u53 }, stream: type.u53 },
    ask: { returns: type.string },
  },
  properties: { target: { type: type.f64, access: 'read-write' } },
  signals: { overheated: { celsius: type.f64 } },
});
const Clock = defineInterface('com.example.clock', '1.0', {
  methods: { time: { returns: type.string } },
});

const implementation = {
  setTarget: ({ celsius }: { readonly celsius: number }) => celsius < 30,
  *count({ to }: { readonly to: number }) {
    for (let value = 1; value <= to; value++) yield value;
  },
  async ask(_: object, call: { client(source: typeof Clock): { time(): Promise<string> } }) {
    return `it is ${await call.client(Clock).time()}`;
  },
};

test('messages and calls share an endpoint, a list, and middleware', async (t) => {
  const bus = newBus();
  const seen: string[] = [];
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: (value) => box.Moved(value + 1),
      Moved: emits(),
      [Thermostat.name]: server(Thermostat, implementation, {
        properties: { target: 20 },
        use: ({ type: method }, _, next) => {
          seen.push(method);
          return next();
        },
      }),
      [Clock.name]: server(Clock, { time: () => 'noon' }),
    },
    {
      label: 'kitchen',
      use: ({ payload }, _, next) => {
        seen.push(JSON.stringify(payload));
        return next();
      },
    },
  );
  const member = await join(bus, { messages: box });
  t.teardown(() => member.close());
  t.is(member.peers.filter(({ label }) => label.includes('kitchen')).length, 1);
  const client = await connect(bus, Thermostat, { to: 'kitchen' });
  t.teardown(() => client.close());
  t.true(await client.setTarget({ celsius: 21 }));
  member.send('kitchen', box.Move(1));
  t.is((await member.recv()).payload, 2);
  const counted: number[] = [];
  for await (const value of client.count({ to: 3 })) counted.push(value);
  t.deepEqual(counted, [1, 2, 3]);
  // A nested call to an interface that is served by the same table.
  t.is(await client.ask(), 'it is noon');
  t.is(await client.target.get(), 20);
  t.deepEqual(seen, [
    '{"celsius":21}',
    'com.example.thermostat.setTarget',
    '1',
    '{"to":3}',
    'com.example.thermostat.count',
    '{}',
    'com.example.thermostat.ask',
    '{}',
  ]);
  t.deepEqual(
    handlers.routes().map(({ name, mode, handled: count }) => [name, mode, count]),
    [
      ['Move', 'serial', 1],
      ['com.example.thermostat.setTarget', 'call', 1],
      ['com.example.thermostat.count', 'call', 1],
      ['com.example.thermostat.ask', 'call', 1],
      ['com.example.clock.time', 'call', 1],
      ['Moved', 'emit', 0],
    ],
  );
  const [about] = (await describeServer(client)) as { readonly interface: string }[];
  t.is(about?.interface, Thermostat.name);
  t.is(handlers.unrouted, 0);
});

test('a call goes on while a message is handled, and a table that drains finishes both', async (t) => {
  const bus = newBus();
  let open = () => {};
  const held = new Promise<void>((resolve) => {
    open = resolve;
  });
  const handlers = await handled(
    t,
    bus,
    box,
    {
      Move: () => held,
      Moved: emits(),
      [Clock.name]: server(Clock, {
        time: async () => {
          await held;
          return 'noon';
        },
      }),
    },
    { label: 'clock' },
  );
  const member = await join(bus, { messages: box });
  const client = await connect(bus, Clock);
  t.teardown(() => Promise.all([member.close(), client.close()]));
  const delivered = member.deliver('clock', box.Move(1), { acknowledge: 'handled' });
  while (handlers.routes()[0]?.running !== 1) await turn();
  const time = client.time();
  while (handlers.routes()[1]?.running !== 1) await turn();
  const closing = handlers.close({ drain: 60_000 });
  while (member.matches(Clock.name).length > 0) await turn();
  open();
  t.is(await time, 'noon');
  t.is(await delivered, 1);
  await closing;
});

test('a service that is wrong is refused, and nothing stays', async (t) => {
  const bus = newBus();
  const wrong = server(Clock, {} as { time: () => string });
  const table = { Move: () => {}, Moved: emits() };
  await t.throwsAsync(handled(t, bus, box, { ...table, [Clock.name]: wrong }), {
    message: /time .* not implemented/,
  });
  await t.throwsAsync(
    handled(t, bus, box, { ...table, 'com.example.other': server(Clock, { time: () => '' }) }),
    { code: 'ERR_BUSBAR_HANDLERS_TABLE' },
  );
  t.throws(() => server(Clock, { time: () => '' }, { label: 'x' } as object), { message: /label/ });
  const right = { ...table, [Clock.name]: server(Clock, { time: () => '' }) };
  await t.throwsAsync(testBus().handle(box, right), { message: /MessageChannel/ });
  const member = await join(bus);
  t.deepEqual(member.peers, []);
  await member.close();
});
