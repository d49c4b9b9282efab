// What all functions of one client share: the session, whom its calls go to, and their defaults.

import { CallInput } from '../caller/input.js';
import type { Owner, PendingCall, Request, Terms } from '../caller/pending-call.js';
import { nameOf } from '../caller/pending-call.js';
import { PropertyCall } from '../caller/property-call.js';
import { StreamCall } from '../caller/stream-call.js';
import { UnaryCall } from '../caller/unary-call.js';
import { Watch, type WatchEvents } from '../caller/watch.js';
import type { Encoder } from '../coding.js';
import type { Member, Members } from '../members.js';
import { type CallOptions, checkCall, refusal } from '../options.js';
import type { Target } from '../port.js';
import type { RunningCall } from '../server/running-call.js';
import type { Session } from '../session.js';
import type { IncomingStream } from '../streams/incoming-stream.js';
import { isSource, type Source } from '../streams/outgoing-stream.js';
import { memberKind } from '../wire/format.js';

/** The settings of a client. */
export interface ClientSettings {
  /** `to` of its calls. */
  readonly to: unknown;
  /** Milliseconds; `undefined` for none. */
  readonly timeout: number | undefined;
  /** A number of `codecNumber`. */
  readonly codec: number;
  /** Set for a client whose calls stay with one server. */
  readonly affinity: { peer: number } | undefined;
  /** The running call on whose behalf its calls are made. */
  readonly parent: ParentCall | undefined;
}

/** What calls take over from the call that they are made for. */
export type ParentCall = Pick<RunningCall, 'deadline' | 'signal' | 'nested' | 'tracing'>;

/** The terms of most calls. */
const noTerms: Terms = Object.freeze({
  deadline: Number.POSITIVE_INFINITY,
  signal: undefined,
  give: false,
  trace: undefined,
  scope: undefined,
});

/** The core of one client. */
export class ClientCore implements Owner {
  readonly session: Session;
  readonly members: Members;
  readonly settings: ClientSettings;
  readonly target: Target;
  /** Calls belong to the client that was connected, also those of `sticky()` and the like. */
  readonly owner: Owner;
  /** See {@link Owner}. */
  closed = false;
  readonly #encoder: Encoder;
  readonly #plain: boolean;

  constructor(session: Session, members: Members, settings: ClientSettings, owner?: Owner) {
    this.session = session;
    this.members = members;
    this.settings = settings;
    this.owner = owner ?? this;
    this.target = session.port.target(members.label, settings.to);
    this.#encoder = session.encoder;
    this.#plain = settings.timeout === undefined && settings.parent === undefined;
  }

  /** The same client with other settings. */
  with(settings: Partial<ClientSettings>): ClientCore {
    return new ClientCore(
      this.session,
      this.members,
      { ...this.settings, ...settings },
      this.owner,
    );
  }

  /** Calls a method with one result. */
  call(member: Member, args: unknown, options: CallOptions | undefined): Promise<unknown> {
    let call: UnaryCall;
    try {
      const request = this.request(member, memberKind.call, args, options);
      call = new UnaryCall(this.session.caller, request, this.terms(options, true));
    } catch (error) {
      return Promise.reject(error);
    }
    this.session.caller.start(call);
    return call.promise;
  }

  /** Calls a method that takes a stream and has one result. */
  callWithInput(
    member: Member,
    args: unknown,
    input: unknown,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    let call: UnaryCall;
    try {
      const request = this.request(member, memberKind.call, args, options);
      call = new UnaryCall(this.session.caller, request, this.terms(options, false));
      call.input = this.#inputOf(call, input);
    } catch (error) {
      return Promise.reject(error);
    }
    this.session.caller.start(call);
    return call.promise;
  }

  /** Calls a method that streams. The call begins when its consumer asks for the first item. */
  stream(
    member: Member,
    args: unknown,
    input: unknown,
    options: CallOptions | undefined,
  ): IncomingStream {
    const { session } = this;
    const request = this.request(member, memberKind.call, args, options);
    const call = new StreamCall(session.caller, session, request, this.terms(options, false));
    if (member.input !== undefined) call.input = this.#inputOf(call, input);
    return call.stream;
  }

  /** Gets or sets a property. */
  property(
    member: Member,
    kind: number,
    payload: unknown,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const request = {
      ...this.requestOf(member, kind, payload, options),
      // Setting twice is not setting once: others may have set it in between.
      idempotent: kind === memberKind.call,
    };
    const call = new PropertyCall(this.session.caller, request, this.terms(options, true));
    this.session.caller.start(call);
    return call.promise;
  }

  /** Subscribes to a signal or property. */
  watch(member: Member, options: CallOptions | undefined, events: WatchEvents, only = 0): Watch {
    const request = this.requestOf(member, memberKind.subscribe, null, options);
    const watch = new Watch(this.session.caller, request, this.terms(options, false), events);
    watch.only = only;
    this.session.caller.start(watch);
    return watch;
  }

  /** A request with encoded arguments. */
  request(member: Member, kind: number, args: unknown, options: CallOptions | undefined): Request {
    if (member.args === undefined) return this.requestOf(member, kind, null, options);
    let payload: unknown;
    try {
      payload = this.#encoder.payload(member.args, args ?? {}, this.settings.codec);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw refusal(`arguments of ${nameOf(member)}: ${text}`, error);
    }
    return this.requestOf(member, kind, payload, options, this.#encoder.attachments);
  }

  /** A request with a payload. */
  requestOf(
    member: Member,
    kind: number,
    payload: unknown,
    options: CallOptions | undefined,
    attachments?: Request['attachments'],
  ): Request {
    const to = options?.to;
    const { settings, members, session } = this;
    return {
      member,
      kind,
      codec: settings.codec,
      payload,
      attachments,
      target: to === undefined ? this.target : session.port.target(members.label, to),
      idempotent: member.idempotent,
      owner: this.owner,
      affinity: settings.affinity,
    };
  }

  /** When a call gives up. */
  terms(options: CallOptions | undefined, timed: boolean): Terms {
    if (options === undefined && this.#plain) return noTerms;
    const { settings } = this;
    const { parent } = settings;
    if (options !== undefined) checkCall(options, ['ifVersion']);
    const timeout = options?.timeout ?? (timed ? settings.timeout : undefined);
    const deadline = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    return {
      deadline: parent === undefined ? deadline : Math.min(deadline, parent.deadline),
      signal: signalOf(options?.signal, parent),
      give: options?.give === true,
      trace: parent?.nested,
      scope: parent?.tracing,
    };
  }

  #inputOf(call: PendingCall, input: unknown): CallInput {
    if (!isSource(input)) {
      throw refusal(`the input of ${nameOf(call.request.member)} cannot be iterated`);
    }
    return new CallInput(call, this.session.port, this.#encoder, input as Source);
  }
}

function signalOf(
  own: AbortSignal | undefined,
  parent: ParentCall | undefined,
): AbortSignal | undefined {
  if (parent === undefined) return own;
  return own === undefined ? parent.signal : AbortSignal.any([own, parent.signal]);
}
