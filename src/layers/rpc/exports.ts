// What the entries of this layer have in common. None of it loads the bus.
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
export type { CallDiagnostics } from './tracing/diagnostics.js';
export type { StreamDiagnostics } from './tracing/stream.js';
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
