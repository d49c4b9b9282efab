// Writers that are killed at any moment, under readers that follow: no settled entry is lost, none is
// unreadable, none comes twice. BUSBAR_TEST_KILLS=1000 kills more.
import test, { type ExecutionContext } from 'ava';
import { type JournalEntry, openJournal, openJournalReader, verifyJournal } from 'busbar/journal';
import { journalFollower, journalWriter } from '../../support/journal-processes.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { wrongIn } from './numbered-entries.js';

const kills = Number(process.env.BUSBAR_TEST_KILLS ?? 12);

/** Lets a writer write until it was told `count` times that entries are settled, then kills it. */
async function writeAndKill(t: ExecutionContext, folder: string, durability: 'os' | 'disk') {
  const writer = journalWriter(t, folder, { durability, segmentBytes: 65_536 });
  const { next } = await writer.next<{ next: number }>();
  let settled = next - 1;
  for (let count = Math.floor(Math.random() * 12); count > 0; count--) {
    ({ settled } = await writer.next<{ settled: number }>());
  }
  await writer.kill();
  return settled;
}

for (const durability of ['os', 'disk'] as const) {
  test(`a writer is killed again and again, at the level '${durability}'`, async (t) => {
    t.timeout(120_000 + kills * 5000);
    const folder = temporaryFolder(t);
    const first = await openJournal(folder);
    await first.close();
    const follower = journalFollower(t, folder, 1);
    await follower.next();
    let checked = 1;
    for (let kill = 0; kill < kills; kill++) {
      const settled = await writeAndKill(t, folder, durability);
      // What a reader sees before the next writer repairs the folder is what it sees afterwards.
      const reader = await openJournalReader(folder);
      const before = await reader.end();
      await reader.close();
      const log = await openJournal(folder, { durability, segmentBytes: 65_536 });
      t.true(log.next > settled, `settled up to ${settled}, there up to ${log.next - 1}`);
      t.is(log.next, before);
      t.true(log.recovered.every(({ damagedChunks }) => damagedChunks === 0));
      const read = log.read({ from: checked });
      const entries: JournalEntry[] = [];
      for await (const batch of read.batches()) entries.push(...batch);
      t.is(wrongIn(entries, checked, log.next), '');
      t.is(read.missed, 0);
      checked = log.next;
      await log.close();
    }
    follower.say(checked - 1);
    t.deepEqual(await follower.next(), { seen: checked - 1, wrong: '', missed: 0 });
    const report = await verifyJournal(folder);
    t.true(report.intact, JSON.stringify(report.segments.filter((s) => s.problems.length > 0)));
    // The file of a writer that was killed before its first entry waits for the next one.
    t.true(report.segments.every(({ finished, entries }) => finished || entries === 0));
    t.is(report.segments.at(-1)?.next, checked);
  });
}
