// Clients: plain objects with exactly the members of their interface, made of functions that know
// their member. Not a Proxy, which would answer to `then` and turn a misspelt name into a call.
import { asyncDispose } from '../host.js';
import type { Member, Members } from '../members.js';
import { type CallOptions, refusal } from '../options.js';
import type { Session } from '../session.js';
import { ClientCore, type ClientSettings } from './client-core.js';
import { ClientProperty } from './property.js';
import { listenToOne } from './signals.js';
import type { DataListener } from './subscription.js';

const cores = new WeakMap<object, ClientCore>();

/** The core of a client. Throws if the value is none. */
export function coreOf(client: object): ClientCore {
  const core = typeof client === 'object' && client !== null ? cores.get(client) : undefined;
  if (core === undefined) throw refusal('expected a client made by connect()');
  return core;
}

/** Makes a client. `end` is called when it is closed. */
export function makeClient(
  session: Session,
  members: Members,
  settings: ClientSettings,
  end: () => Promise<void>,
): object {
  return clientOf(new ClientCore(session, members, settings), end);
}

/** A client of a core. */
export function clientOf(core: ClientCore, end: () => Promise<void>): object {
  const client: Record<string | symbol, unknown> = {};
  for (const member of core.members.byName.values()) {
    if (member.kind === 'method') client[member.name] = methodOf(core, member);
    else if (member.kind === 'property') client[member.name] = new ClientProperty(core, member);
  }
  const on = (signal: string, listener: DataListener) => listenToOne(core, signal, listener);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= end();
    return closing;
  };
  // Not among the members that `Object.keys` shows.
  const own = { on, close, [asyncDispose]: close };
  for (const key of Reflect.ownKeys(own)) {
    Object.defineProperty(client, key, { value: own[key as 'on'], enumerable: false });
  }
  cores.set(client, core);
  return client;
}

type Method = (...values: never[]) => unknown;

function methodOf(core: ClientCore, member: Member): Method {
  const withArgs = member.args !== undefined;
  const withInput = member.input !== undefined;
  if (member.item !== undefined) {
    if (withInput) {
      return withArgs
        ? (args: unknown, input: unknown, options?: CallOptions) =>
            core.stream(member, args, input, options)
        : (input: unknown, options?: CallOptions) => core.stream(member, null, input, options);
    }
    return withArgs
      ? (args: unknown, options?: CallOptions) => core.stream(member, args, undefined, options)
      : (options?: CallOptions) => core.stream(member, null, undefined, options);
  }
  if (withInput) {
    return withArgs
      ? (args: unknown, input: unknown, options?: CallOptions) =>
          core.callWithInput(member, args, input, options)
      : (input: unknown, options?: CallOptions) => core.callWithInput(member, null, input, options);
  }
  return withArgs
    ? (args: unknown, options?: CallOptions) => core.call(member, args, options)
    : (options?: CallOptions) => core.call(member, null, options);
}
