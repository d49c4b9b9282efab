// A session: one port with its two halves, the calls made here and the calls served here. Gives each
// frame to the half that it is for.
import type { Interface } from '../interface/entry-values.js';
import { closeAttachments } from './attachments.js';
import { Backlogs } from './backlogs.js';
import { Caller } from './caller/caller.js';
import { closeFrame, Encoder } from './coding.js';
import { Deadlines } from './deadlines.js';
import { type Attachments, full, type IncomingFrame, type Port, type PortEvents } from './port.js';
import type { RunningCall } from './server/running-call.js';
import { Server } from './server/server.js';
import { answerKind, flag, kindOf, memberKind } from './wire/format.js';
import { answerType } from './wire/types.js';

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
  readonly #deadlines = new Deadlines();
  readonly #backlogs: Backlogs;
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
    this.#backlogs = new Backlogs(port, {
      overrun: (peer) => this.server.overrun(peer),
      unsubscribed: (peer, call) => this.server.unsubscribed(peer, call),
      forgotten: (peer, own) => {
        this.server.gone(peer);
        if (own) this.caller.gone(peer);
      },
    });
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

  #end(cause?: unknown): void {
    if (this.#over) return;
    this.caller.close(cause);
    this.#over = true;
    this.#onEnd();
  }

  // ---- Answers ----

  isWaiting(peer: number): boolean {
    return this.#backlogs.has(peer);
  }

  isOverrun(peer: number): boolean {
    return this.#backlogs.isOverrun(peer);
  }

  /** How often a receiver took too little of what was sent to it. */
  get overruns(): number {
    return this.#backlogs.overruns;
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
    if (!this.#backlogs.has(peer)) {
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
    }
    this.#backlogs.add(peer, { call, format, payload, metadata, attachments });
  }

  // ---- PortEvents ----

  frame(frame: IncomingFrame): void {
    const { format } = frame;
    if (frame.type === answerType.id) {
      if (kindOf(format) === answerKind.nothing) closeFrame(frame);
      else if ((format & flag.fromCaller) !== 0) this.server.fromCaller(frame);
      else if (isForgotten(frame)) this.#forgotten(frame);
      else this.caller.answered(frame);
    } else if (frame.replyTo !== 0) {
      this.caller.answered(frame);
    } else if (kindOf(format) === memberKind.emission) {
      this.caller.emitted(frame);
    } else {
      this.server.accept(frame);
    }
  }

  #forgotten(frame: IncomingFrame): void {
    closeFrame(frame);
    this.caller.gone(frame.from.id);
  }

  undelivered(peer: number, id: number): void {
    this.caller.undelivered(peer, id);
  }

  gone(peer: number, cause?: unknown): void {
    this.#backlogs.forget(peer);
    this.server.gone(peer);
    this.caller.gone(peer, cause);
  }

  membersChanged(): void {
    this.caller.membersChanged();
  }

  closed(cause?: unknown): void {
    this.#end(cause);
  }
}

/** Whether a server says that it has dropped all calls of this side: it is as if it had died. */
function isForgotten({ format, replyTo }: IncomingFrame): boolean {
  return kindOf(format) === answerKind.forgotten && replyTo === 0;
}
