// Regions and objects in a value: indexes in the payload, the things themselves beside it.
import { openSync } from 'node:fs';
import test from 'ava';
import { KernelObject, MemoryRegion, messageBox, messagePack } from 'busbar';
import {
  attachmentsOf,
  collectAttachments,
  InvalidValueError,
  shapeOf,
  t as types,
} from 'busbar/interface';
import { joined, newBus } from '../../support/program.js';

const box = messageBox({ Packed: messagePack('test.interface.packed') });
const shape = shapeOf({
  frames: types.list(types.region),
  part: types.region,
  lock: types.optional(types.object),
});

test('regions and objects go over a bus beside the payload', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'self', messages: box });
  using one = MemoryRegion.create(4096);
  using two = MemoryRegion.create(8192);
  one.write(Uint8Array.of(1), 0);
  two.write(Uint8Array.of(2, 3), 0);
  using lock = KernelObject.fromFd(openSync('/dev/null', 'r'), { takeOver: true });
  const attachments = collectAttachments();
  const payload = shape.encode({ frames: [two, one], part: two.range(1, 1), lock }, attachments);
  t.deepEqual(payload, { frames: [0, 1], part: 2, lock: 0 });
  endpoint.send('self', box.Packed(payload), attachments);
  const message = await endpoint.recv();
  const value = shape.decode(message.payload, attachmentsOf(message));
  t.deepEqual([...value.frames.map((frame) => frame.bytes[0]), value.part.bytes[0]], [2, 1, 3]);
  t.true(value.lock instanceof KernelObject);
});

test('an index is that of an attachment, and names it once', (t) => {
  using region = MemoryRegion.create(4096);
  const source = () => attachmentsOf({ objects: [], regions: [region] });
  const one = shapeOf({ a: types.optional(types.region), b: types.optional(types.region) });
  t.is(one.decode({ b: 0 }, source()).b, region);
  for (const wire of [{ a: 0, b: 0 }, { a: 1 }, { a: -1 }, { a: 0.5 }, { a: '0' }, { a: {} }]) {
    t.throws(() => one.decode(wire, source()), { instanceOf: InvalidValueError });
  }
  t.throws(() => shapeOf({ a: types.object }).decode({ a: 0 }, source()), {
    message: /^a names no object of the message/,
  });
});

test('a transport without attachments refuses them with the path', (t) => {
  using region = MemoryRegion.create(4096);
  const error = t.throws(() => shape.encode({ frames: [region], part: region }), {
    instanceOf: InvalidValueError,
    message: 'frames[0] a memory region cannot be sent here',
  });
  t.true(error?.cause instanceof TypeError);
});

test('Standard Schema gives back the region itself', (t) => {
  using region = MemoryRegion.create(4096);
  t.deepEqual(types.region['~standard'].validate(region), { value: region });
});
