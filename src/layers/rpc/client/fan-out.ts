// Calls to all servers at once. The set is frozen when the call is made; each server ends by its
// result, its error or its death, so the end is exact and needs no timer.
import { closeAttachments } from '../attachments.js';
import { UnaryCall } from '../caller/unary-call.js';
import { CancelledError } from '../errors.js';
import type { Member } from '../members.js';
import type { CallOptions } from '../options.js';
import type { Attachments, PortPeer } from '../port.js';
import { memberKind } from '../wire/format.js';
import type { ClientCore } from './client-core.js';

/** What one of several servers answered. */
export interface Answer<T = unknown> {
  /** The server. */
  readonly from: PortPeer;
  /** Its result, unless it failed. */
  readonly value?: T;
  /** Why it has no result. */
  readonly error?: Error;
}

type Step = IteratorResult<Answer, void>;

const over: Step = Object.freeze({ done: true, value: undefined });

/** The answers of all servers, as they come. */
export class Answers implements AsyncIterableIterator<Answer, void, undefined> {
  readonly #calls = new Set<UnaryCall>();
  readonly #answers: Answer[] = [];
  readonly #waiting: ((step: Step) => void)[] = [];
  /** What is closed once all calls are over. */
  readonly #given: Attachments | undefined;

  constructor(core: ClientCore, member: Member, args: unknown, options: CallOptions | undefined) {
    const { caller } = core.session;
    const request = core.request(member, memberKind.call, args, options);
    const wanted = core.terms(options, true);
    // All calls send them.
    const terms = { ...wanted, give: false };
    this.#given = wanted.give ? request.attachments : undefined;
    // A copy: members may change while calls are being made.
    const peers = [...caller.candidates(request.target)];
    const calls = peers.map((from) => {
      const call = new UnaryCall(caller, request, terms);
      call.only = from.id;
      this.#calls.add(call);
      call.promise.then(
        (value) => this.#settled(call, { from, value }),
        (error: Error) => this.#settled(call, { from, error }),
      );
      return call;
    });
    for (const call of calls) caller.start(call);
    if (calls.length === 0) closeAttachments(this.#given);
  }

  next(): Promise<Step> {
    const value = this.#answers.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#calls.size === 0) return Promise.resolve(over);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<Step> {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const call of calls) call.cancel(left());
    closeAttachments(this.#given);
    this.#answers.length = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(over);
    return Promise.resolve(over);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settled(call: UnaryCall, answer: Answer): void {
    if (!this.#calls.delete(call)) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#answers.push(answer);
    else waiting({ done: false, value: answer });
    if (this.#calls.size > 0) return;
    closeAttachments(this.#given);
    for (const resolve of this.#waiting.splice(0)) resolve(over);
  }
}

function left(): Error {
  return new CancelledError('the loop over all answers was left', { executed: 'maybe' });
}
