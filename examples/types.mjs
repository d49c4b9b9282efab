// Typed messages: a box is a union that narrows by message.type. One type is a struct that is read
// in place, another has a schema that each received payload must pass. Any Standard Schema library
// will do; this schema is written by hand.
import { once } from 'node:events';
import { join, messageBox, messageType, struct, text } from 'busbar';

const schema = {
  '~standard': {
    version: 1,
    vendor: 'example',
    validate: (value) =>
      Number.isFinite(value?.celsius)
        ? { value: { kelvin: value.celsius + 273.15 } }
        : { issues: [{ message: 'celsius is not a number' }] },
  },
};
const box = messageBox({
  Pose: messageType('com.example.pose', { codec: struct({ x: 'f64', y: 'f64', id: 'u32' }) }),
  Weather: messageType('7b07473e-9659-4d47-a502-8245d71c0078', { schema }),
  Note: text,
});

const bus = `types-${process.pid}`;
const sender = await join(bus, { messages: box });
const receiver = await join(bus, { label: 'receiver', messages: box });
const rejected = once(receiver, 'rejected');

sender.send('receiver', box.Pose({ x: 1.5, y: -2, id: 7 }));
sender.send('receiver', box.Weather({ celsius: 20 }));
sender.send('receiver', box.Weather({ celsius: 'warm' }));
sender.send('receiver', box.Note('that was all'));

for await (const { type, payload } of receiver) {
  if (type === 'Pose') console.log(`pose ${payload.id} at ${payload.x}, ${payload.y}`);
  if (type === 'Weather') console.log(`it is ${payload.kelvin} K`);
  if (type === 'Note') console.log(payload);
  if (type === 'Note') break;
}
const [{ type, error }] = await rejected;
console.log(`refused a ${type}: ${error.code}`);
await receiver.close();
await sender.close();
