// serveWire() with `expose`: a relay between wires and a bus. This file loads the bus, so it is
// loaded by the first call only.
import type { Interface } from '../interface/entry-values.js';
import {
  asyncDispose,
  callLimitsOf,
  checkNames,
  type LimitOptions,
  limitNames,
  membersOf,
  Relay,
  type RelaySetup,
  type Session,
} from '../rpc/entry-port.js';
import { type Bus, openCalls } from '../rpc/index.js';
import type { Dialer, Listener } from './carrier.js';
import { optionError } from './errors.js';
import { learnNames } from './framing/type-names.js';
import { type Offer, relayedOfferOf } from './hello.js';
import { settingsOf, splitOptions } from './options.js';
import type { WirePlace } from './places.js';
import { openAt, type ServeWireOptions } from './serving.js';
import type { WireSession } from './wire-session.js';

/** Options of `serveWire` for servers on a bus. */
export interface RelayOptions extends ServeWireOptions, LimitOptions {
  /**
   * The interfaces that the other side may call. It can call nothing else on the bus, and learns of
   * nothing else.
   */
  readonly expose: readonly Interface[];
  /** Which of the servers are called: a label expression or a peer. Default: any of them. */
  readonly to?: string | object | undefined;
  /**
   * Whether the other side gets the text of errors that an interface does not declare. Default:
   * `'tell'`.
   */
  readonly errorMessages?: 'tell' | 'hide' | undefined;
  /** Milliseconds that calls under way get when the relay is closed. Default: 5,000. */
  readonly linger?: number | undefined;
}

/** Servers of a bus, exposed to the other sides of wires. */
export interface WireRelay extends AsyncDisposable {
  /**
   * Takes no more calls, gives those under way `linger` milliseconds, and leaves the bus. Repeated
   * calls return the same promise.
   */
  close(options?: { readonly linger?: number | undefined }): Promise<void>;
}

const names = ['expose', 'to', 'errorMessages', 'linger', ...limitNames];
const usualLinger = 5000;

/** See `serveWire`. */
export async function relayWire(
  place: WirePlace | Listener | Dialer,
  bus: Bus,
  options: RelayOptions,
): Promise<WireRelay> {
  const { wire, rest } = splitOptions(options, ['maxWires']);
  const { expose, setup, linger } = checked(rest as RelayOptions);
  settingsOf('serve', wire);
  let relaying: Relaying | undefined;
  // Without its bus a relay is of no use.
  const back = await openCalls(bus, () => void relaying?.close({ linger: 0 }));
  back.use();
  try {
    const { made, serving } = await openAt(place, wire);
    relaying = new Relaying(made, back, expose, setup, linger);
    await serving?.begin();
    return relaying;
  } catch (error) {
    if (relaying === undefined) await back.release(0);
    else await relaying.close({ linger: 0 });
    throw error;
  }
}

/** A relay with its two sessions. */
class Relaying implements WireRelay {
  readonly #made: WireSession;
  readonly #back: Session;
  readonly #relay: Relay;
  readonly #offers: ReadonlyMap<Interface, Offer>;
  readonly #linger: number;
  #closing: Promise<void> | undefined;

  constructor(
    made: WireSession,
    back: Session,
    expose: readonly Interface[],
    setup: RelaySetup,
    linger: number,
  ) {
    this.#made = made;
    this.#back = back;
    this.#linger = linger;
    this.#offers = new Map(expose.map((source) => [source, relayedOfferOf(source)]));
    for (const source of expose) learnNames(source);
    this.#relay = new Relay(made.session, back, expose, setup, () => this.#offer());
    this.#offer();
  }

  close(options?: { readonly linger?: number | undefined }): Promise<void> {
    this.#closing ??= this.#close(options?.linger ?? this.#linger);
    return this.#closing;
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(linger: number): Promise<void> {
    await this.#relay.close(linger);
    await this.#back.release(linger);
  }

  // What has no server is not offered: those who call wait for it at their own side, as on a bus.
  #offer(): void {
    const { port } = this.#made;
    const own = new Set(this.#offers.values());
    const now = this.#relay.served.map((source) => this.#offers.get(source) as Offer);
    const before = port.served.filter((offer) => own.has(offer));
    if (before.length === now.length && now.every((offer) => before.includes(offer))) return;
    port.serve([...port.served.filter((offer) => !own.has(offer)), ...now]);
  }
}

function checked(options: RelayOptions): {
  readonly expose: readonly Interface[];
  readonly setup: RelaySetup;
  readonly linger: number;
} {
  checkNames('serveWire()', options, names);
  const { expose, to, errorMessages = 'tell', linger = usualLinger } = options;
  const labels = new Set(expose.map((source) => membersOf(source).label));
  if (labels.size === 0) throw optionError('expose is empty; list the interfaces to be called');
  if (labels.size < expose.length) throw optionError('expose has an interface twice');
  if (errorMessages !== 'tell' && errorMessages !== 'hide') {
    throw optionError(`errorMessages is ${String(errorMessages)}; expected 'tell' or 'hide'`);
  }
  if (typeof linger !== 'number' || !(linger >= 0)) {
    throw optionError(`linger is ${String(linger)}; expected milliseconds`);
  }
  const setup = { to, limits: callLimitsOf(options), tellMessages: errorMessages === 'tell' };
  return { expose, setup, linger };
}
