// Segments with wrong bytes in their middle; test/unit/journal-cuts.test.ts has all other places.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { messageBox, text } from 'busbar';
import { type JournalEntry, openJournal, openJournalReader, verifyJournal } from 'busbar/journal';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { entryText } from './numbered-entries.js';

const box = messageBox({ Line: text });

async function entriesOf(folder: string, damaged: 'throw' | 'skip' = 'throw') {
  const reader = await openJournalReader(folder);
  const read = reader.read({ damaged });
  const entries: JournalEntry[] = [];
  for await (const entry of read) entries.push(entry);
  await reader.close();
  return { entries, missed: read.missed };
}

/** A journal with one segment of three chunks, one of them with two entries. */
async function small(t: ExecutionContext): Promise<string> {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  for (const count of [1, 2, 1]) {
    for (let index = 0; index < count; index++) {
      log.write(box.Line(entryText(log.next)), {
        label: ['a', 'b'],
        key: 'k',
        metadata: Buffer.of(1),
      });
    }
    await log.settled();
  }
  await log.close();
  return folder;
}

test('damage in the middle is reported, and left out on request', async (t) => {
  const folder = await small(t);
  const path = join(folder, '000000000001.mcap');
  const whole = readFileSync(path);
  const at = whole.indexOf(entryText(2));
  const spoilt = Buffer.from(whole);
  spoilt[at] = (spoilt[at] ?? 0) ^ 1;
  writeFileSync(path, spoilt);
  const log = await openJournal(folder);
  t.is(log.next, 5);
  await log.append(box.Line(entryText(5)));
  await log.close();
  await t.throwsAsync(entriesOf(folder), {
    code: 'ERR_BUSBAR_JOURNAL_DAMAGED',
    message: /checksum/,
  });
  const { entries, missed } = await entriesOf(folder, 'skip');
  t.deepEqual(
    entries.map(({ position }) => position),
    [1, 4, 5],
  );
  t.is(missed, 2);
  const report = await verifyJournal(folder);
  t.false(report.intact);
  t.regex(report.segments[0]?.problems[0]?.text ?? '', /checksum/);
});

test('damage in a segment that was not finished does not cut off what comes after it', async (t) => {
  const folder = await small(t);
  const path = join(folder, '000000000001.mcap');
  const whole = readFileSync(path);
  const end = whole.lastIndexOf(Buffer.from([0x82, 24, 0, 0, 0, 0, 0, 0, 0]));
  t.true(end > 0);
  const spoilt = Buffer.from(whole.subarray(0, end));
  const at = whole.indexOf(entryText(2));
  spoilt[at] = (spoilt[at] ?? 0) ^ 1;
  writeFileSync(path, spoilt);
  const log = await openJournal(folder);
  t.like(log.recovered, [{ entries: 2, damagedChunks: 1, cutBytes: 0 }]);
  t.is(log.next, 5);
  await log.close();
  const { entries } = await entriesOf(folder, 'skip');
  t.deepEqual(
    entries.map(({ position }) => position),
    [1, 4],
  );
});
