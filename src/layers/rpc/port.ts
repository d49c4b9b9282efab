// The seam between calls and what carries them. A port posts a frame, receives frames, and reports
// that a peer is gone; everything else of this layer is written once, above it. There is one port
// for an endpoint of the bus and one for a MessagePort. A port never runs code of the user.

import type { Members } from './members.js';

/** Objects and regions that travel beside a payload. */
export interface Attachments {
  /** Kernel objects, in the order of their indexes in the payload. */
  readonly objects: unknown[];
  /** Memory regions, likewise. */
  readonly regions: unknown[];
}

/** Another member, as a port knows it. */
export interface PortPeer {
  /** Its id; 1 for the other side of a MessagePort. */
  readonly id: number;
  /** Its process; 0 if unknown. */
  readonly pid: number;
  /** Its labels. */
  readonly label: readonly string[];
  /**
   * Whether it passes calls on to others, so that it may say what became of those: that nobody took
   * a call, or that its server is gone.
   */
  readonly relays?: boolean;
}

/**
 * The label of an endpoint that passes calls on to servers elsewhere. Its word about those counts as
 * that of a peer that `relays`, and bridges do not call it, so that no call goes in circles.
 */
export const relayLabel = 'busbar.relay';

/** A frame that arrived. Everything in it was written by a peer. */
export interface IncomingFrame {
  readonly from: PortPeer;
  /** The sender's number of this frame. */
  readonly id: number;
  /** The UUID of its message type. */
  readonly type: string;
  readonly format: number;
  /** The id of the call that it belongs to; 0 for none. */
  readonly replyTo: number;
  readonly metadata: Uint8Array | undefined;
  /** Bytes of the payload, which count against the credit of a stream. */
  readonly size: number;
  /** The payload as it arrived, a plain Uint8Array; `undefined` if it did not arrive as bytes. */
  readonly bytes: Uint8Array | undefined;
  /**
   * Decodes the payload as its format word says.
   * @throws Any error if the bytes are not what the codec writes, or the codec is unknown.
   */
  read(): unknown;
  /** The attachments; the receiver of the frame closes them. `undefined` for none. */
  readonly attachments: Attachments | undefined;
}

/** {@link Port.post}: the receiver has no room now. */
export const full = -1;
/** {@link Port.post}: the receiver is not there any more. */
export const gone = -2;

/** What a port reports. None of the functions throws. */
export interface PortEvents {
  /** A frame arrived. */
  frame(frame: IncomingFrame): void;
  /**
   * The frame with this number was surely not taken; for one peer, these come before `gone`.
   */
  undelivered(peer: number, id: number): void;
  /**
   * The peer is gone: nothing more comes from it, and it gets nothing more. `cause` is the error that
   * says why, if the port knows.
   */
  gone(peer: number, cause?: unknown): void;
  /** Others may match a condition now. */
  membersChanged(): void;
  /** The port is closed and works no more; `cause` says why, if the port knows. */
  closed(cause?: unknown): void;
}

/** Whom a call may go to; made and read by the port. */
export interface Target {
  /** For error texts. */
  readonly text: string;
}

/** Carries frames. */
export interface Port {
  /** For error texts: `bus 'com.solar'`, `message port`. */
  readonly name: string;
  /** The name of the bus, if there is one. */
  readonly bus?: string;
  /** The id of the endpoint here, likewise. */
  readonly endpointId?: number;
  /** Whether objects and regions can be sent. */
  readonly carriesAttachments: boolean;
  /** Whether payloads are bytes, so that `Packed` and `PackedItems` are taken for MessagePack. */
  readonly carriesBytes: boolean;
  /** Begins to report. Called once. */
  open(events: PortEvents): void;
  /**
   * Whom a call with this condition may go to. `to` narrows the interface's own label down.
   * @throws InvalidArgumentError or a syntax error if `to` is wrong.
   */
  target(label: string | undefined, to: unknown): Target;
  /** The peers that match now. The list is the port's own; do not change it. */
  candidates(target: Target): readonly PortPeer[];
  /** Looks again at the members at the next question. */
  forgetCandidates(): void;
  /**
   * Sends a frame to one peer. Returns its number, {@link full} or {@link gone}. The payload is
   * encoded, or copied, before this returns.
   * @throws Any error if the payload cannot be encoded or is too large.
   */
  post(
    peer: number,
    type: string,
    format: number,
    replyTo: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
    attachments: Attachments | undefined,
  ): number;
  /** Bytes of the payload that was posted last. */
  readonly lastSize: number;
  /**
   * Sends one frame to several peers, with one encoding. A peer without room does not get it. With a
   * `key`, a peer that has not taken the previous frame with that key gets only the newest.
   */
  postToAll(peers: PeerSet, type: string, format: number, payload: unknown, key?: string): void;
  /** Resolves when the peer has room again, or is gone. */
  whenRoom(peer: number): Promise<void>;
  /** Whether a message can be sent to this peer as far as the port knows. */
  describe(peer: number): PortPeer | undefined;
  /**
   * No new calls of this interface should come: removes its labels, and resolves when its callers
   * know, or after `timeout` milliseconds.
   */
  retire(members: Members, timeout: number): Promise<void>;
  /** Leaves; frames that wait get `linger` milliseconds. */
  close(linger: number): Promise<void>;
  /** Whether the port keeps the process alive. */
  setReferenced(wanted: boolean): void;
}

/** The peers of a {@link Port.postToAll}; keeps what the port has prepared for them. */
export class PeerSet {
  readonly #counts = new Map<number, number>();
  /** The port's own; dropped when the set changes. */
  prepared: unknown;

  get size(): number {
    return this.#counts.size;
  }

  get ids(): Iterable<number> {
    return this.#counts.keys();
  }

  /** A peer is counted as often as it was added. */
  add(peer: number): void {
    const count = this.#counts.get(peer) ?? 0;
    if (count === 0) this.prepared = undefined;
    this.#counts.set(peer, count + 1);
  }

  remove(peer: number): void {
    const count = this.#counts.get(peer) ?? 0;
    if (count > 1) {
      this.#counts.set(peer, count - 1);
    } else if (this.#counts.delete(peer)) {
      this.prepared = undefined;
    }
  }
}
