// Memory shared by two processes: one writes, the other sees it, and when its holder is killed it
// is reused. Run it: node examples/shared-memory.mjs
import { fork } from 'node:child_process';
import { join, MemoryRegistry } from 'busbar';

const bus = 'com.example.shared-memory';

if (process.argv[2] === 'painter') {
  const endpoint = await join(bus, { label: 'painter' });
  endpoint.on('message', (message) => {
    message.regions[0].bytes.fill(message.payload.colour);
    // Otherwise the region is released when this function has returned.
    if (message.payload.keep) message.keep();
    message.reply('painted');
  });
} else {
  const endpoint = await join(bus, { label: 'main' });
  const painter = fork(import.meta.filename, ['painter']);
  await endpoint.waitFor('painter');
  const registry = new MemoryRegistry();

  const picture = registry.alloc(1 << 20, { tag: 'picture' });
  endpoint.send('painter', { colour: 7 }, { regions: [picture] });
  await endpoint.recv();
  console.log(
    `painted ${picture.bytes.filter((byte) => byte === 7).length} bytes without sending one of them`,
  );
  picture.release();

  const free = new Promise((resolve) => {
    const again = registry.alloc(1 << 20, { tag: 'picture', onFree: resolve });
    endpoint.send('painter', { colour: 8, keep: true }, { regions: [again] });
    again.release();
  });
  await endpoint.recv();
  painter.kill('SIGKILL');
  // Waiting for memory does not keep the process alive, so a timer does.
  const alive = setInterval(() => {}, 1000);
  await free;
  clearInterval(alive);
  console.log('the painter was killed; its memory is free again');
  const { created, reused } = registry.stats;
  console.log(`allocated ${created} region, reused it ${reused} time`);
  await endpoint.close();
}
