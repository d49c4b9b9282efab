// What the tests of tracing serve, and what the channels publish about it.
import { tracingChannel } from 'node:diagnostics_channel';
import type { ExecutionContext } from 'ava';
import { defineInterface, t as type } from 'busbar/interface';
import { type CallDiagnostics, connect, serve } from 'busbar/rpc';

/** What the services of these tests serve. */
export const Work = defineInterface('com.example.work', '1.0', {
  methods: {
    twice: { args: { n: type.f64 }, returns: type.f64, idempotent: true },
    wait: { idempotent: true },
    fail: { errors: { Wrong: {} } },
    break: {},
    ask: { returns: type.f64 },
    count: { args: { to: type.u32 }, stream: type.u32 },
    sum: { input: type.u32, returns: type.u32 },
  },
  properties: { level: { type: type.u32, access: 'read-write' } },
});

const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
type Name = (typeof names)[number];

/** What was published about one bus, by side, in order. */
export class Recording {
  readonly events: { readonly name: Name; readonly of: CallDiagnostics }[] = [];
  #look = () => {};

  constructor(
    t: ExecutionContext,
    readonly bus: string | undefined,
    channel: 'busbar:call' | 'busbar:handle',
    onStart: (call: CallDiagnostics) => void = () => {},
  ) {
    const handlers = Object.fromEntries(
      names.map((name) => [
        name,
        (message: unknown) => {
          const of = message as CallDiagnostics;
          // Other tests use the same channels.
          if (of.bus !== bus) return;
          if (name === 'start') onStart(of);
          this.events.push({ name, of });
          this.#look();
        },
      ]),
    ) as Record<Name, (message: unknown) => void>;
    const { subscribe, unsubscribe } = tracingChannel(channel);
    const own = tracingChannel(channel);
    subscribe.call(own, handlers);
    t.teardown(() => unsubscribe.call(own, handlers));
  }

  /** Resolves once so many calls are over. */
  async over(count: number): Promise<void> {
    const alive = setInterval(() => undefined, 60_000);
    await new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.of('asyncEnd').length >= count) resolve();
      };
      this.#look();
    });
    clearInterval(alive);
  }

  of(name: Name): CallDiagnostics[] {
    return this.events.filter((event) => event.name === name).map(({ of }) => of);
  }

  /** The events of each call, joined: 'start end asyncStart asyncEnd'. */
  get sequences(): string[] {
    const calls = new Map<CallDiagnostics, Name[]>();
    for (const { name, of } of this.events) calls.set(of, [...(calls.get(of) ?? []), name]);
    return [...calls.values()].map((each) => each.join(' '));
  }
}

/** The events of a call that returns. */
export const good = 'start end asyncStart asyncEnd';
/** The events of a call that fails. */
export const bad = 'start end error asyncStart asyncEnd';

/** Serves {@link Work}. */
export const implementation = {
  twice: ({ n }: { n: number }) => 2 * n,
  wait: (_: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  fail: (_: unknown, call: { error(code: 'Wrong', data: object): Error }) => {
    throw call.error('Wrong', {});
  },
  break: () => {
    throw new RangeError('broken');
  },
  ask: async () => 1,
  *count({ to }: { to: number }) {
    for (let n = 0; n < to; n++) yield n;
  },
  sum: async (_: unknown, { input }: { input: AsyncIterable<number> }) => {
    let sum = 0;
    for await (const n of input) sum += n;
    return sum;
  },
};

/** With {@link implementation}. */
export const options = { properties: { level: 1 } };

/** A service and its client, closed at the end of the test. */
export async function both(t: ExecutionContext, bus: string) {
  const service = await serve(bus, Work, implementation as never, options);
  const client = await connect(bus, Work);
  t.teardown(() => Promise.all([client.close(), service.close()]));
  return { service, client };
}
