// The other side of a message port, a sandboxed page for example, that posts what no port of this
// layer would post: it is refused, and whatever the page does next still works.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { messageType } from 'busbar';
import { defineInterface, memberTypeId, t as type } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import fc from 'fast-check';

const Tree: import('busbar/interface').Schema = type.struct('Tree', {
  get children() {
    return type.list(Tree);
  },
});
const Plain = defineInterface('com.example.plain', '1.0', {
  methods: {
    add: { args: { a: type.f64, b: type.f64 }, returns: type.f64 },
    anything: { args: { value: type.any }, returns: type.bool },
    grow: { args: { tree: Tree }, returns: type.bool },
    bytes: { args: { bytes: type.bytes }, returns: type.bool },
    sum: { input: type.any, returns: type.f64 },
  },
  properties: { level: { type: type.u32, access: 'read-write' } },
  signals: { tick: { n: type.u32 } },
});
const answers = messageType('busbar.rpc').id;
const members = ['add', 'anything', 'grow', 'bytes', 'sum', 'level', 'tick'];
const idOf = (member: string) => memberTypeId(Plain, member);

async function served(t: ExecutionContext): Promise<MessagePort> {
  const { port1, port2 } = new MessageChannel();
  const service = await serve(
    port1,
    Plain,
    {
      add: ({ a, b }) => a + b,
      anything: () => true,
      grow: () => true,
      bytes: () => true,
      async sum(_, call) {
        let sum = 0;
        for await (const each of call.input) sum += Number(each);
        return sum;
      },
    },
    { properties: { level: 1 } },
  );
  t.teardown(() => service.close({ linger: 0 }));
  t.teardown(() => port2.close());
  return port2;
}

type Answer = readonly [number, string, number, number, { readonly code?: string }];

/** Posts a call as it is, and resolves with the code of its error. */
async function codeOf(port: MessagePort, member: string, payload: unknown): Promise<unknown> {
  const answered = new Promise<readonly Answer[]>((resolve) => port.once('message', resolve));
  port.postMessage([[7, idOf(member), 0x400, 0, payload, undefined]]);
  const [first] = await answered;
  return first?.[4]?.code;
}

const endless: unknown[] = [];
endless.push(endless);
/** A few lists that are 2^40 when each is taken as one of its own. */
const many = () => {
  let list: unknown[] = [];
  for (let depth = 0; depth < 40; depth++) list = [list, list];
  return list;
};
const manyTrees = () => {
  let tree = { children: [] as unknown[] };
  for (let depth = 0; depth < 40; depth++) tree = { children: [tree, tree] };
  return tree;
};
const deep = (levels: number) => {
  let list: unknown[] = [];
  for (let level = 0; level < levels; level++) list = [list];
  return list;
};

test('payloads that no codec could have written are refused', async (t) => {
  const port = await served(t);
  const wrong: readonly (readonly [string, unknown])[] = [
    ['anything', { value: endless }],
    ['anything', { value: many() }],
    ['anything', { value: new Array(2 ** 32 - 1) }],
    ['anything', { value: deep(2000) }],
    ['anything', { value: new Map([[1, 2]]) }],
    ['anything', { value: { __proto__: null, constructor: 1 } }],
    ['anything', endless],
    ['anything', 7],
    ['grow', { tree: manyTrees() }],
    ['grow', { tree: { children: new Array(2 ** 31) } }],
    ['bytes', { bytes: new Uint8Array(new SharedArrayBuffer(8)) }],
    ['bytes', { bytes: new Uint16Array(4) }],
    ['add', { a: 1 }],
    ['add', null],
  ];
  for (const [member, payload] of wrong) {
    t.is(await codeOf(port, member, payload), 'INVALID_ARGUMENT', member);
  }
  const client = await connect(port, Plain);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await client.close();
});

test('input that no codec could have written ends its call', async (t) => {
  const port = await served(t);
  for (const item of [endless, many(), new Array(2 ** 32 - 1)]) {
    const answered = new Promise<unknown>((resolve) => {
      const look = (frames: readonly Answer[]) => {
        for (const [, , format, , payload] of frames) {
          // The first frame gives credit.
          if ((format & 0xf) !== 1) continue;
          port.off('message', look);
          resolve(payload.code);
        }
      };
      port.on('message', look);
    });
    port.postMessage([
      [1, idOf('sum'), 0x400, 0, null, undefined],
      [2, answers, 0x103, 1, item, undefined],
    ]);
    t.is(await answered, 'INVALID_ARGUMENT');
  }
});

test('any frames from the other side leave a service and its clients working', async (t) => {
  const words = fc.oneof(
    fc.integer({ min: 0, max: 15 }),
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0x100, 0x103, 0x104, 0x105, 0x106, 0x107, 0x400, 0x402, 0x403),
  );
  const ids = fc.integer({ min: 1_000_000, max: 1_000_030 });
  const frame = fc.tuple(
    // Not those of the calls that the other side makes afterwards.
    fc.oneof(ids, fc.string(), fc.constantFrom(-1, 0.5, 2 ** 53)),
    fc.oneof(fc.constantFrom(answers, ...members.map(idOf)), fc.string()),
    words,
    fc.oneof(fc.nat(30), ids),
    fc.oneof(
      fc.jsonValue(),
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
    ),
    fc.option(fc.oneof(fc.uint8Array({ maxLength: 30 }), metadata()), { nil: undefined }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(frame, fc.anything()), { maxLength: 20 }),
      async (frames) => {
        const port = await served(t);
        try {
          port.postMessage(frames);
          // null says that the other side has ended.
          port.postMessage(frames.length === 1 ? (frames[0] ?? 0) : frames.slice(1));
        } catch {
          // fast-check makes values that cannot be cloned.
        }
        const client = await connect(port, Plain);
        t.is(await client.add({ a: 1, b: 2 }), 3);
        t.is(await client.sum([1, 2, 3]), 6);
        await client.close();
      },
    ),
    { numRuns: 200 },
  );
});

/** Well-formed metadata with any tags. */
function metadata(): fc.Arbitrary<Uint8Array> {
  const field = fc
    .tuple(fc.nat(255), fc.uint8Array({ maxLength: 12 }))
    .map(([tag, value]) => [tag, value.length, ...value]);
  return fc.array(field, { maxLength: 5 }).map((all) => Uint8Array.from([1, 0, ...all.flat()]));
}

test('whatever a server over a port answers concerns its call only', async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  const client = await connect(port1, Plain);
  t.teardown(() => client.close());
  const results: unknown[] = [3, endless, many(), '3', undefined, new Array(2 ** 32 - 1), 4];
  port2.on('message', (frames: readonly (readonly unknown[])[] | null) => {
    for (const [id, , , replyTo] of frames ?? []) {
      if (replyTo === 0) port2.postMessage([[1, answers, 0, id, results.shift(), undefined]]);
    }
  });
  t.is(await client.add({ a: 1, b: 2 }), 3);
  for (let count = 0; count < 5; count++) {
    await t.throwsAsync(client.add({ a: 1, b: 2 }), { code: 'INVALID_RESULT' });
  }
  t.is(await client.add({ a: 1, b: 2 }), 4);
});
