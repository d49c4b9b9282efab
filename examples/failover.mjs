// The bus controller is killed with SIGKILL: another member takes over, and the others keep
// exchanging messages.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'busbar';

const [, , bus = `failover-${process.pid}`, role = 'main'] = process.argv;

if (role === 'main') {
  const controller = fork(import.meta.filename, [bus, 'controller']);
  await once(controller, 'message');
  const endpoint = await join(bus, { label: 'main' });
  fork(import.meta.filename, [bus, 'echo']);
  await endpoint.waitFor('echo');
  console.log(`the controller is ${endpoint.controller.label}, generation ${endpoint.generation}`);

  const change = once(endpoint, 'controller');
  controller.kill('SIGKILL');
  for (let number = 0; number < 10_000; number++) endpoint.send('echo', number);
  for (let number = 0; number < 10_000; number++) {
    const { payload } = await endpoint.recv();
    if (payload !== number) throw new Error(`expected ${number}, received ${payload}`);
  }
  const [{ peer, gapMs }] = await change;
  console.log(`${peer.label} took over after ${gapMs.toFixed(1)} ms`);
  console.log('10000 messages went there and back meanwhile, in order');
  endpoint.send('echo', 'go home');
  await endpoint.close();
} else {
  const endpoint = await join(bus, { label: role });
  process.send?.('joined');
  for await (const message of endpoint) {
    if (message.payload === 'go home') break;
    message.reply(message.payload);
  }
  await endpoint.close();
  process.disconnect();
}
