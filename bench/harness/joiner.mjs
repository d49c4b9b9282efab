// One process of the join trial: `joiner.mjs controller|join <bus>`; see trials/join.mjs.

import { loadBusbar } from './busbar.mjs';
import { streamControl } from './control.mjs';

const [role, bus] = process.argv.slice(2);
const { join } = await loadBusbar();
const control = streamControl(process.stdin, process.stdout);

if (role === 'controller') await join(bus, { label: 'controller' });
control.send({ ready: true });
await control.next().catch(() => process.exit(0));

const start = performance.now();
await join(bus, { label: 'member' });
control.send({ microseconds: (performance.now() - start) * 1000 });
process.stdin.on('close', () => process.exit(0));
