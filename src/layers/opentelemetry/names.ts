// The names of OpenTelemetry's semantic conventions 1.45 that are used here. Copied, because the
// package that has them renames its own with the conventions.

/** The instrumentation scope. */
export const scope = 'busbar';

/** Attributes of spans and measurements. */
export const attribute = {
  errorType: 'error.type',
  rpcSystem: 'rpc.system.name',
  rpcMethod: 'rpc.method',
  rpcStatus: 'rpc.status_code',
  messagingSystem: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  messageBytes: 'messaging.message.body.size',
  /** Our own: the name of the bus. */
  bus: 'busbar.bus',
  /** Our own: how often the call was sent before; left out if never. */
  attempt: 'busbar.attempt',
  /** Our own: the endpoint at the other side. */
  peer: 'busbar.peer_id',
  /** Our own: why the sender of a stream waits. */
  pauseReason: 'busbar.stream.reason',
} as const;

/** The value of `rpc.system.name` and `messaging.system`. */
export const system = 'busbar';

/** Instruments. */
export const instrument = {
  clientDuration: 'rpc.client.call.duration',
  serverDuration: 'rpc.server.call.duration',
  sent: 'messaging.client.sent.messages',
  consumed: 'messaging.client.consumed.messages',
} as const;

/**
 * Seconds. The conventions' own begin at 5 ms; most calls on a bus take less than a thousandth of
 * that, so there are finer ones below.
 */
export const durationBoundaries = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
  0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
