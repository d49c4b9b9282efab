// Metadata on its way to the native side. V8 keeps an array of up to 64 bytes in its own heap, and
// moves it out of there, with an allocation, as soon as native code asks for its address. That costs
// more than the rest of a send, so bytes are copied to memory that has an address already.
import { limits } from '../limits.js';

/** Memory for the metadata of one message at a time. */
export class StagedMetadata {
  readonly #bytes = new Uint8Array(new ArrayBuffer(limits.maxMetadataBytes));
  /** The first so many of the bytes, by their number. */
  readonly #views: (Uint8Array | undefined)[] = [];

  /** A copy of checked `metadata`, which holds until the next one. */
  stage(metadata: Uint8Array): Uint8Array {
    const { length } = metadata;
    const bytes = this.#bytes;
    for (let at = 0; at < length; at++) bytes[at] = metadata[at] as number;
    let view = this.#views[length];
    if (view === undefined) {
      view = bytes.subarray(0, length);
      this.#views[length] = view;
    }
    return view;
  }
}
