// The public surface of busbar. Everything a program needs is exported here, and nothing else is
// public.
export type { CancelOptions } from './endpoint/cancellation.js';
export type { Counters } from './endpoint/counters.js';
export type {
  CloseDiagnostics,
  EndpointDiagnostics,
  JoinDiagnostics,
  ReceiveDiagnostics,
  SendDiagnostics,
  UndeliveredDiagnostics,
} from './endpoint/diagnostics.js';
export type { Endpoint } from './endpoint/endpoint.js';
export type {
  ControllerEvent,
  EndedEvent,
  EndpointEvents,
  PeerEvent,
  RejectedEvent,
  SlowReceiverEvent,
  UndeliveredEvent,
  UnknownEvent,
  ViolationEvent,
} from './endpoint/events.js';
export type { RelabelOptions } from './endpoint/labels.js';
export type {
  LostObservation,
  Observation,
  ObservedMessage,
  SentObservation,
  UndeliveredObservation,
} from './endpoint/observation.js';
export type { Observer, ObserverEvents } from './endpoint/observer.js';
export type {
  CloseOptions,
  DeliverOptions,
  SendOptions,
  SendReceipt,
  SendWhenReadyOptions,
  WaitForOptions,
  WhenFull,
} from './endpoint/options.js';
export * from './errors/errors.js';
export { BusError, type BusErrorCode, type DeliveryFailure } from './errors/index.js';
export { join } from './join.js';
export type { JoinOptions } from './join-options.js';
export {
  MemoryRegion,
  type MemoryRegionOptions,
  type RegionRange,
} from './memory/memory-region.js';
export {
  type AllocOptions,
  MemoryRegistry,
  type MemoryRegistryOptions,
  type RegistryStats,
} from './memory/memory-registry.js';
export { StagingArena } from './memory/staging-arena.js';
export {
  type AnyMessageType,
  bytes,
  type Codec,
  type CodecFunctions,
  codecs,
  defineCodec,
  type ElementType,
  type FieldInit,
  type FieldLayout,
  type FieldType,
  type FieldValue,
  json,
  type MessageBox,
  type MessageFactory,
  type MessageType,
  type MessageTypeOptions,
  type MessageTypes,
  messageBox,
  messagePack,
  messageType,
  messageTypeNamespace,
  type OpenBox,
  type Outgoing,
  type OutgoingMessage,
  type OutgoingOptions,
  openBox,
  type Peer,
  type PlainBox,
  type RawBox,
  type RawContent,
  type RawInit,
  type Received,
  type ReceivedBy,
  type ReceivedMessage,
  type ReplyOptions,
  raw,
  type ScalarType,
  type SentBy,
  type StructCodec,
  type StructFields,
  type StructInit,
  type StructLayout,
  type StructView,
  struct,
  structuredClone,
  type TypedMessageBox,
  type TypeId,
  type TypesOf,
  text,
  type ValidatedMessageTypeOptions,
} from './messages/index.js';
export {
  type FromFdOptions,
  KernelObject,
  type KernelObjectKind,
  type ObjectSource,
  type ToSocketOptions,
} from './objects/index.js';
export { observe } from './observe.js';
export type { ObserveOptions } from './observe-options.js';
export {
  anyone,
  type LabelExpression,
  LabelExpressionTooComplexError,
  label,
  type MulticastOptions,
  multicast,
  nobody,
  type PeerLike,
  parseLabelExpression,
  type Selector,
  type SelectorKind,
  SelectorSyntaxError,
  unicast,
} from './selector/index.js';
