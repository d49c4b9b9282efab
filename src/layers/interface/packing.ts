// The quick way between values and MessagePack: without the plain objects that stand between the
// schema and the codec otherwise. It is for what is usual. Everything else throws `slow`, and then
// goes the way that knows everything and says what is wrong with a value; see Node.
import type { Packer } from './packer.js';
import type { Unpacker } from './unpacker.js';

/** @internal Writes and reads the values of one schema. */
export interface Packing {
  /** Writes a value, or throws `slow`. */
  readonly pack: (value: unknown, to: Packer) => void;
  /** Reads a value as `decode` of its schema would return it, or throws `slow`. */
  readonly unpack: (from: Unpacker) => unknown;
}
