// Integers between Node and Python: those of more than 32 bits travel as integers, in both codecs
// and both directions, and arrive unchanged.
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { join, raw } from 'busbar';
import { defineInterface, memberTypeId, t as types } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import { newBus } from './support/program.js';
import { lacksPython, PythonProgram } from './support/python.js';

const programs = fileURLToPath(new URL('../python/tests/programs.py', import.meta.url));

const Numbers = defineInterface('com.example.numbers', '1.0', {
  methods: {
    small: { args: { value: types.u32 }, returns: types.u32 },
    safe: { args: { value: types.u53 }, returns: types.u53 },
    signed: { args: { value: types.i64 }, returns: types.i64 },
    unsigned: { args: { value: types.u64 }, returns: types.u64 },
    lasting: { args: { value: types.duration }, returns: types.duration },
  },
  properties: { level: { type: types.u53, access: 'read-write' } },
});

const small = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1];
const safe = [...small, 2 ** 32, 2 ** 40 + 1, 2 ** 53 - 1];
const signed = [...safe.map(BigInt), 2n ** 53n + 1n, 2n ** 63n - 1n].flatMap((n) => [n, -n]);
const unsigned = [...safe.map(BigInt), 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n];
/** Microseconds are what Python has. */
const durations = [0, 1, 0.001, 1500, -1500, 86_400_000 * 365, 2 ** 43 + 0.5];

async function start(t: ExecutionContext, ...args: string[]): Promise<PythonProgram> {
  const program = new PythonProgram(t, [programs, ...args]);
  t.is(await program.line(), 'ready');
  return program;
}

for (const codec of ['messagepack', 'json'] as const) {
  test(`integers go to Python and back in ${codec}`, async (t) => {
    if (lacksPython(t)) return;
    const bus = newBus();
    await start(t, 'serve_numbers', bus);
    const numbers = await connect(bus, Numbers, { codec });
    t.teardown(() => numbers.close());
    for (const value of small) t.is(await numbers.small({ value }), value);
    for (const value of safe) t.is(await numbers.safe({ value }), value);
    for (const value of [...signed, -(2n ** 63n)]) t.is(await numbers.signed({ value }), value);
    for (const value of unsigned) t.is(await numbers.unsigned({ value }), value);
    for (const value of durations) t.is(await numbers.lasting({ value }), value);
    for (const value of safe) {
      const { version } = await numbers.level.read();
      t.true(version > 0);
      t.true((await numbers.level.set(value, { ifVersion: version })) > version);
      t.is(await numbers.level.get(), value);
    }
  });
}

test('integers go from Python to Node and back', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const service = await serve(
    bus,
    Numbers,
    {
      small: ({ value }) => value,
      safe: ({ value }) => value,
      signed: ({ value }) => value,
      unsigned: ({ value }) => value,
      lasting: ({ value }) => value,
    },
    { properties: { level: 2 ** 50 } },
  );
  t.teardown(() => service.close());
  const program = await start(t, 'call_numbers', bus);
  t.is(await program.line(), 'all came back');
  t.deepEqual(await program.ended, [0, null]);
});

test('integers of more than 32 bits are integers of MessagePack, and never doubles', async (t) => {
  const bus = newBus();
  const label = [Numbers.name, `${Numbers.name}/1`];
  const server = await join(bus, { messages: raw, label });
  const numbers = await connect(bus, Numbers);
  t.teardown(() => Promise.all([numbers.close(), server.close({ linger: 0 })]));
  const sent = async (member: 'safe' | 'signed' | 'unsigned' | 'lasting', value: never) => {
    numbers[member]({ value }).catch(() => undefined);
    const { payload } = await server.recv();
    t.is(payload.typeId, memberTypeId(Numbers, member));
    // After the map of one, and its key 'value'.
    return payload.bytes[7];
  };
  const wide = new Set([0xcf, 0xd3]);
  for (const value of safe.filter((each) => each > 2 ** 32 - 1)) {
    t.true(wide.has((await sent('safe', value as never)) ?? 0), `${value}`);
  }
  t.true(wide.has((await sent('signed', -(2n ** 40n) as never)) ?? 0));
  t.true(wide.has((await sent('unsigned', (2n ** 64n - 1n) as never)) ?? 0));
  t.true(wide.has((await sent('lasting', 1e9 as never)) ?? 0));
});
