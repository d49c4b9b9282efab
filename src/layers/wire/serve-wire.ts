// serveWire(): services for the other side of a wire, or for all who connect to a listener.
import type { Interface } from '../interface/entry-values.js';
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
import type { Dialer, Listener } from './carrier.js';
import { learnNames } from './framing/type-names.js';
import { offerOf } from './hello.js';
import { splitOptions } from './options.js';
import type { WirePlace } from './places.js';
import { openAt, type ServeWireOptions } from './serving.js';

/**
 * The options of `serveWire` for one interface: those of `serve`, which are needed for an interface
 * with properties, and those of wires.
 */
export type ServeParameters<I extends Interface> =
  [] extends OptionsParameter<I>
    ? [options?: OptionsParameter<I>[0] & ServeWireOptions]
    : [options: OptionsParameter<I>[0] & ServeWireOptions];

/**
 * Serves an interface, or several, to the other side of a wire, which can call what is served here
 * and nothing else. `place` is a duplex stream, a carrier such as `stdio()`, or a listener such as
 * `tcp.listen({ port })`; all who connect to a listener share the service. An address that this
 * process is connected to can be served, too: then both sides call each other. Resolves when the
 * listener listens, or at once; the handshake of a wire may come later.
 *
 * @throws WireError `CANNOT_LISTEN`, or if an option is wrong; InvalidArgumentError if a method is
 * not implemented or a property has no value; InvalidInterfaceError.
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
export async function serveWire(
  place: WirePlace | Listener | Dialer,
  sources: Interface | readonly Interface[],
  implementations: object,
  options: AnyServeOptions & ServeWireOptions = {},
): Promise<unknown> {
  const { wire, rest } = splitOptions(options, ['maxWires']);
  const { made, serving } = await openAt(place, wire);
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
