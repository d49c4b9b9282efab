// Codecs, and the easy way to write one. The codecs of this package are in codecs/.
import { types } from 'node:util';
import { show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import { ownedBytes } from '../memory/owned-bytes.js';
import type { StagingArena } from '../memory/staging-arena.js';

/**
 * Turns payloads into bytes and back. `In` is the type that can be sent, `Out` the type received,
 * mostly the same. The endpoint uses this form, which avoids extra copies and objects; {@link
 * defineCodec} makes one from two plain functions.
 */
export interface Codec<out Out, in In = Out> {
  /** A short name for error texts: `'json'`. */
  readonly name: string;
  /**
   * Encodes `value` and leaves the result with `arena.stage(…)`. The bytes are copied before the
   * next call.
   * @throws Any error to refuse the value; `send` throws it unchanged.
   */
  readonly encode: (value: In, arena: StagingArena) => void;
  /**
   * Decodes bytes `start` to `end` of `source`, which is reused as soon as this returns: copy what
   * you keep, and do not read outside, where other messages are. The bytes come from another
   * process: trust nothing. `format` is the sender's 16-bit format word, 0 by default.
   * @throws Any error if the bytes are wrong; it becomes the `cause` of a `DecodeFailedError`.
   */
  readonly decode: (source: Uint8Array, start: number, end: number, format: number) => Out;
  /**
   * Decodes bytes that nothing else uses and that may be kept, as large payloads arrive. Without
   * it, `decode` gets them. Only for a codec that would otherwise copy.
   */
  readonly adopt?: (bytes: Uint8Array, format: number) => Out;
}

/** The two functions that {@link defineCodec} makes a codec of. */
export interface CodecFunctions<out Out, in In = Out> {
  /** A short name for error texts. */
  readonly name: string;
  /** Returns the bytes of a value. They are read at once, and not kept. */
  readonly encode: (value: In) => Uint8Array;
  /** Returns the value of the bytes, a copy that may be kept; see `bytes` for its ArrayBuffer. */
  readonly decode: (bytes: Uint8Array, format: number) => Out;
}

/**
 * Makes a codec of two plain functions: for a format that a library reads and writes, where one
 * more copy does not matter.
 */
export function defineCodec<Out, In = Out>(functions: CodecFunctions<Out, In>): Codec<Out, In> {
  const { name, encode, decode } = functions;
  return Object.freeze({
    name,
    encode(value: In, arena: StagingArena): void {
      const bytes: unknown = encode(value);
      if (!types.isUint8Array(bytes)) {
        throw new InvalidArgumentError(
          `codec '${name}' encoded to ${show(bytes)}; expected a Uint8Array`,
        );
      }
      arena.stage(bytes, 0, bytes.length);
    },
    decode: (source: Uint8Array, start: number, end: number, format: number): Out =>
      decode(ownedBytes(source, start, end), format),
  });
}
