// Streams over HTTP: lines and events, resuming, properties, signals, messages, and slow readers.
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { join, messageBox, messagePack } from 'busbar';
import { serve } from 'busbar/rpc';
import { keepAlive } from '../../support/keep-alive.js';
import { Thermostat, thermostat, values } from './support/interface.js';
import { Events, Lines, type SentEvent } from './support/reading.js';
import { refusalOf, type Served, servedGateway } from './support/served.js';

keepAlive(test);

const at = '/call/com.example.thermostat/1';
const events = { accept: 'text/event-stream' };

test('items are lines, and the result is the last', async (t) => {
  const { call } = await servedGateway(t);
  const answer = await call('history', { count: 1000 });
  t.is(answer.headers.get('content-type'), 'application/x-ndjson');
  const lines = await new Lines(answer).all();
  t.is(lines.length, 1001);
  t.deepEqual(lines[999], { item: { n: 999 } });
  t.deepEqual(lines[1000], { result: 1000 });
  t.deepEqual(await new Lines(await call('history', { count: 0 })).all(), [{ result: 0 }]);
});

test('an error ends a stream, and an early one has its status', async (t) => {
  const { call } = await servedGateway(t);
  t.deepEqual(await new Lines(await call('breaks')).all(), [
    { item: 1 },
    { error: { code: 'Broken', message: 'Broken', data: { part: 'valve' } } },
  ]);
  const nobody = { 'busbar-to': 'spare', 'busbar-timeout': '1' };
  t.is(await refusalOf(call('history', { count: 1 }, nobody)), '503 NO_RECIPIENT');
  t.is(await refusalOf(call('history', { count: -1 })), '400 INVALID_ARGUMENT');
  t.is(
    await refusalOf(call('history', { count: 1 }, { accept: 'text/html' })),
    '406 NOT_ACCEPTABLE',
  );
});

test('a reader that leaves ends the stream at the server', async (t) => {
  const { call, told } = await servedGateway(t);
  const lines = new Lines(await call('drip'));
  t.deepEqual(await lines.next(), { item: 1 });
  await lines.cancel();
  await told('aborted drip');
});

async function readEvents(reader: Events, count: number): Promise<SentEvent[]> {
  const found: SentEvent[] = [];
  while (found.length < count) {
    const event = await reader.next();
    if (event === undefined) break;
    found.push(event);
  }
  return found;
}

test('events have ids, and end with the result', async (t) => {
  const { request } = await servedGateway(t);
  const answer = await request(`${at}/history?args={"count":3}`, { headers: events });
  t.is(answer.headers.get('content-type'), 'text/event-stream');
  t.is(answer.headers.get('x-accel-buffering'), 'no');
  const all = await readEvents(new Events(answer), 10);
  t.deepEqual(
    all.map(({ event, data }) => [event, data]),
    [
      ['message', { n: 0 }],
      ['message', { n: 1 }],
      ['message', { n: 2 }],
      ['end', 3],
    ],
  );
  t.is(new Set(all.map(({ id }) => id)).size, 4);
  // It had everything.
  const again = await request(`${at}/history?args={"count":3}`, {
    headers: { ...events, 'last-event-id': all[3]?.id ?? '' },
  });
  t.is(again.status, 204);
});

test('a stream that was cut off goes on with the next item, again and again', async (t) => {
  const { request } = await servedGateway(t);
  const url = `${at}/history?args={"count":3000}`;
  const seen: unknown[] = [];
  let last: string | undefined;
  for (let round = 0; ; round++) {
    const headers = last === undefined ? events : { ...events, 'last-event-id': last };
    const reader = new Events(await request(url, { headers }));
    const some = await readEvents(reader, 100);
    for (const { event, data, id } of some) {
      if (event === 'message') seen.push((data as { n: number }).n);
      last = id;
    }
    if (some.at(-1)?.event === 'end') break;
    await reader.cancel();
    t.true(round < 31);
  }
  t.deepEqual(
    seen,
    Array.from({ length: 3000 }, (_, n) => n),
  );
});

test('a stream belongs to its token, its method and its last events', async (t) => {
  const other = 'b'.repeat(32);
  const { request } = await servedGateway(t, {
    token: [{ token: 'a'.repeat(32) }, { token: other }],
    limits: { resumeBytes: 1 },
  });
  const reader = new Events(
    await request(`${at}/history?args={"count":3000}`, { headers: events }),
  );
  const [first] = await readEvents(reader, 1000);
  const resumed = (path: string, id: string, headers: Record<string, string> = {}) =>
    request(`${at}/${path}`, { headers: { ...events, 'last-event-id': id, ...headers } });
  const id = first?.id ?? '';
  const lost = '410 RESUME_LOST';
  t.is(await refusalOf(resumed('history?args={"count":3000}', id)), lost);
  t.is(await refusalOf(resumed('history?args={"count":3000}', id.replace(/\d+$/, '99999'))), lost);
  t.is(await refusalOf(resumed('history?args={"count":3000}', `${'x'.repeat(32)}.1`)), lost);
  t.is(await refusalOf(resumed('history?args={"count":3000}', 'x')), lost);
  t.is(await refusalOf(resumed('drip', id)), lost);
  t.is(
    await refusalOf(
      resumed('history?args={"count":3000}', id, { authorization: `Bearer ${other}` }),
    ),
    lost,
  );
  await reader.cancel();
});

test('a stream that nobody comes back to is ended, and counts until then', async (t) => {
  const { request, told } = await servedGateway(t, { limits: { resumeTime: 50, streams: 1 } });
  const reader = new Events(await request(`${at}/drip`, { headers: events }));
  t.deepEqual((await reader.next())?.data, 1);
  t.is(await refusalOf(request(`${at}/drip`, { headers: events })), '429 TOO_MANY');
  await reader.cancel();
  await told('aborted drip');
  const next = new Events(await request(`${at}/drip`, { headers: events }));
  t.deepEqual((await next.next())?.data, 1);
  await next.cancel();
});

test('a ticket opens one address, also again for its stream, and nothing else', async (t) => {
  const { request, gateway } = await servedGateway(t, { limits: { tickets: 2 } });
  const url = `${at}/history?args={"count":3}`;
  const ask = (address: string) =>
    request('/ticket', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: address }),
    });
  const made = (await (await ask(url)).json()) as { readonly url: string; readonly ticket: string };
  const bare = (address: string, headers = {}) =>
    fetch(`${gateway.url}${address}`, { headers: { ...events, ...headers } });
  const reader = new Events(await bare(made.url));
  const [first, second] = await readEvents(reader, 2);
  t.deepEqual(first?.data, { n: 0 });
  await reader.cancel();
  const again = new Events(await bare(made.url, { 'last-event-id': second?.id ?? '' }));
  t.deepEqual((await again.next())?.data, { n: 2 });
  await again.cancel();
  const refused = '401 UNAUTHENTICATED';
  t.is(await refusalOf(bare(`/describe?ticket=${made.ticket}`)), refused);
  t.is(await refusalOf(bare(`${url.replace('3', '4')}&ticket=${made.ticket}`)), refused);
  t.is(await refusalOf(bare(`${url}&ticket=${'x'.repeat(32)}`)), refused);
  const post = fetch(`${gateway.url}${made.url}`, { method: 'POST' });
  t.is(await refusalOf(post), refused);
  t.is((await ask('/describe')).status, 200);
  t.is(await refusalOf(ask('/describe')), '429 TOO_MANY');
  t.is(await refusalOf(ask('http://evil.example/')), '400 BAD_REQUEST');
});

test('a property has its version as its tag, and is set by those who know it', async (t) => {
  const { request, service } = await servedGateway(t);
  const url = '/property/com.example.thermostat/1/target';
  const put = (body: unknown, headers: Record<string, string> = {}) =>
    request(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const first = await request(url);
  const etag = first.headers.get('etag') ?? '';
  t.is(await first.json(), 20);
  t.is((await request(url, { headers: { 'if-none-match': etag } })).status, 304);
  const set = await put(21, { 'if-match': etag });
  t.is(set.status, 204);
  t.is(service.target, 21);
  t.is(await refusalOf(put(22, { 'if-match': etag })), '412 CONFLICT');
  t.is((await put(23)).status, 204);
  t.is((await put(24, { 'if-match': '*' })).status, 204);
  const now = await request(url, { headers: { 'if-none-match': etag } });
  t.is(await now.json(), 24);
  t.is(await refusalOf(put('warm')), '400 INVALID_ARGUMENT');
  t.is(await refusalOf(put(1, { 'if-match': 'W/"1"' })), '400 BAD_REQUEST');
  const serial = '/property/com.example.thermostat/1/serial';
  t.is(await (await request(serial)).json(), 'x1');
  const read = request(serial, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '"x2"',
  });
  t.is(await refusalOf(read), '405 METHOD_NOT_ALLOWED');
  t.is(await refusalOf(request('/property/com.example.thermostat/1/add')), '404 NOT_FOUND');
});

test('a property is watched, over the death of its server', async (t) => {
  const { request, service, bus } = await servedGateway(t);
  const answer = await request('/property/com.example.thermostat/1/target', { headers: events });
  const reader = new Events(answer);
  const first = await reader.next();
  t.like(first?.data, { value: 20 });
  service.target = 25;
  t.like((await reader.next())?.data, { value: 25 });
  await service.close({ linger: 0 });
  t.deepEqual((await reader.next())?.data, { stale: true });
  const next = await serve(bus, Thermostat, thermostat(), values);
  t.teardown(() => next.close({ linger: 0 }));
  t.like((await reader.next())?.data, { value: 20 });
  await reader.cancel();
});

test('several properties and signals in one answer', async (t) => {
  const { request, service } = await servedGateway(t);
  const target = 'com.example.thermostat/1/target';
  const hot = 'com.example.thermostat/1/overheated';
  const lines = new Lines(await request(`/events?of=${target}&of=${hot}`));
  t.like(await lines.next(), { of: target, value: 20 });
  const emitting = emitUntilSeen(service);
  t.deepEqual(await lines.next(), { of: hot, signal: { celsius: 91 } });
  emitting.stop();
  service.target = 19;
  for (;;) {
    const line = (await lines.next()) as { readonly of: string; readonly value?: number };
    if (line.of === hot) continue;
    t.like(line, { of: target, value: 19 });
    break;
  }
  await lines.cancel();
  const one = new Events(
    await request('/signal/com.example.thermostat/1/overheated', { headers: events }),
  );
  const again = emitUntilSeen(service);
  t.deepEqual((await one.next())?.data, { signal: { celsius: 91 } });
  again.stop();
  await one.cancel();
  t.is(await refusalOf(request('/events')), '400 BAD_REQUEST');
  t.is(await refusalOf(request('/events?of=x')), '404 NOT_FOUND');
  t.is(await refusalOf(request('/events?of=com.example.thermostat/1/add')), '404 NOT_FOUND');
  t.is(await refusalOf(request('/signal/com.example.thermostat/1/target')), '404 NOT_FOUND');
});

/** Emits again and again: nothing tells a server's program that somebody has subscribed. */
function emitUntilSeen({ emit }: Served['service']): { stop(): void } {
  const timer = setInterval(() => emit.overheated({ celsius: 91 }), 10);
  return { stop: () => clearInterval(timer) };
}

test('messages are sent, of the types that are let through', async (t) => {
  const { request, bus } = await servedGateway(t, { send: ['com.example.move'] });
  const box = messageBox({ move: messagePack<{ x: number }>('com.example.move') });
  const moon = await join(bus, { label: 'moon', messages: box });
  t.teardown(() => moon.close());
  const send = (path: string, body: unknown) =>
    request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const sent = send('/send/com.example.move?to=moon', { x: 1 });
  const { payload } = await moon.recv();
  t.deepEqual(payload, { x: 1 });
  t.deepEqual(await (await sent).json(), { receivers: 1 });
  t.is(await refusalOf(send('/send/com.example.move?to=mars', { x: 1 })), '503 UNAVAILABLE');
  t.is(await refusalOf(send('/send/com.example.move?to=((', { x: 1 })), '400 BAD_REQUEST');
  t.is(await refusalOf(send('/send/com.example.stay?to=moon', { x: 1 })), '403 FORBIDDEN');
  const call = send('/send/com.example.secret/1.tell?to=anyone', {});
  t.is(await refusalOf(call), '403 FORBIDDEN');
});

/** A reader that asks for a stream and takes nothing of it. */
function stuckReader(t: ExecutionContext, { gateway }: Served): void {
  const socket = connect(gateway.port ?? 0, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  const head = `host: localhost\r\nauthorization: Bearer ${gateway.token}\r\naccept: text/event-stream`;
  socket.write(`GET ${at}/flood HTTP/1.1\r\n${head}\r\n\r\n`);
}

test('a reader that takes nothing stops its stream, holds little, and is cut off', async (t) => {
  const served = await servedGateway(t, { limits: { stalledTime: 300, resumeTime: 0 } });
  const { news } = served;
  stuckReader(t, served);
  await served.told('flood 0');
  t.is(await (await served.call('add', { a: 1, b: 2 })).json(), 3);
  let before = -1;
  while (news.length !== before) {
    before = news.length;
    await served.call('add', { a: 1, b: 2 });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.true(news.length < 400, `${news.length} items of 64 KiB`);
});
