// The serving half of a session: takes calls in, within limits, runs them, and answers.
import type { Interface } from '../../interface/entry-values.js';
import { closeFrame, decode } from '../coding.js';
import type { Deadlines } from '../deadlines.js';
import type { IncomingFrame, Port } from '../port.js';
import { handlings } from '../tracing/channels.js';
import { traceHandling } from '../tracing/traced-handling.js';
import {
  answerCodecOf,
  answerKind,
  codecNumber,
  flag,
  formatOf,
  kindOf,
  memberKind,
} from '../wire/format.js';
import { isUnderstood, type Metadata, readMetadata } from '../wire/metadata.js';
import { BuiltIns } from './built-ins.js';
import { CallerRecord } from './caller-record.js';
import type { Handler, ServiceState } from './handler.js';
import { inputOf, receiveInput } from './input.js';
import { type Answers, Replies } from './replies.js';
import { type CallHost, RunningCall, reasons } from './running-call.js';
import type { ServiceCore } from './service-core.js';
import { streamResults } from './streaming.js';
import { getProperty, setProperty, subscribe } from './subscribing.js';
import { layerError, overrunError, type WireError } from './write-error.js';

type ClientMaker = (call: RunningCall, source: Interface, options: unknown) => unknown;

/** All services of one session. */
export class Server implements CallHost {
  readonly #replies: Replies;
  readonly #answers: Answers;
  readonly #deadlines: Deadlines;
  readonly #makeClient: ClientMaker;
  readonly #handlers = new Map<string, Handler<RunningCall>>();
  readonly #callers = new Map<number, CallerRecord<RunningCall>>();
  readonly #services = new Set<ServiceCore>();
  readonly #builtIns: BuiltIns;
  /** Messages of types that no service here has. */
  unknown = 0;

  constructor(port: Port, answers: Answers, deadlines: Deadlines, makeClient: ClientMaker) {
    this.#replies = new Replies(port, answers);
    this.#answers = answers;
    this.#deadlines = deadlines;
    this.#makeClient = makeClient;
    this.#builtIns = new BuiltIns(answers, this.#services);
  }

  get services(): ReadonlySet<ServiceCore> {
    return this.#services;
  }

  /** Serves the members of a service from now on. */
  add(service: ServiceCore): void {
    for (const handler of service.handlers.values()) {
      this.#handlers.set(handler.member.type, handler);
    }
    this.#services.add(service);
  }

  /** Ends a service: what still runs is aborted, and its subscriptions end. */
  remove(service: ServiceCore): void {
    this.#services.delete(service);
    for (const handler of service.handlers.values()) {
      if (this.#handlers.get(handler.member.type) === handler) {
        this.#handlers.delete(handler.member.type);
      }
    }
    for (const record of this.#callers.values()) {
      for (const call of record.calls.values()) {
        if (call.handler.service !== service) continue;
        this.#replies.fail(call, layerError('CANCELLED', 'the service was closed'));
        this.#drop(call, reasons.closed());
      }
      for (const [id, handler] of record.subscriptions) {
        if (handler.service !== service) continue;
        this.#endSubscription(record, id, handler);
        // Its subscribers go to another server.
        this.#answers.answer(
          record.peer,
          id,
          formatOf(answerKind.end, codecNumber.messagePack),
          null,
        );
      }
    }
  }

  /** Whether a service of this interface is here. */
  serves(type: string): boolean {
    return this.#handlers.has(type);
  }

  // ---- from the port ----

  /** A message of a member's type. */
  accept(frame: IncomingFrame): void {
    let metadata: Metadata;
    try {
      metadata = readMetadata(frame.metadata);
    } catch (error) {
      closeFrame(frame);
      this.#refuse(frame, layerError('INVALID_ARGUMENT', `${error}`));
      return;
    }
    const handler = this.#handlers.get(frame.type);
    if (handler === undefined) {
      this.#acceptOther(frame);
      return;
    }
    const { service } = handler;
    const record = this.#recordOf(frame.from.id);
    const kind = kindOf(frame.format);
    if (kind === memberKind.subscribe) {
      closeFrame(frame);
      if (record.subscriptions.size >= service.limits.subscriptionsPerCaller)
        this.#busy(frame, service);
      else if (handler.member.kind === 'method') this.#refuseKind(frame);
      else subscribe(this.#replies, record, handler, frame);
      return;
    }
    const refuses = service.leaving || this.#answers.isOverrun(record.peer);
    if (refuses || record.calls.size >= service.limits.perCaller) {
      closeFrame(frame);
      this.#busy(frame, service);
      return;
    }
    const call = new RunningCall(this, handler, record, frame, metadata);
    if (handler.member.input !== undefined) call.inputStream = inputOf(this.#replies, call);
    if (service.running < service.limits.concurrency) {
      this.#run(call);
    } else if (service.queued.length < service.limits.queue) {
      this.#register(call);
      service.queued.push(call);
    } else {
      closeFrame(frame);
      this.#busy(frame, service);
    }
  }

  /** A frame that a caller sends about a call of its own. */
  fromCaller(frame: IncomingFrame): void {
    const kind = kindOf(frame.format);
    const record = this.#callers.get(frame.from.id);
    const call = record?.calls.get(frame.replyTo);
    if (record !== undefined && kind === answerKind.cancel) {
      const subscription = record.subscriptions.get(frame.replyTo);
      if (subscription !== undefined) this.#endSubscription(record, frame.replyTo, subscription);
    }
    if (call === undefined) {
      closeFrame(frame);
      return;
    }
    if (!isUnderstood(frame.metadata)) {
      closeFrame(frame);
      const text = 'a frame about the call has metadata that is malformed or too new';
      this.#replies.fail(call, layerError('INVALID_ARGUMENT', text));
      this.#drop(call, reasons.broken(text));
      return;
    }
    if (kind === answerKind.cancel) {
      closeFrame(frame);
      this.#drop(call, reasons.cancelled());
    } else if (kind === answerKind.credit) {
      this.#credit(call, frame);
    } else {
      receiveInput(this.#replies, call, kind, frame);
    }
  }

  /** A peer is gone. */
  gone(peer: number): void {
    const record = this.#callers.get(peer);
    if (record === undefined) return;
    for (const call of record.calls.values()) this.#drop(call, reasons.gone());
    for (const [id, handler] of record.subscriptions) this.#endSubscription(record, id, handler);
    this.#callers.delete(peer);
  }

  /** A caller does not take its answers: its calls are aborted, so that it holds up nobody else. */
  overrun(peer: number): void {
    const record = this.#callers.get(peer);
    if (record === undefined) return;
    for (const call of record.calls.values()) {
      this.#replies.fail(call, overrunError);
      this.#drop(call, reasons.overrun());
    }
  }

  /** A caller does not learn that its subscription is in force, so it is not. */
  unsubscribed(peer: number, id: number): void {
    const record = this.#callers.get(peer);
    const handler = record?.subscriptions.get(id);
    if (record !== undefined && handler !== undefined) this.#endSubscription(record, id, handler);
  }

  // ---- CallHost ----

  expired(call: RunningCall): void {
    call.abort(reasons.expired());
    this.#replies.fail(call, layerError('DEADLINE', 'the deadline has passed'));
    if (!call.running) this.done(call);
  }

  clientFor(call: RunningCall, source: Interface, options: unknown): unknown {
    return this.#makeClient(call, source, options);
  }

  // ---- running ----

  #run(call: RunningCall): void {
    if (call.deadline <= performance.now()) {
      call.over = true;
      this.#busy(call.frame, call.handler.service);
      this.done(call);
      return;
    }
    const { counts } = call.handler;
    counts.calls++;
    call.startedAt = performance.now();
    const ends = handlings.hasSubscribers
      ? traceHandling(this.#replies.port, call, () => this.#begin(call))
      : this.#begin(call);
    if (ends === undefined) {
      this.done(call);
      return;
    }
    // The method goes on after this turn: the call counts, and can be cancelled.
    this.#register(call);
    call.running = true;
    call.handler.service.running++;
    const done = () => this.done(call);
    ends.then(done, done);
  }

  // Returns a promise if the method has not returned yet. Does not throw.
  #begin(call: RunningCall): Promise<void> | undefined {
    const { kind } = call.handler.member;
    return kind === 'property' ? this.#runProperty(call) : this.#runMethod(call);
  }

  #runMethod(call: RunningCall): Promise<void> | undefined {
    const { member, implementation, service } = call.handler;
    if (member.kind === 'signal' || call.kind !== memberKind.call || implementation === undefined) {
      this.#replies.fail(call, layerError('UNKNOWN_METHOD', `${member.name} is not a method here`));
      return undefined;
    }
    let value: unknown = noArguments;
    if (member.args !== undefined) {
      try {
        value = decode(member.args, call.frame);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        this.#replies.fail(call, layerError('INVALID_ARGUMENT', text));
        return undefined;
      }
    }
    let result: unknown;
    try {
      result = Reflect.apply(implementation, service.implementation, [value, call]);
    } catch (thrown) {
      this.#replies.failWith(call, thrown);
      return undefined;
    }
    if (member.item !== undefined) return streamResults(this.#replies, call, result);
    if (isThenable(result)) return this.#settle(call, result);
    this.#replies.succeed(call, result);
    return undefined;
  }

  #runProperty(call: RunningCall): Promise<void> | undefined {
    if (call.kind === memberKind.set) return setProperty(this.#replies, call);
    if (call.kind === memberKind.call) return getProperty(this.#replies, call);
    this.#refuseKind(call.frame);
    return undefined;
  }

  async #settle(call: RunningCall, result: PromiseLike<unknown>): Promise<void> {
    let value: unknown;
    try {
      value = await result;
    } catch (thrown) {
      this.#replies.failWith(call, thrown);
      return;
    }
    this.#replies.succeed(call, value);
  }

  #register(call: RunningCall): void {
    if (call.registered) return;
    call.registered = true;
    call.record.calls.set(call.frame.id, call);
    this.#deadlines.add(call);
  }

  // The caller is not interested any more. A method that runs still counts, until it returns.
  #drop(call: RunningCall, reason: Error): void {
    call.over = true;
    call.tracing?.failed(reason);
    call.abort(reason);
    if (!call.running) this.done(call);
  }

  /** The method has returned, or will never run: frees its place and its arguments. */
  done(call: RunningCall): void {
    if (call.finished) return;
    call.finished = true;
    call.tracing?.finish();
    const { handler, record, frame } = call;
    const { service, counts } = handler;
    call.inputStream?.abandon();
    call.closeArguments();
    if (call.registered) {
      if (record.calls.get(frame.id) === call) record.calls.delete(frame.id);
      this.#deadlines.remove(call);
    }
    if (call.startedAt === 0) service.forgetQueued(call);
    else counts.busyMs += performance.now() - call.startedAt;
    if (!call.running) return;
    call.running = false;
    service.running--;
    service.changed();
    while (service.running < service.limits.concurrency) {
      const next = service.queued.shift();
      if (next === undefined) return;
      this.#run(next);
    }
  }

  #credit(call: RunningCall, frame: IncomingFrame): void {
    closeFrame(frame);
    const { creditItems, creditBytes } = readMetadata(frame.metadata);
    if (call.output !== undefined) {
      call.output.credit(creditItems, creditBytes);
    } else {
      call.creditItems += creditItems;
      call.creditBytes += creditBytes;
    }
  }

  // ---- refusals ----

  #acceptOther(frame: IncomingFrame): void {
    closeFrame(frame);
    if (this.#builtIns.answer(frame)) return;
    this.unknown++;
    if ((frame.format & flag.expectsAnswer) === 0) return;
    this.#refuse(frame, layerError('UNKNOWN_METHOD', `type ${frame.type} is not served here`));
  }

  #refuseKind(frame: IncomingFrame): void {
    this.#refuse(frame, layerError('UNKNOWN_METHOD', 'this member cannot be used that way'));
  }

  #refuse(frame: IncomingFrame, error: WireError): void {
    const format = formatOf(answerKind.error, answerCodecOf(frame.format));
    this.#answers.answer(frame.from.id, frame.id, format, error);
  }

  #busy(frame: IncomingFrame, service: ServiceState<RunningCall>): void {
    const format = formatOf(answerKind.busy, answerCodecOf(frame.format));
    const payload = { load: service.running + service.queued.length, leaving: service.leaving };
    this.#answers.answer(frame.from.id, frame.id, format, payload);
  }

  #endSubscription(
    record: CallerRecord<RunningCall>,
    id: number,
    handler: Handler<RunningCall>,
  ): void {
    record.subscriptions.delete(id);
    handler.subscribers.remove(record.peer);
    handler.remote?.unsubscribe(record.peer, id);
  }

  #recordOf(peer: number): CallerRecord<RunningCall> {
    let record = this.#callers.get(peer);
    if (record === undefined) {
      record = new CallerRecord(peer);
      this.#callers.set(peer, record);
    }
    return record;
  }
}

/** What a method without arguments gets. */
const noArguments = Object.freeze({});

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
