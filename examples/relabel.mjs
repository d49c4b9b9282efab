// Labels that change: work is for a renderer that is not busy, and waits while there is none. Both
// endpoints are in one process here; with each in its own, nothing else would change.
import { join } from 'busbar';

const bus = `relabel-${process.pid}`;
const manager = await join(bus, { label: 'manager' });
const renderer = await join(bus, { label: ['renderer', 'codec'] });
const idle = 'renderer & codec & !busy';

async function render() {
  for await (const message of renderer) {
    // From here on nobody selects it as idle.
    await renderer.relabel(['renderer', 'codec', 'busy']);
    console.log(`${message.payload}: ${manager.matches(idle).length} renderers are idle`);
    message.reply(`${message.payload}: done by ${renderer.label.join(' & ')}`);
    await renderer.relabel(['renderer', 'codec']);
    if (message.payload === 'frame 3') return;
  }
}
const rendering = render();

for (const frame of ['frame 1', 'frame 2', 'frame 3']) {
  // Waits until a renderer is idle again.
  manager.send(idle, frame, { ttl: 5000 });
  console.log((await manager.recv()).payload);
}
await rendering;
console.log(`${manager.matches(idle).length} renderer is idle`);
await renderer.close();
await manager.close();
