// The receiver's side of the credit of one stream: how much the sender may still send, and when it
// gets more. Counted in items and in bytes, since either alone can be bought cheaply.

/** The first window of a stream to a caller. */
export const firstItems = 256;
export const firstBytes = 1024 * 1024;
/** The first window of a stream to a server, which has not said anything yet. */
export const inputItems = 16;
export const inputBytes = 64 * 1024;
/** The largest window. */
const mostItems = 65_536;
const mostBytes = 16 * 1024 * 1024;
/** A region in an item counts as its size, up to this. */
export const regionBytes = 64 * 1024;

/** Sends credit. */
export type Grant = (items: number, bytes: number) => void;

/** The window of one stream. */
export class Window {
  /** What the sender may still send. */
  #items: number;
  #bytes: number;
  /** What it may have under way at most. */
  #wholeItems: number;
  #wholeBytes: number;
  /** What was used up and is not given back yet. */
  #usedItems = 0;
  #usedBytes = 0;
  readonly #grant: Grant;

  constructor(items: number, bytes: number, grant: Grant) {
    this.#items = items;
    this.#bytes = bytes;
    this.#wholeItems = items;
    this.#wholeBytes = bytes;
    this.#grant = grant;
  }

  /** Items arrived. Returns whether the sender was allowed to send them. */
  arrived(items: number, bytes: number): boolean {
    // The last frame may exceed the bytes: its sender knew its size only once it was encoded.
    if (items > this.#items || this.#bytes <= 0) return false;
    this.#items -= items;
    this.#bytes -= bytes;
    return true;
  }

  /** The sender waited for credit while the consumer waited for items: the window is too small. */
  grow(): void {
    const items = Math.min(mostItems, this.#wholeItems * 2) - this.#wholeItems;
    const bytes = Math.min(mostBytes, this.#wholeBytes * 2) - this.#wholeBytes;
    if (items === 0 && bytes === 0) return;
    this.widen(items, bytes);
  }

  /** Enlarges the window, and tells the sender. */
  widen(items: number, bytes: number): void {
    this.#wholeItems += items;
    this.#wholeBytes += bytes;
    this.#give(items + this.#usedItems, bytes + this.#usedBytes);
  }

  /** The consumer has taken items. At half of a window, the sender gets it back. */
  used(items: number, bytes: number): void {
    this.#usedItems += items;
    this.#usedBytes += bytes;
    if (this.#usedItems * 2 >= this.#wholeItems || this.#usedBytes * 2 >= this.#wholeBytes) {
      this.#give(this.#usedItems, this.#usedBytes);
    }
  }

  #give(items: number, bytes: number): void {
    this.#usedItems = 0;
    this.#usedBytes = 0;
    this.#items += items;
    this.#bytes += bytes;
    this.#grant(items, bytes);
  }
}
