// What a program that writes and reads a journal relies on.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { json, messageBox, messageType, raw, struct, text } from 'busbar';
import {
  exportLines,
  exportMcap,
  type JournalEntry,
  type JournalReader,
  type JournalReadOptions,
  openJournal,
  openJournalReader,
  verifyJournal,
} from 'busbar/journal';
import { journalWriter } from '../../support/journal-processes.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

interface Point {
  readonly x: number;
  readonly y: number;
}

const run = promisify(execFile);
const Move = messageType<Point>('com.example.move');
const Note = json<{ readonly text: string }>('com.example.note');
const Sample = messageType('com.example.sample', { codec: struct({ at: 'f64', value: 'i32' }) });
const box = messageBox({ Move, Note, Sample, Line: text });

async function all(reader: JournalReader, options?: JournalReadOptions): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of reader.read(options)) entries.push(entry);
  return entries;
}

const positions = async (reader: JournalReader, options?: JournalReadOptions) =>
  (await all(reader, options)).map(({ position }) => position);

test('entries come back as they were written, in this process and in another journal object', async (t) => {
  const folder = join(temporaryFolder(t), 'made', 'by', 'opening');
  const log = await openJournal(folder);
  const before = Date.now();
  t.is(await log.append(box.Move({ x: 1, y: 2 })), 1);
  const metadata = Uint8Array.of(1, 2, 3);
  const options = {
    label: ['moon', 'dark side'],
    key: 'ключ',
    metadata,
    peerId: 2 ** 52 + 1,
    id: 7,
    replyTo: 2 ** 40,
    time: new Date(1_700_000_000_123),
  };
  t.is(log.write(box.Note({ text: 'ü' }, { format: 513 }), options), 2);
  t.is(log.write(raw.message({ typeId: Move.id, format: 3, bytes: Uint8Array.of(9) })), 3);
  t.is(log.write({ typeId: Move.id.toUpperCase(), bytes: new Uint8Array(0) }), 4);
  t.is(log.write(box.Sample({ at: 1.5, value: -3 }), { label: 'sensor' }), 5);
  t.is(log.next, 6);
  await log.close();
  const reader = await openJournalReader(folder);
  const [move, note, third, empty, sample] = await all(reader);
  t.like(move, { position: 1, typeId: Move.id, typeName: 'com.example.move', encoding: 'msgpack' });
  t.like(move, { label: [], key: undefined, metadata: undefined, format: 0, peerId: undefined });
  t.deepEqual(move?.decode(Move), { x: 1, y: 2 });
  t.true(move?.is(Move));
  t.true((move?.time ?? 0) >= before - 1 && (move?.time ?? 0) <= Date.now() + 1);
  t.like(note, { position: 2, encoding: 'json', format: 513, key: 'ключ', peerId: 2 ** 52 + 1 });
  t.like(note, { id: 7, replyTo: 2 ** 40, publishTime: 1_700_000_000_123 });
  t.deepEqual(note?.label, ['moon', 'dark side']);
  t.deepEqual(Uint8Array.from(note?.metadata ?? []), metadata);
  t.deepEqual(note?.decode(Note), { text: 'ü' });
  t.like(third, { typeId: Move.id, typeName: undefined, format: 3, size: 1 });
  t.is(empty?.bytes.length, 0);
  t.is(empty?.typeId, Move.id);
  t.is(sample?.decode(Sample).value, -3);
  // An entry is a raw message itself.
  t.is(raw.message(note as JournalEntry).format, 513);
  await reader.close();
});

test('reading begins and ends at positions, at dates, at cursors', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder, { segmentBytes: 65_536 });
  for (let count = 0; count < 300; count++) {
    await log.append(box.Line('x'.repeat(1000)));
  }
  t.true((await verifyJournal(folder)).segments.length > 4);
  const whole = await all(log);
  t.deepEqual(
    whole.map(({ position }) => position),
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
  t.deepEqual(await positions(log, { from: 298 }), [298, 299, 300]);
  t.deepEqual(await positions(log, { from: 7, to: 10 }), [7, 8, 9]);
  t.deepEqual(await positions(log, { from: 301 }), []);
  t.deepEqual(await positions(log, { from: 'newest' }), []);
  // A date between two entries with different times; Date has whole milliseconds.
  for (const at of [1, 57, 150, 299]) {
    const time = Math.ceil(whole[at]?.time ?? 0);
    const first = whole.find((entry) => entry.time >= time)?.position;
    const rest = await all(log, { from: new Date(time) });
    t.is(rest[0]?.position, first);
    t.is(rest.length, first === undefined ? 0 : 301 - first);
    t.is((await all(log, { to: new Date(time) })).length, first === undefined ? 300 : first - 1);
  }
  const cursor = log.cursor('billing');
  t.is(await cursor.position(), 0);
  t.is((await positions(log, { from: cursor }))[0], 1);
  await Promise.all([cursor.commit(5), cursor.commit(297)]);
  const reader = await openJournalReader(folder);
  t.deepEqual(await positions(reader, { from: reader.cursor('billing') }), [298, 299, 300]);
  await reader.cursor('billing').commit(290);
  t.is(await cursor.position(), 290);
  t.deepEqual(await reader.cursors(), [{ name: 'billing', position: 290 }]);
  t.is(await reader.end(), 301);
  t.is(await reader.start(), 1);
  await reader.close();
  await log.close();
});

test('what is written and not yet in the file is read, too', async (t) => {
  const log = await openJournal(temporaryFolder(t), { durability: 'memory' });
  for (let count = 0; count < 1000; count++) log.write(box.Line(String(count)));
  t.is((await all(log)).length, 1000);
  await log.close();
});

test('one writer at a time, in this process and in others; a killed one is no obstacle', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  const locked = { code: 'ERR_BUSBAR_JOURNAL_LOCKED' } as const;
  const error = await t.throwsAsync(openJournal(folder), locked);
  t.is((error as { pid?: number }).pid, process.pid);
  await log.close();
  const writer = journalWriter(t, folder, {});
  await writer.next();
  const other = await t.throwsAsync(openJournal(folder), locked);
  t.is((other as { pid?: number }).pid, writer.pid);
  await writer.kill();
  const racers = await Promise.allSettled(Array.from({ length: 8 }, () => openJournal(folder)));
  const won = racers.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  t.is(won.length, 1);
  for (const result of racers) {
    if (result.status === 'rejected') t.is(result.reason.code, locked.code);
  }
  await won[0]?.close();
  t.is(readdirSync(folder).filter((name) => name.startsWith('writer')).length, 1);
});

test('a writer is refused while another one holds back; `drained` and `append` wait', async (t) => {
  const log = await openJournal(temporaryFolder(t), { maxPendingBytes: '1 MiB' });
  const payload = { typeId: Move.id, bytes: new Uint8Array(100_000) };
  const error = t.throws(() => {
    for (;;) log.write(payload);
  });
  t.is((error as { code?: string }).code, 'ERR_BUSBAR_QUEUE_FULL');
  const refusedAt = log.next;
  t.true(log.pendingBytes > 2 ** 20);
  t.is(await log.append(payload), refusedAt);
  await log.settled();
  await log.drained();
  t.is(log.pendingBytes, 0);
  t.is((await all(log)).length, refusedAt);
  await log.close();
});

test('large payloads, and those that are too large', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  const large = new Uint8Array(5_000_000).map((_, index) => index);
  log.write({ typeId: Move.id, bytes: large });
  log.write(box.Line('small'));
  log.write({ typeId: Move.id, bytes: large.subarray(1, 400_001) });
  const entries = await all(log);
  t.deepEqual(
    entries.map(({ size }) => size),
    [5_000_000, 5, 400_000],
  );
  t.true(Buffer.from(large).equals(entries[0]?.bytes ?? new Uint8Array()));
  t.true(Buffer.from(large.subarray(1, 400_001)).equals(entries[2]?.bytes ?? new Uint8Array()));
  const tooLarge = new Uint8Array(2 ** 28 + 1);
  t.throws(() => log.write({ typeId: Move.id, bytes: tooLarge }), { code: 'ERR_BUSBAR_TOO_LARGE' });
  t.is(log.next, 4);
  await log.close();
});

test('wrong arguments are refused at the call, with their names', async (t) => {
  const folder = temporaryFolder(t);
  const refusal = (option: string) => ({ code: 'ERR_BUSBAR_INVALID_ARGUMENT', option });
  const wrongOptions: [object, string][] = [
    [{ durabilty: 'disk' }, 'durabilty'],
    [{ durability: 'tape' }, 'durability'],
    [{ retain: { bytes: '10 GB/s' } }, 'retain.bytes'],
    [{ retain: { age: '7 y' } }, 'retain.age'],
    [{ retain: { age: 0 } }, 'retain.age'],
    [{ retain: 7 }, 'options'],
    [{ compact: true }, 'compact'],
    [{ segmentBytes: 1000 }, 'segmentBytes'],
    [{ maxPendingBytes: '1 KiB' }, 'maxPendingBytes'],
    [{ schemas: { a: 5 } }, 'schemas'],
    [{ onMaintenanceError: 1 }, 'onMaintenanceError'],
  ];
  for (const [options, option] of wrongOptions) {
    t.like(await t.throwsAsync(openJournal(folder, options)), refusal(option));
  }
  t.like(await t.throwsAsync(openJournal('')), refusal('folder'));
  t.like(await t.throwsAsync(openJournal('a\0b')), refusal('folder'));
  t.deepEqual(readdirSync(folder), []);
  const log = await openJournal(folder);
  const line = box.Line('x');
  const wrongWrites: [object, string][] = [
    [{ lable: 'x' }, 'lable'],
    [{ label: [''] }, 'label'],
    [{ label: Array.from({ length: 33 }, () => 'x') }, 'label'],
    [{ key: '' }, 'key'],
    [{ key: 'x'.repeat(129) }, 'key'],
    [{ metadata: new Uint8Array(241) }, 'metadata'],
    [{ metadata: 'x' }, 'metadata'],
    [{ id: -1 }, 'id'],
    [{ peerId: 0.5 }, 'peerId'],
    [{ replyTo: 2 ** 53 }, 'replyTo'],
    [{ time: new Date(Number.NaN) }, 'time'],
    [{ time: -1 }, 'time'],
  ];
  for (const [options, option] of wrongWrites) {
    t.like(
      t.throws(() => log.write(line, options)),
      refusal(option),
    );
  }
  const wrongMessages: [unknown, string][] = [
    [{ typeId: 'move', bytes: new Uint8Array(1) }, 'typeId'],
    [{ typeId: Move.id, bytes: 'x' }, 'bytes'],
    [{ typeId: Move.id, bytes: new Uint8Array(1), format: 65_536 }, 'format'],
    ['text', 'message'],
    [null, 'message'],
  ];
  for (const [message, option] of wrongMessages) {
    t.like(
      t.throws(() => log.write(message as never)),
      refusal(option),
    );
  }
  await t.throwsAsync(log.append(box.Line(5 as never)));
  const wrongReads: [object, string][] = [
    [{ form: 1 }, 'form'],
    [{ from: 0 }, 'from'],
    [{ from: 'first' }, 'from'],
    [{ to: 1.5 }, 'to'],
    [{ to: new Date(Number.NaN) }, 'to'],
    [{ follow: 1 }, 'follow'],
    [{ damaged: 'ignore' }, 'damaged'],
    [{ signal: {} }, 'signal'],
  ];
  for (const [options, option] of wrongReads) {
    t.like(
      t.throws(() => log.read(options)),
      refusal(option),
    );
  }
  for (const name of ['', '../x', 'a/b', '.hidden', 'x'.repeat(101)]) {
    t.like(
      t.throws(() => log.cursor(name)),
      refusal('cursor'),
    );
  }
  t.like(await t.throwsAsync(log.cursor('x').commit(-1)), refusal('position'));
  t.like(await t.throwsAsync(log.settled(1)), refusal('position'));
  t.is(log.next, 1);
  await log.close();
  t.throws(() => log.write(line), { code: 'ERR_BUSBAR_CLOSED' });
  await t.throwsAsync(log.append(line), { code: 'ERR_BUSBAR_CLOSED' });
  await log.close();
});

test('a folder that is not there, or that is removed', async (t) => {
  const folder = join(temporaryFolder(t), 'journal');
  const gone = { code: 'ERR_BUSBAR_JOURNAL_GONE' } as const;
  await t.throwsAsync(openJournalReader(folder), gone);
  await t.throwsAsync(verifyJournal(folder), gone);
  writeFileSync(folder, 'a file');
  await t.throwsAsync(openJournal(folder), { code: 'ERR_BUSBAR_JOURNAL_FILE' });
  rmSync(folder);
  mkdirSync(folder);
  const reader = await openJournalReader(folder);
  const log = await openJournal(folder);
  await log.append(box.Line('one'));
  const following = reader.read({ follow: true });
  t.is((await following.next()).value?.position, 1);
  const waiting = following.next();
  rmSync(folder, { recursive: true });
  await t.throwsAsync(waiting, gone);
  await t.throwsAsync(log.append(box.Line('two')), gone);
  await log.close();
});

test('times never run backwards, and more channels than a segment can number', async (t) => {
  t.timeout(120_000);
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  const bytes = new Uint8Array(0);
  for (let count = 0; count < 66_000; count++) {
    if (log.pendingBytes > 30e6) await log.drained();
    log.write({ typeId: Move.id, bytes }, { label: `sender ${count}` });
  }
  let time = 0;
  let count = 0;
  for await (const entry of log.read()) {
    if (entry.label[0] !== `sender ${count}`) t.fail(`${entry.label} at ${count}`);
    if (entry.time < time) t.fail(`${entry.time} after ${time}`);
    ({ time } = entry);
    count++;
  }
  t.is(count, 66_000);
  await log.close();
  t.true((await verifyJournal(folder)).intact);
});

test('a process that does not close its journal ends by itself, and loses nothing', async (t) => {
  const folder = temporaryFolder(t);
  const source = `
    import { openJournal } from 'busbar/journal';
    const log = await openJournal(process.argv[1]);
    for (let count = 0; count < 10; count++) {
      log.write({ typeId: '${Move.id}', bytes: new Uint8Array(count) });
    }
    await log.read().next();
  `;
  await run(process.execPath, ['--input-type=module', '-e', source, folder]);
  const log = await openJournal(folder);
  t.is(log.next, 11);
  t.like(log.recovered, [{ entries: 10, cutBytes: 0 }]);
  await log.close();
});

test('lines of JSON, and MCAP with JSON', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  log.write(box.Move({ x: 1, y: 2 }), { label: 'moon', key: 'k' });
  log.write(
    messageBox({ Any: messageType('any') }).Any({ big: 2n ** 60n, bytes: Uint8Array.of(1) }),
  );
  log.write({ typeId: Move.id, bytes: Uint8Array.of(255) });
  let lines = '';
  for await (const part of exportLines(log)) lines += part;
  const rows = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.like(rows[0], { position: 1, type: 'com.example.move', label: ['moon'], key: 'k' });
  t.deepEqual(rows[0].payload, { x: 1, y: 2 });
  t.deepEqual(rows[1].payload, { big: String(2n ** 60n), bytes: 'AQ==' });
  t.like(rows[2], { type: Move.id, encoding: 'application/octet-stream', bytes: '/w==' });
  t.is(await exportMcap(log, join(folder, 'out.mcap.json')), 3);
  await log.close();
});
