// Journals on a disk that is full, refuses to sync, or is removed: typed errors, and never a part of
// an entry.
import { normalize } from 'node:path';
import test from 'ava';
import { messageBox, text } from '../../dist/index.js';
import { openJournalOn } from '../../dist/layers/journal/journal.js';
import { verifyJournalOn } from '../../dist/layers/journal/verify.js';
import { Disk, randomFrom } from './journal-disk.js';

const folder = normalize('/disk/journal');
const box = messageBox({ Line: text });
/** Segments that cannot be finished are no news on a disk that is full. */
const quiet = { onMaintenanceError: () => undefined };

async function positionsOn(disk: Disk): Promise<number[]> {
  const log = await openJournalOn(disk, folder);
  const positions: number[] = [];
  for await (const entry of log.read()) {
    if (Buffer.from(entry.bytes).toString() !== lineOf(entry.position)) positions.push(-1);
    positions.push(entry.position);
  }
  await log.close();
  return positions;
}

const lineOf = (position: number) => `${position} ${'x'.repeat((position * 31) % 3000)}`;
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

for (const durability of ['memory', 'os', 'disk'] as const) {
  test(`a disk that is full at any byte, at the level '${durability}'`, async (t) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomFrom(seed);
      const disk = new Disk(random);
      const log = await openJournalOn(disk, folder, { ...quiet, durability, segmentBytes: 65_536 });
      disk.bytesLeft = Math.floor(random() * 200_000);
      let settled = 0;
      let failure: unknown;
      try {
        for (;;) {
          for (let count = Math.ceil(random() * 9); count > 0; count--) {
            log.write(box.Line(lineOf(log.next)));
          }
          const last = log.next - 1;
          await log.settled(last);
          if (durability !== 'memory') settled = last;
          else await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        failure = error;
      }
      const code = 'ERR_BUSBAR_JOURNAL_DISK_FULL';
      t.is((failure as { code: string }).code, code);
      t.is((failure as { osName: string }).osName, 'ENOSPC');
      // It stays failed: what was not settled is not written later, behind the back of its writer.
      disk.bytesLeft = Number.POSITIVE_INFINITY;
      t.throws(() => log.write(box.Line('x')), { code });
      await t.throwsAsync(log.append(box.Line('x')), { code });
      await t.throwsAsync(log.sync(), { code });
      await log.close();
      const positions = await positionsOn(disk);
      t.deepEqual(positions, upTo(positions.length));
      t.true(positions.length >= settled, `seed ${seed}: ${positions.length} of ${settled}`);
      t.true((await verifyJournalOn(disk, folder)).intact);
    }
  });
}

test('readers that followed a writer whose disk was full see nothing that is taken back', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = randomFrom(seed);
    const disk = new Disk(random);
    const log = await openJournalOn(disk, folder, { ...quiet, segmentBytes: 65_536 });
    disk.bytesLeft = Math.floor(random() * 100_000);
    const seen: number[] = [];
    const following = (async () => {
      for await (const { position } of log.read({ follow: true })) seen.push(position);
    })();
    const write = async () => {
      for (;;) {
        for (let count = Math.ceil(random() * 300); count > 0; count--) {
          log.write(box.Line(lineOf(log.next)));
        }
        await log.settled();
      }
    };
    await t.throwsAsync(write(), { code: 'ERR_BUSBAR_JOURNAL_DISK_FULL' });
    await log.close();
    await following;
    const positions = await positionsOn(disk);
    t.deepEqual(seen, upTo(seen.length));
    t.true(positions.length >= seen.length, `seed ${seed}: ${positions.length} of ${seen.length}`);
  }
});

test('a sync that fails rejects what waited for it, and fails the journal', async (t) => {
  const disk = new Disk(randomFrom(1));
  const log = await openJournalOn(disk, folder, { durability: 'disk' });
  await log.append(box.Line('one'));
  disk.syncsLeft = 0;
  const failed = { code: 'ERR_BUSBAR_JOURNAL_FILE', message: /sync/ } as const;
  await t.throwsAsync(log.append(box.Line('two')), failed);
  disk.syncsLeft = Number.POSITIVE_INFINITY;
  await t.throwsAsync(log.append(box.Line('three')), failed);
  await t.throwsAsync(log.settled(2), failed);
  await t.notThrowsAsync(log.settled(1));
  await log.close();
});

for (const durability of ['os', 'disk'] as const) {
  test(`a folder that is removed is noticed with the next entry, at '${durability}'`, async (t) => {
    const disk = new Disk(randomFrom(2));
    const log = await openJournalOn(disk, folder, { durability });
    await log.append(box.Line('one'));
    disk.removeFolder(folder);
    const code = 'ERR_BUSBAR_JOURNAL_GONE';
    await t.throwsAsync(log.append(box.Line('two')), { code });
    t.throws(() => log.write(box.Line('three')), { code });
    await t.throwsAsync(log.read().next(), { code });
    await log.close();
  });
}

test('without room for the first segment, and without room for its end', async (t) => {
  const disk = new Disk(randomFrom(3));
  const errors: Error[] = [];
  const onMaintenanceError = (error: Error) => errors.push(error);
  const log = await openJournalOn(disk, folder, { onMaintenanceError });
  await log.append(box.Line('one'));
  disk.bytesLeft = 10;
  await log.close();
  t.like(errors, [{ code: 'ERR_BUSBAR_JOURNAL_DISK_FULL' }]);
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  const again = await openJournalOn(disk, folder);
  t.is(again.next, 2);
  t.is(again.recovered.length, 1);
  await again.close();
});
