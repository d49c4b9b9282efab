// Wires from a client in C++ (test/c/wire_client.cpp), and what a server in C++ refuses.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { connectWire, unixSocket } from 'busbar/wire';
import { cppBuilds, cppProgram } from '../../support/cpp-builds.js';
import { keepAlive } from '../../support/keep-alive.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { Conformance } from '../conformance/interface.js';
import { ServerProgram } from '../conformance/place.js';
import { onWire } from '../conformance/wire-place.js';

keepAlive(test);

/** A server in C++ at a Unix socket. */
async function serving(t: ExecutionContext, compiler: string) {
  const path = `${temporaryFolder(t)}/wire`;
  const start = { name: 'one', place: { wire: 'unix', path, options: {} }, options: {} };
  const program = cppProgram(compiler, 'conformance_server.cpp');
  const child = spawn(program, [JSON.stringify(start)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const server = new ServerProgram(child);
  await server.heard('serving');
  return { path, server };
}

const framed = (bytes: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const hello = (content: string, version = 1, magic = 'BBWR') =>
  framed(Buffer.from([4, ...Buffer.from(magic), version, ...Buffer.from(content)]));
const greeting = hello('{"limits":{"frameBytes":65536},"offers":[]}');

/** Says this to a server; resolves with the code in its last words, if there are any. */
async function refusalOf(path: string, parts: readonly Uint8Array[]): Promise<string | undefined> {
  const socket = connectSocket(path);
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return /\{"code":"(\w+)"/.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
}

for (const compiler of cppBuilds) {
  test(`a client in C++ calls, streams, and hears of the death of its server (${compiler})`, async (t) => {
    const place = onWire(t, 'unix', { token: 'swordfish' });
    const server = await place.server();
    const client = spawn(cppProgram(compiler, 'wire_client.cpp'), [place.path, 'swordfish'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => client.kill('SIGKILL'));
    const lines: string[] = [];
    const read = (async () => {
      for await (const line of createInterface({ input: client.stdout })) lines.push(line);
    })();
    await server.heard('held a');
    await server.kill();
    await read;
    t.deepEqual(lines, [
      'token 5',
      'nobody 22',
      'add 3.000000',
      'big 3000000',
      'fail TooBig',
      'attachment UNSUPPORTED_ATTACHMENT',
      'stream 12497500',
      'deadline DEADLINE',
      'level 1',
      'to INVALID_ARGUMENT',
      'gone PEER_GONE',
      'closed CLOSED',
    ]);
  });

  test(`whatever breaks the protocol ends its wire and no other (${compiler})`, async (t) => {
    const { path } = await serving(t, compiler);
    const client = await connectWire(unixSocket(path), Conformance);
    t.teardown(() => client.close());
    const message = Buffer.alloc(36);
    message[0] = 1;
    const wrong: readonly (readonly [string, readonly Uint8Array[]])[] = [
      ['NOT_A_WIRE', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
      ['NOT_A_WIRE', [hello('{}', 1, 'BBWX')]],
      ['WIRE_VERSION', [hello('{}', 0)]],
      ['NOT_A_WIRE', [hello('{}')]],
      ['NOT_A_WIRE', [hello('{"limits":{"frameBytes":65536},"offers":7}')]],
      ['NOT_A_WIRE', [hello('['.repeat(60_000))]],
      ['FRAME_TOO_LARGE', [greeting, Buffer.from([255, 255, 255, 255])]],
      ['FRAME_MALFORMED', [greeting, Buffer.from([0, 0, 0, 0])]],
      ['FRAME_MALFORMED', [greeting, framed(Buffer.from([42]))]],
      ['FRAME_MALFORMED', [greeting, framed(Buffer.from([1, 255]))]],
      ['FRAME_MALFORMED', [greeting, framed(Buffer.from([3]))]],
      ['FRAME_MALFORMED', [greeting, framed(message)]],
    ];
    for (const [code, parts] of wrong) t.is(await refusalOf(path, parts), code);
    t.is(await client.add({ a: 1, b: 2 }), 3);
  });

  test(`noise ends its wire and nothing else (${compiler})`, async (t) => {
    const { path } = await serving(t, compiler);
    const client = await connectWire(unixSocket(path), Conformance);
    t.teardown(() => client.close());
    const call = Buffer.alloc(40);
    call[0] = 1;
    call[4] = 1;
    const sound = Buffer.concat([greeting, framed(call)]);
    let state = 22;
    const chance = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state % below;
    };
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(sound);
      for (let count = 1 + chance(8); count > 0; count--) bytes[chance(bytes.length)] = chance(256);
      const socket = connectSocket(path);
      socket.on('error', () => undefined);
      socket.end(bytes);
      await text(socket).catch(() => '');
    }
    t.is(await client.add({ a: 1, b: 2 }), 3);
  });
}

test('every compiler that CI has was used', (t) => {
  t.true(process.platform !== 'linux' || cppBuilds.length > 0);
});
