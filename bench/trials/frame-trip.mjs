// Round trip of a memory region, one at a time: its size should not matter.

import { sizeText, timeText } from '../harness/sizes.mjs';
import { summarise } from '../harness/statistics.mjs';
import { gridTable } from '../harness/table.mjs';

const SIZES = [64 << 10, 1 << 20, 8 << 20, 64 << 20];
const WARM_UP_MS = 150;

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Memory region there and back, p50 / p99',

  plan: () =>
    SIZES.map((size) => ({
      peer: 'busbar',
      params: { size, carry: 'region', placement: 'apart' },
    })),

  async lead(link, _followers, job) {
    let returned;
    link.onMessage((region) => returned(region));
    await trips(WARM_UP_MS);
    return summarise(await trips(job.milliseconds));

    /** Microseconds of each trip. */
    function trips(milliseconds) {
      return new Promise((resolve, reject) => {
        const samples = [];
        const until = performance.now() + milliseconds;
        let start;
        const send = () => {
          start = performance.now();
          link.send();
        };
        returned = (region) => {
          const now = performance.now();
          samples.push((now - start) * 1000);
          if (region.size !== job.params.size) return reject(new Error(`${region.size} bytes`));
          if (now >= until) return resolve(samples);
          send();
        };
        send();
      });
    }
  },

  async follow(link, control) {
    link.onMessage((region) => link.send(region));
    await control.next();
  },

  tables: (cells) => [
    gridTable(trial.title, cells, {
      column: ({ params }) => sizeText(params.size),
      text: ({ p50, p99 }) => [p50, p99].map(timeText).join(' / '),
    }),
  ],
};
