// Streams: from a server, to a server, in batches, and left early. Both sides are in one process
// here, which changes nothing.
import { connect, serve } from 'busbar/rpc';
import { Thermostat } from './interfaces/thermostat.mjs';

const bus = `streams-${process.pid}`;
const service = await serve(
  bus,
  Thermostat,
  {
    setTarget: () => true,
    hold() {},
    *history({ count }) {
      try {
        for (let minute = 0; minute < count; minute++) yield { minute, celsius: 20 + minute / 10 };
      } finally {
        console.log('the generator has ended');
      }
    },
    async import(_, call) {
      let count = 0;
      for await (const _celsius of call.input) count++;
      return count;
    },
  },
  { properties: { target: 20 } },
);
const thermostat = await connect(bus, Thermostat);

for await (const { minute, celsius } of thermostat.history({ count: 3 })) {
  console.log(`minute ${minute}: ${celsius} °C`);
}

let samples = 0;
for await (const batch of thermostat.history({ count: 10_000 }).batches()) samples += batch.length;
console.log('in batches:', samples);

for await (const { minute } of thermostat.history({ count: 1_000_000 })) if (minute === 100) break;

async function* measurements() {
  for (let celsius = 18; celsius < 23; celsius++) yield celsius;
}
console.log('imported:', await thermostat.import(measurements()));
await thermostat.close();
await service.close();
