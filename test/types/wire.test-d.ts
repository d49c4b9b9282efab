// What must compile of wires, and what must not.
import type { Duplex } from 'node:stream';
import { defineInterface, t } from 'busbar/interface';
import type { ClientOf, ServiceOf } from 'busbar/rpc';
import {
  connectWire,
  serveWire,
  stdio,
  tcp,
  unixSocket,
  WireError,
  type WireRelay,
  webSocket,
} from 'busbar/wire';
import * as browser from 'busbar/wire/browser';
import { same } from './same.js';

const Plain = defineInterface('com.example.plain', '1.0', {
  methods: { add: { args: { a: t.f64 }, returns: t.f64 } },
});
const Full = defineInterface('com.example.full', '1.0', {
  methods: { nothing: {} },
  properties: { level: { type: t.u32, access: 'read-write' } },
});

async function connecting(stream: Duplex) {
  const plain = await connectWire(stream, Plain);
  same<typeof plain, ClientOf<typeof Plain>>();
  const [one, two] = await connectWire(tcp({ port: 1 }), [Plain, Full], { token: 'x' });
  same<typeof one, ClientOf<typeof Plain>>();
  same<typeof two, ClientOf<typeof Full>>();
  await connectWire(unixSocket('/x'), Plain, { reconnect: true, timeout: 5, limits: { calls: 1 } });
  await connectWire(webSocket('ws://x'), Plain, { keepAlive: 0, framing: 'length' });
  await browser.connectWire(browser.webSocket('ws://x'), Plain);
  // @ts-expect-error a wire has one other side
  await connectWire(stream, Plain, { to: 'kitchen' });
  // @ts-expect-error there is no such framing
  await connectWire(stream, Plain, { framing: 'cbos' });
  // @ts-expect-error there is no such limit
  await connectWire(stream, Plain, { limits: { call: 1 } });
  // @ts-expect-error a listener is not connected to
  await connectWire(tcp.listen({ port: 0 }), Plain);
}

async function relaying(stream: Duplex) {
  const relay = await serveWire(stream, 'com.solar', { expose: [Plain, Full], perCaller: 9 });
  same<typeof relay, WireRelay>();
  await serveWire(tcp.listen({ port: 0 }), { name: 'com.solar', token: 'x' }, { expose: [Plain] });
  await serveWire(stream, 'com.solar', { expose: [Plain], to: 'kitchen', framing: 'lines' });
  // @ts-expect-error nothing is exposed by default
  await serveWire(stream, 'com.solar', {});
  // @ts-expect-error an interface is a value
  await serveWire(stream, 'com.solar', { expose: ['com.example.plain'] });
  // @ts-expect-error a page has no bus
  await browser.serveWire(stream, 'com.solar', { expose: [Plain] });
}

async function serving(stream: Duplex) {
  const service = await serveWire(stdio(), Plain, { add: ({ a }) => a });
  same<typeof service, ServiceOf<typeof Plain>>();
  await serveWire(tcp.listen({ port: 0 }), Plain, { add: ({ a }) => a }, { maxWires: 2 });
  await serveWire(stream, Full, { nothing() {} }, { properties: { level: 1 }, answerOnly: true });
  // @ts-expect-error the property has no value
  await serveWire(stream, Full, { nothing() {} });
  // @ts-expect-error the method is not implemented
  await serveWire(stream, Plain, {});
}

function codes(error: unknown) {
  if (error instanceof WireError && error.code === 'WIRE_CUT') return error.message;
  // @ts-expect-error there is no such code
  return error instanceof WireError && error.code === 'CUT';
}

void [codes, connecting, relaying, serving];
