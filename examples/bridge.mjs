// A bridge between two buses. It knows none of the message types: its endpoints have the raw box,
// which receives every type and sends any.
import { join, messageBox, messageType, raw, text } from 'busbar';

const [here, there] = [`here-${process.pid}`, `there-${process.pid}`];
const box = messageBox({ Note: text, Move: messageType('com.example.move') });

const near = await join(here, { label: 'moon', messages: raw });
const far = await join(there, { messages: raw });
near.on('message', ({ payload, objects, regions }) => {
  console.log(`passing on ${payload.bytes.length} bytes of type ${payload.typeId}`);
  far.send('moon', raw.message(payload), { objects, regions });
});

const moon = await join(there, { label: 'moon', messages: box });
const earth = await join(here, { messages: box });
earth.send('moon', box.Note('hello'));
earth.send('moon', box.Move({ x: 1, y: 2 }));

for (let count = 0; count < 2; count++) {
  const { type, payload } = await moon.recv();
  console.log(`moon has ${type}: ${JSON.stringify(payload)}`);
}
for (const endpoint of [earth, near, far, moon]) await endpoint.close();
