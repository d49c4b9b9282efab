// A bus and a broker of MQTT 5: messages by rules, for clients that know nothing of buses, and an
// interface from a file of Stinger, for programs of stinger-ipc. Needs mosquitto and the package mqtt.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join, json, messageBox } from 'busbar';
import { parseStinger } from 'busbar/interface';
import { bridgeMqtt } from 'busbar/mqtt';
import { connect, serve } from 'busbar/rpc';
import { connectAsync } from 'mqtt';

const Reading = json('com.example.reading');
const box = messageBox({ Reading });
const { broker, url } = await startBroker();
const bus = `home-${process.pid}`;

// Messages: what leaves the bus, and what comes onto it.
const bridge = await bridgeMqtt(bus, url, {
  out: [{ label: 'public', types: [Reading], topic: 'home/readings', retain: true }],
  in: [{ to: 'display', types: [Reading], topics: ['sensors/+/temperature'] }],
});
const display = await join(bus, { label: 'display', messages: box });
const sensor = await connectAsync(url, { protocolVersion: 5 });
await sensor.publishAsync('sensors/attic/temperature', '{"celsius":21}', { qos: 1 });
console.log('display:', (await display.recv()).payload);

display.send('public', box.Reading({ celsius: 4 }));
const heard = new Promise((resolve) => sensor.once('message', (_, text) => resolve(`${text}`)));
await sensor.subscribeAsync('home/readings');
console.log('home/readings:', await heard);

// An interface: a server on this bus, for Stinger's clients; here a second bridge is one.
const lamp = await parseStinger(`
stingeripc: { version: 0.1.0 }
interface: { name: lamp, version: 1.0.0 }
enums: { Colour: { values: [{ name: warm, value: 1 }, { name: cold, value: 2 }] } }
properties: { level: { values: [{ name: percent, type: integer }] } }
methods:
  paint:
    arguments: [{ name: colour, type: enum, enumName: Colour }]
    returnValues: [{ name: before, type: enum, enumName: Colour }]
`);
const service = await serve(
  bus,
  lamp.source,
  { paint: () => ({ before: 'warm' }) },
  { properties: { level: { percent: 10 } } },
);
const options = { profile: 'stinger', instance: 'hall', serve: [lamp] };
const exposing = await bridgeMqtt(bus, url, options);
const office = `office-${process.pid}`;
const importing = await bridgeMqtt(office, url, { profile: 'stinger', connect: [lamp] });
const remote = await connect(office, lamp.source, { to: 'hall' });
console.log('before:', (await remote.paint({ colour: 'cold' })).before);
const { version } = await remote.level.read();
await remote.level.set({ percent: 80 }, { ifVersion: version });
console.log('level:', service.level.percent);

await Promise.all([remote.close(), sensor.endAsync()]);
await Promise.all([importing.close(), exposing.close(), bridge.close()]);
await Promise.all([service.close(), display.close()]);
broker.kill();

async function startBroker() {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address();
  await new Promise((resolve) => free.close(resolve));
  const child = spawn('mosquitto', ['-p', port], { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.endsWith(' running')) break;
  }
  child.stderr.resume();
  return { broker: child, url: `mqtt://127.0.0.1:${port}` };
}
