// MessagePack as every library of it reads it: maps with their keys in each message, byte arrays as bin. What it
// lacks (Set, Error, RegExp, typed arrays) are extension types. Written and read by this package itself, because a
// value has to arrive as it was sent or be refused, whatever its realm, and each of its members is read once.
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
 * MessagePack: the default. Plain objects, arrays, strings, numbers, booleans, `null`, bigints of 64 bits,
 * `Date` and byte arrays are standard MessagePack, which any other implementation reads; `undefined`,
 * `Set`, `Error`, `RegExp`, `ArrayBuffer`, `DataView` and typed arrays are extension types with the codes of the
 * library msgpackr. Values of another realm (`node:vm`, jsdom, jest) are sent like all others.
 *
 * What arrives is equal to what was sent (`util.isDeepStrictEqual`) but for this:
 *
 * - A `Map` is a plain object, whose keys are text; keys that are objects, or two that are the same as text, are
 *   refused.
 * - An instance of a class is a plain object of its enumerable members, or what its `toJSON()` returns (a function of
 *   a plain object as well). Members with symbols for names, and accessors of a class, stay behind.
 * - A byte array of any kind is a `Uint8Array`; a subclass of an array is an array of the base class, with memory of
 *   its own; holes are `undefined`.
 * - A bigint is a number as far as it is exact, as any integer of 64 bits is that another library wrote.
 * - An `Error` has its name, message, cause and enumerable members (`code`, `errno`; `errors` of an
 *   `AggregateError`). It is an instance of the language's class of that name or else of `Error`; its stack is the
 *   receiver's, and a cause that is `undefined` is left out. A `RegExp` begins at 0.
 * - A member called `__proto__` is called `__proto_`.
 *
 * Refused with `InvalidArgumentError`, whose text says where the value is: functions, symbols, lone surrogates,
 * larger bigints, `Number` objects and the like, `SharedArrayBuffer`, `Float16Array`, memory that was transferred,
 * cycles and values nested more than 1,000 deep, and what would arrive as `{}` although it is more than that:
 * promises, iterators, `WeakMap`, `Blob`, a `MemoryRegion` or a `KernelObject` (which go beside a payload, as
 * `regions` and `objects`). A getter is called once; what it throws goes on as it is.
 */
export function messagePackCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}
