// Metadata and receipts: each question has its deadline beside it, each answer names its question,
// and a question that nobody takes comes back.
import { once } from 'node:events';
import { join } from 'busbar';

const bus = `metadata-${process.pid}`;
const worker = await join(bus, { label: 'worker' });
worker.on('message', (message) => {
  const { payload, metadata } = message;
  const deadline = new DataView(metadata.buffer, metadata.byteOffset).getUint32(0);
  message.reply(`${payload} in less than ${deadline} ms`);
});

const asker = await join(bus, { label: 'asker' });
const asked = new Map();
const metadata = new Uint8Array(4); // copied by each call, so one is enough
for (const deadline of [50, 2000]) {
  new DataView(metadata.buffer).setUint32(0, deadline);
  const { id } = asker.sendWithReceipt('worker', 'done', { metadata });
  asked.set(id, `the question with ${deadline}`);
}
for (let answers = 0; answers < asked.size; answers++) {
  const { replyTo, payload } = await asker.recv();
  console.log(`${asked.get(replyTo)}: ${payload}`);
}

const lost = once(asker, 'undelivered');
const { id } = asker.sendWithReceipt('nobody', 'anybody?', { metadata, ttl: 1 });
const [event] = await lost;
console.log(`undelivered: ${event.id === id}, with ${event.metadata.length} bytes beside it`);

for (const endpoint of [asker, worker]) await endpoint.close();
