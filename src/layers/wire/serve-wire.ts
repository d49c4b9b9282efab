// serveWire(): services for the other side of a wire, or for all who connect to a listener.
import { type Interface, MissingPackageError } from '../interface/entry-values.js';
import {
  type AnyServeOptions,
  type OptionsParameter,
  type ServerOf,
  type Servers,
  type ServiceOf,
  type Services,
  type Session,
  serveOneOrMore,
} from '../rpc/entry-port.js';
import type { Carrier, Dialer, Listener } from './carrier.js';
import { optionError, WireError } from './errors.js';
import { learnNames } from './framing/type-names.js';
import { offerOf } from './hello.js';
import { settingsOf, splitOptions, type WireOptions } from './options.js';
import { carrierOf, isDialer, isListener, type WirePlace } from './places.js';
import { sessionAt, setSessionAt } from './sessions.js';
import { Wire, type WireHost } from './wire.js';
import { WireSession } from './wire-session.js';

/** Options of {@link serveWire} beside those of `serve`. */
export interface ServeWireOptions extends WireOptions {
  /** Wires that a listener has at once; more are closed as `TOO_MANY_WIRES`. Default: 1,024. */
  readonly maxWires?: number | undefined;
}

const mostWires = 1024;

/** Those of `serve`, which are needed for an interface with properties, and those of wires. */
type Parameters<I extends Interface> =
  [] extends OptionsParameter<I>
    ? [options?: OptionsParameter<I>[0] & ServeWireOptions]
    : [options: OptionsParameter<I>[0] & ServeWireOptions];

/**
 * Serves an interface, or several, to the other side of a wire, which can call what is served here
 * and nothing else. `place` is a duplex stream, a carrier such as `stdio()`, or a listener such as
 * `tcp.listen({ port })`; all who connect to a listener share the service. An address that this
 * process is connected to can be served, too: then both sides call each other. Resolves when the listener
 * listens, or at once; the handshake of a wire may come later.
 *
 * @throws WireError `CANNOT_LISTEN`, or if an option is wrong; InvalidArgumentError if a method is
 * not implemented or a property has no value; InvalidInterfaceError.
 */
export function serveWire<I extends Interface>(
  place: WirePlace | Listener | Dialer,
  source: I,
  implementation: ServerOf<I>,
  ...options: Parameters<I>
): Promise<ServiceOf<I>>;
export function serveWire<const L extends readonly Interface[]>(
  place: WirePlace | Listener | Dialer,
  sources: L,
  implementations: Servers<L>,
  options?: AnyServeOptions & ServeWireOptions,
): Promise<Services<L>>;
export async function serveWire(
  place: WirePlace | Listener | Dialer,
  sources: Interface | readonly Interface[],
  implementations: object,
  options: AnyServeOptions & ServeWireOptions = {},
): Promise<unknown> {
  const { wire, rest } = splitOptions(options, ['maxWires']);
  const key = isListener(place) || isDialer(place) ? place : carrierOf(place);
  const known = sessionAt(key);
  if (known !== undefined && Object.keys(wire).length > 0) {
    throw optionError(
      `the wire is open already; it cannot have ${Object.keys(wire).join(', ')} now`,
    );
  }
  if (known === undefined && isDialer(key)) {
    throw optionError(`${key.name} is not connected: call connectWire() first`);
  }
  const serving =
    known === undefined
      ? new Serving(key as Carrier | Listener, wire as ServeWireOptions)
      : undefined;
  const made = serving?.made ?? (await (known as Promise<WireSession>));
  if (serving !== undefined) setSessionAt(key, Promise.resolve(made));
  const services = await serveOneOrMore(
    (): Session => made.session,
    sources,
    implementations,
    rest,
  );
  const { port } = made;
  const list: readonly Interface[] = Array.isArray(sources) ? sources : [sources as Interface];
  for (const each of list) learnNames(each);
  port.serve([...port.served, ...list.map(offerOf)]);
  try {
    await serving?.begin();
  } catch (error) {
    const each = Array.isArray(services) ? services : [services];
    await Promise.all(each.map((service: { close(): Promise<void> }) => service.close()));
    throw error;
  }
  return services;
}

/** A session for services, which takes wires in. */
class Serving {
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
