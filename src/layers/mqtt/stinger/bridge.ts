// A bridge with the profile `stinger`: servers of the bus for Stinger's clients, and Stinger's servers
// for callers on the bus.
import { EventEmitter } from 'node:events';
import { BridgeError } from '../../bridge/index.js';
import { asyncDispose, type Session } from '../../rpc/entry-port.js';
import { type Bus, openCalls } from '../../rpc/index.js';
import { Broker, type BrokerSettings } from '../broker.js';
import { type StingerCounters, StingerCounts } from './counters.js';
import { Exposed } from './exposed.js';
import { Imported, type StingerInstance } from './imported.js';
import { json, StingerLine } from './line.js';
import type { StingerSettings } from './options.js';
import { PendingRequests } from './pending.js';

/** The events of a bridge with the profile `stinger`, with what their listeners get. */
export interface StingerBridgeEvents {
  /** A Stinger server was found, and can be called on the bus. */
  found: [instance: StingerInstance];
  /** A Stinger server is gone: it said so, its client is gone, or its announcement has expired. */
  lost: [instance: StingerInstance];
  /** The connection is gone; calls under way end. The bridge connects again by itself. */
  disconnected: [cause: unknown];
  /** The connection is there again. Signals that were emitted meanwhile did not come. */
  reconnected: [];
  /** Something failed that nobody waits for, such as joining the bus for an instance. */
  error: [error: unknown];
}

/** A bridge with the profile `stinger`. */
export interface StingerBridge extends AsyncDisposable {
  /** The Stinger servers that can be called on the bus now. */
  readonly instances: readonly StingerInstance[];
  /** What was counted so far. */
  readonly counters: StingerCounters;
  /** Adds a listener. An `error` without a listener is dropped. */
  on<E extends keyof StingerBridgeEvents>(
    event: E,
    listener: (...values: StingerBridgeEvents[E]) => void,
  ): this;
  /** Removes a listener. */
  off<E extends keyof StingerBridgeEvents>(
    event: E,
    listener: (...values: StingerBridgeEvents[E]) => void,
  ): this;
  /**
   * Withdraws its announcements, ends its instances on the bus, and leaves both. Repeated calls return
   * the same promise.
   */
  close(): Promise<void>;
}

/** Makes a bridge. @throws BridgeError, MissingPackageError, and what `join` throws. */
export async function bridgeStinger(
  bus: Bus,
  connection: BrokerSettings,
  settings: StingerSettings,
): Promise<StingerBridge> {
  const bridge = new Bridging(settings);
  try {
    await bridge.open(bus, connection);
    return bridge;
  } catch (error) {
    await bridge.close();
    throw error;
  }
}

const nobody = Object.freeze([]);

class Bridging implements StingerBridge {
  readonly #settings: StingerSettings;
  readonly #counts = new StingerCounts();
  readonly #emitter = new EventEmitter();
  #line: StingerLine | undefined;
  #back: Session | undefined;
  readonly #exposed: Exposed[] = [];
  readonly #imported: Imported[] = [];
  #closing: Promise<void> | undefined;

  constructor(settings: StingerSettings) {
    this.#settings = settings;
  }

  get instances(): readonly StingerInstance[] {
    if (this.#imported.length === 0) return nobody;
    return this.#imported.flatMap(({ instances }) => instances);
  }

  get counters(): StingerCounters {
    return this.#counts.snapshot();
  }

  on<E extends keyof StingerBridgeEvents>(
    event: E,
    listener: (...values: StingerBridgeEvents[E]) => void,
  ): this {
    this.#emitter.on(event, listener as (...values: unknown[]) => void);
    return this;
  }

  off<E extends keyof StingerBridgeEvents>(
    event: E,
    listener: (...values: StingerBridgeEvents[E]) => void,
  ): this {
    this.#emitter.off(event, listener as (...values: unknown[]) => void);
    return this;
  }

  async open(bus: Bus, connection: BrokerSettings): Promise<void> {
    const { templates, serve, connect, instances, maxInstances, timeout } = this.#settings;
    const topic = templates.lwt.fill({ client_id: connection.clientId });
    const will = { topic, payload: offline, qos: 1, retain: true, contentType: json } as const;
    const broker = await Broker.connect(
      { ...connection, will },
      {
        disconnected: (cause) => this.#disconnected(cause),
        reconnected: () => this.#reconnected(),
        refused: (error) => this.#failed(error),
      },
    );
    const line = new StingerLine(broker, templates, this.#counts);
    this.#line = line;
    this.#present();
    if (serve.length > 0) {
      this.#back = await openCalls(bus, () => this.#busGone());
      this.#back.use();
    }
    for (const given of serve) {
      const exposed = new Exposed(line, this.#back as Session, given, this.#settings);
      this.#exposed.push(exposed);
      await exposed.begin();
    }
    for (const given of connect) {
      const place = { line, bus, given, pending: new PendingRequests(), timeout };
      const imported = new Imported(place, instances, maxInstances, {
        found: (instance) => this.#emit('found', instance),
        lost: (instance) => this.#emit('lost', instance),
        failed: (error) => this.#failed(error),
      });
      this.#imported.push(imported);
      await imported.begin();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#exposed, ...this.#imported].map((each) => each.close()));
    await this.#back?.release(0);
    const line = this.#line;
    if (line === undefined) return;
    const topic = line.templates.lwt.fill({ client_id: line.broker.clientId });
    await line.publish({ topic, payload: offline, qos: 1, retain: true });
    await line.broker.close();
  }

  #present(): void {
    const { broker, templates } = this.#line as StingerLine;
    const topic = templates.lwt.fill({ client_id: broker.clientId });
    void this.#line?.publish({ topic, payload: online, qos: 1, retain: true });
  }

  #disconnected(cause: unknown): void {
    for (const imported of this.#imported) imported.disconnected();
    this.#emit('disconnected', cause);
  }

  #reconnected(): void {
    this.#present();
    for (const exposed of this.#exposed) exposed.renew();
    this.#emit('reconnected');
  }

  #busGone(): void {
    if (this.#closing !== undefined) return;
    this.#failed(new BridgeError('BUS_CLOSED', 'the endpoint of the bridge is gone'));
    void this.close();
  }

  #failed(error: unknown): void {
    if (this.#emitter.listenerCount('error') > 0) this.#emit('error', error);
  }

  #emit<E extends keyof StingerBridgeEvents>(event: E, ...values: StingerBridgeEvents[E]): void {
    if (this.#closing === undefined) this.#emitter.emit(event, ...values);
  }
}

const online = '{"online":true}';
const offline = '{"online":false}';
