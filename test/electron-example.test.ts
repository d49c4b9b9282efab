// The processes of examples/electron, over the ports of worker threads instead of Electron's: a page
// is a worker with the entry for pages, the painter is a process, and views of shared memory are
// forbidden as in Electron.
import './support/forbid-views.js';
import { type ChildProcess, fork } from 'node:child_process';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import type { Interface } from 'busbar/interface';
import { type ClientOf, connect, type PortLike, stats } from 'busbar/rpc';
import { newBus, nextEvent } from './support/program.js';

// The example is a package of its own; a copy in this package finds busbar.
const copy = new URL('fixtures/electron/', import.meta.url);
for (const file of ['interfaces.mjs', 'desks.mjs', 'painter.mjs'])
  cpSync(new URL(`../examples/electron/${file}`, import.meta.url), new URL(file, copy));

interface DesksOf {
  open(port: PortLike): Promise<void>;
}

const { Painter } = (await import(new URL('interfaces.mjs', copy).href)) as { Painter: Interface };
const { Desks } = (await import(new URL('desks.mjs', copy).href)) as {
  Desks: new (painter: ClientOf<Interface>) => DesksOf;
};

interface Main {
  readonly desks: DesksOf;
  readonly painter: ClientOf<Interface>;
  readonly painting: ChildProcess;
}

/** The main process and its painter. */
async function main(t: ExecutionContext): Promise<Main> {
  const bus = newBus();
  const painting = fork(fileURLToPath(new URL('painter.mjs', copy)), [bus]);
  const painter = await connect(bus, Painter);
  t.teardown(async () => {
    painting.kill('SIGKILL');
    await painter.close();
  });
  return { desks: new Desks(painter), painter, painting };
}

/** A page that runs `script` with its `desk`, its `port` and `tell()`. */
async function page(t: ExecutionContext, desks: DesksOf, script: string) {
  const { port1, port2 } = new MessageChannel();
  await desks.open(port1);
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { port } = workerData;
    const tell = (news) => parentPort.postMessage(news);
    (async () => {
      const { connect } = await import('busbar/rpc/message-port');
      const { Desk, Painter } = await import(${JSON.stringify(new URL('interfaces.mjs', copy).href)});
      const desk = await connect(port, Desk);
      ${script}
    })();`;
  const worker = new Worker(program, {
    eval: true,
    workerData: { port: port2 },
    transferList: [port2],
  });
  t.teardown(() => worker.terminate());
  return { worker, next: () => nextEvent(worker, 'message') };
}

/** Streams that the painter sends. */
async function streams({ painter }: Main): Promise<number> {
  const [service] = await stats(painter);
  return service?.running ?? 0;
}

test('pictures come into a page, which sets the painter’s speed', async (t) => {
  const app = await main(t);
  const window = await page(
    t,
    app.desks,
    `let pictures = 0;
     let wrong = 0;
     for await (const { width, height, offset, number, pixels } of desk.pictures()) {
       const at = 4 * (17 * width + 5);
       const right = [(5 + offset) & 255, (17 + offset) & 255, number & 255, 255];
       if (pixels.length !== width * height * 4 || right.some((value, i) => pixels[at + i] !== value)) wrong++;
       if (++pictures === 5) await desk.setSpeed({ step: 1000 });
       if (offset >= 1000) break;
     }
     tell({ wrong, enough: pictures > 5 });`,
  );
  t.deepEqual(await window.next(), { wrong: 0, enough: true });
  // Leaving the loop has ended the streams on both ways.
  while ((await streams(app)) > 0);
});

test('pages greet each other, and not themselves', async (t) => {
  const { desks } = await main(t);
  const script = `
    await desk.on('greeted', ({ text }) => tell({ text })).ready;
    parentPort.once('message', async (text) => tell(await desk.greet({ text })));
    tell('there');`;
  const pages = [await page(t, desks, script), await page(t, desks, script)] as const;
  t.deepEqual(await Promise.all(pages.map(({ next }) => next())), ['there', 'there']);
  const [told, heard] = pages.map(({ next }) => next());
  pages[0].worker.postMessage('hello');
  t.is(await told, 1);
  t.deepEqual(await heard, { text: 'hello' });
});

test('a page reaches its desk only, and what it sends is checked', async (t) => {
  const app = await main(t);
  const { step } = app.painter as unknown as { step: { get(): Promise<number> } };
  const window = await page(
    t,
    app.desks,
    `const endless = [];
     endless.push(endless);
     const frame = (payload, type = 'x', format = 0) => [1, type, format, 0, payload, undefined];
     for (const each of [null, 7, 'call', {}, [], [7], [[]], [null, {}], [frame(endless)], [frame(1, 'x', 1e9)], new Array(2 ** 31)]) {
       if (each !== null) port.postMessage(each);
     }
     const codeOf = (promise) => promise.then(() => 'none', ({ code }) => code);
     const painter = await connect(port, Painter);
     tell([
       await codeOf(desk.setSpeed({ step: -1 })),
       await codeOf(painter.step.set(7)),
       await codeOf(painter.pictures().next()),
       await desk.greet({ text: 'still here' }),
     ]);`,
  );
  t.deepEqual(await window.next(), ['INVALID_ARGUMENT', 'UNKNOWN_METHOD', 'UNKNOWN_METHOD', 0]);
  t.is(await step.get(), 1);
});

test('a page that does not read costs its painter a window, and then gets the newest picture', async (t) => {
  const app = await main(t);
  const script = `
    let before = -1;
    for await (const { number } of desk.pictures()) {
      if (before >= 0 && number > before + 1) {
        tell('skipped');
        break;
      }
      before = number;
      // Busy for as long as some pictures take.
      const until = performance.now() + 200;
      while (performance.now() < until);
    }`;
  const busy = await page(t, app.desks, script);
  const quick = await page(
    t,
    app.desks,
    `let count = 0;
     for await (const _ of desk.pictures()) if (++count === 20) break;
     tell('twenty');`,
  );
  t.deepEqual(await Promise.all([busy.next(), quick.next()]), ['skipped', 'twenty']);
});

test('a page that goes ends its stream at the painter', async (t) => {
  const app = await main(t);
  const window = await page(
    t,
    app.desks,
    `for await (const { number } of desk.pictures()) if (number >= 0) tell(number);`,
  );
  await window.next();
  t.is(await streams(app), 1);
  await window.worker.terminate();
  while ((await streams(app)) > 0);
});

test('a painter that dies ends the pictures with an error that pages understand', async (t) => {
  const app = await main(t);
  const window = await page(
    t,
    app.desks,
    `try {
       for await (const { number } of desk.pictures()) tell(number);
     } catch ({ code }) {
       tell(code);
     }`,
  );
  await window.next();
  app.painting.kill('SIGKILL');
  let news: unknown = 0;
  while (typeof news === 'number') news = await window.next();
  t.is(news, 'HANDLER_FAILED');
});
