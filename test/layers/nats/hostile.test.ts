// Clients of NATS write what they like: to subjects of a bridge, in headers and payloads. All of it is
// counted, nothing of it reaches a member in another form than it may have, and the bridge goes on.
import { headers } from '@nats-io/transport-node';
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { bridgeNats } from 'busbar/nats';
import { joined, newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { natsServer } from './support/server.js';

const Move = messageType<unknown>('com.example.move');
const box = messageBox({ Move });

const bad: Readonly<Record<string, readonly string[]>> = {
  'Busbar-Type': ['x', 'com.example.move', '0'.repeat(36), 'ffffffff'],
  'Busbar-Format': ['-1', '65536', '1e3', '0x1', '9'.repeat(1000), ' 1 2'],
  'Busbar-Hops': ['0', 'zz'.repeat(8), '0'.repeat(144), 'ä'.repeat(8), 'F'.repeat(16)],
  'Busbar-Origin': ['1', '1.', '.', '1.2.3', '-1.1', '99999999999999999.1', 'NaN.NaN'],
  'Busbar-Meta': ['=', '++', '!', 'A'.repeat(321)],
};
// Well-formed as headers, and no fields of metadata.
const noFields = ['BQ', 'BwA', 'DAA', 'AQ', '_w', 'A'.repeat(320)];

test('headers that make no sense are counted, and the bridge goes on', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const bridge = await bridgeNats(bus, server.address, {
    in: [{ to: 'display', types: [Move], subjects: ['hostile.>'] }],
  });
  t.teardown(() => bridge.close({ linger: 0 }));
  const display = await joined(t, bus, { label: 'display', messages: box });
  const client = await server.client();
  let malformed = 0;
  let metadata = 0;
  const publish = (name: string, value: string) => {
    const own = headers();
    own.set(name, value);
    client.publish('hostile.a', Uint8Array.of(1), { headers: own });
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      publish(name, value);
      malformed++;
    }
  }
  for (const value of noFields) {
    publish('Busbar-Meta', value);
    metadata++;
  }
  publish('traceparent', '00-xyz');
  t.is((await display.recv()).payload, 1, 'a trace that makes no sense is left out');
  const { taken, passed, dropped } = bridge.counters.in[0] ?? {};
  t.is(dropped?.malformed, malformed);
  t.is(dropped?.metadata, metadata);
  t.is(taken, malformed + metadata + 1);
  t.is(passed, 1);
});

test('bytes that are no headers at all do not end the bridge', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const bridge = await bridgeNats(bus, server.address, {
    in: [{ to: 'display', types: [Move], subjects: ['hostile.>'] }],
  });
  t.teardown(() => bridge.close({ linger: 0 }));
  const display = await joined(t, bus, { label: 'display', messages: box });
  const { connect } = await import('node:net');
  const socket = connect(server.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
  const blocks = [
    'NATS/1.0\r\n\r\n',
    'NATS/1.0\r\n: nothing\r\n\r\n',
    'NATS/1.0\r\nno colon\r\n\r\n',
    'NATS/1.0\r\nBusbar-Hops: \u0000\r\n\r\n',
    'NATS/1.0 503\r\n\r\n',
    'NATS/1.0\r\n\u00ff\u00fe: x\r\n\r\n',
    'HTTP/1.1\r\n\r\n',
    'x',
  ];
  for (const block of blocks) {
    const bytes = Buffer.from(block, 'latin1');
    socket.write(`HPUB hostile.a ${bytes.length} ${bytes.length + 1}\r\n`);
    socket.write(Buffer.concat([bytes, Buffer.from('\x01\r\n')]));
  }
  await turnsUntil(() => bridge.counters.in[0]?.taken === blocks.length);
  t.true(bridge.connected);
  const client = await server.client();
  client.publish('hostile.b', Uint8Array.of(0x2a));
  const payloads: unknown[] = [];
  while (payloads.at(-1) !== 0x2a) payloads.push((await display.recv()).payload);
  t.true(payloads.slice(0, -1).every((payload) => payload === 1));
});

test('a flood of messages for a member that takes none is bounded and counted', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const queueBytes = 64 * 1024;
  const bridge = await bridgeNats(
    { name: bus, ringBytes: 16 * 1024, queueBytes: 64 * 1024 },
    server.address,
    { in: [{ to: 'display', types: [Move], subjects: ['hostile.>'], queueBytes }] },
  );
  t.teardown(() => bridge.close({ linger: 0 }));
  const display = await joined(t, bus, { label: 'display', messages: box, prefetch: 1 });
  const client = await server.client();
  // 997 bytes of MessagePack.
  const payload = Uint8Array.of(0xc5, 0x03, 0xe5, ...new Uint8Array(997));
  const count = 3000;
  for (let each = 0; each < count; each++) client.publish('hostile.a', payload);
  await client.flush();
  await turnsUntil(() => bridge.counters.in[0]?.taken === count);
  const { passed = 0, waiting = 0, waitingBytes = 0, dropped } = bridge.counters.in[0] ?? {};
  t.true(waitingBytes <= queueBytes);
  t.true((dropped?.full ?? 0) > 0);
  t.is(passed + waiting + (dropped?.full ?? 0), count);
  // What was not dropped arrives once the member takes messages.
  let taken = 0;
  while (taken < passed + waiting) {
    await display.recv();
    taken++;
  }
  t.like(bridge.counters.in[0], { waiting: 0, passed: passed + waiting });
});
