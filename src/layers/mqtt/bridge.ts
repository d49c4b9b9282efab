// A bridge for messages between a bus and a broker: its connections, its rules, and what they count.
import { EventEmitter } from 'node:events';
import {
  BridgeError,
  BusSink,
  BusSource,
  type LossReport,
  LossWatch,
  newBridgeId,
  type RuleCounts,
} from '../bridge/index.js';
import type { Bus } from '../rpc/index.js';
import { Broker, type BrokerSettings } from './broker.js';
import { InSubscription } from './messages/in-subscription.js';
import { OutFlow } from './messages/out-flow.js';
import { MessageTopics } from './messages/topics.js';
import type { Settings } from './options.js';

/** The events of a bridge, for `on`, `once` and `off`. */
export interface MqttBridgeEvents {
  /** A connection is lost; the bridge connects again for as long as it takes. */
  disconnected: [cause: unknown];
  /** The connections are back, with all subscriptions. */
  reconnected: [report: LossReport];
  /** The broker refuses a subscription that it has allowed before. */
  refused: [error: BridgeError];
  /** The bridge is closed; with an error, by something else than `close`. */
  close: [error: BridgeError | undefined];
}

/** What the rules of a bridge have counted, in the order in which they were given. */
export interface MqttBridgeCounts {
  /** Of the rules in `out`. */
  readonly out: readonly RuleCounts[];
  /** Of the rules in `in`. */
  readonly in: readonly RuleCounts[];
}

/** A bridge that is open; made by `bridgeMqtt`. */
export class MqttBridge extends EventEmitter<MqttBridgeEvents> implements AsyncDisposable {
  /** The number of this bridge in the hops of messages: 16 hexadecimal digits. */
  readonly id: string;
  readonly #linger: number;
  readonly #out: OutFlow[] = [];
  readonly #in: InSubscription[] = [];
  /** One for each direction: while the bus takes nothing, nothing is read of the one for `in`. */
  readonly #brokers: Broker[] = [];
  #sink: BusSink | undefined;
  #watch: LossWatch | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(id: string, linger: number) {
    super();
    this.id = id;
    this.#linger = linger;
  }

  /** Whether the bridge is connected now. */
  get connected(): boolean {
    return this.#brokers.every(({ connected }) => connected);
  }

  /** What the rules have counted so far. For each of them the numbers add up. */
  get counters(): MqttBridgeCounts {
    return {
      out: this.#out.map(({ counts }) => counts),
      in: this.#in.map(({ flow }) => flow.counters.snapshot()),
    };
  }

  /**
   * Takes nothing any more, gives messages under way `linger` milliseconds, and leaves the bus and the
   * broker. Repeated calls return the same promise.
   */
  close(options: { readonly linger?: number | undefined } = {}): Promise<void> {
    return this.#end(options.linger ?? this.#linger, undefined);
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Begins to carry messages. */
  async begin(bus: Bus, id: Uint8Array, at: BrokerSettings, settings: Settings): Promise<void> {
    const topics = new MessageTopics(settings.domain);
    const expelled = () => this.#fail('BUS_CLOSED', 'the bus has closed an endpoint of the bridge');
    if (settings.in.length > 0) {
      const { clientId } = at;
      const broker = await this.#connect({
        ...at,
        clientId: `${clientId}-in`,
        sessionSeconds: settings.sessionSeconds,
        // While nothing is read, the answer to a ping is not, either.
        keepaliveSeconds: 0,
        receiveMaximum: 256,
      });
      this.#sink = await BusSink.open(bus, id, expelled);
      for (const { rule, listening } of settings.in) {
        const flow = this.#sink.add(rule);
        this.#in.push(await InSubscription.open(flow, broker, topics, listening));
      }
    }
    if (settings.out.length === 0) return;
    const broker = await this.#connect(at);
    for (const { rule, publishing } of settings.out) {
      const source = await BusSource.open(bus, rule, id, {
        wake: () => flow.pump(),
        ended: expelled,
      });
      const flow: OutFlow = new OutFlow(source, broker, topics, publishing);
      this.#out.push(flow);
      broker.onRoom(() => flow.pump());
      flow.pump();
    }
  }

  async #connect(settings: BrokerSettings): Promise<Broker> {
    const broker = await Broker.connect(settings, {
      disconnected: (cause) => this.#lost(cause),
      reconnected: () => this.#back(),
      refused: (error) => this.#tell('refused', error),
    });
    this.#brokers.push(broker);
    return broker;
  }

  #lost(cause: unknown): void {
    if (this.#watch !== undefined) return;
    const out = this.#out.map(({ source: { counters } }) => counters);
    const come = this.#in.map(({ flow: { counters } }) => counters);
    this.#watch = new LossWatch(out, come, performance.now());
    this.#tell('disconnected', cause);
  }

  #back(): void {
    const report = this.#watch?.report(performance.now());
    if (report === undefined || !this.connected) return;
    this.#watch = undefined;
    this.#tell('reconnected', report);
  }

  #fail(code: 'BUS_CLOSED', text: string): void {
    void this.#end(0, new BridgeError(code, text));
  }

  #end(linger: number, error: BridgeError | undefined): Promise<void> {
    // In a turn of its own: what is closed here reports its end.
    this.#closing ??= Promise.resolve()
      .then(() => this.#close(linger))
      .then(() => this.#tell('close', error));
    return this.#closing;
  }

  async #close(linger: number): Promise<void> {
    await Promise.all([
      ...this.#out.map(({ source }) => source.close(linger)),
      this.#sink?.close(linger),
    ]);
    await Promise.all(this.#brokers.map((broker) => broker.close()));
  }

  // In a turn of its own: what a listener throws is no matter of the bridge.
  #tell<E extends keyof MqttBridgeEvents>(event: E, ...args: MqttBridgeEvents[E]): void {
    const emit = this.emit.bind(this) as (name: string, ...all: readonly unknown[]) => boolean;
    process.nextTick(() => emit(event, ...args));
  }
}

/** Makes a bridge. @throws BridgeError, MissingPackageError, and what `join` throws. */
export async function bridgeMessages(
  bus: Bus,
  at: BrokerSettings,
  settings: Settings,
): Promise<MqttBridge> {
  const id = newBridgeId();
  const bridge = new MqttBridge(Buffer.from(id).toString('hex'), settings.linger);
  try {
    await bridge.begin(bus, id, at, settings);
    return bridge;
  } catch (error) {
    await bridge.close({ linger: 0 });
    throw error;
  }
}
