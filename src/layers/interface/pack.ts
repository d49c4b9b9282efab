// Payloads by the quick way; see packing.ts.
import { Packer } from './packer.js';
import type { Packing } from './packing.js';
import type { Shape } from './shape.js';
import { slow } from './slow.js';
import { Unpacker } from './unpacker.js';

/** @internal A payload in MessagePack. */
export class Packed {
  /** The memory that it shares with other payloads; not to be changed. */
  readonly bytes: Uint8Array;
  /** Where it begins in `bytes`. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

/** @internal Several payloads, one behind the other. */
export class PackedItems {
  /** How many there are. */
  count = 0;
  /** Their bytes together. */
  size = 0;
  /** Where they lie, in pieces. */
  readonly runs: Packed[] = [];
  #bytes: Uint8Array | undefined;
  #start = 0;
  #end = 0;

  /** Adds the payload that the packer wrote last. */
  add({ bytes, start, at }: Packer): void {
    this.count++;
    this.size += at - start;
    if (bytes === this.#bytes && start === this.#end) {
      this.#end = at;
      return;
    }
    this.#finishRun();
    this.#bytes = bytes;
    this.#start = start;
    this.#end = at;
  }

  /** No more are added. */
  finish(): this {
    this.#finishRun();
    this.#bytes = undefined;
    return this;
  }

  #finishRun(): void {
    if (this.#bytes !== undefined) this.runs.push(new Packed(this.#bytes, this.#start, this.#end));
  }
}

/** @internal Packs values for one port. */
export class PayloadPacker {
  readonly #packer = new Packer();
  // A getter of the user's value may call again.
  #busy = false;

  /** A value as MessagePack; `undefined` if it must be encoded as its shape does. */
  pack({ packing }: Shape, value: unknown): Packed | undefined {
    if (packing === undefined || !this.#write(packing, value)) return undefined;
    const { bytes, start, at } = this.#packer;
    return new Packed(bytes, start, at);
  }

  /** The same into a list. Returns whether it did. */
  packItem({ packing }: Shape, value: unknown, into: PackedItems): boolean {
    if (packing === undefined || !this.#write(packing, value)) return false;
    into.add(this.#packer);
    return true;
  }

  #write(packing: Packing, value: unknown): boolean {
    if (this.#busy) return false;
    const packer = this.#packer;
    packer.begin();
    this.#busy = true;
    try {
      packing.pack(value, packer);
      return true;
    } catch (thrown) {
      packer.at = packer.start;
      if (thrown === slow) return false;
      throw thrown;
    } finally {
      this.#busy = false;
    }
  }
}

const unpacker = new Unpacker();

/** @internal What {@link unpack} returns if the payload must be decoded as its shape does. */
export const notUnpacked: unique symbol = Symbol('not unpacked');

/** @internal The value in all of `bytes`, a plain Uint8Array that a peer wrote. */
export function unpack({ packing }: Shape, bytes: Uint8Array): unknown {
  if (packing === undefined) return notUnpacked;
  unpacker.begin(bytes);
  try {
    const value = packing.unpack(unpacker);
    return unpacker.at === unpacker.end ? value : notUnpacked;
  } catch (thrown) {
    if (thrown === slow) return notUnpacked;
    throw thrown;
  } finally {
    unpacker.finish();
  }
}

/** @internal The values in a list of them. */
export function unpackItems({ packing }: Shape, bytes: Uint8Array): unknown[] | undefined {
  if (packing === undefined) return undefined;
  unpacker.begin(bytes);
  try {
    const length = unpacker.list();
    const values = new Array<unknown>(length);
    for (let index = 0; index < length; index++) values[index] = packing.unpack(unpacker);
    return unpacker.at === unpacker.end ? values : undefined;
  } catch (thrown) {
    if (thrown === slow) return undefined;
    throw thrown;
  } finally {
    unpacker.finish();
  }
}
