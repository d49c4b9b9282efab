// `ls`, `tap` and `top`: who is there, and what goes by.
import { once } from 'node:events';
import test from 'ava';
import { newBus } from '../../support/program.js';
import { endOf, linesOf, Stage } from './support/command.js';

interface Seen {
  readonly kind: string;
  readonly type: string | null;
  readonly role: string;
  readonly payload: unknown;
  readonly encoding: string;
  readonly bytes: number;
  readonly count: number;
}

/** A tap that runs. */
function tapped(stage: Stage, bus: string, ...args: readonly string[]) {
  const child = stage.start(['tap', '-b', bus, '--json', ...args]);
  return { child, ended: endOf(child) };
}

/** Runs a tap while a sender repeats what it is told. */
async function tap(
  stage: Stage,
  bus: string,
  orders: readonly object[],
  ...args: readonly string[]
): Promise<readonly Seen[]> {
  const sender = await stage.member(bus, 'sender', 'sun');
  const { ended } = tapped(stage, bus, ...args);
  const sending = setInterval(() => {
    for (const order of orders) sender.say(order);
  }, 20);
  try {
    const { code, out, err } = await ended;
    if (code !== 0) throw new Error(err);
    return linesOf(out).map((line) => JSON.parse(line) as Seen);
  } finally {
    clearInterval(sending);
    await sender.kill();
  }
}

test('ls: labels, services, conditions, tabs', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const kitchen = await stage.member(bus, 'thermostat', 'kitchen', 'lamp');
  await stage.member(bus, 'plain', 'moon', 'a label\twith \u001b[31m');
  const rows = await stage.json('ls', '-b', bus);
  t.like(rows[0], {
    pid: kitchen.pid,
    process: 'node member-program.js',
    state: process.platform === 'linux' ? 'running' : 'unknown',
    interfaces: ['com.example.thermostat/1'],
    controller: true,
  });
  t.is(rows.length, 2);
  for (const [selector, labels] of [
    ['kitchen', ['kitchen']],
    ['not kitchen', ['moon']],
    ['moon|kitchen', ['kitchen', 'moon']],
    ['kitchen,lamp', ['kitchen']],
    ['com.example.thermostat and not moon', ['kitchen']],
    [`#${rows[1]?.id}`, ['moon']],
  ] as const) {
    const found = await stage.json<{ label: string[] }>('ls', '-b', bus, selector);
    t.deepEqual(
      found.map(({ label }) => label[0]),
      [...labels],
      selector,
    );
  }
  const { out } = await stage.busbar('ls', '-b', bus, 'moon');
  // What a peer wrote cannot steer a terminal, or be taken for a field.
  t.is(out.split('\t').length, 6, out);
  t.false(out.includes('\u001b'));
  t.true(out.includes('a label\\twith \\x1b[31m'));
});

test('tap: decodes by description, MessagePack, JSON, text and bytes', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'listener', 'moon');
  const seen = await tap(
    stage,
    bus,
    [
      { to: 'moon', type: 'Move', payload: { x: 3 } },
      { to: 'moon', type: 'Note', payload: { text: 'hi' } },
      { to: 'moon', type: 'Blob', payload: 'ff00ff' },
    ],
    ...['-n', '12', '--where', '$from.label[0] == "sun"'],
  );
  const of = (encoding: string) => seen.find((each) => each.encoding === encoding);
  t.like(of('messagepack'), { payload: { x: 3 }, bytes: 4, role: 'message', type: null });
  t.like(of('json'), { payload: { text: 'hi' } });
  t.like(of('bytes'), { payload: Buffer.from('ff00ff', 'hex').toString('base64') });
  for (const { kind } of seen) t.is(kind, 'sent');
});

test('tap: types, conditions, redaction, cut payloads', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'listener', 'moon');
  const orders = [1, 2, 3].map((x) => ({ to: 'moon', type: 'Move', payload: { x, s: 'secret' } }));
  const note = { to: 'moon', type: 'Note', payload: { x: 3, list: ['a', 'b'] } };
  const type = ['--type', 'com.example.move'];
  const some = await tap(
    stage,
    bus,
    [...orders, note],
    '-n',
    '3',
    ...type,
    '--where',
    'x >= 2 & s ~ "ecr"',
  );
  t.is(some.length, 3);
  for (const { payload, type: name } of some) {
    t.true((payload as { x: number }).x >= 2);
    t.is(name, 'com.example.move');
  }
  const listed = await tap(
    stage,
    bus,
    [...orders, note],
    '-n',
    '1',
    '--where',
    'list ~ "b" and not s',
  );
  t.deepEqual(listed[0]?.payload, note.payload);
  const [hidden] = await tap(stage, bus, orders, '-n', '1', '--redact', '--where', 's == "secret"');
  t.deepEqual(hidden?.payload, { x: '<number>', s: '<text 6>' });
  // Without the replies, which are of this type, too.
  const fromSun = ['--where', '$from.label[0] == "sun"'];
  const [cut] = await tap(stage, bus, orders, '-n', '1', '--bytes', '3', ...type, ...fromSun);
  t.like(cut, { encoding: 'cut', bytes: 13 });
  const [none] = await tap(stage, bus, orders, '-n', '1', 'sun,not moon', ...type);
  t.truthy(none);
});

test('tap: calls by the name of their method, answers by that of their call', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  const { child, ended } = tapped(stage, bus);
  const out: Seen[] = [];
  let buffered = '';
  child.stdout?.on('data', (data) => {
    const parts = (buffered + data).split('\n');
    buffered = parts.pop() ?? '';
    out.push(...parts.map((line) => JSON.parse(line) as Seen));
  });
  const roles = () => new Map(out.map(({ role, type, payload }) => [`${role} ${type}`, payload]));
  const name = 'com.example.thermostat/1.setTarget';
  while (!roles().has(`call ${name}`) || !roles().has(`result ${name}`)) {
    await stage.busbar('call', '-b', bus, 'thermostat.setTarget', 'celsius=21');
  }
  t.deepEqual(roles().get(`call ${name}`), { celsius: 21 });
  t.is(roles().get(`result ${name}`), true);
  while (!roles().has(`error ${name}`)) {
    await stage.busbar('call', '-b', bus, 'thermostat.setTarget', 'celsius=99');
  }
  t.like(roles().get(`error ${name}`), { code: 'OutOfRange' });
  child.kill('SIGTERM');
  t.is((await ended).code, 130);
});

test('tap: what it is too slow for is counted, and nobody waits for it', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const moon = await stage.member(bus, 'plain', 'moon');
  const sun = await stage.member(bus, 'sender', 'sun');
  const { child } = tapped(stage, bus, '--bytes', '4096');
  let out = '';
  child.stdout?.on('data', (data) => {
    out += data;
  });
  const order = { to: 'nobody', type: 'Blob', payload: 'cd'.repeat(2000), all: true };
  while (out === '') {
    sun.say(order);
    await sun.next();
  }
  child.kill('SIGSTOP');
  // Each of them is answered: the sender goes on.
  sun.say({ ...order, times: 3000 });
  await sun.next();
  child.kill('SIGCONT');
  while (!out.includes('"kind":"lost"')) await once(child.stdout as NodeJS.EventEmitter, 'data');
  const loss = linesOf(out).find((line) => line.includes('"kind":"lost"')) ?? '';
  t.true((JSON.parse(loss) as Seen).count > 0);
  child.kill('SIGKILL');
  t.true(moon.pid > 0);
});

test('top: rates and loads', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'listener', 'moon');
  await stage.member(bus, 'thermostat', 'kitchen');
  const sun = await stage.member(bus, 'sender', 'sun');
  const sending = setInterval(
    () => sun.say({ to: 'moon', type: 'Move', payload: 1, times: 5 }),
    10,
  );
  t.teardown(() => clearInterval(sending));
  const rows = await stage.json('top', '-b', bus, '-n', '3', '--interval', '0.3');
  const last = rows.slice(-3);
  const named = (label: string) => last.find((row) => (row.label as string[]).includes(label));
  t.is(rows.filter(({ kind }) => kind === 'bus').length, 3);
  t.true(Number(named('sun')?.sent) > 0);
  t.true(Number(named('moon')?.received) > 0);
  t.like(named('kitchen'), { sent: 0, running: 0, queued: 0 });
  t.is(named('moon')?.calls, null);
  const tabs = await stage.busbar('top', '-b', bus, '-n', '1', '--interval', '0.1', 'kitchen');
  t.is(linesOf(tabs.out).length, 1);
  t.is(tabs.out.split('\t').length, 12);
});

test('a bus of a thousand members', async (t) => {
  t.timeout(300_000);
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'crowd', '1000');
  const rows = await stage.json('ls', '-b', bus);
  t.is(rows.length, 1000);
  t.is((await stage.json('ls', '-b', bus, 'member-7')).length, 1);
  const top = await stage.json('top', '-b', bus, '-n', '1', '--interval', '0.1');
  t.is(top.length, 1001);
  const { code, out } = await stage.busbar('doctor', '-b', bus, '--json');
  t.true(code === 0 || code === 1);
  t.true(out.includes('has 1000 members in 1 process'), out);
});
