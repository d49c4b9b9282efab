// Calls between buses over NATS: the whole of the rpc layer, and its table of deaths.
import { connect as connectClient } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, t as type } from 'busbar/interface';
import { bridgeNats, type NatsBridgeOptions } from 'busbar/nats';
import { connect, isError, type ServiceOf, serve } from 'busbar/rpc';
import { inProcess, newBus, nextEvent } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { type NatsServer, natsServer } from './support/server.js';

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    double: { args: { value: type.u32 }, returns: type.u32 },
    setTarget: {
      args: { celsius: type.f64 },
      returns: type.bool,
      errors: { OutOfRange: { max: type.f64 } },
    },
    count: { args: { to: type.u32 }, stream: type.u32 },
    sum: { input: type.u32, returns: type.u32 },
    blob: { args: { bytes: type.bytes }, returns: type.bytes },
    hold: {},
    crash: {},
  },
  properties: { target: { type: type.f64, access: 'read-write' } },
  signals: { overheated: { celsius: type.f64 } },
});
const Secret = defineInterface('com.example.secret', '1.0', {
  methods: { tell: { returns: type.string } },
});

type Service = ServiceOf<typeof Thermostat>;

function thermostat(bus: string, held: AbortSignal[] = []): Promise<Service> {
  return serve(
    bus,
    Thermostat,
    {
      double: ({ value }) => 2 * value,
      setTarget: ({ celsius }, call) => {
        if (celsius > 30) throw call.error('OutOfRange', { max: 30 });
        return true;
      },
      *count({ to }) {
        for (let number = 1; number <= to; number++) yield number;
      },
      async sum(_args, call) {
        let sum = 0;
        for await (const number of call.input) sum += number;
        return sum;
      },
      blob: ({ bytes }) => bytes,
      hold: (_args, call) => {
        held.push(call.signal);
        return new Promise<never>((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason));
        });
      },
      crash: () => process.exit(1),
    },
    { properties: { target: 20 } },
  );
}

interface Pair {
  readonly here: string;
  readonly there: string;
}

async function bridged(
  t: ExecutionContext,
  server: NatsServer,
  bus: string,
  options: NatsBridgeOptions,
) {
  const bridge = await bridgeNats(bus, server.address, { domain: `d-${bus}`, ...options });
  t.teardown(() => bridge.close({ linger: 0 }));
  return bridge;
}

/** Two buses: servers at `there`, callers at `here`. */
async function pair(t: ExecutionContext, server: NatsServer, more: NatsBridgeOptions = {}) {
  const buses: Pair = { here: newBus(), there: newBus() };
  const domain = `domain of ${buses.here}`;
  const serving = await bridged(t, server, buses.there, { domain, serve: [Thermostat], ...more });
  const calling = await bridged(t, server, buses.here, { domain, connect: [Thermostat], ...more });
  return { ...buses, domain, serving, calling };
}

async function client(t: ExecutionContext, bus: string) {
  const made = await connect(bus, Thermostat);
  t.teardown(() => made.close());
  return made;
}

function ending(t: ExecutionContext, service: { close(options?: object): Promise<void> }): void {
  t.teardown(() => service.close({ linger: 0 }));
}

test('methods, errors, streams both ways, properties and signals', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there } = await pair(t, server);
  const service = await thermostat(there);
  ending(t, service);
  const remote = await client(t, here);
  t.is(await remote.double({ value: 21 }), 42);
  t.true(await remote.setTarget({ celsius: 21 }));
  const error = await t.throwsAsync(remote.setTarget({ celsius: 31 }));
  t.true(isError(Thermostat, 'OutOfRange', error) && error.data.max === 30);
  await t.throwsAsync(remote.double({ value: -1 }), { code: 'INVALID_ARGUMENT' });
  let sum = 0;
  for await (const number of remote.count({ to: 5000 })) sum += number;
  t.is(sum, 12_502_500);
  const numbers = async function* () {
    for (let number = 1; number <= 2000; number++) yield number;
  };
  t.is(await remote.sum(numbers()), 2_001_000);
  const large = new Uint8Array(3 * 1024 * 1024).fill(7);
  t.is(Buffer.compare(await remote.blob({ bytes: large }), large), 0);
  t.is(await remote.target.get(), 20);
  await remote.target.set(21);
  t.is(service.target, 21);
  const watch = remote.target.watch();
  t.is((await watch.next()).value?.value, 21);
  service.target = 22;
  t.is((await watch.next()).value?.value, 22);
  const heard: number[] = [];
  const subscription = remote.on('overheated', ({ celsius }) => heard.push(celsius));
  await subscription.ready;
  service.emit.overheated({ celsius: 90 });
  await turnsUntil(() => heard.length === 1);
  t.deepEqual(heard, [90]);
});

test('what is not listed at both sides cannot be called', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there, domain } = await pair(t, server);
  const secret = await serve(there, Secret, { tell: () => 'secret' });
  ending(t, secret);
  ending(t, await thermostat(there));
  t.is(await (await client(t, here)).double({ value: 1 }), 2);
  const curious = await bridged(t, server, newBus(), { domain, connect: [Secret] });
  t.true(curious.connected);
  const bus = newBus();
  await bridged(t, server, bus, { domain, connect: [Secret] });
  const asking = await connect(bus, Secret);
  t.teardown(() => asking.close());
  await t.throwsAsync(asking.tell({ timeout: 300 }), { code: 'NO_RECIPIENT' });
  const calling = await connect(here, Secret);
  t.teardown(() => calling.close());
  await t.throwsAsync(calling.tell({ timeout: 300 }), { code: 'NO_RECIPIENT' });
});

test('a bridge that does not know the token calls nothing', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there, domain } = await pair(t, server, { token: 'swordfish' });
  ending(t, await thermostat(there));
  const bus = newBus();
  await bridged(t, server, bus, { domain, connect: [Thermostat], token: 'cod' });
  t.is(await (await client(t, here)).double({ value: 1 }), 2);
  await t.throwsAsync((await client(t, bus)).double({ value: 1 }, { timeout: 300 }), {
    code: 'NO_RECIPIENT',
  });
});

test('without a server behind a bridge, calls wait within their timeout', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there } = await pair(t, server);
  const remote = await client(t, here);
  const error = await t.throwsAsync(remote.double({ value: 1 }, { timeout: 100 }), {
    code: 'NO_RECIPIENT',
  });
  t.is((error as Error & { executed?: string }).executed, 'no');
  const waiting = remote.double({ value: 4 }, { timeout: 20_000 });
  ending(t, await thermostat(there));
  t.is(await waiting, 8);
});

test('deadlines and cancellation reach the server', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there } = await pair(t, server);
  const held: AbortSignal[] = [];
  ending(t, await thermostat(there, held));
  const remote = await client(t, here);
  await t.throwsAsync(remote.hold({ timeout: 300 }), { code: 'DEADLINE' });
  await turnsUntil(() => held[0]?.aborted === true);
  const abort = new AbortController();
  const call = remote.hold({ signal: abort.signal });
  await turnsUntil(() => held.length === 2);
  abort.abort();
  await t.throwsAsync(call, { code: 'CANCELLED' });
  await turnsUntil(() => held[1]?.aborted === true);
});

test('the death of a server is PEER_GONE, and the bridges stay', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there } = await pair(t, server);
  const program = inProcess(t, there, async ({ bus, tell }) => {
    const { defineInterface, t } = await import('busbar/interface');
    const { serve } = await import('busbar/rpc');
    const Small = defineInterface('com.example.thermostat', '1.2', {
      methods: { double: { args: { value: t.u32 }, returns: t.u32 }, crash: {} },
    });
    await serve(bus, Small, { double: ({ value }) => 2 * value, crash: () => process.exit(1) });
    tell('serving');
  });
  await program.next();
  const remote = await client(t, here);
  t.is(await remote.double({ value: 2 }), 4);
  const error = await t.throwsAsync(remote.crash(), { code: 'PEER_GONE' });
  t.is((error as Error & { executed?: string }).executed, 'maybe');
  ending(t, await thermostat(there));
  t.is(await remote.double({ value: 3 }), 6);
});

test('a bridge that is killed is gone for its calls, and another one takes the next', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, domain } = await pair(t, server, { keepAlive: 200 });
  const program = inProcess(
    t,
    newBus(),
    async ({ bus, tell }) => {
      const { defineInterface, t } = await import('busbar/interface');
      const { serve } = await import('busbar/rpc');
      const { bridgeNats } = await import('busbar/nats');
      const Small = defineInterface('com.example.thermostat', '1.2', {
        methods: { double: { args: { value: t.u32 }, returns: t.u32 }, hold: {} },
      });
      await serve(bus, Small, {
        double: ({ value }) => 2 * value,
        hold: () => {
          tell('held');
          return new Promise(() => undefined);
        },
      });
      const { NATS = '', DOMAIN = '' } = process.env;
      await bridgeNats(bus, NATS, { domain: DOMAIN, serve: [Small] });
      tell('serving');
    },
    { NATS: server.address, DOMAIN: domain },
  );
  await program.next();
  const remote = await client(t, here);
  const call = remote.hold();
  call.catch(() => undefined);
  await program.next();
  await program.kill();
  await t.throwsAsync(call, { code: 'PEER_GONE' });
  const other = newBus();
  ending(t, await thermostat(other));
  await bridged(t, server, other, { domain, serve: [Thermostat] });
  t.is(await remote.double({ value: 3 }), 6);
});

test('a server of NATS that is killed ends calls under way, and the next ones work', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there, calling, serving } = await pair(t, server);
  const held: AbortSignal[] = [];
  const service = await thermostat(there, held);
  ending(t, service);
  const remote = await client(t, here);
  const watch = remote.target.watch();
  t.is((await watch.next()).value?.value, 20);
  for (let round = 1; round <= 5; round++) {
    const call = remote.hold();
    call.catch(() => undefined);
    await turnsUntil(() => held.length === round);
    const backs = [nextEvent(calling, 'reconnected'), nextEvent(serving, 'reconnected')];
    await server.kill();
    await t.throwsAsync(call, { code: 'PEER_GONE' });
    await turnsUntil(() => held[round - 1]?.aborted === true);
    const { value: stale } = await watch.next();
    t.true(stale?.stale);
    await server.start();
    await Promise.all(backs);
    t.is(await remote.double({ value: round }), 2 * round);
    service.target = 20 + round;
    for (;;) {
      const { value } = await watch.next();
      if (value?.stale !== true && value?.value === 20 + round) break;
    }
  }
});

test('two bridges that both serve and connect an interface do not call in circles', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const [here, there] = [newBus(), newBus()];
  const both = { domain: here, serve: [Thermostat], connect: [Thermostat] };
  await bridged(t, server, here, both);
  await bridged(t, server, there, both);
  const remote = await client(t, here);
  await t.throwsAsync(remote.double({ value: 1 }, { timeout: 300 }), { code: 'NO_RECIPIENT' });
  const service = await thermostat(there);
  t.is(await remote.double({ value: 2 }), 4);
  await service.close();
  await t.throwsAsync(remote.double({ value: 1 }, { timeout: 300 }), { code: 'NO_RECIPIENT' });
});

test('what anybody writes to the subjects of calls ends nothing', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const { here, there, domain, serving } = await pair(t, server);
  ending(t, await thermostat(there));
  const remote = await client(t, here);
  t.is(await remote.double({ value: 1 }), 2);
  const hostile = await connectClient({ servers: server.address });
  t.teardown(() => hostile.close());
  const prefix = `busbar.${domain.replaceAll(' ', '%20')}`;
  const inbox = `${prefix}.b.${'0'.repeat(16)}.${'1'.repeat(16)}`;
  const replies: (string | undefined)[] = [undefined, 'victim', inbox, `${inbox}.x`, `${prefix}.b`];
  const payloads = [0, 1, 2, 3, 4, 5, 6, 255].flatMap((kind) => [
    Uint8Array.of(kind),
    Uint8Array.of(kind, 0, 0, 0, 0),
    Uint8Array.of(kind, 9, 9, 9, 9, 9, 9, 9, 9, 9),
  ]);
  for (const last of ['open', '0'.repeat(16), 'x']) {
    for (const reply of replies) {
      for (const payload of payloads) {
        const options = reply === undefined ? {} : { reply };
        hostile.publish(`${prefix}.b.${serving.id}.${last}`, payload, options);
      }
    }
  }
  for (const text of ['', '{', '[]', 'null', '{"bridge":1}', '{"bridge":"x","serves":1}']) {
    hostile.publish(`${prefix}.here`, text);
  }
  const serves = ['com.example.thermostat/1'];
  for (let each = 0; each < 2000; each++) {
    const bridge = each.toString(16).padStart(16, '0');
    hostile.publish(`${prefix}.here`, JSON.stringify({ bridge, serves }));
    hostile.publish(`${prefix}.who`);
  }
  await hostile.flush();
  t.is(await remote.double({ value: 2 }), 4);
  const stranger = newBus();
  await bridged(t, server, stranger, { domain, connect: [Thermostat] });
  t.is(await (await client(t, stranger)).double({ value: 3 }), 6);
});
