// A bounded cache for interning. It drops entries that were not used while `limit` / 2 others were
// added. Cheaper than a list of recent use, because a hit in the young half changes nothing.

/** Holds at most `limit` entries. */
export class TwoGenerationCache<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(limit: number) {
    this.#half = Math.max(1, limit >> 1);
  }

  /** The value of `key`. Reading it also keeps the entry longer. */
  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** Adds an entry; may drop others. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
