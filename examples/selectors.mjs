// Selectors: conditions on labels, as text or as functions. send() returns the number of receivers.
import { anyone, join, label, multicast, unicast } from 'busbar';

const bus = `selectors-${process.pid}`;
const sender = await join(bus, { label: 'sender' });
const lamps = [
  await join(bus, { label: ['lamp', 'kitchen'] }),
  await join(bus, { label: ['lamp', 'hall', 'broken'] }),
  await join(bus, { label: ['lamp', 'living room'] }),
];
const count = (what, selector) => console.log(`${what}: ${sender.send(selector, 'on')}`);

count('one lamp', 'lamp'); // a string means unicast
count('all lamps', multicast('lamp'));
count('all that work', multicast('lamp & !broken'));
count('the same by functions', multicast(label('lamp').and(label('broken').not())));
count('a label with a space', unicast('"living room"'));
count('everybody', multicast(anyone));
count('everybody else', multicast(anyone, { excludeSelf: true }));
count('nobody', multicast('pump'));

const kitchen = sender.peers.find((peer) => peer.label.includes('kitchen'));
count('this one and no other', unicast(kitchen));

try {
  sender.send('lamp & (kitchen', 'on');
} catch (error) {
  console.log(`${error.code}: ${error.message}`);
}
for (const endpoint of [...lamps, sender]) await endpoint.close();
