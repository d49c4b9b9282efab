// Functions around a client that say which servers its calls go to. Functions, so that they take no
// name from the interface's members.
import type { Interface } from '../../interface/entry-values.js';
import type { CallOptions } from '../options.js';
import type { AllClient, ClientOf, FirstClient } from '../types.js';
import { clientOf, coreOf } from './client.js';
import { Answers } from './fan-out.js';
import { callFirst, Durations } from './hedging.js';
import { listenToAll } from './signals.js';
import type { DataListener } from './subscription.js';

/** A client that belongs to another one: closing it closes nothing. */
const belongs = () => Promise.resolve();

const firsts = new WeakMap<object, object>();

/**
 * A client whose calls stay with one server for as long as it is there: for servers that keep
 * something between calls. When the server is gone, the next call chooses another one, and later
 * calls stay with that.
 */
export function sticky<I extends Interface>(client: ClientOf<I>): ClientOf<I> {
  const core = coreOf(client).with({ affinity: { peer: 0 } });
  return clientOf(core, belongs) as ClientOf<I>;
}

/**
 * A client whose calls go to all servers that match when the call is made. Each method returns an
 * async iterable of `{ from, value }` or `{ from, error }`, as they come; it ends when the last
 * server has answered, failed or died. Its `on` listens to the signals of all servers, of those that
 * join later, too.
 */
export function all<I extends Interface>(client: ClientOf<I>): AllClient<I> {
  const core = coreOf(client);
  const result: Record<string, unknown> = {};
  for (const member of core.members.byName.values()) {
    if (member.kind !== 'method' || member.item !== undefined || member.input !== undefined)
      continue;
    result[member.name] =
      member.args === undefined
        ? (options?: CallOptions) => new Answers(core, member, null, options)
        : (args: unknown, options?: CallOptions) => new Answers(core, member, args, options);
  }
  const on = (signal: string, listener: DataListener) => listenToAll(core, signal, listener);
  Object.defineProperty(result, 'on', { value: on, enumerable: false });
  return result as AllClient<I>;
}

/**
 * A client whose calls are sent to a second server when the first one takes longer than usual; the
 * first answer counts, and the other call is cancelled. It has the idempotent methods only.
 */
export function first<I extends Interface>(client: ClientOf<I>): FirstClient<I> {
  const known = firsts.get(client);
  if (known !== undefined) return known as FirstClient<I>;
  const core = coreOf(client);
  const result: Record<string, unknown> = {};
  for (const member of core.members.byName.values()) {
    if (member.kind !== 'method' || !member.idempotent) continue;
    if (member.item !== undefined || member.input !== undefined) continue;
    // Remembered with the client, so that each use of first() knows what is usual.
    const durations = new Durations();
    result[member.name] =
      member.args === undefined
        ? (options?: CallOptions) => callFirst(core, member, durations, null, options)
        : (args: unknown, options?: CallOptions) =>
            callFirst(core, member, durations, args, options);
  }
  firsts.set(client, result);
  return result as FirstClient<I>;
}

/** The client itself: each call goes to the server with the fewest calls under way. */
export function one<I extends Interface>(client: ClientOf<I>): ClientOf<I> {
  coreOf(client);
  return client;
}
