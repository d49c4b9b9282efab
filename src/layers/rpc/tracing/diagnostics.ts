// What the tracing channels of calls publish: one shape for both sides.

/**
 * Published on the channels `tracing:busbar:call:*`, at clients, and `tracing:busbar:handle:*`, at
 * servers: the same object for all events of one call at one side, so a subscriber can keep a span
 * in a `WeakMap`.
 *
 * Each call publishes `start`, `end`, `asyncStart` and `asyncEnd` once each, in this order, and
 * `error` before `asyncStart` if it fails. `start` comes before the call is sent, or before its
 * method runs; `end` when the call is on its way, or when its method has returned, if only a
 * promise; `asyncEnd` when it is over, whatever ends it: a result, an error, its deadline, its
 * cancellation, or the end of the other side. A call that goes to another server ends, as failed,
 * and begins again with the next `attempt`.
 */
export interface CallDiagnostics {
  /** Which side this is. */
  readonly side: 'client' | 'server';
  /** The name of the bus; `undefined` over a message port. */
  readonly bus: string | undefined;
  /** The `id` of the endpoint here; `undefined` over a message port. */
  readonly endpointId: number | undefined;
  /** The name of the interface. */
  readonly interface: string;
  /** The name of the method or property. */
  readonly member: string;
  /** A method with one result, or with a stream of items; getting or setting a property. */
  readonly operation: 'call' | 'stream' | 'get' | 'set';
  /** How often the call was sent before, to other servers. */
  readonly attempt: number;
  /** The attempt before this one, at its client. */
  readonly previous: CallDiagnostics | undefined;
  /** The endpoint at the other side; `undefined` while a call is at no server. */
  readonly peerId: number | undefined;
  /** The number of the message that carries the call; `undefined` while it is not sent. */
  readonly messageId: number | undefined;
  /**
   * At a client, the call in whose method this call is made, if that is traced here. It is known by
   * `AsyncLocalStorage`, or by `call.client()`.
   */
  readonly parent: CallDiagnostics | undefined;
  /**
   * The `traceparent` of W3C Trace Context, version 00. Until a subscriber of `start` assigns its
   * own, a client's is that of {@link parent}, and a server's the one that the call brought;
   * `undefined` for none. What is assigned during `start` is sent with the call, or handed on to the
   * calls that the method makes. A text that is no `traceparent` is not sent.
   */
  traceparent: string | undefined;
  /**
   * The same context as 25 bytes: trace id 16, parent id 8, flags 1. Takes less time than the text;
   * assigning one of the two changes both. Neither side changes the bytes afterwards. Bytes that are
   * no context are not sent.
   */
  traceContext: Uint8Array | undefined;
  /**
   * The `tracestate` that goes with it; UTF-8. It is not sent where it does not fit beside the rest
   * of the 240 bytes of metadata: more than 160 bytes may not.
   */
  tracestate: string | undefined;
  /**
   * At a server, a subscriber of `start` may assign a function, which is then called once with the
   * method as `run`: to run it within a context. It calls `run` at once, and once.
   */
  enter: ((run: () => void) => void) | undefined;
  /**
   * Why the call failed: what the client's promise rejects with, or what the method threw. Set before
   * `error` is published.
   */
  readonly error: unknown;
  /**
   * The code of the failure: a `CallErrorCode`, the name of a declared error, or a `code` of the
   * bus. `undefined` while the call has not failed.
   */
  readonly code: string | undefined;
}
