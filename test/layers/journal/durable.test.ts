// Store and forward: what `send` has resolved for is handled, whoever is killed in between.
import { existsSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { messageBox, messageType, multicast } from 'busbar';
import { deliveryOf, durable } from 'busbar/journal';
import { inProcess, joined, newBus, type Source } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const Move = messageType<number>('com.example.move');
const box = messageBox({ Move });

/** Kills of each side; with more, by hand: BUSBAR_TEST_KILLS=50. */
const kills = Number(process.env.BUSBAR_TEST_KILLS ?? 4);

test('a message is on the disk when send resolves, and goes out when somebody is there', async (t) => {
  const bus = newBus();
  const folder = temporaryFolder(t);
  const first = await durable(bus, folder, { label: 'outbox' });
  const delivery = await first.send('billing', box.Move(1));
  t.deepEqual(delivery, { outbox: first.outbox, position: 1 });
  await first.send('billing', box.Move(2));
  t.is(first.pending, 2);
  await first.close();
  await t.throwsAsync(first.send('billing', box.Move(3)), { code: 'ERR_BUSBAR_CLOSED' });
  // The next one that has the folder sends what is left.
  const second = await durable(bus, folder);
  t.teardown(() => second.close());
  t.is(second.outbox, first.outbox);
  t.is(second.pending, 2);
  const billing = await joined(t, bus, { messages: box, label: 'billing' });
  const one = await billing.recv();
  t.is(one.payload, 1);
  t.deepEqual(deliveryOf(one), delivery);
  const two = await billing.recv();
  t.is(two.payload, 2);
  two.acknowledge();
  billing.on('message', () => undefined);
  await second.delivered();
  t.is(second.pending, 0);
  const everybody = await second.send(multicast('billing'), box.Move(4));
  await second.delivered(everybody);
  await t.throwsAsync(durable(bus, folder), { code: 'ERR_BUSBAR_JOURNAL_LOCKED' });
});

test('a receiver that fails gets the message again, with the same mark', async (t) => {
  const bus = newBus();
  const failures: unknown[] = [];
  const sender = await durable(bus, temporaryFolder(t), {
    durability: 'os',
    inFlight: 1,
    onFailure: (error, { position }) => failures.push([(error as { code: string }).code, position]),
  });
  t.teardown(() => sender.close());
  const receiver = await joined(t, bus, { messages: box, label: 'receiver' });
  const marks: unknown[] = [];
  await sender.send('receiver', box.Move(1));
  for await (const message of receiver) {
    marks.push(deliveryOf(message));
    // Left before it asks for the next one: not handled.
    break;
  }
  for await (const message of receiver) {
    marks.push(deliveryOf(message));
    message.acknowledge();
    break;
  }
  await sender.delivered();
  t.deepEqual(marks[0], marks[1]);
  t.deepEqual(failures, [['ERR_BUSBAR_UNDELIVERED', 1]]);
});

test('files whose messages are all handled are removed', async (t) => {
  const bus = newBus();
  const folder = temporaryFolder(t);
  const sender = await durable(bus, folder, { durability: 'os', segmentBytes: '64 KiB' });
  t.teardown(() => sender.close());
  const first = joinPath(folder, '000000000001.mcap');
  const long = 'x'.repeat(8192);
  const texts = messageBox({ Text: messageType<string>('com.example.text') });
  const target = await joined(t, bus, { messages: texts, label: 'target' });
  target.on('message', () => undefined);
  for (let count = 0; count < 40; count++) await sender.send('target', texts.Text(long));
  await sender.delivered();
  while (existsSync(first)) {
    await sender.send('target', texts.Text(long));
    await sender.delivered();
    await turn();
  }
  t.is(sender.pending, 0);
});

const sendingSide: Source = async ({ busbar, bus, tell }) => {
  const { durable: open } = await import('busbar/journal');
  const numbers = busbar.messageBox({ Move: busbar.messageType<number>('com.example.move') });
  const sender = await open(bus, process.env.BUSBAR_TEST_FOLDER ?? '', { durability: 'os' });
  tell('ready');
  let order = 0;
  process.on('message', (count: number) => {
    void (async () => {
      for (let n = 0; n < count; n++) {
        const { position } = await sender.send('receiver', numbers.Move(++order));
        tell(position);
      }
      tell('sent');
      await sender.delivered();
      tell('delivered');
    })();
  });
};

const receivingSide: Source = async ({ busbar, bus, tell }) => {
  const { appendFileSync } = await import('node:fs');
  const { deliveryOf: markOf } = await import('busbar/journal');
  const numbers = busbar.messageBox({ Move: busbar.messageType<number>('com.example.move') });
  const endpoint = await busbar.join(bus, {
    messages: numbers,
    label: 'receiver',
    timeout: 60_000,
  });
  tell('ready');
  for await (const message of endpoint) {
    appendFileSync(process.env.BUSBAR_TEST_FILE ?? '', `${markOf(message)?.position}\n`);
  }
};

async function started(t: ExecutionContext, bus: string, source: Source, env: NodeJS.ProcessEnv) {
  const program = inProcess(t, bus, source, env);
  t.is(await program.next(), 'ready');
  return program;
}

test('both sides are killed again and again: nothing that was on the disk is missing', async (t) => {
  const bus = newBus();
  const folder = temporaryFolder(t);
  const file = joinPath(temporaryFolder(t), 'handled');
  const env = { BUSBAR_TEST_FOLDER: folder, BUSBAR_TEST_FILE: file };
  const resolved = new Set<number>();
  let receiver = await started(t, bus, receivingSide, env);
  for (let round = 0; round < kills; round++) {
    const sender = await started(t, bus, sendingSide, env);
    sender.say(200);
    // After a different number of messages each time.
    for (let count = 0; count < 20 + 37 * round; count++) {
      const news = await sender.next();
      if (typeof news !== 'number') break;
      resolved.add(news);
    }
    await receiver.kill();
    if (round % 2 === 0) receiver = await started(t, bus, receivingSide, env);
    await sender.kill();
    if (round % 2 === 1) receiver = await started(t, bus, receivingSide, env);
  }
  const last = await started(t, bus, sendingSide, env);
  last.say(1);
  for (let news = await last.next(); news !== 'delivered'; news = await last.next()) {
    if (typeof news === 'number') resolved.add(news);
  }
  const handled = new Set(readFileSync(file, 'utf8').trim().split('\n').map(Number));
  t.true(resolved.size > kills);
  t.deepEqual(
    [...resolved].filter((position) => !handled.has(position)),
    [],
  );
});
