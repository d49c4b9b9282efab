// A receiver that does not read: its sender is refused, waits for room, drops messages, or keeps
// only the newest. Both are in one process here; with each in its own, nothing else would change.
import { join } from 'busbar';

const bus = `slow-receivers-${process.pid}`;
const sender = await join(bus, { ringBytes: 16 * 1024, queueBytes: 32 * 1024 });
const receiver = await join(bus, { label: 'slow' });
const receive = async (count) => {
  let last;
  for (let index = 0; index < count; index++) last = (await receiver.recv()).payload;
  return last;
};

// By default, send() throws when the ring and the queue behind it are full.
const kilobyte = 'x'.repeat(1024);
let sent = 0;
try {
  for (;;) sent += sender.send('slow', kilobyte);
} catch (error) {
  console.log(`refused: ${error.code}`);
}

// 'drop' drops the message instead of throwing; `dropped` reports how many.
sender.once('dropped', ({ messages }) => console.log(`dropped ${messages} message`));
sender.send('slow', kilobyte, { whenFull: 'drop' });

// sendWhenReady() waits for room; drained() waits until nothing is queued.
const waiting = sender.sendWhenReady('slow', 'there was room');
await receive(sent);
console.log(`sendWhenReady: ${await waiting} endpoint has it`);
console.log(await receive(1));
await sender.drained();

// Of messages with the same key, one is in flight and only the newest waits.
for (let position = 1; position <= 100; position++) sender.send('slow', position, { key: 'p' });
console.log(`positions received: ${await receive(1)}, ${await receive(1)}`);
console.log(`superseded: ${sender.counters.superseded}`);
await receiver.close();
await sender.close();
