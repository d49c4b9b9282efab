// Whether an endpoint keeps the process alive: while it has listeners or pending calls, unless
// unref() was called.
import type { NativeEndpoint } from '../native/addon.js';

/** Counts the reasons to keep the process alive. */
export class Liveness {
  readonly #native: NativeEndpoint;
  #reasons = 0;
  #wanted = true;
  #held = false;

  constructor(native: NativeEndpoint) {
    this.#native = native;
  }

  /** Adds a reason; each needs its drop(). */
  hold(): void {
    this.#reasons++;
    this.#update();
  }

  /** Removes a reason. */
  drop(): void {
    this.#reasons--;
    this.#update();
  }

  /** Keeps the process alive until the promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.hold();
    try {
      return await promise;
    } finally {
      this.drop();
    }
  }

  /** Whether the reasons count. */
  setWanted(wanted: boolean): void {
    this.#wanted = wanted;
    this.#update();
  }

  #update(): void {
    const held = this.#wanted && this.#reasons > 0;
    if (held === this.#held) return;
    this.#held = held;
    if (held) this.#native.ref();
    else this.#native.unref();
  }
}
