// Journals on a disk that loses power at any operation: at the level `disk`, no settled entry is
// lost; at every level, none is another one than it was, and none comes twice. BUSBAR_SEEDS=n runs
// more seeds, BUSBAR_SEED=n one.
import { normalize } from 'node:path';
import test from 'ava';
import { messageBox, text } from '../../dist/index.js';
import { type Journal, openJournalOn } from '../../dist/layers/journal/journal.js';
import { JournalReader } from '../../dist/layers/journal/journal-reader.js';
import type { JournalOptions } from '../../dist/layers/journal/options.js';
import { verifyJournalOn } from '../../dist/layers/journal/verify.js';
import { Disk, type Random, randomFrom } from './journal-disk.js';

const folder = normalize('/disk/journal');
const box = messageBox({ Line: text });
const only = process.env.BUSBAR_SEED;
const seeds = only === undefined ? Number(process.env.BUSBAR_SEEDS ?? 60) : 1;
const firstSeed = only === undefined ? 1 : Number(only);

interface Known {
  /** What was written at each position, by its text; also what was not settled. */
  readonly written: Map<number, string>;
  readonly keys: Map<number, string>;
  settled: number;
  /** The last commit of the cursor that has resolved, and the last one that was tried. */
  committed: number;
  tried: number;
}

/** Writes until the power is cut, or for a while. */
async function use(log: Journal, random: Random, known: Known): Promise<void> {
  const cursor = log.cursor('consumer');
  for (let round = 0; round < 40; round++) {
    for (let count = Math.ceil(random() * 6); count > 0; count--) {
      const position = log.next;
      const line = `${position} ${random()} ${'x'.repeat(random() < 0.1 ? 20_000 : 200 * random())}`;
      const key = random() < 0.5 ? `key ${Math.floor(random() * 5)}` : undefined;
      known.written.set(position, line);
      known.keys.delete(position);
      if (key !== undefined) known.keys.set(position, key);
      log.write(box.Line(line), key === undefined ? {} : { key });
    }
    const last = log.next - 1;
    if (random() < 0.7) {
      await log.settled(last);
      known.settled = last;
      if (random() < 0.3) {
        known.tried = last;
        await cursor.commit(last);
        known.committed = last;
      }
    }
    if (random() < 0.05) log.roll();
    if (random() < 0.05) void log.compact().catch(() => undefined);
  }
  await log.close();
  known.settled = log.next - 1;
}

/** Runs until it is done or the power is cut. */
async function untilCut(disk: Disk, work: () => Promise<void>): Promise<void> {
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  while (!done && !disk.isOff) await new Promise((resolve) => setImmediate(resolve));
  if (done) await working;
  else void working.catch(() => undefined);
}

/** What is wrong after a power cut; '' for nothing. */
async function judge(disk: Disk, known: Known, lossless: boolean): Promise<string> {
  const reader = new JournalReader(disk, folder, 'os');
  const there = new Map<number, string>();
  let before = 0;
  for await (const entry of reader.read({ damaged: lossless ? 'throw' : 'skip' })) {
    if (entry.position <= before) return `${entry.position} comes after ${before}`;
    before = entry.position;
    const line = Buffer.from(entry.bytes).toString();
    if (known.written.get(entry.position) !== line) return `${entry.position} is another one`;
    there.set(entry.position, line);
  }
  if (!lossless) return '';
  const newest = new Map<string, number>();
  for (const position of there.keys()) {
    const key = known.keys.get(position);
    if (key !== undefined) newest.set(key, position);
  }
  for (let position = 1; position <= known.settled; position++) {
    const key = known.keys.get(position);
    const superseded = key !== undefined && (newest.get(key) ?? 0) > position;
    if (!there.has(position) && !superseded) return `${position} is lost`;
  }
  const committed = await reader.cursor('consumer').position();
  if (committed !== known.committed && committed !== known.tried) {
    return `the cursor is at ${committed} instead of ${known.committed}`;
  }
  known.committed = committed;
  known.tried = committed;
  return '';
}

for (const durability of ['disk', 'os', 'memory'] as const) {
  test(`power cuts at the level '${durability}'`, async (t) => {
    t.timeout(120_000 + seeds * 2000);
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const random = randomFrom(seed);
      const known: Known = {
        written: new Map(),
        keys: new Map(),
        settled: 0,
        committed: 0,
        tried: 0,
      };
      const options: JournalOptions = {
        durability,
        segmentBytes: 65_536,
        compact: random() < 0.5 ? 'key' : 'none',
      };
      let disk = new Disk(random);
      // The power is cut several times, also while the journal is being repaired.
      for (let cut = 0; cut < 4; cut++) {
        disk.operationsLeft = Math.ceil(random() * 400);
        const current = disk;
        await untilCut(disk, async () => {
          const log = await openJournalOn(current, folder, options);
          await use(log, random, known);
        });
        disk = disk.afterPowerCut();
        await disk.makeFolder(folder);
        const wrong = await judge(disk, known, durability === 'disk');
        if (wrong !== '') return t.fail(`seed ${seed}, cut ${cut}: ${wrong}`);
        if (durability !== 'disk') {
          // What was lost is not expected any more, and its positions may be used again.
          known.settled = 0;
        }
      }
      const log = await openJournalOn(disk, folder, options);
      await use(log, random, known);
      const wrong = await judge(disk, known, durability === 'disk');
      if (wrong !== '') return t.fail(`seed ${seed}, at the end: ${wrong}`);
      const report = await verifyJournalOn(disk, folder);
      if (durability === 'disk' && !report.intact) {
        return t.fail(
          `seed ${seed}: ${JSON.stringify(report.segments.filter((s) => s.problems[0]))}`,
        );
      }
    }
    t.pass();
  });
}
