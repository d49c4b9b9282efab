// What busbar sets out to reach, as ratios of figures from one run.

import { factorText, timeText } from './sizes.mjs';

/**
 * @typedef {object} Verdict
 * @property {string} target what is wanted, in words
 * @property {string} measured
 * @property {'met' | 'missed' | 'not measured'} verdict
 */

/** @typedef {(trial: string, peer: string, params: object) => any} Find the figures of a cell */

/**
 * `measure` gives the figure; the target is met if it is at least, or at most, `wanted`.
 * @type {{ target: string, atLeast?: number, atMost?: number, text: (value: number) => string,
 *   measure: (find: Find) => number | undefined }[]}
 */
const TARGETS = [
  {
    target: '64 B one way: at least 20x zeromq.js',
    atLeast: 20,
    text: factorText,
    measure: (find) => rateRatio(find, 'rate', { size: 64 }, 'zeromq'),
  },
  {
    target: '64 B one way: at least 2x the net socket that batches 64 frames a write',
    atLeast: 2,
    text: factorText,
    measure: (find) => rateRatio(find, 'rate', { size: 64 }, 'net-batch'),
  },
  {
    target: '4 KiB one way: at least 8x zeromq.js',
    atLeast: 8,
    text: factorText,
    measure: (find) => rateRatio(find, 'rate', { size: 4096 }, 'zeromq'),
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
    target: '200 processes joining: p99 under 10 ms',
    atMost: 10_000,
    text: timeText,
    measure: (find) => find('join', 'busbar', { members: 200 })?.p99,
  },
  {
    target: '2 ms timer in a saturated receiver: at most 2 ms late at p99',
    atMost: 2000,
    text: timeText,
    measure: (find) => find('timer', 'busbar', {})?.p99,
  },
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
      measured: text(value),
      verdict: value >= atLeast && value <= atMost ? 'met' : 'missed',
    };
  });
}

/** Busbar's rate against the best of some peers. */
function rateRatio(find, trial, params, ...peers) {
  const best = peers
    .map((peer) => find(trial, peer, params))
    .filter(Boolean)
    .sort((a, b) => b.perSecond - a.perSecond)[0];
  return ratio(find(trial, 'busbar', params), best);
}

function ratio(ours, other) {
  return ours && other ? ours.perSecond / other.perSecond : undefined;
}

function roundTripRatio(find, variant, placement) {
  const ours = find('round-trip', variant, { placement });
  const net = find('round-trip', 'net', { placement });
  return ours && net ? ours.p50 / net.p50 : undefined;
}
