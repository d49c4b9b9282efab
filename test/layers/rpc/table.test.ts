// Rows of the table "What happens if" that need a process which is stopped or dies, and what goes
// with a call: whom it is for, its trace, its objects.
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, join, KernelObject, label, messageType, type RawBox, raw } from 'busbar';
import { defineInterface, memberTypeId, t as type } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import { inProcess, newBus, type Source } from '../../support/program.js';

const Work = defineInterface('com.example.work', '1.0', {
  methods: {
    attempt: { returns: type.u32 },
    hold: {},
    name: { returns: type.string },
    look: { args: { object: type.object, keep: type.bool }, returns: type.bool },
    objects: { args: { count: type.u32 }, stream: { object: type.object } },
    ask: { returns: type.string },
  },
});
const Backend = defineInterface('com.example.backend', '1.0', {
  methods: { answer: { returns: type.string } },
});

/** A server in a process of its own, which tells what it has begun. */
const server: Source = async ({ bus, tell, told }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { serve } = await import('busbar/rpc');
  const Work = defineInterface('com.example.work', '1.0', {
    methods: { attempt: { returns: t.u32 }, hold: {} },
  });
  await serve(bus, Work, {
    attempt: (_, call) => call.attempt,
    hold: () => {
      tell('holds');
      return new Promise<void>(() => undefined);
    },
  });
  tell('serves');
  await told();
};

test('a call that its server has not taken goes to the next one, executed once', async (t) => {
  const bus = newBus();
  // The controller, which goes on.
  const client = await connect(bus, Work);
  t.teardown(() => client.close());
  const stopped = inProcess(t, bus, server);
  await stopped.next();
  t.is(await client.attempt(), 0);
  await stopped.stopped();
  // Not idempotent, but surely not executed.
  const calls = Array.from({ length: 20 }, () => client.attempt());
  const second = inProcess(t, bus, server);
  await second.next();
  await stopped.kill();
  t.deepEqual(await Promise.all(calls), new Array<number>(20).fill(1));
});

test('the death of a caller aborts its calls, and nobody else notices', async (t) => {
  const bus = newBus();
  let began = () => {};
  let aborted = (_: unknown) => {};
  const begun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const ended = new Promise<unknown>((resolve) => {
    aborted = resolve;
  });
  const service = await serve(bus, Work, {
    ...others,
    hold: (_, call) =>
      new Promise<never>((_resolve, reject) => {
        began();
        call.signal.addEventListener('abort', () => {
          aborted(call.signal.reason);
          reject(call.signal.reason);
        });
      }),
  });
  t.teardown(() => service.close({ linger: 0 }));
  const caller = inProcess(t, bus, async ({ bus }) => {
    const { defineInterface } = await import('busbar/interface');
    const { connect } = await import('busbar/rpc');
    const Work = defineInterface('com.example.work', '1.0', { methods: { hold: {} } });
    await (await connect(bus, Work)).hold();
  });
  await begun;
  await caller.kill();
  t.like(await ended, { code: 'CANCELLED', message: 'the caller is gone' });
  const client = await connect(bus, Work);
  t.is(await client.name(), 'here');
  await client.close();
});

const others = {
  attempt: () => 0,
  hold: () => undefined,
  name: () => 'here',
  look: () => true,
  objects: () => [],
  ask: () => '',
};

test('a call goes to a peer, to what an expression object matches, and to nobody else', async (t) => {
  const bus = newBus();
  const services = await Promise.all(
    ['a', 'b'].map((name) => serve(bus, Work, { ...others, name: () => name }, { label: name })),
  );
  const client = await connect(bus, Work, { to: label('a').or(label('c')) });
  t.teardown(() => Promise.all([client.close(), ...services.map((each) => each.close())]));
  t.is(await client.name(), 'a');
  t.is(await client.name({ to: label('b') }), 'b');
  const looker = await join(bus, { label: 'looker' });
  t.teardown(() => looker.close());
  const [peer] = looker.matches('b');
  t.is(await client.name({ to: peer }), 'b');
  // One that is there and serves something else.
  await t.throwsAsync(client.name({ to: { id: looker.id }, timeout: 20 }), {
    code: 'NO_RECIPIENT',
  });
});

test('an object as an argument is lent, given or kept, and closed by its last owner', async (t) => {
  const bus = newBus();
  const seen: KernelObject[] = [];
  const service = await serve(bus, Work, {
    ...others,
    look({ object, keep }, call) {
      seen.push(object);
      if (keep) call.keep();
      return object.fd >= 0;
    },
    *objects({ count }) {
      for (let n = 0; n < count; n++) {
        const object = KernelObject.fromFd(0);
        yield { object };
        object.close();
      }
    },
  });
  const client = await connect(bus, Work);
  t.teardown(() => Promise.all([client.close(), service.close()]));
  const object = KernelObject.fromFd(0);
  const isOpen = (each: KernelObject | undefined) => {
    try {
      return (each?.fd ?? -1) >= 0;
    } catch {
      return false;
    }
  };
  t.true(await client.look({ object, keep: false }));
  t.true(isOpen(object));
  t.false(isOpen(seen[0]));
  t.true(await client.look({ object, keep: true }, { give: true }));
  t.false(isOpen(object));
  t.true(isOpen(seen[1]));
  seen[1]?.close();
  let count = 0;
  for await (const { object } of client.objects({ count: 10 })) {
    t.true(isOpen(object));
    object.close();
    count++;
  }
  t.is(count, 10);
});

const context = Uint8Array.from({ length: 25 }, (_, index) => index + 1);
const state = new TextEncoder().encode('vendor=value');

/** A program that knows nothing of the layer but the types' ids and the metadata. */
async function stranger(t: ExecutionContext, bus: string, labels: string[] = []) {
  const endpoint: Endpoint<RawBox> = await join(bus, { messages: raw, label: labels });
  t.teardown(() => endpoint.close({ linger: 0 }));
  return endpoint;
}

function fields(metadata: Uint8Array | undefined): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 2; metadata !== undefined && at < metadata.length; ) {
    const length = metadata[at + 1] ?? 0;
    found.set(metadata[at] ?? 0, metadata.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

test('the trace of a call goes on to the calls that its method makes, and to no others', async (t) => {
  const bus = newBus();
  const backend = await stranger(t, bus, [Backend.name, `${Backend.name}/1`]);
  const own = await connect(bus, Backend);
  const service = await serve(bus, Work, {
    ...others,
    ask: (_, call) => call.client(Backend).answer({ timeout: 60_000 }),
    name: () => own.answer(),
  });
  t.teardown(() => Promise.all([own.close(), service.close()]));
  const caller = await stranger(t, bus);
  const seen: Map<number, Uint8Array>[] = [];
  backend.on('message', (message) => {
    seen.push(fields(message.metadata));
    const bytes = new TextEncoder().encode('"answered"');
    message.reply(raw.message({ typeId: messageType('busbar.rpc').id, format: 0x10, bytes }));
  });
  const ask = async (member: 'ask' | 'name', traceState: Uint8Array) => {
    const metadata = Uint8Array.of(1, 0, 3, 25, ...context, 4, traceState.length, ...traceState);
    const typeId = memberTypeId(Work, member);
    const bytes = new TextEncoder().encode('null');
    caller.send(Work.name, raw.message({ typeId, format: 0x10, bytes }), { metadata });
    t.is(new TextDecoder().decode((await caller.recv()).payload.bytes), '"answered"');
    return seen.shift() as Map<number, Uint8Array>;
  };
  const passed = await ask('ask', state);
  t.deepEqual([passed.get(3), passed.get(4)], [context, state]);
  t.is(passed.get(1)?.length, 4);
  // The most that fits beside the trace; beside a deadline, too, it is dropped.
  const large = await ask('ask', new Uint8Array(209).fill(65));
  t.deepEqual([large.get(3), large.get(4)], [context, undefined]);
  t.deepEqual([...(await ask('name', state)).keys()], []);
});

test('an idempotent call that a dead server may have executed says so, whatever comes then', async (t) => {
  const bus = newBus();
  const Again = defineInterface('com.example.again', '1.0', {
    methods: { hold: { idempotent: true } },
  });
  const client = await connect(bus, Again);
  t.teardown(() => client.close());
  const holding: Source = async ({ bus, tell, told }) => {
    const { defineInterface } = await import('busbar/interface');
    const { serve } = await import('busbar/rpc');
    const Again = defineInterface('com.example.again', '1.0', { methods: { hold: {} } });
    await serve(bus, Again, {
      hold: () => {
        tell('holds');
        return new Promise<void>(() => undefined);
      },
    });
    tell('serves');
    await told();
  };
  /** The rejection of a call whose server has died with it. */
  const died = async (call: () => Promise<unknown>) => {
    const server = inProcess(t, bus, holding);
    await server.next();
    const rejection = t.throwsAsync(call());
    await server.next();
    await server.kill();
    return { rejection };
  };
  // Nobody is there for a second attempt: the call waits, and ends in one of these ways.
  const late = await died(() => client.hold({ timeout: 3000 }));
  t.like(await late.rejection, {
    code: 'DEADLINE',
    executed: 'maybe',
    cause: { code: 'PEER_GONE' },
  });
  const stop = new AbortController();
  const cancelled = await died(() => client.hold({ signal: stop.signal }));
  stop.abort();
  t.like(await cancelled.rejection, { code: 'CANCELLED', executed: 'maybe' });
  // One is there that refuses.
  const refused = await died(() => client.hold());
  const busy = await stranger(t, bus, [Again.name, `${Again.name}/1`]);
  busy.on('message', (message) => {
    if (message.replyTo !== undefined) return;
    const typeId = messageType('busbar.rpc').id;
    message.reply(raw.message({ typeId, format: 0x12, bytes: new TextEncoder().encode('{}') }));
  });
  t.like(await refused.rejection, { code: 'PEER_GONE', executed: 'maybe' });
});
