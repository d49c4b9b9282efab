// Raw bytes: what C and C++ exchange. Nothing is encoded; the format word says what the bytes are.
import { InvalidArgumentError } from '../../errors/index.js';
import { ownedBytes } from '../../memory/owned-bytes.js';
import { show } from '../../options.js';
import type { Codec } from '../codec.js';

/**
 * Sends the bytes of a Uint8Array as they are, straight from its memory; the receiver gets a copy of its
 * own. As with Buffer, received arrays of up to 8 KiB may share an ArrayBuffer, which then cannot be
 * transferred to another thread; `payload.slice()` has one of its own. An array over a SharedArrayBuffer is sent as it is at the moment of the call.
 */
export const bytesCodec: Codec<Uint8Array> = Object.freeze({
  name: 'bytes',
  encode(value, arena): void {
    if (!(value instanceof Uint8Array)) {
      throw new InvalidArgumentError(`payload is ${show(value)}; expected a Uint8Array`, { value });
    }
    arena.stage(value, 0, value.length);
  },
  decode: ownedBytes,
  adopt: (bytes) => bytes,
} satisfies Codec<Uint8Array>);
