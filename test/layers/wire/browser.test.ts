// Wires from a browser: Chromium, and the WebSocket of Node.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, t as types } from 'busbar/interface';
import { connectWire, serveWire, type WireEvent, webSocket } from 'busbar/wire';
import { WebSocket } from 'ws';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { Counter, counter, values } from './support/interface.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const Report = defineInterface('com.example.report', '1.0', {
  methods: { done: { args: { found: types.any } } },
});

const imports = {
  'busbar/wire/browser': '/dist/layers/wire/entry-browser.js',
  'busbar/interface': '/dist/layers/interface/index.js',
};
const page = `<!doctype html><meta charset="utf-8">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="/test-build/layers/wire/support/page.js"></script>`;

/** Serves the page and the files of the package. */
async function serveFiles(t: ExecutionContext): Promise<Server> {
  const server = createServer(({ url = '/' }, response) => {
    const file = `${root}${url.slice(1)}`;
    if (url === '/') response.setHeader('content-type', 'text/html').end(page);
    else if (!/^\/(dist|test-build)\/[\w./-]+\.js$/.test(url) || !existsSync(file))
      response.writeHead(404).end();
    else response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

/** What the page finds. */
const expected = {
  add: 3,
  echo: { text: 'é😀', list: [1, null, true, -1.5] },
  bytes: 1_000_000,
  size: 500_000,
  many: 499,
  sum: 49_995_000,
  levels: [41, 42],
  back: 'the page',
  deadline: 'DEADLINE',
  token: 'WIRE_TOKEN',
  cancelled: 'CANCELLED',
};

/** Kills a program with all that it has started, which would write to its folder for a while. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  const runs = exitCode === null && signalCode === null;
  if (runs && pid !== undefined) process.kill(-pid, 'SIGKILL');
}

/** Serves at `/wire` beside the page; resolves with what the page reports. */
async function reported(t: ExecutionContext, begin: (port: number) => ChildProcess) {
  const server = await serveFiles(t);
  const { port } = server.address() as AddressInfo;
  let found: (value: unknown) => void = () => undefined;
  const report = new Promise<unknown>((resolve) => {
    found = resolve;
  });
  const events: WireEvent[] = [];
  const services = await serveWire(
    webSocket.listen({ server, path: '/wire' }),
    [Counter, Report],
    [counter(), { done: (args) => found(args.found) }],
    { ...values, token: 'of the page', onWire: (event) => events.push(event) },
  );
  t.teardown(() => Promise.all(services.map((service) => service.close({ linger: 0 }))));
  const program = begin(port);
  let said = '';
  program.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  // Every process that it has started has its standard error, too.
  const ended = new Promise((resolve) => program.once('close', resolve));
  t.teardown(async () => {
    killGroup(program);
    await ended;
  });
  const early = ended.then(() => ({ ended: said.slice(-2000) }));
  return { report: await Promise.race([report, early]), events, program, ended };
}

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

if (chromium === undefined && process.env.CI === undefined) {
  test.skip('a page in Chromium calls, streams and watches: there is no Chromium', () => undefined);
} else {
  test('a page in Chromium calls, streams and watches', async (t) => {
    const folder = temporaryFolder(t);
    const { report, events } = await reported(t, (port) =>
      spawn(
        chromium ?? 'chromium',
        [
          ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
          ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
          ...[`--user-data-dir=${folder}/profile`, `http://127.0.0.1:${port}/`],
        ],
        { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
      ),
    );
    t.deepEqual(report, expected);
    t.is(events.filter(({ change }) => change === 'opened').length, 1);
  });
}

test("the same program with Node's own WebSocket", async (t) => {
  const { report } = await reported(t, (port) =>
    spawn(
      process.execPath,
      [
        ...['--experimental-websocket', '--no-warnings', '--input-type=module', '--eval'],
        `globalThis.location = { host: '127.0.0.1:${port}' };
         await import(${JSON.stringify(new URL('support/page.js', import.meta.url).href)});`,
      ],
      { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    ),
  );
  t.deepEqual(report, expected);
});

/** How the opening of a WebSocket ends, for a page of this origin. */
function opening(port: number, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['busbar-wire'], { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('error', ({ message }) => resolve(message));
  });
}

test('pages of other origins are refused, also where their name leads to this machine', async (t) => {
  const listener = webSocket.listen({ port: 0 });
  const service = await serveWire(listener, Counter, counter(), values);
  const port = listener.port ?? 0;
  const refused = 'Unexpected server response: 401';
  t.is(await opening(port, {}), 'open');
  t.is(await opening(port, { origin: `http://127.0.0.1:${port}` }), 'open');
  t.is(await opening(port, { origin: 'https://example.com' }), refused);
  t.is(await opening(port, { origin: 'null' }), refused);
  const rebound = { origin: `http://example.com:${port}`, host: `example.com:${port}` };
  t.is(await opening(port, rebound), refused);
  await service.close();
  const only = webSocket.listen({ port: 0, origins: ['https://example.com'] });
  const other = await serveWire(only, Counter, counter(), values);
  t.is(await opening(only.port ?? 0, { origin: 'https://example.com' }), 'open');
  t.is(await opening(only.port ?? 0, { origin: `http://127.0.0.1:${only.port}` }), refused);
  await other.close();
});

test('a message that is text, or too large, ends the wire and harms nobody', async (t) => {
  const listener = webSocket.listen({ port: 0, maxMessageBytes: 1000 });
  const events: WireEvent[] = [];
  let look: () => void = () => undefined;
  const onWire = (event: WireEvent) => {
    events.push(event);
    look();
  };
  const service = await serveWire(listener, Counter, counter(), { ...values, onWire });
  const port = listener.port ?? 0;
  const refusals = (count: number) =>
    new Promise<void>((resolve) => {
      look = () => events.filter(({ change }) => change === 'refused').length >= count && resolve();
      look();
    });
  for (const [index, data] of ['text', new Uint8Array(2000), new Uint8Array(0)].entries()) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['busbar-wire']);
    socket.on('error', () => undefined);
    socket.on('open', () => socket.send(data));
    await refusals(index + 1);
  }
  const client = await connectWire(
    webSocket(`ws://127.0.0.1:${port}`, { WebSocket: WebSocket as never }),
    Counter,
  );
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await client.close();
  await service.close();
});
