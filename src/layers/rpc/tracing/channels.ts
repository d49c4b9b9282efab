// The channels of node:diagnostics_channel that show the calls of this thread, by the names that
// `tracingChannel` gives them. This layer also runs in browsers, so it asks the host for the module
// instead of importing it; where there is none, nobody can subscribe.
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Channel } from 'node:diagnostics_channel';

interface NodeModules {
  readonly 'node:async_hooks': typeof import('node:async_hooks');
  readonly 'node:diagnostics_channel': typeof import('node:diagnostics_channel');
}

interface Host {
  readonly getBuiltinModule?: <Name extends keyof NodeModules>(
    name: Name,
  ) => NodeModules[Name] | undefined;
}

function moduleOf<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const { process } = globalThis as { readonly process?: Host };
  return process?.getBuiltinModule?.(name);
}

const diagnostics = moduleOf('node:diagnostics_channel');

/** What is used of a channel. */
type Events = Pick<Channel, 'hasSubscribers' | 'publish' | 'runStores'>;

const silent: Events = {
  hasSubscribers: false,
  publish: () => undefined,
  runStores: (_, run, self, ...args) => Reflect.apply(run, self, args),
};

/** The five channels of one side of a call. */
export class TracingEvents {
  readonly start: Events;
  readonly end: Events;
  readonly asyncStart: Events;
  readonly asyncEnd: Events;
  readonly error: Events;

  constructor(name: string) {
    const open = (event: string) => diagnostics?.channel(`tracing:${name}:${event}`) ?? silent;
    this.start = open('start');
    this.end = open('end');
    this.asyncStart = open('asyncStart');
    this.asyncEnd = open('asyncEnd');
    this.error = open('error');
  }

  /** Whether anybody subscribed to one of them. */
  get hasSubscribers(): boolean {
    return (
      this.start.hasSubscribers ||
      this.asyncEnd.hasSubscribers ||
      this.error.hasSubscribers ||
      this.end.hasSubscribers ||
      this.asyncStart.hasSubscribers
    );
  }
}

/** At clients: `tracing:busbar:call:start` and so on. */
export const calls = new TracingEvents('busbar:call');

/** At servers: `tracing:busbar:handle:start` and so on. */
export const handlings = new TracingEvents('busbar:handle');

/** Where senders of streams tell that they wait, and that they go on. */
export const streams: Events = diagnostics?.channel('busbar:stream') ?? silent;

/** Which traced call a piece of code runs for. Made by the first one: before, promises cost less. */
let scopes: AsyncLocalStorage<object> | undefined;

/** Runs the method of a traced call. */
export function runWithin<T>(scope: object, run: () => T): T {
  if (scopes === undefined) {
    const hooks = moduleOf('node:async_hooks');
    if (hooks === undefined) return run();
    scopes = new hooks.AsyncLocalStorage();
  }
  return scopes.run(scope, run);
}

/** What {@link runWithin} was given around the code that runs now. */
export function scopeHere(): object | undefined {
  return scopes?.getStore();
}

/** Whether calls that begin now have to look who listens, and within what they are made. */
export function isCallTraced(): boolean {
  return calls.hasSubscribers || (scopes !== undefined && handlings.hasSubscribers);
}
