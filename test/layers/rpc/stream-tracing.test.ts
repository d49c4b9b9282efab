// The channel `busbar:stream`: senders of streams tell that they wait for their receivers.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test from 'ava';
import type { StreamDiagnostics } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { both, Recording } from './tracing-recording.js';

test('streams tell that they wait for credit, and that they go on', async (t) => {
  const bus = newBus();
  const seen: StreamDiagnostics[] = [];
  const changed: (() => void)[] = [];
  const listen = (message: unknown) => {
    const told = message as StreamDiagnostics;
    // Other tests use the same channel.
    if (told.bus !== bus) return;
    seen.push(told);
    for (const each of changed.splice(0)) each();
  };
  subscribe('busbar:stream', listen);
  t.teardown(() => unsubscribe('busbar:stream', listen));
  const paused = async () => {
    while (!seen.some(({ event }) => event === 'paused')) {
      await new Promise<void>((resolve) => changed.push(resolve));
    }
  };
  const handled = new Recording(t, bus, 'busbar:handle');
  const calls = new Recording(t, bus, 'busbar:call');
  const { client } = await both(t, bus);
  const alive = setInterval(() => undefined, 60_000);
  t.teardown(() => clearInterval(alive));

  // The client takes one item, and then none until the server waits.
  let count = 0;
  for await (const _ of client.count({ to: 100_000 })) {
    if (count++ === 0) await paused();
  }
  t.is(count, 100_000);
  t.true(seen.some(({ event }) => event === 'resumed'));
  const [handling] = handled.of('start');
  for (const told of seen) {
    t.like(told, { side: 'server', interface: 'com.example.work', member: 'count' });
    t.is(told.call, handling);
    t.is(told.peerId, handling?.peerId ?? 0);
    t.is(told.messageId, handling?.messageId ?? 0);
    t.true(told.reason === 'credit' || told.reason === 'room');
  }
  t.is(seen[0]?.event, 'paused');

  // Items that the caller streams, likewise.
  seen.length = 0;
  const numbers = Array.from({ length: 100_000 }, (_, n) => n % 8);
  t.is(await client.sum(numbers), 350_000);
  const of = calls.of('start').find(({ member }) => member === 'sum');
  t.like(seen[0], {
    event: 'paused',
    side: 'client',
    member: 'sum',
    peerId: of?.peerId,
    messageId: of?.messageId,
  });
  t.true(seen.some(({ event }) => event === 'resumed'));
  t.true(seen.every(({ call }) => call === of));
});
