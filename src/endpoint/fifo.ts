// A queue of which any entry may leave before its turn. A Set would do, but finding the first entry of one that shrinks walks
// over all that have left: a hundred thousand calls that wait would cost their square.

/** First in, first out, unless removed; each entry once. Everything in constant time, taken over all calls. */
export class Fifo<T extends object> {
  #entries: (T | undefined)[] = [];
  readonly #places = new Map<T, number>();
  #head = 0;

  get size(): number {
    return this.#places.size;
  }

  get first(): T | undefined {
    while (this.#head < this.#entries.length && this.#entries[this.#head] === undefined) {
      this.#head++;
    }
    return this.#entries[this.#head];
  }

  push(entry: T): void {
    this.#places.set(entry, this.#entries.length);
    this.#entries.push(entry);
  }

  /** Whether it was there. */
  remove(entry: T): boolean {
    const place = this.#places.get(entry);
    if (place === undefined) return false;
    this.#places.delete(entry);
    this.#entries[place] = undefined;
    if (this.#entries.length > 64 && this.#entries.length > 2 * this.size) this.#compact();
    return true;
  }

  /** Removes all, and returns them in their order. */
  clear(): T[] {
    const all = [...this.#places.keys()];
    this.#places.clear();
    this.#entries = [];
    this.#head = 0;
    return all;
  }

  #compact(): void {
    this.#entries = [...this.#places.keys()];
    this.#head = 0;
    for (const [place, entry] of this.#entries.entries()) this.#places.set(entry as T, place);
  }
}
