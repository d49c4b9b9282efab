// Filling memory for a frame: a region that the registry reuses against a region allocated each
// time.

import { fileURLToPath } from 'node:url';
import { withProgram } from '../harness/program.mjs';
import { rateText } from '../harness/sizes.mjs';
import { gridTable, ratioTable } from '../harness/table.mjs';

const FILL = fileURLToPath(new URL('../harness/fill.mjs', import.meta.url));
const SIZE = 8 << 20;

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: '8 MiB allocated, written and released, times a second',

  plan: () =>
    ['a byte a page', 'every byte'].flatMap((write) =>
      ['busbar', 'busbar-fresh'].map((peer) => ({ peer, params: { size: SIZE, write } })),
    ),

  run(job) {
    const command = [process.execPath, FILL, JSON.stringify(job)];
    return withProgram(command, job.deadline, (control) => control.next());
  },

  tables(cells) {
    const column = ({ params }) => params.write;
    return [
      gridTable(trial.title, cells, { column, text: ({ perSecond }) => rateText(perSecond) }),
      ratioTable(cells, { column, value: 'perSecond' }),
    ];
  },
};
