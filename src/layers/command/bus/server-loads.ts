// How busy servers are, asked by `busbar.stats` again and again over one endpoint.
import type { Peer } from '../../../index.js';
import type { Interface } from '../../interface/entry-values.js';
import type { ClientOf, ServiceStats } from '../../rpc/index.js';
import { type ServedName, servedNames } from './served-names.js';
import type { ChosenBus } from './which-bus.js';

/** The calls of one server. */
export interface ServerLoad {
  readonly running: number;
  readonly queued: number;
  /** Since it was served. */
  readonly calls: number;
}

/** Servers that are asked each time; of more than these, those with the lowest ids. */
const mostServers = 256;

/** Asks servers. Close it. */
export class ServerLoads {
  readonly #bus: ChosenBus;
  readonly #clients = new Map<string, Promise<ClientOf<Interface>>>();

  constructor(bus: ChosenBus) {
    this.#bus = bus;
  }

  /** The loads of those that answer within `timeout` milliseconds, by id. */
  async ask(peers: readonly Peer[], timeout: number): Promise<ReadonlyMap<number, ServerLoad>> {
    const servers = peers.filter(({ label }) => servedNames(label).length > 0);
    const asked = servers.sort((a, b) => a.id - b.id).slice(0, mostServers);
    const found = new Map<number, ServerLoad>();
    await Promise.all(
      asked.map(async (peer) => {
        try {
          const client = await this.#clientFor(peer);
          if (client === undefined) return;
          const { stats } = await import('../../rpc/index.js');
          found.set(peer.id, loadOf(await stats(client, { to: peer, timeout })));
        } catch {
          // It is busy, stopped or gone; the other columns say so.
        }
      }),
    );
    return found;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#clients.values());
    for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
  }

  #clientFor({ label }: Peer): Promise<ClientOf<Interface>> | undefined {
    const [served] = servedNames(label);
    if (served === undefined) return undefined;
    const key = `${served.name}/${served.major}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const client = this.#connect(served);
    this.#clients.set(key, client);
    return client;
  }

  // Loaded here: a bus without servers needs none of it.
  async #connect({ name: source, major }: ServedName): Promise<ClientOf<Interface>> {
    const [{ defineInterface }, { connect }] = await Promise.all([
      import('../../interface/entry-values.js'),
      import('../../rpc/index.js'),
    ]);
    const { name, token } = this.#bus;
    const bus = { name, token, controllerAffinity: false, observable: false };
    return connect<Interface>(bus, defineInterface(source, `${major}.0`, {}));
  }
}

/** What a peer answers is checked: only numbers count. */
function loadOf(services: readonly ServiceStats[]): ServerLoad {
  const sum = (numbers: readonly unknown[]) =>
    numbers.reduce<number>((all, each) => all + (Number.isFinite(each) ? Number(each) : 0), 0);
  const list = services.filter((each) => typeof each === 'object' && each !== null);
  return {
    running: sum(list.map(({ running }) => running)),
    queued: sum(list.map(({ queued }) => queued)),
    calls: sum(
      list.flatMap(({ members }) =>
        Array.isArray(members) ? members.map((member: { calls?: unknown }) => member?.calls) : [],
      ),
    ),
  };
}
