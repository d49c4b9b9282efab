// Calls over HTTP: arguments, results, errors, deadlines, cancellation, and who may call what.

import { request as requestOf } from 'node:http';
import test from 'ava';
import { GatewayError, type GatewayEvent, type GatewayOptions, serveGateway } from 'busbar/gateway';
import { defineInterface, t as types } from 'busbar/interface';
import { serve } from 'busbar/rpc';
import { keepAlive } from '../../support/keep-alive.js';
import { newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { Thermostat, thermostat, values } from './support/interface.js';
import { refusalOf, servedGateway, servingProcess, type Told } from './support/served.js';

keepAlive(test);

test('a call has its result as JSON', async (t) => {
  const { call } = await servedGateway(t);
  const answer = await call('add', { a: 1, b: 2 });
  t.is(answer.status, 200);
  t.is(answer.headers.get('content-type'), 'application/json');
  t.is(answer.headers.get('cache-control'), 'no-store');
  t.is(answer.headers.get('access-control-allow-origin'), null);
  t.is(await answer.json(), 3);
  t.is(await (await call('nothing')).json(), null);
  t.is(await (await call('nothing', {})).json(), null);
});

test('values that JSON lacks are exact', async (t) => {
  const { call } = await servedGateway(t);
  const given = { big: '18446744073709551615', at: '2026-01-02T03:04:05.678Z', raw: 'AAH/' };
  t.deepEqual(await (await call('exact', given)).json(), given);
});

test('errors have a status, a code and whether the call was executed', async (t) => {
  const { call, request } = await servedGateway(t);
  const declared = await call('setTarget', { celsius: 31 });
  t.is(declared.status, 422);
  t.deepEqual(await declared.json(), {
    code: 'OutOfRange',
    message: 'too warm',
    data: { min: 5, max: 30 },
  });
  const failed = await call('fail');
  t.is(failed.status, 500);
  const body = (await failed.json()) as Told;
  t.is(body.code, 'HANDLER_FAILED');
  t.regex(body.message, /the cable is loose/);
  t.false(JSON.stringify(body).includes('.js'));
  t.deepEqual(body.details, { executed: 'yes' });
  t.is(await refusalOf(call('add', { a: 1 })), '400 INVALID_ARGUMENT');
  t.is(await refusalOf(call('add', { a: '1', b: 2 })), '400 INVALID_ARGUMENT');
  t.is(await refusalOf(call('nothing', { a: 1 })), '400 BAD_REQUEST');
  t.is(await refusalOf(call('unknown', {})), '404 NOT_FOUND');
  t.is(await refusalOf(call('toString', {})), '404 NOT_FOUND');
  t.is(await refusalOf(call('target', {})), '404 NOT_FOUND');
  t.is(await refusalOf(call('close', {})), '404 NOT_FOUND');
  t.is(await refusalOf(call('hold', { key: 'a' }, { 'busbar-timeout': '20' })), '504 DEADLINE');
  const nobody = { 'busbar-to': 'spare', 'busbar-timeout': '20' };
  t.is(await refusalOf(call('add', { a: 1, b: 2 }, nobody)), '503 NO_RECIPIENT');
  t.is(await refusalOf(call('add', { a: 1, b: 2 }, { 'busbar-to': '((' })), '400 BAD_REQUEST');
  t.is(await refusalOf(call('add', {}, { 'busbar-timeout': '-1' })), '400 BAD_REQUEST');
  t.is(await refusalOf(request('/elsewhere')), '404 NOT_FOUND');
  t.is(await refusalOf(request('/call/com.example.thermostat/1')), '404 NOT_FOUND');
  t.is(await refusalOf(request('/send/x')), '405 METHOD_NOT_ALLOWED');
});

test('the text of undeclared errors can be withheld', async (t) => {
  const { call } = await servedGateway(t, { errorMessages: 'hide' });
  const { message } = (await (await call('fail')).json()) as Told;
  t.is(message, 'the method failed');
});

test('what is not exposed cannot be called, and nobody learns of it', async (t) => {
  const { request, news } = await servedGateway(t);
  const secret = request('/call/com.example.secret/1/tell', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  t.is(await refusalOf(secret), '404 NOT_FOUND');
  t.is(await refusalOf(request('/describe/com.example.secret/1')), '404 NOT_FOUND');
  const { interfaces } = (await (await request('/describe')).json()) as {
    readonly interfaces: readonly { readonly interface: string }[];
  };
  t.deepEqual(
    interfaces.map((each) => each.interface),
    ['com.example.thermostat'],
  );
  t.deepEqual(news, []);
});

test('a caller that goes cancels its call', async (t) => {
  const { call, told, request } = await servedGateway(t);
  const stop = new AbortController();
  const held = request('/call/com.example.thermostat/1/hold', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"key":"a"}',
    signal: stop.signal,
  });
  await told('held a');
  stop.abort();
  await t.throwsAsync(held, { any: true, name: 'AbortError' });
  await told('aborted a');
  t.is(await (await call('add', { a: 1, b: 2 })).json(), 3);
});

test('a call to a killed server fails, and the next server is found', async (t) => {
  const { call, service, bus } = await servedGateway(t);
  await service.close({ linger: 0 });
  const { child, told } = await servingProcess(t, bus, 'program');
  const began = told('held a');
  const held = call('hold', { key: 'a' });
  await began;
  child.kill('SIGKILL');
  t.is(await refusalOf(held), '502 PEER_GONE');
  const waiting = call('add', { a: 2, b: 2 });
  const next = await serve(bus, Thermostat, thermostat(), values);
  t.teardown(() => next.close({ linger: 0 }));
  t.is(await (await waiting).json(), 4);
});

test('idempotent methods can be called by GET, others cannot', async (t) => {
  const { request } = await servedGateway(t);
  const args = encodeURIComponent('{"a":1,"b":2}');
  t.is(await (await request(`/call/com.example.thermostat/1/add?args=${args}`)).json(), 3);
  const set = request('/call/com.example.thermostat/1/setTarget?args={"celsius":21}');
  t.is(await refusalOf(set), '405 METHOD_NOT_ALLOWED');
  t.is(await refusalOf(request('/call/com.example.thermostat/1/add?args={')), '400 BAD_REQUEST');
});

test('items of the caller are lines behind the arguments', async (t) => {
  const { request } = await servedGateway(t);
  const sum = (body: string, type = 'application/x-ndjson') =>
    request('/call/com.example.thermostat/1/sum', {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
  t.is(await (await sum('{"start":1}\n2\n3\n\n4')).json(), 10);
  t.is(await (await sum('{"start":1}\n')).json(), 1);
  t.is(await refusalOf(sum('{}')), '400 INVALID_ARGUMENT');
  t.is(await refusalOf(sum('{"start":1}\n"x"\n')), '400 INVALID_ARGUMENT');
  t.is(await refusalOf(sum('{"start":1}\n{')), '400 INVALID_ARGUMENT');
  t.is(await refusalOf(sum('{')), '400 BAD_REQUEST');
  t.is(await refusalOf(sum('{"start":1}', 'application/json')), '415 UNSUPPORTED_MEDIA');
});

test('tokens allow what they say, and no label expression breaks out', async (t) => {
  const full = 'a'.repeat(32);
  const narrow = 'b'.repeat(32);
  const reader = 'c'.repeat(32);
  const other = 'd'.repeat(32);
  const { gateway, bus, news } = await servedGateway(t, {
    token: [
      { token: full },
      { token: narrow, to: 'kitchen' },
      { token: reader, readOnly: true },
      { token: other, interfaces: ['com.example.other'] },
    ],
  });
  t.is(gateway.token, full);
  const soon = { 'busbar-timeout': '50' };
  const call = (token: string, method: string, body: object, headers = {}) =>
    fetch(`${gateway.url}/call/com.example.thermostat/1/${method}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(body),
    });
  t.is(await (await call(full, 'add', { a: 1, b: 1 })).json(), 2);
  t.is(await refusalOf(call(narrow, 'add', { a: 1, b: 1 }, soon)), '503 NO_RECIPIENT');
  for (const to of ['kitchen) | (!kitchen', 'anyone', '!kitchen', 'kitchen | !kitchen']) {
    const answer = await call(narrow, 'setTarget', { celsius: 1 }, { ...soon, 'busbar-to': to });
    t.true([400, 503].includes(answer.status), to);
  }
  t.deepEqual(news, []);
  const kitchen = await serve(bus, Thermostat, thermostat(), { ...values, label: 'kitchen' });
  t.teardown(() => kitchen.close({ linger: 0 }));
  t.is(await (await call(narrow, 'add', { a: 1, b: 1 })).json(), 2);
  t.is(await (await call(reader, 'add', { a: 1, b: 1 })).json(), 2);
  t.is(await refusalOf(call(reader, 'setTarget', { celsius: 1 })), '403 FORBIDDEN');
  t.is(await refusalOf(call(other, 'add', { a: 1, b: 1 })), '403 FORBIDDEN');
  t.is(await refusalOf(call('e'.repeat(32), 'add', { a: 1, b: 1 })), '401 UNAUTHENTICATED');
});

test('everything that servers describe, without a list', async (t) => {
  const { request, bus } = await servedGateway(t, { expose: 'everything' });
  const post = (path: string) =>
    request(path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  t.is(await (await post('/call/com.example.secret/1/tell')).json(), 'secret');
  t.is(await refusalOf(post('/call/com.example.late/1/hello')), '404 NOT_FOUND');
  t.is(await refusalOf(post('/call/com.example.late/x/hello')), '404 NOT_FOUND');
  const Late = defineInterface('com.example.late', '1.0', {
    methods: { hello: { returns: types.string } },
  });
  const late = await serve(bus, Late, { hello: () => 'late' });
  t.teardown(() => late.close({ linger: 0 }));
  t.is(await (await post('/call/com.example.late/1/hello')).json(), 'late');
  const model = (await (await request('/describe/com.example.late/1')).json()) as object;
  t.like(model, { interface: 'com.example.late', version: '1.0' });
});

test('a Unix socket, also one of a killed process', async (t) => {
  const path = `${temporaryFolder(t)}/gateway`;
  const bus = newBus();
  const service = await serve(bus, Thermostat, thermostat(), values);
  const gateway = await serveGateway(bus, { expose: [Thermostat], path });
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: `Bearer ${gateway.token}` };
    requestOf({ socketPath: path, path: '/describe', headers }, ({ statusCode }) =>
      resolve(statusCode),
    )
      .on('error', reject)
      .end();
  });
  t.is(answer, 200);
  const second = serveGateway(bus, { expose: [Thermostat], path });
  const error = await t.throwsAsync(second, { instanceOf: GatewayError });
  t.is(error.code, 'CANNOT_LISTEN');
  await gateway.close();
  await gateway.close();
  await service.close();
});

test('requests are reported without what is secret in them', async (t) => {
  const events: GatewayEvent[] = [];
  let seen: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    seen = () => events.length === 2 && resolve();
  });
  const { request } = await servedGateway(t, {
    onRequest: (event) => {
      events.push(event);
      seen();
    },
  });
  await (await request('/describe?ticket=secret')).text();
  await (await request('/region/secret')).text();
  await all;
  t.deepEqual(
    events.map(({ method, path, status }) => `${method} ${path} ${status}`),
    ['GET /describe 200', 'GET /region 404'],
  );
});

const wrong: readonly (readonly [Partial<Record<keyof GatewayOptions, unknown>>, RegExp])[] = [
  [{ expose: undefined }, /expose is neither/],
  [{ expose: [Thermostat, Thermostat] }, /twice/],
  [{ port: -1 }, /port is -1/],
  [{ host: '0.0.0.0' }, /say in hosts/],
  [{ host: '::' }, /say in hosts/],
  [{ path: '' }, /path is no path/],
  [{ path: '/x', port: 1 }, /not at both/],
  [{ token: 'short' }, /16 to 512/],
  [{ token: '' }, /16 to 512/],
  [{ token: [] }, /neither text nor a list/],
  [{ token: [{ token: 'a'.repeat(16), to: '((' }] }, /to of a token/],
  [{ limits: { bodyBytes: -1 } }, /limits.bodyBytes is -1/],
  [{ limits: { bodyByte: 1 } }, /unknown limit 'bodyByte'/],
  [{ hosts: ['a b'] }, /hosts/],
  [{ origins: ['example.com'] }, /origins/],
  [{ wire: true, expose: 'everything' }, /wire needs a list/],
  [{ mounts: { call: { methods: ['GET'], handle() {} } } }, /nothing can be mounted/],
  [{ prot: 1 }, /unknown option 'prot'/] as never,
];

test('wrong options are refused at once', async (t) => {
  for (const [options, message] of wrong) {
    const opening = serveGateway(newBus(), { expose: [Thermostat], ...options } as GatewayOptions);
    const error = await t.throwsAsync(opening, { instanceOf: GatewayError, message });
    t.is(error.code, 'GATEWAY_OPTION');
  }
});
