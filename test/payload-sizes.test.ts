// Payloads of every size arrive, whether they fit the ring, its share for one message, or neither.
import { createHash } from 'node:crypto';
import test from 'ava';
import { bytes, messageBox, multicast, text } from 'busbar';
import { inProcess, inWorker, joined, newBus, type Source } from './support/program.js';

const box = messageBox({ Text: text, Raw: bytes });
const kib = 1024;
const mib = 1024 * kib;

/** Reports size and hash of each payload. */
const hasher: Source = async ({ busbar, bus, tell }) => {
  const { createHash } = await import('node:crypto');
  const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
  const endpoint = await busbar.join(bus, { label: 'hasher', messages: box });
  tell('joined');
  for await (const { payload } of endpoint) {
    tell([payload.length, createHash('sha1').update(payload).digest('hex')]);
  }
};

function pattern(length: number): Uint8Array {
  const payload = new Uint8Array(length);
  // A multiplicative hash of the offset, so that no two stretches are alike; for large ones, one
  // byte in 4 KiB will do.
  const step = length > 16 * mib ? 4 * kib : 1;
  for (let at = 0; at < length; at += step) payload[at] = Math.imul(at + length, 2654435761) >>> 24;
  return payload;
}

function digest(payload: Uint8Array): readonly [number, string] {
  return [payload.length, createHash('sha1').update(payload).digest('hex')];
}

for (const ringBytes of [16 * kib, 256 * kib, 4 * mib]) {
  test(`sizes around every limit arrive whole, with a ring of ${ringBytes / kib} KiB`, async (t) => {
    const bus = newBus();
    const sender = await joined(t, bus, { messages: box, ringBytes });
    const program = inProcess(t, bus, hasher);
    await program.next();
    const limits = [32 * kib, 64 * kib, ringBytes / 8, ringBytes / 4, ringBytes / 2, ringBytes];
    const around = limits.flatMap((limit) =>
      [-65, -64, -9, -8, -1, 0, 1, 8, 64].map((distance) => limit + distance),
    );
    for (const size of [0, 1, 7, 8, 9, 63, 64, 4096, ...around]) {
      const payload = pattern(size);
      t.is(sender.send('hasher', box.Raw(payload)), 1);
      t.deepEqual(await program.next(), digest(payload), `${size} bytes`);
    }
  });
}

test('small and large ones keep their order', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box, queueBytes: 64 * mib });
  const program = inProcess(t, bus, hasher);
  await program.next();
  const sizes = Array.from(
    { length: 60 },
    (_, i) => [10, 40 * kib, 0, 600 * kib, 3000][i % 5] ?? 0,
  );
  const payloads = sizes.map((size, index) => pattern(size + index));
  for (const payload of payloads) sender.send('hasher', box.Raw(payload));
  for (const payload of payloads) t.deepEqual(await program.next(), digest(payload));
});

test('64 MiB in one message', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box, queueBytes: 128 * mib });
  const program = inProcess(t, bus, hasher);
  await program.next();
  const payload = pattern(64 * mib);
  t.is(await sender.deliver('hasher', box.Raw(payload)), 1);
  t.deepEqual(await program.next(), digest(payload));
});

test('256 MiB, the default limit, and not a byte more', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box });
  const program = inProcess(t, bus, hasher);
  await program.next();
  const payload = pattern(256 * mib + 1);
  t.throws(() => sender.send('hasher', box.Raw(payload)), {
    code: 'ERR_BUSBAR_TOO_LARGE',
    message: new RegExp(`${256 * mib + 1} bytes`),
  });
  const allowed = payload.subarray(1);
  t.is(sender.send('hasher', box.Raw(allowed)), 1);
  t.deepEqual(await program.next(), digest(allowed));
});

test('a large multicast reaches two processes and a worker thread', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box });
  const programs = [inProcess(t, bus, hasher), inProcess(t, bus, hasher), inWorker(t, bus, hasher)];
  await Promise.all(programs.map((program) => program.next()));
  for (const size of [100, 100 * kib, 8 * mib]) {
    const payload = pattern(size);
    t.is(sender.send(multicast('hasher'), box.Raw(payload)), 3);
    for (const program of programs) t.deepEqual(await program.next(), digest(payload));
  }
});

test('a received payload belongs to its receiver', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box });
  const receiver = await joined(t, bus, { label: 'receiver', messages: box });
  for (const size of [100, 100 * kib]) {
    const payload = pattern(size);
    sender.send('receiver', box.Raw(payload));
    const first = (await receiver.recv()).payload as Uint8Array;
    const expected = digest(payload);
    payload.fill(1);
    for (let i = 0; i < 300; i++) {
      sender.send('receiver', box.Raw(payload));
      const next = (await receiver.recv()).payload as Uint8Array;
      next.fill(2);
    }
    t.deepEqual(digest(first), expected, `${size} bytes`);
  }
});
