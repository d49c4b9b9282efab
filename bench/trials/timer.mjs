// How late a 2 ms timer fires in a saturated receiver. libuv's timers count whole milliseconds, so
// "Node alone" shows the lateness that the peers do not cause.

import { payloadMaker, payloadWeigher } from '../harness/payload.mjs';
import { rateText, timeText } from '../harness/sizes.mjs';
import { summarise } from '../harness/statistics.mjs';
import { listTable } from '../harness/table.mjs';

const PEERS = ['busbar', 'zeromq', 'net', 'process-send-json', 'nothing'];
const TIMER_MS = 2;
const WARM_UP_MS = 200;
const CHUNK = 2000;

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: `Lateness of a ${TIMER_MS} ms timer in a receiver that is sent 64 B messages without pause`,
  plan: () => PEERS.map((peer) => ({ peer, params: { size: 64 } })),

  async lead(link, [{ control }], job) {
    const make = payloadMaker(job, link);
    control.send({ milliseconds: job.milliseconds });
    let report;
    control.next().then((arrived) => (report = arrived));
    while (!report) {
      await link.pump(CHUNK, make);
      // A pump that never waited for a queue has not let the event loop run, which delivers the
      // report.
      await new Promise(setImmediate);
    }
    return report;
  },

  async follow(link, control, job) {
    const weigh = payloadWeigher(job);
    let weight = 0;
    link.onMessage((message) => {
      weight += weigh(message);
    });
    const { milliseconds } = await control.next();
    await lateness(WARM_UP_MS);
    weight = 0;
    const samples = await lateness(milliseconds);
    control.send({
      ...summarise(samples),
      perSecond: weight / job.params.size / (milliseconds / 1000),
    });
    await control.next();
  },

  tables: (cells) => [
    listTable(trial.title, cells, {
      p50: ({ p50 }) => timeText(p50),
      p99: ({ p99 }) => timeText(p99),
      'p99.9': ({ p999 }) => timeText(p999),
      'received meanwhile': ({ perSecond }) => rateText(perSecond),
    }),
  ],
};

/** The lateness of each of a chain of timers, in microseconds. */
function lateness(milliseconds) {
  return new Promise((resolve) => {
    const samples = [];
    const until = performance.now() + milliseconds;
    let due;
    const arm = () => {
      due = performance.now() + TIMER_MS;
      setTimeout(fired, TIMER_MS);
    };
    const fired = () => {
      const now = performance.now();
      samples.push(Math.max(0, now - due) * 1000);
      if (now < until) arm();
      else resolve(samples);
    };
    arm();
  });
}
