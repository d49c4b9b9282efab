// What wires do beside carrying calls: both directions, connecting again, silence, closing, room.
import { Duplex } from 'node:stream';
import test from 'ava';
import { connectWire, serveWire, spawnWire, stdio, tcp, unixSocket } from 'busbar/wire';
import { keepAlive } from '../../support/keep-alive.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { turnsUntil } from '../../support/waiting.js';
import { Line } from './support/duplex-pair.js';
import { Caller, Counter, counter, values } from './support/interface.js';

keepAlive(test);

test('both sides of a wire can call', async (t) => {
  const [here, there] = new Line().ends;
  const service = await serveWire(there, Counter, counter(), values);
  const client = await connectWire(here, Counter);
  const mine = await serveWire(here, Caller, { name: () => 'me' });
  t.is(await client.back(), 'me');
  const calling = await connectWire(there, Caller);
  t.is(await calling.name(), 'me');
  await mine.close();
  // Sent after it, and so the other side knows.
  await client.add({ a: 1, b: 1 });
  await t.throwsAsync(calling.name({ timeout: 20 }), { code: 'NO_RECIPIENT' });
  await client.close();
  await calling.close();
  await service.close();
});

test('a method calls back its own caller, not another one', async (t) => {
  const listener = tcp.listen({ port: 0 });
  const service = await serveWire(listener, Counter, counter(), values);
  const clients = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const address = tcp({ port: listener.port ?? 0 });
      const client = await connectWire(address, Counter);
      await serveWire(address, Caller, { name: () => name });
      return client;
    }),
  );
  for (let round = 0; round < 10; round++) {
    t.deepEqual(await Promise.all(clients.map((client) => client.back())), ['a', 'b']);
  }
  await service.close();
  await Promise.all(clients.map((client) => client.close()));
});

test('a side that only answers makes no calls', async (t) => {
  const [here, there] = new Line().ends;
  const service = await serveWire(there, Counter, counter(), { ...values, answerOnly: true });
  const client = await connectWire(here, Counter);
  await serveWire(here, Caller, { name: () => 'me' });
  await t.throwsAsync(client.back({ timeout: 50 }), { code: 'DEADLINE' });
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await service.close();
  await client.close();
});

test('every piece of bytes may be as small as it likes', async (t) => {
  const [here, there] = new Line({ pieces: 1 }).ends;
  const service = await serveWire(there, Counter, counter(), values);
  const client = await connectWire(here, Counter);
  t.is(await client.echo({ value: 'x'.repeat(5000) }), 'x'.repeat(5000));
  await client.close();
  await service.close();
});

test('an address is connected to again: watches go on, calls do not', async (t) => {
  const path = `${temporaryFolder(t)}/wire`;
  const serve = (level: number) =>
    serveWire(unixSocket.listen(path), Counter, counter(), { properties: { level } });
  let service = await serve(1);
  const client = await connectWire(unixSocket(path), Counter, { reconnect: true });
  const levels: number[] = [];
  let heard: () => void = () => undefined;
  client.level.on('change', (level) => {
    levels.push(level);
    heard();
  });
  const seen = (level: number) =>
    new Promise<void>((resolve) => {
      heard = () => levels.includes(level) && resolve();
      heard();
    });
  await seen(1);
  const held = t.throwsAsync(client.hold({ key: 'a' }));
  await client.add({ a: 1, b: 1 });
  await service.close({ linger: 0 });
  await held;
  // Made while there is no wire: it waits for the next one.
  const waiting = client.add({ a: 2, b: 2 }, { timeout: 60_000 });
  service = await serve(2);
  t.is(await waiting, 4);
  await seen(2);
  await client.close();
  await service.close();
});

test('who asks for another token does not try for ever', async (t) => {
  const path = `${temporaryFolder(t)}/wire`;
  const serve = (token: string) =>
    serveWire(unixSocket.listen(path), Counter, counter(), { ...values, token });
  let service = await serve('one');
  const options = { token: 'one', reconnect: true } as const;
  const client = await connectWire(unixSocket(path), Counter, options);
  await service.close();
  const waiting = t.throwsAsync(client.add({ a: 1, b: 1 }), { code: 'CLOSED' });
  service = await serve('two');
  const error = await waiting;
  t.is((error.cause as { code?: string }).code, 'WIRE_TOKEN');
  await client.close();
  await service.close();
});

test('an idle peer that is there is asked and stays; one that is silent is let go', async (t) => {
  let deaf = false;
  const line = new Line({ change: (bytes) => (deaf ? new Uint8Array(0) : bytes) });
  const [here, there] = line.ends;
  const service = await serveWire(there, Counter, counter(), { ...values, keepAlive: 10_000 });
  const client = await connectWire(here, Counter, { keepAlive: 20 });
  const before = line.carried;
  // Ping and pong are five bytes each.
  await turnsUntil(() => line.carried >= before + 30);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  deaf = true;
  const error = await t.throwsAsync(client.hold({ key: 'a' }), { code: 'PEER_GONE' });
  t.is((error.cause as { code?: string }).code, 'WIRE_SILENT');
  await client.close();
  await service.close({ linger: 0 });
});

test('a busy wire is not asked', async (t) => {
  const line = new Line();
  const [here, there] = line.ends;
  const service = await serveWire(there, Counter, counter(), values);
  const client = await connectWire(here, Counter, { keepAlive: 30 });
  await client.add({ a: 1, b: 1 });
  const before = line.carried;
  await client.add({ a: 1, b: 1 });
  const each = line.carried - before;
  const from = line.carried;
  let calls = 0;
  const until = performance.now() + 300;
  while (performance.now() < until) {
    await client.add({ a: 1, b: 1 });
    calls++;
  }
  t.is(line.carried - from, calls * each);
  await client.close();
  await service.close();
});

test('closing sends what waits first', async (t) => {
  const [here, there] = new Line().ends;
  const service = await serveWire(there, Counter, counter(), values);
  const client = await connectWire(here, Counter);
  const calls = Array.from({ length: 100 }, (_, a) => client.add({ a, b: 1 }));
  const large = client.bytes({ size: 3_000_000 });
  await calls[0];
  await service.close();
  t.deepEqual(
    await Promise.all(calls),
    calls.map((_, a) => a + 1),
  );
  t.is((await large).length, 3_000_000);
  await client.close();
});

test('while the other side takes nothing, what waits is bounded, and calls wait for room', async (t) => {
  // Takes what is written, one piece at a time, when it is told to.
  const held: (() => void)[] = [];
  let open = true;
  const line = new Line();
  const [here, there] = line.ends;
  const slow = new Duplex({
    read: () => undefined,
    write(chunk: Uint8Array, _encoding, done) {
      const go = () => here.write(chunk, () => done());
      if (open) go();
      else held.push(go);
    },
    destroy: (error, done) => {
      here.destroy();
      done(error);
    },
  });
  here.on('data', (chunk: unknown) => slow.push(chunk));
  here.on('close', () => slow.push(null));
  const service = await serveWire(there, Counter, counter(), values);
  const client = await connectWire(slow, Counter, { limits: { queueBytes: 10_000 } });
  open = false;
  const value = 'x'.repeat(1000);
  const calls = Array.from({ length: 1000 }, () => client.echo({ value }));
  await turnsUntil(() => held.length > 0);
  t.true(slow.writableLength < 40_000, `${slow.writableLength}`);
  open = true;
  for (const go of held.splice(0)) go();
  t.deepEqual(new Set(await Promise.all(calls)), new Set([value]));
  await client.close();
  await service.close();
});

test('a child that spawnWire() started serves over pipes of its own', async (t) => {
  const program = new URL('./support/serving-program.js', import.meta.url).pathname;
  const child = spawnWire(process.execPath, [program]);
  t.teardown(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const client = await connectWire(stdio(child), Counter);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await client.close();
  t.is(await ended, 0);
});

test('a child serves over its standard streams, whatever it prints', async (t) => {
  const { spawn } = await import('node:child_process');
  const program = new URL('./support/serving-program.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, 'prints'], { stdio: ['pipe', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let printed = '';
  child.stderr.on('data', (chunk) => {
    printed += String(chunk);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const client = await connectWire(stdio(child), Counter);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await client.close();
  t.is(await ended, 0);
  t.is(printed, 'to the console\nto the output\n');
});

test('a socket of a process that was killed can be listened at again, one that lives cannot', async (t) => {
  const path = `${temporaryFolder(t)}/wire`;
  const { spawnSync } = await import('node:child_process');
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, path]);
  const service = await serveWire(unixSocket.listen(path), Counter, counter(), values);
  await t.throwsAsync(serveWire(unixSocket.listen(path), Counter, counter(), values), {
    code: 'CANNOT_LISTEN',
  });
  const client = await connectWire(unixSocket(path), Counter);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await client.close();
  await service.close();
});
