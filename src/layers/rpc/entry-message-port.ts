// The entry `busbar/rpc/message-port`: the same as `busbar/rpc` without the bus, for places that can
// load no native code, such as a sandboxed renderer of Electron or a web page.
import type { Interface } from '../interface/entry-values.js';
import { connectOneOrMore } from './connecting.js';
import type { Clients, OptionsParameter, Servers, Services } from './entry-types.js';
import { isPortLike, type PortLike, sessionOf } from './message-ports.js';
import { type ConnectOptions, refusal } from './options.js';
import { type AnyServeOptions, serveOneOrMore } from './serving.js';
import type { Session } from './session.js';
import type { ClientOf, ServerOf, ServiceOf } from './types.js';

export * from './exports.js';

/**
 * Makes a client of an interface, or of several, that the other side of a message port serves. A
 * call waits until the other side answers.
 *
 * @throws InvalidArgumentError, InvalidInterfaceError.
 */
export function connect<I extends Interface>(
  port: PortLike,
  source: I,
  options?: ConnectOptions,
): Promise<ClientOf<I>>;
export function connect<const L extends readonly Interface[]>(
  port: PortLike,
  sources: L,
  options?: ConnectOptions,
): Promise<Clients<L>>;
export async function connect(
  port: PortLike,
  sources: Interface | readonly Interface[],
  options?: ConnectOptions,
): Promise<unknown> {
  return connectOneOrMore(() => open(port), sources, options);
}

/**
 * Serves an interface, or several, to the other side of a message port. `implementation` is an
 * object with the methods, or an instance of a class; for several interfaces, a list of those.
 *
 * @throws InvalidArgumentError if a method is not implemented or a property has no value;
 * InvalidInterfaceError.
 */
export function serve<I extends Interface>(
  port: PortLike,
  source: I,
  implementation: ServerOf<I>,
  ...options: OptionsParameter<I>
): Promise<ServiceOf<I>>;
export function serve<const L extends readonly Interface[]>(
  port: PortLike,
  sources: L,
  implementations: Servers<L>,
  options?: AnyServeOptions,
): Promise<Services<L>>;
export async function serve(
  port: PortLike,
  sources: Interface | readonly Interface[],
  implementations: object,
  options?: AnyServeOptions,
): Promise<unknown> {
  return serveOneOrMore(() => open(port), sources, implementations, options);
}

function open(port: unknown): Session {
  if (isPortLike(port)) return sessionOf(port);
  throw refusal(`expected a message port; buses need 'busbar/rpc', which loads native code`);
}
