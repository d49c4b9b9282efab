// A segment that ends at any byte, or has any byte wrong: what is whole is there, and nothing is there
// that was never written.
import { join, normalize } from 'node:path';
import test from 'ava';
import { messageBox, text } from '../../dist/index.js';
import type { JournalEntry } from '../../dist/layers/journal/entry.js';
import { openJournalOn } from '../../dist/layers/journal/journal.js';
import { JournalReader } from '../../dist/layers/journal/journal-reader.js';
import { verifyJournalOn } from '../../dist/layers/journal/verify.js';
import { Disk, randomFrom } from './journal-disk.js';

const folder = normalize('/disk/journal');
const path = join(folder, '000000000001.mcap');
const box = messageBox({ Line: text });
const lineOf = (position: number) => `${position} ${'x'.repeat(position * 7)}`;

/** The bytes of a segment of three chunks, one of them with two entries. */
async function segment(): Promise<Buffer> {
  const disk = new Disk(randomFrom(1));
  const log = await openJournalOn(disk, folder);
  for (const count of [1, 2, 1]) {
    for (let index = 0; index < count; index++) {
      const options = { label: ['a', 'b'], key: 'k', metadata: Buffer.of(1) };
      log.write(box.Line(lineOf(log.next)), options);
    }
    await log.settled();
  }
  await log.close();
  return Buffer.from(disk.bytesOf(path));
}

async function diskWith(bytes: Uint8Array): Promise<Disk> {
  const disk = new Disk(randomFrom(bytes.length));
  await disk.makeFolder(folder);
  disk.setBytes(path, bytes);
  return disk;
}

async function entriesOn(disk: Disk, damaged: 'throw' | 'skip' = 'throw') {
  const entries: JournalEntry[] = [];
  const reader = new JournalReader(disk, folder, 'os');
  for await (const entry of reader.read({ damaged })) entries.push(entry);
  return entries.map(({ position, bytes }) => `${position}: ${Buffer.from(bytes)}`);
}

const expected = (last: number) =>
  Array.from({ length: last }, (_, index) => `${index + 1}: ${lineOf(index + 1)}`);

test('a segment is cut at every byte', async (t) => {
  const whole = await segment();
  let most = 0;
  for (let length = 0; length <= whole.length; length++) {
    const disk = await diskWith(whole.subarray(0, length));
    // A reader sees before the repair what is there after it.
    const before = await entriesOn(disk);
    const log = await openJournalOn(disk, folder);
    t.is(log.next - 1, before.length);
    t.true(before.length >= most, `${before.length} entries in ${length} bytes`);
    most = before.length;
    await log.append(box.Line(lineOf(log.next)));
    await log.close();
    t.deepEqual(await entriesOn(disk), expected(most + 1));
    t.true((await verifyJournalOn(disk, folder)).intact, `cut at ${length}`);
  }
  t.is(most, 4);
});

test('any bit is wrong: no entry becomes another one', async (t) => {
  const whole = await segment();
  const allowed = new Set(expected(4));
  let complete = 0;
  for (let bit = 0; bit < 8 * whole.length; bit += 3) {
    const spoilt = Buffer.from(whole);
    spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const disk = await diskWith(spoilt);
    const entries = await entriesOn(disk, 'skip');
    if (!entries.every((entry) => allowed.has(entry))) t.fail(`bit ${bit}`);
    if (entries.length === 4) complete++;
    await verifyJournalOn(disk, folder);
    // And a writer goes on behind it.
    const log = await openJournalOn(disk, folder);
    await log.append(box.Line('next'));
    await log.close();
  }
  // Wrong bits in the summary and in indexes do not matter to readers.
  t.true(complete > 0);
});
