// Holds the encoded bytes of one outgoing message until they are copied into the ring. An arena
// belongs to one endpoint and its thread. This file knows no messages.
import { markAsUntransferable } from 'node:worker_threads';

/** Bytes that an arena begins with: enough for nearly every message that is not bulk data. */
const initialBytes = 64 * 1024;

/**
 * Bytes that an arena keeps between messages. Memory beyond it is given back after a larger
 * message.
 */
const retainedBytes = 1024 * 1024;

const nothing = allocate(0);
const viewOfNothing = new DataView(nothing.buffer);

/**
 * A buffer for encoders to write into, and the result of the last encoding: bytes `start` to `end`
 * of `source`. The result is valid until the next encoding begins; `source` is the arena's own
 * `buffer`, or an array of the encoder or the user that is read in place.
 *
 * Encoding can run user code (getters) that itself sends a message: reservations nest, and the
 * inner one ends first.
 */
export class StagingArena {
  // Empty until something is encoded: an endpoint that only receives needs no more.
  #buffer = nothing;
  #view = viewOfNothing;
  #position = 0;
  #source: Uint8Array = nothing;
  #start = 0;
  #end = 0;

  /**
   * The arena's memory. Growing replaces the array: read it after `reserve()` and do not keep it.
   * It cannot be transferred to another thread, because native code may hold its address.
   */
  get buffer(): Uint8Array<ArrayBuffer> {
    return this.#buffer;
  }

  /** A DataView of the same memory as `buffer`. */
  get view(): DataView<ArrayBuffer> {
    return this.#view;
  }

  /** The array that the last result is in. */
  get source(): Uint8Array {
    return this.#source;
  }

  /** Where the last result begins in `source`. */
  get start(): number {
    return this.#start;
  }

  /** Where the last result ends in `source`. */
  get end(): number {
    return this.#end;
  }

  /**
   * Reserves `bytes` of the arena, growing it if needed, and returns the index in `buffer` where
   * they begin. Everything from there to the end of `buffer` may be written. End the reservation
   * with `stage(buffer, …)` or `cancel(buffer, …)`.
   * @throws RangeError if the memory cannot be allocated.
   */
  reserve(bytes: number): number {
    const start = this.#position;
    if (bytes > this.#buffer.length - start) return this.#grow(bytes);
    this.#position = start + bytes;
    return start;
  }

  /**
   * Makes bytes `start` to `end` of `source` the result and ends the reservation. A `source` other
   * than the arena's buffer is neither changed nor copied.
   */
  stage(source: Uint8Array, start: number, end: number): void {
    if (source === this.#buffer) this.#position = start;
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }

  /** Ends the reservation at `start` of `source` without a result, for example after an error. */
  cancel(source: Uint8Array, start: number): void {
    if (source === this.#buffer) this.#position = start;
  }

  /**
   * Drops the result, so that no array of a user is kept alive, and gives back exceptional memory.
   */
  clear(): void {
    if (this.#buffer.length > retainedBytes && this.#position === 0) this.#replace(retainedBytes);
    this.#source = this.#buffer;
    this.#start = 0;
    this.#end = 0;
  }

  // The owner of an outer reservation still has the old buffer; the new one begins at 0.
  #grow(bytes: number): number {
    const doubled = Math.min(2 * this.#buffer.length, retainedBytes);
    this.#replace(Math.max(bytes, doubled, initialBytes));
    this.#position = bytes;
    return 0;
  }

  #replace(bytes: number): void {
    this.#buffer = allocate(bytes);
    this.#view = new DataView(this.#buffer.buffer);
  }
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  const buffer = new ArrayBuffer(bytes);
  markAsUntransferable(buffer);
  return new Uint8Array(buffer);
}
