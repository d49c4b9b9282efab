// A session that takes wires in, from a listener or over one carrier.
import { MissingPackageError } from '../interface/entry-values.js';
import type { Carrier, Dialer, Listener } from './carrier.js';
import { optionError, WireError } from './errors.js';
import { settingsOf, type WireOptions } from './options.js';
import { carrierOf, isDialer, isListener, type WirePlace } from './places.js';
import { sessionAt, setSessionAt } from './sessions.js';
import { Wire, type WireHost } from './wire.js';
import { WireSession } from './wire-session.js';

/** Options of `serveWire` beside those of `serve`. */
export interface ServeWireOptions extends WireOptions {
  /** Wires that a listener has at once; more are closed as `TOO_MANY_WIRES`. Default: 1,024. */
  readonly maxWires?: number | undefined;
}

const mostWires = 1024;

/** The session at a place: the one that is open there, or a new one, which has yet to begin. */
export interface SessionAtPlace {
  readonly made: WireSession;
  /** `undefined` if it has begun. */
  readonly serving: Serving | undefined;
}

/**
 * Finds or makes the session at a place; `wire` are the options of the wire.
 * @throws WireError `WIRE_OPTION`.
 */
export async function openAt(
  place: WirePlace | Listener | Dialer,
  wire: ServeWireOptions,
): Promise<SessionAtPlace> {
  const key = isListener(place) || isDialer(place) ? place : carrierOf(place);
  const known = sessionAt(key);
  if (known !== undefined) {
    const names = Object.keys(wire);
    if (names.length === 0) return { made: await known, serving: undefined };
    throw optionError(`the wire is open already; it cannot have ${names.join(', ')} now`);
  }
  if (isDialer(key)) throw optionError(`${key.name} is not connected: call connectWire() first`);
  const serving = new Serving(key as Carrier | Listener, wire);
  setSessionAt(key, Promise.resolve(serving.made));
  return { made: serving.made, serving };
}

/** A session for services, which takes wires in. */
export class Serving {
  readonly made: WireSession;
  readonly #place: Carrier | Listener;
  readonly #maxWires: number;

  constructor(place: Carrier | Listener, { maxWires = mostWires, ...options }: ServeWireOptions) {
    if (!Number.isInteger(maxWires) || maxWires < 1) {
      throw optionError(`maxWires is ${String(maxWires)}; expected an integer from 1`);
    }
    this.#place = place;
    this.#maxWires = maxWires;
    const listens = isListener(place);
    this.made = new WireSession({
      name: `wire over ${place.name}`,
      isText: options.framing === 'lines',
      settings: settingsOf('serve', options),
      onWire: options.onWire,
      onEnd: () => setSessionAt(place, undefined),
      ...(listens && { closing: () => place.close(), ended: () => undefined }),
    });
  }

  async begin(): Promise<void> {
    const place = this.#place;
    if (!isListener(place)) {
      this.#take(place);
      return;
    }
    try {
      await place.listen((carrier) => this.#take(carrier));
    } catch (cause) {
      if (cause instanceof MissingPackageError) throw cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new WireError('CANNOT_LISTEN', `cannot listen at ${place.name}: ${text}`, cause);
    }
  }

  #take(carrier: Carrier): void {
    if (this.made.port.wires.size >= this.#maxWires) {
      refuse(carrier, `there are ${this.#maxWires} wires already`);
      return;
    }
    // What fails is reported to `onWire`.
    this.made.add(carrier).catch(() => undefined);
  }
}

// Read and answered as a wire is, so that the other side learns why.
function refuse(carrier: Carrier, text: string): void {
  const settings = settingsOf('serve', { limits: { handshake: 1000 } })(carrier);
  const refusal = new WireError('TOO_MANY_WIRES', text);
  new Wire(0, carrier, { ...settings, refusal }, nobody).open();
}

/** Whom a wire that never opens concerns. */
const nobody: WireHost = {
  offers: () => [],
  opened: () => undefined,
  offersChanged: () => undefined,
  message: () => undefined,
  taken: () => undefined,
  corrupted: () => undefined,
  isBusy: () => false,
  ended: () => undefined,
};
