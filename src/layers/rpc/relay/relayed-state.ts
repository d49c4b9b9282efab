// A property or signal behind a relay. One subscription at the servers behind it serves all callers,
// since they hear emissions of a member, whoever asked for them: two servers at once would mix.
import type { Versioned } from '../caller/property-call.js';
import type { Watch } from '../caller/watch.js';
import type { ClientCore } from '../client/client-core.js';
import { Encoder } from '../coding.js';
import { CallError } from '../errors.js';
import type { Member } from '../members.js';
import type { PeerSet } from '../port.js';
import type { RemoteMember } from '../server/handler.js';
import type { RunningCall } from '../server/running-call.js';
import { layerError, PassedOn } from '../server/write-error.js';
import type { Session } from '../session.js';
import { answerKind, codecNumber, formatOf, memberKind } from '../wire/format.js';
import { versionToWire } from '../wire/version.js';
import { passedOn, rethrow } from './passing.js';

const emission = formatOf(memberKind.emission, codecNumber.messagePack);

/** The client of the servers behind a relay, for a call or for the relay itself. */
export interface Behind {
  /** Whose calls are made for a call; throws if no server is there. */
  coreFor(call: RunningCall): ClientCore;
  /** Whose calls are made for nobody in particular. */
  readonly core: ClientCore;
}

interface Subscription {
  readonly peer: number;
  readonly id: number;
  readonly codec: number;
  /** Whether its caller knows that it is in force. */
  confirmed: boolean;
  /** Whether it gets the newest value as soon as its caller has room. */
  due: boolean;
}

/** One property or signal. */
export class RelayedState implements RemoteMember<RunningCall> {
  readonly #front: Session;
  readonly #behind: Behind;
  readonly #member: Member;
  readonly #subscribers: PeerSet;
  /** By caller and number. */
  readonly #subscriptions = new Map<string, Subscription>();
  // Nothing can be attached: the callers are elsewhere.
  readonly #encoder = new Encoder({ carriesAttachments: false, carriesBytes: false });
  #watch: Watch | undefined;
  #active = false;
  #latest: Versioned | undefined;

  constructor(front: Session, behind: Behind, member: Member, subscribers: PeerSet) {
    this.#front = front;
    this.#behind = behind;
    this.#member = member;
    this.#subscribers = subscribers;
  }

  async read(call: RunningCall): Promise<Versioned> {
    const core = this.#behind.coreFor(call);
    const { call: get } = memberKind;
    return (await core.property(this.#member, get, null, undefined).catch(rethrow)) as Versioned;
  }

  async write(value: unknown, ifVersion: number | undefined, call: RunningCall): Promise<number> {
    const core = this.#behind.coreFor(call);
    const wire = this.#encode(value, codecNumber.messagePack);
    const { codec } = core.settings;
    const payload =
      ifVersion === undefined
        ? { value: wire }
        : { value: wire, ifVersion: versionToWire(ifVersion, codec) };
    const { set } = memberKind;
    return (await core.property(this.#member, set, payload, undefined).catch(rethrow)) as number;
  }

  subscribe(peer: number, id: number, codec: number): void {
    const subscription = { peer, id, codec, confirmed: false, due: false };
    this.#subscriptions.set(`${peer} ${id}`, subscription);
    if (this.#active) this.#confirm(subscription);
    this.#watch ??= this.#behind.core.watch(this.#member, undefined, {
      active: () => this.#begun(),
      data: (data) => this.#emitted(data),
      stale: () => this.#moved(),
      failed: (error) => this.#failed(error),
    });
  }

  unsubscribe(peer: number, id: number): void {
    this.#subscriptions.delete(`${peer} ${id}`);
    if (this.#subscriptions.size > 0) return;
    const watch = this.#watch;
    this.#forget();
    watch?.cancel(new Error('nobody listens any more'));
  }

  // ---- from the server behind ----

  #begun(): void {
    this.#active = true;
    for (const each of this.#subscriptions.values()) if (!each.confirmed) this.#confirm(each);
  }

  #emitted(data: unknown): void {
    const { type, args, kind } = this.#member;
    const isProperty = kind === 'property';
    if (isProperty) this.#latest = data as Versioned;
    // The first value is the answer to those who subscribe.
    if (!this.#active) return;
    const { port } = this.#front;
    const payload = isProperty
      ? this.#versioned(codecNumber.messagePack)
      : args === undefined
        ? null
        : this.#encode(data, codecNumber.messagePack);
    port.postToAll(this.#subscribers, type, emission, payload, isProperty ? type : undefined);
    if (!isProperty) return;
    for (const each of this.#subscriptions.values()) {
      // What waits for this caller may say something older, and come later.
      if (this.#front.isWaiting(each.peer)) this.#renew(each);
    }
  }

  #moved(): void {
    this.#active = false;
    this.#latest = undefined;
    for (const each of this.#subscriptions.values()) {
      if (!each.confirmed) continue;
      each.confirmed = false;
      this.#answer(each, answerKind.moved, null);
    }
  }

  #failed(error: Error): void {
    const ended = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#forget();
    const told = passedOn(error);
    const code = told instanceof PassedOn ? told.code : 'HANDLER_FAILED';
    const text = told instanceof PassedOn || told instanceof CallError ? told.message : '';
    for (const each of ended) {
      this.#answer(each, answerKind.error, layerError(code, text));
      this.#front.server.unsubscribed(each.peer, each.id);
    }
  }

  // ---- to the callers ----

  #confirm(subscription: Subscription): void {
    subscription.confirmed = true;
    const isProperty = this.#member.kind === 'property';
    const payload = isProperty ? this.#versioned(subscription.codec) : null;
    this.#answer(subscription, answerKind.item, payload);
  }

  #renew(subscription: Subscription): void {
    if (subscription.due) return;
    subscription.due = true;
    const { peer, id } = subscription;
    const again = () => {
      subscription.due = false;
      const isThere = this.#subscriptions.get(`${peer} ${id}`) === subscription;
      if (isThere && this.#active) this.#confirm(subscription);
    };
    void this.#front.port.whenRoom(peer).then(again, again);
  }

  #answer({ peer, id, codec }: Subscription, kind: number, payload: unknown): void {
    this.#front.answer(peer, id, formatOf(kind, codec), payload);
  }

  #versioned(codec: number): unknown {
    const { value, version } = this.#latest ?? { value: undefined, version: 0 };
    return { value: this.#encode(value, codec), version: versionToWire(version, codec) };
  }

  #encode(value: unknown, codec: number): unknown {
    const { args } = this.#member;
    return args === undefined ? null : this.#encoder.encode(args, value, codec);
  }

  #forget(): void {
    this.#watch = undefined;
    this.#active = false;
    this.#latest = undefined;
  }
}
