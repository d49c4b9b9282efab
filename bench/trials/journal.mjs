// The journal: entries of 64 bytes appended at the level `os`, appended one at a time at the level
// `disk`, and read back; against the bare writes of the same bytes, a bare fdatasync, SQLite, and
// JetStream.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withProgram } from '../harness/program.mjs';
import { factorText, rateText, timeText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const PROGRAM = fileURLToPath(new URL('../harness/journal.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

const cells = (kind, peers, entries) =>
  peers.map((peer) => ({ peer, params: { size: 64, kind, entries } }));

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Journal',

  plan({ quick }) {
    const entries = quick ? 400_000 : 2_000_000;
    return [
      ...cells(
        'append',
        ['busbar', 'writev', 'writev-entries', 'better-sqlite3', 'jetstream'],
        entries,
      ),
      ...cells('disk', ['busbar', 'fdatasync'], 0),
      ...cells('read', ['busbar', 'busbar-batches'], entries),
    ];
  },

  async run(job) {
    // On the disk of the checkout: the folder for temporary files is in memory on some systems.
    const folder = await mkdtemp(join(RESULTS, 'journal-'));
    const command = [process.execPath, PROGRAM, JSON.stringify({ ...job, folder })];
    try {
      return await withProgram(command, job.deadline, (control) => control.next());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },

  tables(measured) {
    const of = (kind) => measured.filter(({ params }) => params.kind === kind);
    const rate = {
      'entries/s': ({ perSecond }) => rateText(perSecond),
      'on a core, each': ({ cpuNs }) => `${cpuNs.toFixed(0)} ns`,
    };
    const trip = { p50: ({ p50 }) => timeText(p50), p99: ({ p99 }) => timeText(p99) };
    const [ours, bare] = of('disk').map(({ figures }) => figures);
    const title = 'Journal, 64 B, one at a time at the level `disk`';
    const factor = ours && bare ? `; p99 is ${factorText(ours.p99 / bare.p99)} the bare one` : '';
    return [
      listTable('Journal, 64 B appended at the level `os`', of('append'), rate, 'perSecond'),
      listTable(title + factor, of('disk'), trip),
      listTable('Journal, 64 B read back', of('read'), rate, 'perSecond'),
    ];
  },
};
