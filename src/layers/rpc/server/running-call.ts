// A call at its server: what the method gets as its second argument, and what the server keeps about
// it until it is over.
import type { Interface } from '../../interface/entry-values.js';
import { closeAttachments } from '../attachments.js';
import type { Expiring } from '../deadlines.js';
import {
  CancelledError,
  ClosedError,
  DeadlineError,
  DeclaredError,
  OverrunError,
  ProtocolError,
} from '../errors.js';
import type { IncomingFrame, PortPeer } from '../port.js';
import type { IncomingStream } from '../streams/incoming-stream.js';
import type { OutgoingStream } from '../streams/outgoing-stream.js';
import { inputBytes, inputItems } from '../streams/window.js';
import type { HandlingTracing } from '../tracing/tracing.js';
import { answerCodecOf, flag, kindOf } from '../wire/format.js';
import type { Cause, Metadata, Trace } from '../wire/metadata.js';
import type { CallerRecord } from './caller-record.js';
import type { Handler } from './handler.js';

/** What a running call needs of its server. */
export interface CallHost {
  /** The call's deadline has passed. */
  expired(call: RunningCall): void;
  /** A client that calls on behalf of this call. */
  clientFor(call: RunningCall, source: Interface, options: unknown): unknown;
}

/** One call. */
export class RunningCall implements Expiring {
  readonly from: PortPeer;
  readonly attempt: number;
  /** On the clock of `performance.now()`; `Infinity` for none. */
  readonly deadline: number;
  /** The trace that the caller belongs to. */
  readonly trace: Trace | undefined;
  readonly handler: Handler<RunningCall>;
  /** The frame that carries the call; its attachments are lent to the method. */
  readonly frame: IncomingFrame;
  /** Who called; has this call among its own while it is not over. */
  readonly record: CallerRecord<RunningCall>;
  /** What the caller streams, for a method with `input`. */
  inputStream: IncomingStream | undefined;
  /** What the method streams. */
  output: OutgoingStream | undefined;
  /** Credit of the caller for the stream, before it has begun. */
  creditItems: number;
  creditBytes: number;
  /** Whether the caller has its answer, or wants none any more. */
  over = false;
  /** Whether its method has begun and not returned yet, which counts. */
  running = false;
  /** Whether its caller has it among its calls. */
  registered = false;
  /** Whether its place and its arguments are free again. */
  finished = false;
  startedAt = 0;
  /** Tells subscribers about it, if there are any. */
  tracing: HandlingTracing | undefined;
  readonly #host: CallHost;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #kept = false;

  constructor(
    host: CallHost,
    handler: Handler<RunningCall>,
    record: CallerRecord<RunningCall>,
    frame: IncomingFrame,
    { deadline, attempt, creditItems, creditBytes, trace }: Metadata,
  ) {
    this.#host = host;
    this.handler = handler;
    this.record = record;
    this.frame = frame;
    this.from = frame.from;
    this.deadline =
      deadline === undefined ? Number.POSITIVE_INFINITY : performance.now() + deadline;
    this.attempt = attempt;
    this.trace = trace;
    this.creditItems = creditItems === 0 ? inputItems : creditItems;
    this.creditBytes = creditBytes === 0 ? inputBytes : creditBytes;
  }

  get kind(): number {
    return kindOf(this.frame.format);
  }

  /** How its answers are encoded: as it was, if that can express them. */
  get codec(): number {
    return answerCodecOf(this.frame.format);
  }

  /** The message that the calls made for this one are made for. */
  get cause(): Cause {
    return { peer: this.from.id, id: this.frame.id };
  }

  /** The trace of the calls made for this one. */
  get nested(): Trace | undefined {
    const { trace, tracing } = this;
    if (tracing !== undefined) return tracing.nested;
    return trace === undefined ? undefined : { ...trace, cause: this.cause };
  }

  /** Whether the caller takes a byte array as it is. */
  get acceptsBytes(): boolean {
    return (this.frame.format & flag.acceptsBytes) !== 0;
  }

  /** Aborts when the caller is gone, cancels, takes no answers, or its deadline passes. */
  get signal(): AbortSignal {
    // Made only for methods that ask for it.
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** The items that the caller streams. */
  get input(): IncomingStream {
    if (this.inputStream === undefined) {
      throw new TypeError(`${this.handler.member.name} has no input`);
    }
    return this.inputStream;
  }

  /** An error that the interface declares, to be thrown. */
  error(code: string, data?: unknown, message = `${code}`): DeclaredError {
    const { member } = this.handler;
    if (!member.errors.has(code)) {
      throw new TypeError(`${member.interface}.${member.name} declares no error '${code}'`);
    }
    return new DeclaredError(member.interface, code, data, message, { executed: 'yes' });
  }

  /** A client whose calls end with this one, and have its deadline. */
  client(source: Interface, options?: unknown): unknown {
    return this.#host.clientFor(this, source, options);
  }

  /** Makes the objects and regions among the arguments the method's own. */
  keep(): void {
    this.#kept = true;
  }

  /** Aborts the signal, and ends the streams of the call. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.output?.stop();
    this.inputStream?.end(reason);
  }

  /** The method is done with its arguments. */
  closeArguments(): void {
    if (!this.#kept) closeAttachments(this.frame.attachments);
  }

  /** See {@link Expiring}. */
  expire(): void {
    this.#host.expired(this);
  }
}

/** The reasons that a signal may be aborted for. */
export const reasons = {
  broken: (text: string): Error => new ProtocolError(text, { executed: 'maybe' }),
  cancelled: (): Error => new CancelledError('the caller has cancelled', { executed: 'maybe' }),
  gone: (): Error => new CancelledError('the caller is gone', { executed: 'maybe' }),
  overrun: (): Error =>
    new OverrunError('the caller does not take its answers', { executed: 'maybe' }),
  expired: (): Error => new DeadlineError('the deadline has passed', { executed: 'maybe' }),
  closed: (): Error => new ClosedError('the service is closed', { executed: 'maybe' }),
} as const;
