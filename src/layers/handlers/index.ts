// The entry `busbar/handlers`: message handlers with a routing table.
import type { MessageBox } from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { handleHere } from './handle.js';
import type { Handlers as RunningTable } from './handlers.js';
import type { HandleOptions as Options } from './options.js';
import type { FullTable as AnyTable } from './types.js';
import { Workers as Pool, type WorkersOptions as PoolOptions } from './workers/pool.js';

export type { AnyContext, AnyMessage, Middleware } from './any-message.js';
export * from './errors.js';
export { emits } from './handle.js';
export {
  type CloseHandlersOptions,
  Handlers,
  type HandlersEvents,
  type UnroutedEvent,
} from './handlers.js';
export { HandlersService } from './inspection.js';
export type { HandleOptions } from './options.js';
export type { FailedEvent } from './running-route.js';
export type { SeatMessage } from './seat.js';
export { type ServedInterface, type ServerOptions, server } from './served.js';
export { type TestBus, type TestDelivery, type TestMember, testBus } from './testing/test-bus.js';
export type {
  Context,
  DeadLetter,
  DeadLetterLog,
  DeadLetters,
  Destination,
  Entry,
  ForwardRoute,
  FullTable,
  Handler,
  HandlerResult,
  Hooks,
  KeyOf,
  MessageOf,
  PayloadOf,
  RetryOptions,
  Route,
  RouteBase,
  RouteRow,
  Sender,
  Table,
} from './types.js';
export {
  type WorkerCounts,
  type WorkerDiedEvent,
  type WorkerStartedEvent,
  Workers,
  type WorkersEvents,
  type WorkersOptions,
} from './workers/pool.js';

/**
 * Joins a bus and handles its messages by a table. Resolves once every other endpoint can see the
 * new one and `onStart` has returned. The endpoint is the table's own; the caller closes what is
 * returned.
 *
 * With the address of a module that exports `box`, `table` and perhaps `options`, the table is at
 * work in several threads or processes; a `table` that is a function makes one of `data`. Resolves
 * once all of them have begun.
 * @throws TableError if the table does not fit the box: a type without a route, a route without a
 * type. WorkerError if a worker does not start. InvalidArgumentError, and what `join` and `onStart`
 * throw.
 */
export function handle<B extends MessageBox>(
  bus: Bus,
  box: B,
  table: AnyTable<B>,
  options?: Options<B>,
): Promise<RunningTable<B>>;
export function handle(bus: Bus, module: URL, options: PoolOptions): Promise<Pool>;
export async function handle(
  bus: Bus,
  box: MessageBox | URL,
  table: object,
  options?: Options,
): Promise<RunningTable | Pool> {
  if (box instanceof URL) return Pool.start(bus, box, table as PoolOptions);
  return handleHere(bus, box, table as AnyTable<MessageBox>, options);
}
