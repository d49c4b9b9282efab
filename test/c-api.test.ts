// Programs in C, C++ and Python on the same bus, through the C library and its public headers.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { bytes, type Endpoint, KernelObject, MemoryRegion, messageBox, text } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { until } from './support/waiting.js';

const box = messageBox({ Text: text, Raw: bytes });
const pathOf = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const onWindows = process.platform === 'win32';
const built = (compiler: string, name: string) =>
  pathOf(onWindows ? `build/win32-x64/${name}.exe` : `build/c/${compiler}/${name}`);
const compilers = (onWindows ? ['mingw'] : ['gcc', 'clang']).filter((name) =>
  existsSync(built(name, 'echo-c')),
);
const [first = 'gcc'] = compilers;

/** Commands of echo programs; bus and label are appended. */
const echoes: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    compilers.flatMap((compiler) => [
      [`C (${compiler})`, [built(compiler, 'echo-c')]],
      [`C++ (${compiler})`, [built(compiler, 'echo-cpp')]],
    ]),
  ),
  ...(onWindows
    ? {}
    : { Python: ['python3', pathOf('test/c/echo.py'), pathOf('build/Release/ffi/libbusbar.so')] }),
};

interface Running {
  readonly child: ChildProcess;
  readonly id: number;
  readonly isController: boolean;
  readonly ended: Promise<unknown[]>;
}

async function start(
  t: ExecutionContext,
  [program = '', ...args]: readonly string[],
): Promise<Running> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const [line] = await once(createInterface(child.stdout), 'line');
  const [id, controller] = String(line).split(' ').map(Number);
  return { child, id: id ?? 0, isController: controller === 1, ended };
}

function contentOf(object: KernelObject): string {
  const fd = object.take();
  return readFileSync(fd, 'utf8');
}

test('every compiler that CI has was used', (t) => {
  t.true(compilers.includes('gcc'));
});

for (const [language, command] of Object.entries(echoes)) {
  test(`${language}: every kind of message, in both directions`, async (t) => {
    const bus = newBus();
    const endpoint = await joined(t, bus, { label: 'node', messages: box });
    const echo = await start(t, [...command, bus, 'friend']);
    const peer = endpoint.peers.find(({ id }) => id === echo.id);
    t.like(peer, { pid: echo.child.pid, label: ['friend', 'echo'] });

    for (const size of [0, 1, 64, 5000, 300_000]) {
      const payload = new Uint8Array(size).fill(size % 251);
      const metadata = new Uint8Array(size % 241).fill(size % 250);
      const message = box.Raw(payload, { format: 40_000 });
      const sent = endpoint.sendWithReceipt('friend & echo', message, { metadata });
      t.is(sent.peerId, echo.id);
      const answer = await endpoint.recv({ timeout: 20_000 });
      t.is(answer.from.id, echo.id);
      t.is(answer.replyTo, sent.id);
      t.deepEqual(answer.metadata, metadata.length === 0 ? undefined : metadata);
      t.true(Buffer.compare(Buffer.from(answer.payload as Uint8Array), payload) === 0);
      t.is(answer.type === 'Raw' ? answer.format : undefined, 40_000);
    }
    endpoint.send('friend', box.Text('größe 月'));
    t.is((await endpoint.recv({ timeout: 20_000 })).payload, 'größe 月');

    const region = MemoryRegion.create(1 << 16);
    region.bytes.set([1, 2, 3], 1000);
    using object = KernelObject.fromFd(openSync(pathOf('package.json'), 'r'), { takeOver: true });
    endpoint.send('friend', box.Text('with everything'), {
      regions: [region, region.range(1000, 3)],
      objects: [object, object],
    });
    const back = await endpoint.recv({ timeout: 20_000 });
    t.is(back.payload, 'with everything');
    t.is(back.regions[0]?.id, region.id);
    t.is(back.objects.length, 2);
    const last = back.objects[1];
    t.true(last !== undefined && contentOf(last).includes('"name": "busbar"'));
    back.objects[0]?.close();
    for (const one of back.regions) one.release();

    endpoint.send('friend', box.Text('count'));
    t.is((await endpoint.recv({ timeout: 20_000 })).payload, '1 node');

    endpoint.send('friend', box.Text('make'));
    const made = await endpoint.recv({ timeout: 20_000 });
    const content = Buffer.from(made.regions[0]?.bytes ?? []);
    t.is(content.toString('utf8', 0, content.indexOf(0)), `made in ${language.split(' ')[0]}`);
    for (const one of made.regions) one.release();
    for (const one of made.objects) one.close();
    t.is(await endpoint.deliver('friend', box.Text('echo'), { acknowledge: 'handled' }), 1);
    await endpoint.recv();

    endpoint.send('friend', box.Text('observe'));
    t.is((await endpoint.recv({ timeout: 20_000 })).payload, 'observing');
    t.is((await endpoint.recv({ timeout: 20_000 })).payload, `9 observin ${endpoint.id} 1`);

    const relabelled = once(endpoint, 'peer');
    endpoint.send('friend', box.Text('rename'));
    const renamed = await endpoint.recv({ timeout: 20_000 });
    t.is(renamed.payload, 'renamed');
    t.deepEqual(renamed.from.label, ['renamed', 'echo']);
    t.deepEqual(endpoint.matches('renamed'), [renamed.from]);
    t.throws(() => endpoint.send('friend', box.Text('?')), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
    t.like(await relabelled, [
      { change: 'relabelled', peer: { id: echo.id }, formerLabel: ['friend', 'echo'] },
    ]);

    await endpoint.deliver('renamed', box.Text('leave'));
    t.deepEqual(await echo.ended, [0, null]);
    await until(endpoint, 'peer', () => endpoint.peers.length === 0);
    region.release();
  });
}

for (const [language, command] of Object.entries(echoes)) {
  test(`${language}: a connection goes there and back, and stays one`, async (t) => {
    const bus = newBus();
    const endpoint = await joined(t, bus, { label: 'node', messages: box });
    await start(t, [...command, bus, 'friend']);
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    t.teardown(() => server.close());
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket];
    using object = KernelObject.from(accepted);
    accepted.destroy();
    endpoint.send('friend', box.Text('a connection'), { objects: [object] });
    const back = await endpoint.recv({ timeout: 20_000 });
    const returned = back.objects[0];
    t.is(returned?.kind, object.kind);
    object.close();
    const socket = returned?.toSocket();
    socket?.end('through C');
    const [said] = await once(client, 'data');
    t.is(String(said), 'through C');
    client.destroy();
  });
}

/** Programs that test the C interface on their own, and what each covers. */
const selfTests = {
  'api-c': 'the whole interface, refusals included',
  'endpoint-cpp': 'the endpoints of busbar.hpp',
  'departures-c': 'the order of what two threads hear of a peer that is killed',
  'giving_back-c':
    'what a receiver gives back: refused, unread, borrowed by a process that is killed',
  'join_options-c': 'options of joining, their ranges and what they limit',
  'killed_receiver-c': 'what waits in the process of a receiver that is killed',
  'metadata-c': 'metadata, receipts, and what undelivered messages name',
  'observe-c': 'observers, what they see and what they lose',
  'relabel-c': 'labels that change, and who sees it',
  'threads-c': 'threads that wait for different things on one endpoint',
};

const withPartner = [
  ...['echo.c', 'rpc.c', 'echo.cpp', 'codec.cpp', 'wire_client.cpp'],
  ...['conformance_client.cpp', 'conformance_server.cpp'],
];

test('every program that needs no partner is among these', (t) => {
  const sources = readdirSync(pathOf('test/c'))
    .filter((file) => /\.c(?:pp)?$/.test(file) && !withPartner.includes(file))
    .map((file) => file.replace('.', '-'));
  t.deepEqual(Object.keys(selfTests).sort(), sources.sort());
});

for (const compiler of compilers) {
  for (const [name, title] of Object.entries(selfTests)) {
    test(`${title}, as ${compiler} compiles it`, async (t) => {
      const program = spawn(built(compiler, name), [newBus()], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(program, 'exit');
      const [line] = await once(createInterface(program.stdout), 'line');
      t.regex(line, /^all as busbar\.h(?:pp)? says$/);
      t.deepEqual(await ended, [0, null]);
    });
  }
}

const hasValgrind = spawnSync('valgrind', ['--version']).status === 0;
for (const [name, title] of Object.entries(selfTests)) {
  (hasValgrind ? test : test.skip)(`${title}: valgrind finds nothing`, async (t) => {
    const options = [
      '-q',
      '--error-exitcode=9',
      '--leak-check=full',
      '--errors-for-leak-kinds=definite',
    ];
    const program = spawn('valgrind', [...options, built('gcc', name), newBus()], {
      stdio: 'ignore',
    });
    t.deepEqual(await once(program, 'exit'), [0, null]);
  });
}

async function exchange(endpoint: Endpoint<typeof box>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    endpoint.send('friend', box.Text(String(i)));
    if ((await endpoint.recv({ timeout: 20_000 })).payload !== String(i)) throw new Error('lost');
  }
}

const bystander: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'bystander' });
  endpoint.on('message', () => undefined);
  tell(endpoint.id);
};

test('a controller in C is killed, and Node takes over', async (t) => {
  const bus = newBus();
  const echo = await start(t, [...(echoes[`C (${first})`] ?? []), bus, 'first']);
  t.true(echo.isController);
  const endpoint = await joined(t, bus, { label: 'node', messages: box });
  const friend = await start(t, [...(echoes[`C++ (${first})`] ?? []), bus, 'friend']);
  t.is(endpoint.controller?.id, echo.id);
  await exchange(endpoint, 10);
  echo.child.kill('SIGKILL');
  await exchange(endpoint, 100);
  const taken = () => [endpoint.id, friend.id].includes(endpoint.controller?.id ?? 0);
  await until(endpoint, 'controller', taken);
  await until(endpoint, 'peer', () => endpoint.peers.length === 1);
  await exchange(endpoint, 10);
});

test('a controller in Node is killed, and C takes over', async (t) => {
  const bus = newBus();
  const controller = inProcess(t, bus, bystander);
  const id = await controller.next<number>();
  const friend = await start(t, [...(echoes[`C (${first})`] ?? []), bus, 'friend']);
  const endpoint = await joined(t, bus, {
    label: 'node',
    messages: box,
    controllerAffinity: false,
  });
  t.is(endpoint.controller?.id, id);
  await exchange(endpoint, 10);
  await controller.kill();
  await exchange(endpoint, 100);
  await until(endpoint, 'controller', () => endpoint.controller?.id === friend.id);
  await joined(t, bus, { label: 'late', messages: box });
});

test('a camera in C, a viewer in Node: frames in shared memory', async (t) => {
  const bus = newBus();
  const viewer = spawn(process.execPath, [pathOf('examples/c/viewer.mjs'), bus, '60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const camera = spawn(built(first, 'camera-c'), [bus, '60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = [viewer, camera].map(
    async ({ stdout }) => (await once(createInterface(stdout), 'line'))[0],
  );
  const ends = [once(viewer, 'exit'), once(camera, 'exit')];
  t.deepEqual(await Promise.all(ends), [
    [0, null],
    [0, null],
  ]);
  const [seen, sent] = (await Promise.all(lines)) as string[];
  t.is(seen, '60 pictures seen, 0 wrong');
  // Each region is reused as soon as the viewer has released it.
  t.regex(sent ?? '', /^60 pictures in [1-6] regions$/);
});

// Not built for Windows.
(onWindows ? test.skip : test)('hello from C is answered from Node', async (t) => {
  const bus = newBus();
  const witness = await joined(t, bus, { messages: box });
  const node = spawn(process.execPath, [pathOf('examples/c/hello.mjs'), bus], { stdio: 'ignore' });
  t.teardown(() => node.kill('SIGKILL'));
  await witness.waitFor('node');
  const hello = spawn(built(first, 'hello-c'), [bus], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface(hello.stdout).on('line', (line) => lines.push(line));
  const [code] = await once(hello, 'close');
  t.is(code, 0);
  t.is(lines[0], `said hello to 2 endpoints of bus ${bus}`);
  t.is(lines[1], `node: hello c, this is Node ${process.version}`);
  t.is((await witness.recv()).payload, 'hello from C');
});
