// Round trip of 64 bytes, one at a time; the follower echoes. The result depends mostly on core
// placement, so each peer is measured pinned to one core, pinned to two, and placed by the
// scheduler.

import { payloadMaker } from '../harness/payload.mjs';
import { timeText } from '../harness/sizes.mjs';
import { summarise } from '../harness/statistics.mjs';
import { gridTable } from '../harness/table.mjs';

const PLACEMENTS = { same: 'one core', apart: 'two cores', free: 'unpinned' };
const PEERS = [
  'busbar',
  'busbar-spin',
  'zeromq',
  'net',
  'process-send-json',
  'process-send-advanced',
  'message-port',
  'ipmb',
];
const WARM_UP_MS = 150;

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Round trip of 64 B, p50 / p99 / p99.9',

  plan: () =>
    Object.keys(PLACEMENTS).flatMap((placement) =>
      PEERS.map((peer) => ({ peer, params: { size: 64, placement } })),
    ),

  async lead(link, _followers, job) {
    const message = payloadMaker(job, link)(0);
    let returned;
    link.onMessage((echo) => returned(echo));
    await trips(link, message, WARM_UP_MS);
    return summarise(await trips(link, message, job.milliseconds));

    /** Microseconds of each trip. No promise per trip: the next one starts in the handler. */
    function trips(link, message, milliseconds) {
      return new Promise((resolve, reject) => {
        const samples = [];
        const until = performance.now() + milliseconds;
        let start;
        returned = (echo) => {
          const now = performance.now();
          samples.push((now - start) * 1000);
          if (echo.length !== message.length)
            return reject(new Error(`echo of ${echo.length} bytes`));
          if (now >= until) return resolve(samples);
          start = performance.now();
          link.send(message);
        };
        start = performance.now();
        link.send(message);
      });
    }
  },

  async follow(link, control) {
    link.onMessage((message) => link.send(message));
    await control.next();
  },

  tables: (cells) => [
    gridTable(trial.title, cells, {
      column: ({ params }) => PLACEMENTS[params.placement],
      text: ({ p50, p99, p999 }) => [p50, p99, p999].map(timeText).join(' / '),
    }),
  ],
};
