// A property or signal of a Stinger server, for callers on the bus: the newest value that its broker
// has, and who wants to hear of it.
import type { Member, PeerSet, RemoteMember, RunningCall, Session } from '../../rpc/entry-port.js';
import {
  answerKind,
  codecNumber,
  formatOf,
  memberKind,
  PassedOn,
  type Versioned,
  versionToWire,
} from '../../rpc/entry-port.js';

const emission = formatOf(memberKind.emission, codecNumber.messagePack);

/** Sets the property at its server. Resolves with what it has by then. */
export type Update = (value: unknown, version: number, call: RunningCall) => Promise<void>;

interface Subscription {
  readonly peer: number;
  readonly id: number;
  readonly codec: number;
}

/** One property or signal. */
export class KeptMember implements RemoteMember<RunningCall> {
  readonly #session: Session;
  readonly #member: Member;
  readonly #subscribers: PeerSet;
  readonly #update: Update;
  readonly #subscriptions = new Map<string, Subscription>();
  #latest: Versioned | undefined;
  /** The server's own version of the latest value. */
  #theirs = Number.NaN;

  constructor(session: Session, member: Member, subscribers: PeerSet, update: Update) {
    this.#session = session;
    this.#member = member;
    this.#subscribers = subscribers;
    this.#update = update;
  }

  /**
   * A value came. Versions on the bus grow, whatever the server does with its own: one that was
   * started anew begins from the beginning.
   */
  setValue(value: unknown, theirs: number): void {
    // Versions of different servers differ, so that `ifVersion` cannot match another server's.
    const before = this.#latest?.version ?? Math.floor(Math.random() * 2 ** 31) * 2 ** 20;
    this.#latest = { value, version: before + 1 };
    this.#theirs = theirs;
    const { port } = this.#session;
    const { type } = this.#member;
    if (this.#subscribers.size === 0) return;
    const payload = this.#versioned(codecNumber.messagePack);
    port.postToAll(this.#subscribers, type, emission, payload, type);
    // What waits for these callers may say something older, and come later.
    for (const each of this.#subscriptions.values()) {
      if (this.#session.isWaiting(each.peer)) this.#confirm(each);
    }
  }

  /** The server's own version of the value that callers have. */
  get theirVersion(): number {
    return this.#theirs;
  }

  /** A signal came. */
  emit(data: unknown): void {
    if (this.#subscribers.size === 0) return;
    const payload = this.#encode(data, codecNumber.messagePack);
    this.#session.port.postToAll(this.#subscribers, this.#member.type, emission, payload);
  }

  read(): Promise<Versioned> {
    const latest = this.#latest;
    if (latest === undefined) return Promise.reject(unknownYet(this.#member));
    return Promise.resolve(latest);
  }

  async write(value: unknown, ifVersion: number | undefined, call: RunningCall): Promise<number> {
    const { name } = this.#member;
    for (;;) {
      const latest = this.#latest;
      if (latest === undefined) throw unknownYet(this.#member);
      if (ifVersion !== undefined && ifVersion !== latest.version) {
        throw new PassedOn('CONFLICT', `${name} has version ${latest.version} by now`);
      }
      const theirs = this.#theirs;
      try {
        await this.#update(value, theirs, call);
        return this.#latest?.version ?? latest.version;
      } catch (error) {
        const isStale = error instanceof PassedOn && error.code === 'CONFLICT';
        // Without a version wished for, it is set again once the newer value has come.
        if (!isStale || ifVersion !== undefined || this.#theirs === theirs) throw error;
      }
    }
  }

  subscribe(peer: number, id: number, codec: number): void {
    const subscription = { peer, id, codec };
    this.#subscriptions.set(`${peer} ${id}`, subscription);
    this.#confirm(subscription);
  }

  unsubscribe(peer: number, id: number): void {
    this.#subscriptions.delete(`${peer} ${id}`);
  }

  #confirm({ peer, id, codec }: Subscription): void {
    const isProperty = this.#member.kind === 'property';
    const payload = isProperty ? this.#versioned(codec) : null;
    this.#session.answer(peer, id, formatOf(answerKind.item, codec), payload);
  }

  #versioned(codec: number): unknown {
    const { value, version } = this.#latest ?? { value: undefined, version: 0 };
    return { value: this.#encode(value, codec), version: versionToWire(version, codec) };
  }

  #encode(value: unknown, codec: number): unknown {
    const { args } = this.#member;
    return args === undefined ? null : this.#session.encoder.encode(args, value, codec);
  }
}

function unknownYet({ name }: Member): PassedOn {
  return new PassedOn('NO_RECIPIENT', `the value of ${name} is not known yet`);
}
