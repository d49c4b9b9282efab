// A bounded cache for interning: what was not used while half of the limit was added is forgotten.
// Cheaper than a list of recent use, because a hit in the young half changes nothing.

/** Holds at most `limit` entries. */
export class TwoGenerationCache<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(limit: number) {
    this.#half = Math.max(1, limit >> 1);
  }

  /** The value of `key`, which is thereby kept for longer. */
  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** Adds an entry; may forget others. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
