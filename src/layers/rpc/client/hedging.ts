// A call to the first server that answers: when the one asked takes longer than 95 of 100 calls did,
// another one is asked, too, and the loser is cancelled. Only for idempotent methods.
import { closeAttachments } from '../attachments.js';
import { UnaryCall } from '../caller/unary-call.js';
import { CancelledError } from '../errors.js';
import { clearTimeout, setTimeout } from '../host.js';
import type { Member } from '../members.js';
import type { CallOptions } from '../options.js';
import { memberKind } from '../wire/format.js';
import type { ClientCore } from './client-core.js';

/** Calls whose durations are remembered. */
const remembered = 64;
/** Milliseconds before the second call, while too few calls were made to tell. */
const firstGuess = 10;
const enough = 8;

/** The durations of the last calls of one method. */
export class Durations {
  readonly #all: number[] = [];
  #at = 0;

  add(milliseconds: number): void {
    this.#all[this.#at] = milliseconds;
    this.#at = (this.#at + 1) % remembered;
  }

  /** 95 of 100 calls took no longer. */
  get usual(): number {
    if (this.#all.length < enough) return firstGuess;
    const sorted = [...this.#all].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.95)] ?? firstGuess;
  }
}

/** Calls a method at one server, and perhaps at a second one. */
export function callFirst(
  core: ClientCore,
  member: Member,
  durations: Durations,
  args: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { caller } = core.session;
    const request = core.request(member, memberKind.call, args, options);
    const wanted = core.terms(options, true);
    // Both calls send them.
    const terms = { ...wanted, give: false };
    const given = wanted.give ? request.attachments : undefined;
    const calls: UnaryCall[] = [];
    const failures: Error[] = [];
    const startedAt = performance.now();
    const settle = (call: UnaryCall) => {
      clearTimeout(timer);
      closeAttachments(given);
      for (const each of calls) if (each !== call) each.cancel(lost());
    };
    const begin = (without: number) => {
      const call = new UnaryCall(caller, request, terms);
      if (without !== 0) call.tried = new Set([without]);
      calls.push(call);
      call.promise.then(
        (value) => {
          durations.add(performance.now() - startedAt);
          settle(call);
          resolve(value);
        },
        (error: Error) => {
          failures.push(error);
          // The other one may still answer.
          if (failures.length < calls.length) return;
          clearTimeout(timer);
          closeAttachments(given);
          reject(failures[0] ?? error);
        },
      );
      caller.start(call);
    };
    const timer = setTimeout(() => {
      const peer = calls[0]?.callee?.peer;
      const another = caller.candidates(request.target).some(({ id }) => id !== peer);
      if (peer !== undefined && another) begin(peer);
    }, durations.usual);
    begin(0);
  });
}

function lost(): Error {
  return new CancelledError('another server answered first', { executed: 'maybe' });
}
