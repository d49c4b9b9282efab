// Frames about calls that wait until their receiver has room. One that takes too little of what is
// sent to it may not fill the memory of this process: what waits for it becomes short, an error in
// place of each result, so that none of its calls is left without an end.
import { closeAttachments } from './attachments.js';
import { type Attachments, full, type Port } from './port.js';
import { layerError, overrunError, type WireError } from './server/write-error.js';
import { answerCodecOf, answerKind, codecNumber, flag, formatOf, kindOf } from './wire/format.js';
import { sizeOf } from './wire/size.js';
import { answerType } from './wire/types.js';

/** What may wait for one receiver; beyond, its calls are aborted. */
const maxFrames = 1024;
const maxBytes = 16 * 1024 * 1024;

/** Short frames that may wait afterwards; beyond, one frame stands for all of them. */
const maxShortFrames = 131_072;

/** A frame about a call. */
export interface Waiting {
  readonly call: number;
  readonly format: number;
  readonly payload: unknown;
  readonly metadata: Uint8Array | undefined;
  /** Closed once the frame is sent, or will never be. */
  readonly attachments: Attachments | undefined;
}

/** What else ends when a receiver takes too little. */
export interface BacklogHost {
  /** Aborts the calls that this peer has here; what they answer is made short. */
  overrun(peer: number): void;
  /** The peer will not learn that its subscription is in force. */
  unsubscribed(peer: number, call: number): void;
  /**
   * The peer will learn nothing of the calls and subscriptions that it has here: they are over. With
   * `own`, nor will it get the credit or the cancellation of some call to it.
   */
  forgotten(peer: number, own: boolean): void;
}

interface Kept extends Waiting {
  /** Bytes that count against {@link maxBytes}. */
  readonly size: number;
}

class Backlog {
  readonly frames: Kept[] = [];
  bytes = 0;
  overrun = false;
}

/** The frames of one session that wait, by receiver. */
export class Backlogs {
  readonly #port: Port;
  readonly #host: BacklogHost;
  readonly #backlogs = new Map<number, Backlog>();
  /** How often a receiver took too little. */
  overruns = 0;

  constructor(port: Port, host: BacklogHost) {
    this.#port = port;
    this.#host = host;
  }

  /** Whether frames wait for this receiver; others must then wait behind them. */
  has(peer: number): boolean {
    return this.#backlogs.has(peer);
  }

  /** Whether this receiver took too little, and has not caught up since. */
  isOverrun(peer: number): boolean {
    return this.#backlogs.get(peer)?.overrun === true;
  }

  /**
   * Sends the frame when there is room.
   * @throws TypeError if the payload's size cannot be told: the frame does not wait then.
   */
  add(peer: number, frame: Waiting): void {
    const backlog = this.#backlogOf(peer);
    if (backlog.overrun) {
      this.#addShort(peer, backlog, frame);
      return;
    }
    let size: number;
    try {
      size = sizeOf(frame.payload);
    } catch (error) {
      closeAttachments(frame.attachments);
      throw error;
    }
    const { payload } = frame;
    // A byte array is the program's, which may change it as soon as this returns.
    const kept = payload instanceof Uint8Array ? new Uint8Array(payload) : payload;
    backlog.frames.push({ ...frame, payload: kept, size });
    backlog.bytes += size;
    if (backlog.frames.length > maxFrames || backlog.bytes > maxBytes) {
      this.#overrun(peer, backlog);
    }
  }

  /** The receiver is gone. */
  forget(peer: number): void {
    const backlog = this.#backlogs.get(peer);
    if (backlog === undefined) return;
    this.#backlogs.delete(peer);
    discard(backlog);
  }

  #backlogOf(peer: number): Backlog {
    let backlog = this.#backlogs.get(peer);
    if (backlog === undefined) {
      backlog = new Backlog();
      this.#backlogs.set(peer, backlog);
      this.#awaitRoom(peer, backlog);
    }
    return backlog;
  }

  #awaitRoom(peer: number, backlog: Backlog): void {
    const look = () => {
      if (this.#backlogs.get(peer) === backlog) this.#send(peer, backlog);
    };
    this.#port.whenRoom(peer).then(look, look);
  }

  #send(peer: number, backlog: Backlog): void {
    const { frames } = backlog;
    let sent = 0;
    for (const frame of frames) {
      const unsent = this.#post(peer, frame);
      if (unsent === frame) break;
      backlog.bytes -= frame.size;
      if (unsent !== undefined) {
        frames[sent] = { ...unsent, size: 0 };
        break;
      }
      sent++;
    }
    frames.splice(0, sent);
    if (frames.length > 0) this.#awaitRoom(peer, backlog);
    else this.#backlogs.delete(peer);
  }

  /** Returns what has to wait for more room, if anything has. */
  #post(peer: number, frame: Waiting): Waiting | undefined {
    const { call, format, payload, metadata, attachments } = frame;
    const { id } = answerType;
    try {
      const outcome = this.#port.post(peer, id, format, call, payload, metadata, attachments);
      if (outcome === full) return frame;
    } catch (error) {
      // Too large, for example. Its caller must not wait for ever; an error can always be sent.
      closeAttachments(attachments);
      const text = error instanceof Error ? error.message : String(error);
      const instead = layerError('INVALID_RESULT', `the result cannot be sent: ${text}`);
      return payload instanceof Unsendable
        ? undefined
        : this.#post(peer, errorFrame(frame, new Unsendable(instead)));
    }
    closeAttachments(attachments);
    return undefined;
  }

  #overrun(peer: number, backlog: Backlog): void {
    this.overruns++;
    backlog.overrun = true;
    backlog.bytes = 0;
    const { frames } = backlog;
    for (const [at, frame] of frames.entries()) {
      frames[at] = { ...this.#shortened(peer, frame), size: 0 };
    }
    this.#host.overrun(peer);
  }

  #addShort(peer: number, backlog: Backlog, frame: Waiting): void {
    if (backlog.frames.length < maxShortFrames) {
      backlog.frames.push({ ...this.#shortened(peer, frame), size: 0 });
      return;
    }
    const own = [frame, ...backlog.frames].some(({ format }) => (format & flag.fromCaller) !== 0);
    closeAttachments(frame.attachments);
    discard(backlog);
    backlog.frames.push(forgottenFrame);
    this.#host.forgotten(peer, own);
  }

  #shortened(peer: number, frame: Waiting): Waiting {
    const kind = kindOf(frame.format);
    const { payload, attachments } = frame;
    const empty = payload === undefined || payload === null;
    if ((empty && attachments === undefined) || kind === answerKind.busy) return frame;
    closeAttachments(attachments);
    // Only a subscription is confirmed by an item; those of streams never wait here.
    if (kind === answerKind.item) this.#host.unsubscribed(peer, frame.call);
    return errorFrame(frame, overrunError);
  }
}

/** An error in place of a result that could not be encoded. */
class Unsendable implements WireError {
  readonly code: string;
  readonly message: string;

  constructor({ code, message }: WireError) {
    this.code = code;
    this.message = message;
  }
}

function errorFrame({ call, format }: Waiting, payload: WireError): Waiting {
  return {
    call,
    format: formatOf(answerKind.error, answerCodecOf(format)),
    payload,
    metadata: undefined,
    attachments: undefined,
  };
}

/** Ends all calls of its receiver here, and those on their way. */
const forgottenFrame: Kept = {
  call: 0,
  format: formatOf(answerKind.forgotten, codecNumber.messagePack),
  payload: undefined,
  metadata: undefined,
  attachments: undefined,
  size: 0,
};

function discard(backlog: Backlog): void {
  for (const { attachments } of backlog.frames) closeAttachments(attachments);
  backlog.frames.length = 0;
  backlog.bytes = 0;
}
