// MessagePack as every library reads it: each message has maps with their keys, and byte arrays are
// bin. Values that it lacks (Set, Error, RegExp, typed arrays) are extension types. The package has
// a reader and writer of its own, because a value must arrive as it was sent or be refused,
// whatever its realm, and each of its members is read once.
import type { Codec } from '../codec.js';
import { refuseEmpty, writeOther } from './message-pack-objects.js';
import { readFrom } from './message-pack-reader.js';
import { Refusal } from './message-pack-refusal.js';
import { setObjectWriter, writeInto } from './message-pack-writer.js';

setObjectWriter({ refuseEmpty, writeOther });

const codec: Codec<unknown> = Object.freeze({
  name: 'messagepack',
  encode(value, arena): void {
    try {
      writeInto(arena, value);
    } catch (error) {
      throw error instanceof Refusal ? error.toError() : error;
    }
  },
  decode: readFrom,
} satisfies Codec<unknown>);

/**
 * MessagePack: the default. Plain objects, arrays, strings, numbers, booleans, `null`, bigints of
 * 64 bits, `Date` and byte arrays are standard MessagePack, which any other implementation reads;
 * `undefined`, `Set`, `Error`, `RegExp`, `ArrayBuffer`, `DataView` and typed arrays are extension
 * types with the codes of the library msgpackr. Values of another realm (`node:vm`, jsdom, jest)
 * are sent like all others.
 *
 * The received value equals the sent one (`util.isDeepStrictEqual`) with these exceptions:
 *
 * - A `Map` arrives as a plain object with text keys; keys that are objects, or two keys with the
 * same text, are refused.
 * - An instance of a class arrives as a plain object of its enumerable members, or as the result of
 * its `toJSON()` (also called on a plain object). Symbol members and accessors of a class are
 * omitted.
 * - A byte array of any kind arrives as a `Uint8Array`; a subclass of an array as the base class,
 * with memory of its own; holes as `undefined`.
 * - A bigint arrives as a number if that is exact, as does any 64-bit integer that another library
 * wrote.
 * - An `Error` keeps its name, message, cause and enumerable members (`code`, `errno`; `errors` of
 * an `AggregateError`). It is an instance of the built-in class of that name, or else of `Error`;
 * its stack is the receiver's, and a cause of `undefined` is omitted. A `RegExp` starts at 0.
 * - A member called `__proto__` is renamed `__proto_`.
 *
 * Refused with `InvalidArgumentError`, whose text has the path of the value: functions, symbols,
 * lone surrogates, larger bigints, `Number` objects and the like, `SharedArrayBuffer`,
 * `Float16Array`, transferred memory, cycles and values nested more than 1,000 deep, and objects
 * that would arrive as `{}` although they are more: promises, iterators, `WeakMap`, `Blob`, a
 * `MemoryRegion` or a `KernelObject` (which are sent beside a payload, as `regions` and `objects`).
 * A getter is called once; `send` throws its error unchanged.
 */
export function messagePackCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}
