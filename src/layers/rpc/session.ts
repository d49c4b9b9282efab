// A session: one port with its two halves, the calls made here and the calls served here. Gives each
// frame to the half that it is for.
import type { Interface } from '../interface/index.js';
import { closeAttachments } from './attachments.js';
import { Caller } from './caller/caller.js';
import { closeFrame, Encoder } from './coding.js';
import { Deadlines } from './deadlines.js';
import { type Attachments, full, type IncomingFrame, type Port, type PortEvents } from './port.js';
import type { RunningCall } from './server/running-call.js';
import { Server } from './server/server.js';
import { answerKind, flag, kindOf, memberKind } from './wire/format.js';
import { sizeOf } from './wire/size.js';
import { answerType } from './wire/types.js';

/** Answers that may wait for a receiver without room; then its calls are aborted. */
const maxWaiting = 1024;
const maxWaitingBytes = 16 * 1024 * 1024;

interface Waiting {
  readonly call: number;
  readonly format: number;
  readonly payload: unknown;
  readonly metadata: Uint8Array | undefined;
  readonly attachments: Attachments | undefined;
}

interface Backlog {
  readonly frames: Waiting[];
  bytes: number;
}

/** Makes the client of a call in a running call; given by the code that makes clients. */
export type NestedClient = (
  session: Session,
  call: RunningCall,
  source: Interface,
  options: unknown,
) => unknown;

/** One port and everything above it. */
export class Session implements PortEvents {
  readonly port: Port;
  readonly caller: Caller;
  readonly server: Server;
  readonly encoder: Encoder;
  /** Callers that do not take their answers; for `stats`. */
  overruns = 0;
  readonly #deadlines = new Deadlines();
  readonly #backlogs = new Map<number, Backlog>();
  #users = 0;
  #closing: Promise<void> | undefined;
  #over = false;
  readonly #onEnd: () => void;

  /** `onEnd` is called once, when the session begins to close or its port is gone. */
  constructor(port: Port, nested: NestedClient, onEnd: () => void) {
    this.port = port;
    this.#onEnd = onEnd;
    this.encoder = new Encoder(port);
    this.caller = new Caller(port, this.#deadlines, this);
    this.server = new Server(port, this, this.#deadlines, (call, source, options) =>
      nested(this, call, source, options),
    );
    port.open(this);
  }

  /** Whether nothing can be called or served any more. */
  get over(): boolean {
    return this.#over;
  }

  /** One more client or service uses it. */
  use(): void {
    this.#users++;
  }

  /** One less; the last one closes the port. */
  release(linger: number): Promise<void> {
    this.#users--;
    if (this.#users > 0) return Promise.resolve();
    this.#closing ??= this.#close(linger);
    return this.#closing;
  }

  async #close(linger: number): Promise<void> {
    this.#end();
    await this.port.close(linger);
    this.#deadlines.clear();
  }

  #end(): void {
    if (this.#over) return;
    this.caller.close();
    this.#over = true;
    this.#onEnd();
  }

  // ---- Answers ----

  isWaiting(peer: number): boolean {
    return this.#backlogs.has(peer);
  }

  /**
   * Sends a frame about a call to its other side; without room there, it waits. Closes the
   * attachments once they are sent.
   */
  answer(
    peer: number,
    call: number,
    format: number,
    payload: unknown,
    metadata?: Uint8Array,
    attachments?: Attachments,
  ): void {
    const waiting = this.#backlogs.get(peer);
    if (waiting === undefined) {
      try {
        const { port } = this;
        const { id } = answerType;
        const outcome = port.post(peer, id, format, call, payload, metadata, attachments);
        if (outcome !== full) {
          closeAttachments(attachments);
          return;
        }
      } catch (error) {
        closeAttachments(attachments);
        throw error;
      }
      this.#awaitRoom(peer);
    }
    const backlog = waiting ?? { frames: [], bytes: 0 };
    this.#backlogs.set(peer, backlog);
    // A byte array is the program's, which may change it as soon as this returns.
    const kept = payload instanceof Uint8Array ? new Uint8Array(payload) : payload;
    backlog.frames.push({ call, format, payload: kept, metadata, attachments });
    backlog.bytes += sizeOf(payload);
    if (backlog.frames.length > maxWaiting || backlog.bytes > maxWaitingBytes) this.#overrun(peer);
  }

  #awaitRoom(peer: number): void {
    const look = () => this.#sendWaiting(peer);
    this.port.whenRoom(peer).then(look, look);
  }

  #sendWaiting(peer: number): void {
    const backlog = this.#backlogs.get(peer);
    if (backlog === undefined) return;
    const { frames } = backlog;
    let sent = 0;
    for (const frame of frames) {
      if (this.#tryPost(peer, frame) === full) break;
      closeAttachments(frame.attachments);
      sent++;
    }
    frames.splice(0, sent);
    if (frames.length > 0) this.#awaitRoom(peer);
    else this.#backlogs.delete(peer);
  }

  #tryPost(peer: number, frame: Waiting): number {
    const { call, format, payload, metadata, attachments } = frame;
    try {
      return this.port.post(peer, answerType.id, format, call, payload, metadata, attachments);
    } catch {
      // It could be encoded when it was first tried.
      return 0;
    }
  }

  #overrun(peer: number): void {
    this.overruns++;
    const backlog = this.#backlogs.get(peer);
    if (backlog !== undefined) forget(backlog);
    this.server.overrun(peer);
  }

  // ---- PortEvents ----

  frame(frame: IncomingFrame): void {
    const { format } = frame;
    if (frame.type === answerType.id) {
      if (kindOf(format) === answerKind.nothing) closeFrame(frame);
      else if ((format & flag.fromCaller) !== 0) this.server.fromCaller(frame);
      else this.caller.answered(frame);
    } else if (frame.replyTo !== 0) {
      this.caller.answered(frame);
    } else if (kindOf(format) === memberKind.emission) {
      this.caller.emitted(frame);
    } else {
      this.server.accept(frame);
    }
  }

  undelivered(peer: number, id: number): void {
    this.caller.undelivered(peer, id);
  }

  gone(peer: number): void {
    const backlog = this.#backlogs.get(peer);
    if (backlog !== undefined) forget(backlog);
    this.#backlogs.delete(peer);
    this.server.gone(peer);
    this.caller.gone(peer);
  }

  membersChanged(): void {
    this.caller.membersChanged();
  }

  closed(): void {
    this.#end();
  }
}

function forget(backlog: Backlog): void {
  for (const { attachments } of backlog.frames) closeAttachments(attachments);
  backlog.frames.length = 0;
  backlog.bytes = 0;
}
