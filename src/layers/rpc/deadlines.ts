// One timer for all deadlines of a session. Deadlines are put into slots of a few milliseconds; the
// timer is set for the earliest slot. Adding and removing one costs no timer of its own.
import { clearTimeout, setTimeout } from './host.js';

/** Milliseconds of a slot: a deadline fires at most this much late. */
const slotMs = 4;

/** The longest delay that a timer accepts. */
const maxDelay = 0x7fff_ffff;

/** Something with a deadline. */
export interface Expiring {
  /** Milliseconds on the clock of `performance.now()`; `Infinity` for none. */
  readonly deadline: number;
  /** Called once when the deadline has passed. Must not throw. */
  expire(): void;
}

/** The deadlines of one session. */
export class Deadlines {
  readonly #slots = new Map<number, Set<Expiring>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #earliest = Number.POSITIVE_INFINITY;

  add(each: Expiring): void {
    if (each.deadline === Number.POSITIVE_INFINITY) return;
    const slot = slotOf(each.deadline);
    let set = this.#slots.get(slot);
    if (set === undefined) {
      set = new Set();
      this.#slots.set(slot, set);
    }
    set.add(each);
    if (slot < this.#earliest) this.#arm(slot);
  }

  remove(each: Expiring): void {
    if (each.deadline === Number.POSITIVE_INFINITY) return;
    const slot = slotOf(each.deadline);
    const set = this.#slots.get(slot);
    if (set === undefined || !set.delete(each) || set.size > 0) return;
    this.#slots.delete(slot);
    // The timer stays: when it fires it looks for the next slot. Without any, it must not keep a
    // process that has nothing else to do.
    if (this.#slots.size === 0) this.#stop();
  }

  /** Stops the timer; nothing expires any more. */
  clear(): void {
    this.#slots.clear();
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#earliest = Number.POSITIVE_INFINITY;
  }

  #arm(slot: number): void {
    clearTimeout(this.#timer);
    this.#earliest = slot;
    const delay = slot * slotMs - performance.now();
    this.#timer = setTimeout(this.#fire, Math.min(maxDelay, Math.max(0, Math.ceil(delay))));
  }

  readonly #fire = () => {
    this.#timer = undefined;
    this.#earliest = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (const [slot, set] of this.#slots) {
      if (slot * slotMs > now) continue;
      this.#slots.delete(slot);
      for (const each of set) each.expire();
    }
    // An expiry may have armed it anew.
    let earliest = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots.keys()) earliest = Math.min(earliest, slot);
    if (earliest < this.#earliest) this.#arm(earliest);
  };
}

function slotOf(deadline: number): number {
  return Math.ceil(deadline / slotMs);
}
