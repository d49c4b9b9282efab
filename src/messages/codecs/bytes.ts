// Raw bytes, for programs that exchange data with C and C++. Nothing is encoded; the format word
// tells what they are.
import { types } from 'node:util';
import { show } from '../../checks.js';
import { InvalidArgumentError } from '../../errors/index.js';
import { isDetached } from '../../memory/detached.js';
import { ownedBytes } from '../../memory/owned-bytes.js';
import type { Codec } from '../codec.js';

/**
 * Sends the bytes of a Uint8Array straight from its memory. The receiver gets a copy, always a
 * plain Uint8Array. As with Buffer, received arrays of up to 128 KiB may share an ArrayBuffer, and
 * keeping one of them keeps the others' memory: up to 64 KiB for small ones, and at most 1 MiB. No
 * received array's buffer can be transferred to another thread; `payload.slice()` has a buffer of
 * its own. An array over a SharedArrayBuffer is sent with the bytes that it has during the call.
 */
export const bytesCodec: Codec<Uint8Array> = Object.freeze({
  name: 'bytes',
  encode(value, arena): void {
    // `instanceof` first, which is faster; an array of another realm passes, too.
    if (!(value instanceof Uint8Array || types.isUint8Array(value))) {
      throw new InvalidArgumentError(`payload is ${show(value)}; expected a Uint8Array`, { value });
    }
    if (value.length === 0 && isDetached(value.buffer)) {
      throw new InvalidArgumentError('payload is a Uint8Array whose memory was transferred');
    }
    arena.stage(value, 0, value.length);
  },
  decode: ownedBytes,
  adopt: (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
} satisfies Codec<Uint8Array>);
