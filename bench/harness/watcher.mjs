// `watcher.mjs <bus> <match>`: an observer that reads headers as they come. It ends when its
// standard input ends.

import { loadBusbar } from './busbar.mjs';

const [bus, match] = process.argv.slice(2);
const { observe } = await loadBusbar();
const observer = await observe(bus, { match });
process.stdin.on('close', () => process.exit(0)).resume();
console.log('ready');
for await (const _ of observer);
