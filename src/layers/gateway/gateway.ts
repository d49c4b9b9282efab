// A gateway: one server of HTTP in front of the servers of a bus.
import type { Server } from 'node:http';
import { asyncDispose, type DeclaredError, type Session } from '../rpc/entry-port.js';
import { type Bus, openCalls } from '../rpc/index.js';
import type { WireRelay } from '../wire/index.js';
import { Calling } from './calls/calling.js';
import { dataShapeOf } from './calls/error-shapes.js';
import { Exposures } from './calls/exposed.js';
import { Properties } from './calls/properties.js';
import { Values } from './calls/values.js';
import type { Databases } from './hrana/databases.js';
import type { Exchange } from './http/exchange.js';
import { failureOf } from './http/failure.js';
import { Front, type Handler, type Route } from './http/front.js';
import { listenAt, makeServer, portOf } from './http/listening.js';
import { type GatewayOptions, type Settings, settingsOf } from './options.js';
import { Regions } from './regions/regions.js';
import { Describing } from './routes/describing.js';
import { Sending } from './routes/sending.js';
import { ticketFor } from './routes/ticketing.js';
import { StreamedCalls } from './streams/streamed-calls.js';
import { Watching } from './streams/watching.js';
import { Tickets } from './tickets.js';

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:4711`; of a Unix socket `http+unix:` with its path. */
  readonly url: string;
  /** The port; `undefined` for a Unix socket. */
  readonly port: number | undefined;
  /** The token, or the first of several. Print it once, and nowhere where others read. */
  readonly token: string;
  /** Resolves when it is closed: by {@link close}, or because its bus is gone. */
  readonly closed: Promise<void>;
  /**
   * Takes no more requests, gives those under way `linger` milliseconds (default: 1,000), closes all
   * connections and leaves the bus. Repeated calls return the same promise.
   */
  close(options?: { readonly linger?: number | undefined }): Promise<void>;
  /** Whether it keeps the process alive. It does by default. */
  setReferenced(wanted: boolean): void;
}

const usualLinger = 1000;

/**
 * Lets programs that can only speak HTTP use servers of a bus: of the interfaces exposed, and nothing
 * else. It listens on this machine only unless it is told otherwise, and answers nobody without a
 * token. Resolves when it listens.
 *
 * @throws GatewayError `GATEWAY_OPTION`, `CANNOT_LISTEN`; InvalidInterfaceError; what `join` throws.
 */
export async function serveGateway(bus: Bus, options: GatewayOptions): Promise<Gateway> {
  const settings = settingsOf(options);
  let gateway: RunningGateway | undefined;
  // Without its bus a gateway is of no use.
  const session = await openCalls(bus, () => void gateway?.close({ linger: 0 }));
  session.use();
  try {
    const exposures = new Exposures(session, settings.to);
    if (settings.expose !== undefined) await exposures.list(settings.expose);
    gateway = new RunningGateway(bus, session, exposures, settings);
    await gateway.listen();
    return gateway;
  } catch (error) {
    if (gateway === undefined) await session.release(0);
    else await gateway.close({ linger: 0 });
    throw error;
  }
}

/** See {@link Gateway}. */
class RunningGateway implements Gateway {
  readonly closed: Promise<void>;
  readonly token: string;
  readonly #bus: Bus;
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #exposures: Exposures;
  readonly #server: Server;
  readonly #front: Front;
  readonly #regions: Regions;
  readonly #tickets: Tickets;
  readonly #streamed: StreamedCalls;
  readonly #sending: Sending;
  #databases: Databases | undefined;
  #wire: WireRelay | undefined;
  #closing: Promise<void> | undefined;
  #resolveClosed: () => void = () => undefined;
  #port: number | undefined;

  constructor(bus: Bus, session: Session, exposures: Exposures, settings: Settings) {
    const { limits, tells, token } = settings;
    this.#bus = bus;
    this.#session = session;
    this.#settings = settings;
    this.#exposures = exposures;
    this.token = token;
    this.#regions = new Regions(limits.tickets);
    this.#tickets = new Tickets(limits.tickets, limits.resumeTime);
    const values = new Values(this.#regions);
    const dataOf = (error: DeclaredError) => {
      const shape = dataShapeOf(error);
      return shape === undefined ? null : shape.encode(error.data, undefined, 'json');
    };
    const failure = (error: unknown) => failureOf(error, tells, dataOf);
    this.#streamed = new StreamedCalls(values, limits, (error) => failure(error).body);
    this.#sending = new Sending(bus, settings.send);
    this.#front = new Front(settings, this.#routes(values), this.#tickets, failure);
    this.#server = makeServer(limits, (request, response) => this.#front.take(request, response));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get port(): number | undefined {
    return this.#port;
  }

  get url(): string {
    const { place } = this.#settings;
    if ('path' in place) return `http+unix:${place.path}`;
    const host = place.host.includes(':') ? `[${place.host}]` : place.host;
    return `http://${host}:${this.#port ?? place.port}`;
  }

  async listen(): Promise<void> {
    await listenAt(this.#server, this.#settings.place);
    this.#port = portOf(this.#server);
    if (!this.#settings.wire) return;
    const { takeWires } = await import('./routes/wires.js');
    this.#wire = await takeWires(this.#server, this.#bus, this.#settings);
  }

  setReferenced(wanted: boolean): void {
    if (wanted) this.#server.ref();
    else this.#server.unref();
    this.#session.port.setReferenced(wanted);
  }

  close(options?: { readonly linger?: number | undefined }): Promise<void> {
    this.#closing ??= this.#close(options?.linger ?? usualLinger);
    return this.#closing;
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(linger: number): Promise<void> {
    this.#front.close();
    const server = this.#server;
    const ended = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    this.#streamed.close();
    const wire = this.#wire?.close({ linger });
    const timer = setTimeout(() => server.closeAllConnections(), linger);
    await ended;
    clearTimeout(timer);
    await wire;
    this.#tickets.clear();
    this.#regions.clear();
    for (const mount of this.#settings.mounts.values()) await mount.close?.();
    await this.#sending.close();
    await this.#databases?.close();
    await this.#exposures.close();
    await this.#session.release(0);
    this.#resolveClosed();
  }

  // Loaded with the first request: most gateways have no database.
  async #sql(): Promise<Databases> {
    if (this.#databases === undefined) {
      const { Databases } = await import('./hrana/databases.js');
      const { databases, limits } = this.#settings;
      this.#databases ??= new Databases(this.#bus, databases, limits);
    }
    return this.#databases;
  }

  #routes(values: Values): ReadonlyMap<string, Route> {
    const { mounts } = this.#settings;
    const exposures = this.#exposures;
    const calling = new Calling(exposures, values, this.#streamed);
    const watching = new Watching(exposures, values);
    const properties = new Properties(exposures, values, watching);
    const describing = new Describing(this.#session, exposures);
    const routes = new Map<string, Route>();
    const add = (path: string, handlers: Readonly<Record<string, Handler>>, open = false) =>
      routes.set(path, { handlers: new Map(Object.entries(handlers)), open });
    add('call', { POST: (each) => calling.post(each), GET: (each) => calling.get(each) });
    add('property', { GET: (each) => properties.get(each), PUT: (each) => properties.put(each) });
    add('signal', { GET: (each) => properties.signal(each) });
    add('events', { GET: (each) => watching.events(each) });
    add('describe', { GET: (each) => describing.get(each) });
    add('send', { POST: (each) => this.#sending.post(each) });
    add('ticket', { POST: (each) => ticketFor(each, this.#tickets) });
    if (this.#settings.databases.length > 0) {
      add('sql', {
        GET: async (each) => (await this.#sql()).get(each),
        POST: async (each) => (await this.#sql()).post(each),
      });
    }
    const regions = this.#regions;
    // The ticket is what allows it.
    add(
      'region',
      { GET: (each) => regions.get(each), DELETE: (each) => regions.delete(each) },
      true,
    );
    for (const [path, mount] of mounts) {
      const handle: Handler = (exchange: Exchange) => mount.handle(exchange);
      const handlers = Object.fromEntries(mount.methods.map((method) => [method, handle]));
      add(path, handlers, mount.open === true);
    }
    return routes;
  }
}
