// The friend of hello.py in Node: `node hello.mjs [bus]`.
import { join, messageBox, messagePack } from 'busbar';

const [bus = 'com.example.python'] = process.argv.slice(2);
const box = messageBox({ Reading: messagePack('com.example.reading') });
const endpoint = await join(bus, { label: 'display', messages: box });
for await (const message of endpoint) {
  const { room, celsius } = message.payload;
  console.log(`${message.from.label[0]} says ${celsius} °C in the ${room}`);
  if (message.replyTo !== undefined) break;
  message.reply(box.Reading({ room, celsius: celsius + 1 }));
}
await endpoint.close();
