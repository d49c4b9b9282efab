// How the context of a trace travels with calls, and what subscribers do to it.
import { randomBytes } from 'node:crypto';
import test from 'ava';
import { messageType, raw } from 'busbar';
import { memberTypeId } from 'busbar/interface';
import { type CallDiagnostics, connect, serve } from 'busbar/rpc';
import { joined, newBus } from '../../support/program.js';
import { both, implementation, options, Recording, Work } from './tracing-recording.js';

function traceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

test('what a subscriber of start assigns is sent, and handed on to nested calls', async (t) => {
  const bus = newBus();
  const [root, served] = [traceparent(), traceparent()];
  const calls = new Recording(t, bus, 'busbar:call', (call) => {
    if (call.parent !== undefined) return;
    call.traceparent = root;
    call.tracestate = 'vendor=1';
  });
  const received: (string | undefined)[][] = [];
  const handled = new Recording(t, bus, 'busbar:handle', (call) => {
    received.push([call.member, call.traceparent, call.tracestate]);
    if (call.member !== 'ask') return;
    call.traceparent = served;
    call.tracestate = 'vendor=2';
  });
  const own = await connect(bus, Work);
  const service = await serve(
    bus,
    Work,
    {
      ...implementation,
      ask: async (_: unknown, call: { client(of: typeof Work): typeof own }) => {
        await new Promise(setImmediate);
        return (await own.twice({ n: 1 })) + (await call.client(Work).twice({ n: 2 }));
      },
    } as never,
    options,
  );
  t.teardown(() => Promise.all([own.close(), service.close()]));
  t.is(await own.ask(), 6);
  t.deepEqual(received, [
    ['ask', root, 'vendor=1'],
    ['twice', served, 'vendor=2'],
    ['twice', served, 'vendor=2'],
  ]);
  const [, first, second] = calls.of('start');
  const [handling] = handled.of('start');
  t.is(first?.parent, handling);
  t.is(second?.parent, handling);
});

test('a text that is no traceparent is not sent', async (t) => {
  const bus = newBus();
  const wrong = [
    '',
    'x',
    `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
    `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'A'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01-more`,
    `00-${'1'.repeat(32)}-${'1'.repeat(16)}-011`,
  ];
  const left = [...wrong, `01-${'1'.repeat(32)}-${'2'.repeat(16)}-03-more`];
  new Recording(t, bus, 'busbar:call', (call) => {
    call.traceparent = left.shift();
    call.tracestate = 'a=b';
  });
  const received: (string | undefined)[] = [];
  new Recording(t, bus, 'busbar:handle', (call) => received.push(call.traceparent));
  const { client } = await both(t, bus);
  for (let count = left.length; count > 0; count--) await client.twice({ n: 1 });
  t.deepEqual(received, [
    ...wrong.map(() => undefined),
    `00-${'1'.repeat(32)}-${'2'.repeat(16)}-03`,
  ]);
});

test('a context as bytes is that of the text, and bytes that are none are not sent', async (t) => {
  const bus = newBus();
  const context = Uint8Array.of(...randomBytes(24), 1);
  const hex = Buffer.from(context).toString('hex');
  const text = `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
  const wrong: unknown[] = [new Uint8Array(25), context.subarray(1), [...context], text];
  const left = [context, ...wrong];
  const texts: (string | undefined)[] = [];
  new Recording(t, bus, 'busbar:call', (call) => {
    call.tracestate = 'a=b';
    call.traceContext = left.shift() as Uint8Array;
    texts.push(call.traceparent, call.tracestate);
  });
  const received: unknown[] = [];
  new Recording(t, bus, 'busbar:handle', (call) => {
    received.push(call.traceparent);
    if (call.traceContext !== undefined) t.deepEqual([...call.traceContext], [...context]);
  });
  const { client } = await both(t, bus);
  for (let count = left.length; count > 0; count--) await client.twice({ n: 1 });
  const none = wrong.map(() => undefined);
  t.deepEqual(received, [text, ...none]);
  t.deepEqual(texts, [text, undefined, ...none, ...none]);
});

test('a context with an id of zeros, from a peer, is none', async (t) => {
  const bus = newBus();
  const received: (string | undefined)[] = [];
  new Recording(t, bus, 'busbar:handle', (call) => received.push(call.traceparent));
  await both(t, bus);
  const caller = await joined(t, bus, { messages: raw });
  for (const context of [new Uint8Array(25), new Uint8Array(25).fill(1)]) {
    const metadata = Uint8Array.of(1, 0, 3, 25, ...context);
    const typeId = memberTypeId(Work, 'ask');
    const bytes = new TextEncoder().encode('null');
    caller.send(Work.name, raw.message({ typeId, format: 0x10, bytes }), { metadata });
    t.is((await caller.recv()).type, messageType('busbar.rpc').id);
  }
  t.deepEqual(received, [undefined, `00-${'01'.repeat(16)}-${'01'.repeat(8)}-01`]);
});

test('enter runs the method, and a wrong one does not keep it from running', async (t) => {
  const bus = newBus();
  const entered: string[] = [];
  let enter: CallDiagnostics['enter'];
  new Recording(t, bus, 'busbar:handle', (call) => {
    call.enter = enter;
  });
  const { client } = await both(t, bus);
  enter = (run) => {
    entered.push('before');
    run();
    run();
    entered.push('after');
  };
  t.is(await client.twice({ n: 1 }), 2);
  t.deepEqual(entered, ['before', 'after']);
  enter = () => undefined;
  t.is(await client.twice({ n: 2 }), 4);
});
