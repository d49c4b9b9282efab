// Structs of a fixed layout: what is received is a view whose getters read the bytes in place, so a receiver
// pays for the fields it looks at. The layout is C's (struct-layout.ts).
import { types } from 'node:util';
import { InvalidArgumentError } from '../../errors/index.js';
import { ownedBytes } from '../../memory/owned-bytes.js';
import type { StagingArena } from '../../memory/staging-arena.js';
import { show } from '../../options.js';
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

/** What reading a field gives. */
export type FieldValue<F extends FieldType> = F extends ScalarType
  ? ScalarValue<F>
  : F extends readonly ['char', number]
    ? string
    : F extends readonly [infer E extends Exclude<ElementType, 'char'>, number]
      ? TypedArrayOf<E>
      : never;

/** What a field can be given: for an array, anything with its length and elements that fit. */
export type FieldInit<F extends FieldType> = F extends readonly [
  infer E extends ElementType,
  number,
]
  ? E extends 'char'
    ? string
    : ArrayLike<E extends 'i64' | 'u64' ? bigint : number>
  : FieldValue<F>;

/** What can be sent as a struct: a plain object with all fields, or a view of the same struct. */
export type StructInit<F extends StructFields> = { readonly [K in keyof F]: FieldInit<F[K]> };

/** A struct in place: reading and assigning a field reads and writes `bytes`. Arrays are views of them. */
export type StructView<F extends StructFields> = { -readonly [K in keyof F]: FieldValue<F[K]> } & {
  /** The struct's own bytes: `codec.size` of them, padding included. */
  readonly bytes: Uint8Array;
};

/** The codec of a struct, with its layout for comparison with a C header. */
export interface StructCodec<F extends StructFields>
  extends Codec<StructView<F>, StructInit<F>>,
    StructLayout {
  /** The offset of each field, as C's `offsetof` gives it. */
  readonly offsets: { readonly [K in keyof F]: number };
  /**
   * Makes a struct with bytes of its own, zero where `init` says nothing. To be filled and sent again and
   * again: sending a view copies its bytes and looks at no field.
   */
  create(init?: Partial<StructInit<F>>): StructView<F>;
  /**
   * A view of bytes you have; they are not copied.
   * @throws InvalidArgumentError if their number is not `size`, or their place in their buffer is not a
   * multiple of `alignment`.
   */
  view(bytes: Uint8Array): StructView<F>;
}

interface Field extends FieldLayout {
  readonly read: FieldReader;
  readonly write: FieldWriter;
}

/**
 * Describes a struct. Types: `i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 bool`, and `[type, length]` for arrays,
 * with `char` for text that is padded with zeros. Little-endian, naturally aligned as in C; 64-bit integers
 * are bigints. A value that does not fit its field is refused with `InvalidArgumentError`, never wrapped. As with
 * `bytes`, a received struct that is kept keeps up to 64 KiB; `codec.view(received.bytes.slice())` keeps its own only.
 *
 * ```ts
 * const Pose = messageType('com.example.pose', { codec: struct({ x: 'f64', y: 'f64', id: 'u32' }) });
 * ```
 * @throws InvalidArgumentError if a name or type is wrong, or the struct would have more than 1 MiB.
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
      // A view whose bytes were transferred elsewhere has none left; its getters then say so.
      if (value instanceof View && value.bytes.length === size) arena.stage(value.bytes, 0, size);
      else encodeObject(write, size, value, arena);
    },
    decode(source: Uint8Array, start: number, end: number): StructView<F> {
      if (end - start !== size) {
        throw new RangeError(`struct of ${end - start} bytes; expected ${size}`);
      }
      const bytes = ownedBytes(source, start, end);
      // Told now, not when the field is read: malformed text is the sender's fault.
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

    /** The fields as a plain object: what a log or JSON shows. */
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
