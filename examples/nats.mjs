// Two buses, as of two machines, with NATS between them: messages by rules, calls of an interface, and
// a client of NATS that knows nothing of buses. Needs nats-server and @nats-io/transport-node.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connect as connectNats } from '@nats-io/transport-node';
import { join, messageBox, messageType } from 'busbar';
import { defineInterface, t } from 'busbar/interface';
import { bridgeNats } from 'busbar/nats';
import { connect, serve } from 'busbar/rpc';

const Thermostat = defineInterface('com.example.thermostat', '1.0', {
  methods: {
    double: { args: { value: t.u32 }, returns: t.u32 },
    history: { args: { hours: t.u32 }, stream: t.f64 },
  },
});
const Move = messageType('com.example.move');
const Secret = messageType('com.example.secret');
const box = messageBox({ Move, Secret });

const { server, address } = await startServer();
const plant = `plant-${process.pid}`;
const office = `office-${process.pid}`;

// In the plant: what leaves it, and who can be called.
const atPlant = await bridgeNats(plant, address, {
  domain: plant,
  out: [{ label: 'public', types: [Move] }],
  serve: [Thermostat],
});
// In the office: what comes in, and whom one calls.
const atOffice = await bridgeNats(office, address, {
  domain: plant,
  in: [{ to: 'display', types: [Move] }],
  connect: [Thermostat],
});

const display = await join(office, { label: 'display', messages: box });
const machine = await join(plant, { messages: box });
machine.send('public', box.Secret('not listed'));
machine.send('public', box.Move({ x: 7 }));
console.log('display:', (await display.recv()).payload);
console.log('not listed:', atPlant.counters.out[0].dropped.unlisted);

const service = await serve(plant, Thermostat, {
  double: ({ value }) => 2 * value,
  *history({ hours }) {
    for (let hour = 0; hour < hours; hour++) yield 20 + hour / 10;
  },
});
const remote = await connect(office, Thermostat);
console.log('called:', await remote.double({ value: 21 }));
let sum = 0;
for await (const celsius of remote.history({ hours: 24 })) sum += celsius;
console.log('mean:', (sum / 24).toFixed(2));

const client = await connectNats({ servers: address });
const subject = `busbar.${plant}.c.com%2Eexample%2Ethermostat.1.double`;
const answer = await client.request(subject, '{"value":4}');
console.log('in JSON:', answer.string());
await client.close();

await remote.close();
await service.close();
await Promise.all([display.close(), machine.close(), atPlant.close(), atOffice.close()]);
server.kill();

async function startServer() {
  const args = ['-a', '127.0.0.1', '-p', '-1'];
  const child = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let port = '';
  for await (const line of createInterface({ input: child.stderr })) {
    port = /client connections on \S+:(\d+)/.exec(line)?.[1] ?? port;
    if (line.includes('Server is ready')) break;
  }
  child.stderr.resume();
  return { server: child, address: `127.0.0.1:${port}` };
}
