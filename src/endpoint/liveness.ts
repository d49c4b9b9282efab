// Whether an endpoint keeps the process alive: while somebody waits for something of it, unless its user said unref().
import type { NativeEndpoint } from '../native/addon.js';

/** Counts the reasons to stay. */
export class Liveness {
  readonly #native: NativeEndpoint;
  #reasons = 0;
  #wanted = true;
  #held = false;

  constructor(native: NativeEndpoint) {
    this.#native = native;
  }

  /** One reason more; each needs its drop(). */
  hold(): void {
    this.#reasons++;
    this.#update();
  }

  /** One reason less. */
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

  /** Whether reasons count. */
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
