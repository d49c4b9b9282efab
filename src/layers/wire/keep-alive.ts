// Asks an idle peer now and then whether it is still there. A busy wire is never asked: what comes
// from the peer is answer enough.
import { clearTimeout, setTimeout } from '../rpc/entry-port.js';

/** One wire's watch over its peer. */
export class KeepAlive {
  readonly #interval: number;
  readonly #ask: () => void;
  readonly #lost: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heard = true;
  #asked = false;

  /** Asks after `interval` idle milliseconds, and gives up after as many without an answer. */
  constructor(interval: number, ask: () => void, lost: () => void) {
    this.#interval = interval;
    this.#ask = ask;
    this.#lost = lost;
  }

  start(): void {
    this.#timer = setTimeout(() => this.#look(), this.#interval);
    // The wire keeps the process alive, or does not; its timer has no say.
    (this.#timer as { unref?(): void }).unref?.();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heard = true;
  }

  #look(): void {
    if (this.#heard) {
      this.#heard = false;
      this.#asked = false;
    } else if (this.#asked) {
      this.#lost();
      return;
    } else {
      this.#asked = true;
      this.#ask();
    }
    this.start();
  }
}
