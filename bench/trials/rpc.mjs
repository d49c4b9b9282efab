// Calls: a four-field object there and back with 64 calls in flight and one at a time, and results
// of 64 KiB. The floor is a message and its reply on the bare bus; a table says what a call of
// busbar/rpc costs beyond that.

import { inFlight, oneByOne } from '../harness/in-flight.mjs';
import { monotonicSeconds, ramp, threadMicroseconds } from '../harness/ramp.mjs';
import { answerCheck } from '../harness/service.mjs';
import { rateText, timeText } from '../harness/sizes.mjs';
import { summarise } from '../harness/statistics.mjs';
import { gridTable, listTable } from '../harness/table.mjs';

const IN_FLIGHT = 64;
const LARGE_IN_FLIGHT = 8;
const LARGE = 64 << 10;
/**
 * Code is compiled and caches are warm after so long, and so many calls: on a busy machine, time alone
 * says little. A slow peer is warm after the longer time.
 */
const WARM_UP_MS = 400;
const WARM_UP_CALLS = 30_000;
const WARM_UP_MOST_MS = 2000;
/** A part of a call is small: the least of so many runs, which other programs disturb least. */
const PART_RUNS = 8;
const PART_CALLS = 20_000;
const PLACEMENTS = { same: 'one core', free: 'unpinned' };

const PEERS = [
  'busbar-rpc',
  'busbar-rpc-port',
  'busbar-raw',
  'birpc-port',
  'birpc-send',
  'comlink',
  'capnweb-port',
  'capnweb-socket',
  'grpc',
  'orpc',
  'nats',
  'raw-port',
];
/** Those that can carry bytes as they are, or nearly so. */
const LARGE_PEERS = PEERS.filter((peer) => peer !== 'orpc');
/** What a call costs beyond the bare bus, one thing after the other. */
const PARTS = {
  'busbar-raw': ['raw'],
  'busbar-raw-promise': ['raw'],
  'busbar-rpc': ['nothing', 'fields', 'later', 'timeout'],
};
const PART_TEXTS = {
  raw: '',
  nothing: ', no arguments, no result',
  fields: ', four fields there and back',
  later: ', the same by an async method',
  timeout: ', the same with a timeout',
};

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Calls',

  plan: () => [
    ...[...PEERS, 'cpp-rpc'].map((peer) => ({ peer, params: { kind: 'calls' } })),
    ...Object.keys(PLACEMENTS).flatMap((placement) =>
      PEERS.map((peer) => ({ peer, params: { kind: 'one', placement } })),
    ),
    { peer: 'cpp-rpc-one', params: { kind: 'one', placement: 'free' } },
    ...LARGE_PEERS.map((peer) => ({ peer, params: { kind: 'large', size: LARGE } })),
    ...Object.entries(PARTS).flatMap(([peer, parts]) =>
      parts.map((part) => ({ peer, params: { kind: 'parts', part } })),
    ),
  ],

  lead(link, [{ control }], job) {
    if (job.params.kind === 'one') return leadOne(link, job);
    return leadRate(link, control, job);
  },

  async follow(_link, control) {
    for (;;) {
      await control.next();
      control.send({ cpu: threadMicroseconds(), resident: process.memoryUsage.rss() });
    }
  },

  tables(cells) {
    const of = (kind) => cells.filter(({ params }) => params.kind === kind);
    const rate = {
      'calls/s': ({ perSecond }) => rateText(perSecond),
      'caller, each': ({ leadCpu }) => timeText(leadCpu),
      'server, each': ({ followCpu }) => timeText(followCpu),
    };
    return [
      listTable(
        `Calls, ${IN_FLIGHT} in flight, an object of four fields there and back`,
        of('calls'),
        rate,
        'perSecond',
        'busbar-rpc',
      ),
      gridTable('Calls one at a time, the same object, p50 / p99 / p99.9', of('one'), {
        column: ({ params }) => PLACEMENTS[params.placement],
        text: ({ p50, p99, p999 }) => [p50, p99, p999].map(timeText).join(' / '),
      }),
      listTable(
        `Results of 64 KiB, ${LARGE_IN_FLIGHT} calls in flight`,
        of('large'),
        rate,
        'perSecond',
        'busbar-rpc',
      ),
      partsTable(of('parts')),
    ];
  },
};

async function leadOne(link, job) {
  const check = answerCheck();
  await oneByOne(WARM_UP_MS, link, check.answered);
  return summarise(await oneByOne(job.milliseconds, link, check.answered));
}

async function leadRate(link, control, { milliseconds, params }) {
  const run = params.kind === 'large' ? largeRun(link, params.size) : callsRun(link, params.part);
  const begun = performance.now();
  for (let calls = 0, time = 0; time < WARM_UP_MOST_MS; time = performance.now() - begun) {
    if (time > WARM_UP_MS && calls > WARM_UP_CALLS) break;
    await run(256);
    calls += 256;
  }
  let leadCpu;
  let followCpu;
  const measure = async (count) => {
    const before = await followerCpu(control);
    const cpu = threadMicroseconds();
    const start = monotonicSeconds();
    await run(count);
    const end = monotonicSeconds();
    leadCpu = (threadMicroseconds() - cpu) / count;
    followCpu = ((await followerCpu(control)) - before) / count;
    return end - start;
  };
  const { count, seconds } = await ramp(milliseconds, measure);
  const least = { leadCpu, followCpu };
  if (params.kind === 'parts') {
    for (let again = 0; again < PART_RUNS; again++) {
      await measure(PART_CALLS);
      least.leadCpu = Math.min(least.leadCpu, leadCpu);
      least.followCpu = Math.min(least.followCpu, followCpu);
    }
  }
  return { perSecond: count / seconds, count, seconds, ...least };
}

function callsRun(link, part) {
  const own = part !== undefined && link.part ? link.part(part) : link;
  return async (count) => {
    const check = answerCheck();
    await inFlight(count, IN_FLIGHT, own, own.empty ? () => {} : check.answered);
    const expected = own.empty ? 0 : (count * (count - 1)) / 2;
    if (check.sum() !== expected) throw new Error('not every call was answered once');
  };
}

function largeRun(link, size) {
  const large = link.large(size);
  return (count) =>
    inFlight(count, LARGE_IN_FLIGHT, large, ({ length }) => {
      if (length !== size) throw new Error(`a result of ${length} bytes`);
    });
}

async function followerCpu(control) {
  control.send({ report: true });
  return (await control.next()).cpu;
}

/**
 * The time on a core that a call takes of both sides, and how much more than the row above. The
 * least of all rounds and of several runs, which other programs on the machine disturb least.
 */
function partsTable(cells) {
  let above;
  const rows = cells.map(({ peer, params, figures, rounds }) => {
    const name = `${PART_PEERS[peer]}${PART_TEXTS[params.part]}`;
    if (!figures) return [name, '-', '-', '-', '-'];
    const [caller, server] = ['leadCpu', 'followCpu'].map((figure) =>
      Math.min(...rounds.map((round) => round[figure])),
    );
    const both = caller + server;
    const more = above === undefined ? '' : timeText(both - above);
    above = both;
    return [name, timeText(caller), timeText(server), timeText(both), more];
  });
  const title = `What a call costs beyond a message and its reply: time on a core, ${IN_FLIGHT} in flight`;
  return { title, header: ['', 'caller', 'server', 'both', 'more than above'], rows };
}

const PART_PEERS = {
  'busbar-raw': 'message and reply',
  'busbar-raw-promise': 'the same, and a promise',
  'busbar-rpc': 'call',
};
