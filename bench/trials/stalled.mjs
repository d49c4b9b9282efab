// The cost of one stopped endpoint among a hundred: a sender and a receiver at full speed, while
// the sender's process sends a message to all others every millisecond. Measured with all of them
// running, and with one of them stopped before, so that its ring and queue are full.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadBusbar } from '../harness/busbar.mjs';
import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { rateText } from '../harness/sizes.mjs';
import { gridTable } from '../harness/table.mjs';

const BYSTANDERS = 97;
const PROGRAM = fileURLToPath(new URL('../harness/bystanders.mjs', import.meta.url));

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'One way, 64 B, beside 98 endpoints that get a message every millisecond',

  plan: () =>
    ['all running', 'one stopped'].map((others) => ({
      peer: 'busbar',
      params: { size: 64, others },
    })),

  async lead(link, followers, job) {
    const { join, multicast } = await loadBusbar();
    const crowd = [await start(job.bus, BYSTANDERS, 'running'), await start(job.bus, 1, 'last')];
    const herald = await join(job.bus, { label: 'herald', whenFull: 'drop', queueBytes: 1 << 20 });
    const all = multicast('bystander');
    await herald.waitFor(all, { count: BYSTANDERS + 1 });
    const news = new Uint8Array(1000);
    herald.send(all, news);
    if (job.params.others === 'one stopped') {
      crowd[1].kill('SIGSTOP');
      // The stopped endpoint gets as many messages as the others, and has no room.
      while (herald.counters.dropped === 0) herald.send('last', news);
    }
    const timer = setInterval(() => herald.send(all, news), 1);
    try {
      return await leadOneWay(link, followers, job);
    } finally {
      clearInterval(timer);
      for (const child of crowd) child.kill('SIGKILL');
    }
  },

  follow: followOneWay,

  tables: (cells) => [
    gridTable(trial.title, cells, {
      column: ({ params }) => params.others,
      text: ({ perSecond }) => rateText(perSecond),
    }),
  ],
};

async function start(bus, count, label) {
  const child = spawn(process.execPath, [PROGRAM, bus, String(count), label], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}
