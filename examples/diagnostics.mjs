// Diagnostics: a tool sees what the endpoints of its thread do, without a change to the program.
import { subscribe } from 'node:diagnostics_channel';
import { join } from 'busbar';

subscribe('busbar:join', ({ label }) => console.log(`join: ${label}`));
subscribe('busbar:send', ({ to, type, bytes, receivers }) =>
  console.log(`send: ${type} of ${bytes} bytes to '${to}', ${receivers} receivers`),
);
subscribe('busbar:receive', ({ message }) => console.log(`receive: ${message.payload}`));
subscribe('busbar:undelivered', ({ payload, reason }) =>
  console.log(`undelivered: ${payload}, ${reason}`),
);
subscribe('busbar:close', ({ error }) => console.log(`close: ${error ?? 'no error'}`));

// The program.
const bus = `diagnostics-${process.pid}`;
const earth = await join(bus, { label: 'earth' });
const moon = await join(bus, { label: 'moon' });
earth.send('moon', 'hello');
await moon.recv();

await earth.deliver('mars', 'anybody there?', { ttl: 1 }).catch(() => undefined);
for (const endpoint of [earth, moon]) await endpoint.close();
