// What a gateway refuses: pages of others, requests that mean two things, what is too large, too slow
// or too much. After each attack it serves as before, and no method has run.
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { GatewayOptions } from 'busbar/gateway';
import { keepAlive } from '../../support/keep-alive.js';
import { refusalOf, type Served, servedGateway } from './support/served.js';

keepAlive(test);

const path = '/call/com.example.thermostat/1/setTarget';
const body = '{"celsius":21}';

/** What comes back for these bytes, until the gateway closes the connection. */
function exchange(t: ExecutionContext, port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

/** A request as text; `undefined` leaves a header away. */
function requestText(served: Served, changes: Readonly<Record<string, string | undefined>> = {}) {
  const headers = {
    host: `127.0.0.1:${served.gateway.port}`,
    authorization: `Bearer ${served.gateway.token}`,
    'content-type': 'application/json',
    'content-length': String(body.length),
    connection: 'close',
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

async function isWell(t: ExecutionContext, { call, news }: Served): Promise<void> {
  t.is(await (await call('add', { a: 1, b: 2 })).json(), 3);
  t.deepEqual(
    news.filter((each) => !each.startsWith('held') && !each.startsWith('aborted')),
    [],
  );
}

const statusOf = (text: string) => /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];

const foreign: readonly (readonly [string, Record<string, string | undefined>, string])[] = [
  ['rebound name', { host: 'evil.example:80' }, '421'],
  ['rebound name with the port', { host: 'evil.example:4711' }, '421'],
  ['name that begins as ours', { host: '127.0.0.1.evil.example' }, '421'],
  ['name that ends as ours', { host: 'evil.localhost' }, '421'],
  ['name with a user', { host: 'localhost@evil.example' }, '421'],
  ['address of all interfaces', { host: '0.0.0.0' }, '421'],
  ['empty name', { host: '' }, '421'],
  ['no name', { host: undefined }, '400'],
  ['page of another site', { origin: 'https://evil.example' }, '403'],
  ['page of another port', { origin: 'http://127.0.0.1:1' }, '403'],
  ['page of another scheme', { origin: 'https://127.0.0.1' }, '403'],
  ['page without an origin', { origin: 'null' }, '403'],
  ['image of another site', { 'sec-fetch-site': 'cross-site' }, '403'],
  ['page of another subdomain', { 'sec-fetch-site': 'same-site' }, '403'],
  ['no token', { authorization: undefined }, '401'],
  ['wrong token', { authorization: `Bearer ${'x'.repeat(43)}` }, '401'],
  ['empty token', { authorization: 'Bearer ' }, '401'],
  ['token of another scheme', { authorization: 'Basic Og==' }, '401'],
  ['form', { 'content-type': 'application/x-www-form-urlencoded' }, '415'],
  ['form with files', { 'content-type': 'multipart/form-data; boundary=x' }, '415'],
  ['text', { 'content-type': 'text/plain' }, '415'],
  ['JSON by another name', { 'content-type': 'text/plain; a=application/json' }, '415'],
  ['JSON in another charset', { 'content-type': 'application/json; charset=utf-7' }, '415'],
  ['no type', { 'content-type': undefined }, '415'],
  ['compressed body', { 'content-encoding': 'gzip' }, '415'],
  ['other expectation', { expect: 'something' }, '417'],
];

test('requests of other pages, and without what a page cannot send', async (t) => {
  const served = await servedGateway(t);
  for (const [what, changes, status] of foreign) {
    const answer = await exchange(t, served.gateway.port ?? 0, requestText(served, changes));
    t.is(statusOf(answer), status, what);
    t.notRegex(answer, /access-control/i, what);
    t.false(answer.includes(served.gateway.token), what);
  }
  await isWell(t, served);
});

test('no preflight is answered', async (t) => {
  const served = await servedGateway(t);
  const text = requestText(served, {
    origin: 'https://evil.example',
    'access-control-request-method': 'POST',
    'content-length': '0',
  }).replace(/^POST/, 'OPTIONS');
  const answer = await exchange(t, served.gateway.port ?? 0, text.slice(0, -body.length));
  t.is(statusOf(answer), '403');
  t.notRegex(answer, /access-control/i);
});

test('a token in an address is none', async (t) => {
  const { gateway } = await servedGateway(t);
  for (const name of ['token', 'access_token', 'ticket', 'authorization']) {
    const asked = fetch(`${gateway.url}/describe?${name}=${gateway.token}`);
    t.is(await refusalOf(asked), '401 UNAUTHENTICATED');
  }
});

/** Each of them as bytes behind which a second request is hidden. */
const smuggled = (served: Served): readonly (readonly [string, string])[] => {
  const hidden = requestText(served);
  const chunked = `0\r\n\r\n${hidden}`;
  const with_ = (changes: Record<string, string | undefined>, rest: string) =>
    requestText(served, { connection: undefined, ...changes }).slice(0, -body.length) + rest;
  const both = { 'transfer-encoding': 'chunked', 'content-length': '4' };
  const once = requestText(served, { connection: undefined });
  const twice = (line: string) => once.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`);
  return [
    ['both lengths', with_(both, chunked)],
    ['two lengths', twice('content-length: 3')],
    ['the same length twice', twice(`content-length: ${body.length}`)],
    ['length with a sign', with_({ 'content-length': '+14' }, hidden)],
    ['length in hexadecimal', with_({ 'content-length': '0x0e' }, hidden)],
    ['length with a comma', with_({ 'content-length': '14, 14' }, hidden)],
    ['negative length', with_({ 'content-length': '-1' }, hidden)],
    ['endless length', with_({ 'content-length': '9'.repeat(40) }, hidden)],
    [
      'unknown coding',
      with_({ 'transfer-encoding': 'xchunked', 'content-length': undefined }, chunked),
    ],
    [
      'coding with more',
      with_({ 'transfer-encoding': 'chunked, identity', 'content-length': undefined }, chunked),
    ],
    ['space before the colon', once.replace('content-type:', 'content-type :')],
    ['folded header', once.replace('content-type: ', 'content-type:\r\n ')],
    ['line feed alone', once.replaceAll('\r\n', '\n')],
    ['carriage return in a value', once.replace('application/json', 'application\r/json')],
    ['nothing in a name', once.replace('content-type', 'content\0type')],
    ['two hosts', twice('host: evil.example')],
    ['two tokens', twice('authorization: Bearer x')],
    ['two types', twice('content-type: text/plain')],
    ['two origins', twice('origin: a\r\norigin: b')],
    [
      'negative chunk',
      with_({ 'transfer-encoding': 'chunked', 'content-length': undefined }, '-1\r\n'),
    ],
    [
      'chunk of no number',
      with_({ 'transfer-encoding': 'chunked', 'content-length': undefined }, 'x\r\n'),
    ],
    [
      'endless chunk',
      with_(
        { 'transfer-encoding': 'chunked', 'content-length': undefined },
        `${'f'.repeat(20)}\r\n`,
      ),
    ],
    ['old version', once.replace('HTTP/1.1', 'HTTP/1.0')],
    ['oldest version', once.replace(' HTTP/1.1', '')],
    ['later version', once.replace('HTTP/1.1', 'HTTP/2.0')],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01'],
    ['address of somebody else', once.replace(path, `http://evil.example${path}`)],
    ['body of a GET', once.replace('POST', 'GET')],
    ['unknown method', once.replace('POST', 'FROB')],
    ['known method of no use', once.replace('POST', 'TRACE')],
    ['tunnel', once.replace(`POST ${path}`, 'CONNECT evil.example:443')],
    ['upgrade', twice('connection: upgrade\r\nupgrade: h2c').replace(path, '/wire')],
  ];
};

test('requests that mean two things', async (t) => {
  const served = await servedGateway(t, {
    limits: { idleTime: 1, headerTime: 500, bodyTime: 500 },
  });
  for (const [what, bytes] of smuggled(served)) {
    const answer = await exchange(t, served.gateway.port ?? 0, bytes);
    t.false(/HTTP\/1\.1 2/.test(answer), `${what}: ${answer}`);
  }
  await isWell(t, served);
});

const paths = [
  '/call/com.example.thermostat/1/../1/setTarget',
  '/call/./com.example.thermostat/1/setTarget',
  '/./call/com.example.thermostat/1/setTarget',
  '//call/com.example.thermostat/1/setTarget',
  '/call//com.example.thermostat/1/setTarget',
  '/call/com.example.thermostat/1/setTarget/',
  '/call/com.example.thermostat/1/%2e%2e/setTarget',
  '/call/com.example.thermostat/1%2fsetTarget',
  '/call/com.example.thermostat/1/set%00Target',
  '/call/com.example.thermostat/1/set%0d%0aTarget',
  '/call/com.example.thermostat/1/%73etTarget%20',
  '/call/com.example.thermostat/1/%ff',
  '/call/com.example.thermostat/1/%252e',
  '/call\\com.example.thermostat\\1\\setTarget',
  '/call/com.example.thermostat/01/setTarget',
  '/call/com.example.thermostat/1.0/setTarget',
  '/call/com.example.thermostat/1/__proto__',
  '/call/com.example.thermostat/1/constructor',
  '/call/__proto__/1/setTarget',
  '/call/com.example.thermostat/1/setTarget/a/b/c/d/e/f',
  '/CALL/com.example.thermostat/1/setTarget',
  '/call;x/com.example.thermostat/1/setTarget',
  '/__proto__',
  '/hasOwnProperty/x',
  '/region/../describe',
];

test('paths that lead elsewhere', async (t) => {
  const served = await servedGateway(t);
  for (const each of paths) {
    const text = requestText(served).replace(path, each);
    const answer = await exchange(t, served.gateway.port ?? 0, text);
    t.true(['400', '401', '404', '405'].includes(statusOf(answer) ?? ''), `${each}: ${answer}`);
  }
  await isWell(t, served);
});

const bodies: readonly (readonly [string, string | Buffer, string])[] = [
  ['no JSON', '{', '400'],
  ['another value', '[1]', '400'],
  ['text', '"x"', '400'],
  ['prototype', '{"__proto__":{"celsius":21}}', '400'],
  ['constructor', '{"constructor":{"prototype":{"celsius":21}}}', '400'],
  ['nested deeply', `${'['.repeat(500_000)}`, '400'],
  ['nested deeply and closed', `{"celsius":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, '400'],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), '400'],
  ['too large', `{"celsius":${'1'.repeat(1024 * 1024)}}`, '413'],
];

test('bodies that are none', async (t) => {
  const served = await servedGateway(t, { limits: { bodyBytes: 1024 * 1024 } });
  for (const [what, content, status] of bodies) {
    const answer = await served.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: content,
    });
    t.is(String(answer.status), status, what);
    await answer.text();
  }
  const claimed = requestText(served, { 'content-length': '1048577' });
  t.is(statusOf(await exchange(t, served.gateway.port ?? 0, claimed)), '413');
  const chunks = `100000\r\n${'x'.repeat(0x100000)}\r\n1\r\nx\r\n`;
  const chunked = { 'transfer-encoding': 'chunked', 'content-length': undefined };
  const text = requestText(served, chunked).slice(0, -body.length) + chunks;
  t.is(statusOf(await exchange(t, served.gateway.port ?? 0, text)), '413');
  await isWell(t, served);
});

test('heads that are too large', async (t) => {
  const served = await servedGateway(t);
  const { port = 0 } = served.gateway;
  const large = requestText(served, { cookie: 'x'.repeat(20_000) });
  t.is(statusOf(await exchange(t, port, large)), '431');
  const long = requestText(served).replace(path, `/${'x'.repeat(20_000)}`);
  t.is(statusOf(await exchange(t, port, long)), '431');
  const many = Array.from({ length: 2000 }, (_, at) => `x${at}: 1`).join('\r\n');
  const crowd = requestText(served).replace('\r\n', `\r\n${many}\r\n`);
  t.is(statusOf(await exchange(t, port, crowd)), '400');
  await isWell(t, served);
});

const quick: GatewayOptions['limits'] = { headerTime: 200, bodyTime: 200, idleTime: 200 };

test('those that send slowly, or nothing', async (t) => {
  const served = await servedGateway(t, { limits: quick });
  const { port = 0 } = served.gateway;
  const text = requestText(served, { connection: undefined });
  const silent = exchange(t, port, text.slice(0, 30));
  const nothing = exchange(t, port, '');
  const noBody = exchange(t, port, text.slice(0, -5));
  const idle = exchange(t, port, text);
  t.is(statusOf(await silent), '408');
  t.is(await nothing.then((answer) => statusOf(answer) ?? '408'), '408');
  t.is(statusOf(await noBody), '408');
  t.is(statusOf(await idle), '200');
  t.is(await (await served.call('add', { a: 1, b: 2 })).json(), 3);
});

test('one that sends a byte now and then', async (t) => {
  const served = await servedGateway(t, { limits: quick });
  const socket = connect(served.gateway.port ?? 0, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const text = requestText(served);
  let at = 0;
  const timer = setInterval(() => socket.write(text.charAt(at++)), 20);
  t.teardown(() => clearInterval(timer));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve).resume());
  t.true(at < text.length - body.length);
  await isWell(t, served);
});

test('more connections than there may be', async (t) => {
  const served = await servedGateway(t, { limits: { connections: 4 } });
  const { port = 0 } = served.gateway;
  const sockets: Socket[] = [];
  const closed: Promise<unknown>[] = [];
  for (let count = 0; count < 20; count++) {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.on('error', () => undefined);
    sockets.push(socket);
    closed.push(new Promise((resolve) => socket.resume().once('close', resolve)));
  }
  let over = 0;
  await new Promise<void>((resolve) => {
    for (const each of closed) void each.then(() => ++over === 16 && resolve());
  });
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  await isWell(t, served);
});

test('more calls than a token may have', async (t) => {
  const served = await servedGateway(t, { limits: { calls: 3 } });
  const stop = new AbortController();
  const held = ['a', 'b', 'c'].map((key) =>
    served
      .request('/call/com.example.thermostat/1/hold', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
        signal: stop.signal,
      })
      .catch(() => undefined),
  );
  await Promise.all(['held a', 'held b', 'held c'].map(served.told));
  t.is(await refusalOf(served.call('add', { a: 1, b: 2 })), '429 TOO_MANY');
  stop.abort();
  await Promise.all(held);
  await Promise.all(['aborted a', 'aborted b', 'aborted c'].map(served.told));
  await isWell(t, served);
});

test('a closed gateway answers nobody', async (t) => {
  const served = await servedGateway(t);
  await served.gateway.close();
  await t.throwsAsync(served.call('add', { a: 1, b: 2 }));
});
