// The commands `record`, `replay` and `journal`, as a shell runs them.
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { openJournal } from 'busbar/journal';
import { newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { endOf, linesOf, Stage } from './support/command.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(`${root}schemas/command.json`, 'utf8')), 'command');

const box = messageBox({ Move: messageType<{ readonly x: number }>('com.example.move') });

async function written(folder: string, count: number): Promise<void> {
  const log = await openJournal(folder);
  for (let x = 1; x <= count; x++) log.write(box.Move({ x }), { label: 'planet' });
  await log.close();
}

test('journal lists, verifies, exports and tails', async (t) => {
  const stage = new Stage(t);
  const folder = temporaryFolder(t);
  await written(folder, 20);
  const valid = (value: unknown) => t.true(ajv.validate('command#/definitions/journal', value));
  const [segment] = await stage.json('journal', 'ls', folder);
  valid(segment);
  t.like(segment, { name: '000000000001.mcap', first: 1, next: 21, entries: 20 });
  const [report] = await stage.json('journal', 'verify', folder);
  valid(report);
  t.true(report?.intact);
  t.is((await stage.busbar('journal', 'verify', folder)).out, 'intact: 20 entries\n');
  const some = await stage.json('journal', 'export', folder, '--from', '3', '--to', '5');
  for (const entry of some) valid(entry);
  t.deepEqual(
    some.map(({ position, payload }) => [position, payload]),
    [
      [3, { x: 3 }],
      [4, { x: 4 }],
    ],
  );
  const tail = await stage.json('journal', 'tail', folder, '--last', '2', '--no-follow');
  t.deepEqual(
    tail.map(({ position }) => position),
    [19, 20],
  );
  const file = join(folder, 'viewer.mcap');
  const [done] = await stage.json('journal', 'export', folder, '--mcap', file);
  valid(done);
  t.is(done?.entries, 20);
  t.is(readFileSync(file).subarray(1, 5).toString(), 'MCAP');
});

test('journal tail goes on with what is written, and verify finds damage', async (t) => {
  const stage = new Stage(t);
  const folder = temporaryFolder(t);
  await written(folder, 3);
  const child = stage.start(['journal', 'tail', folder, '-n', '4', '--json']);
  child.stdout?.once('data', () => void written(folder, 1));
  const { code, out, err } = await endOf(child);
  t.is(code, 0, err);
  t.is(linesOf(out).length, 4);
  const path = join(folder, '000000000001.mcap');
  truncateSync(path, 200);
  const verified = await stage.busbar('journal', 'verify', folder);
  t.is(verified.code, 1);
  t.regex(verified.out, /damaged: 1 entries/);
});

test('record and replay: what was sent is sent again', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  const folder = temporaryFolder(t);
  const recording = stage.start(['record', folder, '--bus', bus, '--json']);
  const recorded = endOf(recording);
  await new Promise<void>((resolve) => recording.stderr?.once('data', () => resolve()));
  for (let x = 1; x <= 3; x++) {
    const sent = await stage.busbar('send', 'kitchen', 'com.example.move', `x=${x}`, '--bus', bus);
    t.is(sent.code, 0, sent.err);
  }
  recording.kill('SIGINT');
  const { out, err } = await recorded;
  const line = JSON.parse(out);
  t.true(ajv.validate('command#/definitions/record', line), err);
  t.true(line.recorded >= 3);
  t.is(line.lost + line.tooLarge, 0);
  t.is(line.next - line.from, line.recorded);
  const args = ['--bus', bus, '--speed', 'max', '--from', '1'];
  const [report] = await stage.json('replay', folder, 'kitchen', ...args);
  t.true(ajv.validate('command#/definitions/replay', report));
  t.is(report?.sent, line.recorded);
  t.is(report?.receivers, line.recorded);
});

test('wrong uses of journals end with 2, and a folder that is not there with 1', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  for (const [args, problem] of [
    [['journal', 'verfy', 'x'], "journal cannot 'verfy'; did you mean 'verify'?"],
    [['journal', 'ls'], 'usage: busbar journal ls|verify|export|tail FOLDER'],
    [
      ['journal', 'export', '.', '--from', 'soon'],
      "--from is 'soon'; expected a position from 1 on, or a time as in 2026-05-01T12:00:00Z",
    ],
  ] as const) {
    const { code, err } = await stage.busbar(...args);
    t.is(code, 2, err);
    t.is(err.split('\n')[0], `busbar: ${problem}`);
  }
  t.is((await stage.busbar('journal', 'ls', '/no/such/folder')).code, 1);
  for (const command of ['record', 'replay']) {
    const { code, err } = await stage.busbar(command, temporaryFolder(t), '--bus', bus);
    t.is(code, 3, err);
  }
});
