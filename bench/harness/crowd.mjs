// `crowd.mjs <bus> <count>`: that many endpoints in one process, none of which becomes controller.
// Says `all` with the time in nanoseconds when each of them has heard something: a new controller, or
// a message. It ends when its standard input ends.

import { loadBusbar } from './busbar.mjs';
import { streamControl } from './control.mjs';

const [bus, count] = process.argv.slice(2);
const { join } = await loadBusbar();
const control = streamControl(process.stdin, process.stdout);
const heard = { controller: new Set(), message: new Set() };

function hear(what, endpoint) {
  heard[what].add(endpoint);
  if (heard[what].size < Number(count)) return;
  heard[what].clear();
  control.send({ all: what, at: Number(process.hrtime.bigint()) });
}

for (let i = 0; i < Number(count); i++) {
  const endpoint = await join(bus, { label: 'crowd', controllerAffinity: false, timeout: 60_000 });
  endpoint.on('message', () => hear('message', endpoint));
  endpoint.on('controller', () => hear('controller', endpoint));
}
control.send({ ready: true });
process.stdin.on('close', () => process.exit(0));
