// Two processes on one bus: this one asks, and the one that it starts answers.
import { fork } from 'node:child_process';
import { join } from 'busbar';

const [, , bus = `messages-${process.pid}`, role = 'earth'] = process.argv;
const endpoint = await join(bus, { label: role });

if (role === 'earth') {
  fork(import.meta.filename, [bus, 'moon']);
  await endpoint.waitFor('moon');
  endpoint.send('moon', { say: 'hello' });
  const { payload, from } = await endpoint.recv();
  console.log(`${from.label} answers: ${payload}`);
} else {
  const message = await endpoint.recv();
  message.reply(`${message.payload.say}, ${message.from.label}`);
}
await endpoint.close();
