// Kernel objects with messages, between real processes: they arrive usable, in order and complete,
// and none leaks, whatever happens to the message.
import { once } from 'node:events';
import { fstatSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join as joinPath } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type Endpoint,
  KernelObject,
  messageBox,
  messageType,
  multicast,
  type PlainBox,
  text,
} from 'busbar';
import {
  inProcess,
  inProcessWithDescriptors,
  inWorker,
  joined,
  newBus,
  type Source,
} from './support/program.js';
import { temporaryFolder } from './support/temporary-folder.js';

const descriptors = () => readdirSync('/proc/self/fd').length;

function openFile(t: ExecutionContext, content = 'content'): KernelObject {
  const path = joinPath(temporaryFolder(t), 'file');
  writeFileSync(path, content);
  const object = KernelObject.fromFd(openSync(path, 'r'), { takeOver: true });
  t.teardown(() => object.close());
  return object;
}

/** Reports the content of every object of every message, and how many descriptors it has then. */
const reading: Source = async ({ busbar, bus, tell }) => {
  const { readdirSync, readSync } = await import('node:fs');
  const endpoint = await busbar.join(bus, { label: 'reading' });
  tell('joined');
  for await (const message of endpoint) {
    const contents = message.objects.map(({ fd }) => {
      const buffer = Buffer.alloc(64);
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, 64, 0));
    });
    message.close();
    tell({ contents, descriptors: readdirSync('/proc/self/fd').length });
    if (message.payload === 'end') break;
  }
  await endpoint.close();
};

/** Sends as soon as there is room. */
async function sendWithRoom(
  endpoint: Endpoint<PlainBox>,
  to: string,
  payload: unknown,
  objects: readonly KernelObject[],
): Promise<void> {
  for (;;) {
    try {
      endpoint.send(to, payload, { objects });
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUSBAR_QUEUE_FULL') throw error;
      await endpoint.drained();
    }
  }
}

for (const [where, run] of [
  ['process', inProcess],
  ['worker thread', inWorker],
] as const) {
  test(`objects arrive in another ${where}, in their order`, async (t) => {
    const bus = newBus();
    const program = run(t, bus, reading);
    await program.next();
    const endpoint = await joined(t, bus);
    const objects = ['one', 'two', 'three'].map((content) => openFile(t, content));
    t.is(endpoint.send('reading', 'some', { objects }), 1);
    for (const object of objects) object.close();
    t.deepEqual((await program.next<{ contents: string[] }>()).contents, ['one', 'two', 'three']);
    endpoint.send('reading', 'end');
    t.deepEqual((await program.next<{ contents: string[] }>()).contents, []);
  });
}

test('253 objects are the most, refused above at the call', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'both' });
  const object = openFile(t);
  endpoint.send('both', 'most', { objects: Array(253).fill(object) });
  const message = await endpoint.recv();
  t.is(message.objects.length, 253);
  t.is(new Set(message.objects.map(({ fd }) => fd)).size, 253);
  message.close();
  t.throws(() => endpoint.send('both', 'more', { objects: Array(254).fill(object) }), {
    code: 'ERR_BUSBAR_LIMIT_EXCEEDED',
    message: /254 .* 253/,
  });
  object.close();
  t.throws(() => endpoint.send('both', 'closed', { objects: [object] }), {
    code: 'ERR_BUSBAR_CLOSED',
  });
  t.throws(() => endpoint.send('both', 'wrong', { objects: [3 as never] }), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
  t.throws(() => endpoint.send('both', 'wrong', { objects: object as never }), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
});

test('a multicast gives each receiver descriptors of its own; large payloads have objects, too', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receivers = [await joined(t, bus, { label: 'r' }), await joined(t, bus, { label: 'r' })];
  const payload = new Uint8Array(1 << 20).fill(7);
  t.is(sender.send(multicast('r'), payload, { objects: [openFile(t)] }), 2);
  const messages = await Promise.all(receivers.map((receiver) => receiver.recv()));
  const fds = messages.map((message) => message.objects[0]?.fd ?? -1);
  t.not(fds[0], fds[1]);
  for (const message of messages) {
    t.is((message.payload as Uint8Array).length, payload.length);
    fstatSync(message.objects[0]?.fd ?? -1);
    message.close();
  }
});

test('a reply carries objects, and so does a message that waits for its receiver', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const object = openFile(t);
  t.is(sender.send('late', 'waits', { ttl: 60_000, objects: [object] }), 0);
  const late = await joined(t, bus, { label: 'late' });
  const message = await late.recv();
  t.is(message.objects.length, 1);
  message.reply('back', { objects: message.objects });
  message.close();
  const reply = await sender.recv();
  t.is(reply.objects.length, 1);
  reply.close();
});

test('a listening server moves to another process without a refused connection', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const { createServer } = await import('node:net');
    const endpoint = await busbar.join(bus, { label: 'heir' });
    tell('joined');
    const message = await endpoint.recv();
    const server = createServer((socket) => socket.end('heir'));
    server.listen(message.objects[0]?.toListenOptions(), () => tell('listening'));
  });
  await program.next();
  const endpoint = await joined(t, bus);
  const server = createServer((socket) => socket.end('first'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async () => {
    const socket = connect(port, '127.0.0.1');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString();
  };
  t.is(await ask(), 'first');
  const object = KernelObject.from(server);
  await endpoint.deliver('heir', 'yours', { objects: [object] });
  object.close();
  const [before] = await Promise.all([ask(), once(server.close(), 'close')]);
  t.true(before === 'first' || before === 'heir');
  t.is(await ask(), 'heir');
  await program.next();
});

test('a connection moves to another process while its client talks on', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'heir' });
    tell('joined');
    const message = await endpoint.recv();
    const socket = message.objects[0]?.toSocket();
    socket?.on('data', (data) => socket.write(`heard ${data}`));
    tell({ client: socket?.remotePort });
  });
  await program.next();
  const endpoint = await joined(t, bus);
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const object = KernelObject.from(accepted);
  await endpoint.deliver('heir', 'yours', { objects: [object] });
  object.close();
  accepted.destroy();
  t.deepEqual(await program.next(), { client: client.localPort });
  for (let round = 0; round < 100; round++) {
    client.write(`round ${round}`);
    t.is(String((await once(client, 'data'))[0]), `heard round ${round}`);
  }
  client.destroy();
  await once(server.close(), 'close');
});

test.serial(
  'what nobody takes is closed: unknown type, refused payload, closed message',
  async (t) => {
    const bus = newBus();
    const box = messageBox({ Known: text, Other: messageType('test.other') });
    const sender = await joined(t, bus, { messages: box });
    const receiver = await joined(t, bus, { label: 'r', messages: messageBox({ Known: text }) });
    const object = openFile(t);
    const first = receiver.recv();
    await sender.deliver('r', box.Known('first'), { objects: [object] });
    (await first).close();
    const before = descriptors();
    for (let round = 0; round < 100; round++) {
      sender.send('r', box.Other({ round }), { objects: [object, object] });
      sender.send('r', box.Known('closed'), { objects: [object] });
      (await receiver.recv()).close();
    }
    // Once this is delivered, the sender has closed its duplicates for all earlier messages.
    await Promise.all([sender.deliver('r', box.Known('last')), receiver.recv()]);
    t.is(receiver.counters.unknown, 100);
    t.true(descriptors() <= before);
  },
);

test.serial('a thousand messages to another process leave no descriptor in either', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, reading);
  await program.next();
  const endpoint = await joined(t, bus);
  const object = openFile(t);
  const seen: number[] = [];
  for (let round = 0; round < 1000; round++) {
    await sendWithRoom(endpoint, 'reading', round, [object, object, object]);
    const news = await program.next<{ contents: string[]; descriptors: number }>();
    t.is(news.contents.length, 3);
    seen.push(news.descriptors);
  }
  // In the first rounds the control threads still hold what the introduction needed.
  const atFirst = Math.max(...seen.slice(0, 100));
  t.true((seen.at(-1) ?? 0) <= atFirst, `${seen.at(-1)} descriptors, ${atFirst} at first`);
});

test('a killed receiver: its objects go to the next match with the message', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    await busbar.join(bus, { label: 'r' });
    tell('joined');
    setInterval(() => undefined, 1000);
  });
  await program.next();
  const sender = await joined(t, bus);
  const object = openFile(t, 'survives');
  for (let i = 0; i < 20; i++) sender.send('r', i, { objects: [object] });
  object.close();
  const heir = await joined(t, bus, { label: 'r' });
  await program.kill();
  for (let i = 0; i < 20; i++) {
    const message = await heir.recv();
    t.is(message.payload, i);
    fstatSync(message.objects[0]?.fd ?? -1);
    message.close();
  }
});

test('at the descriptor limit a message is reported, not delivered without its objects', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
    const { openSync, closeSync } = await import('node:fs');
    const endpoint = await busbar.join(bus, { label: 'r' });
    endpoint.on('rejected', ({ error, type }) => tell({ rejected: error.code, type }));
    endpoint.on('message', (message) =>
      tell({ payload: message.payload, objects: message.objects.length }),
    );
    tell('joined');
    await told();
    // All descriptors that this process may open, except one.
    const taken: number[] = [];
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      closeSync(taken.pop() as number);
    }
    tell('full');
    await told();
    for (const fd of taken) closeSync(fd);
    tell('free');
  });
  await program.next();
  const sender = await joined(t, bus);
  const object = openFile(t);
  sender.send('r', 'link', { objects: [object] });
  t.deepEqual(await program.next(), { payload: 'link', objects: 1 });
  program.say('fill');
  t.is(await program.next(), 'full');
  sender.send('r', 'too many', { objects: Array(10).fill(object) });
  t.deepEqual(await program.next(), { rejected: 'ERR_BUSBAR_OUT_OF_DESCRIPTORS', type: 'plain' });
  program.say('empty');
  t.is(await program.next(), 'free');
  sender.send('r', 'again', { objects: Array(10).fill(object) });
  t.deepEqual(await program.next(), { payload: 'again', objects: 10 });
});

test('a message with objects that still waits when its endpoint closes is given up and reported', async (t) => {
  const bus = newBus();
  await joined(t, bus, { label: 'controller' });
  const { join } = await import('busbar');
  const sender = await join(bus);
  sender.send('nobody', 'bytes', { ttl: 60_000 });
  sender.send('nobody', 'object', { ttl: 60_000, objects: [openFile(t)] });
  await t.throwsAsync(sender.close(), { code: 'ERR_BUSBAR_UNDELIVERED', message: /1 message/ });
});

test('a memfd, an eventfd, a pipe and a socket pair arrive usable', async (t) => {
  const bus = newBus();
  const receiving = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const { once } = (await import('node:events')).EventEmitter;
    const { readSync } = await import('node:fs');
    const endpoint = await busbar.join(bus, { label: 'receiving' });
    tell('joined');
    const { objects } = await endpoint.recv();
    const [memory, event, pipe, socket] = objects as unknown as [
      { fd: number },
      { fd: number },
      { toReadStream(): NodeJS.ReadableStream },
      { toSocket(): import('node:net').Socket },
    ];
    const buffer = Buffer.alloc(64);
    const content = buffer.toString('utf8', 0, readSync(memory.fd, buffer, 0, 64, 0));
    readSync(event.fd, buffer, 0, 8, null);
    const count = Number(buffer.readBigUInt64LE());
    const [piped] = await once(pipe.toReadStream(), 'data');
    const duplex = socket.toSocket();
    duplex.write('from the receiver');
    const [answer] = await once(duplex, 'data');
    tell({ content, count, piped: String(piped), answer: String(answer) });
    duplex.destroy();
    await endpoint.close();
  });
  await receiving.next();
  const sending = inProcessWithDescriptors(t, bus, async ({ busbar, bus, tell }) => {
    const { once } = (await import('node:events')).EventEmitter;
    const { writeSync } = await import('node:fs');
    const endpoint = await busbar.join(bus);
    const objects = [60, 61, 62, 64].map((fd) =>
      busbar.KernelObject.fromFd(fd, { takeOver: true }),
    );
    const near = busbar.KernelObject.fromFd(65, { takeOver: true }).toSocket();
    await endpoint.deliver('receiving', 'all', { objects });
    for (const object of objects) object.close();
    writeSync(63, 'through the pipe');
    const [heard] = await once(near, 'data');
    near.end('from the sender');
    tell(String(heard));
    await endpoint.close();
  });
  t.is(await sending.next(), 'from the receiver');
  t.deepEqual(await receiving.next(), {
    content: 'in memory',
    count: 5,
    piped: 'through the pipe',
    answer: 'from the sender',
  });
});

test.serial('a million objects leave none behind', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const { readdirSync } = await import('node:fs');
    const endpoint = await busbar.join(bus, { label: 'counting' });
    tell('joined');
    let objects = 0;
    endpoint.on('message', (message) => {
      objects += message.objects.length;
      message.close();
      if (message.payload !== undefined)
        tell({ objects, open: readdirSync('/proc/self/fd').length });
    });
  });
  await program.next();
  const endpoint = await joined(t, bus);
  const object = openFile(t);
  const each = Array<KernelObject>(50).fill(object);
  await sendWithRoom(endpoint, 'counting', 'begin', []);
  const { open } = await program.next<{ open: number }>();
  const ours = descriptors();
  for (let sent = 0; sent < 1_000_000; sent += each.length) {
    await sendWithRoom(endpoint, 'counting', undefined, each);
  }
  await sendWithRoom(endpoint, 'counting', 'end', []);
  t.deepEqual(await program.next(), { objects: 1_000_000, open });
  await endpoint.deliver('counting', 'settled');
  t.true(descriptors() <= ours);
});
