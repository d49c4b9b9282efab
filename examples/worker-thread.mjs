// A worker thread is a member like any process: it joins on its own and needs no port to its
// parent.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { bytes, join, messageBox, messageType } from 'busbar';

const box = messageBox({ Pixels: bytes, Mean: messageType('com.example.mean') });
const bus = isMainThread ? `worker-thread-${process.pid}` : workerData;
const endpoint = await join(bus, { label: isMainThread ? 'main' : 'thread', messages: box });

if (isMainThread) {
  new Worker(new URL(import.meta.url), { workerData: bus });
  await endpoint.waitFor('thread');
  endpoint.send('thread', box.Pixels(new Uint8Array(1_000_000).fill(42)));
  const { payload, from } = await endpoint.recv();
  console.log(`the ${from.label} counted ${payload.count} bytes, ${payload.mean} on average`);
} else {
  const message = await endpoint.recv();
  const sum = message.payload.reduce((total, byte) => total + byte, 0);
  const count = message.payload.length;
  message.reply(box.Mean({ count, mean: sum / count }));
}
await endpoint.close();
