// KernelObject by itself: what it owns, gives away and refuses. Every descriptor is a real one.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { join as joinPath } from 'node:path';
import { TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { KernelObject } from 'busbar';
import { inProcess, type Source } from './support/program.js';
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
  // In between, connections wait in the kernel.
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

const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');

test.serial('pipes of Node are written and read by streams, whole', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  // These are sockets where Node's pipes can be sent.
  const [stdin, stdout] = [child.stdin as Socket, child.stdout as Socket];
  const [input, output] = [KernelObject.from(stdin), KernelObject.from(stdout)];
  child.stdin.destroy();
  const bytes = Buffer.alloc(1_000_000, 'some bytes and more of them ');
  const chunks: Buffer[] = [];
  const reader = output.toReadStream();
  child.stdout.destroy();
  input.toWriteStream().end(bytes);
  for await (const chunk of reader) chunks.push(chunk as Buffer);
  t.is(sha1(Buffer.concat(chunks)), sha1(bytes));
  t.true(input.closed && output.closed);
});

function fifo(t: ExecutionContext): string {
  const path = joinPath(temporaryFolder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

test.serial('a FIFO has no positions', (t) => {
  const object = KernelObject.fromFd(openSync(fifo(t), 'r+'), { takeOver: true });
  const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT', message: /of a pipe or socket/ };
  t.throws(() => object.toReadStream({ start: 1 }), invalid);
  t.throws(() => object.toReadStream({ end: 1 }), invalid);
  t.throws(() => object.toWriteStream({ start: 0 }), invalid);
  t.false(object.closed);
  object.close();
});

/** Reads a pipe without a writer, and ends. */
const leaving: Source = async ({ busbar, tell, told }) => {
  const { openSync } = await import('node:fs');
  const { setImmediate } = await import('node:timers/promises');
  const fd = openSync((await told()) as string, 'r+');
  busbar.KernelObject.fromFd(fd).toReadStream().resume();
  await setImmediate();
  tell('reading');
  await told();
  process.exit(7);
};

test.serial('a silent pipe does not hold up the end of its reader', async (t) => {
  const program = inProcess(t, '', leaving);
  program.say(fifo(t));
  t.is(await program.next(), 'reading');
  program.say('leave');
  t.is((await program.ended)[0], 7);
});

test.serial('a socket that is more than its descriptor is refused', async (t) => {
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    client.destroy();
    accepted.destroy();
    server.close();
  });
  const invalid = (message: RegExp) => ({ code: 'ERR_BUSBAR_INVALID_ARGUMENT', message });
  accepted.write('unread');
  await once(client, 'readable');
  t.throws(() => KernelObject.from(client), invalid(/6 bytes that were already read/));
  t.is(client.read().toString(), 'unread');
  KernelObject.from(client).close();
  while (client.write(Buffer.alloc(1 << 20)));
  t.throws(() => KernelObject.from(client), invalid(/bytes still to be written/));
  const encrypted = new TLSSocket(new Socket());
  t.throws(() => KernelObject.from(encrypted), invalid(/TLSSocket/));
  encrypted.destroy();
});

/** A worker of a cluster, whose servers listen through the primary. */
const worker: Source = async ({ busbar, tell }) => {
  const { once } = (await import('node:events')).default;
  const { createServer } = await import('node:net');
  const { default: cluster } = await import('node:cluster');
  if (cluster.isPrimary) {
    const forked = cluster.fork();
    forked.on('message', (news: unknown) => {
      if (Array.isArray(news)) {
        tell(news);
        forked.kill();
      }
    });
    return;
  }
  const texts: string[] = [];
  for (const exclusive of [false, true]) {
    const server = createServer();
    await once(server.listen({ port: 0, host: '127.0.0.1', exclusive }), 'listening');
    try {
      busbar.KernelObject.from(server).close();
      texts.push('taken');
    } catch (error) {
      texts.push((error as Error).message);
    }
    server.close();
  }
  process.send?.(texts);
};

test.serial('a server of a cluster worker is refused with advice on clusters', async (t) => {
  const program = inProcess(t, '', worker);
  const [shared, exclusive] = (await program.next()) as [string, string];
  t.regex(shared, /cluster/);
  t.is(exclusive, 'taken');
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
