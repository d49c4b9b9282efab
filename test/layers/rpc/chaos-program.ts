// A process of chaos.test.ts: `server`, which tells its parent of each call before it answers, or
// `caller`, which tells what came of its calls when it is told to finish.
import { Calling, startServer } from './chaos-calls.js';

// Its parent has ended, perhaps by a kill.
process.once('disconnect', () => process.exit());

const [, , role, bus = '', name = ''] = process.argv;

if (role === 'server') {
  await startServer(bus, name, async (id) => {
    await new Promise<void>((resolve) => {
      process.send?.(id, undefined, {}, () => resolve());
    });
  });
} else {
  const calling = await Calling.start(bus, Number(name));
  process.once('message', async () => {
    const outcome = await calling.finish();
    await calling.close();
    process.send?.(outcome);
  });
}
process.send?.('ready');
