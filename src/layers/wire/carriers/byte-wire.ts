// A wire for programs that have their bytes one at a time, and neither streams nor threads: they feed
// what came and pull what is to be sent, when it suits them.
import type { Carrier, CarrierEvents } from '../carrier.js';
import { optionError } from '../errors.js';

/** Bytes that may wait to be pulled before the wire has to. */
const mostWaiting = 64 * 1024;

/** A carrier that its program feeds and pulls; see {@link byteWire}. */
export class ByteWire implements Carrier {
  /** For error texts. */
  readonly name = 'byte wire';
  readonly #onBytes: (() => void) | undefined;
  #events: CarrierEvents | undefined;
  /** What came before the wire was opened. */
  #early: Uint8Array[] = [];
  readonly #chunks: Uint8Array[] = [];
  #at = 0;
  #waiting = 0;
  #full = false;
  #closing = false;
  #over = false;

  constructor(onBytes: (() => void) | undefined) {
    this.#onBytes = onBytes;
  }

  /** How many bytes wait to be pulled. */
  get pending(): number {
    return this.#waiting;
  }

  /** Whether nothing is to be fed or pulled any more. */
  get ended(): boolean {
    return this.#over && this.#waiting === 0;
  }

  /**
   * Gives the wire a byte that came, 0 to 255, or several. Ignored after the end.
   * @throws WireError `WIRE_OPTION` if it is no byte.
   */
  feed(bytes: number | Uint8Array): void {
    if (typeof bytes === 'number' && (!Number.isInteger(bytes) || bytes < 0 || bytes > 0xff)) {
      throw optionError(`${bytes} is no byte`);
    }
    if (this.#over) return;
    // The program may use its array again.
    const copy = typeof bytes === 'number' ? Uint8Array.of(bytes) : new Uint8Array(bytes);
    if (this.#events === undefined) this.#early.push(copy);
    else this.#events.data(copy);
  }

  /** Takes the next byte that is to be sent; `undefined` if there is none now. */
  pull(): number | undefined {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return undefined;
    const byte = chunk[this.#at++] as number;
    if (this.#at === chunk.length) {
      this.#chunks.shift();
      this.#at = 0;
    }
    this.#pulled(1);
    return byte;
  }

  /** Takes all bytes that are to be sent now, at most `most`. */
  pullAll(most: number = Number.POSITIVE_INFINITY): Uint8Array {
    const bytes = new Uint8Array(Math.min(most, this.#waiting));
    let at = 0;
    while (at < bytes.length) {
      const [chunk] = this.#chunks as [Uint8Array];
      const some = chunk.subarray(this.#at, this.#at + bytes.length - at);
      bytes.set(some, at);
      at += some.length;
      this.#at += some.length;
      if (this.#at < chunk.length) break;
      this.#chunks.shift();
      this.#at = 0;
    }
    this.#pulled(bytes.length);
    return bytes;
  }

  /** Nothing more comes ("out"): the wire ends, as if it had been cut. */
  out(): void {
    this.#end();
  }

  /** See {@link Carrier}. */
  open(events: CarrierEvents): void {
    this.#events = events;
    for (const bytes of this.#early.splice(0)) events.data(bytes);
    if (this.#over) events.end();
  }

  /** See {@link Carrier}. */
  write(bytes: Uint8Array): boolean {
    if (this.#over || bytes.length === 0) return true;
    this.#chunks.push(bytes);
    this.#waiting += bytes.length;
    this.#full = this.#waiting >= mostWaiting;
    this.#onBytes?.();
    return !this.#full;
  }

  /** See {@link Carrier}. */
  close(): void {
    this.#closing = true;
    if (this.#waiting === 0) this.#end();
  }

  /** See {@link Carrier}. */
  destroy(): void {
    this.#chunks.length = 0;
    this.#waiting = 0;
    this.#end();
  }

  #pulled(count: number): void {
    if (count === 0) return;
    this.#waiting -= count;
    if (this.#full && this.#waiting < mostWaiting / 2) {
      this.#full = false;
      this.#events?.drain();
    }
    if (this.#closing && this.#waiting === 0) this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#events?.end();
  }
}

/** Options of {@link byteWire}. */
export interface ByteWireOptions {
  /** Called when there is something to pull; it may pull at once, or later. */
  readonly onBytes?: (() => void) | undefined;
}

/**
 * A carrier for programs that have their bytes one at a time: `feed(byte)` gives it what came,
 * `pull()` takes what is to be sent, `out()` ends it.
 *
 * @throws WireError `WIRE_OPTION`.
 */
export function byteWire({ onBytes }: ByteWireOptions = {}): ByteWire {
  if (onBytes !== undefined && typeof onBytes !== 'function') {
    throw optionError('onBytes is no function');
  }
  return new ByteWire(onBytes);
}
