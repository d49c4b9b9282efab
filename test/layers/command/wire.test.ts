// `wire`: interfaces of a bus for somebody with a shell, a pipe or a socket.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, t as types } from 'busbar/interface';
import { connectWire, stdio, tcp } from 'busbar/wire';
import { newBus } from '../../support/program.js';
import { linesOf, Stage } from './support/command.js';

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: { setTarget: { args: { celsius: types.f64 }, returns: types.bool } },
});

const schema = fileURLToPath(new URL('../../../schemas/command.json', import.meta.url));
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(schema, 'utf8')), 'command');

/** Every line is as the schema has it. */
function checkLines(t: ExecutionContext, out: string): void {
  for (const line of linesOf(out)) {
    t.true(ajv.validate('command#/definitions/wire', JSON.parse(line)), line);
  }
}

/** A bus with a thermostat. */
async function kitchen(t: ExecutionContext) {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  return { stage, bus };
}

/** Lines that were printed, without those of the handshake. */
function answersIn(out: string) {
  return linesOf(out)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.busbar === undefined && line.offers === undefined && !line.bye);
}

test('lines of a shell are answered before the command ends with its input', async (t) => {
  const { stage, bus } = await kitchen(t);
  const asked = [
    { call: 'com.example.thermostat/1.setTarget', id: 1, args: { celsius: 21 } },
    { call: 'com.example.thermostat/1.setTarget', id: 2, args: { celsius: 99 } },
    { call: 'com.example.thermostat/1.target', id: 3 },
    { call: 'com.example.display/1.show', id: 4 },
    { call: 'com.example.thermostat/1.history', id: 5, args: { count: 2 }, credit: [9, 9999] },
  ];
  const input = asked.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { code, out, err } = await stage.run(['wire', '-b', bus, '--json', 'thermostat'], {
    input,
  });
  t.is(err, '');
  t.is(code, 0);
  checkLines(t, out);
  const answers = answersIn(out);
  const answer = (id: number) => answers.filter(({ re }) => re === id);
  t.deepEqual(answer(1), [{ re: 1, result: true }]);
  t.like(answer(2)[0]?.error, { code: 'OutOfRange', data: { min: 5, max: 30 } });
  t.like(answer(3)[0]?.result, { value: 21 });
  t.like(answer(4)[0]?.error, { code: 'UNKNOWN_METHOD' });
  const item = (minute: number) => ({ minute, celsius: 20 });
  t.deepEqual(answer(5), [
    { re: 5, items: [item(0), item(1)] },
    { re: 5, end: null },
  ]);
});

test('a program calls over the pipes of the command', async (t) => {
  const { stage, bus } = await kitchen(t);
  const child = stage.start(['wire', '-b', bus, 'thermostat']);
  const client = await connectWire(stdio(child), Thermostat);
  t.true(await client.setTarget({ celsius: 20 }));
  const ended = once(child, 'exit');
  await client.close();
  t.deepEqual(await ended, [0, null]);
});

test('it listens, with a token, until it is interrupted', async (t) => {
  const { stage, bus } = await kitchen(t);
  const child = stage.start(['wire', '-b', bus, 'thermostat', '--listen', 'tcp:0'], {
    env: { BUSBAR_WIRE_TOKEN: 'swordfish' },
  });
  if (child.stdout === null) return t.fail();
  const [place] = (await once(createInterface(child.stdout), 'line')) as [string];
  const port = Number(/^tcp:127\.0\.0\.1:(\d+)$/.exec(place)?.[1]);
  await t.throwsAsync(connectWire(tcp({ port }), Thermostat), { code: 'WIRE_TOKEN' });
  const client = await connectWire(tcp({ port }), Thermostat, { token: 'swordfish' });
  t.true(await client.setTarget({ celsius: 20 }));
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  t.deepEqual(await ended, [130, null]);
  await client.close();
});

test('lines over a socket', async (t) => {
  const { stage, bus } = await kitchen(t);
  const child = stage.start(['wire', '-b', bus, 'thermostat', '--listen', 'tcp:0', '--json']);
  if (child.stdout === null) return t.fail();
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  checkLines(t, line);
  const { kind, place } = JSON.parse(line) as { kind: string; place: string };
  t.is(kind, 'listening');
  const socket = connectSocket(Number(place.split(':').at(-1)), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write('{"subscribe":"com.example.thermostat/1.target","id":1}\n');
  for await (const text of createInterface({ input: socket })) {
    const { item } = JSON.parse(text) as { item?: { value: number } };
    if (item === undefined) continue;
    t.is(typeof item.value, 'number');
    break;
  }
});

test('a wrong use is refused', async (t) => {
  const { stage, bus } = await kitchen(t);
  for (const [args, code, problem] of [
    [['thermostat', '--listen', 'udp:7'], 2, "--listen is 'udp:7'"],
    [['thermostat', '--listen', 'tcp:99999'], 2, 'expected tcp:PORT'],
    [['termostat'], 3, "did you mean 'thermostat'?"],
    [['thermostat', 'com.example.thermostat'], 1, 'expose has an interface twice'],
    [[], 2, 'usage: busbar wire'],
  ] as const) {
    const ended = await stage.busbar('wire', '-b', bus, ...args);
    t.true(ended.err.includes(problem), ended.err);
    t.is(ended.code, code);
  }
  const wrong = await stage.run(['wire', '-b', bus, 'thermostat'], { input: 'GET / HTTP/1.1\n\n' });
  t.is(wrong.code, 1);
  t.true(wrong.err.includes('the wire was not opened'), wrong.err);
});
