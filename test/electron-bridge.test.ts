// The bridge of examples/electron, over the ports of worker threads instead of Electron's: a page
// is a worker without the addon, the painter is a process, and views of shared memory are forbidden
// as in Electron.
import './support/forbid-views.js';
import { fork } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, multicast, type PlainBox, type Selector, unicast } from 'busbar';
import { joined, newBus, nextEvent } from './support/program.js';

const example = new URL('../examples/electron/', import.meta.url);

type Serve = (
  endpoint: Endpoint<PlainBox>,
  port: unknown,
  options: { mayReach: Readonly<Record<string, Selector>> },
) => Promise<void>;
const { serveBus } = (await import(new URL('bridge/serve-bus.mjs', example).href)) as {
  serveBus: Serve;
};

const mayReach = {
  painter: unicast('painter'),
  windows: multicast('window', { excludeSelf: true }),
};

/**
 * A page that runs `script` with its `port`, `BusClient` and `tell()`; its window's endpoint is
 * served.
 */
async function page(t: ExecutionContext, bus: string, script: string) {
  const { port1, port2 } = new MessageChannel();
  const endpoint = await joined(t, bus, { label: 'window' });
  const served = serveBus(endpoint, port1, { mayReach });
  const client = new URL('bridge/bus-client.mjs', example).href;
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { port } = workerData;
    const tell = (news) => parentPort.postMessage(news);
    import(${JSON.stringify(client)}).then(async ({ BusClient }) => { ${script} });`;
  const worker = new Worker(program, {
    eval: true,
    workerData: { port: port2 },
    transferList: [port2],
  });
  t.teardown(() => worker.terminate());
  return { endpoint, served, worker, next: () => nextEvent(worker, 'message') };
}

test('pictures come into a page, which sets the painter’s speed', async (t) => {
  const bus = newBus();
  const window = await page(
    t,
    bus,
    `const bus = new BusClient(port);
     let pictures = 0;
     let wrong = 0;
     for await (const { payload, from, regions: [pixels] } of bus) {
       const { width, height, offset, number } = payload;
       const at = 4 * (17 * width + 5);
       const right = [(5 + offset) & 255, (17 + offset) & 255, number & 255, 255];
       if (pixels.length !== width * height * 4 || right.some((value, i) => pixels[at + i] !== value)) wrong++;
       if (++pictures === 5) await bus.send('painter', { step: 1000 });
       if (offset >= 1000) {
         await bus.send('painter', 'stop');
         return tell({ wrong, from: from.label, enough: pictures > 5 });
       }
     }`,
  );
  // The example is a package of its own; a copy in this package finds busbar.
  const program = fileURLToPath(new URL('fixtures/painter.mjs', import.meta.url));
  await copyFile(new URL('painter.mjs', example), program);
  const painter = fork(program, [bus]);
  t.teardown(() => painter.kill('SIGKILL'));
  t.deepEqual(await window.next(), { wrong: 0, from: ['painter'], enough: true });
  // Neither the bridge nor a picture that it still holds keeps it alive.
  t.deepEqual(await nextEvent(painter, 'exit'), 0);
});

test('pages greet each other, and not themselves', async (t) => {
  const bus = newBus();
  const script = `
    const bus = new BusClient(port);
    tell('there');
    parentPort.once('message', async (word) => tell({ receivers: await bus.send('windows', word) }));
    for await (const { payload } of bus) tell({ payload });`;
  const pages = [await page(t, bus, script), await page(t, bus, script)] as const;
  t.deepEqual(await Promise.all(pages.map(({ next }) => next())), ['there', 'there']);
  const heard = pages[1].next();
  const told = pages[0].next();
  pages[0].worker.postMessage('hello');
  t.deepEqual(await told, { receivers: 1 });
  t.deepEqual(await heard, { payload: 'hello' });
});

test('a page can send only where it is allowed to, and invalid messages are refused', async (t) => {
  const bus = newBus();
  const secret = await joined(t, bus, { label: 'secret' });
  const window = await page(
    t,
    bus,
    `const nonsense = [null, 7, 'send', {}, { kind: 'want' }, { kind: 'want', count: -1 }, { kind: 'want', count: 1.5 },
       { kind: 'constructor' }, { kind: '__proto__' }, { kind: 'send', id: 1, to: 'toString', payload: 1 }];
     for (const each of nonsense) port.postMessage(each);
     port.postMessage({ kind: 'send', id: 'last', to: 'secret', payload: 'let me in' });
     let refused = 0;
     port.on('message', (data) => {
       if (data.kind !== 'refused') return tell(data);
       refused++;
       if (data.id === 'last') tell({ refused, sense: nonsense.length });
     });`,
  );
  const { refused, sense } = (await window.next()) as { refused: number; sense: number };
  t.is(refused, sense + 1);
  t.is(secret.counters.receivedMessages, 0);
  t.false(window.endpoint.closed);
});

test('a page is sent no more than it has asked for', async (t) => {
  const bus = newBus();
  const window = await page(
    t,
    bus,
    `const came = [];
     port.on('message', ({ payload }) => {
       came.push(payload);
       if (came.length === 2) port.postMessage({ kind: 'want', count: 1 });
       if (came.length === 3) tell('three');
     });
     // All messages ever sent have arrived by then.
     port.on('close', () => tell(came));
     port.postMessage({ kind: 'want', count: 2 });`,
  );
  const sender = await joined(t, bus, { label: 'sender' });
  for (let i = 0; i < 10; i++) sender.send('window', i);
  t.is(await window.next(), 'three');
  const came = window.next();
  await window.endpoint.close();
  await window.served;
  t.deepEqual(await came, [0, 1, 2]);
});

test('a page that goes closes its endpoint', async (t) => {
  const window = await page(t, newBus(), `new BusClient(port); tell('there');`);
  await window.next();
  await window.worker.terminate();
  await window.served;
  t.true(window.endpoint.closed);
});

test('an endpoint that is closed closes the bridge', async (t) => {
  const window = await page(
    t,
    newBus(),
    `const bus = new BusClient(port);
     tell('there');
     for await (const message of bus) tell(message);
     await bus.send('painter', 1).catch(({ message }) => tell(message));`,
  );
  await window.next();
  const told = window.next();
  await window.endpoint.close();
  await window.served;
  t.is(await told, 'the bridge is closed');
});
