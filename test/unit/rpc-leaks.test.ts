// However a call ends, nothing of it stays: no call, stream, promise, timer, listener, region or
// descriptor. Counts the objects of the layer's own classes, so it looks into dist/.
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import * as v8 from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import type { MemoryRegion } from 'busbar';
import {
  all,
  type ClientOf,
  connect,
  first,
  type PortLike,
  type ServiceOf,
  serve,
} from 'busbar/rpc';
import { PendingCall } from '../../dist/layers/rpc/caller/pending-call.js';
import { RunningCall } from '../../dist/layers/rpc/server/running-call.js';
import { IncomingStream } from '../../dist/layers/rpc/streams/incoming-stream.js';
import { OutgoingStream } from '../../dist/layers/rpc/streams/outgoing-stream.js';
import { holdingsOf, holdsNoMore } from '../support/holdings.js';
import { newBus } from '../support/program.js';
import { Ends, implementation, More, Regions } from './rpc-leaks-interface.js';

// Collects garbage first. In Node since 20.13, in its types later.
const { queryObjects } = v8 as unknown as {
  queryObjects(of: unknown, options: { readonly format: 'count' }): number;
};
const countOf = (of: unknown) => queryObjects(of, { format: 'count' });

interface Both {
  readonly client: ClientOf<typeof Ends>;
  readonly more: ClientOf<typeof More>;
  readonly service: ServiceOf<typeof Ends>;
  readonly regions: Regions;
  /** Never aborted, and used by many calls. */
  readonly signal: AbortSignal;
  readonly here: string | PortLike;
}

type End = (both: Both) => Promise<unknown>;

const refused = (promise: Promise<unknown>, code: string) =>
  promise.then(
    () => Promise.reject(new Error(`not refused with ${code}`)),
    (error: { readonly code?: string }) => {
      if (error.code !== code) throw error;
    },
  );

async function upTo<T>(items: AsyncIterable<T>, count: number): Promise<void> {
  let seen = 0;
  for await (const _ of items) if (++seen === count) break;
}

const numbers = function* (count: number) {
  for (let n = 0; n < count; n++) yield n;
};

const ends: Readonly<Record<string, End>> = {
  'a result': ({ client, signal }) => client.double({ n: 1 }, { signal, timeout: 60_000 }),
  'no result': ({ client }) => client.nothing(),
  'a wrong argument': ({ client }) => refused(client.double({ n: -1 }), 'INVALID_ARGUMENT'),
  'a declared error': ({ client }) => refused(client.fail({ how: 'declared' }), 'Declared'),
  'another error': ({ client }) => refused(client.fail({ how: 'x' }), 'HANDLER_FAILED'),
  'a wrong result': ({ client }) => refused(client.fail({ how: 'result' }), 'INVALID_RESULT'),
  'an unknown method': ({ more }) => refused(more.more(), 'UNKNOWN_METHOD'),
  'a deadline': ({ client, signal }) => refused(client.hold({ timeout: 20, signal }), 'DEADLINE'),
  async 'a cancellation'({ client }) {
    const stop = new AbortController();
    const held = refused(client.hold({ signal: stop.signal }), 'CANCELLED');
    await client.nothing();
    stop.abort();
    await held;
  },
  'a cancellation before the call': ({ client }) =>
    refused(client.hold({ signal: AbortSignal.abort() }), 'CANCELLED'),
  async 'a closed client'({ here }) {
    if (typeof here !== 'string') return;
    const client = await connect(here, Ends);
    const held = refused(client.hold(), 'CLOSED');
    await client.nothing();
    await client.close();
    await held;
  },
  'a stream to its end': ({ client, signal }) =>
    upTo(client.numbers({ count: 700 }, { signal }), 1e9),
  'a stream that is left': ({ client }) => upTo(client.numbers({ count: 700 }), 3),
  'a stream that is left while its generator waits': ({ client }) => upTo(client.wait(), 1),
  async 'a stream that nobody iterates'({ client }) {
    client.numbers({ count: 3 });
    await client.numbers({ count: 3 }).return();
  },
  async 'a stream that is cancelled'({ client }) {
    const stop = new AbortController();
    const stream = client.wait({ signal: stop.signal });
    await stream.next();
    const next = refused(stream.next(), 'CANCELLED');
    stop.abort();
    await next;
  },
  async 'a stream at its deadline'({ client }) {
    const stream = client.wait({ timeout: 20 });
    await refused(upTo(stream, 1e9), 'DEADLINE');
  },
  'a Web Stream that is cancelled': async ({ client }) => {
    const reader = client.numbers({ count: 1e6 }).readable().getReader();
    await reader.read();
    await reader.cancel();
  },
  'input to its end': ({ client }) => client.sum({ count: 1e6 }, numbers(700)),
  'input that is not read on': ({ client }) => client.sum({ count: 2 }, numbers(1e9)),
  'a wrong item of the input': ({ client }) =>
    refused(client.sum({ count: 9 }, [1, 'x' as never]), 'INVALID_ARGUMENT'),
  'streams both ways': ({ client }) => upTo(client.echo(numbers(100)), 1e9),
  'streams both ways, left': ({ client }) => upTo(client.echo(numbers(1e9)), 2),
  async 'a property'({ client }) {
    const { version } = await client.level.read();
    await client.level.set(2, { ifVersion: version });
    await refused(client.level.set(3, { ifVersion: version }), 'CONFLICT');
  },
  'a watched property': ({ client }) => upTo(client.level, 1),
  async 'a signal'({ client, service }) {
    let heard = () => {};
    const once = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const listening = client.on('tick', heard);
    await listening.ready;
    service.emit.tick({ n: 1 });
    await once;
    listening.close();
  },
  async 'a subscription to all servers'({ client }) {
    const listening = all(client).on('tick', () => undefined);
    await listening.ready;
    listening.close();
  },
  'all servers': ({ client }) => upTo(all(client).double({ n: 1 }), 1e9),
  'all servers, left': async ({ client }) => all(client).hold().return?.(),
  'the first server': ({ client, signal }) => first(client).double({ n: 1 }, { signal }),
};

const onBus: Readonly<Record<string, End>> = {
  'a call within a call': ({ client }) => client.nested({ n: 3 }),
  async 'a region as a result'({ client }) {
    (await client.region()).release();
  },
  async 'a region as an argument'({ client, regions }) {
    const region = regions.make();
    await client.weigh({ region, fail: false });
    region.release();
  },
  'a region that is given': ({ client, regions }) =>
    client.weigh({ region: regions.make(), fail: false }, { give: true }),
  'a region that is given to a method that fails': ({ client, regions }) =>
    refused(client.weigh({ region: regions.make(), fail: true }, { give: true }), 'HANDLER_FAILED'),
  'a region that is given to all servers': ({ client, regions }) =>
    upTo(all(client).weigh({ region: regions.make(), fail: false }, { give: true }), 1e9),
  'a region that is given to nobody': ({ client, regions }) =>
    refused(
      client.weigh({ region: regions.make(), fail: false }, { give: true, to: 'none', timeout: 1 }),
      'NO_RECIPIENT',
    ),
  'a region that comes too late': ({ client }) => refused(client.late({ timeout: 20 }), 'DEADLINE'),
  async 'regions in a stream'({ client }) {
    for await (const { region } of client.regions({ count: 5 })) region.release();
  },
  async 'regions in a stream that is left'({ client }) {
    for await (const { region } of client.regions({ count: 40 })) {
      region.release();
      break;
    }
  },
  'regions as input': ({ client, regions }) => client.store({ count: 5 }, given(regions, 5)),
  'regions as input that is not read on': ({ client, regions }) =>
    client.store({ count: 1 }, given(regions, 5)),
  'regions as input that is not read': ({ client, regions }) =>
    client.store({ count: 0 }, given(regions, 5)),
};

/** Regions of a caller, which are lent for as long as its generator stays at a yield. */
function* given(regions: Regions, count: number): Generator<{ readonly region: MemoryRegion }> {
  for (let n = 0; n < count; n++) {
    const region = regions.make();
    try {
      yield { region };
    } finally {
      region.release();
    }
  }
}

async function both(t: ExecutionContext, kind: 'bus' | 'port'): Promise<Both> {
  const { port1, port2 } = new MessageChannel();
  const bus = newBus();
  const regions = new Regions();
  const service = await serve(kind === 'bus' ? bus : port2, Ends, implementation(regions), {
    properties: { level: 1 },
  });
  const here = kind === 'bus' ? bus : port1;
  const [client, more] = await connect(here, [Ends, More]);
  t.teardown(async () => {
    await Promise.all([client.close(), more.close(), service.close({ linger: 0 })]);
    regions.release();
  });
  return { client, more, service, regions, here, signal: new AbortController().signal };
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** Calls, streams and promises, each with how many there are; prototypes of subclasses count, too. */
const objects = () =>
  new Map(
    [PendingCall, RunningCall, IncomingStream, OutgoingStream, Promise].map((each) => [
      each.name,
      countOf(each),
    ]),
  );

const rounds = 25;

/** Ends calls in these ways, again and again; resolves with what was left over, in words. */
async function leftBy(t: ExecutionContext, place: Both, ways: readonly End[]): Promise<string[]> {
  const run = async (times: number) => {
    for (let round = 0; round < times; round++) for (const end of ways) await end(place);
    // Frames of one sender arrive in order: the server has seen all that went before.
    await place.client.nothing();
    // Released by the layer, and not by garbage collection.
    while (!place.regions.areFree) await turn();
    place.regions.release();
  };
  await run(5);
  const before = { ...holdingsOf(process.pid), timers: timers() };
  const objectsBefore = objects();
  await run(rounds);
  await holdsNoMore(process.pid, before);
  while (timers() > before.timers) await turn();
  t.is(getEventListeners(place.signal, 'abort').length, 0);
  // Methods and generators that were aborted need some turns to come to their end.
  for (let count = 0; count < 100; count++) await turn();
  const after = objects();
  // Promises of the test and of the runner are a few; those of each call would be many.
  return [...after].flatMap(([name, count]) => {
    const more = count - (objectsBefore.get(name) ?? 0);
    return more > (name === 'Promise' ? rounds : 0) ? [`${more} of ${name}`] : [];
  });
}

for (const kind of ['bus', 'port'] as const) {
  test.serial(`over a ${kind}, nothing is left of calls, however they end`, async (t) => {
    t.timeout(180_000);
    const place = await both(t, kind);
    const ways = Object.entries({ ...ends, ...(kind === 'bus' ? onBus : {}) });
    const left = await leftBy(
      t,
      place,
      ways.map(([, end]) => end),
    );
    if (left.length === 0) return;
    // One after the other, to name the one that is to blame.
    for (const [name, end] of ways) t.deepEqual(await leftBy(t, place, [end]), [], name);
    t.deepEqual(left, []);
  });
}
