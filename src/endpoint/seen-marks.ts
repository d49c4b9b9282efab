// Where an endpoint notes which messages its program got: for each inbound link, a word in memory
// shared with the sender. If this process is killed, the sender reads there what it may send to
// another receiver; see docs/architecture/undelivered.md.
import type { NativeEndpoint } from '../native/addon.js';

/** The place of one link. */
export interface SeenMark {
  /** The program is about to get the message whose position ends in these 32 bits. */
  note(position: number): void;
  /** The link is gone, though messages of it may wait. */
  end(): void;
}

/** The places of an endpoint's inbound links, by slot. */
export class SeenMarks {
  readonly #native: NativeEndpoint;
  readonly #marks = new Map<number, SeenMark>();

  constructor(native: NativeEndpoint) {
    this.#native = native;
  }

  of(slot: number): SeenMark {
    const known = this.#marks.get(slot);
    if (known !== undefined) return known;
    const word = this.#native.openSeenWord(slot);
    const mark =
      word === undefined
        ? new CalledMark(this.#native, slot)
        : new SharedMark(new Int32Array(word));
    this.#marks.set(slot, mark);
    return mark;
  }

  /** To be called before the link is forgotten natively, which takes its word away. */
  forget(slot: number): void {
    this.#marks.get(slot)?.end();
    this.#marks.delete(slot);
  }
}

class SharedMark implements SeenMark {
  #word: Int32Array;

  constructor(word: Int32Array) {
    this.#word = word;
  }

  note(position: number): void {
    this.#word[0] = position;
  }

  end(): void {
    this.#word = new Int32Array(1);
  }
}

/** Where V8 may not be given memory that it has not allocated, as in Electron. */
class CalledMark implements SeenMark {
  readonly #native: NativeEndpoint;
  readonly #slot: number;

  constructor(native: NativeEndpoint, slot: number) {
    this.#native = native;
    this.#slot = slot;
  }

  note(position: number): void {
    this.#native.markSeen(this.#slot, position);
  }

  end(): void {}
}
