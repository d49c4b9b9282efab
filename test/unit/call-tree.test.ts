// The tree of a trace from observations: what no peer of ours writes.
import test from 'ava';
import type { Peer, SentObservation } from 'busbar';
import { CallTree } from '../../dist/layers/command/trace/call-tree.js';

const traceId = 'ab'.repeat(16);

function peer(id: number, pid = id): Peer {
  return { id, pid, label: [] };
}

function callOf(
  from: number,
  id: number,
  to: number,
  cause?: readonly [number, number],
  more: Partial<SentObservation> = {},
): SentObservation {
  const metadata = [1, 0, 3, 25, ...Buffer.from(traceId, 'hex'), ...new Array(8).fill(1), 1];
  if (cause !== undefined) {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32LE(cause[0], 0);
    bytes.writeUInt32LE(cause[1], 8);
    metadata.push(11, 16, ...bytes);
  }
  return {
    kind: 'sent',
    from: peer(from),
    to: [peer(to)],
    receivers: 1,
    again: false,
    id,
    typeId: '00000000-0000-5000-8000-000000000001',
    format: 0,
    replyTo: undefined,
    unicast: true,
    bytes: 0,
    payload: new Uint8Array(),
    objects: 0,
    regions: 0,
    metadata: Uint8Array.from(metadata),
    time: from * 1000 + id,
    ...more,
  };
}

const depths = (tree: CallTree) => tree.placed().map(({ call, depth }) => `${call.key} ${depth}`);

test('causes that go round, lead nowhere or to themselves make roots', (t) => {
  const tree = new CallTree(traceId);
  tree.see(callOf(1, 1, 2, [2, 2]));
  tree.see(callOf(2, 2, 1, [1, 1]));
  tree.see(callOf(3, 3, 4, [3, 3]));
  tree.see(callOf(5, 5, 6, [77, 77]));
  const placed = depths(tree);
  t.is(placed.length, 4);
  t.deepEqual([...new Set(placed.map((each) => each.split(' ')[0]))].sort(), [
    '1:1',
    '2:2',
    '3:3',
    '5:5',
  ]);
});

test('answers that are seen before their calls, and those of other traces', (t) => {
  const tree = new CallTree(traceId);
  const answer = callOf(2, 9, 1, undefined, { replyTo: 1, metadata: undefined, time: 2000 });
  tree.see(answer);
  tree.see(callOf(1, 1, 2));
  tree.see(callOf(1, 2, 2, undefined, { metadata: undefined }));
  tree.see(callOf(1, 3, 2, undefined, { unicast: false }));
  t.deepEqual(
    tree.placed().map(({ call }) => [call.key, call.outcome, call.endedAt]),
    [['1:1', 'ok', 2000]],
  );
  t.false(tree.isOpen);
});

test('without a cause, a call is made for the last one that its process has in hand', (t) => {
  const tree = new CallTree(traceId);
  tree.see(callOf(1, 1, 2, undefined, { time: 10 }));
  tree.see(callOf(7, 1, 3, undefined, { time: 20, from: { id: 7, pid: 2, label: [] } }));
  tree.see(callOf(8, 1, 3, undefined, { time: 5, from: { id: 8, pid: 2, label: [] } }));
  t.deepEqual(depths(tree), ['8:1 0', '1:1 0', '7:1 1']);
});

test('a flood of calls and of answers is bounded', (t) => {
  const tree = new CallTree(traceId);
  for (let id = 1; id <= 10_000; id++) {
    tree.see(callOf(1, id, 2, [1, id - 1]));
    tree.see(callOf(2, id, 3, undefined, { replyTo: id + 20_000, metadata: undefined }));
  }
  t.is(tree.size, 4096);
  t.is(tree.omitted, 10_000 - 4096);
  // Each was made for the one before.
  t.is(tree.placed().at(-1)?.depth, 4095);
});
