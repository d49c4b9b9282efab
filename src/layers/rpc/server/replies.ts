// The answers of a server to its calls: results, errors, and who closes what they attach.
import { closeAttachments } from '../attachments.js';
import { Encoder } from '../coding.js';
import type { Attachments, Port } from '../port.js';
import type { HandlingTracing } from '../tracing/tracing.js';
import { answerKind, codecNumber, formatOf } from '../wire/format.js';
import type { RunningCall } from './running-call.js';
import { isExpected, layerError, PassedOn, thrownError, type WireError } from './write-error.js';

/** Sends answers; when their receiver has no room, they wait. */
export interface Answers {
  /** Whether answers wait for room at this receiver. */
  isWaiting(peer: number): boolean;
  /** Whether this receiver took too little, so that its calls were aborted, and has not caught up. */
  isOverrun(peer: number): boolean;
  /** How often a receiver took too little of what was sent to it. */
  readonly overruns: number;
  answer(
    peer: number,
    call: number,
    format: number,
    payload: unknown,
    metadata?: Uint8Array,
    attachments?: Attachments,
  ): void;
}

/** Answers the calls of one session. */
export class Replies {
  readonly port: Port;
  readonly answers: Answers;
  readonly encoder: Encoder;

  constructor(port: Port, answers: Answers) {
    this.port = port;
    this.answers = answers;
    this.encoder = new Encoder(port);
  }

  /** The call has returned: sends its result. The layer closes what the result attaches. */
  succeed(call: RunningCall, value: unknown, kind: number = answerKind.result): void {
    const { returns, name } = call.handler.member;
    let payload: unknown;
    let attachments: Attachments | undefined;
    if (returns !== undefined) {
      if (call.acceptsBytes && this.encoder.isPayload(returns, value)) {
        this.answer(call, kind, value, undefined, codecNumber.bytes);
        return;
      }
      try {
        payload = this.encoder.payload(returns, value, call.codec);
        attachments = this.encoder.attachments;
      } catch (error) {
        call.handler.counts.failures++;
        this.reportError(call, error);
        call.tracing?.threw(error);
        const unattachable =
          !this.port.carriesAttachments && /over a message port/.test(`${error}`);
        this.fail(
          call,
          layerError(
            unattachable ? 'UNSUPPORTED_ATTACHMENT' : 'INVALID_RESULT',
            `the result of ${name} is wrong: ${error instanceof Error ? error.message : error}`,
          ),
        );
        return;
      }
    }
    this.answer(call, kind, payload, attachments);
  }

  /** The method has thrown. */
  failWith(call: RunningCall, thrown: unknown): void {
    const { member, service, counts } = call.handler;
    this.reportError(call, thrown);
    call.tracing?.threw(thrown);
    if (thrown instanceof PassedOn && thrown.load !== undefined) {
      this.answer(call, answerKind.busy, { load: thrown.load, leaving: false }, undefined);
      return;
    }
    const error = thrownError(thrown, member, this.encoder, call.codec, service.tellMessages);
    if (!isExpected(thrown, member) || error.code === 'INVALID_RESULT') counts.failures++;
    this.fail(call, error);
  }

  fail(call: RunningCall, error: WireError): void {
    const attachments = error.data === undefined ? undefined : this.encoder.attachments;
    this.answer(call, answerKind.error, error, attachments);
  }

  /** Sends the last frame of a call; later ones are dropped. The layer owns what it attaches. */
  answer(
    call: RunningCall,
    kind: number,
    payload: unknown,
    attachments: Attachments | undefined,
    codec: number = call.codec,
  ): void {
    if (call.over) {
      closeAttachments(attachments);
      return;
    }
    call.over = true;
    if (call.tracing !== undefined) tellEnd(call.tracing, kind, payload);
    const { frame } = call;
    const format = formatOf(kind, codec);
    try {
      this.answers.answer(frame.from.id, frame.id, format, payload, undefined, attachments);
    } catch (error) {
      this.#unsendable(call, error);
    }
  }

  /** Tells the service about an error that a caller only sees as `HANDLER_FAILED`. */
  reportError(call: RunningCall, error: unknown): void {
    if (!call.over) call.handler.service.report(error, call);
  }

  // Too large, for example. The caller must not wait for ever.
  #unsendable(call: RunningCall, error: unknown): void {
    call.handler.service.report(error, call);
    const text = error instanceof Error ? error.message : String(error);
    const { frame } = call;
    this.answers.answer(
      frame.from.id,
      frame.id,
      formatOf(answerKind.error, codecNumber.messagePack),
      layerError('INVALID_RESULT', `the result cannot be sent: ${text}`),
    );
  }
}

function tellEnd(tracing: HandlingTracing, kind: number, payload: unknown): void {
  if (kind !== answerKind.error) {
    tracing.finish();
    return;
  }
  const { code, message } = payload as WireError;
  tracing.finish(code, new Error(message));
}
