// KernelObject by itself: what it owns, what it gives away, what it refuses. Every descriptor is a real one.
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join as joinPath } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { KernelObject } from 'busbar';
import { temporaryFolder } from './support/temporary-folder.js';

const descriptors = () => readdirSync('/proc/self/fd').length;

async function fileWith(t: ExecutionContext, text: string): Promise<string> {
  const path = joinPath(temporaryFolder(t), 'file');
  await writeFile(path, text);
  return path;
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

test.serial('fromFd duplicates, and leaves the original to its owner', async (t) => {
  const fd = openSync(await fileWith(t, 'hello'), 'r');
  const object = KernelObject.fromFd(fd);
  t.not(object.fd, fd);
  closeSync(fd);
  const buffer = Buffer.alloc(5);
  t.is(readSync(object.fd, buffer, 0, 5, 0), 5);
  t.is(buffer.toString(), 'hello');
  const own = object.fd;
  object.close();
  object.close();
  t.false(isOpen(own));
  t.true(object.closed);
});

test.serial('fromFd takes over by option, and take() gives away', async (t) => {
  const fd = openSync(await fileWith(t, ''), 'r');
  const object = KernelObject.fromFd(fd, { takeOver: true });
  t.is(object.fd, fd);
  t.is(object.take(), fd);
  object.close();
  t.true(isOpen(fd), 'close() after take() closed what is no longer its own');
  closeSync(fd);
});

test.serial('a closed or taken object says so', async (t) => {
  const object = KernelObject.fromFd(openSync(await fileWith(t, ''), 'r'), { takeOver: true });
  object[Symbol.dispose]();
  for (const use of [
    () => object.fd,
    () => object.take(),
    () => object.duplicate(),
    () => object.toSocket(),
    () => object.toReadStream(),
    () => object.toListenOptions(),
  ]) {
    t.is(t.throws(use)?.message, 'the kernel object was closed, or its descriptor was taken');
  }
});

test.serial('what is no open descriptor is refused', (t) => {
  for (const bad of [-1, 1.5, Number.NaN, 2 ** 31, '3', undefined, null]) {
    t.throws(() => KernelObject.fromFd(bad as number), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  }
  const unused = 1_000_000;
  t.throws(() => KernelObject.fromFd(unused), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  t.throws(() => KernelObject.fromFd(unused, { takeOver: true }), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
  for (const bad of [undefined, {}, createServer(), new (class FileHandle {})()]) {
    t.throws(() => KernelObject.from(bad as never), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  }
  t.throws(() => KernelObject.fromFd(0, { takeover: true } as never), { message: /takeOver/ });
});

test.serial('a FileHandle, and streams over a file', async (t) => {
  const path = await fileWith(t, 'from a handle');
  const handle = await open(path, 'r+');
  const object = KernelObject.from(handle);
  await handle.close();
  const second = object.duplicate();
  const chunks: Buffer[] = [];
  for await (const chunk of object.toReadStream({ start: 5 })) chunks.push(chunk as Buffer);
  t.is(Buffer.concat(chunks).toString(), 'a handle');
  t.true(object.closed);
  const stream = second.toWriteStream({ start: 0 });
  stream.end('FROM');
  await once(stream, 'close');
  t.is(await readFile(path, 'utf8'), 'FROM a handle');
});

test.serial('a listening server goes on accepting in another one', async (t) => {
  const first = createServer((socket) => socket.end('first'));
  await once(first.listen(0, '127.0.0.1'), 'listening');
  const { port } = first.address() as AddressInfo;
  const object = KernelObject.from(first);
  await once(first.close(), 'close');
  // Between the two, connections wait in the kernel.
  const early = connect(port, '127.0.0.1');
  const second = createServer((socket) => socket.end('second'));
  await once(second.listen(object.toListenOptions()), 'listening');
  for (const socket of [early, connect(port, '127.0.0.1')]) {
    const [answer] = (await once(socket, 'data')) as [Buffer];
    t.is(answer.toString(), 'second');
    socket.destroy();
  }
  await once(second.close(), 'close');
});

test.serial('a connected socket goes on in another one', async (t) => {
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const object = KernelObject.from(accepted);
  accepted.destroy();
  const taken = object.toSocket();
  t.true(object.closed);
  client.write('ping');
  t.is(((await once(taken, 'data')) as [Buffer])[0].toString(), 'ping');
  taken.end('pong');
  t.is(((await once(client, 'data')) as [Buffer])[0].toString(), 'pong');
  client.destroy();
  await once(server.close(), 'close');
});

test.serial('a thousand rounds leave no descriptor behind', async (t) => {
  const fd = openSync(await fileWith(t, ''), 'r');
  t.teardown(() => closeSync(fd));
  const before = descriptors();
  for (let round = 0; round < 1000; round++) {
    const object = KernelObject.fromFd(fd);
    const second = object.duplicate();
    closeSync(second.take());
    object.close();
    second.close();
  }
  t.is(descriptors(), before);
});
