// What an observer costs others: a sender and a receiver at full speed, with no observer on the bus,
// with one that chooses none of their messages, with one that is stopped, so that its ring is full,
// and with one that reads all headers, on cores that it shares with the two.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { rateText } from '../harness/sizes.mjs';
import { gridTable } from '../harness/table.mjs';

const PROGRAM = fileURLToPath(new URL('../harness/watcher.mjs', import.meta.url));
/** The label that the observer matches. */
const MATCHES = { none: undefined, idle: 'nobody', stopped: 'true', reading: 'true' };

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'One way, 64 B, with an observer on the bus',

  plan: () =>
    Object.keys(MATCHES).map((observer) => ({ peer: 'busbar', params: { size: 64, observer } })),

  async lead(link, followers, job) {
    const { observer } = job.params;
    const match = MATCHES[observer];
    const child = match === undefined ? undefined : await start(job.bus, match);
    if (observer === 'stopped') child.kill('SIGSTOP');
    try {
      return await leadOneWay(link, followers, job);
    } finally {
      child?.kill('SIGKILL');
    }
  },

  follow: followOneWay,

  tables: (cells) => [
    gridTable(trial.title, cells, {
      column: ({ params }) => params.observer,
      text: ({ perSecond }) => rateText(perSecond),
    }),
  ],
};

async function start(bus, match) {
  const child = spawn(process.execPath, [PROGRAM, bus, match], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}
