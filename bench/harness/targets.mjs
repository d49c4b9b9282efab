// The goals of busbar, as ratios of figures from one run.

import { RPC_TARGETS } from './rpc-targets.mjs';
import { factorText, rateText, sizeText, timeText } from './sizes.mjs';

const FRAME = 8 << 20;
const SIZES = [16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/** Other ways for two programs to exchange messages, each at its fastest. */
const OTHERS = [
  'zeromq',
  'net',
  'net-batch',
  'process-send-json',
  'process-send-advanced',
  'message-port',
  'ipmb',
];
/** How many times zeromq.js's rate, by size. */
const OF_ZEROMQ = [
  [64, 20],
  [1 << 10, 10],
  [4 << 10, 8],
  [16 << 10, 8],
  [64 << 10, 4],
  [256 << 10, 4],
  [1 << 20, 4],
];

/**
 * @typedef {object} Verdict
 * @property {string} target the goal, in words
 * @property {string} measured
 * @property {'met' | 'missed' | 'not measured'} verdict
 */

/** @typedef {(trial: string, peer: string, params: object) => any} Find returns a cell's figures */

/**
 * `measure` returns the figure; the target is met if it is at least `atLeast`, or at most `atMost`.
 * @typedef {{ target: string, atLeast?: number, atMost?: number,
 *   text: (value: number, find: Find) => string,
 *   measure: (find: Find) => number | undefined }} Target
 */

/** @type {Target[]} */
const TARGETS = [
  ...SIZES.map((size) => ({
    target: `${sizeText(size)} one way, listener and for await: above every peer`,
    atLeast: 1,
    text: factorText,
    measure: (find) => slowerRatio(find, { size }, OTHERS),
  })),
  ...OF_ZEROMQ.map(([size, atLeast]) => ({
    target: `${sizeText(size)} one way: at least ${atLeast}x zeromq.js`,
    atLeast,
    text: factorText,
    measure: (find) => rateRatio(find, 'rate', { size }, 'zeromq'),
  })),
  ...SIZES.filter((size) => size >= 4096).map((size) => ({
    target: `${sizeText(size)} one way: at least half of our C++ core`,
    atLeast: 0.5,
    text: factorText,
    measure: (find) => rateRatio(find, 'rate', { size }, 'busbar-core'),
  })),
  {
    target: 'a listener is at every size at least as fast as for await',
    atLeast: 1,
    text: factorText,
    measure: (find) =>
      least(SIZES.map((size) => rateRatio(find, 'rate', { size }, 'busbar-iterator'))),
  },
  {
    target: 'mixed sizes: above every peer',
    atLeast: 1,
    text: factorText,
    measure: (find) => rateRatio(find, 'mixed', {}, ...OTHERS),
  },
  {
    target: '64 B one way: at least 2x the net socket that batches 64 frames a write',
    atLeast: 2,
    text: factorText,
    measure: (find) => rateRatio(find, 'rate', { size: 64 }, 'net-batch'),
  },
  {
    target: 'objects as MessagePack: at least 5x the better process.send',
    atLeast: 5,
    text: factorText,
    measure: (find) => rateRatio(find, 'objects', {}, 'process-send-json', 'process-send-advanced'),
  },
  {
    target: 'round trip on one core, doorbell alone: p50 at most 0.5x the net socket',
    atMost: 0.5,
    text: factorText,
    measure: (find) => roundTripRatio(find, 'busbar', 'same'),
  },
  {
    target: 'round trip on two cores, spinning: p50 at most 0.1x the net socket',
    atMost: 0.1,
    text: factorText,
    measure: (find) => roundTripRatio(find, 'busbar-spin', 'apart'),
  },
  {
    target: 'native core 64 B one way: at least half the bare ring',
    atLeast: 0.5,
    text: factorText,
    measure: (find) =>
      ratio(find('rate', 'busbar-core', { size: 64 }), find('rate', 'bare-ring', { size: 64 })),
  },
  {
    target: 'multicast to 8: at least 10x ipmb',
    atLeast: 10,
    text: factorText,
    measure: (find) => rateRatio(find, 'multicast', { receivers: 8 }, 'ipmb'),
  },
  {
    target: 'multicast to 8: at least 5x zeromq.js',
    atLeast: 5,
    text: factorText,
    measure: (find) => rateRatio(find, 'multicast', { receivers: 8 }, 'zeromq'),
  },
  {
    target: '8 MiB frames handed over unread: at least 150x zeromq.js and process.send',
    atLeast: 150,
    text: factorText,
    measure: (find) => frameRatio(find, 'nothing'),
  },
  {
    target: '8 MiB frames handed over unread: at least 40,000 a second',
    atLeast: 40_000,
    text: rateText,
    measure: (find) => find('frames', 'busbar', { size: FRAME, touch: 'nothing' })?.perSecond,
  },
  {
    target: '8 MiB frames, one byte of each page read: at least 50x zeromq.js and process.send',
    atLeast: 50,
    text: factorText,
    measure: (find) => frameRatio(find, 'pages'),
  },
  {
    target: 'a region of 64 MiB there and back: p50 at most 1.5x that of 64 KiB',
    atMost: 1.5,
    text: factorText,
    measure(find) {
      const large = find('frame-trip', 'busbar', { size: 64 << 20 });
      const small = find('frame-trip', 'busbar', { size: 64 << 10 });
      return large && small && large.p50 / small.p50;
    },
  },
  {
    target: 'one byte per page of a reused region: at least 20x a new one',
    atLeast: 20,
    text: factorText,
    measure: (find) =>
      ratio(
        find('fill', 'busbar', { write: 'a byte a page' }),
        find('fill', 'busbar-fresh', { write: 'a byte a page' }),
      ),
  },
  {
    target: 'descriptors: at least half the bare sendmsg loop',
    atLeast: 0.5,
    text: factorText,
    measure: (find) =>
      ratio(find('descriptors', 'busbar', {}), find('descriptors', 'bare-sendmsg', {})),
  },
  {
    target: 'idle: no wake-ups (more than Node alone has)',
    atMost: 0,
    text: String,
    measure(find) {
      const busbar = find('idle', 'busbar', {});
      const floor = find('idle', 'nothing', {})?.wakeUps ?? 0;
      return busbar && Math.max(0, busbar.wakeUps - floor);
    },
  },
  {
    target: 'C interface, 64 B sent one by one: at least 0.6x our C++ core',
    atLeast: 0.6,
    text: factorText,
    measure: (find) => ratio(find('c', 'c-send', {}), find('c', 'busbar-core', {})),
  },
  {
    target: 'C interface, 64 B sent one by one: at least 5x iceoryx2',
    atLeast: 5,
    text: factorText,
    measure: (find) => ratio(find('c', 'c-send', {}), find('c', 'iceoryx2-rate', {})),
  },
  {
    target: "C interface, spinning round trip: p50 at most 0.8x iceoryx2's",
    atMost: 0.8,
    text: factorText,
    measure(find) {
      const ours = find('c', 'c-trip-spin', {});
      const other = find('c', 'iceoryx2-trip', {});
      return ours && other && ours.p50 / other.p50;
    },
  },
  {
    target: '200 processes joining: p50 at most 0.3 ms',
    atMost: 300,
    text: timeText,
    measure: (find) => find('join', 'busbar', { members: 200 })?.p50,
  },
  {
    target: '200 processes joining: p99 at most 3 ms',
    atMost: 3000,
    text: timeText,
    measure: (find) => find('join', 'busbar', { members: 200 })?.p99,
  },
  {
    target: "200 processes joining: p50 at most 5x ipmb's",
    atMost: 5,
    text: factorText,
    measure(find) {
      const ours = find('join', 'busbar', { members: 200 });
      const ipmb = find('join', 'ipmb', { members: 200 });
      return ours && ipmb && ours.p50 / ipmb.p50;
    },
  },
  {
    target: '2 ms timer in a saturated receiver: at most 2 ms late at p99',
    atMost: 2000,
    text: timeText,
    measure: (find) => find('timer', 'busbar', {})?.p99,
  },
  {
    target: 'tracing: with nobody subscribed, it costs a call at most 5 ns at either side',
    atMost: 5,
    text: (value) => `${value.toFixed(1)} ns`,
    measure: (find) => find('tracing', 'busbar', {})?.askNs,
  },
  {
    target: 'tracing: OpenTelemetry sampled out costs a span at most 300 ns beyond the SDK',
    atMost: 300,
    text: (value) => `${value.toFixed(0)} ns`,
    measure: (find) => ownNs(find('tracing', 'busbar', {}), 'sampledOut'),
  },
  {
    target: 'tracing: OpenTelemetry recorded costs a span at most 2 µs beyond the SDK',
    atMost: 2000,
    text: (value) => `${value.toFixed(0)} ns`,
    measure: (find) => ownNs(find('tracing', 'busbar', {}), 'recorded'),
  },
  {
    target: 'handlers: a table costs a message at most 100 ns over a bare switch',
    atMost: 100,
    text: nanoseconds,
    measure: (find) => find('handlers', 'busbar', {})?.tableNs,
  },
  {
    target: 'handlers: a middleware costs at most 30 ns',
    atMost: 30,
    text: nanoseconds,
    measure: (find) => find('handlers', 'busbar', {})?.middlewareNs,
  },
  {
    target: 'journal, 64 B at `os`: at least 1 M entries/s',
    atLeast: 1e6,
    text: rateText,
    measure: (find) => find('journal', 'busbar', { kind: 'append' })?.perSecond,
  },
  {
    target: 'journal, 64 B at `os`: at least 0.7x writev of the same bytes',
    atLeast: 0.7,
    text: factorText,
    measure: (find) => journalRatio(find, 'writev'),
  },
  {
    target: 'journal, 64 B at `os`: at least 0.7x writev of the payloads',
    atLeast: 0.7,
    text: factorText,
    measure: (find) => journalRatio(find, 'writev-entries'),
  },
  {
    target: 'journal, 64 B at `os`: at least 10x single inserts of better-sqlite3',
    atLeast: 10,
    text: factorText,
    measure: (find) => journalRatio(find, 'better-sqlite3'),
  },
  {
    target:
      "journal, 64 B at `os`: at least 5x JetStream's file store with asynchronous publishing",
    atLeast: 5,
    text: factorText,
    measure: (find) => journalRatio(find, 'jetstream'),
  },
  {
    target: 'journal, one at a time at `disk`: p99 at most 2x a bare fdatasync',
    atMost: 2,
    text: factorText,
    measure(find) {
      const ours = find('journal', 'busbar', { kind: 'disk' });
      const bare = find('journal', 'fdatasync', { kind: 'disk' });
      return ours && bare && ours.p99 / bare.p99;
    },
  },
  {
    target: 'journal read back in batches: at least 2 M entries/s',
    atLeast: 2e6,
    text: rateText,
    measure: (find) => find('journal', 'busbar-batches', { kind: 'read' })?.perSecond,
  },
  {
    target: 'a row of a database by its key: p50 at most 16 µs more than in process',
    atMost: 16,
    text: timeText,
    measure(find) {
      const ours = find('sql', 'busbar', { kind: 'point' });
      const bare = find('sql', 'sqlite-in-process', { kind: 'point' });
      return ours && bare && ours.p50 - bare.p50;
    },
  },
  {
    target: 'inserts that wait together, synced: at least 20x one at a time',
    atLeast: 20,
    text: factorText,
    measure: (find) =>
      ratio(find('sql', 'busbar', { kind: 'grouped' }), find('sql', 'busbar', { kind: 'single' })),
  },
  {
    target: 'one of 100 endpoints stopped: at least 0.95x of the rate with all running',
    atLeast: 0.95,
    text: factorText,
    measure: (find) =>
      ratio(
        find('stalled', 'busbar', { others: 'one stopped' }),
        find('stalled', 'busbar', { others: 'all running' }),
      ),
  },
  ...['idle', 'stopped'].map((observer) => ({
    target: `one observer, ${observer}: at least 0.95x of the rate without one`,
    atLeast: 0.95,
    text: factorText,
    measure: (find) =>
      ratio(
        find('observers', 'busbar', { observer }),
        find('observers', 'busbar', { observer: 'none' }),
      ),
  })),
  ...RPC_TARGETS,
];

/**
 * @param {import('./table.mjs').MeasuredCell[]} cells of all trials
 * @returns {Verdict[]}
 */
export function judge(cells) {
  const find = (trial, peer, params) =>
    cells.find(
      (cell) =>
        cell.trial === trial &&
        cell.peer === peer &&
        Object.entries(params).every(([name, value]) => cell.params[name] === value),
    )?.figures;
  return TARGETS.map(({ target, atLeast = -Infinity, atMost = Infinity, text, measure }) => {
    const value = measure(find);
    if (value === undefined) return { target, measured: '-', verdict: 'not measured' };
    return {
      target,
      measured: text(value, find),
      verdict: value >= atLeast && value <= atMost ? 'met' : 'missed',
    };
  });
}

/** Busbar's rate against the best of some peers. */
function rateRatio(find, trial, params, ...peers) {
  return ratio(find(trial, 'busbar', params), bestOf(find, trial, params, peers));
}

function bestOf(find, trial, params, peers) {
  return peers
    .map((peer) => find(trial, peer, params))
    .filter(Boolean)
    .sort((a, b) => b.perSecond - a.perSecond)[0];
}

/** The lower one of both ways to receive, against the best of some peers. */
function slowerRatio(find, params, peers) {
  const iterator = find('rate', 'busbar-iterator', params);
  return least([
    rateRatio(find, 'rate', params, ...peers),
    iterator && ratio(iterator, bestOf(find, 'rate', params, peers)),
  ]);
}

/** The least of these; undefined if one of them was not measured. */
function least(values) {
  return values.includes(undefined) ? undefined : Math.min(...values);
}

/** Busbar's rate against the better one of the peers that copy. */
function frameRatio(find, touch) {
  return rateRatio(find, 'frames', { size: FRAME, touch }, 'zeromq', 'process-send-advanced');
}

function nanoseconds(value) {
  return `${value.toFixed(0)} ns`;
}

function ratio(ours, other) {
  return ours && other ? ours.perSecond / other.perSecond : undefined;
}

function journalRatio(find, peer) {
  const of = (name) => find('journal', name, { kind: 'append' });
  return ratio(of('busbar'), of(peer));
}

function roundTripRatio(find, variant, placement) {
  const ours = find('round-trip', variant, { placement });
  const net = find('round-trip', 'net', { placement });
  return ours && net ? ours.p50 / net.p50 : undefined;
}

/** What a span costs beyond what OpenTelemetry's SDK takes for it. */
function ownNs(figures, variant) {
  if (figures === undefined) return undefined;
  return figures[`${variant}Ns`] - figures[`${variant}SdkNs`];
}
