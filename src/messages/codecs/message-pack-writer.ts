// Writes a value as MessagePack into a staging arena. Each member is read once, and a value that
// would not arrive unchanged is refused. message-pack-objects.ts writes objects other than arrays
// and object literals.
//
// The state is the module's, for speed. Getters, toJSON() and proxies run while a value is written
// and may themselves send: writeNested() saves the state of the outer message.
import { OutOfMemoryError } from '../../errors/index.js';
import type { StagingArena } from '../../memory/staging-arena.js';
import { isWellFormed, writeUtf8 } from '../../utf8.js';
import { maxDepth } from './message-pack-extensions.js';
import { Refusal, within } from './message-pack-refusal.js';

/** The most bytes that any value needs beside its own text or bytes. */
const headRoom = 16;

/** Up to this length, a loop is faster than a native call. */
const shortText = 48;

/** A longer text is measured first: reserving three bytes per character would be too much. */
const longText = 16 * 1024;

/** Memory grows by doubling up to this size, then by a quarter. */
const doubledBytes = 64 * 1024 * 1024;
const maxBytes = 2 ** 32;

let arena: StagingArena | undefined;
let bytes = new Uint8Array(0);
let view = new DataView(bytes.buffer);
let start = 0;
let position = 0;
/** The last position at which the head of any value fits. */
let lastHead = 0;
let depth = 0;

/** Writes objects other than arrays and object literals. */
export interface ObjectWriter {
  /** Writes the object; its `toJSON` has been read. */
  readonly writeOther: (value: object, toJSON: unknown) => void;
  /** Throws a Refusal if an object without members is more than `{}`. */
  readonly refuseEmpty: (value: object) => void;
}

let objects: ObjectWriter = { writeOther: writeMembers, refuseEmpty: () => undefined };

/** Sets the writer of other objects. Called once, because that module imports this one. */
export function setObjectWriter(writer: ObjectWriter): void {
  objects = writer;
}

/**
 * Writes `value` and makes it the result of `target`.
 * @throws Refusal if MessagePack cannot express the value, and any error of a getter or a
 * `toJSON()`.
 */
export function writeInto(target: StagingArena, value: unknown): void {
  if (arena !== undefined) {
    writeNested(target, value);
    return;
  }
  arena = target;
  depth = 0;
  // Reserves all that is left, since the size is known only at the end.
  start = target.reserve(0);
  position = start;
  const rest = target.buffer.length - start;
  target.reserve(rest);
  use(target, rest);
  try {
    writeValue(value);
    target.stage(bytes, start, position);
  } catch (error) {
    target.cancel(bytes, start);
    // Frees what a large payload needed before it was refused.
    target.clear();
    throw error;
  } finally {
    arena = undefined;
  }
}

function writeNested(target: StagingArena, value: unknown): void {
  const outer = { arena, bytes, view, start, position, lastHead, depth };
  arena = undefined;
  try {
    writeInto(target, value);
  } finally {
    ({ arena, bytes, view, start, position, lastHead, depth } = outer);
  }
}

function use(target: StagingArena, size: number): void {
  bytes = target.buffer;
  view = target.view;
  lastHead = start + size - headRoom;
}

/** Makes room for `size` bytes and the head of another value. */
function makeRoom(size: number): void {
  if (position + size > lastHead) grow(size);
}

function grow(size: number): void {
  const target = arena as StagingArena;
  const written = bytes.subarray(start, position);
  const needed = written.length + size + headRoom;
  const spare = Math.min(needed, Math.max(doubledBytes, needed / 4));
  const reserved = Math.max(needed, Math.min(Math.ceil(needed + spare), maxBytes));
  target.cancel(bytes, start);
  try {
    start = target.reserve(reserved);
  } catch (error) {
    throw new OutOfMemoryError(`no memory for a payload of ${needed} bytes`, { cause: error });
  }
  position = start + written.length;
  use(target, reserved);
  bytes.set(written, start);
}

/** Writes any value. */
export function writeValue(value: unknown): void {
  if (position > lastHead) grow(0);
  switch (typeof value) {
    case 'string':
      writeText(value);
      break;
    case 'number':
      writeNumber(value);
      break;
    case 'object':
      if (value === null) bytes[position++] = 0xc0;
      else if (Array.isArray(value)) writeArray(value);
      else writeObject(value);
      break;
    case 'boolean':
      bytes[position++] = value ? 0xc3 : 0xc2;
      break;
    case 'undefined':
      // An extension that many implementations use.
      bytes[position++] = 0xd4;
      bytes[position++] = 0;
      bytes[position++] = 0;
      break;
    case 'bigint':
      writeBigInt(value);
      break;
    default:
      throw new Refusal(`is a ${typeof value}`);
  }
}

function writeObject(value: object): void {
  // Read once: it may be a getter.
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (toJSON === undefined && value.constructor === Object) writeMembers(value);
  else objects.writeOther(value, toJSON);
}

/** Writes an array, or an array-like value. */
export function writeArray(values: readonly unknown[]): void {
  const { length } = values;
  writeHead(length, 0x90, 0xdc);
  enter();
  let index = 0;
  try {
    for (; index < length; index++) writeValue(values[index]);
  } catch (error) {
    throw within(error, index);
  }
  depth--;
}

/** Writes the own enumerable members of an object as a map. */
export function writeMembers(object: object): void {
  const keys = Object.keys(object);
  const { length } = keys;
  if (length === 0) objects.refuseEmpty(object);
  writeHead(length, 0x80, 0xde);
  enter();
  let key = '';
  try {
    for (let index = 0; index < length; index++) {
      key = keys[index] as string;
      if (position > lastHead) grow(0);
      writeText(key);
      writeValue((object as Record<string, unknown>)[key]);
    }
  } catch (error) {
    throw within(error, key);
  }
  depth--;
}

/**
 * Enters a nested value; pair with {@link leave}, except after an error, which ends the whole
 * write.
 */
export function enter(): void {
  if (++depth > maxDepth) throw new Refusal(`is cyclic or nested more than ${maxDepth} deep`);
}

/** The other half of {@link enter}. */
export function leave(): void {
  depth--;
}

/** The head of an array or a map of `length` members. */
export function writeHead(length: number, short: number, long: number): void {
  if (position > lastHead) grow(0);
  if (length < 16) {
    bytes[position++] = short | length;
  } else if (length < 0x1_0000) {
    bytes[position++] = long;
    view.setUint16(position, length);
    position += 2;
  } else {
    bytes[position++] = long + 1;
    view.setUint32(position, length);
    position += 4;
  }
}

/**
 * The head of a byte array or an extension: `token` is the first of three, the one with an 8-bit
 * length. Makes room for the content.
 */
export function writeSize(size: number, token: number): void {
  if (size > 0xffff_ffff) throw new Refusal('has 4 GiB or more');
  makeRoom(size);
  if (size < 0x100) {
    bytes[position++] = token;
    bytes[position++] = size;
  } else if (size < 0x1_0000) {
    bytes[position++] = token + 1;
    view.setUint16(position, size);
    position += 2;
  } else {
    bytes[position++] = token + 2;
    view.setUint32(position, size);
    position += 4;
  }
}

/** One byte; the caller has made room for it. */
export function writeByte(byte: number): void {
  bytes[position++] = byte;
}

/** Bytes; the caller has made room for them. */
export function writeBytes(source: Uint8Array): void {
  bytes.set(source, position);
  position += source.length;
}

/** 32 bits, most significant byte first; the caller has made room for them. */
export function writeUint32(value: number): void {
  view.setUint32(position, value);
  position += 4;
}

/** 64 bits, likewise. */
export function writeInt64(value: bigint): void {
  view.setBigInt64(position, value);
  position += 8;
}

/** Writes a text; the caller has made room for the head of a value. */
function writeText(text: string): void {
  const { length } = text;
  if (length >= shortText) {
    writeLongerText(text);
    return;
  }
  if (position + 3 * length > lastHead) grow(3 * length);
  const target = bytes;
  const head = position;
  let at = head + (length < 32 ? 1 : 2);
  const content = at;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      target[at++] = unit;
    } else if (unit < 0x800) {
      target[at++] = 0xc0 | (unit >> 6);
      target[at++] = 0x80 | (unit & 0x3f);
    } else if ((unit & 0xf800) !== 0xd800) {
      target[at++] = 0xe0 | (unit >> 12);
      target[at++] = 0x80 | ((unit >> 6) & 0x3f);
      target[at++] = 0x80 | (unit & 0x3f);
    } else {
      const next = text.charCodeAt(++index);
      if (unit > 0xdbff || (next & 0xfc00) !== 0xdc00) throw loneSurrogate();
      const point = 0x1_0000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
      target[at++] = 0xf0 | (point >> 18);
      target[at++] = 0x80 | ((point >> 12) & 0x3f);
      target[at++] = 0x80 | ((point >> 6) & 0x3f);
      target[at++] = 0x80 | (point & 0x3f);
    }
  }
  const size = at - content;
  if (size < 32) {
    target[head] = 0xa0 | size;
  } else {
    if (length < 32) target.copyWithin(head + 2, content, at++);
    target[head] = 0xd9;
    target[head + 1] = size;
  }
  position = at;
}

function writeLongerText(text: string): void {
  if (!isWellFormed(text)) throw loneSurrogate();
  const { length } = text;
  if (length > longText) {
    writeSize(Buffer.byteLength(text), 0xd9);
    position += writeUtf8(text, bytes, position);
    return;
  }
  makeRoom(3 * length);
  // Assumes mostly ASCII: the head then has the expected size.
  const head = position;
  const expected = length < 0x100 ? 2 : 3;
  const size = writeUtf8(text, bytes, head + expected);
  const actual = size < 0x100 ? 2 : 3;
  if (actual !== expected) bytes.copyWithin(head + actual, head + expected, head + expected + size);
  bytes[head] = actual === 2 ? 0xd9 : 0xda;
  if (actual === 2) bytes[head + 1] = size;
  else view.setUint16(head + 1, size);
  position = head + actual + size;
}

function writeNumber(value: number): void {
  if (value >>> 0 === value) {
    if (value < 0x80) {
      if (value === 0 && 1 / value < 0) writeFloat(value);
      else bytes[position++] = value;
    } else if (value < 0x100) {
      bytes[position++] = 0xcc;
      bytes[position++] = value;
    } else if (value < 0x1_0000) {
      bytes[position++] = 0xcd;
      bytes[position++] = value >> 8;
      bytes[position++] = value;
    } else {
      bytes[position++] = 0xce;
      writeUint32(value);
    }
  } else if (value >> 0 === value) {
    if (value >= -0x20) {
      bytes[position++] = value;
    } else if (value >= -0x80) {
      bytes[position++] = 0xd0;
      bytes[position++] = value;
    } else if (value >= -0x8000) {
      bytes[position++] = 0xd1;
      bytes[position++] = value >> 8;
      bytes[position++] = value;
    } else {
      bytes[position++] = 0xd2;
      writeUint32(value);
    }
  } else {
    writeFloat(value);
  }
}

function writeFloat(value: number): void {
  bytes[position++] = 0xcb;
  view.setFloat64(position, value);
  position += 8;
}

function writeBigInt(value: bigint): void {
  const signed = value < 2n ** 63n;
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    throw new Refusal('is a bigint of more than 64 bits');
  }
  bytes[position++] = signed ? 0xd3 : 0xcf;
  writeInt64(BigInt.asIntN(64, value));
}

function loneSurrogate(): Refusal {
  return new Refusal('has a lone surrogate');
}
