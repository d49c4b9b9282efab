// A queue whose entries can leave before their turn. A Set would do, except that finding its first
// entry walks over all deleted ones: a hundred thousand waiting calls would cost their square.

/**
 * First in, first out, unless removed; each entry once. All operations take amortised constant
 * time.
 */
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

  /** Removes an entry. Returns whether it was in the queue. */
  remove(entry: T): boolean {
    const place = this.#places.get(entry);
    if (place === undefined) return false;
    this.#places.delete(entry);
    this.#entries[place] = undefined;
    if (this.#entries.length > 64 && this.#entries.length > 2 * this.size) this.#compact();
    return true;
  }

  /** Removes all entries and returns them in order. */
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
