// Half-duplex wires: the sides send by turns, and say "over" when the other one may. The side that
// connects has the first turn, and keeps it while no call is under way.
import { clearTimeout, setTimeout } from '../rpc/entry-port.js';
import { frameKind } from './frames/frame.js';
import type { Outbox } from './outbox.js';

/** Whose turn it is on one wire. */
export class Turns {
  readonly #outbox: Outbox;
  readonly #patience: number;
  readonly #isFirst: boolean;
  readonly #isBusy: () => boolean;
  #isOurs: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `patience`: milliseconds that a side with nothing to send waits before it says "over". */
  constructor(outbox: Outbox, patience: number, isFirst: boolean, isBusy: () => boolean) {
    this.#outbox = outbox;
    this.#patience = patience;
    this.#isFirst = isFirst;
    this.#isBusy = isBusy;
    this.#isOurs = isFirst;
    if (!isFirst) outbox.hold();
  }

  /** Sends what waits, if it is this side's turn, and gives the turn away. */
  flush(): void {
    if (!this.#isOurs) return;
    if (this.#outbox.isEmpty) this.#wait();
    else this.#pass();
  }

  /** The other side has said "over". */
  given(): void {
    this.#isOurs = true;
    this.#outbox.release();
    this.flush();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #pass(): void {
    clearTimeout(this.#timer);
    this.#isOurs = false;
    this.#outbox.add(Uint8Array.of(frameKind.over));
    this.#outbox.flush();
    this.#outbox.hold();
  }

  // Nothing to send: the other side may have something, as long as calls are under way. The side that
  // answers has no use for the turn without any.
  #wait(): void {
    clearTimeout(this.#timer);
    if (!this.#isBusy()) {
      if (!this.#isFirst) this.#pass();
      return;
    }
    this.#timer = setTimeout(() => {
      if (this.#isOurs && this.#outbox.isEmpty) this.#pass();
    }, this.#patience);
  }
}
