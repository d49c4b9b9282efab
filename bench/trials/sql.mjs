// Databases: a row by its key, from a server and in this process; inserts with a sync, one at a time
// and those that wait together; and how late the caller's event loop is during long statements.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withProgram } from '../harness/program.mjs';
import { factorText, rateText, timeText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const PROGRAM = fileURLToPath(new URL('../harness/sql.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

const cell = (peer, kind) => ({ peer, params: { kind } });

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Databases',

  plan() {
    return [
      cell('busbar', 'point'),
      cell('sqlite-in-process', 'point'),
      cell('busbar', 'single'),
      cell('busbar', 'grouped'),
      cell('sqlite-in-process', 'single'),
      cell('busbar', 'blocked'),
    ];
  },

  async run(job) {
    // On the disk of the checkout: the folder for temporary files is in memory on some systems.
    const folder = await mkdtemp(join(RESULTS, 'sql-'));
    const command = [process.execPath, PROGRAM, JSON.stringify({ ...job, folder })];
    try {
      return await withProgram(command, job.deadline, (control) => control.next());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },

  tables(measured) {
    const of = (kind) => measured.filter(({ params }) => params.kind === kind);
    const trip = { p50: ({ p50 }) => timeText(p50), p99: ({ p99 }) => timeText(p99) };
    const late = { p99: ({ p99 }) => timeText(p99), most: ({ max }) => timeText(max) };
    const inserts = { 'inserts/s': ({ perSecond }) => rateText(perSecond) };
    const [single] = of('single').map(({ figures }) => figures);
    const [grouped] = of('grouped').map(({ figures }) => figures);
    const factor =
      single && grouped
        ? `; ${factorText(grouped.perSecond / single.perSecond)} one at a time`
        : '';
    return [
      listTable('Databases, a row by its key', of('point'), trip),
      listTable('Databases, inserts one at a time, synced', of('single'), inserts),
      listTable(`Databases, inserts, 500 under way, synced${factor}`, of('grouped'), inserts),
      listTable("Databases, the caller's event loop during long statements", of('blocked'), late),
    ];
  },
};
