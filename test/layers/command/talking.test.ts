// `call` and `send`: arguments by name, checked before anything is sent; results, streams, errors.
import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { newBus } from '../../support/program.js';
import { linesOf, Stage } from './support/command.js';

/** Milliseconds: the machine may be busy. */
const patience = '60000';
/** A call on a bus; an option that comes later counts. */
const calling = (bus: string) => ['call', '-b', bus, '--timeout', patience];

/** A bus with a thermostat. */
async function kitchen(t: ExecutionContext) {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  return { stage, bus, call: (...args: string[]) => stage.busbar(...calling(bus), ...args) };
}

test('call: results, properties, streams in both directions', async (t) => {
  const { stage, bus, call } = await kitchen(t);
  t.deepEqual(await call('thermostat.setTarget', 'celsius=21'), {
    code: 0,
    out: 'true\n',
    err: '',
  });
  t.is((await call('com.example.thermostat.setTarget', '{"celsius":22}')).out, 'true\n');
  t.is((await call('com.example.thermostat/1.setTarget', 'celsius=23')).out, 'true\n');
  t.is((await call('thermostat.target')).out, '23\n');
  t.deepEqual(await call('thermostat.target', '24.5'), { code: 0, out: '', err: '' });
  t.is((await call('thermostat.target', 'value=25')).code, 0);
  t.is((await call('thermostat.target')).out, '25\n');
  t.is((await call('thermostat.serial')).out, 'A-7\n');
  t.is(
    (await call('thermostat.history', 'count=2')).out,
    '{"minute":0,"celsius":20}\n{"minute":1,"celsius":20}\n',
  );
  const sum = await stage.run([...calling(bus), 'thermostat.sum'], { input: '1\n\n2.5\n' });
  t.deepEqual(sum, { code: 0, out: '3.5\n', err: '' });
  t.is((await stage.run([...calling(bus), 'thermostat.sum'], { input: 'one\n' })).code, 2);
});

test('call: what a value is, its type decides', async (t) => {
  const { call } = await kitchen(t);
  const echo = await call(
    'thermostat.echo',
    'at=2026-01-02T03:04:05Z',
    'big=18446744073709551615',
    'raw=AAEC',
    'any={"a":[1,"2"]}',
  );
  t.is(echo.err, '');
  t.deepEqual(JSON.parse(echo.out), {
    at: '2026-01-02T03:04:05.000Z',
    big: '18446744073709551615',
    raw: 3,
    any: { a: [1, '2'] },
  });
  // A text of digits is a text where a text is wanted.
  t.is((await call('thermostat.setTarget', 'celsius=21', 'note=42', 'mode=cool')).out, 'true\n');
});

test('call: a wrong use is refused before anything is sent', async (t) => {
  const { call } = await kitchen(t);
  for (const [args, code, problem] of [
    [['thermostat.setTarget', 'celcius=1'], 2, "no argument 'celcius'; did you mean 'celsius'?"],
    [['thermostat.setTarget', 'celsius=warm'], 2, 'argument celsius: the value is "warm"'],
    [['thermostat.setTarget', 'celsius=1', 'mode=hot'], 2, 'argument mode: '],
    [['thermostat.setTarget'], 2, 'celsius is missing'],
    [['thermostat.setTarget', '21'], 2, "'21' is neither name=value nor a JSON object"],
    [['thermostat.sum', 'x=1'], 2, 'sum takes no arguments'],
    [['thermostat.setTaget', 'celsius=1'], 2, "has no 'setTaget'; did you mean 'setTarget'?"],
    [['thermostat.overheated'], 2, 'is a signal, which nobody calls; see it by busbar tap'],
    [['thermostat.serial', 'B'], 2, 'serial is read-only'],
    [['thermostat.history', 'count=1', '--all'], 2, 'streams, so it is called at one server'],
    [['termostat.setTarget'], 3, "serves 'termostat'; did you mean 'thermostat'?"],
    [['lamp.light'], 3, "nobody on 'test-"],
    [
      ['thermostat.setTarget', 'celsius=1', '--to', 'bath'],
      3,
      'no server of thermostat matches bath',
    ],
  ] as const) {
    const ended = await call(...args);
    t.is(ended.code, code, ended.err);
    t.is(ended.out, '');
    t.true(ended.err.includes(problem), ended.err);
    t.is(linesOf(ended.err).length, 1);
  }
});

test('call: declared errors, deadlines, several servers', async (t) => {
  const { stage, bus, call } = await kitchen(t);
  const declared = await call('thermostat.setTarget', 'celsius=99');
  t.is(declared.code, 1);
  t.is(declared.err, 'busbar: the method answered with OutOfRange: {"min":5,"max":30}\n');
  const late = await call('thermostat.hold', 'minutes=1', '--timeout', '50');
  t.is(late.code, 4);
  // The caller notices first, or its server.
  t.regex(late.err, /deadline( has passed)?; give it more with --timeout\n$/);
  const bath = await stage.member(bus, 'thermostat', 'bath');
  const all = await call('thermostat.setTarget', 'celsius=21', '--all');
  t.deepEqual(linesOf(all.out).slice().sort(), ['bath\ttrue', 'kitchen\ttrue']);
  t.is(
    (await call('thermostat.setTarget', 'celsius=21', '--to', 'not kitchen', '--all')).out,
    'bath\ttrue\n',
  );
  const failed = await call('thermostat.setTarget', 'celsius=99', '--all');
  t.is(failed.code, 1);
  t.is(linesOf(failed.err).length, 2);
  // The server dies with the call in hand.
  const held = stage.start([
    'call',
    '-b',
    bus,
    'thermostat.hold',
    'minutes=1',
    '--to',
    'bath',
    '--json',
  ]);
  let out = '';
  held.stdout?.on('data', (data) => {
    out += data;
  });
  const running = async () => {
    const rounds = await stage.json('top', '-b', bus, '-n', '1', '--interval', '0.1');
    return rounds.some((row) => row.pid === bath.pid && Number(row.running) === 1);
  };
  while (!(await running()));
  await bath.kill();
  await new Promise((resolve) => held.once('close', resolve));
  t.is(held.exitCode, 1);
  t.like(JSON.parse(out), { kind: 'error', code: 'PEER_GONE', executed: 'maybe' });
});

test('call: the description of a file', async (t) => {
  const { stage, bus } = await kitchen(t);
  const { out } = await stage.busbar('describe', '-b', bus, 'thermostat');
  const file = `${stage.directory.path}/thermostat.busbar.yaml`;
  writeFileSync(file, out);
  const args = [...calling(bus), '--interface', file];
  t.is((await stage.busbar(...args, 'thermostat.setTarget', 'celsius=20')).out, 'true\n');
  t.is((await stage.busbar(...args, 'lamp.light')).code, 2);
});

test('send: with types, without, and replies', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const send = (...args: string[]) =>
    stage.busbar('send', '-b', bus, '--timeout', patience, ...args);
  const moon = await stage.member(bus, 'listener', 'moon', 'planet');
  const mars = await stage.member(bus, 'listener', 'mars', 'planet');
  const plain = await stage.member(bus, 'plain', 'plain');
  t.deepEqual(await send('moon', 'com.example.move', 'x=1', 'y=two'), {
    code: 0,
    out: 'taken by 1 member\n',
    err: '',
  });
  t.deepEqual(await moon.next(), { type: 'Move', payload: { x: 1, y: 'two' } });
  t.is((await send('planet', 'com.example.move', '{"x":2}', '--all')).out, 'taken by 2 members\n');
  t.deepEqual(await moon.next(), { type: 'Move', payload: { x: 2 } });
  t.deepEqual(await mars.next(), { type: 'Move', payload: { x: 2 } });
  await send('mars', 'com.example.note', 'a=1', '--codec', 'json');
  t.deepEqual(await mars.next(), { type: 'Note', payload: { a: 1 } });
  t.is((await send('plain', 'hello', '--reply')).out, 'plain\t["got","hello"]\n');
  t.is(await plain.next(), 'hello');
  await stage.run(['send', '-b', bus, '--timeout', patience, 'plain', '-'], { input: '[1,2]' });
  t.deepEqual(await plain.next(), [1, 2]);
  // To nobody, of a type that its receiver does not have, and nearly to somebody.
  const nobody = await send('mon', 'com.example.move');
  t.is(nobody.code, 3);
  t.is(nobody.err, `busbar: nobody on '${bus}' matches mon; did you mean 'moon' for 'mon'?\n`);
  t.is((await send('mon', 'com.example.move', '--all')).code, 3);
  const unknown = await send('plain', 'com.example.move');
  t.is(unknown.code, 1);
  t.regex(unknown.err, /it takes no messages of this type; name another\n$/);
});

test('send: a described type is checked', async (t) => {
  const { stage, bus } = await kitchen(t);
  const send = (...args: string[]) =>
    stage.busbar(
      'send',
      '-b',
      bus,
      '--timeout',
      patience,
      'kitchen',
      'com.example.thermostat/1.setTarget',
      ...args,
    );
  t.is((await send('celsius=21', '--reply')).out, 'kitchen\ttrue\n');
  const wrong = await send('celsius=warm');
  t.is(wrong.code, 2);
  t.regex(wrong.err, /argument celsius: the value is "warm"; expected a number\n$/);
  t.is((await send('celsius=1', '--codec', 'json')).code, 2);
});
