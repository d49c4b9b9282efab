// Regions by ticket, wires at the gateway, and the client of an interface over HTTP.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { connectHttp, GatewayRefusedError } from 'busbar/gateway/client';
import { type CallError, isError } from 'busbar/rpc';
import { connectWire, type WireError, webSocket } from 'busbar/wire';
import { WebSocket } from 'ws';
import { keepAlive } from '../../support/keep-alive.js';
import { Secret, Thermostat } from './support/interface.js';
import { refusalOf, type Served, servedGateway } from './support/served.js';

keepAlive(test);

interface Frame {
  readonly frame: { readonly ticket: string; readonly bytes: number };
}

async function frameOf({ call }: Served, bytes: number): Promise<string> {
  const { frame } = (await (await call('frame', { bytes })).json()) as Frame;
  return `/region/${frame.ticket}`;
}

test('a region is fetched once, by its ticket alone', async (t) => {
  const served = await servedGateway(t);
  const path = await frameOf(served, 300_000);
  const answer = await fetch(`${served.gateway.url}${path}`);
  t.is(answer.status, 200);
  t.is(answer.headers.get('content-length'), '300000');
  const bytes = new Uint8Array(await answer.arrayBuffer());
  t.is(bytes.length, 300_000);
  t.true(bytes.every((byte, at) => byte === at % 251));
  t.is(await refusalOf(served.request(path)), '404 NOT_FOUND');
  t.is(await refusalOf(served.request('/region/x')), '404 NOT_FOUND');
  t.is(await refusalOf(served.request('/region')), '404 NOT_FOUND');
});

test('a region is fetched in parts, and given back', async (t) => {
  const served = await servedGateway(t);
  const path = await frameOf(served, 1000);
  const part = async (range: string) => {
    const answer = await served.request(path, { headers: { range } });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return [answer.status, answer.headers.get('content-range'), bytes.length, bytes[0]];
  };
  t.deepEqual(await part('bytes=0-99'), [206, 'bytes 0-99/1000', 100, 0]);
  t.deepEqual(await part('bytes=100-'), [206, 'bytes 100-999/1000', 900, 100]);
  t.deepEqual(await part('bytes=-10'), [206, 'bytes 990-999/1000', 10, 990 % 251]);
  t.deepEqual(await part('bytes=990-5000'), [206, 'bytes 990-999/1000', 10, 990 % 251]);
  t.deepEqual((await part('bytes=1000-')).slice(0, 3), [416, 'bytes */1000', 0]);
  t.deepEqual((await part('bytes=-0')).slice(0, 1), [416]);
  t.is((await served.request(path, { method: 'DELETE' })).status, 204);
  t.is(await refusalOf(served.request(path)), '404 NOT_FOUND');
});

test('regions that nobody fetches are limited', async (t) => {
  const served = await servedGateway(t, { limits: { tickets: 2 } });
  const first = await frameOf(served, 1000);
  await frameOf(served, 1000);
  t.is((await served.call('frame', { bytes: 1000 })).status, 429);
  t.is((await served.request(first)).status, 200);
  t.is((await served.call('frame', { bytes: 1000 })).status, 200);
});

test('wires are taken from those that know the token, and from no other page', async (t) => {
  const { gateway } = await servedGateway(t, { wire: true });
  const address = `ws://127.0.0.1:${gateway.port}/wire`;
  const connected = (token: string, headers: Record<string, string> = {}) => {
    class Socket extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, { headers });
      }
    }
    return connectWire(webSocket(address, { WebSocket: Socket as never }), Thermostat, { token });
  };
  const client = await connected(gateway.token);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  t.is(await client.target.get(), 20);
  await client.close();
  const codeOf = async (promise: Promise<unknown>) =>
    ((await t.throwsAsync(promise)) as unknown as WireError).code;
  t.is(await codeOf(connected('x'.repeat(43))), 'WIRE_TOKEN');
  const foreign = { origin: 'https://evil.example' };
  t.is(await codeOf(connected(gateway.token, foreign)), 'CANNOT_CONNECT');
  t.is(await codeOf(connected(gateway.token, { host: 'evil.example' })), 'CANNOT_CONNECT');
});

test('a client over HTTP is the client of the interface', async (t) => {
  const { gateway, service, told } = await servedGateway(t);
  const client = await connectHttp(gateway.url, Thermostat, { token: gateway.token });
  t.deepEqual(
    Object.keys(client).sort(),
    [...Object.keys(Thermostat.methods), ...Object.keys(Thermostat.properties)].sort(),
  );
  t.is(await client.add({ a: 1, b: 2 }), 3);
  t.is(await client.nothing(), undefined);
  const values = { big: 2n ** 64n - 1n, at: new Date(1e12), raw: Uint8Array.of(1, 255) };
  t.deepEqual(await client.exact(values), values);
  const error = await t.throwsAsync(client.setTarget({ celsius: 31 }));
  t.true(isError(Thermostat, 'OutOfRange', error) && error.data.max === 30);
  t.is(await client.sum({ start: 1 }, [2, 3]), 6);
  const items: number[] = [];
  for await (const { n } of client.history({ count: 3 })) items.push(n);
  t.deepEqual(items, [0, 1, 2]);
  const drip = client.drip();
  t.deepEqual(await drip.next(), { done: false, value: 1 });
  await drip.return();
  await told('aborted drip');
  const broken = await t.throwsAsync(async () => {
    for await (const each of client.breaks()) items.push(each);
  });
  t.true(isError(Thermostat, 'Broken', broken) && broken.data.part === 'valve');
  const { value, version } = await client.target.read();
  t.is(value, 20);
  await client.target.set(21, { ifVersion: version });
  t.is(service.target, 21);
  t.is(await codeOf(client.target.set(22, { ifVersion: version })), 'CONFLICT');
  for await (const each of client.target) {
    if (each === 23) break;
    service.target = 23;
  }
  const heard = new Promise<number>((resolve) => {
    const subscription = client.on('overheated', ({ celsius }) => {
      subscription.close();
      resolve(celsius);
    });
    const timer = setInterval(() => service.emit.overheated({ celsius: 90 }), 10);
    t.teardown(() => clearInterval(timer));
  });
  t.is(await heard, 90);
  await client.close();
  t.is(await codeOf(client.nothing()), 'CLOSED');
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: CallError) => `${error.code}`,
  );
}

test('a client over HTTP has the errors of calls', async (t) => {
  const { gateway } = await servedGateway(t);
  const options = { token: gateway.token };
  const client = await connectHttp(gateway.url, Thermostat, options);
  t.is(await codeOf(client.hold({ key: 'a' }, { timeout: 20 })), 'DEADLINE');
  const stop = new AbortController();
  const held = codeOf(client.hold({ key: 'b' }, { signal: stop.signal }));
  stop.abort();
  t.is(await held, 'CANCELLED');
  t.regex(await codeOf(client.nothing({ to: 'spare', timeout: 100 })), /NO_RECIPIENT|DEADLINE/);
  t.is(await codeOf(client.fail()), 'HANDLER_FAILED');
  t.is(await codeOf(client.add({ a: 'x', b: 1 } as never)), 'INVALID_ARGUMENT');
  t.is(await codeOf(client.frame({ bytes: 1 })), 'UNSUPPORTED_ATTACHMENT');
  const stranger = await connectHttp(gateway.url, Thermostat, { token: 'x'.repeat(43) });
  const refused = await t.throwsAsync(stranger.nothing(), { instanceOf: GatewayRefusedError });
  t.like(refused, { code: 'UNAUTHENTICATED', status: 401, executed: 'no' });
  const other = await connectHttp(gateway.url, Secret, options);
  t.is(await codeOf(other.tell()), 'NOT_FOUND');
  await gateway.close();
  t.is(await codeOf(client.nothing()), 'PEER_GONE');
  await t.throwsAsync(connectHttp('file:///x', Thermostat, options), { message: /expected http/ });
});

test('the client is small', (t) => {
  const folder = fileURLToPath(new URL('../../../dist/layers/gateway/client', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const code = files.map((name) =>
    readFileSync(`${folder}/${name}`, 'utf8')
      .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      .replace(/^\s+/gm, ''),
  );
  // With the names as they are; bundlers make it smaller.
  t.true(gzipSync(code.join('')).length < 4500, `${gzipSync(code.join('')).length} bytes`);
});
