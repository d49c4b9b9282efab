// What a caller streams to its server. The first items go with the call, without waiting for credit.

import type { Encoder } from '../coding.js';
import { InvalidArgumentError } from '../errors.js';
import type { Attachments, IncomingFrame, Port } from '../port.js';
import { type OutgoingHost, OutgoingStream, type Source } from '../streams/outgoing-stream.js';
import { inputBytes, inputItems } from '../streams/window.js';
import type { StreamOwner } from '../tracing/stream.js';
import { answerKind, flag, formatOf } from '../wire/format.js';
import { readMetadata } from '../wire/metadata.js';
import { answerType } from '../wire/types.js';
import { nameOf, type PendingCall, type StreamedInput } from './pending-call.js';

/** The input of one call. */
export class CallInput implements OutgoingHost, StreamedInput {
  readonly #call: PendingCall;
  readonly #port: Port;
  readonly #encoder: Encoder;
  readonly #stream: OutgoingStream;
  #running = false;
  #done = false;

  constructor(call: PendingCall, port: Port, encoder: Encoder, source: Source) {
    this.#call = call;
    this.#port = port;
    this.#encoder = encoder;
    this.#stream = new OutgoingStream(this, source, inputItems, inputBytes, true);
  }

  /** Whether the call may still go to another server. */
  get canRestart(): boolean {
    return !this.#running || this.#stream.canRestart;
  }

  /** The call was sent: begins, or begins again. */
  sent(): void {
    if (this.#running) {
      this.#stream.restart();
      if (this.#done) this.#end();
      return;
    }
    this.#running = true;
    this.#stream.run().then(
      () => {
        this.#done = true;
        this.#end();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  credited(frame: IncomingFrame): void {
    try {
      const { creditItems, creditBytes } = readMetadata(frame.metadata);
      this.#stream.credit(creditItems, creditBytes);
    } catch {
      // Nothing that this version understands.
    }
  }

  stop(): void {
    this.#stream.stop();
  }

  // ---- OutgoingHost ----

  // Until the server has given credit, items are kept to be sent again.
  readonly packs = false;

  packItem(): boolean {
    return false;
  }

  encodeItem(item: unknown): unknown {
    const { member, codec } = this.#call.request;
    if (member.input === undefined) throw new TypeError('the method takes no input');
    return this.#encoder.encode(member.input, item, codec);
  }

  get itemAttachments(): Attachments | undefined {
    return this.#encoder.attachments;
  }

  get lastSize(): number {
    return this.#port.lastSize;
  }

  sendItems(kind: number, payload: unknown, starved: boolean, attached?: Attachments): number {
    return this.#send(kind, payload, starved ? flag.starved : 0, attached);
  }

  get owner(): StreamOwner {
    const { request, id, lastPeer, tracing } = this.#call;
    return {
      side: 'client',
      port: this.#port,
      member: request.member,
      peerId: lastPeer,
      messageId: id,
      call: tracing,
    };
  }

  whenRoom(): Promise<void> {
    return this.#port.whenRoom(this.#call.callee?.peer ?? 0);
  }

  #end(): void {
    if (this.#call.callee === undefined) return;
    const outcome = this.#send(answerKind.end, undefined, 0, undefined);
    if (outcome !== -1) return;
    const again = () => this.#end();
    this.whenRoom().then(again, again);
  }

  #send(kind: number, payload: unknown, flags: number, attached: Attachments | undefined): number {
    const { callee, id, request } = this.#call;
    // Between two servers: restart() sends it again.
    if (callee === undefined) return -2;
    const format = formatOf(kind, request.codec, flags | flag.fromCaller);
    return this.#port.post(callee.peer, answerType.id, format, id, payload, undefined, attached);
  }

  #failed(cause: unknown): void {
    const { member } = this.#call.request;
    this.#call.cancel(
      new InvalidArgumentError(`the input of ${nameOf(member)} failed: ${cause}`, {
        executed: 'maybe',
        peerId: this.#call.callee?.peer,
        cause,
      }),
    );
  }
}
