// `capture`: a file that tshark reads, with fields named as ours are.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { newBus } from '../../support/program.js';
import { has } from '../../support/tools.js';
import { endOf, linesOf, Stage } from './support/command.js';

const execute = promisify(execFile);

/** Resolves once the command has written the head of the file: from then on it observes. */
async function observing(stage: Stage, bus: string, file: string, ...args: readonly string[]) {
  const child = stage.start(['capture', '--bus', bus, '-o', file, ...args]);
  const ended = endOf(child);
  for (;;) {
    try {
      if (readFileSync(file).length > 0) return { child, ended };
    } catch {
      // Not there yet.
    }
    if (child.exitCode !== null) throw new Error((await ended).err);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What tshark prints of a file: the fields, one packet a line. */
async function fieldsOf(stage: Stage, file: string, names: readonly string[], filter = '') {
  const lua = (await stage.busbar('capture', '--dissector')).out.trim();
  const { stdout } = await execute(
    'tshark',
    [
      ...['-X', `lua_script:${lua}`, '-r', file, '-T', 'fields', '-E', 'occurrence=a'],
      ...(filter === '' ? [] : ['-Y', filter]),
      ...names.flatMap((name) => ['-e', name]),
    ],
    { env: { ...stage.env, HOME: stage.directory.path } },
  );
  return stdout
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'));
}

test('tshark reads messages with their fields', async (t) => {
  if (!has(t, 'tshark')) return;
  const stage = new Stage(t);
  const bus = newBus();
  const moon = await stage.member(bus, 'listener', 'moon', 'planet');
  const sun = await stage.member(bus, 'sender', 'sun');
  const file = join(stage.directory.path, 'x.pcapng');
  const { child, ended } = await observing(stage, bus, file, '--bytes', '64', '--json');
  sun.say({ to: 'planet', type: 'Move', payload: { x: 3 } });
  await moon.next();
  sun.say({ to: 'planet', type: 'Blob', payload: 'ab'.repeat(1000), all: true });
  await moon.next();
  sun.say({ to: 'nobody', type: 'Note', payload: { x: 1 }, all: true });
  for (let i = 0; i < 3; i++) await sun.next();
  await stage.busbar('send', '--bus', bus, 'moon', 'com.example.move', 'x=4', '--reply');
  child.kill('SIGINT');
  const { code, out, err } = await ended;
  t.is(code, 0, err);
  t.deepEqual(JSON.parse(out), { kind: 'captured', file, count: 7, lost: 0 });

  const names = ['frame.interface_name', 'busbar.kind', 'busbar.from.label', 'busbar.to.label'];
  const numbers = [
    'busbar.unicast',
    'busbar.bytes',
    'busbar.payload',
    'frame.len',
    'frame.cap_len',
  ];
  const rows = await fieldsOf(stage, file, [...names, ...numbers], 'busbar.from.label == "sun"');
  t.deepEqual(
    rows.map((row) => row.slice(0, 7)),
    [
      [bus, '0', 'sun', 'moon,planet', '1', '4', '81a17803'],
      [bus, '0', 'sun', 'moon,planet', '0', '1000', 'ab'.repeat(64)],
      [bus, '0', 'sun', '', '0', '7', Buffer.from('{"x":1}').toString('hex')],
    ],
  );
  // What is not in the file still counts.
  const [, large = []] = rows;
  t.is(Number(large[7]) - Number(large[8]), 1000 - 64);
  const comments = await fieldsOf(stage, file, ['frame.comment'], 'busbar.from.label == "sun"');
  t.deepEqual(comments.flat(), ['sun -> moon,planet', 'sun -> moon,planet', 'sun -> nobody']);
  // An answer names what it answers.
  const [question = []] = await fieldsOf(
    stage,
    file,
    ['busbar.id', 'busbar.from.id'],
    'busbar.bytes == 4 && !(busbar.from.label == "sun")',
  );
  const [answer = []] = await fieldsOf(
    stage,
    file,
    ['busbar.reply_to', 'busbar.to.id', 'busbar.to.pid'],
    `busbar.reply_to == ${question[0]} && busbar.to.id == ${question[1]}`,
  );
  t.deepEqual(answer.slice(0, 2), [question[0], question[1]]);
});

test('calls have names and roles, and their payloads are read', async (t) => {
  if (!has(t, 'tshark')) return;
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  const file = join(stage.directory.path, 'x.pcapng');
  const { child, ended } = await observing(stage, bus, file);
  await stage.busbar('call', '--bus', bus, 'thermostat.setTarget', 'celsius=21');
  await stage.busbar('call', '--bus', bus, 'thermostat.setTarget', 'celsius=99');
  child.kill('SIGINT');
  t.is((await ended).code, 0);
  const name = 'com.example.thermostat/1.setTarget';
  const rows = await fieldsOf(stage, file, ['busbar.role', 'busbar.type'], `busbar.role`);
  // In the order of each sender; nobody asks what the server serves but one that is not observed.
  t.deepEqual(rows.sort(), [
    ['call', name],
    ['call', name],
    ['error', 'busbar.rpc'],
    ['result', 'busbar.rpc'],
  ]);
  const deadlines = await fieldsOf(
    stage,
    file,
    ['busbar.metadata.deadline'],
    'busbar.role == "call"',
  );
  t.true(deadlines.flat().every((text) => Number(text) > 0 && Number(text) <= 5000));
});

test('losses and undelivered messages are in the file, and a cut record is no crash', async (t) => {
  if (!has(t, 'tshark')) return;
  const stage = new Stage(t);
  const bus = newBus();
  const sun = await stage.member(bus, 'sender', 'sun');
  await stage.member(bus, 'listener', 'moon');
  const file = join(stage.directory.path, 'x.pcapng');
  const { child, ended } = await observing(stage, bus, file, '--json', '--bytes', '4096');
  child.kill('SIGSTOP');
  // More than its ring holds.
  const times = 2000;
  const payload = 'cd'.repeat(2000);
  sun.say({ to: 'nobody', type: 'Blob', payload, times, all: true });
  await sun.next();
  child.kill('SIGCONT');
  // Copies are lost until the observer has read enough, and that of an undelivered message may be.
  let undelivered = 0;
  for (;;) {
    sun.say({ to: 'nobody', type: 'Move', payload: 1, ttl: 1 });
    await sun.next();
    undelivered++;
    const rows = await fieldsOf(stage, file, ['busbar.reason'], 'busbar.kind == 1').catch(() => []);
    if (rows.flat().includes('ERR_BUSBAR_NO_RECIPIENT')) break;
  }
  child.kill('SIGINT');
  const { out } = await ended;
  const { count, lost } = JSON.parse(out);
  t.true(lost > 0);
  // The last of them may be undelivered after the capture.
  t.true(count + lost > times && count + lost <= times + undelivered, `${count} ${lost}`);
  const losses = await fieldsOf(stage, file, ['busbar.lost', 'frame.comment'], 'busbar.kind == 2');
  t.is(
    losses.reduce((sum, [number]) => sum + Number(number), 0),
    lost,
  );
  t.regex(losses[0]?.[1] ?? '', /^\d+ messages of sun were lost$/);
});

test('it refuses what cannot be written, and writes no file for nobody', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  t.is((await stage.busbar('capture', '--bus', bus)).code, 2);
  await stage.member(bus, 'plain', 'moon');
  const { code, err } = await stage.busbar('capture', '--bus', bus, '-o', '/nowhere/x.pcapng');
  t.is(code, 1);
  t.is(err, 'busbar: /nowhere/x.pcapng cannot be written (ENOENT); choose another file\n');
  const file = join(stage.directory.path, 'x.pcapng');
  t.is((await stage.busbar('capture', '--bus', newBus(), '-o', file)).code, 3);
  t.throws(() => readFileSync(file), { code: 'ENOENT' });
  const empty = await stage.busbar('capture', '--bus', bus, '-o', file, '--seconds', '0', '--json');
  t.deepEqual(
    linesOf(empty.out).map((line) => JSON.parse(line)),
    [{ kind: 'captured', file, count: 0, lost: 0 }],
  );
});
