// Raw bytes: what C and C++ exchange. Nothing is encoded; the format word says what the bytes are.
import { types } from 'node:util';
import { InvalidArgumentError } from '../../errors/index.js';
import { isDetached } from '../../memory/detached.js';
import { ownedBytes } from '../../memory/owned-bytes.js';
import { show } from '../../options.js';
import type { Codec } from '../codec.js';

/**
 * Sends the bytes of a Uint8Array as they are, straight from its memory; the receiver gets a copy of its
 * own, always a plain Uint8Array. As with Buffer, received arrays of up to 8 KiB may share an ArrayBuffer, which then cannot be
 * transferred to another thread, and of which one array that is kept keeps up to 64 KiB; `payload.slice()` has one
 * of its own. An array over a SharedArrayBuffer is sent as it is at the moment of the call.
 */
export const bytesCodec: Codec<Uint8Array> = Object.freeze({
  name: 'bytes',
  encode(value, arena): void {
    // The class first, which is quicker to ask; an array of another realm is one, too.
    if (!(value instanceof Uint8Array || types.isUint8Array(value))) {
      throw new InvalidArgumentError(`payload is ${show(value)}; expected a Uint8Array`, { value });
    }
    if (value.length === 0 && isDetached(value.buffer)) {
      throw new InvalidArgumentError('payload is a Uint8Array whose memory was transferred');
    }
    arena.stage(value, 0, value.length);
  },
  decode: ownedBytes,
  // Large ones come as Buffers.
  adopt: (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
} satisfies Codec<Uint8Array>);
