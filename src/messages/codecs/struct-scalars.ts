// Reads and writes one scalar of a struct. Written for speed: one small function per type, made per
// field, so that the engine can specialise it.
import { show } from '../../checks.js';
import { InvalidArgumentError } from '../../errors/index.js';
import type { ScalarType } from './struct-layout.js';

/** Writes a field's value into the struct that begins at `base`. */
export type FieldWriter = (view: DataView, bytes: Uint8Array, base: number, value: unknown) => void;

/** Reads a field's value out of a struct's bytes. */
export type FieldReader = (bytes: Uint8Array) => unknown;

// Numbers of several bytes are assembled here: a DataView of a message's own few bytes would cost
// 500 ns, because V8 would have to move them out of its heap.
const scratch = new ArrayBuffer(8);
const scratchBytes = new Uint8Array(scratch);
const scratchView = new DataView(scratch);

function load(bytes: Uint8Array, offset: number, count: number): DataView {
  for (let i = 0; i < count; i++) scratchBytes[i] = bytes[offset + i] as number;
  return scratchView;
}

/** Makes the reader of a scalar at `offset`. */
export function scalarReader(type: ScalarType, offset: number): FieldReader {
  switch (type) {
    case 'u8':
      return (bytes) => bytes[offset];
    case 'i8':
      return (bytes) => ((bytes[offset] as number) << 24) >> 24;
    case 'bool':
      return (bytes) => bytes[offset] !== 0;
    case 'u16':
      return (bytes) => load(bytes, offset, 2).getUint16(0, true);
    case 'i16':
      return (bytes) => load(bytes, offset, 2).getInt16(0, true);
    case 'u32':
      return (bytes) => load(bytes, offset, 4).getUint32(0, true);
    case 'i32':
      return (bytes) => load(bytes, offset, 4).getInt32(0, true);
    case 'f32':
      return (bytes) => load(bytes, offset, 4).getFloat32(0, true);
    case 'f64':
      return (bytes) => load(bytes, offset, 8).getFloat64(0, true);
    case 'i64':
      return (bytes) => load(bytes, offset, 8).getBigInt64(0, true);
    case 'u64':
      return (bytes) => load(bytes, offset, 8).getBigUint64(0, true);
  }
}

/**
 * Makes the writer of a scalar at `offset`; it throws InvalidArgumentError for a value that does
 * not fit.
 */
export function scalarWriter(name: string, type: ScalarType, offset: number): FieldWriter {
  switch (type) {
    case 'u8':
      return (view, _bytes, base, value) =>
        view.setUint8(base + offset, integer(name, value, 0, 0xff));
    case 'i8':
      return (view, _bytes, base, value) =>
        view.setInt8(base + offset, integer(name, value, -0x80, 0x7f));
    case 'u16':
      return (view, _bytes, base, value) =>
        view.setUint16(base + offset, integer(name, value, 0, 0xffff), true);
    case 'i16':
      return (view, _bytes, base, value) =>
        view.setInt16(base + offset, integer(name, value, -0x8000, 0x7fff), true);
    case 'u32':
      return (view, _bytes, base, value) =>
        view.setUint32(base + offset, integer(name, value, 0, 0xffff_ffff), true);
    case 'i32':
      return (view, _bytes, base, value) =>
        view.setInt32(base + offset, integer(name, value, -0x8000_0000, 0x7fff_ffff), true);
    case 'f32':
      return (view, _bytes, base, value) =>
        view.setFloat32(base + offset, number(name, value), true);
    case 'f64':
      return (view, _bytes, base, value) =>
        view.setFloat64(base + offset, number(name, value), true);
    case 'i64':
      return (view, _bytes, base, value) =>
        view.setBigInt64(base + offset, bigint(name, value, -(2n ** 63n), 2n ** 63n - 1n), true);
    case 'u64':
      return (view, _bytes, base, value) =>
        view.setBigUint64(base + offset, bigint(name, value, 0n, 2n ** 64n - 1n), true);
    case 'bool':
      return (view, _bytes, base, value) => {
        if (typeof value !== 'boolean') throw refusal(name, value, 'true or false');
        view.setUint8(base + offset, value ? 1 : 0);
      };
  }
}

/** The error for a value that a field cannot hold. */
export function refusal(name: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`field '${name}' is ${show(value)}; expected ${expected}`, {
    option: name,
    value,
  });
}

function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max && Number.isInteger(value)) {
    return value;
  }
  throw refusal(name, value, `an integer of ${min} to ${max}`);
}

function number(name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw refusal(name, value, 'a number');
}

function bigint(name: string, value: unknown, min: bigint, max: bigint): bigint {
  if (typeof value === 'bigint' && value >= min && value <= max) return value;
  throw refusal(name, value, `a bigint of ${min} to ${max}`);
}
