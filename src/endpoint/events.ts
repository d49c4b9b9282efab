// The events of an endpoint and what they carry.
import type { BusError } from '../errors/index.js';
import type { MessageBox, Peer, Received } from '../messages/index.js';

/** Somebody joined or left the bus. */
export interface PeerEvent {
  readonly change: 'joined' | 'left';
  readonly peer: Peer;
}

/** Another endpoint has become bus controller, and this one is a member again. */
export interface ControllerEvent {
  /** Counts the controllers of this bus; grows with each. */
  readonly generation: number;
  /** The controller; `undefined` if it is not listed any more. */
  readonly peer: Peer | undefined;
  /** Whether this endpoint is the controller. */
  readonly self: boolean;
  /** Milliseconds between losing the former controller and being a member under this one. */
  readonly gapMs: number;
}

/** A message that nobody took and nobody will. */
export interface UndeliveredEvent {
  /** The key of its type in the message box; the UUID if it is not in there. */
  readonly type: string;
  /** The payload as it would have arrived; the bytes if they cannot be decoded. */
  readonly payload: unknown;
  /** The message's number, as the receiver would have seen it in `message.id`; 0 if it was never under way. */
  readonly id: number;
  /** The receiver that is gone; `undefined` if none was found in the message's time to live. */
  readonly peerId: number | undefined;
  /** Why: the `code` of an error, `'ERR_BUSBAR_PEER_GONE'` or `'ERR_BUSBAR_NO_RECIPIENT'` in most cases. */
  readonly reason: string;
}

/** Messages that a receiver did not get because it was too slow. */
export interface SlowReceiverEvent {
  /** The receiver. */
  readonly peerId: number;
  /** `dropped`: how many it did not get since the last such event. `disconnected`: how many waited for it here. */
  readonly messages: number;
}

/** A message whose type is not in the message box. Told once for each type and sender, then only counted. */
export interface UnknownEvent {
  /** The UUID of the type. */
  readonly type: string;
  readonly from: Peer;
}

/** A message whose payload was refused by its codec or schema; it is not delivered. */
export interface RejectedEvent {
  /** The key of the type in the message box. */
  readonly type: string;
  readonly from: Peer;
  /** A `DecodeFailedError`, `SchemaMismatchError` or `UnsupportedError`. */
  readonly error: BusError;
}

/** A peer broke the protocol; the link with it was closed, and nothing else was harmed. */
export interface ViolationEvent {
  /** Id and process id of the peer. */
  readonly peer: { readonly id: number; readonly pid: number };
  readonly error: BusError;
}

/** The events of an endpoint, for `on`, `once` and `off`. */
export interface EndpointEvents<B extends MessageBox> {
  message: [message: Received<B>];
  peer: [event: PeerEvent];
  controller: [event: ControllerEvent];
  /** Nothing waits in this process's memory for a receiver any more. */
  drain: [];
  /** Messages with `whenFull: 'drop'` found no room; told once a turn for each receiver. */
  dropped: [event: SlowReceiverEvent];
  /** A message with `whenFull: 'disconnect'` found no room, and the receiver was given up. */
  disconnected: [event: SlowReceiverEvent];
  undelivered: [event: UndeliveredEvent];
  unknown: [event: UnknownEvent];
  rejected: [event: RejectedEvent];
  violation: [event: ViolationEvent];
  /** The endpoint is closed; `error` says why if it was not by `close()`. */
  close: [error: BusError | undefined];
}
