// How busy servers are, asked by `busbar.stats` again and again over one endpoint; of tables of
// handlers that let others see them, their routes as well.
import type { Peer } from '../../../index.js';
import type { HandlersService, RouteRow } from '../../handlers/index.js';
import type { Interface } from '../../interface/entry-values.js';
import type { CallOptions, ClientOf, ServiceStats } from '../../rpc/index.js';
import { type ServedName, servedNames } from './served-names.js';
import type { ChosenBus } from './which-bus.js';

/** The calls of one server, and the messages of its table. */
export interface ServerLoad {
  readonly running: number;
  readonly queued: number;
  /** Since it was served. */
  readonly calls: number;
}

/** Servers that are asked each time; of more than these, those with the lowest ids. */
const mostServers = 256;

const noLoad: ServerLoad = { running: 0, queued: 0, calls: 0 };
/** The interface of tables of handlers. */
const tableName = 'busbar.handlers';

/** Asks servers. Close it. */
export class ServerLoads {
  readonly #bus: ChosenBus;
  readonly #clients = new Map<string, Promise<ClientOf<Interface>>>();
  #table: Promise<ClientOf<typeof HandlersService>> | undefined;

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
          const to = { to: peer, timeout };
          const tables = servedNames(peer.label).some(({ name }) => name === tableName);
          const loads = await Promise.all([
            stats(client, to).then(loadOf),
            tables ? this.#tableOf(to) : noLoad,
          ]);
          found.set(peer.id, loads.reduce(sumOf));
        } catch {
          // It is busy, stopped or gone; the other columns say so.
        }
      }),
    );
    return found;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled([...this.#clients.values(), ...this.#tables()]);
    for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
  }

  async #tableOf(to: CallOptions): Promise<ServerLoad> {
    this.#table ??= import('../../handlers/index.js').then(({ HandlersService }) =>
      this.#open(HandlersService),
    );
    const routes = await (await this.#table).routes(to);
    return routes.map((row) => loadOfRoute(row as RouteRow)).reduce(sumOf, noLoad);
  }

  #tables(): readonly Promise<{ close(): Promise<void> }>[] {
    return this.#table === undefined ? [] : [this.#table];
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
    const { defineInterface } = await import('../../interface/entry-values.js');
    return this.#open<Interface>(defineInterface(source, `${major}.0`, {}));
  }

  async #open<I extends Interface>(source: I): Promise<ClientOf<I>> {
    const { connect } = await import('../../rpc/index.js');
    const { name, token } = this.#bus;
    return connect<I>({ name, token, controllerAffinity: false, observable: false }, source);
  }
}

function sumOf(a: ServerLoad, b: ServerLoad): ServerLoad {
  return {
    running: a.running + b.running,
    queued: a.queued + b.queued,
    calls: a.calls + b.calls,
  };
}

/** Methods of a table are counted as calls already; messages that are only sent are no work. */
function loadOfRoute({ mode, running, waiting, handled, failed }: RouteRow): ServerLoad {
  if (mode === 'call' || mode === 'emit') return noLoad;
  return { running, queued: waiting, calls: handled + failed };
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
