// What a program sees of a stream that it receives.

/**
 * A stream of items from another process. Iterate once: leaving the loop ends the stream at its
 * other side, too. Items that have arrived are given out before an error is.
 */
export interface Stream<T, R = undefined>
  extends AsyncIterableIterator<T, R | undefined, undefined>,
    AsyncDisposable {
  /** The next item; at the end, the result of the method if it has one. */
  next(): Promise<IteratorResult<T, R | undefined>>;
  /** Ends the stream: the other side's generator gets `return()`, and its signal aborts. */
  return(): Promise<IteratorResult<T, R | undefined>>;
  /** The same, for symmetry; the promise rejects with `error`. */
  throw(error?: unknown): Promise<IteratorResult<T, R | undefined>>;
  /** The stream itself. */
  [Symbol.asyncIterator](): Stream<T, R>;
  /** Iterates over lists of items, each as they arrived together; less work for each item. */
  batches(): AsyncIterableIterator<readonly T[], void, undefined>;
  /** The stream as a Web Stream that reads ahead of its reader no further than this one does. */
  readable(): ReadableStream<T>;
}
