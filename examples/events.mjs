// Publish and subscribe by label expressions, and the peers that join and leave. All endpoints are
// in one process here; with each in its own, nothing else would change.
import { once } from 'node:events';
import { join, label, multicast } from 'busbar';

const bus = `events-${process.pid}`;
const publisher = await join(bus, { label: 'publisher' });
publisher.on('peer', ({ change, peer }) => console.log(`${peer.label[0]} ${change}`));

// The directory lists peers in no particular order.
const names = () =>
  publisher.peers
    .map((peer) => peer.label[0])
    .sort()
    .join(', ');
const subscribers = [];
for (const strings of [
  ['kitchen', 'lamp'],
  ['hall', 'lamp', 'broken'],
  ['garden', 'pump'],
]) {
  const joined = once(publisher, 'peer');
  const subscriber = await join(bus, { label: strings });
  subscriber.on('message', ({ payload }) => console.log(`${strings[0]} hears: ${payload}`));
  subscribers.push(subscriber);
  await joined;
}
console.log(`peers: ${names()}`);

// deliver() is a send() that waits until the message has been handled.
const handled = { acknowledge: 'handled' };
const working = label('lamp').and(label('broken').not());
console.log(`works: ${publisher.matches(multicast(working))[0].label[0]}`);
console.log(`${await publisher.deliver(multicast(working), 'light', handled)} lamp got it`);
console.log(`${await publisher.deliver(multicast('lamp | pump'), 'off', handled)} things got it`);

// `left` says that the peer is gone, `ended` that nothing more of it will come.
const words = [];
publisher.on('message', ({ payload }) => words.push(payload));
const ended = once(publisher, 'ended');
for (const word of ['so', 'long']) subscribers[0].send('publisher', word);
await subscribers[0].close();
await ended;
console.log(`last words: ${words.join(' ')}`);
console.log(`peers: ${names()}`);
publisher.removeAllListeners('peer');
for (const endpoint of [...subscribers, publisher]) await endpoint.close();
