// A call that is answered with items. It begins when its consumer first asks for one, so a stream
// that nobody iterates costs nothing.
import { closeFrame, decode, decodeItems } from '../coding.js';
import { CancelledError, InvalidResultError, ProtocolError } from '../errors.js';
import type { IncomingFrame } from '../port.js';
import { IncomingStream } from '../streams/incoming-stream.js';
import { firstBytes, firstItems } from '../streams/window.js';
import { answerKind, codecNumber, flag, formatOf } from '../wire/format.js';
import { noMetadata, writeMetadata } from '../wire/metadata.js';
import type { AnswerSender, Caller } from './caller.js';
import { nameOf, PendingCall, type Request, type Terms } from './pending-call.js';

/** A call whose results are items. */
export class StreamCall extends PendingCall {
  readonly stream: IncomingStream;
  readonly #answers: AnswerSender;
  #began = false;

  constructor(caller: Caller, answers: AnswerSender, request: Request, terms: Terms) {
    super(caller, request, terms);
    this.#answers = answers;
    this.stream = new IncomingStream(
      {
        begin: () => {
          this.#began = true;
          caller.start(this);
        },
        grant: (items, bytes) => this.#grant(items, bytes),
        leave: () => this.#leave(),
        overrun: () => this.#overrun(),
      },
      firstItems,
      firstBytes,
    );
  }

  override get creditItems(): number {
    return firstItems;
  }

  override get creditBytes(): number {
    return firstBytes;
  }

  receive(kind: number, frame: IncomingFrame): void {
    const item = this.request.member.item;
    const starved = (frame.format & flag.starved) !== 0;
    try {
      switch (kind) {
        case answerKind.item:
          if (item !== undefined) this.stream.push([decode(item, frame)], frame.size, starved);
          return;
        case answerKind.items:
          if (item !== undefined) this.stream.push(decodeItems(item, frame), frame.size, starved);
          return;
        case answerKind.end:
        case answerKind.result:
          this.#end(frame);
          return;
        default:
          closeFrame(frame);
          this.#wrong(frame, `a frame of kind ${kind}`);
      }
    } catch (cause) {
      this.cancel(
        new InvalidResultError(`an item of ${nameOf(this.request.member)} is wrong: ${cause}`, {
          executed: 'yes',
          peerId: frame.from.id,
          cause,
        }),
      );
    }
  }

  protected failed(error: Error): void {
    this.stream.end(error);
  }

  #end(frame: IncomingFrame): void {
    const { returns } = this.request.member;
    const value = returns === undefined ? undefined : decode(returns, frame);
    if (returns === undefined) closeFrame(frame);
    this.finish();
    this.stream.end(undefined, value);
  }

  #grant(items: number, bytes: number): void {
    const { callee, id } = this;
    if (callee === undefined) return;
    this.#answers.answer(
      callee.peer,
      id,
      formatOf(answerKind.credit, codecNumber.messagePack, flag.fromCaller),
      undefined,
      writeMetadata({ ...noMetadata, creditItems: items, creditBytes: bytes }),
    );
  }

  #leave(): void {
    if (!this.#began) {
      this.settled = true;
      return;
    }
    // A consumer that has enough is no failure.
    this.tracing?.finish();
    this.cancel(
      new CancelledError(`${nameOf(this.request.member)} was left by its consumer`, {
        executed: 'maybe',
      }),
    );
  }

  #overrun(): void {
    this.cancel(
      new ProtocolError(`${nameOf(this.request.member)} sent more items than it had credit for`, {
        executed: 'maybe',
        peerId: this.callee?.peer,
      }),
    );
  }

  #wrong(frame: IncomingFrame, what: string): void {
    this.cancel(
      new ProtocolError(`${nameOf(this.request.member)} was answered with ${what}`, {
        executed: 'maybe',
        peerId: frame.from.id,
      }),
    );
  }
}
