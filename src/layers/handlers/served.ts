// An interface with its implementation, as a line of a table.
import { show } from '../../base/show.js';
import type { Interface } from '../interface/entry-values.js';
import type { PropertySetters, PropertyValues, ServeOptions, ServerOf } from '../rpc/index.js';
import type { Middleware } from './any-message.js';
import { checkKeys } from './checks.js';
import { TableError } from './errors.js';
import { middlewareOf } from './middleware-list.js';

/** Options of {@link server}: those of `serve` of `busbar/rpc`, and middleware. */
export interface ServerOptions extends Omit<ServeOptions, 'label' | 'linger'> {
  /** Middleware around each method, inside that of the table. */
  readonly use?: Middleware | readonly Middleware[];
}

type Properties<I extends Interface> = [keyof I['properties']] extends [never]
  ? unknown
  : {
      /** The first values of the properties. */
      readonly properties: Readonly<PropertyValues<I>>;
      /** See `serve`. */
      readonly onSet?: PropertySetters<I>;
    };

type OptionsParameter<I extends Interface> = [keyof I['properties']] extends [never]
  ? [options?: ServerOptions]
  : [options: ServerOptions & Properties<I>];

const served = Symbol('busbar.handlers.served');

/** Made by {@link server}: an interface in a table. */
export interface ServedInterface {
  /** @internal */
  readonly [served]: true;
  /** The interface. */
  readonly source: Interface;
}

/** What {@link server} was given. */
export interface Served extends ServedInterface {
  readonly implementation: object;
  readonly options: Omit<ServerOptions, 'use'>;
  readonly use: readonly Middleware[];
}

/**
 * An interface and its implementation, for a table: its methods are routes like all others, with the
 * middleware and the counters of the table. Its key is the interface's name.
 *
 * ```ts
 * handle(bus, box, { Move: …, [Thermostat.name]: server(Thermostat, { setTarget: … }) });
 * ```
 * @throws InvalidArgumentError if an option does not exist. The implementation is checked by
 * `handle`.
 */
export function server<I extends Interface>(
  source: I,
  implementation: ServerOf<I>,
  ...[given]: OptionsParameter<I>
): ServedInterface {
  if (typeof implementation !== 'object' || implementation === null) {
    throw new TableError(`the implementation of ${source?.name} is ${show(implementation)}`);
  }
  const names = ['concurrency', 'queue', 'perCaller', 'subscriptionsPerCaller'];
  const options = checkKeys<ServerOptions & { properties?: unknown; onSet?: unknown }>(
    'server()',
    given as ServerOptions | undefined,
    [...names, 'errorMessages', 'onError', 'properties', 'onSet', 'use'],
  );
  const { use, ...rest } = options;
  const value: Served = {
    [served]: true,
    source,
    implementation,
    options: rest as Omit<ServerOptions, 'use'>,
    use: middlewareOf(`the service ${source.name}`, use),
  };
  return Object.freeze(value);
}

/** Whether a value of a table was made by {@link server}. */
export function isServed(value: unknown): value is Served {
  return typeof value === 'object' && value !== null && served in value;
}
