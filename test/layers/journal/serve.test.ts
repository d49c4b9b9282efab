// A journal that is served: reading, following, appending and cursors by calls.
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { JournalService, openJournal, openJournalReader, serveJournal } from 'busbar/journal';
import { connect, isError } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const Move = messageType<number>('com.example.move');
const box = messageBox({ Move });

test('a served journal is read, followed and written by calls', async (t) => {
  const bus = newBus();
  const log = await openJournal(temporaryFolder(t));
  for (let x = 1; x <= 5; x++) log.write(box.Move(x), { label: 'planet', key: `k${x}` });
  await log.settled();
  const service = await serveJournal(bus, log, { label: 'events', writable: true });
  const client = await connect(bus, JournalService, { to: 'events' });
  t.teardown(async () => {
    await client.close();
    await service.close();
    await log.close();
  });
  t.deepEqual(await client.range(), { start: 1, next: 6 });
  const some: unknown[] = [];
  for await (const { position, name, label, key, payload } of client.read({ from: 2, to: 4 })) {
    some.push([position, name, label, key, [...payload]]);
  }
  t.deepEqual(some, [
    [2, 'com.example.move', ['planet'], 'k2', [2]],
    [3, 'com.example.move', ['planet'], 'k3', [3]],
  ]);
  await client.commit({ cursor: 'billing', position: 4 });
  t.is(await client.committed({ cursor: 'billing' }), 4);
  const seen: number[] = [];
  for await (const { position, type, format, payload } of client.read({
    cursor: 'billing',
    follow: true,
  })) {
    seen.push(position);
    if (position === 5) {
      const written = await client.append({
        type: 'com.example.move',
        payload: Uint8Array.of(6),
        format: 9,
      });
      t.is(written, 6);
    }
    if (position === 6) {
      t.is(type, Move.id);
      t.is(format, 9);
      t.deepEqual([...payload], [6]);
      break;
    }
  }
  t.deepEqual(seen, [5, 6]);
  const since = new Date(Date.now() + 3_600_000);
  for await (const entry of client.read({ since })) t.fail(`${entry.position}`);
  await t.throwsAsync(
    async () => {
      for await (const entry of client.read({ from: 1, cursor: 'x' })) t.fail(`${entry.position}`);
    },
    { message: /one of from, since and cursor/ },
  );
});

test('a journal that is served for reading refuses to write', async (t) => {
  const bus = newBus();
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  await log.close();
  const reader = await openJournalReader(folder);
  await t.throwsAsync(serveJournal(bus, reader, { writable: true }), { message: /openJournal/ });
  const service = await serveJournal(bus, reader);
  const client = await connect(bus, JournalService);
  t.teardown(async () => {
    await client.close();
    await service.close();
    await reader.close();
  });
  const refused = [
    client.append({ type: 'com.example.move', payload: new Uint8Array() }),
    client.commit({ cursor: 'x', position: 1 }),
  ];
  for (const call of refused) {
    const error = await t.throwsAsync<Error>(call);
    t.true(isError(JournalService, 'ReadOnly', error));
  }
  t.deepEqual(await client.range(), { start: 1, next: 1 });
});
