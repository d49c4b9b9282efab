// An observer sees what members send to each other, and is no receiver of any of it.
import { join, messageBox, messageType, observe } from 'busbar';

const bus = `observe-${process.pid}`;
const Move = messageType('com.example.move');
const box = messageBox({ Move });
const sun = await join(bus, { label: 'sun', messages: box });
const moon = await join(bus, { label: ['moon', 'planet'], messages: box });
const vault = await join(bus, { label: ['vault', 'planet'], messages: box, observable: false });

// The traffic of planets: what they send and what they get.
const observer = await observe(bus, { match: 'planet', types: [Move], label: 'watcher' });
console.log(`planets: ${sun.matches('planet').length}, observers: ${sun.observers.length}`);

sun.send('moon', box.Move({ x: 3 }));
sun.send('vault', box.Move({ x: 4 })); // not observable
const question = await moon.recv();
question.reply(box.Move({ x: 5 }));

let count = 0;
for await (const seen of observer) {
  if (seen.kind === 'lost') continue; // count: how many this process was too slow for
  const answers = seen.replyTo === undefined ? '' : ', an answer';
  const [receiver] = seen.kind === 'sent' ? seen.to : [];
  console.log(`${seen.from.label[0]} -> ${receiver?.label[0]}: ${seen.bytes} bytes${answers}`);
  if (++count === 2) break;
}
for (const each of [observer, vault, moon, sun]) await each.close();
