// Open boxes: some types decoded, all others as they are.
import test from 'ava';
import { messageBox, messageType, openBox, raw } from 'busbar';
import { joined, newBus } from './support/program.js';

const Move = messageType<number>('com.example.move');
const Text = messageType<string>('com.example.text');
const moves = messageBox({ Move });
const texts = messageBox({ Text });

test('an endpoint with an open box decodes its types and passes on the others', async (t) => {
  const bus = newBus();
  const bridge = await joined(t, bus, { messages: openBox(moves), label: 'bridge' });
  const one = await joined(t, bus, { messages: moves, label: 'one' });
  const two = await joined(t, bus, { messages: texts, label: 'two' });
  for (const round of [1, 2, 3]) {
    one.send('bridge', moves.Move(round));
    two.send('bridge', texts.Text(`hello ${round}`, { format: 9 }));
    const received = [await bridge.recv(), await bridge.recv()];
    for (const message of received) {
      if (message.type === 'Move') {
        t.is(message.payload satisfies number, round);
        bridge.send('one', moves.Move(message.payload + 1));
      } else {
        t.is(message.type as string, Text.id);
        t.is(message.payload.format, 9);
        bridge.send('two', raw.message(message.payload));
      }
    }
    t.is((await one.recv()).payload, round + 1);
    t.is((await two.recv()).payload, `hello ${round}`);
  }
  t.is(bridge.counters.unknown, 0);
});

test('it sends messages of any box, and raw ones of its own types, however many', async (t) => {
  const bus = newBus();
  const open = openBox(moves);
  const sender = await joined(t, bus, { messages: open, label: 'sender' });
  const receiver = await joined(t, bus, { messages: raw, label: 'receiver' });
  const send = async (message: Parameters<typeof sender.send>[1], id: string) => {
    sender.send('receiver', message);
    t.is((await receiver.recv()).type, id);
  };
  // More types than the native side has at a time.
  for (let count = 0; count < 600; count++) {
    const type = messageType<number>(`com.example.other-${count}`);
    await send(messageBox({ type }).type(count), type.id);
    if (count % 50 === 0) await send(moves.Move(count), Move.id);
  }
  await send(raw.message({ typeId: Move.id, bytes: Uint8Array.of(5) }), Move.id);
  // The type is still decoded when it comes back.
  receiver.send('sender', raw.message({ typeId: Move.id, bytes: Uint8Array.of(7) }));
  const back = await sender.recv();
  t.is(back.type, 'Move');
  t.is(back.payload, 7);
});

test('an undelivered message of an open box is decoded if its type is known', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: openBox(moves) });
  const failed: unknown[] = [];
  sender.on('undelivered', ({ type, payload }) => failed.push([type, payload]));
  sender.send('nobody', moves.Move(4), { ttl: 1 });
  sender.send('nobody', texts.Text('x'), { ttl: 1 });
  while (failed.length < 2) await new Promise((next) => setImmediate(next));
  t.deepEqual(failed[0], ['Move', 4]);
  t.is((failed[1] as [string])[0], Text.id);
});

test('only a message box can be opened', (t) => {
  for (const wrong of [undefined, {}, raw, openBox(moves), 1]) {
    t.throws(() => openBox(wrong as typeof moves), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  }
});
