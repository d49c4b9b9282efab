// `connect`: servers behind other bridges, for callers on this bus. To each bridge that serves one of
// the interfaces there is a wire; on the bus a relay has the labels of what can be reached by them.
import type { Interface } from '../../interface/entry-values.js';
import { membersOf, Relay, relayLabel } from '../../rpc/entry-port.js';
import { type Bus, type Offering, openOffers } from '../../rpc/index.js';
import { WireSession, wireSettingsOf } from '../../wire/entry-sessions.js';
import type { NatsLink } from '../link.js';
import type { Settings } from '../options.js';
import type { Subjects } from '../subjects.js';
import type { Exchange } from './exchange.js';
import { Neighbours } from './neighbours.js';
import { labelsOf } from './serving.js';

/** Milliseconds that a bridge gets to grant a line. */
const patience = 5000;

/** Bridges that are called at most. */
const mostBridges = 1024;

/** Milliseconds between the end of a line and the next one to the same bridge, about. */
const pause = 100;

/** Servers elsewhere that members of this bus call. */
export class ConnectedCalls {
  readonly #exchange: Exchange;
  readonly #neighbours: Neighbours;
  readonly #made: WireSession;
  readonly #offering: Offering;
  readonly #relay: Relay;
  /** Bridges with a line, or about to have one. */
  readonly #bridges = new Set<string>();
  readonly #stop = new AbortController();

  private constructor(
    offering: Offering,
    exchange: Exchange,
    link: NatsLink,
    subjects: Subjects,
    { connect, token, keepAlive, limits, tellMessages }: Settings,
  ) {
    this.#exchange = exchange;
    this.#offering = offering;
    this.#made = new WireSession({
      name: 'NATS',
      isText: false,
      settings: wireSettingsOf('connect', { token, keepAlive, answerOnly: false }),
      onWire: undefined,
      onEnd: () => undefined,
      // The session stays: other bridges have wires, and this one may come back.
      ended: () => undefined,
    });
    this.#made.session.use();
    this.#relay = new Relay(
      offering.session,
      this.#made.session,
      connect,
      { to: undefined, limits, tellMessages },
      () => this.#offer(),
    );
    this.#neighbours = new Neighbours(labelsOf(connect), link, subjects, (bridge) => {
      void this.#meet(bridge);
    });
    link.follow({
      back: () => this.#neighbours.ask(),
    });
  }

  /** `ended` is called if the bus closes the endpoint that serves. @throws what `join` throws. */
  static async open(
    bus: Bus,
    exchange: Exchange,
    link: NatsLink,
    subjects: Subjects,
    settings: Settings,
    ended: () => void,
  ): Promise<ConnectedCalls> {
    const offering = await openOffers(bus, [relayLabel], ended);
    return new ConnectedCalls(offering, exchange, link, subjects, settings);
  }

  /** Asks who is there. */
  begin(): void {
    this.#neighbours.ask();
  }

  async close(linger: number): Promise<void> {
    this.#stop.abort();
    this.#neighbours.close();
    await this.#relay.close(linger);
    await this.#made.session.release(linger);
  }

  // What nobody serves is not offered: those who call wait for it themselves, within their timeout.
  #offer(): void {
    const labels = this.#relay.served.flatMap((source: Interface) => {
      const { name, label } = membersOf(source);
      return [name, label];
    });
    this.#offering.offer([...new Set([relayLabel, ...labels])]);
  }

  /** Has a wire to a bridge for as long as it is there. */
  async #meet(bridge: string): Promise<void> {
    const own = bridge === this.#exchange.bridge;
    if (own || this.#bridges.has(bridge) || this.#bridges.size >= mostBridges) return;
    this.#bridges.add(bridge);
    // One that cannot be had again announces itself when it is back.
    while (await this.#talk(bridge)) await wait(pause * (0.5 + Math.random()), this.#stop.signal);
    this.#bridges.delete(bridge);
  }

  /** One wire, until it is over; whether there may be another one. */
  async #talk(bridge: string): Promise<boolean> {
    try {
      const line = await this.#exchange.dial(bridge, deadline(this.#stop.signal));
      await this.#made.add(line);
      await line.whenOver();
      return !this.#stop.signal.aborted;
    } catch {
      // Gone, or it speaks another version, or expects another token.
      return false;
    }
  }
}

function deadline(stop: AbortSignal): AbortSignal {
  return AbortSignal.any([stop, AbortSignal.timeout(patience)]);
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    timer.unref();
    signal.addEventListener('abort', done);
  });
}
