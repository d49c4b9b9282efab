// The connection to NATS: what a bridge needs of its client. It connects again by itself for ever;
// the bridge learns when it is lost and when it is back.
import type { Msg, MsgHdrs, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { BridgeError } from '../bridge/index.js';
import { loadClient } from './package.js';

/** Where NATS is: addresses of servers, or the options of its client. */
export type NatsPlace = string | readonly string[] | NodeConnectionOptions;

/** What happens to the connection, for whoever wants to know. None of the functions throws. */
export interface LinkEvents {
  /** It is lost. */
  lost?(): void;
  /** It is there again, with all subscriptions. */
  back?(): void;
  /** It is over for good. */
  closed?(cause: unknown): void;
  /** The server has refused a message to this subject. */
  refusedPublish?(subject: string): void;
  /** The server refuses a subscription. */
  refusedSubscription?(subject: string): void;
}

/** Something that is subscribed to. */
export interface LinkSubscription {
  close(): void;
}

/** Milliseconds between two attempts to connect again, and as many more at random. */
const pause = 100;

/** A connection that is open, or that will be again. */
export class NatsLink {
  readonly #connection: NatsConnection;
  readonly #watchers = new Set<LinkEvents>();
  #up = true;
  /** How often it was lost. */
  #losses = 0;
  #over = false;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#watch();
    void connection.closed().then((error) => this.#closed(error));
  }

  /** @throws BridgeError `CANNOT_CONNECT`; MissingPackageError. */
  static async open(place: NatsPlace, name: string): Promise<NatsLink> {
    const { connect } = await loadClient();
    const own: NodeConnectionOptions =
      typeof place === 'string' || Array.isArray(place)
        ? { servers: place as string | string[] }
        : (place as NodeConnectionOptions);
    try {
      const connection = await connect({
        name,
        reconnectTimeWait: pause,
        reconnectJitter: pause,
        pingInterval: 10_000,
        ...own,
        // Without these there would be messages that go round in circles, and bridges that are dead.
        noEcho: true,
        reconnect: true,
        maxReconnectAttempts: -1,
        noAsyncTraces: true,
      });
      return new NatsLink(connection);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new BridgeError('CANNOT_CONNECT', `cannot connect to NATS: ${text}`, cause);
    }
  }

  /** Whether there is a connection now. */
  get isUp(): boolean {
    return this.#up && !this.#over;
  }

  /** Bytes that a message may have, headers included. */
  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024;
  }

  /** Reports to one more. */
  follow(events: LinkEvents): void {
    this.#watchers.add(events);
  }

  /** Sends a message. @throws Any error of the client. */
  publish(subject: string, payload: Uint8Array, headers?: MsgHdrs, reply?: string): void {
    if (headers === undefined) {
      if (reply === undefined) this.#connection.publish(subject, payload);
      else this.#connection.publish(subject, payload, { reply });
    } else if (reply === undefined) {
      this.#connection.publish(subject, payload, { headers });
    } else {
      this.#connection.publish(subject, payload, { headers, reply });
    }
  }

  /** Resolves to whether the server has everything that was published before. */
  async flush(): Promise<boolean> {
    const losses = this.#losses;
    try {
      await this.#connection.flush();
    } catch {
      return false;
    }
    // What the server had to say about it came before, and is heard of in this turn.
    await new Promise((resolve) => setImmediate(resolve));
    return !this.#over && this.#losses === losses;
  }

  /** Listens. `heard` must not throw. */
  subscribe(
    subject: string,
    queue: string | undefined,
    heard: (message: Msg) => void,
  ): LinkSubscription {
    const subscription = this.#connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      // A refusal comes as a status, too.
      callback: (error, message) => {
        if (error === null) heard(message);
      },
    });
    return {
      close: () => {
        if (!this.#over) subscription.unsubscribe();
      },
    };
  }

  /** Ends the connection; what was published is sent first, if there is a server. */
  async close(): Promise<void> {
    if (this.#over) return;
    if (this.#up) await this.flush();
    this.#over = true;
    await this.#connection.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') this.#lost();
      else if (status.type === 'reconnect') void this.#back();
      else if (status.type === 'error') this.#refused(status.error);
    }
  }

  #lost(): void {
    this.#losses++;
    if (!this.#up) return;
    this.#up = false;
    for (const each of this.#watchers) each.lost?.();
  }

  // The server has to know the subscriptions first: what others publish now is for this side, too.
  async #back(): Promise<void> {
    const known = await this.flush();
    if (this.#up || this.#over || !known) return;
    this.#up = true;
    for (const each of this.#watchers) each.back?.();
  }

  #refused(error: Error): void {
    const { operation, subject } = error as { operation?: unknown; subject?: unknown };
    if (typeof subject !== 'string') return;
    for (const each of this.#watchers) {
      if (operation === 'publish') each.refusedPublish?.(subject);
      else if (operation === 'subscription') each.refusedSubscription?.(subject);
    }
  }

  #closed(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    for (const each of this.#watchers) each.closed?.(error);
  }
}
