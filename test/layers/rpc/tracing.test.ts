// The tracing channels of calls: what they publish for each way that a call can end, once each.
import { MessageChannel } from 'node:worker_threads';
import test from 'ava';
import { all, type CallDiagnostics, connect, first, serve } from 'busbar/rpc';
import { inProcess, newBus, type Source } from '../../support/program.js';
import { bad, both, good, implementation, options, Recording, Work } from './tracing-recording.js';

test('a call at both sides: the events, and what they have', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const handled = new Recording(t, bus, 'busbar:handle');
  const { client } = await both(t, bus);
  t.is(await client.twice({ n: 2 }), 4);
  t.deepEqual([calls.sequences, handled.sequences], [[good], [good]]);
  const [call] = calls.of('start');
  const [handling] = handled.of('start');
  if (call === undefined || handling === undefined) throw new Error('nothing was published');
  for (const each of [call, handling]) {
    t.is(each.bus, bus);
    t.is(each.interface, Work.name);
    t.is(each.member, 'twice');
    t.is(each.operation, 'call');
    t.is(each.attempt, 0);
    t.is(each.code, undefined);
    t.is(each.traceparent, undefined);
    t.is(each.parent, undefined);
  }
  t.is(call.side, 'client');
  t.is(handling.side, 'server');
  t.is(call.peerId, handling.endpointId);
  t.is(handling.peerId, call.endpointId);
  t.is(call.messageId, handling.messageId);
});

test('properties, streams and input are calls, subscriptions are not', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const handled = new Recording(t, bus, 'busbar:handle');
  const { client } = await both(t, bus);
  const subscription = client.level.on('change', () => undefined);
  await subscription.ready;
  t.is(await client.level.get(), 1);
  await client.level.set(2);
  const items: number[] = [];
  for await (const n of client.count({ to: 3 })) items.push(n);
  t.deepEqual(items, [0, 1, 2]);
  t.is(await client.sum([1, 2, 3]), 6);
  const expected = ['get level', 'set level', 'stream count', 'call sum'];
  const what = ({ operation, member }: CallDiagnostics) => `${operation} ${member}`;
  t.deepEqual(calls.of('start').map(what), expected);
  t.deepEqual(handled.of('start').map(what), expected);
  t.deepEqual(calls.sequences, [good, good, good, good]);
  t.deepEqual(handled.sequences, [good, good, good, good]);
});

test('each way to fail ends a call once at each side, with its error', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const handled = new Recording(t, bus, 'busbar:handle');
  const { client } = await both(t, bus);
  const controller = new AbortController();
  const cases: [() => Promise<unknown>, string, string][] = [
    [() => client.fail(), 'Wrong', 'Wrong'],
    [() => client.break(), 'HANDLER_FAILED', 'HANDLER_FAILED'],
    [() => client.wait({ timeout: 1000 }), 'DEADLINE', ''],
    [
      () => {
        const call = client.wait({ signal: controller.signal });
        setImmediate(() => controller.abort());
        return call;
      },
      'CANCELLED',
      'CANCELLED',
    ],
  ];
  for (const [at, [call, code, served]] of cases.entries()) {
    const error = await t.throwsAsync(call());
    await handled.over(at + 1);
    const ofClient = calls.of('asyncEnd').at(-1);
    const ofServer = handled.of('asyncEnd').at(-1);
    t.is(ofClient?.code, code);
    t.is(ofClient?.error, error);
    // Whose clock is first decides what the server calls the end.
    if (served === '') t.regex(ofServer?.code ?? '', /^(DEADLINE|CANCELLED)$/);
    else t.is(ofServer?.code, served);
  }
  t.true(handled.of('asyncEnd')[1]?.error instanceof RangeError);
  t.deepEqual(calls.sequences, [bad, bad, bad, bad]);
  t.deepEqual(handled.sequences, [bad, bad, bad, bad]);
});

test('a stream that is left is no failure of its client; one that is cancelled is', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const handled = new Recording(t, bus, 'busbar:handle');
  const { client } = await both(t, bus);
  for await (const n of client.count({ to: 1_000_000 })) if (n === 2) break;
  const controller = new AbortController();
  await t.throwsAsync(async () => {
    const { signal } = controller;
    for await (const n of client.count({ to: 1_000_000 }, { signal })) {
      if (n === 2) controller.abort();
    }
  });
  await handled.over(2);
  t.deepEqual(calls.sequences, [good, bad]);
  t.deepEqual(handled.sequences, [bad, bad]);
  t.is(handled.of('error')[0]?.code, 'CANCELLED');
  // A stream that nobody begins to read is no call.
  await client.count({ to: 1 }).return?.();
  t.is(calls.sequences.length, 2);
});

/** Answers every second call only; the others are left to be cancelled. */
const mute: Source = async ({ bus, tell }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { serve } = await import('busbar/rpc');
  const Work = defineInterface('com.example.work', '1.0', {
    methods: { twice: { args: { n: t.f64 }, returns: t.f64, idempotent: true } },
  });
  const twice = ({ n }: { n: number }) => 2 * n;
  const never = () => new Promise<number>(() => undefined);
  const label = 'mute';
  await serve(bus, Work, { twice: never }, { label });
  await serve(bus, Work, { twice }, { label });
  tell('serve');
};

test('all() is a call for each server, first() one for each that is asked', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const handled = new Recording(t, bus, 'busbar:handle');
  const { client } = await both(t, bus);
  const other = await serve(bus, Work, implementation as never, options);
  t.teardown(() => other.close());
  let answers = 0;
  for await (const { value } of all(client).twice({ n: 4 })) answers += value ?? 0;
  t.is(answers, 16);
  t.deepEqual(
    [calls.sequences, handled.sequences],
    [
      [good, good],
      [good, good],
    ],
  );
  const [one, two] = calls.of('start');
  t.not(one?.peerId, two?.peerId);
  // The server that is asked first does not answer, so the other one is asked, too.
  const program = inProcess(t, bus, mute);
  await program.next();
  const peers = new Set<number | undefined>();
  while (peers.size < 2) {
    peers.clear();
    const before = calls.events.length;
    t.is(await first(client).twice({ n: 4 }, { to: 'mute' }), 8);
    for (const { name, of } of calls.events.slice(before))
      if (name === 'start') peers.add(of.peerId);
  }
  const lost = calls.of('error');
  t.true(lost.every(({ code }) => code === 'CANCELLED'));
  t.deepEqual([...new Set(calls.sequences)].sort(), [good, bad].sort());
});

test('a call that a killed server had ends once, and goes on as the next attempt', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const client = await connect(bus, Work);
  t.teardown(() => client.close());
  const holding: Source = async ({ bus, tell }) => {
    const { defineInterface } = await import('busbar/interface');
    const { serve } = await import('busbar/rpc');
    const Work = defineInterface('com.example.work', '1.0', {
      methods: { wait: {}, break: {} },
    });
    const hold = () => {
      tell('holds');
      return new Promise<void>(() => undefined);
    };
    await serve(bus, Work, { wait: hold, break: hold });
    tell('serves');
  };
  const program = inProcess(t, bus, holding);
  await program.next();
  const waiting = client.wait();
  const broken = t.throwsAsync(client.break());
  await program.next();
  await program.next();
  await program.kill();
  await broken;
  const service = await serve(
    bus,
    Work,
    { ...implementation, wait: () => undefined } as never,
    options,
  );
  t.teardown(() => service.close());
  await waiting;
  t.deepEqual(calls.sequences, [bad, bad, good]);
  const [lost, failed] = calls
    .of('error')
    .sort((a, b) => a.member.localeCompare(b.member))
    .reverse();
  t.deepEqual([lost?.member, lost?.code, lost?.attempt], ['wait', 'PEER_GONE', 0]);
  t.deepEqual([failed?.member, failed?.code], ['break', 'PEER_GONE']);
  const next = calls.of('start')[2];
  t.is(next?.attempt, 1);
  t.is(next?.previous, lost);
  t.not(next?.peerId, lost?.peerId);
});

test('a busy server and no server', async (t) => {
  const bus = newBus();
  const calls = new Recording(t, bus, 'busbar:call');
  const handled = new Recording(t, bus, 'busbar:handle');
  const client = await connect(bus, Work);
  const limits = { concurrency: 1, queue: 0 };
  const service = await serve(bus, Work, implementation as never, { ...options, ...limits });
  t.teardown(() => service.close());
  const controller = new AbortController();
  const waiting = t.throwsAsync(client.wait({ signal: controller.signal }));
  t.is((await t.throwsAsync(client.twice({ n: 1 })))?.name, 'BusyError');
  controller.abort();
  await waiting;
  // What is refused never ran.
  await handled.over(1);
  t.deepEqual(handled.sequences, [bad]);
  await service.close();
  await t.throwsAsync(client.twice({ n: 1 }, { timeout: 5 }));
  const late = t.throwsAsync(client.twice({ n: 1 }));
  await client.close();
  await late;
  t.deepEqual(calls.sequences, [bad, bad, bad, bad]);
  t.deepEqual(
    calls.of('asyncEnd').map(({ code }) => code),
    ['BUSY', 'CANCELLED', 'NO_RECIPIENT', 'CLOSED'],
  );
});

test('a service that closes ends what it runs', async (t) => {
  const bus = newBus();
  const handled = new Recording(t, bus, 'busbar:handle');
  const { client, service } = await both(t, bus);
  const waiting = t.throwsAsync(client.wait());
  while (handled.events.length === 0) await new Promise(setImmediate);
  await service.close({ linger: 0 });
  await waiting;
  t.deepEqual(handled.sequences, [bad]);
});

test('calls over a message port are told, too', async (t) => {
  const calls = new Recording(t, undefined, 'busbar:call');
  const { port1, port2 } = new MessageChannel();
  const service = await serve(port1, Work, implementation as never, options);
  const client = await connect(port2, Work);
  t.is(await client.twice({ n: 3 }), 6);
  t.deepEqual(calls.sequences, [good]);
  t.is(calls.of('start')[0]?.endpointId, undefined);
  await client.close();
  await service.close();
});
