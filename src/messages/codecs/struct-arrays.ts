// Reads and writes one array field of a struct: numbers as a typed array over its bytes, char as a
// string.
import { decodeUtf8, encodeUtf8Into, isWellFormed } from '../../utf8.js';
import type { ElementType, ScalarType } from './struct-layout.js';
import { type FieldReader, type FieldWriter, refusal, scalarWriter } from './struct-scalars.js';

const arrayTypes = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const satisfies Record<Exclude<ScalarType, 'bool'>, unknown>;

/** The typed array of a field with these elements. */
export type TypedArrayOf<E extends Exclude<ElementType, 'char'>> = InstanceType<
  (typeof arrayTypes)[E]
>;

/**
 * Makes the reader of an array at `offset`; an array of numbers is a view of the struct's own
 * bytes.
 */
export function arrayReader(type: ElementType, length: number, offset: number): FieldReader {
  if (type === 'char') return (bytes) => charsOf(bytes, offset, length);
  const ArrayType = arrayTypes[type];
  return (bytes) => new ArrayType(bytes.buffer as ArrayBuffer, bytes.byteOffset + offset, length);
}

/**
 * Makes the writer of an array at `offset`. It refuses any number of elements other than `length`,
 * and text of more than `length` bytes; shorter text is padded with zeros.
 */
export function arrayWriter(
  name: string,
  type: ElementType,
  length: number,
  offset: number,
): FieldWriter {
  if (type === 'char') return charWriter(name, length, offset);
  const elementSize = arrayTypes[type].BYTES_PER_ELEMENT;
  const writeElement = scalarWriter(`${name}[…]`, type, offset);
  return (view, bytes, base, value) => {
    if (value instanceof arrayTypes[type] && value.length === length) {
      const source = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      bytes.set(source, base + offset);
      return;
    }
    if (!isArrayLike(value) || value.length !== length) {
      throw refusal(name, value, `an array of ${length} elements`);
    }
    for (let index = 0; index < length; index++) {
      writeElement(view, bytes, base + index * elementSize, value[index]);
    }
  };
}

function charWriter(name: string, length: number, offset: number): FieldWriter {
  return (_view, bytes, base, value) => {
    const start = base + offset;
    if (typeof value !== 'string' || !isWellFormed(value) || value.includes('\0')) {
      throw refusal(name, value, 'a well-formed string without U+0000');
    }
    const end = encodeUtf8Into(value, bytes.subarray(start, start + length), 0);
    if (end < 0) throw refusal(name, value, `a string of at most ${length} bytes`);
    bytes.fill(0, start + end, start + length);
  };
}

// Up to the first zero, as in C; without one, the whole array.
function charsOf(bytes: Uint8Array, offset: number, length: number): string {
  const zero = bytes.subarray(offset, offset + length).indexOf(0);
  const end = offset + (zero < 0 ? length : zero);
  const text = decodeUtf8(bytes, offset, end);
  if (text === undefined) throw new TypeError('the characters are not valid UTF-8');
  return text;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return typeof value === 'object' && value !== null && 'length' in value;
}
