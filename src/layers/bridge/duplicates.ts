// Remembers where messages have come from, so that one that comes by two ways is passed on once.
import type { Origin } from './hops.js';

/** Messages that a bridge remembers at least. */
export const windowSize = 65_536;

/** The newest messages: at least `windowSize`, at most twice as many. */
export class DuplicateWindow {
  readonly #size: number;
  #count = 0;
  #young = new Map<number, Set<number>>();
  #old = new Map<number, Set<number>>();

  constructor(size = windowSize) {
    this.#size = size;
  }

  /** Whether a message comes for the first time; remembers it. */
  isNew({ peer, id }: Origin): boolean {
    const young = this.#young.get(peer);
    if (young?.has(id) === true || this.#old.get(peer)?.has(id) === true) return false;
    if (young === undefined) this.#young.set(peer, new Set([id]));
    else young.add(id);
    if (++this.#count >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#count = 0;
    }
    return true;
  }
}
