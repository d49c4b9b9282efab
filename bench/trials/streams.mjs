// Streams from a server to its caller: items of 64 bytes a second, the memory of a stream whose
// reader has stopped, and what one such stream costs 99 others.

import { setTimeout } from 'node:timers/promises';
import { monotonicSeconds, ramp, threadMicroseconds } from '../harness/ramp.mjs';
import { made } from '../harness/service.mjs';
import { bytesText, factorText, rateText, timeText } from '../harness/sizes.mjs';
import { median } from '../harness/statistics.mjs';
import { listTable } from '../harness/table.mjs';

const SIZE = 64;
const STOPPED_SIZE = 1024;
const WARM_UP_MS = 400;
const STOPPED_MS = 1000;
/** A peer without back-pressure makes all of them. */
const STOPPED_ITEMS = 100_000;
const OTHERS = 99;
/** Pairs of measurements, with and without the stuck stream. */
const PAIRS = 20;
const QUICK_PAIRS = 6;
const WINDOW_MS = 100;

const ITEMS = [
  'busbar-rpc',
  'busbar-rpc-batches',
  'busbar-rpc-port',
  'busbar-rpc-port-batches',
  'grpc',
  'web-stream',
  'orpc',
];
const STOPPED = ['busbar-rpc', 'busbar-rpc-port', 'grpc', 'web-stream', 'orpc'];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Streams',

  plan: ({ quick }) => [
    ...ITEMS.map((peer) => ({ peer, params: { kind: 'items', size: SIZE } })),
    ...STOPPED.map((peer) => ({ peer, params: { kind: 'stopped', size: STOPPED_SIZE } })),
    {
      peer: 'busbar-rpc',
      params: { kind: 'stuck', size: SIZE, pairs: quick ? QUICK_PAIRS : PAIRS },
    },
  ],

  lead(link, [{ control }], job) {
    return { items: leadItems, stopped: leadStopped, stuck: leadStuck }[job.params.kind](
      link,
      control,
      job,
    );
  },

  async follow(_link, control) {
    for (;;) {
      await control.next();
      const resident = process.memoryUsage.rss();
      control.send({ cpu: threadMicroseconds(), made: made.items, resident });
    }
  },

  tables(cells) {
    const of = (kind) => cells.filter(({ params }) => params.kind === kind);
    return [
      listTable(
        'Streams of 64 B items',
        of('items'),
        {
          'items/s': ({ perSecond }) => rateText(perSecond),
          'reader, each': ({ leadCpu }) => timeText(leadCpu),
          'server, each': ({ followCpu }) => timeText(followCpu),
        },
        'perSecond',
        'busbar-rpc',
      ),
      listTable(
        `A stream of 1 KiB items whose reader stopped after one, ${STOPPED_MS} ms later`,
        of('stopped'),
        {
          'items made': ({ made }) => String(made),
          'more memory, reader': ({ leadGrowth }) => bytesText(leadGrowth),
          'server (with threads: both)': ({ followGrowth }) => bytesText(followGrowth),
        },
      ),
      listTable(`${OTHERS} streams beside one whose reader has stopped`, of('stuck'), {
        'items/s without it': ({ perSecond }) => rateText(perSecond),
        'with it': ({ besides }) => factorText(besides),
      }),
    ];
  },
};

async function report(control) {
  control.send({ report: true });
  return control.next();
}

async function leadItems(link, control, { milliseconds, params }) {
  const run = async (count) => {
    let weight = 0;
    await link.stream(count, params.size, (item) => {
      weight += item.length;
    });
    if (weight !== count * params.size) throw new Error(`lost: ${weight} bytes of ${count} items`);
  };
  const until = performance.now() + WARM_UP_MS;
  while (performance.now() < until) await run(2000);
  let leadCpu;
  let followCpu;
  const { count, seconds } = await ramp(milliseconds, async (count) => {
    const before = await report(control);
    const cpu = threadMicroseconds();
    const start = monotonicSeconds();
    await run(count);
    const end = monotonicSeconds();
    leadCpu = (threadMicroseconds() - cpu) / count;
    followCpu = ((await report(control)).cpu - before.cpu) / count;
    return end - start;
  });
  return { perSecond: count / seconds, count, seconds, leadCpu, followCpu };
}

async function leadStopped(link, control, { params }) {
  const before = await report(control);
  const resident = process.memoryUsage.rss();
  const stream = await link.open(STOPPED_ITEMS, params.size);
  const reader = stream[Symbol.asyncIterator]();
  await reader.next();
  await setTimeout(STOPPED_MS);
  const after = await report(control);
  return {
    made: after.made - before.made,
    leadGrowth: process.memoryUsage.rss() - resident,
    followGrowth: after.resident - before.resident,
  };
}

/** Alternates, since the machine changes more within seconds than one stream could cost. */
async function leadStuck(link, _control, { params }) {
  let taken = 0;
  const read = async (stream) => {
    for await (const item of stream) taken += item.length / params.size;
  };
  const open = () => link.open(Number.MAX_SAFE_INTEGER, params.size);
  const others = Array.from({ length: OTHERS }, open);
  const reading = others.map(read);
  const rate = async () => {
    const before = taken;
    const start = performance.now();
    await setTimeout(WINDOW_MS);
    return (taken - before) / ((performance.now() - start) / 1000);
  };
  for (let i = 0; i < 5; i++) await rate();
  const without = [];
  const ratios = [];
  for (let pair = 0; pair < params.pairs; pair++) {
    const first = await rate();
    const stuck = open();
    await stuck.next();
    await rate(); // its window fills
    const beside = await rate();
    await stuck.return();
    await rate();
    const last = await rate();
    without.push(first, last);
    ratios.push(beside / ((first + last) / 2));
  }
  for (const stream of others) await stream.return();
  await Promise.all(reading);
  return { perSecond: median(without), besides: median(ratios) };
}
