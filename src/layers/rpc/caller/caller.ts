// The calling half of a session: chooses a server for each call, finds the call of each answer, and
// decides what becomes of the calls of a server that is gone. The table of docs/guide/calls.md, "What
// happens if", is this file.
import { closeFrame } from '../coding.js';
import type { Deadlines } from '../deadlines.js';
import { full, gone, type IncomingFrame, type Port, type PortPeer, type Target } from '../port.js';
import { isCallTraced } from '../tracing/channels.js';
import { traceCall } from '../tracing/traced-call.js';
import { answerKind, codecNumber, flag, formatOf, kindOf } from '../wire/format.js';
import { isUnderstood, writeMetadata } from '../wire/metadata.js';
import { answerType } from '../wire/types.js';
import {
  busyError,
  closedError,
  goneBefore,
  goneWith,
  refusalOf,
  unreadable,
} from './call-errors.js';
import { Callee } from './callee.js';
import type { CallKeeper, Owner, PendingCall } from './pending-call.js';
import { readError } from './read-error.js';

/** A call is sent at most this often; the number has 8 bits. */
const maxAttempts = 255;

/** How an answer reaches its receiver when that has no room now. */
export interface AnswerSender {
  answer(
    peer: number,
    call: number,
    format: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
  ): void;
}

/** The calls of one session. */
export class Caller implements CallKeeper {
  readonly deadlines: Deadlines;
  readonly #port: Port;
  readonly #answers: AnswerSender;
  readonly #callees = new Map<number, Callee<PendingCall>>();
  /** Calls that wait for a server to come. */
  readonly #waiting = new Set<PendingCall>();
  /** Calls whose server has no room in its queue. */
  readonly #held = new Map<number, Set<PendingCall>>();
  /** Calls that another set of calls is told about: all() and the like. */
  readonly #followers = new Set<() => void>();
  #turn = 0;
  #closed = false;
  /** Why no call can be made any more, if the port knows. */
  #cause: unknown;
  /** Calls that were sent; for `stats`. */
  started = 0;
  /** Calls that were sent again. */
  retried = 0;

  constructor(port: Port, deadlines: Deadlines, answers: AnswerSender) {
    this.#port = port;
    this.deadlines = deadlines;
    this.#answers = answers;
  }

  /** Calls that are not over. */
  get pending(): number {
    let sum = this.#waiting.size;
    for (const { pending } of this.#callees.values()) sum += pending.size;
    for (const held of this.#held.values()) sum += held.size;
    return sum;
  }

  /** Begins a call. */
  start(call: PendingCall): void {
    if (this.#closed || call.request.owner.closed) {
      call.fail(closedError(call, this.#cause));
      return;
    }
    if (isCallTraced() && call.traceable) call.tracing = traceCall(this.#port, call);
    if (call.arm()) this.#place(call);
    call.tracing?.returned();
  }

  /** Calls `look` after each change of members, until {@link unfollow}. */
  follow(look: () => void): void {
    this.#followers.add(look);
  }

  unfollow(look: () => void): void {
    this.#followers.delete(look);
  }

  /** The servers that a call could go to. */
  candidates(target: Target): readonly PortPeer[] {
    return this.#port.candidates(target);
  }

  // ---- from the port ----

  /** A frame that answers a call. */
  answered(frame: IncomingFrame): void {
    const call = this.#callees.get(frame.from.id)?.pending.get(frame.replyTo);
    if (call === undefined) {
      // Late, or never asked for: a result after its deadline, for example.
      closeFrame(frame);
      return;
    }
    // A program that knows nothing of this layer answers with a type and metadata of its own.
    const isOurs = frame.type === answerType.id;
    if (isOurs && !isUnderstood(frame.metadata)) {
      closeFrame(frame);
      call.cancel(unreadable(call, frame));
      return;
    }
    const kind = isOurs ? kindOf(frame.format) : answerKind.result;
    if (kind === answerKind.busy) {
      closeFrame(frame);
      this.#refused(call, busyError(call, frame));
    } else if (kind === answerKind.error) {
      const error = readError(call.request.member, frame);
      // Not executed. Another server may be newer, or another relay may know one.
      const isUnserved = error.code === 'NO_RECIPIENT';
      // On a bus its labels say so, too; the other side of a wire has said all that it knows.
      call.unserved = isUnserved && frame.from.relays !== true;
      if (isUnserved || error.code === 'UNKNOWN_METHOD') this.#refused(call, error);
      else call.fail(error);
    } else if (kind === answerKind.credit) {
      closeFrame(frame);
      call.input?.credited(frame);
    } else {
      call.receive(kind, frame);
    }
  }

  /** A signal or a new value. */
  emitted(frame: IncomingFrame): void {
    const subscribed = this.#callees.get(frame.from.id)?.subscribed.get(frame.type);
    // Signals and values attach nothing.
    closeFrame(frame);
    if (subscribed === undefined || !isUnderstood(frame.metadata)) return;
    for (const each of subscribed) each.emitted(frame);
  }

  /** This frame was surely not taken. */
  undelivered(peer: number, id: number): void {
    const call = this.#callees.get(peer)?.pending.get(id);
    if (call !== undefined) this.#refused(call, undefined);
  }

  /** A peer is gone: all that it was sent and that was not reported as undelivered, it had. */
  gone(peer: number, cause?: unknown): void {
    this.#release(peer);
    const callee = this.#callees.get(peer);
    if (callee === undefined) return;
    this.#callees.delete(peer);
    for (const call of callee.pending.values()) {
      const loss = goneWith(call, peer, cause);
      if (call.request.idempotent && call.only === 0 && call.canRestart) {
        call.loss = loss;
        this.again(call, loss);
      } else {
        call.fail(loss);
      }
    }
  }

  /** Servers came or left. */
  membersChanged(): void {
    if (this.#waiting.size > 0) {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const call of waiting) {
        if (call.unserved) call.tried = undefined;
        if (!call.settled) this.#place(call);
      }
    }
    for (const look of [...this.#followers]) look();
  }

  /** A client is closed: cancels its calls. */
  cancelOf(owner: Owner): void {
    owner.closed = true;
    for (const call of this.#all()) {
      if (call.request.owner === owner) call.cancel(closedError(call));
    }
  }

  /** No call can be made any more; those under way are cancelled. */
  close(cause?: unknown): void {
    this.#closed = true;
    this.#cause = cause;
    // The other side of a message port has ended, for example, and the call found no other.
    for (const call of this.#all()) call.cancel(call.loss ?? closedError(call, cause));
  }

  #all(): ReadonlySet<PendingCall> {
    const calls = new Set(this.#waiting);
    for (const held of this.#held.values()) for (const call of held) calls.add(call);
    for (const { pending } of this.#callees.values()) {
      for (const call of pending.values()) calls.add(call);
    }
    return calls;
  }

  // ---- CallKeeper ----

  release(call: PendingCall): void {
    call.callee?.pending.delete(call.id);
    this.#waiting.delete(call);
    if (this.#held.size > 0) for (const held of this.#held.values()) held.delete(call);
  }

  sendCancel(call: PendingCall): void {
    const { callee, id } = call;
    if (callee === undefined) return;
    this.#answers.answer(
      callee.peer,
      id,
      formatOf(answerKind.cancel, codecNumber.messagePack, flag.fromCaller),
      undefined,
      undefined,
    );
  }

  // ---- choice ----

  #place(call: PendingCall): void {
    let looksAgain = true;
    for (;;) {
      const peer = this.#choose(call);
      if (peer === exhausted && call.only === 0 && looksAgain) {
        // Another server may have joined, of which this thread has not been told yet.
        looksAgain = false;
        this.#port.forgetCandidates();
        continue;
      }
      if (peer <= 0) {
        if (peer === exhausted && !this.#mayWait(call)) {
          call.fail(refusalOf(call));
        } else if (call.only !== 0) call.fail(goneBefore(call));
        else this.#waiting.add(call);
        return;
      }
      const outcome = this.#post(call, peer);
      if (outcome !== gone) return;
      this.#port.forgetCandidates();
      call.avoid(peer);
    }
  }

  // A relay that has lost its last server is about to say so to all: as if nobody matched.
  #mayWait({ patient, refusal, unserved, only }: PendingCall): boolean {
    return (patient && refusal === undefined) || (unserved && only === 0);
  }

  // Returns the id of a peer, `nobody` or `exhausted`.
  #choose(call: PendingCall): number {
    const peers = this.#port.candidates(call.request.target);
    const { tried, only } = call;
    if (only !== 0) return tried?.has(only) ? exhausted : only;
    const { length } = peers;
    const { affinity } = call.request;
    if (affinity !== undefined) {
      const { peer } = affinity;
      if (!tried?.has(peer) && peers.some(({ id }) => id === peer)) return peer;
    }
    if (length === 1) {
      const { id } = peers[0] as PortPeer;
      return tried?.has(id) ? exhausted : id;
    }
    let best = nobody;
    let least = Number.POSITIVE_INFINITY;
    // Ties go round-robin.
    let at = this.#turn++ % Math.max(1, length);
    for (let count = 0; count < length; count++) {
      const { id } = peers[at] as PortPeer;
      at = at + 1 === length ? 0 : at + 1;
      if (tried?.has(id)) continue;
      const load = this.#callees.get(id)?.pending.size ?? 0;
      if (load >= least) continue;
      best = id;
      least = load;
    }
    return best === nobody && length > 0 ? exhausted : best;
  }

  #post(call: PendingCall, peer: number): number {
    const { request } = call;
    const { member } = request;
    const { tracing } = call;
    if (tracing !== undefined && tracing.attempt !== call.attempt) call.tracing = tracing.next();
    let outcome: number;
    try {
      outcome = this.#port.post(
        peer,
        member.type,
        formatOf(request.kind, request.codec, callFlags),
        0,
        request.payload,
        metadataOf(call),
        request.attachments,
      );
    } catch (error) {
      call.fail(error as Error);
      return 0;
    }
    if (outcome === gone) return gone;
    call.lastPeer = peer;
    if (request.affinity !== undefined) request.affinity.peer = peer;
    if (outcome === full) {
      this.#hold(call, peer);
      return full;
    }
    let callee = this.#callees.get(peer);
    if (callee === undefined) {
      callee = new Callee(peer);
      this.#callees.set(peer, callee);
    }
    call.callee = callee;
    call.id = outcome;
    callee.pending.set(outcome, call);
    call.tracing?.sent(peer, outcome);
    this.started++;
    call.input?.sent();
    call.placed(callee);
    return outcome;
  }

  // Its queue is full: the call waits for room, in order, unless another server comes first. Nothing
  // was sent, so its death changes nothing.
  #hold(call: PendingCall, peer: number): void {
    const held = this.#held.get(peer);
    if (held !== undefined) {
      held.add(call);
      return;
    }
    this.#held.set(peer, new Set([call]));
    this.#port.whenRoom(peer).then(
      () => this.#release(peer),
      () => this.#release(peer),
    );
  }

  #release(peer: number): void {
    const held = this.#held.get(peer);
    if (held === undefined) return;
    this.#held.delete(peer);
    for (const call of held) if (!call.settled) this.#place(call);
  }

  // ---- retrying ----

  // The server surely did not execute the call.
  #refused(call: PendingCall, refusal: Error | undefined): void {
    if (refusal !== undefined) call.refusal = refusal;
    this.again(call, refusal);
  }

  /** Sends a call to another server. `reason` is why the last one does not count. */
  again(call: PendingCall, reason?: Error): void {
    const { callee } = call;
    if (callee !== undefined) {
      callee.pending.delete(call.id);
      call.avoid(callee.peer);
      call.displaced(callee);
    }
    call.callee = undefined;
    call.id = 0;
    call.attempt++;
    this.retried++;
    if (call.attempt > maxAttempts || this.#closed || !call.canRestart) {
      call.fail(this.#closed ? closedError(call, this.#cause) : refusalOf(call));
      return;
    }
    call.tracing?.failed(reason ?? refusalOf(call));
    this.#place(call);
  }
}

const callFlags = flag.expectsAnswer | flag.acceptsBytes;

/** Nobody matches. */
const nobody = 0;
/** All that match were tried. */
const exhausted = -1;

function metadataOf(call: PendingCall): Uint8Array | undefined {
  const { deadline, attempt, creditItems, creditBytes, trace } = call;
  const timeless = deadline === Number.POSITIVE_INFINITY;
  // Most calls have none.
  if (timeless && attempt === 0 && creditItems === 0 && trace === undefined) return undefined;
  return writeMetadata({
    deadline: timeless ? undefined : Math.max(0, deadline - performance.now()),
    attempt,
    creditItems,
    creditBytes,
    trace,
  });
}
