// Structs of a fixed layout. A received struct is a view whose getters read the bytes in place, so
// a receiver pays only for the fields it reads. The layout is C's (struct-layout.ts).
import { types } from 'node:util';
import { show } from '../../checks.js';
import { InvalidArgumentError } from '../../errors/index.js';
import { ownedBytes } from '../../memory/owned-bytes.js';
import type { StagingArena } from '../../memory/staging-arena.js';
import type { Codec } from '../codec.js';
import { arrayReader, arrayWriter, type TypedArrayOf } from './struct-arrays.js';
import {
  type ElementType,
  type FieldLayout,
  type FieldType,
  layOut,
  type ScalarType,
  type StructFields,
  type StructLayout,
} from './struct-layout.js';
import {
  type FieldReader,
  type FieldWriter,
  scalarReader,
  scalarWriter,
} from './struct-scalars.js';
import { type StructWriter, structWriter } from './struct-writer.js';

type ScalarValue<S extends ScalarType> = S extends 'bool'
  ? boolean
  : S extends 'i64' | 'u64'
    ? bigint
    : number;

/** The value that reading a field returns. */
export type FieldValue<F extends FieldType> = F extends ScalarType
  ? ScalarValue<F>
  : F extends readonly ['char', number]
    ? string
    : F extends readonly [infer E extends Exclude<ElementType, 'char'>, number]
      ? TypedArrayOf<E>
      : never;

/** The values that a field accepts: for an array, anything with its length and fitting elements. */
export type FieldInit<F extends FieldType> = F extends readonly [
  infer E extends ElementType,
  number,
]
  ? E extends 'char'
    ? string
    : ArrayLike<E extends 'i64' | 'u64' ? bigint : number>
  : FieldValue<F>;

/**
 * The values that can be sent as a struct: a plain object with all fields, or a view of the same
 * struct.
 */
export type StructInit<F extends StructFields> = { readonly [K in keyof F]: FieldInit<F[K]> };

/** A struct in place: its fields read and write `bytes`, and arrays are views of them. */
export type StructView<F extends StructFields> = { -readonly [K in keyof F]: FieldValue<F[K]> } & {
  /** The struct's own bytes: `codec.size` of them, including padding. */
  readonly bytes: Uint8Array;
};

/** The codec of a struct, with its layout for comparison with a C header. */
export interface StructCodec<F extends StructFields>
  extends Codec<StructView<F>, StructInit<F>>,
    StructLayout {
  /** The offset of each field, as C's `offsetof`. */
  readonly offsets: { readonly [K in keyof F]: number };
  /**
   * Makes a struct with bytes of its own, zero except for the fields in `init`. It can be filled
   * and sent repeatedly: sending a view copies its bytes without reading its fields.
   */
  create(init?: Partial<StructInit<F>>): StructView<F>;
  /**
   * A view of `bytes`, without copying them.
   * @throws InvalidArgumentError if there are not exactly `size` bytes, or their offset in their
   * buffer is not a multiple of `alignment`.
   */
  view(bytes: Uint8Array): StructView<F>;
}

interface Field extends FieldLayout {
  readonly read: FieldReader;
  readonly write: FieldWriter;
}

/**
 * Describes a struct. Types: `i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 bool`, and `[type, length]` for
 * arrays, with `char` for text padded with zeros. Little-endian, naturally aligned as in C; 64-bit
 * integers are bigints. A value that does not fit its field is refused with `InvalidArgumentError`,
 * never wrapped. As with `bytes`, keeping a received struct keeps up to 64 KiB alive;
 * `codec.view(received.bytes.slice())` keeps only its own bytes.
 *
 * ```ts const Pose = messageType('com.example.pose', { codec: struct({ x: 'f64', y: 'f64', id:
 * 'u32' }) });
 * ```
 * @throws InvalidArgumentError if a name or type is wrong, or the struct would have more than 1
 * MiB.
 */
export function struct<const F extends StructFields>(fields: F): StructCodec<F> {
  const layout = layOut(fields);
  const View = viewClass(layout);
  const { size } = layout;

  const write = structWriter(
    layout,
    View.fields.map((field) => field.write),
  );
  const texts = View.fields.filter(({ type }) => type === 'char');

  function view(bytes: Uint8Array): StructView<F> {
    checkBytes(bytes, layout);
    return new View(bytes) as unknown as StructView<F>;
  }

  return Object.freeze({
    name: 'struct',
    ...layout,
    offsets: Object.freeze(
      Object.fromEntries(layout.fields.map(({ name, offset }) => [name, offset])),
    ) as StructCodec<F>['offsets'],
    view,
    create: (init?: Partial<StructInit<F>>): StructView<F> =>
      Object.assign(view(new Uint8Array(size)), init),
    encode(value: StructInit<F>, arena: StagingArena): void {
      // A view whose bytes were transferred has none left; its getters then throw.
      if (value instanceof View && value.bytes.length === size) arena.stage(value.bytes, 0, size);
      else encodeObject(write, size, value, arena);
    },
    decode(source: Uint8Array, start: number, end: number): StructView<F> {
      if (end - start !== size) {
        throw new RangeError(`struct of ${end - start} bytes; expected ${size}`);
      }
      const bytes = ownedBytes(source, start, end);
      // Fails now, not when the field is read: malformed text is the sender's fault.
      for (const { read } of texts) read(bytes);
      return new View(bytes) as unknown as StructView<F>;
    },
  });
}

function checkBytes(
  bytes: unknown,
  { size, alignment }: StructLayout,
): asserts bytes is Uint8Array {
  if (!types.isUint8Array(bytes) || bytes.length !== size) {
    const found = types.isUint8Array(bytes) ? `${bytes.length} bytes` : show(bytes);
    throw new InvalidArgumentError(`struct of ${found}; expected ${size} bytes`);
  }
  if (bytes.byteOffset % alignment !== 0) {
    throw new InvalidArgumentError(
      `struct at byte ${bytes.byteOffset} of its buffer; expected a multiple of ${alignment}`,
      { value: bytes.byteOffset },
    );
  }
}

function encodeObject(
  write: StructWriter,
  size: number,
  value: unknown,
  arena: StagingArena,
): void {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidArgumentError(`payload is ${show(value)}; expected an object`, { value });
  }
  const start = arena.reserve(size);
  const { buffer, view } = arena;
  try {
    write(view, buffer, start, value as Record<string, unknown>);
  } catch (error) {
    arena.cancel(buffer, start);
    throw error;
  }
  arena.stage(buffer, start, start + size);
}

/** Makes the class of a struct's views, with a getter and a setter for each field. */
function viewClass(layout: StructLayout) {
  const fields = layout.fields.map(
    (field): Field => ({ ...field, read: readerOf(field), write: writerOf(field) }),
  );

  class View {
    static readonly fields: readonly Field[] = fields;
    readonly #bytes: Uint8Array;

    constructor(bytes: Uint8Array) {
      this.#bytes = bytes;
    }

    get bytes(): Uint8Array {
      return this.#bytes;
    }

    /** The fields as a plain object, for logs and JSON. */
    toJSON(): Record<string, unknown> {
      return Object.fromEntries(fields.map(({ name, read }) => [name, read(this.bytes)]));
    }
  }

  for (const { name, read, write } of fields) {
    Object.defineProperty(View.prototype, name, {
      enumerable: true,
      get(this: View) {
        return read(this.bytes);
      },
      set(this: View, value: unknown) {
        const { bytes } = this;
        write(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes, 0, value);
      },
    });
  }
  return View;
}

function readerOf({ type, length, offset }: FieldLayout): FieldReader {
  if (length !== undefined) return arrayReader(type as ElementType, length, offset);
  return scalarReader(type as ScalarType, offset);
}

function writerOf({ name, type, length, offset }: FieldLayout): FieldWriter {
  if (length !== undefined) return arrayWriter(name, type as ElementType, length, offset);
  return scalarWriter(name, type as ScalarType, offset);
}
