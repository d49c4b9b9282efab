// The offsets of a struct's fields: C's rules for natural alignment, so that the same declaration
// in C has the same layout (little-endian, on every ABI that this package supports). Layout only,
// no values.
import { endianness } from 'node:os';
import { show } from '../../checks.js';
import { InvalidArgumentError, UnsupportedError } from '../../errors/index.js';

/**
 * The scalar types with their size in bytes, which is also their alignment. In C: `uint8_t` for
 * `u8`, …
 */
export const scalarSizes = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  f32: 4,
  f64: 8,
  bool: 1,
} as const;

/** A scalar type of a struct's field. */
export type ScalarType = keyof typeof scalarSizes;

/** An element type of an array field; `char` makes it a string, in C `char name[16]`. */
export type ElementType = Exclude<ScalarType, 'bool'> | 'char';

/** The type of a field: a scalar, or an array of a fixed length. */
export type FieldType = ScalarType | readonly [element: ElementType, length: number];

/** A struct's fields in order: `{ x: 'f64', y: 'u32', name: ['char', 16] }`. */
export type StructFields = Readonly<Record<string, FieldType>>;

/** A field with its offset. */
export interface FieldLayout {
  /** The name in the declaration. */
  readonly name: string;
  /** The type of the scalar or element. */
  readonly type: ScalarType | 'char';
  /** The elements of an array; `undefined` for a scalar. */
  readonly length: number | undefined;
  /** Bytes from the struct's beginning, as C's `offsetof`. */
  readonly offset: number;
  /** Bytes of the field. */
  readonly size: number;
}

/** A struct's layout; compare it with `sizeof` and `offsetof` of the C declaration. */
export interface StructLayout {
  /** In the order of the declaration. */
  readonly fields: readonly FieldLayout[];
  /** Bytes of the struct, including padding at its end. */
  readonly size: number;
  /** The largest alignment of any field. */
  readonly alignment: number;
}

/** A guess: larger structs are better sent as raw bytes. */
const maxStructBytes = 1024 * 1024;

// The members of every view, which a field would hide.
const reservedNames = new Set(['bytes', 'constructor', 'toJSON', '__proto__']);

/**
 * Lays out the fields in the given order.
 * @throws InvalidArgumentError if a name or type is wrong, or the struct would have more than 1
 * MiB.
 * @throws UnsupportedError on a big-endian machine, where reading in place would swap every number.
 */
export function layOut(fields: StructFields): StructLayout {
  if (endianness() !== 'LE') throw new UnsupportedError('structs need a little-endian machine');
  const laidOut: FieldLayout[] = [];
  let end = 0;
  let alignment = 1;
  for (const [name, type] of Object.entries(fields)) {
    if (reservedNames.has(name)) {
      throw new InvalidArgumentError(`struct field cannot be called '${name}'`, { option: name });
    }
    const shape = shapeOf(name, type);
    const elementSize = shape.type === 'char' ? 1 : scalarSizes[shape.type];
    const offset = roundUp(end, elementSize);
    const size = elementSize * (shape.length ?? 1);
    laidOut.push(Object.freeze({ name, ...shape, offset, size }));
    end = offset + size;
    alignment = Math.max(alignment, elementSize);
  }
  if (laidOut.length === 0) throw new InvalidArgumentError('struct has no fields');
  const size = roundUp(end, alignment);
  if (size > maxStructBytes) {
    throw new InvalidArgumentError(`struct is ${size} bytes long; the limit is ${maxStructBytes}`, {
      limit: maxStructBytes,
    });
  }
  return Object.freeze({ fields: Object.freeze(laidOut), size, alignment });
}

function shapeOf(name: string, type: FieldType): Pick<FieldLayout, 'type' | 'length'> {
  if (typeof type === 'string' && Object.hasOwn(scalarSizes, type))
    return { type, length: undefined };
  if (Array.isArray(type)) {
    const [element, length]: readonly unknown[] = type;
    if (!isElementType(element)) throw unknownType(name, element);
    if (!Number.isInteger(length) || (length as number) < 1) {
      throw new InvalidArgumentError(
        `length of struct field '${name}' is ${show(length)}; expected an integer of at least 1`,
        { option: name, value: length },
      );
    }
    return { type: element, length: length as number };
  }
  throw unknownType(name, type);
}

function isElementType(type: unknown): type is ElementType {
  if (typeof type !== 'string' || type === 'bool') return false;
  return type === 'char' || Object.hasOwn(scalarSizes, type);
}

function unknownType(name: string, type: unknown): InvalidArgumentError {
  const known = `${Object.keys(scalarSizes).join(', ')}, [element, length]`;
  return new InvalidArgumentError(
    `type of struct field '${name}' is ${show(type)}; known: ${known}`,
    { option: name, value: type },
  );
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
