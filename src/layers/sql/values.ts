// Values of SQL as messages carry them: one letter for each, and a list for each kind. Both sides
// check what they get; a peer wrote it.

import { builtInKind, show } from '../../base/show.js';
import { MemoryRegion } from '../../index.js';
import type { EngineValue } from './engine/engine.js';

/** Values as a message carries them; see the interface. */
export interface PackedValues {
  readonly kinds: string;
  readonly numbers?: readonly number[] | undefined;
  readonly integers?: readonly bigint[] | undefined;
  readonly texts?: readonly string[] | undefined;
  readonly blobs?: readonly Uint8Array[] | undefined;
  readonly regions?: readonly MemoryRegion[] | undefined;
}

/** Blobs from this size on travel as regions: they are copied once on each side, and not encoded. */
export const regionSize = 65_536;

const safe = BigInt(Number.MAX_SAFE_INTEGER);
const largest = 2n ** 63n - 1n;

/** Makes the lists. */
export class ValuesPacker {
  #kinds = '';
  #numbers: number[] | undefined;
  #integers: bigint[] | undefined;
  #texts: string[] | undefined;
  #blobs: Uint8Array[] | undefined;
  #regions: MemoryRegion[] | undefined;
  /** About how many bytes the values take in a message, without regions. */
  size = 0;
  /** How many bytes the regions have. */
  held = 0;

  null(): void {
    this.#kinds += 'n';
    this.size++;
  }

  number(value: number): void {
    this.#kinds += Number.isSafeInteger(value) && !Object.is(value, -0) ? 'i' : 'f';
    this.#numbers ??= [];
    this.#numbers.push(value);
    this.size += 9;
  }

  float(value: number): void {
    this.#kinds += 'f';
    this.#numbers ??= [];
    this.#numbers.push(value);
    this.size += 9;
  }

  integer(value: bigint): void {
    if (value <= safe && value >= -safe) {
      this.number(Number(value));
      return;
    }
    this.#kinds += 'I';
    this.#integers ??= [];
    this.#integers.push(value);
    this.size += 9;
  }

  text(value: string): void {
    this.#kinds += 't';
    this.#texts ??= [];
    this.#texts.push(value);
    this.size += value.length + 3;
  }

  blob(value: Uint8Array): void {
    if (value.byteLength >= regionSize) {
      const region = MemoryRegion.create(value.byteLength);
      region.write(value);
      this.#kinds += 'r';
      this.#regions ??= [];
      this.#regions.push(region);
      this.size += 100;
      this.held += value.byteLength;
      return;
    }
    this.#kinds += 'b';
    this.#blobs ??= [];
    this.#blobs.push(value);
    this.size += value.byteLength + 3;
  }

  /** A value as a driver returns it. */
  engine(value: EngineValue): void {
    if (value === null) this.null();
    else if (typeof value === 'bigint') this.integer(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.float(value);
    else this.blob(value);
  }

  /** The lists so far. Their regions belong to the message. */
  take(): PackedValues {
    const packed: { -readonly [K in keyof PackedValues]: PackedValues[K] } = { kinds: this.#kinds };
    if (this.#numbers !== undefined) packed.numbers = this.#numbers;
    if (this.#integers !== undefined) packed.integers = this.#integers;
    if (this.#texts !== undefined) packed.texts = this.#texts;
    if (this.#blobs !== undefined) packed.blobs = this.#blobs;
    if (this.#regions !== undefined) packed.regions = this.#regions;
    return packed;
  }

  /** Releases the regions of values that are not sent after all. */
  drop(): void {
    for (const region of this.#regions ?? []) region.release();
  }
}

/** Takes values out of the lists, in order. */
export class ValuesReader {
  readonly #from: PackedValues;
  #at = 0;
  #number = 0;
  #integer = 0;
  #text = 0;
  #blob = 0;
  #region = 0;

  constructor(from: PackedValues) {
    this.#from = from;
  }

  /** How many there are. */
  get length(): number {
    return this.#from.kinds.length;
  }

  /**
   * The next value: integers of the letter `i` as a number, larger ones as bigint, blobs as bytes of
   * their own.
   * @throws RangeError if the lists do not fit the letters.
   */
  next(): number | bigint | string | Uint8Array | null {
    const { numbers, integers, texts, blobs, regions } = this.#from;
    switch (this.#from.kinds[this.#at++]) {
      case 'n':
        return null;
      case 'i':
      case 'f':
        return there(numbers?.[this.#number++]);
      case 'I':
        return there(integers?.[this.#integer++]);
      case 't':
        return there(texts?.[this.#text++]);
      case 'b':
        return there(blobs?.[this.#blob++]);
      case 'r':
        return there(regions?.[this.#region++]).copy();
      default:
        throw new RangeError('the letters of values are wrong');
    }
  }

  /** The next value, with all integers as bigint. */
  nextExact(): EngineValue {
    const integer = this.#from.kinds[this.#at] === 'i';
    const value = this.next();
    if (!integer) return value;
    if (!Number.isSafeInteger(value)) throw new RangeError('an integer is none');
    return BigInt(value as number);
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('there are fewer values than letters');
  return value;
}

/** A value that a program gives as a parameter. */
export type SqlInput =
  | null
  | number
  | bigint
  | string
  | boolean
  | Uint8Array
  | ArrayBuffer
  | DataView;

/**
 * Adds a parameter. `refused` makes the error for a value that SQL does not have.
 * `booleans` says whether `true` and `false` are taken, as 1 and 0.
 */
export function packInput(
  packer: ValuesPacker,
  value: unknown,
  booleans: boolean,
  refused: (text: string) => Error,
): void {
  switch (typeof value) {
    case 'string':
      packer.text(value);
      return;
    case 'number':
      if (Number.isNaN(value)) throw refused('NaN is no value of SQL; use null');
      packer.number(value);
      return;
    case 'bigint':
      if (value > largest || value < -largest - 1n) {
        throw refused(`${value} has more than 64 bits`);
      }
      packer.integer(value);
      return;
    case 'boolean':
      if (!booleans) {
        throw refused(
          `${value} is no value of SQL; use 1 and 0, or the option booleans: 'integer'`,
        );
      }
      packer.number(value ? 1 : 0);
      return;
    default:
  }
  if (value === null) packer.null();
  else if (value instanceof Uint8Array) packer.blob(value);
  else if (value instanceof ArrayBuffer) packer.blob(new Uint8Array(value));
  else if (value instanceof DataView) {
    packer.blob(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else throw refused(`${show(value, builtInKind)} is no value of SQL`);
}
