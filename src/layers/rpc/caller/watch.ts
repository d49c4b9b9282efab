// A subscription to a signal or a property. It lasts until it is closed: when its server goes, it
// goes on with the next one.
import { closeFrame, decodePlain } from '../coding.js';
import type { IncomingFrame, PortPeer } from '../port.js';
import { answerKind } from '../wire/format.js';
import type { Callee, Emissions } from './callee.js';
import { type CallKeeper, PendingCall, type Request, type Terms } from './pending-call.js';
import { readVersioned, type Versioned } from './property-call.js';

/** What a subscription tells. None of the functions throws. */
export interface WatchEvents {
  /** It is in force. */
  readonly active: () => void;
  /** A signal with its data, or the value of a property. */
  readonly data: (data: unknown, from: PortPeer) => void;
  /** Its server is gone, and the last value may be wrong by now. */
  readonly stale: () => void;
  /** It is over, and cannot go on. */
  readonly failed: (error: Error) => void;
}

/** One subscription. */
export class Watch extends PendingCall implements Emissions {
  readonly #events: WatchEvents;
  #active = false;
  #version = 0;

  constructor(keeper: CallKeeper, request: Request, terms: Terms, events: WatchEvents) {
    super(keeper, request, terms);
    this.#events = events;
  }

  override get patient(): boolean {
    return true;
  }

  /** It lasts as long as its client likes. */
  override get traceable(): boolean {
    return false;
  }

  override placed(callee: Callee<PendingCall>): void {
    this.#version = 0;
    const { type } = this.request.member;
    let set = callee.subscribed.get(type);
    if (set === undefined) {
      set = new Set();
      callee.subscribed.set(type, set);
    }
    set.add(this);
  }

  override displaced(callee: Callee<PendingCall>): void {
    callee.subscribed.get(this.request.member.type)?.delete(this);
    const was = this.#active;
    this.#active = false;
    if (was) this.#events.stale();
  }

  override finish(error?: Error): void {
    const { callee, settled } = this;
    super.finish(error);
    if (!settled && callee !== undefined) {
      callee.subscribed.get(this.request.member.type)?.delete(this);
    }
  }

  receive(kind: number, frame: IncomingFrame): void {
    closeFrame(frame);
    if (kind === answerKind.moved) {
      this.#moved();
      return;
    }
    if (kind !== answerKind.item) {
      // The service is closed.
      this.keeper.again(this);
      return;
    }
    const first = !this.#active;
    this.#active = true;
    if (this.request.member.kind === 'property') this.emitted(frame);
    if (first) this.#events.active();
  }

  // The other side is a relay that stays, while the server behind it is gone. Versions of the next
  // one have nothing to do with those seen so far.
  #moved(): void {
    this.#version = 0;
    const was = this.#active;
    this.#active = false;
    if (was) this.#events.stale();
  }

  emitted(frame: IncomingFrame): void {
    const { member } = this.request;
    let data: unknown;
    try {
      if (member.kind === 'property') {
        const versioned: Versioned = readVersioned(member.args, frame);
        // Older ones may arrive later.
        if (versioned.version <= this.#version) return;
        this.#version = versioned.version;
        data = versioned;
      } else {
        data = member.args === undefined ? undefined : decodePlain(member.args, frame);
      }
    } catch {
      // A server of another minor version, or one that lies: nothing that a listener could use.
      return;
    }
    this.#events.data(data, frame.from);
  }

  protected failed(error: Error): void {
    this.#events.failed(error);
  }
}
