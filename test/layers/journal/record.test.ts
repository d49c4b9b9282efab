// Recording what members send to each other: everything is in the journal, or counted.
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { messageBox, messageType, multicast, type Peer } from 'busbar';
import { type JournalEntry, openJournal, record, replay } from 'busbar/journal';
import { joined, newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const Move = messageType<number>('com.example.move');
const Text = messageType<string>('com.example.text');
const box = messageBox({ Move, Text });

test('a recording has messages with what is known of them, and can be replayed', async (t) => {
  const bus = newBus();
  const earth = await joined(t, bus, { messages: box, label: ['planet', 'earth'] });
  const moon = await joined(t, bus, { messages: box, label: 'moon' });
  const log = await openJournal(temporaryFolder(t));
  const recording = await record(bus, { match: 'planet', types: [Move] }, log);
  t.teardown(() => log.close());
  const metadata = Uint8Array.of(9, 8, 7);
  const { id } = earth.sendWithReceipt('moon', box.Move(1, { format: 5 }), { metadata });
  const question = await moon.recv();
  question.reply(box.Move(2));
  t.is((await earth.recv()).payload, 2);
  // Neither this type, nor traffic that no planet takes part in.
  earth.send('moon', box.Text('hello'));
  moon.send(multicast('nobody'), box.Move(3));
  while (recording.recorded < 2) await turn();
  await recording.close();
  const entries: JournalEntry[] = [];
  for await (const entry of log.read()) entries.push(entry);
  const [asked, answered] = entries;
  t.is(entries.length, 2);
  t.is(asked?.decode(Move), 1);
  t.deepEqual(asked?.label, ['planet', 'earth']);
  t.deepEqual([asked?.format, asked?.peerId, asked?.id], [5, earth.id, id]);
  t.deepEqual(Buffer.from(asked?.metadata ?? []), Buffer.from(metadata));
  t.true(Math.abs((asked?.publishTime ?? 0) - Date.now()) < 600_000);
  t.deepEqual([answered?.decode(Move), answered?.replyTo, answered?.peerId], [2, id, moon.id]);
  t.deepEqual([recording.recorded, recording.lost, recording.tooLarge], [2, 0, 0]);
  const again = await replay(bus, log, { deliverTo: 'moon', speed: Number.POSITIVE_INFINITY });
  t.is(again.sent, 2);
});

test('every message is recorded, or counted as lost or as too large', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box, ringBytes: 65_536 });
  const receiver = await joined(t, bus, { messages: box, label: 'receiver' });
  const log = await openJournal(temporaryFolder(t));
  t.teardown(() => log.close());
  const recording = await record(bus, { types: [Move, Text], payloadBytes: 16 }, log);
  const losses: { readonly from: Peer; readonly count: number }[] = [];
  recording.on('lost', (event) => losses.push(event));
  let sent = 0;
  let large = 0;
  receiver.on('message', () => undefined);
  for (let round = 0; round < 50; round++) {
    // In one turn, so that an observer in this thread must be too slow for some.
    for (let count = 0; count < 400; count++, sent++) {
      const isLarge = count % 100 === 99;
      if (isLarge) large++;
      const message = isLarge ? box.Text('more than sixteen bytes') : box.Move(sent);
      await sender.sendWhenReady('receiver', message);
    }
    await turn();
  }
  const all = () => recording.recorded + recording.lost + recording.tooLarge;
  while (all() < sent) await turn();
  await recording.close();
  t.is(all(), sent);
  t.is(
    losses.reduce((sum, { count }) => sum + count, 0),
    recording.lost,
  );
  t.true(losses.every(({ from }) => from.id === sender.id));
  t.true(recording.tooLarge <= large);
  let entries = 0;
  let last = -1;
  for await (const entry of log.read()) {
    const value = entry.decode(Move);
    t.true(value > last);
    last = value;
    entries++;
  }
  t.is(entries, recording.recorded);
});

test('a recording ends with its journal, its signal, or its bus, and says why', async (t) => {
  const bus = newBus();
  await t.throwsAsync(record(newBus(), { signal: AbortSignal.abort() }, {} as never), {
    name: 'AbortError',
  });
  const sender = await joined(t, bus, { messages: box });
  const receiver = await joined(t, bus, { messages: box, label: 'receiver' });
  const log = await openJournal(temporaryFolder(t));
  const failing = await record(bus, undefined, log);
  await log.close();
  sender.send('receiver', box.Move(1));
  await receiver.recv();
  await t.throwsAsync(failing.done, { code: 'ERR_BUSBAR_CLOSED' });
  await t.throwsAsync(failing.close(), { code: 'ERR_BUSBAR_CLOSED' });
  const other = await openJournal(temporaryFolder(t));
  t.teardown(() => other.close());
  const stop = new AbortController();
  const recording = await record(bus, { signal: stop.signal }, other);
  stop.abort();
  await recording.done;
  t.is(sender.observers.length, 0);
  await t.throwsAsync(record(bus, { mach: 'x' } as object, other), { message: /'mach'/ });
});
