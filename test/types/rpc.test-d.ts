// What must compile of clients and implementations, and what must not.
import { MessageChannel } from 'node:worker_threads';
import { type } from 'arktype';
import type { MemoryRegion } from 'busbar';
import { defineInterface, t } from 'busbar/interface';
import { all, connect, first, isError, type ServerOf, type Stream, serve } from 'busbar/rpc';
import * as overPort from 'busbar/rpc/message-port';
import * as v from 'valibot';
import { z } from 'zod';
import { same } from './same.js';

const Thermostat = defineInterface('com.example.thermostat', '1.0', {
  methods: {
    setTarget: {
      args: { celsius: t.f64 },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
      idempotent: true,
    },
    optional: { args: { n: t.optional(t.u32, 7) }, returns: t.i64 },
    nothing: {},
    grab: { returns: { frame: t.region } },
    history: { args: { count: t.u32 }, stream: { at: t.u32 } },
    upload: { args: { name: t.string }, input: t.bytes, returns: t.u32 },
    chat: { input: t.string, stream: t.string },
  },
  properties: { target: { type: t.f64, access: 'read-write' }, name: { type: t.string } },
  signals: { overheated: { celsius: t.f64 }, tick: {} },
});

async function client() {
  const one = await connect('bus', Thermostat);
  const accepted = await one.setTarget({ celsius: 1 });
  same<typeof accepted, boolean>();
  one.setTarget(
    { celsius: 1 },
    { timeout: 5, to: 'kitchen', signal: new AbortController().signal },
  );
  // @ts-expect-error the argument has another type
  one.setTarget({ celsius: '1' });
  // @ts-expect-error the argument is missing
  one.setTarget({});
  // @ts-expect-error the arguments are missing
  one.setTarget();
  // @ts-expect-error no such option
  one.setTarget({ celsius: 1 }, { timeOut: 5 });
  // @ts-expect-error no such method
  one.setTargett({ celsius: 1 });
  const big: bigint = await one.optional();
  await one.optional({ n: 1 });
  const nothing: undefined = await one.nothing({ timeout: 1 });
  // @ts-expect-error a method without arguments takes options only
  one.nothing({ celsius: 1 });
  const region: MemoryRegion = (await one.grab()).frame;
  const items: Stream<{ at: number }> = one.history({ count: 1 });
  const sent: number = await one.upload({ name: 'a' }, [new Uint8Array()], { timeout: 1 });
  // @ts-expect-error the input has other items
  one.upload({ name: 'a' }, ['text']);
  // @ts-expect-error the input is missing
  one.upload({ name: 'a' });
  for await (const line of one.chat(['a'])) line.toUpperCase();

  const target: number = await one.target.get();
  await one.target.set(3, { ifVersion: 4 });
  // @ts-expect-error the value has another type
  one.target.set('3');
  // @ts-expect-error the property is read-only
  one.name.set('x');
  for await (const value of one.name) value.toUpperCase();
  one.on('overheated', ({ celsius }) => celsius.toFixed());
  // @ts-expect-error the data has no such member
  one.on('overheated', ({ fahrenheit }) => fahrenheit);
  // @ts-expect-error no such signal
  one.on('overcooled', () => undefined);

  for await (const { from, value } of all(one).setTarget({ celsius: 1 })) {
    const both: [number, boolean | undefined] = [from.id, value];
    both.pop();
  }
  // @ts-expect-error streams have no answers of all
  all(one).history({ count: 1 });
  await first(one).setTarget({ celsius: 1 });
  // @ts-expect-error not idempotent
  first(one).nothing();

  const error: unknown = undefined;
  if (isError(Thermostat, 'OutOfRange', error)) {
    const max: number = error.data.max;
    // @ts-expect-error no such data
    error.data.most;
    return [max];
  }
  // @ts-expect-error no such error
  isError(Thermostat, 'OutOfReach', error);
  return [accepted, big, nothing, region, items, sent, target];
}

class Implementation implements ServerOf<typeof Thermostat> {
  async setTarget({ celsius }: { celsius: number }) {
    return celsius > 1;
  }
  optional() {
    return 1n;
  }
  nothing() {}
  grab(): never {
    throw new Error();
  }
  *history({ count }: { count: number }) {
    yield { at: count };
  }
  async upload() {
    return 1;
  }
  async *chat() {
    yield 'a';
  }
}

async function server() {
  const options = { properties: { target: 20, name: 'x' } };
  const service = await serve('bus', Thermostat, new Implementation(), options);
  service.target = 21;
  // @ts-expect-error the value has another type
  service.target = 'x';
  service.emit.overheated({ celsius: 1 });
  service.emit.tick();
  // @ts-expect-error the data is missing
  service.emit.overheated();
  // @ts-expect-error the properties are missing
  serve('bus', Thermostat, new Implementation());
  // @ts-expect-error a property is missing
  serve('bus', Thermostat, new Implementation(), { properties: { target: 20 } });
  // @ts-expect-error methods are missing
  serve('bus', Thermostat, { setTarget: () => true }, options);
  const wrong: ServerOf<typeof Thermostat> = {
    optional: () => 1n,
    nothing() {},
    grab: () => Promise.reject(new Error()),
    history: () => [],
    chat: () => [],
    // @ts-expect-error the result has another type
    upload: async () => 'text',
    setTarget(_, call) {
      // @ts-expect-error the data of the error is wrong
      call.error('OutOfRange', { min: 1 });
      // @ts-expect-error the error is not declared
      call.error('OutOfReach', {});
      throw call.error('OutOfRange', { min: 1, max: 2 });
    },
  };
  return [service, wrong];
}

// @ts-expect-error a class without all methods
class Missing implements ServerOf<typeof Thermostat> {
  setTarget() {
    return true;
  }
}

const items: Partial<ServerOf<typeof Thermostat>> = {
  // @ts-expect-error the items are of another type
  *history() {
    yield { at: 'now' };
  },
  async upload(_, call) {
    // @ts-expect-error what the caller streams is bytes
    for await (const chunk of call.input) chunk.toUpperCase();
    return 1;
  },
  optional({ n }, call) {
    // The server has the default, and what it calls has types, too.
    const filled: number = n;
    const nested: Promise<boolean> = call.client(Thermostat).setTarget({ celsius: filled });
    return nested.then(() => 1n);
  },
};

const Foreign = defineInterface('com.example.foreign', '1.0', {
  methods: {
    plan: {
      args: {
        when: z.string().transform((text) => new Date(text)),
        size: v.optional(v.number(), 3),
      },
      returns: type({ name: 'string' }),
    },
  },
});

async function others() {
  const { port1 } = new MessageChannel();
  const one = await overPort.connect(port1, Foreign);
  const { name } = await one.plan({ when: '2026-01-01' });
  same<typeof name, string>();
  // @ts-expect-error a Date is what the server gets
  one.plan({ when: new Date() });
  // @ts-expect-error there is no bus without native code
  overPort.connect('bus', Foreign);
  return overPort.serve(port1, Foreign, {
    plan({ when, size }) {
      return { name: `${when.toISOString()} ${size.toFixed()}` };
    },
  });
}

void [client, server, Missing, items, others];
