// What a codec is, and the easy way to write one. The codecs of this package are in codecs/.
import { types } from 'node:util';
import { InvalidArgumentError } from '../errors/index.js';
import { ownedBytes } from '../memory/owned-bytes.js';
import type { StagingArena } from '../memory/staging-arena.js';
import { show } from '../options.js';

/**
 * Turns payloads into bytes and back. `In` is what can be sent, `Out` what is received; mostly the same.
 * This is the form the endpoint uses, without a copy or an object more than needed; {@link defineCodec}
 * makes one from two plain functions.
 */
export interface Codec<out Out, in In = Out> {
  /** A short name for error texts: `'json'`. */
  readonly name: string;
  /**
   * Encodes `value` and leaves the result with `arena.stage(…)`. The bytes are copied before the next call.
   * @throws whatever refuses the value; the sender gets it as it is.
   */
  readonly encode: (value: In, arena: StagingArena) => void;
  /**
   * Decodes bytes `start` to `end` of `source`, which is reused as soon as this returns: copy what you keep,
   * and read nothing outside, for there are other messages. The bytes come from another process: believe
   * nothing. `format` is the sender's 16-bit format word, 0 where it gave none.
   * @throws whatever tells that the bytes are wrong; the receiver gets it as cause of a `DecodeFailedError`.
   */
  readonly decode: (source: Uint8Array, start: number, end: number, format: number) => Out;
  /**
   * Decodes bytes that nothing else uses and that may therefore be kept: how large payloads arrive. Without it,
   * `decode` gets them. Only for a codec that would otherwise copy.
   */
  readonly adopt?: (bytes: Uint8Array, format: number) => Out;
}

/** The two functions of which {@link defineCodec} makes a codec. */
export interface CodecFunctions<out Out, in In = Out> {
  /** A short name for error texts. */
  readonly name: string;
  /** Returns the bytes of a value. They are read before anything else happens, and not kept. */
  readonly encode: (value: In) => Uint8Array;
  /** Returns the value of the bytes, which are a copy and may be kept; see `bytes` for its ArrayBuffer. */
  readonly decode: (bytes: Uint8Array, format: number) => Out;
}

/**
 * Makes a codec of two plain functions: for formats that a library writes and reads, where one copy more
 * does not matter.
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
