// The events of an endpoint and their values.
import type { BusError } from '../errors/index.js';
import type { MessageBox, Peer, Received } from '../messages/index.js';

/** An endpoint joined or left the bus, or has another label. */
export interface PeerEvent {
  /**
   * Whether the endpoint joined, left or has another label; one that died has left. `left` is emitted once it is known
   * which messages the endpoint did not take: every `undelivered` about it comes before.
   */
  readonly change: 'joined' | 'left' | 'relabelled';
  /** The endpoint, as the directory described it. */
  readonly peer: Peer;
  /** Its label before; present if `change` is `relabelled`. */
  readonly formerLabel?: readonly string[];
}

/** A peer has left, and nothing more of it will come. */
export interface EndedEvent {
  /** The peer. */
  readonly peerId: number;
}

/** The bus has a new controller, and this endpoint is a member again. */
export interface ControllerEvent {
  /** Counts the controllers of this bus; grows with each. */
  readonly generation: number;
  /** The controller; `undefined` if it is no longer listed. */
  readonly peer: Peer | undefined;
  /** Whether this endpoint is the controller. */
  readonly self: boolean;
  /** Milliseconds from losing the former controller to being a member under this one. */
  readonly gapMs: number;
}

/** A message that no endpoint took or will take. */
export interface UndeliveredEvent {
  /** The key of its type in the message box; the UUID if the box does not have it. */
  readonly type: string;
  /** The payload as it would have arrived; the raw bytes if they cannot be decoded. */
  readonly payload: unknown;
  /**
   * The number that would have been `message.id` at a receiver, and that {@link SendReceipt} has; 0
   * only for a message that another endpoint left with this one, the controller, when it closed.
   */
  readonly id: number;
  /** The message's metadata; `undefined` if it has none. */
  readonly metadata: Uint8Array | undefined;
  /** The receiver that is gone; `undefined` if none was found in the message's time to live. */
  readonly peerId: number | undefined;
  /**
   * The `code` of an error, in most cases `'ERR_BUSBAR_PEER_GONE'` or `'ERR_BUSBAR_NO_RECIPIENT'`.
   */
  readonly reason: string;
}

/** Messages that a receiver did not get because it was too slow. */
export interface SlowReceiverEvent {
  /** The receiver. */
  readonly peerId: number;
  /**
   * `dropped`: messages lost since the last such event. `disconnected`: messages that were queued
   * here for it.
   */
  readonly messages: number;
}

/**
 * A message whose type is not in the message box. Emitted once per type and sender, then only
 * counted.
 */
export interface UnknownEvent {
  /** The UUID of the type. */
  readonly type: string;
  /** Its sender. */
  readonly from: Peer;
}

/** A message whose codec or schema refused the payload; it is not delivered. */
export interface RejectedEvent {
  /** The key of the type in the message box. */
  readonly type: string;
  /** Its sender. */
  readonly from: Peer;
  /** Its `message.id`. */
  readonly id: number;
  /** Its `message.replyTo`. */
  readonly replyTo: number | undefined;
  /** A `DecodeFailedError`, `SchemaMismatchError` or `UnsupportedError`. */
  readonly error: BusError;
}

/** A peer broke the protocol. The link to it was closed; nothing else was affected. */
export interface ViolationEvent {
  /** The peer, which need not be listed any more. */
  readonly peer: Pick<Peer, 'id' | 'pid'>;
  /** A `ProtocolViolationError`; its text says what was wrong. */
  readonly error: BusError;
}

/** The events of an endpoint, for `on`, `once` and `off`. */
export interface EndpointEvents<B extends MessageBox> {
  /** A message arrived that no pending `recv()` or loop takes. */
  message: [message: Received<B>];
  /** Another endpoint joined or left, or has another label. */
  peer: [event: PeerEvent];
  /**
   * A peer has left, and this endpoint has had every message that it sent: `message` was emitted
   * for each, or `recv()` or a loop has returned it. Comes after the `peer` event `left`, and only
   * once the messages were received.
   */
  ended: [event: EndedEvent];
  /** The bus has a new controller. */
  controller: [event: ControllerEvent];
  /** No message waits in this process's memory for a receiver any more. */
  drain: [];
  /** Messages with `whenFull: 'drop'` found no room; emitted once per turn and receiver. */
  dropped: [event: SlowReceiverEvent];
  /** A message with `whenFull: 'disconnect'` found no room, and its receiver was disconnected. */
  disconnected: [event: SlowReceiverEvent];
  /** No endpoint took a message or will take it. */
  undelivered: [event: UndeliveredEvent];
  /** A message of a type that is not in the box; emitted once per type and sender. */
  unknown: [event: UnknownEvent];
  /** A message that its codec or schema refused, or that arrived incomplete. */
  rejected: [event: RejectedEvent];
  /** A peer broke the protocol, and the link to it was closed. */
  violation: [event: ViolationEvent];
  /** The endpoint is closed; `error` is the reason unless `close()` was called. */
  close: [error: BusError | undefined];
}
