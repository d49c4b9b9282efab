// `serve`: servers of the bus, for callers behind other bridges. Lines that others open become wires
// of a relay, as of `serveWire`.
import { label } from '../../../index.js';
import type { Interface } from '../../interface/entry-values.js';
import { membersOf, relayLabel } from '../../rpc/entry-port.js';
import type { Bus } from '../../rpc/index.js';
import {
  type Carrier,
  type Listener,
  serveWire,
  type WireRelay,
} from '../../wire/entry-sessions.js';
import type { NatsLink } from '../link.js';
import type { Settings } from '../options.js';
import type { Subjects } from '../subjects.js';
import type { Exchange } from './exchange.js';
import { Announcement } from './neighbours.js';

/** Servers of this bus that others call. */
export class ServedCalls {
  readonly #relay: WireRelay;
  readonly #announcement: Announcement;

  private constructor(relay: WireRelay, announcement: Announcement) {
    this.#relay = relay;
    this.#announcement = announcement;
  }

  /** `ended` is called if the bus closes the endpoint that calls. @throws what `join` throws. */
  static async open(
    bus: Bus,
    exchange: Exchange,
    link: NatsLink,
    subjects: Subjects,
    settings: Settings,
    ended: () => void,
  ): Promise<ServedCalls> {
    const { serve, token, keepAlive, tellMessages, limits } = settings;
    const relay = await serveWire(new LineListener(exchange, ended), bus, {
      ...limits,
      expose: serve,
      // Not by another bridge: calls would go round in circles.
      to: label(relayLabel).not(),
      token,
      keepAlive,
      errorMessages: tellMessages ? 'tell' : 'hide',
    });
    const announcement = new Announcement(exchange.bridge, labelsOf(serve), link, subjects);
    announcement.say();
    link.follow({
      back: () => announcement.say(),
    });
    return new ServedCalls(relay, announcement);
  }

  async close(linger: number): Promise<void> {
    this.#announcement.close();
    await this.#relay.close({ linger });
  }
}

/** The labels of the servers of interfaces: name and major version. */
export function labelsOf(interfaces: readonly Interface[]): readonly string[] {
  return interfaces.map((source) => membersOf(source).label);
}

/** Gives lines that others open to the relay. */
class LineListener implements Listener {
  readonly name = 'NATS';
  readonly #exchange: Exchange;
  readonly #ended: () => void;

  constructor(exchange: Exchange, ended: () => void) {
    this.#exchange = exchange;
    this.#ended = ended;
  }

  listen(accept: (carrier: Carrier) => void): Promise<void> {
    this.#exchange.accept = accept;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#exchange.accept = undefined;
    this.#ended();
    return Promise.resolve();
  }
}
