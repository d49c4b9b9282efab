// serveWire() where there is a bus: serves what this process implements, or servers of a bus.
import type { Interface } from '../interface/entry-values.js';
import type { AnyServeOptions, ServerOf, Servers, ServiceOf, Services } from '../rpc/entry-port.js';
import type { Bus } from '../rpc/index.js';
import type { Dialer, Listener } from './carrier.js';
import { optionError } from './errors.js';
import type { WirePlace } from './places.js';
import type { RelayOptions, WireRelay } from './relay-wire.js';
import { type ServeParameters, serveWire as serveOwn } from './serve-wire.js';
import type { ServeWireOptions } from './serving.js';

/**
 * Serves an interface, or several, to the other side of a wire, which can call what is served here
 * and nothing else. `place` is a duplex stream, a carrier such as `stdio()`, or a listener such as
 * `tcp.listen({ port })`; all who connect to a listener share the service. An address that this
 * process is connected to can be served, too: then both sides call each other. Resolves when the
 * listener listens, or at once; the handshake of a wire may come later.
 *
 * With a bus and `expose` in place of an implementation, the other side calls servers of that bus: of
 * the interfaces listed, and nothing else. The bus sees the relay as their caller.
 *
 * @throws WireError `CANNOT_LISTEN`, or if an option is wrong; InvalidArgumentError if a method is
 * not implemented or a property has no value; InvalidInterfaceError; with a bus what `join` throws.
 */
export function serveWire<I extends Interface>(
  place: WirePlace | Listener | Dialer,
  source: I,
  implementation: ServerOf<I>,
  ...options: ServeParameters<I>
): Promise<ServiceOf<I>>;
export function serveWire<const L extends readonly Interface[]>(
  place: WirePlace | Listener | Dialer,
  sources: L,
  implementations: Servers<L>,
  options?: AnyServeOptions & ServeWireOptions,
): Promise<Services<L>>;
export function serveWire(
  place: WirePlace | Listener | Dialer,
  bus: Bus,
  options: RelayOptions,
): Promise<WireRelay>;
export async function serveWire(
  place: WirePlace | Listener | Dialer,
  given: Interface | readonly Interface[] | Bus,
  implementation: object,
  options?: AnyServeOptions & ServeWireOptions,
): Promise<unknown> {
  if (isExposing(given, implementation)) {
    const { relayWire } = await import('./relay-wire.js');
    return relayWire(place, given as Bus, implementation as RelayOptions);
  }
  return Reflect.apply(serveOwn, undefined, [place, given, implementation, options]);
}

// The name of a bus, or an object whose third argument lists interfaces: a method may be called
// `expose`, but is no list.
function isExposing(given: unknown, options: unknown): boolean {
  const { expose } = (options ?? {}) as { readonly expose?: unknown };
  if (Array.isArray(expose)) return true;
  if (typeof given !== 'string') return false;
  throw optionError('expose is no list of interfaces: of a bus nothing is exposed by default');
}
