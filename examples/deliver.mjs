// deliver() reports the outcome of a message: taken, handled, given up by AbortSignal, or refused.
import { join, unicast } from 'busbar';

const bus = `deliver-${process.pid}`;
const sender = await join(bus);
const receiver = await join(bus, { label: 'receiver' });
const to = unicast('receiver');

// Taken: the receiving program has it. Without a pending recv(), it would stay in shared memory.
const first = receiver.recv();
console.log(`taken by ${await sender.deliver(to, 'first', { timeout: 5000 })}`);
console.log(`received ${(await first).payload}`);

// Handled: the receiver has asked for its next message, or its listener has returned.
const second = sender.deliver(to, 'second', { acknowledge: 'handled', timeout: 5000 });
console.log(`received ${(await receiver.recv()).payload}`);
const third = receiver.recv();
console.log(`handled by ${await second}`);

// Aborting ends the wait only; the message may still arrive, as it does here.
const giveUp = new AbortController();
const waiting = sender.deliver(to, 'third', { acknowledge: 'handled', signal: giveUp.signal });
console.log(`received ${(await third).payload}`);
giveUp.abort();
await waiting.catch((error) => console.log(`gave up: ${error.code}`));

await sender.deliver('nobody', 'fourth').catch((error) => console.log(`refused: ${error.code}`));
await receiver.close();
await sender.close();
