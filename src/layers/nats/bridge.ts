// A bridge between a bus and NATS: its connection, its rules, and what they count.
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
import { ConnectedCalls } from './calls/connecting.js';
import { Exchange } from './calls/exchange.js';
import { ServedCalls } from './calls/serving.js';
import { InSubscription } from './in-flow.js';
import { NatsLink, type NatsPlace } from './link.js';
import { type NatsBridgeOptions, type Settings, settingsOf } from './options.js';
import { OutFlow } from './out-flow.js';
import { NatsServices } from './services/services.js';
import { Subjects } from './subjects.js';

/** The events of a bridge, for `on`, `once` and `off`. */
export interface NatsBridgeEvents {
  /** The connection is lost; the bridge connects again for as long as it takes. */
  disconnected: [];
  /** The connection is back, with all subscriptions. */
  reconnected: [report: LossReport];
  /** The server of NATS does not let this bridge publish, or subscribe, to a subject. */
  refused: [subject: string];
  /** The bridge is closed; with an error, by something else than `close`. */
  close: [error: BridgeError | undefined];
}

/** What the rules of a bridge have counted, in the order in which they were given. */
export interface NatsBridgeCounts {
  /** Of the rules in `out`. */
  readonly out: readonly RuleCounts[];
  /** Of the rules in `in`. */
  readonly in: readonly RuleCounts[];
}

/** A bridge that is open; made by {@link bridgeNats}. */
export class NatsBridge extends EventEmitter<NatsBridgeEvents> implements AsyncDisposable {
  /** The number of this bridge in the hops of messages: 16 hexadecimal digits. */
  readonly id: string;
  readonly #link: NatsLink;
  readonly #linger: number;
  readonly #out: OutFlow[] = [];
  readonly #in: InSubscription[] = [];
  readonly #parts: (ServedCalls | ConnectedCalls | NatsServices)[] = [];
  #sink: BusSink | undefined;
  #exchange: Exchange | undefined;
  #watch: LossWatch | undefined;
  #refusal: string | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(id: Uint8Array, link: NatsLink, linger: number) {
    super();
    this.id = Buffer.from(id).toString('hex');
    this.#link = link;
    this.#linger = linger;
    link.follow({
      lost: () => this.#lost(),
      back: () => this.#back(),
      closed: (cause) => this.#fail('BROKER_CLOSED', 'the connection to NATS is closed', cause),
      refusedPublish: (subject) => {
        for (const flow of this.#out) flow.refused(subject);
        this.#tell('refused', subject);
      },
      refusedSubscription: (subject) => {
        this.#refusal ??= subject;
        this.#tell('refused', subject);
      },
    });
  }

  /** Whether there is a connection to NATS now. */
  get connected(): boolean {
    return this.#link.isUp;
  }

  /** What the rules have counted so far. For each of them the numbers add up. */
  get counters(): NatsBridgeCounts {
    return {
      out: this.#out.map(({ counts }) => counts),
      in: this.#in.map(({ flow }) => flow.counters.snapshot()),
    };
  }

  /**
   * Takes nothing any more, gives messages and calls under way `linger` milliseconds, and leaves the
   * bus and NATS. Repeated calls return the same promise.
   */
  close(options: { readonly linger?: number | undefined } = {}): Promise<void> {
    return this.#end(options.linger ?? this.#linger, undefined);
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Begins to carry messages. */
  async begin(bus: Bus, id: Uint8Array, subjects: Subjects, settings: Settings): Promise<void> {
    const expelled = () => this.#fail('BUS_CLOSED', 'the bus has closed an endpoint of the bridge');
    if (settings.in.length > 0) {
      this.#sink = await BusSink.open(bus, id, expelled);
      for (const { rule, listening } of settings.in) {
        const flow = this.#sink.add(rule);
        this.#in.push(new InSubscription(flow, this.#link, subjects, listening));
      }
      await this.#subscribed();
    }
    await this.#beginCalls(bus, subjects, settings, expelled);
    for (const { rule, subject } of settings.out) {
      const source = await BusSource.open(bus, rule, id, {
        wake: () => flow.wake(),
        ended: expelled,
      });
      const flow: OutFlow = new OutFlow(source, this.#link, subjects, subject);
      this.#out.push(flow);
      flow.pump();
    }
  }

  async #beginCalls(
    bus: Bus,
    subjects: Subjects,
    settings: Settings,
    expelled: () => void,
  ): Promise<void> {
    const { serve, connect } = settings;
    if (serve.length === 0 && connect.length === 0) return;
    const link = this.#link;
    const exchange = new Exchange(this.id, link, subjects);
    this.#exchange = exchange;
    await this.#subscribed();
    if (serve.length > 0) {
      const served = ServedCalls.open(bus, exchange, link, subjects, settings, expelled);
      this.#parts.push(await served);
      if (settings.services) {
        this.#parts.push(await NatsServices.open(bus, link, subjects, settings, expelled));
      }
    }
    if (connect.length > 0) {
      const calls = await ConnectedCalls.open(bus, exchange, link, subjects, settings, expelled);
      this.#parts.push(calls);
      calls.begin();
    }
    await this.#subscribed();
  }

  /** Resolves when the server knows all subscriptions. @throws BridgeError. */
  async #subscribed(): Promise<void> {
    await this.#link.flush();
    if (this.#refusal === undefined) return;
    throw new BridgeError('CANNOT_SUBSCRIBE', `NATS refuses to subscribe to ${this.#refusal}`);
  }

  #lost(): void {
    const out = this.#out.map(({ source: { counters } }) => counters);
    const come = this.#in.map(({ flow: { counters } }) => counters);
    this.#watch = new LossWatch(out, come, performance.now());
    for (const flow of this.#out) flow.lost();
    this.#tell('disconnected');
  }

  #back(): void {
    const report = this.#watch?.report(performance.now());
    this.#watch = undefined;
    for (const flow of this.#out) flow.pump();
    if (report !== undefined) this.#tell('reconnected', report);
  }

  #fail(code: 'BROKER_CLOSED' | 'BUS_CLOSED', text: string, cause?: unknown): void {
    void this.#end(0, new BridgeError(code, text, cause));
  }

  #end(linger: number, error: BridgeError | undefined): Promise<void> {
    // In a turn of its own: what is closed here reports its end.
    this.#closing ??= Promise.resolve()
      .then(() => this.#close(linger))
      .then(() => this.#tell('close', error));
    return this.#closing;
  }

  async #close(linger: number): Promise<void> {
    for (const each of this.#in) each.close();
    await Promise.all([
      ...this.#out.map(({ source }) => source.close(linger)),
      ...this.#parts.map((part) => part.close(linger)),
      this.#sink?.close(linger),
    ]);
    this.#exchange?.close();
    await this.#link.close();
  }

  // In a turn of its own: what a listener throws is no matter of the bridge.
  #tell<E extends keyof NatsBridgeEvents>(event: E, ...args: NatsBridgeEvents[E]): void {
    const emit = this.emit.bind(this) as (name: string, ...all: readonly unknown[]) => boolean;
    process.nextTick(() => emit(event, ...args));
  }
}

/**
 * Connects a bus with NATS. What `options` list crosses, and nothing else. Resolves when the servers
 * of NATS know all subscriptions and the bridge has joined the bus. The connection is made again
 * whenever it is lost.
 *
 * @throws InvalidArgumentError if an option is wrong; MissingPackageError without
 * `@nats-io/transport-node`; BridgeError `CANNOT_CONNECT` or `CANNOT_SUBSCRIBE`; what `join` throws.
 */
export async function bridgeNats(
  bus: Bus,
  place: NatsPlace,
  options?: NatsBridgeOptions,
): Promise<NatsBridge> {
  const name = typeof bus === 'string' ? bus : bus.name;
  const settings = settingsOf(name, options);
  const subjects = new Subjects(settings.domain);
  const id = newBridgeId();
  const link = await NatsLink.open(place, `busbar ${name}`);
  const bridge = new NatsBridge(id, link, settings.linger);
  try {
    await bridge.begin(bus, id, subjects, settings);
    return bridge;
  } catch (error) {
    await bridge.close({ linger: 0 });
    throw error;
  }
}
