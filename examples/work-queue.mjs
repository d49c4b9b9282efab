// A work queue without a queue: each job goes by unicast to the worker with the fewest unread
// bytes.
import { fork } from 'node:child_process';
import { join, multicast, unicast } from 'busbar';

const jobs = 1000;
const [, , bus = `work-queue-${process.pid}`, role = 'boss'] = process.argv;
const endpoint = await join(bus, { label: role });

if (role === 'boss') {
  for (let index = 0; index < 2; index++) fork(import.meta.filename, [bus, 'worker']);
  await endpoint.waitFor('worker', { count: 2 });
  const worker = unicast('worker');
  for (let number = 1; number <= jobs; number++) endpoint.send(worker, { number });

  const doneBy = new Map();
  let sum = 0;
  for (let answers = 0; answers < jobs; answers++) {
    const { payload, from } = await endpoint.recv();
    sum += payload.square;
    doneBy.set(from.id, (doneBy.get(from.id) ?? 0) + 1);
  }
  console.log(`${jobs} jobs done by ${doneBy.size} workers; the sum of squares is ${sum}`);
  endpoint.send(multicast('worker'), 'go home');
} else {
  for await (const message of endpoint) {
    if (message.payload === 'go home') break;
    message.reply({ square: message.payload.number ** 2 });
  }
}
await endpoint.close();
