// The structured clone algorithm, in V8's own serialization format.
import { deserialize, serialize } from 'node:v8';
import { InvalidArgumentError } from '../../errors/index.js';
import { exclusiveBytes } from '../../memory/owned-bytes.js';
import type { Codec } from '../codec.js';

const codec: Codec<unknown> = Object.freeze({
  name: 'structured clone',
  encode(value, arena): void {
    const bytes = serialized(value);
    arena.stage(bytes, 0, bytes.length);
  },
  // A copy first: V8 makes the typed arrays of the result over the very bytes it reads.
  decode: (source, start, end) => deserialize(exclusiveBytes(source, start, end)),
} satisfies Codec<unknown>);

/**
 * Structured clone: keeps `Map`, `Set`, `Date`, `RegExp`, `Error`, typed arrays, bigints and cycles. For
 * Node peers only: no other language reads V8's format, and a Node much older than the sender's may not
 * either. Several times slower than MessagePack. Functions are refused with `InvalidArgumentError`.
 */
export function structuredCloneCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}

function serialized(value: unknown): Uint8Array {
  try {
    return serialize(value);
  } catch (error) {
    // V8 tells it by a plain Error; an error of the user's own getter goes on as it is.
    if (!(error instanceof Error) || !/could not be cloned/.test(error.message)) throw error;
    throw new InvalidArgumentError(`payload cannot be cloned: ${error.message}`, { cause: error });
  }
}
