// The connection with a broker: the seam between what crosses a bridge and MQTT.js. It connects again
// by itself, and then renews its subscriptions.
import type { IClientOptions, MqttClient } from 'mqtt';
import { BridgeError } from '../bridge/index.js';
import { loadLibrary } from './library.js';
import {
  type ArrivedMessage,
  arrivedOf,
  type OutgoingMessage,
  type Qos,
  type RawPacket,
  rawProperties,
} from './message.js';

/** How to connect. */
export interface BrokerSettings {
  readonly url: string;
  /** Options of MQTT.js that concern the transport: certificates, user name, password. */
  readonly client: Pick<
    IClientOptions,
    'username' | 'password' | 'ca' | 'cert' | 'key' | 'servername'
  >;
  readonly clientId: string;
  /** Milliseconds between two attempts. */
  readonly reconnectMs: number;
  /** Milliseconds that one attempt may take. */
  readonly connectMs: number;
  /** Bytes of the largest packet that is taken. */
  readonly packetBytes: number;
  /** Messages of QoS 1 and 2 that the broker sends before they are confirmed. */
  readonly receiveMaximum: number;
  /** Seconds that the broker keeps the session without a connection; 0 for none. */
  readonly sessionSeconds: number;
  /** Seconds without a packet until the broker is asked whether it is there; 0 for never. */
  readonly keepaliveSeconds: number;
  /** What the broker publishes when the connection ends without a farewell. */
  readonly will?: OutgoingMessage | undefined;
}

/** What happens to a connection. None of the functions throws. */
export interface BrokerEvents {
  /** It is there again, and its subscriptions are in force. `resumed`: the broker kept the session. */
  reconnected(resumed: boolean): void;
  /** It is gone; the next one is tried. */
  disconnected(cause: unknown): void;
  /** The broker refuses a subscription after a reconnection. */
  refused(error: BridgeError): void;
}

/** How to subscribe. */
export interface SubscribeOptions {
  readonly qos: Qos;
  /** Whether retained messages come: at each subscription, or never. Default: true. */
  readonly retained?: boolean;
}

/** Takes a message. A promise holds back the confirmation, and what comes after it. */
export type Listener = (message: ArrivedMessage) => void | Promise<void>;

interface Subscription {
  readonly filter: string;
  readonly options: SubscribeOptions;
  readonly listener: Listener;
}

/** A message that waits until the broker takes more. */
interface Waiting {
  readonly message: OutgoingMessage;
  readonly bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Bytes of messages that wait, with what each costs beside its payload. */
const mostWaitingBytes = 16 * 1024 * 1024;
const headBytes = 256;

/** A connection. */
export class Broker {
  readonly clientId: string;
  readonly #client: MqttClient;
  readonly #events: BrokerEvents;
  /** By subscription identifier. */
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #waiting: Waiting[] = [];
  readonly #roomListeners: (() => void)[] = [];
  #waitingBytes = 0;
  /** Messages of QoS 1 and 2 that are not confirmed. */
  #inFlight = 0;
  #nextIdentifier = 1;
  #connected = false;
  #closing: Promise<void> | undefined;
  #cause: unknown;

  private constructor(client: MqttClient, settings: BrokerSettings, events: BrokerEvents) {
    this.#client = client;

    this.#events = events;
    this.clientId = settings.clientId;
    client.handleMessage = (packet, done) => this.#take(packet as unknown as RawPacket, done);
  }

  /**
   * Connects.
   * @throws MissingPackageError without the package `mqtt`; BridgeError `CANNOT_CONNECT`.
   */
  static async connect(settings: BrokerSettings, events: BrokerEvents): Promise<Broker> {
    const { connect } = await loadLibrary();
    const client = connect(settings.url, optionsOf(settings));
    const broker = new Broker(client, settings, events);
    try {
      await broker.#first();
    } catch (cause) {
      client.end(true);
      const why = reasonOf(cause);
      throw new BridgeError('CANNOT_CONNECT', `no broker at ${settings.url}: ${why}`, cause);
    }
    return broker;
  }

  /** Whether messages can be published now. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Bytes of the largest packet that the broker takes. */
  get mostBytes(): number {
    return this.#client.serverProperties?.maximumPacketSize ?? 268_435_455;
  }

  /** Whether a message that is published now is written at once. */
  get hasRoom(): boolean {
    return this.#connected && this.#waiting.length === 0 && this.#inFlight < this.#mostInFlight;
  }

  /**
   * Publishes, in the order of the calls. Resolves when the broker has confirmed it; with QoS 0 when
   * it was written. What is not confirmed when the connection ends is sent again after it; what was
   * not written by then is not sent at all, and rejects.
   * @throws Error if the client or the broker refuses it, too much waits, or nothing is connected.
   */
  publish(message: OutgoingMessage): Promise<void> {
    if (!this.#connected) return Promise.reject(notConnected());
    if (this.hasRoom) return this.#write(message);
    const bytes = message.payload.length + message.topic.length + headBytes;
    if (this.#waitingBytes + bytes > mostWaitingBytes) {
      return Promise.reject(new Error('too much waits for the broker'));
    }
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, bytes, resolve, reject });
    });
  }

  /** Calls `listener` each time that there is room again. */
  onRoom(listener: () => void): void {
    this.#roomListeners.push(listener);
  }

  #write(message: OutgoingMessage): Promise<void> {
    const { topic, payload, qos, retain = false } = message;
    // More than the broker takes at once it refuses, each by itself.
    if (qos > 0) this.#inFlight++;
    return new Promise((resolve, reject) => {
      this.#client.publish(
        topic,
        typeof payload === 'string' ? payload : bufferOf(payload),
        { qos, retain, properties: rawProperties(message) as never },
        (error) => {
          if (qos > 0) this.#settled();
          if (error) reject(error);
          else resolve();
        },
      );
    });
  }

  #settled(): void {
    this.#inFlight--;
    while (this.#connected && this.#inFlight < this.#mostInFlight) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.bytes;
      void this.#write(next.message).then(next.resolve, next.reject);
    }
    if (this.hasRoom) for (const listener of this.#roomListeners) listener();
  }

  get #mostInFlight(): number {
    return this.#client.serverProperties?.receiveMaximum ?? 65_535;
  }

  #forgetWaiting(): void {
    this.#waitingBytes = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(notConnected());
  }

  /**
   * Subscribes, now and after each reconnection. Returns what ends the subscription.
   * @throws BridgeError `CANNOT_SUBSCRIBE` if the broker refuses it.
   */
  async subscribe(
    filter: string,
    options: SubscribeOptions,
    listener: Listener,
  ): Promise<() => Promise<void>> {
    const identifier = this.#nextIdentifier++;
    const subscription = { filter, options, listener };
    this.#subscriptions.set(identifier, subscription);
    const end = async () => {
      if (!this.#subscriptions.delete(identifier) || !this.#connected) return;
      if ([...this.#subscriptions.values()].some((each) => each.filter === filter)) return;
      await this.#client.unsubscribeAsync(filter).catch(() => undefined);
    };
    try {
      await this.#subscribe(identifier, subscription);
    } catch (error) {
      this.#subscriptions.delete(identifier);
      throw error;
    }
    return end;
  }

  /** Says farewell, so that the broker publishes no will. What was written arrives before it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#subscriptions.clear();
    const isThere = this.#connected;
    this.#connected = false;
    // Without a connection, a farewell would wait for one.
    await this.#client.endAsync(!isThere).catch(() => undefined);
  }

  #first(): Promise<void> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const failed = (error: unknown) => reject(error);
      const closed = () => reject(this.#cause ?? new Error('the connection was closed'));
      client.once('error', failed);
      client.once('close', closed);
      client.once('connect', () => {
        client.off('error', failed);
        client.off('close', closed);
        this.#connected = true;
        this.#listen();
        resolve();
      });
    });
  }

  #listen(): void {
    const client = this.#client;
    client.on('connect', ({ sessionPresent }) => void this.#again(sessionPresent));
    client.on('error', (error) => {
      this.#cause = error;
    });
    client.on('disconnect', ({ reasonCode }) => {
      this.#cause = new Error(`the broker ended the connection: reason ${reasonCode ?? 0}`);
    });
    client.on('close', () => {
      const was = this.#connected;
      this.#connected = false;
      this.#forgetWaiting();
      if (was && this.#closing === undefined) this.#events.disconnected(this.#cause);
      this.#cause = undefined;
    });
  }

  async #again(resumed: boolean): Promise<void> {
    const isCurrent = () => this.#client.connected && this.#closing === undefined;
    for (const [identifier, subscription] of [...this.#subscriptions]) {
      try {
        await this.#subscribe(identifier, subscription);
      } catch (error) {
        if (!isCurrent()) return;
        if (error instanceof BridgeError) this.#events.refused(error);
      }
      if (!isCurrent()) return;
    }
    this.#connected = true;
    this.#events.reconnected(resumed);
    for (const listener of this.#roomListeners) listener();
  }

  async #subscribe(identifier: number, { filter, options }: Subscription): Promise<void> {
    const { qos, retained = true } = options;
    // The broker refuses No Local for a shared subscription.
    const isShared = filter.startsWith('$share/');
    const map = { [filter]: { qos, nl: !isShared, rap: true, rh: retained ? 0 : 2 } };
    const properties = { subscriptionIdentifier: identifier };
    let why: unknown;
    try {
      const [granted] = await this.#client.subscribeAsync(map, { properties });
      if (granted === undefined || granted.qos < 128) return;
      why = new Error(`reason ${granted.qos}`);
    } catch (error) {
      why = error;
    }
    const text = `the broker refuses the subscription '${filter}': ${reasonOf(why)}`;
    throw new BridgeError('CANNOT_SUBSCRIBE', text, why);
  }

  // MQTT.js reads no further packet, and confirms none, before `done`.
  #take(packet: RawPacket, done: (error?: Error) => void): void {
    const given = packet.properties?.subscriptionIdentifier ?? [];
    const waits: Promise<void>[] = [];
    const message = arrivedOf(packet);
    for (const identifier of Array.isArray(given) ? given : [given]) {
      const wait = this.#subscriptions.get(identifier)?.listener(message);
      if (wait !== undefined) waits.push(wait);
    }
    if (waits.length === 0) done();
    else void Promise.allSettled(waits).then(() => done());
  }
}

function optionsOf(settings: BrokerSettings): IClientOptions {
  const { client, clientId, reconnectMs, connectMs, packetBytes, receiveMaximum } = settings;
  const { sessionSeconds, keepaliveSeconds, will } = settings;
  return {
    ...client,
    protocolVersion: 5,
    clientId,
    clean: sessionSeconds === 0,
    reconnectPeriod: reconnectMs,
    reconnectOnConnackError: true,
    connectTimeout: connectMs,
    keepalive: keepaliveSeconds,
    // The client's own queue and its memory of subscriptions have no bounds and no order of ours.
    queueQoSZero: false,
    resubscribe: false,
    properties: {
      maximumPacketSize: packetBytes,
      receiveMaximum,
      sessionExpiryInterval: sessionSeconds,
    },
    ...(will !== undefined && {
      will: {
        topic: will.topic,
        payload: Buffer.from(will.payload as string),
        qos: will.qos,
        retain: will.retain === true,
        properties: rawProperties(will) as never,
      },
    }),
  };
}

function notConnected(): Error {
  return new Error('there is no connection with the broker');
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: unknown };
  return error.message === '' ? String(code ?? error.name) : error.message;
}
