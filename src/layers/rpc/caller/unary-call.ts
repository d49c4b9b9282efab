// A call with one result: a promise. No closure is made for it: one function takes the resolvers of
// every promise.
import { closeFrame, decode } from '../coding.js';
import { InvalidResultError, ProtocolError } from '../errors.js';
import type { IncomingFrame } from '../port.js';
import { answerKind } from '../wire/format.js';
import { type CallKeeper, nameOf, PendingCall, type Request, type Terms } from './pending-call.js';

type Resolve = (value: unknown) => void;
type Reject = (error: Error) => void;

let lastResolve: Resolve;
let lastReject: Reject;
const takeResolvers = (resolve: Resolve, reject: Reject) => {
  lastResolve = resolve;
  lastReject = reject;
};

/** A call with one result. */
export class UnaryCall extends PendingCall {
  readonly promise: Promise<unknown>;
  readonly #resolve: Resolve;
  readonly #reject: Reject;

  constructor(keeper: CallKeeper, request: Request, terms: Terms) {
    super(keeper, request, terms);
    this.promise = new Promise(takeResolvers);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
  }

  receive(kind: number, frame: IncomingFrame): void {
    if (kind !== answerKind.result && kind !== answerKind.end) {
      this.other(kind, frame);
      return;
    }
    let value: unknown;
    try {
      value = this.decodeResult(frame);
    } catch (cause) {
      this.fail(
        new InvalidResultError(`the result of ${nameOf(this.request.member)} is wrong: ${cause}`, {
          executed: 'yes',
          peerId: frame.from.id,
          cause,
        }),
      );
      return;
    }
    this.finish();
    this.#resolve(value);
  }

  /** The result in a frame. Throws if it is wrong. */
  protected decodeResult(frame: IncomingFrame): unknown {
    const { returns } = this.request.member;
    if (returns !== undefined) return decode(returns, frame);
    closeFrame(frame);
    return undefined;
  }

  /** An answer that a call with one result does not expect. */
  protected other(kind: number, frame: IncomingFrame): void {
    this.cancel(
      new ProtocolError(
        `${nameOf(this.request.member)} was answered with a frame of kind ${kind}`,
        {
          executed: 'maybe',
          peerId: frame.from.id,
        },
      ),
    );
  }

  protected failed(error: Error): void {
    this.#reject(error);
  }
}
