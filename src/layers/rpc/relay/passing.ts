// What a relay makes of the errors and streams of the servers behind it.

import {
  BusyError,
  CallError,
  type CallErrorCode,
  ClosedError,
  DeclaredError,
  PeerGoneError,
} from '../errors.js';
import { PassedOn } from '../server/write-error.js';
import type { Stream } from '../streams/stream.js';

/** What the caller of a relay gets to know of an error that the relay has got itself. */
export function passedOn(error: unknown): unknown {
  if (error instanceof DeclaredError || !(error instanceof CallError)) return error;
  const { message, executed } = error;
  if (error instanceof BusyError) return new PassedOn('BUSY', message, error.load);
  if (error instanceof PeerGoneError || error instanceof ClosedError) {
    // What was surely not executed may be sent to another relay.
    return new PassedOn(executed === 'no' ? 'NO_RECIPIENT' : 'PEER_GONE', message);
  }
  return new PassedOn(error.code as CallErrorCode, message);
}

/** Throws what the caller gets to know. */
export function rethrow(error: unknown): never {
  throw passedOn(error);
}

/**
 * A stream of another server. Nothing is asked for before the caller has given credit for it, so a
 * caller that stops costs a window at each side of the relay.
 */
export class PassingStream implements AsyncIterableIterator<unknown, unknown, undefined> {
  readonly #stream: Stream<unknown, unknown>;

  constructor(stream: Stream<unknown, unknown>) {
    this.#stream = stream;
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return this.#stream.next().catch(rethrow);
  }

  /** The caller has left. */
  return(): Promise<IteratorResult<unknown, unknown>> {
    return this.#stream.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
