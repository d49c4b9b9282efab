// Calls between Node and Python, each as client and as server of the other. The interface is that of
// python/tests/thermostat.py.
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, t as types } from 'busbar/interface';
import { connect, DeadlineError, isError, PeerGoneError, serve } from 'busbar/rpc';
import { newBus } from './support/program.js';
import { lacksPython, PythonProgram } from './support/python.js';

const programs = fileURLToPath(new URL('../python/tests/programs.py', import.meta.url));

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    setTarget: {
      args: { celsius: types.f64, room: types.optional(types.string) },
      returns: types.bool,
      errors: { OutOfRange: { min: types.f64, max: types.f64 } },
    },
    sleep: { args: { seconds: types.f64 }, returns: types.string, idempotent: true },
    hang: {},
    history: {
      args: { count: types.u32 },
      stream: types.struct({ number: types.u32, celsius: types.f64 }),
    },
  },
  properties: {
    target: { type: types.f64, access: 'read-write' },
    model: { type: types.string, access: 'read-only' },
  },
  signals: { overheated: { celsius: types.f64 } },
});

async function start(t: ExecutionContext, ...args: string[]): Promise<PythonProgram> {
  const program = new PythonProgram(t, [programs, ...args]);
  t.is(await program.line(), 'ready');
  return program;
}

test('Node calls Python', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const python = await start(t, 'serve_thermostat', bus, 'python');
  await using thermostat = await connect(bus, Thermostat);
  t.true(await thermostat.setTarget({ celsius: 21 }));
  const refused = await t.throwsAsync(thermostat.setTarget({ celsius: 31 }));
  t.true(isError(Thermostat, 'OutOfRange', refused));
  if (isError(Thermostat, 'OutOfRange', refused)) t.deepEqual(refused.data, { min: 5, max: 30 });
  t.is(await thermostat.sleep({ seconds: 0 }), 'python');
  await t.throwsAsync(thermostat.hang({ timeout: 50 }), { instanceOf: DeadlineError });
  const samples: { number: number; celsius: number }[] = [];
  for await (const sample of thermostat.history({ count: 1000 })) samples.push(sample);
  t.is(samples.length, 1000);
  t.deepEqual(samples[3], { number: 3, celsius: 20.3 });
  for await (const { number } of thermostat.history({ count: 1_000_000 }))
    if (number === 500) break;
  t.is(await thermostat.target.get(), 21);
  await thermostat.target.set(22);
  t.is(await thermostat.target.get(), 22);
  const heard = new Promise((resolve) => thermostat.on('overheated', resolve));
  for await (const value of thermostat.target) {
    t.is(value, 22);
    break;
  }
  await thermostat.setTarget({ celsius: 29 });
  t.deepEqual(await heard, { celsius: 29 });
  const lost = thermostat.hang();
  while ((await python.line()) !== '3 calls');
  await python.kill();
  await t.throwsAsync(lost, { instanceOf: PeerGoneError });
});

test('Python calls Node', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  let cancelled: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  const service = await serve(
    bus,
    Thermostat,
    {
      setTarget({ celsius }, call) {
        if (celsius > 30) throw call.error('OutOfRange', { min: 5, max: 30 });
        service.target = celsius;
        if (celsius > 28) service.emit.overheated({ celsius });
        return true;
      },
      sleep: () => 'node',
      hang: (_, call) =>
        new Promise<undefined>((resolve) => {
          call.signal.addEventListener('abort', () => {
            cancelled();
            resolve(undefined);
          });
        }),
      *history({ count }) {
        for (let number = 0; number < count; number++) yield { number, celsius: 20 };
      },
    },
    { properties: { target: 20, model: 'T1' } },
  );
  t.teardown(() => service.close());
  const python = await start(t, 'use_thermostat', bus);
  t.is(await python.line(), 'set True');
  t.is(await python.line(), 'OutOfRange 5.0 30.0');
  t.is(await python.line(), 'invalid');
  t.is(await python.line(), 'slept node');
  t.is(await python.line(), 'deadline');
  await ended;
  t.is(await python.line(), '10000 samples to 9999');
  t.is(await python.line(), 'target 21.0');
  t.is(await python.line(), 'target 25.0, conflict');
  t.is(await python.line(), 'watched 25.0 then 29.0, overheated 29.0');
  t.deepEqual(await python.ended, [0, null]);
});
