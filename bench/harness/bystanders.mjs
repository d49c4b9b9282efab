// `bystanders.mjs <bus> <count> <label>`: that many endpoints in one process, which receive
// messages and send none. It ends when its standard input ends.

import { loadBusbar } from './busbar.mjs';

const [bus, count, name] = process.argv.slice(2);
const { join } = await loadBusbar();
for (let i = 0; i < Number(count); i++) {
  const endpoint = await join(bus, { label: ['bystander', name], controllerAffinity: false });
  endpoint.on('message', () => undefined);
}
process.stdin.on('close', () => process.exit(0)).resume();
console.log('ready');
