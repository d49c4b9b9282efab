// The entry `busbar/rpc`: calls, streams, properties and signals of an interface, over the bus and
// over message ports.
import type { Interface } from '../interface/index.js';
import { type Bus, openBus, shareBus } from './bus.js';
import { connectWith } from './connecting.js';
import { isPortLike, type PortLike, sessionOf } from './message-ports.js';
import type { ConnectOptions } from './options.js';
import { type AnyServeOptions, type ServeOptions, serveWith } from './serving.js';
import type { ClientOf, PropertySetters, PropertyValues, ServerOf, ServiceOf } from './types.js';

export type { Bus, BusOptions } from './bus.js';
export type { Versioned } from './caller/property-call.js';
export { describe, type MemberStats, ping, type ServiceStats, stats } from './client/about.js';
export type { Answer } from './client/fan-out.js';
export type { Watched } from './client/property.js';
export type { Subscription } from './client/subscription.js';
export { all, first, one, sticky } from './client/whom.js';
export * from './errors.js';
export { isError } from './is-error.js';
export type { PortLike } from './message-ports.js';
export type { CallOptions, ConnectOptions, SetOptions } from './options.js';
export type { LimitOptions } from './server/limits.js';
export { implement, type ServeOptions } from './serving.js';
export type { Stream } from './streams/stream.js';
export type {
  AllClient,
  Call,
  ClientMethod,
  ClientOf,
  EmitterOf,
  ErrorCodeOf,
  ErrorDataOf,
  FirstClient,
  Items,
  PropertySetters,
  PropertyValues,
  ReadableProperty,
  RpcPeer,
  ServerOf,
  ServiceOf,
  WritableProperty,
} from './types.js';

type Clients<L extends readonly Interface[]> = { -readonly [K in keyof L]: ClientOf<L[K]> };
type Servers<L extends readonly Interface[]> = { readonly [K in keyof L]: ServerOf<L[K]> };
type Services<L extends readonly Interface[]> = { -readonly [K in keyof L]: ServiceOf<L[K]> };

/** `properties` is needed for an interface that has some. */
type PropertyOptions<I extends Interface> = [keyof I['properties']] extends [never]
  ? { readonly properties?: undefined; readonly onSet?: undefined }
  : {
      /** The first values of the properties. */
      readonly properties: Readonly<PropertyValues<I>>;
      /**
       * By property: sees the value that a client sets. What it returns is set instead; what it
       * throws refuses the value.
       */
      readonly onSet?: PropertySetters<I> | undefined;
    };

type OptionsParameter<I extends Interface> = [keyof I['properties']] extends [never]
  ? [options?: ServeOptions & PropertyOptions<I>]
  : [options: ServeOptions & PropertyOptions<I>];

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
  if (isList(sources)) return connectWith(open, sources, options);
  const [client] = await connectWith(open, [sources], options);
  return client;
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
  if (isList(sources)) {
    const served = sources.map((source, index) => ({
      source,
      implementation: (implementations as readonly object[])[index] as object,
    }));
    return serveWith(open, served, options);
  }
  const served = [{ source: sources, implementation: implementations }];
  const [service] = await serveWith(open, served, options);
  return service;
}

function isList(sources: Interface | readonly Interface[]): sources is readonly Interface[] {
  return Array.isArray(sources);
}
