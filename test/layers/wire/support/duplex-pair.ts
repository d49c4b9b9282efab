// Two duplex streams that are each other's other end, in one process, with faults on request.
import { Duplex } from 'node:stream';

/** What happens to the bytes on their way. */
export interface Faults {
  /** After so many bytes, in both directions together, the line is cut. */
  readonly cutAfter?: number;
  /** Gives the bytes on in pieces of this size. */
  readonly pieces?: number;
  /** Sees each chunk, and returns what arrives of it. */
  readonly change?: (bytes: Uint8Array) => Uint8Array;
}

/** The line between the two. */
export class Line {
  readonly ends: readonly [Duplex, Duplex];
  /** Bytes that went over it. */
  carried = 0;
  /** When it was cut, on the clock of `performance.now()`. */
  cutAt: number | undefined;
  readonly #faults: Faults;

  constructor(faults: Faults = {}) {
    this.#faults = faults;
    const left: End = new End(
      (bytes) => this.#carry(bytes, right),
      () => right.push(null),
    );
    const right: End = new End(
      (bytes) => this.#carry(bytes, left),
      () => left.push(null),
    );
    this.ends = [left, right];
  }

  /** Nothing arrives any more, in no direction. */
  cut(): void {
    this.cutAt = performance.now();
    for (const end of this.ends) end.destroy();
  }

  #carry(bytes: Uint8Array, to: End): Promise<void> | void {
    const { cutAfter = Number.POSITIVE_INFINITY, pieces = bytes.length, change } = this.#faults;
    const left = cutAfter - this.carried;
    const some = bytes.subarray(0, Math.max(0, left));
    this.carried += some.length;
    const arriving = change === undefined ? some : change(some);
    for (let at = 0; at < arriving.length; at += pieces) {
      to.push(Buffer.from(arriving.subarray(at, at + pieces)));
    }
    if (bytes.length < left) return undefined;
    // What was carried is read first, as from a socket.
    return new Promise((resolve) =>
      setImmediate(() => {
        this.cut();
        resolve();
      }),
    );
  }
}

class End extends Duplex {
  readonly #carry: (bytes: Uint8Array) => Promise<void> | void;
  readonly #finish: () => void;

  constructor(carry: (bytes: Uint8Array) => Promise<void> | void, finish: () => void) {
    super({ allowHalfOpen: false });
    this.#carry = carry;
    this.#finish = finish;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    const carried = this.#carry(chunk);
    if (carried === undefined) setImmediate(done);
    else carried.then(done);
  }

  override _final(done: () => void): void {
    this.#finish();
    done();
  }
}
