// What the servers of a bus serve: read from labels, and asked by `busbar.describe`.
import type { Peer } from '../../../index.js';
import { defineInterface, type Interface, interfaceOf } from '../../interface/entry-values.js';
import { type ClientOf, connect, describe } from '../../rpc/index.js';
import { servedNames } from './served-names.js';
import type { ChosenBus } from './which-bus.js';

/** What one server answered. */
export interface Described {
  readonly peer: Peer;
  /** Empty if it did not answer, or not in our words. */
  readonly interfaces: readonly Interface[];
  /** Why there are none. */
  readonly error: unknown;
}

/** Servers that are asked at the same time. */
const atOnce = 64;

/** How to ask. */
export interface AskOptions {
  /** Aborting it gives those up that have not answered. */
  readonly signal?: AbortSignal;
  /** Called with each server that answers. */
  readonly answered?: (peer: Peer) => void;
}

/**
 * Asks servers what they serve, all of them within `timeout` milliseconds. Observers do not see the
 * questions.
 */
export async function describeServers(
  { name, token }: ChosenBus,
  servers: readonly Peer[],
  timeout: number,
  { signal, answered }: AskOptions = {},
): Promise<readonly Described[]> {
  if (servers.length === 0) return [];
  const deadline = performance.now() + timeout;
  const bus = { name, token, controllerAffinity: false, observable: false, timeout };
  const clients = new Map<string, Promise<ClientOf<Interface>>>();
  const ask = async (peer: Peer): Promise<Described> => {
    try {
      const [first] = servedNames(peer.label);
      if (first === undefined) return { peer, interfaces: [], error: undefined };
      const key = `${first.name}/${first.major}`;
      const client =
        clients.get(key) ?? connect(bus, defineInterface(first.name, `${first.major}.0`, {}));
      clients.set(key, client as Promise<ClientOf<Interface>>);
      const left = deadline - performance.now();
      const models = await describe((await client) as ClientOf<Interface>, {
        to: peer,
        timeout: Math.max(1, left),
        signal,
      });
      answered?.(peer);
      return { peer, interfaces: models.map(interfaceOf), error: undefined };
    } catch (error) {
      return { peer, interfaces: [], error };
    }
  };
  try {
    const found: Described[] = [];
    for (let at = 0; at < servers.length; at += atOnce) {
      found.push(...(await Promise.all(servers.slice(at, at + atOnce).map(ask))));
    }
    return found;
  } finally {
    const opened = await Promise.allSettled(clients.values());
    for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
  }
}
