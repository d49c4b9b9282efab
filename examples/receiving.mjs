// Three ways to receive: recv(), a loop, a listener. When an endpoint closes, messages that it has
// not taken go back to the sender, and from there to another endpoint that matches.
import { join } from 'busbar';

const bus = `receiving-${process.pid}`;
const sender = await join(bus);
const first = await join(bus, { label: 'worker' });

await first.recv({ timeout: 0 }).catch((error) => console.log(`nothing yet: ${error.code}`));

for (const job of ['one', 'two', 'three', 'four', 'five']) sender.send('worker', job);
console.log(`recv: ${(await first.recv()).payload}`);

for await (const message of first) {
  console.log(`loop: ${message.payload}`);
  message.acknowledge(); // `break` alone does not report the message as handled
  break;
}

// Another worker joins and the first one leaves: the second one gets the rest.
const second = await join(bus, { label: 'worker' });
await first.close();

await new Promise((done) => {
  second.on('message', (message) => {
    console.log(`listener: ${message.payload}`);
    if (message.payload === 'five') done();
  });
});
await second.close();
await sender.close();
