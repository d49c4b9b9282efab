// What a journal keeps: retention by bytes and age, compaction by key.
import { readdirSync } from 'node:fs';
import test from 'ava';
import { messageBox, text } from 'busbar';
import { type Journal, openJournal, openJournalReader, verifyJournal } from 'busbar/journal';
import fc from 'fast-check';
import { temporaryFolder } from '../../support/temporary-folder.js';

const box = messageBox({ Line: text });

async function fill(log: Journal, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await log.append(box.Line('x'.repeat(1000)));
}

const segmentCount = (folder: string) =>
  readdirSync(folder).filter((name) => name.endsWith('.mcap')).length;

test('the oldest segments go when there are too many bytes, also on opening', async (t) => {
  const folder = temporaryFolder(t);
  const options = { segmentBytes: '64 KiB', retain: { bytes: '200 KiB' } };
  const log = await openJournal(folder, options);
  await fill(log, 1000);
  await log.prune();
  const { segments } = await verifyJournal(folder);
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  t.true(bytes <= 200 * 1024 && bytes > 100 * 1024, String(bytes));
  const start = await log.start();
  t.is(segments[0]?.first, start);
  t.true(start > 500);
  // Who asks for what is gone is told how much it was; who asks for the oldest misses nothing.
  const from = log.read({ from: 100 });
  for await (const { position } of from) if (position === start) break;
  t.is(from.missed, start - 100);
  const oldest = log.read();
  t.is((await oldest.next()).value?.position, start);
  t.is(oldest.missed, 0);
  await oldest.return();
  await log.close();
  const again = await openJournal(folder, { ...options, retain: { bytes: 1 } });
  t.is(segmentCount(folder), 1);
  t.is(again.next, 1001);
  await again.close();
});

test('a reader goes on when the segment that it reads is removed', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder, { segmentBytes: '64 KiB', retain: { bytes: '100 KiB' } });
  await fill(log, 50);
  const reader = await openJournalReader(folder);
  const read = reader.read({ follow: true });
  t.is((await read.next()).value?.position, 1);
  await fill(log, 500);
  await log.prune();
  let last = 1;
  let skipped = 0;
  for await (const { position } of read) {
    skipped += position - last - 1;
    last = position;
    if (position === 550) break;
  }
  t.true(skipped > 0);
  t.is(read.missed, skipped);
  await reader.close();
  await log.close();
});

test('segments go when all their entries are too old', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder, { segmentBytes: '64 KiB' });
  await fill(log, 300);
  const [, , , newest] = (await verifyJournal(folder)).segments;
  await log.close();
  const since = newest?.startTime ?? 0;
  // Its age now, so that what is older than its first entry goes; the clock goes on meanwhile.
  const age = Math.ceil(Date.now() - since) + 60_000;
  const keeping = await openJournal(folder, { retain: { age } });
  t.is(await keeping.start(), 1);
  await keeping.close();
  const young = await openJournal(folder, { retain: { age: 1 } });
  t.is(segmentCount(folder), 1);
  await young.close();
});

test('compaction keeps the newest entry of each key, and all without a key', async (t) => {
  t.timeout(300_000);
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          key: fc.option(fc.nat(6), { nil: undefined }),
          roll: fc.nat(20),
          size: fc.nat(400),
        }),
        { minLength: 1, maxLength: 200 },
      ),
      fc.nat(1000),
      async (writes, at) => {
        const folder = temporaryFolder(t);
        const log = await openJournal(folder);
        const model: { position: number; key: string | undefined; line: string }[] = [];
        const compactAt = at % writes.length;
        for (const [index, { key: number, roll, size }] of writes.entries()) {
          const key = number === undefined ? undefined : `key ${number}`;
          const line = `${index} ${'y'.repeat(size)}`;
          const position = log.write(box.Line(line), key === undefined ? {} : { key, id: index });
          model.push({ position, key, line });
          if (roll === 0) await log.settled().then(() => log.roll());
          if (index === compactAt) await log.compact();
        }
        await log.close();
        const again = await openJournal(folder);
        await again.compact();
        const newest = new Map(model.map(({ key, position }) => [key, position]));
        const expected = model.filter(
          ({ key, position }) => key === undefined || newest.get(key) === position,
        );
        const found: typeof model = [];
        const read = again.read({ from: 1 });
        for await (const { position, key, bytes } of read) {
          found.push({ position, key, line: Buffer.from(bytes).toString() });
        }
        t.deepEqual(found, expected);
        t.is(read.missed, 0);
        // From the middle, too: positions stay what they were.
        const middle = model[Math.floor(model.length / 2)]?.position ?? 1;
        const rest: number[] = [];
        for await (const { position } of again.read({ from: middle })) rest.push(position);
        t.deepEqual(
          rest,
          expected.map(({ position }) => position).filter((position) => position >= middle),
        );
        await again.close();
        t.true((await verifyJournal(folder)).intact);
      },
    ),
    { numRuns: 25 },
  );
});

test('compaction runs by itself, and readers that follow do not notice', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder, { segmentBytes: '64 KiB', compact: 'key' });
  const reader = await openJournalReader(folder);
  const values = new Map<string, number>();
  const following = (async () => {
    let before = 0;
    for await (const { position, key } of reader.read({ follow: true, to: 2001 })) {
      t.true(position > before);
      before = position;
      values.set(key ?? '', position);
    }
  })();
  for (let count = 1; count <= 2000; count++) {
    await log.append(box.Line('x'.repeat(500)), { key: `key ${count % 10}` });
  }
  await following;
  t.is(values.size, 10);
  t.true([...values.values()].every((position) => position > 1990));
  await log.close();
  const { segments } = await verifyJournal(folder);
  const entries = segments.reduce((sum, segment) => sum + segment.entries, 0);
  t.true(entries < 1500, `${entries} of 2000 are left`);
  await reader.close();
});
