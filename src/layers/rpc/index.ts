// The entry `busbar/rpc`: calls, streams, properties and signals of an interface, over the bus and
// over message ports.
import type { Interface } from '../interface/entry-values.js';
import { type Bus, openBus, shareBus } from './bus.js';
import { connectOneOrMore } from './connecting.js';
import type { Clients, OptionsParameter, Servers, Services } from './entry-types.js';
import { isPortLike, type PortLike, sessionOf } from './message-ports.js';
import type { ConnectOptions } from './options.js';
import { type AnyServeOptions, serveOneOrMore } from './serving.js';
import type { ClientOf, ServerOf, ServiceOf } from './types.js';

export { type Bus, type BusOptions, type Offering, openCalls, openOffers } from './bus.js';
export {
  type EmbeddedService,
  type EmbeddedServices,
  embedServices,
  serviceLabels,
} from './embedded.js';
export * from './exports.js';
export { isCarrier } from './ports/carried.js';

/**
 * Makes a client of an interface, or of several. It resolves as soon as the bus is joined; a call
 * waits for a server, if none is there, until its deadline. The first argument is the name of a bus,
 * or an object with `name` and options of `join`, or a message port or worker thread.
 *
 * @throws InvalidArgumentError, InvalidInterfaceError, and what `join` throws.
 */
export function connect<I extends Interface>(
  bus: Bus | PortLike,
  source: I,
  options?: ConnectOptions,
): Promise<ClientOf<I>>;
export function connect<const L extends readonly Interface[]>(
  bus: Bus | PortLike,
  sources: L,
  options?: ConnectOptions,
): Promise<Clients<L>>;
export async function connect(
  bus: Bus | PortLike,
  sources: Interface | readonly Interface[],
  options?: ConnectOptions,
): Promise<unknown> {
  const open = () => (isPortLike(bus) ? sessionOf(bus) : shareBus(bus as Bus));
  return connectOneOrMore(open, sources, options);
}

/**
 * Serves an interface, or several on one endpoint. `implementation` is an object with the methods,
 * or an instance of a class; for several interfaces, a list of those. Resolves once every member of
 * the bus can find the service.
 *
 * @throws InvalidArgumentError if a method is not implemented or a property has no value;
 * InvalidInterfaceError, and what `join` throws.
 */
export function serve<I extends Interface>(
  bus: Bus | PortLike,
  source: I,
  implementation: ServerOf<I>,
  ...options: OptionsParameter<I>
): Promise<ServiceOf<I>>;
export function serve<const L extends readonly Interface[]>(
  bus: Bus | PortLike,
  sources: L,
  implementations: Servers<L>,
  options?: AnyServeOptions,
): Promise<Services<L>>;
export async function serve(
  bus: Bus | PortLike,
  sources: Interface | readonly Interface[],
  implementations: object,
  options?: AnyServeOptions,
): Promise<unknown> {
  const open = (labels: readonly string[]) =>
    isPortLike(bus) ? sessionOf(bus) : openBus(bus as Bus, labels);
  return serveOneOrMore(open, sources, implementations, options);
}
