// The entry `busbar/handlers`: message handlers with a routing table.

export type { AnyContext, AnyMessage, Middleware } from './any-message.js';
export * from './errors.js';
export { emits, handleHere as handle } from './handle.js';
export {
  type CloseHandlersOptions,
  Handlers,
  type HandlersEvents,
  type UnroutedEvent,
} from './handlers.js';
export type { HandleOptions } from './options.js';
export type { FailedEvent } from './running-route.js';
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
