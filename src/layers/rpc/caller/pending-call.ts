// A call that is not over: whom it went to, what it waits for, how often it was sent. What comes
// back, one result or many items, is the affair of its subclasses.

import { closeAttachments } from '../attachments.js';
import type { Deadlines, Expiring } from '../deadlines.js';
import { CancelledError, DeadlineError, NoRecipientError } from '../errors.js';
import type { Member } from '../members.js';
import type { Attachments, IncomingFrame, Target } from '../port.js';
import type { CallTracing, HandlingTracing } from '../tracing/tracing.js';
import type { Trace } from '../wire/metadata.js';
import type { Callee } from './callee.js';

/** A client, as the owner of its calls. */
export interface Owner {
  /** Whether it can make no more calls. */
  closed: boolean;
}

/** What a call asks for, encoded. */
export interface Request {
  readonly member: Member;
  /** A number of `memberKind`. */
  readonly kind: number;
  /** A number of `codecNumber`. */
  readonly codec: number;
  readonly payload: unknown;
  readonly attachments: Attachments | undefined;
  readonly target: Target;
  /** Whether a call that may have been executed is sent again. */
  readonly idempotent: boolean;
  /** The client that makes it; closing that cancels the call. */
  readonly owner: Owner;
  /** The server that calls of this client stay with. */
  readonly affinity: { peer: number } | undefined;
}

/** When a call gives up. */
export interface Terms {
  /** On the clock of `performance.now()`; `Infinity` for none. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  /** Whether the attachments are closed once the call is over. */
  readonly give: boolean;
  /** The trace that it belongs to. */
  readonly trace: Trace | undefined;
  /** The traced call on whose behalf it is made. */
  readonly scope: HandlingTracing | undefined;
}

/** What a caller streams to its server, as its call sees it. */
export interface StreamedInput {
  /** Whether the call may still go to another server. */
  readonly canRestart: boolean;
  /** The call was sent: begins, or begins again. */
  sent(): void;
  /** The server allows more. */
  credited(frame: IncomingFrame): void;
  /** The call is over. */
  stop(): void;
}

/** The part of a caller that its calls use. */
export interface CallKeeper {
  readonly deadlines: Deadlines;
  /** The call is over: forgets it. */
  release(call: PendingCall): void;
  /** Sends the call to another server, if there is one. */
  again(call: PendingCall, reason?: Error): void;
  /** Tells the server that nobody waits any more. */
  sendCancel(call: PendingCall): void;
}

/** One call. It is an event listener for the abortion of its signal, to have no closure for it. */
export abstract class PendingCall implements Expiring {
  readonly request: Request;
  readonly deadline: number;
  /** See {@link Terms}; subscribers of its tracing may give it another one. */
  trace: Trace | undefined;
  /** See {@link Terms}. */
  readonly scope: HandlingTracing | undefined;
  /** Tells subscribers about it, if there are any. */
  tracing: CallTracing | undefined;
  /** Where it is now; `undefined` while it waits for a server. */
  callee: Callee<PendingCall> | undefined;
  /** The number of the frame that carries it. */
  id = 0;
  /** How often it was sent before. */
  attempt = 0;
  /** The servers that did not take it. */
  tried: Set<number> | undefined;
  /** The server that it was sent to last; 0 for none. */
  lastPeer = 0;
  /** The death of a server that may have executed it; set for idempotent calls that went on. */
  loss: Error | undefined;
  /** Why the last server did not take it. */
  refusal: Error | undefined;
  /** Whether that was a relay without a server, which may have one later. */
  unserved = false;
  /** The only server that it may go to, or 0. */
  only = 0;
  /** Whether it is over. */
  settled = false;
  protected readonly keeper: CallKeeper;
  readonly #signal: AbortSignal | undefined;
  readonly #give: boolean;

  constructor(keeper: CallKeeper, request: Request, terms: Terms) {
    this.keeper = keeper;
    this.request = request;
    this.deadline = terms.deadline;
    this.trace = terms.trace;
    this.scope = terms.scope;
    this.#signal = terms.signal;
    this.#give = terms.give;
  }

  /** This server is not asked again. */
  avoid(peer: number): void {
    this.tried ??= new Set();
    this.tried.add(peer);
  }

  /** Starts the clock and listens to the signal. Returns whether the call may begin. */
  arm(): boolean {
    const signal = this.#signal;
    if (signal !== undefined) {
      if (signal.aborted) {
        this.handleEvent();
        return false;
      }
      signal.addEventListener('abort', this);
    }
    this.keeper.deadlines.add(this);
    return true;
  }

  /** A frame of the server: a number of `answerKind` except `busy`. */
  abstract receive(kind: number, frame: IncomingFrame): void;

  /** The call has failed; called at most once, and not after {@link finish}. */
  protected abstract failed(error: Error): void;

  /** What the caller streams, if it does. */
  input: StreamedInput | undefined;

  /** Whether it waits for another server when all have been tried. */
  get patient(): boolean {
    return false;
  }

  /** Whether tools are told about it. */
  get traceable(): boolean {
    return true;
  }

  /** A server has it now. */
  placed(_callee: Callee<PendingCall>): void {}

  /** That server has it no longer. */
  displaced(_callee: Callee<PendingCall>): void {}

  /** Whether it was executed, as far as is known while it has no answer. */
  get executed(): 'no' | 'maybe' {
    return this.callee === undefined && this.loss === undefined ? 'no' : 'maybe';
  }

  /** Whether it may be sent to another server. */
  get canRestart(): boolean {
    return this.input === undefined || this.input.canRestart;
  }

  /** Credit for the first frame. */
  get creditItems(): number {
    return 0;
  }

  get creditBytes(): number {
    return 0;
  }

  /** Over, with a result or without. Nothing happens to the call after this. */
  finish(error?: Error): void {
    if (this.settled) return;
    this.settled = true;
    if (this.tracing !== undefined) {
      if (error === undefined) this.tracing.finish();
      else this.tracing.failed(error);
    }
    this.keeper.deadlines.remove(this);
    this.#signal?.removeEventListener('abort', this);
    this.keeper.release(this);
    this.input?.stop();
    if (this.#give) closeAttachments(this.request.attachments);
  }

  /** Over, with an error. */
  fail(error: Error): void {
    if (this.settled) return;
    this.finish(error);
    this.failed(error);
  }

  /** Over because the caller does not want it any more; the server stops working on it. */
  cancel(error: Error): void {
    if (this.settled) return;
    this.keeper.sendCancel(this);
    this.fail(error);
  }

  /** See {@link Expiring}. */
  expire(): void {
    const { member } = this.request;
    if (this.executed === 'no') {
      this.fail(
        new NoRecipientError(`no server took ${nameOf(member)} before the deadline`, {
          executed: 'no',
          cause: this.refusal,
        }),
      );
      return;
    }
    this.cancel(
      new DeadlineError(`${nameOf(member)} did not return before its deadline`, {
        executed: 'maybe',
        peerId: this.lastPeer,
        cause: this.loss,
      }),
    );
  }

  /** Called when the signal is aborted. */
  handleEvent(): void {
    const { executed } = this;
    this.cancel(
      new CancelledError(`${nameOf(this.request.member)} was cancelled by its signal`, {
        executed,
        peerId: this.callee?.peer,
        cause: this.#signal?.reason,
      }),
    );
  }
}

/** A member as error texts have it: `com.example.thermostat.setTarget`. */
export function nameOf(member: Member): string {
  return `${member.interface}.${member.name}`;
}
