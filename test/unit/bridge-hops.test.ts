// Loop tags of bridges: in metadata, in headers, and the window of messages that were passed on.
import test from 'ava';
import fc from 'fast-check';
import {
  addHop,
  DuplicateWindow,
  hopsOfText,
  hopsToText,
  judgeHops,
  newBridgeId,
  noPassage,
  originOfText,
  originToText,
  readPassage,
  writePassage,
} from '../../dist/layers/bridge/index.js';

test('hops and origin lie beside the other fields of metadata', (t) => {
  const own = newBridgeId();
  const deadline = Uint8Array.of(1, 4, 9, 0, 0, 0);
  const origin = { peer: 2 ** 52 + 3, id: 4711 };
  const metadata = writePassage({ hops: own, origin, fields: deadline });
  t.deepEqual(metadata?.subarray(0, 4), Uint8Array.of(1, 0, 7, 8));
  t.deepEqual(readPassage(metadata), { hops: own, origin, fields: deadline });
});

test('a message without metadata has been nowhere', (t) => {
  t.deepEqual(readPassage(undefined), noPassage);
  t.deepEqual(writePassage(noPassage), Uint8Array.of(1, 0));
});

test('metadata that is not in the form of fields has no place for hops', (t) => {
  for (const bytes of [
    [2, 0],
    [1],
    [1, 0, 7],
    [1, 0, 7, 9],
    [1, 0, 7, 3, 1, 2, 3],
    [1, 0, 12, 1, 0],
  ]) {
    t.is(readPassage(Uint8Array.from(bytes)), undefined, String(bytes));
  }
});

test('whatever the metadata is, reading it throws nothing, and what was read is written again', (t) => {
  t.plan(1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 240 }), fc.boolean(), (bytes, valid) => {
      if (valid) bytes.set([1, 0].slice(0, bytes.length));
      const passage = readPassage(bytes);
      if (passage === undefined) return true;
      const written = writePassage(passage);
      return written !== undefined && written.length <= Math.max(2, bytes.length);
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('what has no room for hops, and fields that would be read as something else, are not written', (t) => {
  const hops = new Uint8Array(64);
  t.is(writePassage({ hops, origin: undefined, fields: new Uint8Array(240) }), undefined);
  t.is(writePassage({ hops, origin: undefined, fields: Uint8Array.of(5) }), undefined);
  t.is(writePassage({ hops, origin: undefined, fields: Uint8Array.of(7, 0) }), undefined);
});

test('a message goes through a bridge once, and through eight bridges', (t) => {
  const bridges = Array.from({ length: 9 }, newBridgeId);
  let hops = new Uint8Array(0) as Uint8Array;
  for (const bridge of bridges.slice(0, 8)) {
    t.is(judgeHops(hops, bridge), undefined);
    hops = addHop(hops, bridge);
    t.is(judgeHops(hops, bridge), 'looped');
  }
  t.is(hops.length, 64);
  t.is(judgeHops(hops, bridges[8] as Uint8Array), 'hops');
});

test('headers have hops and origins as text, and others write what they like', (t) => {
  const hops = addHop(newBridgeId(), newBridgeId());
  t.deepEqual(hopsOfText(hopsToText(hops)), hops);
  for (const text of ['0', 'zz'.repeat(8), 'AB'.repeat(8), '0'.repeat(144), '0'.repeat(17)]) {
    t.is(hopsOfText(text), undefined, text);
  }
  const origin = { peer: 2 ** 53 - 1, id: 0 };
  t.deepEqual(originOfText(originToText(origin)), origin);
  for (const text of ['', '1', '1.', '.1', '1.2.3', '-1.2', '9007199254740992.1', '1e3.4']) {
    t.is(originOfText(text), undefined, text);
  }
});

test('the window knows the newest messages, and forgets old ones', (t) => {
  const window = new DuplicateWindow(4);
  for (let id = 0; id < 4; id++) t.true(window.isNew({ peer: 1, id }));
  for (let id = 0; id < 4; id++) t.false(window.isNew({ peer: 1, id }));
  t.true(window.isNew({ peer: 2, id: 0 }));
  for (let id = 10; id < 20; id++) window.isNew({ peer: 1, id });
  t.false(window.isNew({ peer: 1, id: 19 }));
  t.true(window.isNew({ peer: 1, id: 0 }));
});
