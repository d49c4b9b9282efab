// connectWire(): clients of what the other side of a wire serves.
import { type Interface, MissingPackageError } from '../interface/entry-values.js';
import {
  type ClientOf,
  type Clients,
  type ConnectOptions,
  connectOneOrMore,
  type Session,
  setTimeout,
} from '../rpc/entry-port.js';
import type { Carrier, Dialer } from './carrier.js';
import { optionError, WireError } from './errors.js';
import { learnNames } from './framing/type-names.js';
import { settingsOf, splitOptions, type WireOptions } from './options.js';
import { carrierOf, isDialer, type WirePlace } from './places.js';
import { sessionAt, setSessionAt } from './sessions.js';
import { WireSession } from './wire-session.js';

/** Options of {@link connectWire}. */
export interface ConnectWireOptions extends Omit<ConnectOptions, 'to'>, WireOptions {
  /**
   * For an address: whether to connect again when the wire is cut. Subscriptions and watched
   * properties go on by themselves, calls do not, unless their method is `idempotent`; those made
   * meanwhile wait within their timeout. Default: false, the client is closed with its wire.
   */
  readonly reconnect?: boolean | undefined;
}

/** Milliseconds between attempts to connect again: the first and the longest. */
const firstPause = 20;
const longestPause = 5000;

/**
 * Makes a client of an interface, or of several, that the other side of a wire serves. `place` is a
 * duplex stream, a carrier such as `stdio(child)`, or an address such as `tcp({ port })`. Resolves
 * when the handshake is done. Clients over the same `place` share its wire, as do services over it;
 * with the last of them it is closed.
 *
 * @throws WireError if the wire cannot be opened, or an option is wrong; InvalidArgumentError,
 * InvalidInterfaceError.
 */
export function connectWire<I extends Interface>(
  place: WirePlace | Dialer,
  source: I,
  options?: ConnectWireOptions,
): Promise<ClientOf<I>>;
export function connectWire<const L extends readonly Interface[]>(
  place: WirePlace | Dialer,
  sources: L,
  options?: ConnectWireOptions,
): Promise<Clients<L>>;
export async function connectWire(
  place: WirePlace | Dialer,
  sources: Interface | readonly Interface[],
  options: ConnectWireOptions = {},
): Promise<unknown> {
  const { wire, rest } = splitOptions(options, ['reconnect']);
  const { reconnect = false, ...wireOptions } = wire as ConnectWireOptions;
  if (typeof reconnect !== 'boolean') {
    throw optionError(`reconnect is ${String(reconnect)}; expected true or false`);
  }
  if (reconnect && !isDialer(place)) throw optionError('only an address can be connected to again');
  const key = isDialer(place) ? place : carrierOf(place);
  let opening = sessionAt(key);
  if (opening === undefined) {
    opening = openSession(key, reconnect, wireOptions);
  } else if (Object.keys(wire).length > 0) {
    throw optionError(
      `the wire is open already; it cannot have ${Object.keys(wire).join(', ')} now`,
    );
  }
  for (const each of Array.isArray(sources) ? sources : [sources]) learnNames(each);
  const { session, isText } = await opening;
  // Text has no other codec.
  const codec = isText ? ({ codec: 'json' } as const) : {};
  return connectOneOrMore((): Session => session, sources, { ...rest, ...codec });
}

function openSession(
  place: Carrier | Dialer,
  reconnect: boolean,
  options: WireOptions,
): Promise<WireSession> {
  const settings = settingsOf('connect', options);
  const redial = new Redialling();
  const made: WireSession = new WireSession({
    name: `wire over ${place.name}`,
    isText: options.framing === 'lines',
    settings,
    onWire: options.onWire,
    onEnd: () => {
      redial.stop();
      setSessionAt(place, undefined);
    },
    ...(reconnect && {
      ended: (error: WireError) => {
        // A wire that was never open is not connected to again; nor is one that was closed here.
        if (redial.begun && !made.session.over) void redial.again(place as Dialer, made, error);
      },
    }),
  });
  const opening = redial.first(place, made).then(
    () => made,
    (error: unknown) => {
      made.port.end(error as WireError);
      throw error;
    },
  );
  setSessionAt(place, opening);
  opening.catch(() => setSessionAt(place, undefined));
  return opening;
}

/** Connects, and connects again. */
class Redialling {
  readonly #stop = new AbortController();
  /** Whether the wire was open once. */
  begun = false;
  #pause = firstPause;

  async first(place: Carrier | Dialer, made: WireSession): Promise<void> {
    await made.add(isDialer(place) ? await this.#dial(place) : place);
    this.begun = true;
  }

  stop(): void {
    this.#stop.abort();
  }

  async again(place: Dialer, made: WireSession, error: WireError): Promise<void> {
    // Another token or version will not help, however often it is tried.
    if (error.code === 'WIRE_TOKEN' || error.code === 'WIRE_VERSION') {
      made.port.end(error);
      return;
    }
    await this.#wait();
    if (this.#stop.signal.aborted) return;
    let carrier: Carrier;
    try {
      carrier = await this.#dial(place);
    } catch (refusal) {
      await this.again(place, made, refusal as WireError);
      return;
    }
    if (this.#stop.signal.aborted) {
      carrier.destroy();
      return;
    }
    try {
      await made.add(carrier);
      this.#pause = firstPause;
    } catch {
      // Its end was reported, and so this was called again.
    }
  }

  async #dial(place: Dialer): Promise<Carrier> {
    try {
      return await place.dial(this.#stop.signal);
    } catch (cause) {
      if (cause instanceof MissingPackageError || cause instanceof WireError) throw cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new WireError('CANNOT_CONNECT', `cannot connect to ${place.name}: ${text}`, cause);
    }
  }

  #wait(): Promise<void> {
    // Not all at once: a server that comes back would meet all of its clients in one moment.
    const pause = this.#pause * (0.5 + Math.random());
    this.#pause = Math.min(2 * this.#pause, longestPause);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#stop.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}
