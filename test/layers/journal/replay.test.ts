// Replaying a journal to a bus.
import test from 'ava';
import { messageBox, messageType, multicast, raw } from 'busbar';
import { openJournal, replay } from 'busbar/journal';
import { joined, newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const Move = messageType<number>('com.example.move');
const box = messageBox({ Move });

test('a replay sends each entry as it was, with its position and time', async (t) => {
  const bus = newBus();
  const planet = await joined(t, bus, { messages: raw, label: 'planet' });
  const log = await openJournal(temporaryFolder(t));
  const call = Uint8Array.of(1, 0, 8, 1, 3);
  const other = Uint8Array.of(99, 98);
  log.write(box.Move(1));
  log.write(box.Move(2, { format: 77 }), { metadata: call });
  log.write(box.Move(3), { metadata: other });
  const report = await replay(bus, log, { speed: Number.POSITIVE_INFINITY });
  t.deepEqual(report, { sent: 3, receivers: 3, unmatched: 0, skipped: 0, missed: 0 });
  const messages = [await planet.recv(), await planet.recv(), await planet.recv()];
  t.deepEqual(
    messages.map(({ type, payload, format }) => [type, Array.from(payload.bytes), format]),
    [
      [Move.id, [1], 0],
      [Move.id, [2], 77],
      [Move.id, [3], 0],
    ],
  );
  const [plain, called, own] = messages.map(({ metadata }) => Buffer.from(metadata ?? []));
  t.is(plain?.length, 22);
  t.is(plain?.readBigUInt64LE(4), 1n);
  t.true(Math.abs(Number((plain?.readBigUInt64LE(14) ?? 0n) / 1_000_000n) - Date.now()) < 600_000);
  t.deepEqual(called?.subarray(0, call.length), Buffer.from(call));
  t.is(called?.readBigUInt64LE(call.length + 2), 2n);
  t.deepEqual(own, Buffer.from(other));
  await log.close();
});

test('a replay maps, leaves out, steps, repeats, and counts what nobody takes', async (t) => {
  const bus = newBus();
  const moon = await joined(t, bus, { messages: box, label: 'moon' });
  const log = await openJournal(temporaryFolder(t));
  for (let value = 1; value <= 4; value++) log.write(box.Move(value));
  const steps: number[] = [];
  const report = await replay(bus, log, {
    speed: Number.POSITIVE_INFINITY,
    loop: 2,
    deliverTo: 'moon',
    step: async ({ position }) => void steps.push(position),
    map: (entry) => {
      if (entry.position === 1) return undefined;
      const { typeId, bytes } = entry;
      if (entry.position === 4) return { typeId, bytes, to: multicast('sun') };
      return entry.position === 3 ? { typeId, bytes, to: 'mars' } : { typeId, bytes };
    },
  });
  t.deepEqual(steps, [1, 2, 3, 4, 1, 2, 3, 4]);
  t.deepEqual(report, { sent: 2, receivers: 2, unmatched: 4, skipped: 2, missed: 0 });
  t.is((await moon.recv()).payload, 2);
  t.is((await moon.recv()).payload, 2);
  await log.close();
});

test('a replay keeps the pace, follows, waits for slow receivers, and ends by its signal', async (t) => {
  const bus = newBus();
  const planet = await joined(t, bus, { messages: box, label: 'planet' });
  const log = await openJournal(temporaryFolder(t));
  const ending = new AbortController();
  const { signal } = ending;
  const following = replay(bus, log, { follow: true, speed: 1000, signal });
  for (let value = 1; value <= 3; value++) {
    await log.append(box.Move(value));
    t.is((await planet.recv()).payload, value);
  }
  ending.abort();
  await t.throwsAsync(following, { name: 'AbortError' });
  // More than a ring and a queue hold: it goes on only while the receiver takes.
  for (let value = 4; value <= 3000; value++) log.write(box.Move(value));
  const small = { name: bus, ringBytes: 16_384, queueBytes: 4096 };
  const playing = replay(small, log, { from: 4, speed: Number.POSITIVE_INFINITY });
  for (let value = 4; value <= 3000; value++) t.is((await planet.recv()).payload, value);
  t.is((await playing).sent, 2997);
  await log.close();
});

test('wrong options of a replay are refused before it joins', async (t) => {
  const log = await openJournal(temporaryFolder(t));
  const wrong: [object, string][] = [
    [{ sped: 1 }, 'sped'],
    [{ speed: 0 }, 'speed'],
    [{ loop: 0.5 }, 'loop'],
    [{ loop: 2, follow: true }, 'loop'],
    [{ step: 1 }, 'step'],
    [{ map: 1 }, 'map'],
    [{ from: -1 }, 'from'],
  ];
  for (const [options, option] of wrong) {
    const error = await t.throwsAsync(replay(newBus(), log, options));
    t.like(error, { code: 'ERR_BUSBAR_INVALID_ARGUMENT', option });
  }
  await log.close();
});
