// Every resource has a limit: an option of join(), and a typed error when it is exceeded.
import { join } from 'busbar';

const bus = `limits-${process.pid}`;
const refused = (error) => console.log(`${error.code}: ${error.message}`);
const controller = await join(bus, { label: 'a', maxEndpoints: 3, maxLinks: 1 });
const b = await join(bus, { label: 'b', maxParked: 2 });
const c = await join(bus, { label: 'c' });

// Members: the bus controller enforces this limit.
await join(bus).catch((error) => console.log(error.code));

// Links: this endpoint may have only one.
controller.send('b', 'hello');
try {
  controller.send('c', 'hello');
} catch (error) {
  refused(error);
}

// Messages that wait for a receiver to join.
try {
  for (let number = 1; number <= 3; number++) b.send('nobody', number, { ttl: 60_000 });
} catch (error) {
  refused(error);
}

for (const endpoint of [c, b, controller]) await endpoint.close().catch(refused);
