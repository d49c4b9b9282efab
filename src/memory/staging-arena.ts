// Where an encoder leaves the bytes of one outgoing message until they are copied into the ring, and which
// bytes those are. Belongs to one endpoint and its thread. It knows nothing of messages.
import { markAsUntransferable } from 'node:worker_threads';

/** Bytes a new arena has: holds nearly every message that is not bulk data. */
const initialBytes = 64 * 1024;

/** Bytes an arena keeps between messages. What a larger message needed is given back after it. */
const retainedBytes = 1024 * 1024;

/**
 * A buffer that encoders write into, and the result of the last encoding: bytes `start` to `end` of
 * `source`. The result is valid until the next encoding begins; `source` is the arena's own `buffer`,
 * or an array of the encoder or of the user that is read in place.
 *
 * Encoding can run user code (getters), which may send in turn: reservations nest, the inner one ends first.
 */
export class StagingArena {
  #buffer: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #position = 0;
  #source: Uint8Array;
  #start = 0;
  #end = 0;

  constructor() {
    this.#buffer = allocate(initialBytes);
    this.#view = new DataView(this.#buffer.buffer);
    this.#source = this.#buffer;
  }

  /**
   * The arena's memory. Another array after each growth: read it after `reserve()`, never keep it. It
   * cannot be transferred to another thread, because native code may hold its address.
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
   * Reserves `bytes` of the arena, growing it where needed, and returns the index in `buffer` where they
   * begin. Everything from there to the end of `buffer` may be written. To be followed by
   * `stage(buffer, …)` or `cancel(buffer, …)`.
   * @throws RangeError if the memory cannot be had.
   */
  reserve(bytes: number): number {
    const start = this.#position;
    if (bytes > this.#buffer.length - start) return this.#grow(bytes);
    this.#position = start + bytes;
    return start;
  }

  /**
   * Makes bytes `start` to `end` of `source` the result and ends the reservation. What is not the arena's
   * own buffer stays as it is and is not copied.
   */
  stage(source: Uint8Array, start: number, end: number): void {
    if (source === this.#buffer) this.#position = start;
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }

  /** Ends the reservation that began at `start` of `source` without a result, as after an error. */
  cancel(source: Uint8Array, start: number): void {
    if (source === this.#buffer) this.#position = start;
  }

  /** Forgets the result, so that no user's array is kept alive, and gives back exceptional memory. */
  clear(): void {
    if (this.#buffer.length > retainedBytes && this.#position === 0) this.#replace(retainedBytes);
    this.#source = this.#buffer;
    this.#start = 0;
    this.#end = 0;
  }

  // An outer reservation keeps the old buffer, which its owner read before; the new one begins at 0.
  #grow(bytes: number): number {
    const doubled = Math.min(2 * this.#buffer.length, retainedBytes);
    this.#replace(Math.max(bytes, doubled));
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
