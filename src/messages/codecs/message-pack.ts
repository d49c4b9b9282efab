// MessagePack by the library msgpackr, held to what every other MessagePack library reads: maps with their
// keys in each message, no records shared between messages, byte arrays as bin.
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';
import { InvalidArgumentError } from '../../errors/index.js';
import type { Codec } from '../codec.js';
import { bytesAsBuffers } from './bytes-as-buffers.js';

/**
 * msgpackr writes extension types for what MessagePack lacks (Set, Error, typed arrays) where `moreTypes`
 * is set; without it a Float32Array is written as rubbish. With it, however, a Uint8Array becomes such an
 * extension, too, where others expect bin; only a Buffer does not. Asking for the option tells that such a
 * value was met: rare enough to encode once more with Buffers, and cheaper than looking first.
 */
class InteroperablePackr extends Packr {
  metMoreTypes = false;

  get moreTypes(): boolean {
    this.metMoreTypes = true;
    return true;
  }
}

const packr = new InteroperablePackr({
  useRecords: false,
  mapsAsObjects: true,
  // Smaller, and no limit at 65,535 members.
  variableMapSize: true,
  // In the library, not in its types: bigint only where a number would be inexact.
  int64AsType: 'auto' as 'bigint',
  copyBuffers: true,
  // Refuses the extension by which a peer could send a cyclic value.
  structuredClone: false,
  writeFunction: refuseFunction,
});

// The result stays in the library's buffer, which is reset at once: read in place, no copy, no subarray.
const inPlace = REUSE_BUFFER_MODE | RESET_BUFFER_MODE;

interface PackedBuffer extends Buffer {
  readonly start: number;
  readonly end: number;
}

/** Above this, the library's buffer is replaced after the message, as it would never shrink. */
const retainedBytes = 1024 * 1024;
const freshBytes = 8192; // the library's own first size

/**
 * Small messages are copied here before they are decoded. The library decodes short strings in JavaScript
 * only if they end within the first 140 bytes of the array, else by a slower native call: at any other place
 * in a receive slab, decoding four fields takes 550 ns instead of 300.
 */
const small = readable(new Uint8Array(128));

let expectBytes = false;

const codec: Codec<unknown> = Object.freeze({
  name: 'messagepack',
  encode(value, arena): void {
    const packed = pack(value);
    arena.stage(packed, packed.start, packed.end);
    if (packed.length > retainedBytes) packr.useBuffer(Buffer.allocUnsafeSlow(freshBytes));
  },
  decode(source, start, end): unknown {
    const length = end - start;
    if (length === 0) throw new RangeError('no bytes; the shortest value has one');
    if (length > small.length) return packr.unpack(readable(source.subarray(start, end)));
    for (let i = 0; i < length; i++) small[i] = source[start + i] as number;
    return packr.unpack(small, length);
  },
} satisfies Codec<unknown>);

/**
 * MessagePack: the default. Plain objects, arrays, strings, numbers, booleans, `null`, bigints of 64 bits,
 * `Date` and byte arrays are standard MessagePack, which any other implementation reads; `undefined`,
 * `Set`, `Error`, `RegExp` and typed arrays are extension types of the library msgpackr. On arrival a `Map`
 * is a plain object with string keys, an instance of a class is a plain object, a byte array of any kind is
 * a Uint8Array, an integer of 64 bits is a number as far as it is exact and else a bigint, and a member
 * called `__proto__` is called `__proto_`. A lone surrogate in a string becomes U+FFFD. Functions, symbols,
 * cycles and larger bigints are refused with `InvalidArgumentError`.
 */
export function messagePackCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}

function pack(value: unknown): PackedBuffer {
  try {
    return expectBytes ? packWithoutByteArrays(value) : packAndLook(value);
  } catch (error) {
    throw refusal(error);
  }
}

function packAndLook(value: unknown): PackedBuffer {
  packr.metMoreTypes = false;
  const packed = packr.pack(value, inPlace) as PackedBuffer;
  return packr.metMoreTypes ? packWithoutByteArrays(value) : packed;
}

// Remembers whether there were any byte arrays: messages of one kind follow one another.
function packWithoutByteArrays(value: unknown): PackedBuffer {
  const converted = bytesAsBuffers(value);
  expectBytes = converted !== value;
  return packr.pack(converted, inPlace) as PackedBuffer;
}

function refuseFunction(): never {
  throw new InvalidArgumentError('payload has a function, which MessagePack cannot express');
}

// The library tells what it cannot encode by plain errors, and a cycle by exhausting the stack. An error
// of the user's own toJSON() or getter is none of those and goes on as it is.
function refusal(error: unknown): unknown {
  if (error instanceof RangeError) {
    const reason = /call stack/i.test(error.message) ? 'it is cyclic or too deep' : error.message;
    return new InvalidArgumentError(`payload cannot be written as MessagePack: ${reason}`, {
      cause: error,
    });
  }
  if (error instanceof Error && error.message.startsWith('Unknown type')) {
    return new InvalidArgumentError('payload has a symbol, which MessagePack cannot express', {
      cause: error,
    });
  }
  return error;
}

// The library reads strings fast if the array has this method of Buffer. A Buffer itself will not do:
// byte arrays in the result would be Buffers, too.
function readable(bytes: Uint8Array): Uint8Array {
  const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice?: unknown };
  return latin1Slice === undefined ? bytes : Object.assign(bytes, { latin1Slice });
}
