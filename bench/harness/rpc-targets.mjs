// The goals of busbar/rpc, as figures and ratios of one run; see targets.mjs.

import { factorText, rateText, timeText } from './sizes.mjs';

const WINDOW_ITEMS = 1024;

/** @type {import('./targets.mjs').Target[]} */
export const RPC_TARGETS = [
  {
    target: '64 calls in flight: at least 500,000 a second, or 3x the better birpc and 15x grpc-js',
    atLeast: 1,
    // How much of the goal is reached, by the better one of both ways.
    measure(find) {
      const { rate, ofBirpc, ofGrpc } = callFigures(find);
      if (rate === undefined || ofBirpc === undefined || ofGrpc === undefined) return undefined;
      return Math.max(rate / 500_000, Math.min(ofBirpc / 3, ofGrpc / 15));
    },
    text(_value, find) {
      const { rate, ofBirpc, ofGrpc } = callFigures(find);
      return `${rateText(rate)}, ${factorText(ofBirpc)}, ${factorText(ofGrpc)}`;
    },
  },
  {
    target: 'calls between programs in C++, 64 in flight: at least 3x those between Node and Node',
    atLeast: 3,
    text: factorText,
    measure: (find) => ratio(find, 'rpc', 'calls', 'cpp-rpc', 'busbar-rpc'),
  },
  {
    target: 'calls one at a time on one core: p50 at most that of message and reply, and 2 µs',
    atMost: 2,
    text: (value) => `${value < 0 ? '' : '+'}${timeText(value)}`,
    measure(find) {
      const of = (peer) => find('rpc', peer, { kind: 'one', placement: 'same' })?.p50;
      const [ours, floor] = [of('busbar-rpc'), of('busbar-raw')];
      return ours && floor && ours - floor;
    },
  },
  {
    target: 'results of 64 KiB: at least as many as over a bare MessagePort',
    atLeast: 1,
    text: factorText,
    measure: (find) => ratio(find, 'rpc', 'large', 'busbar-rpc', 'raw-port'),
  },
  {
    target: 'stream of 64 B items, for await: at least 1.5 M items/s',
    atLeast: 1.5e6,
    text: rateText,
    measure: (find) => rateOf(find, 'streams', 'items', 'busbar-rpc'),
  },
  {
    target: 'stream of 64 B items, in batches: at least 5 M items/s',
    atLeast: 5e6,
    text: rateText,
    measure: (find) => rateOf(find, 'streams', 'items', 'busbar-rpc-batches'),
  },
  {
    target: 'stream of 64 B items, for await: at least 20x grpc-js',
    atLeast: 20,
    text: factorText,
    measure: (find) => ratio(find, 'streams', 'items', 'busbar-rpc', 'grpc'),
  },
  {
    target: 'stream of 64 B items, for await: at least 10x a transferred Web Stream',
    atLeast: 10,
    text: factorText,
    measure: (find) => ratio(find, 'streams', 'items', 'busbar-rpc', 'web-stream'),
  },
  {
    target: 'a reader that stopped: at most a window of 1 MiB is made for it',
    atMost: WINDOW_ITEMS,
    text: (items) => `${items} KiB`,
    measure: (find) => find('streams', 'busbar-rpc', { kind: 'stopped' })?.made,
  },
  {
    target: '1 stuck stream of 100: the others have at least 0.98x of the rate without it',
    atLeast: 0.98,
    text: factorText,
    measure: (find) => find('streams', 'busbar-rpc', { kind: 'stuck' })?.besides,
  },
  {
    target: 'calls over a Unix socket: at least 3x vscode-jsonrpc on the same',
    atLeast: 3,
    text: factorText,
    measure: (find) => ratio(find, 'wire', 'calls', 'busbar-wire', 'vscode-jsonrpc'),
  },
  {
    target: 'calls over a Unix socket: not below birpc on the same',
    atLeast: 1,
    text: factorText,
    measure: (find) => ratio(find, 'wire', 'calls', 'busbar-wire', 'birpc-socket'),
  },
];

function rateOf(find, trial, kind, peer) {
  return find(trial, peer, { kind })?.perSecond;
}

function ratio(find, trial, kind, ...peers) {
  const [ours, other] = peers.map((peer) => rateOf(find, trial, kind, peer));
  return ours && other && ours / other;
}

function callFigures(find) {
  const of = (peer) => rateOf(find, 'rpc', 'calls', peer);
  const rate = of('busbar-rpc');
  const birpc = ['birpc-port', 'birpc-send'].map(of).filter(Boolean);
  const grpc = of('grpc');
  return {
    rate,
    ofBirpc: rate && birpc.length > 0 ? rate / Math.max(...birpc) : undefined,
    ofGrpc: rate && grpc && rate / grpc,
  };
}
