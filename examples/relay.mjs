// A remote side calls one interface of a bus through a relay, and can reach nothing else there.
import { defineInterface, t } from 'busbar/interface';
import { serve } from 'busbar/rpc';
import { connectWire, serveWire, tcp } from 'busbar/wire';

const Thermostat = defineInterface('com.example.thermostat', '1.0', {
  methods: { history: { args: { hours: t.u32 }, stream: t.f64 } },
  properties: { target: { type: t.f64, access: 'read-write' } },
});
const Alarm = defineInterface('com.example.alarm', '1.0', {
  methods: { disarm: { returns: t.bool } },
});
const thermostat = {
  *history({ hours }) {
    for (let hour = 0; hour < hours; hour++) yield 20 + hour / 10;
  },
};

// The house: two services on a bus.
const house = `relay-${process.pid}`;
const heating = await serve(house, Thermostat, thermostat, { properties: { target: 20 } });
const alarm = await serve(house, Alarm, { disarm: () => true });

// The relay, in any process of the house.
const listener = tcp.listen({ port: 0 });
const relay = await serveWire(listener, house, { expose: [Thermostat], token: 'swordfish' });

// Outside: no bus here, only an address.
const address = tcp({ port: listener.port });
const [remote, forbidden] = await connectWire(address, [Thermostat, Alarm], { token: 'swordfish' });
await remote.target.set(21);
console.log('target:', heating.target);
let sum = 0;
for await (const celsius of remote.history({ hours: 24 })) sum += celsius;
console.log('mean:', (sum / 24).toFixed(2));
console.log('alarm:', await forbidden.disarm({ timeout: 100 }).catch(({ code }) => code));

// The server leaves, and the wire stays: what is watched goes on with the next server.
const watch = remote.target.watch();
await watch.next();
await heating.close();
console.log('value is stale:', (await watch.next()).value.stale);
const next = await serve(house, Thermostat, thermostat, { properties: { target: 18 } });
console.log('next server:', (await watch.next()).value.value);

await remote.close();
await forbidden.close();
await relay.close();
await Promise.all([next.close(), alarm.close()]);
