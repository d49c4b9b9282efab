// Reads MessagePack. The bytes come from another process: each length is checked against the bytes
// left before memory is allocated for it, text must be UTF-8, and nesting is limited. No foreign
// code runs meanwhile, so the state can be the module's.
import {
  dateOf,
  errorOf,
  extensionCode,
  maxDepth,
  regExpOf,
  setOf,
  viewOf,
} from './message-pack-extensions.js';
import { keyNamed, keyOf, textOf } from './message-pack-texts.js';

const nothing: Uint8Array = new Uint8Array(0);

let source = nothing;
let position = 0;
let end = 0;
let depth = 0;
/** The members that the arrays begun so far may have together: each takes at least one byte. */
let members = 0;

/** Numbers and timestamps are copied here to be read. */
const numberBytes = new Uint8Array(16);
const numberView = new DataView(numberBytes.buffer);
const maxExact = 2n ** 53n;

/**
 * The value in bytes `from` to `to` of `bytes`, which it does not reference afterwards.
 * @throws An error that tells what is wrong with the bytes.
 */
export function readFrom(bytes: Uint8Array, from: number, to: number): unknown {
  // slice() of a Buffer would not copy.
  source = Buffer.isBuffer(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : bytes;
  position = from;
  end = to;
  depth = 0;
  members = to - from;
  try {
    const value = readValue();
    if (position !== end)
      throw new RangeError(`${end - position} bytes after the end of the value`);
    return value;
  } finally {
    source = nothing;
  }
}

function readValue(): unknown {
  if (position >= end) throw truncated();
  const token = source[position++] as number;
  if (token < 0x80) return token;
  if (token < 0x90) return readMap(token & 0x0f);
  if (token < 0xa0) return readArray(token & 0x0f);
  if (token < 0xc0) return readText(token & 0x1f);
  if (token >= 0xe0) return token - 0x100;
  return readLonger(token);
}

function readLonger(token: number): unknown {
  switch (token) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xcc:
      return readUint8();
    case 0xcd:
      return readUint16();
    case 0xce:
      return readUint32();
    case 0xd0:
      return (readUint8() << 24) >> 24;
    case 0xd1:
      return (readUint16() << 16) >> 16;
    case 0xd2:
      return readUint32() | 0;
    case 0xcb:
      return load(8).getFloat64(0);
    case 0xca:
      return load(4).getFloat32(0);
    case 0xcf:
      return exact(load(8).getBigUint64(0));
    case 0xd3:
      return exact(load(8).getBigInt64(0));
    case 0xd9:
      return readText(readUint8());
    case 0xda:
      return readText(readUint16());
    case 0xdb:
      return readText(readUint32());
    case 0xc4:
      return readBytes(readUint8());
    case 0xc5:
      return readBytes(readUint16());
    case 0xc6:
      return readBytes(readUint32());
    case 0xdc:
      return readArray(readUint16());
    case 0xdd:
      return readArray(readUint32());
    case 0xde:
      return readMap(readUint16());
    case 0xdf:
      return readMap(readUint32());
    case 0xc7:
      return readExtension(readUint8());
    case 0xc8:
      return readExtension(readUint16());
    case 0xc9:
      return readExtension(readUint32());
    case 0xc1:
      throw new TypeError('byte c1, which MessagePack does not use');
    default:
      return readExtension(1 << (token - 0xd4));
  }
}

function readMap(length: number): Record<string, unknown> {
  if (length > (end - position) / 2) throw truncated();
  enter();
  const object: Record<string, unknown> = {};
  for (let index = 0; index < length; index++) {
    const key = readKey();
    object[key] = readValue();
  }
  depth--;
  return object;
}

function readKey(): string {
  const token = source[position] as number;
  if (token >= 0xa0 && token < 0xc0) {
    position++;
    const length = token & 0x1f;
    return keyOf(source, take(length), length);
  }
  const key = readValue();
  if (typeof key === 'object' && key !== null)
    throw new TypeError('a key that is neither text nor a number');
  return keyNamed(String(key));
}

function readArray(length: number): unknown[] {
  members -= length;
  if (length > end - position || members < 0) throw truncated();
  enter();
  const values = new Array<unknown>(length);
  for (let index = 0; index < length; index++) values[index] = readValue();
  depth--;
  return values;
}

function readText(length: number): string {
  return textOf(source, take(length), length);
}

function readBytes(length: number): Uint8Array {
  const at = take(length);
  return source.slice(at, at + length);
}

function readExtension(length: number): unknown {
  const code = readUint8();
  const at = take(length);
  const stop = at + length;
  switch (code) {
    case extensionCode.undefined:
      return undefined;
    case extensionCode.timestamp:
      return dateOf(loadAt(at, Math.min(length, numberBytes.length)), length);
    case extensionCode.view:
      return viewOf(
        length === 0 ? -1 : (source[at] as number),
        source.slice(at + 1, stop) as Uint8Array<ArrayBuffer>,
      );
    case extensionCode.set:
      return setOf(readContent());
    case extensionCode.error:
      return errorOf(readContent());
    case extensionCode.regExp:
      return regExpOf(readContent());
    default:
      throw new TypeError(`unknown extension type ${code}`);
  }
}

/** The value after an extension's head, which is its content. */
function readContent(): unknown {
  enter();
  const content = readValue();
  depth--;
  return content;
}

function enter(): void {
  if (++depth > maxDepth) throw new RangeError(`nested more than ${maxDepth} deep`);
}

/** Skips `length` bytes and returns where they begin. */
function take(length: number): number {
  const at = position;
  if (length > end - at) throw truncated();
  position = at + length;
  return at;
}

function readUint8(): number {
  return source[take(1)] as number;
}

function readUint16(): number {
  const at = take(2);
  return ((source[at] as number) << 8) | (source[at + 1] as number);
}

function readUint32(): number {
  const at = take(4);
  return (
    (((source[at] as number) << 24) |
      ((source[at + 1] as number) << 16) |
      ((source[at + 2] as number) << 8) |
      (source[at + 3] as number)) >>>
    0
  );
}

// Copies the bytes, since a DataView of the message would have to be made for each message.
function load(length: number): DataView {
  return loadAt(take(length), length);
}

function loadAt(at: number, length: number): DataView {
  for (let index = 0; index < length; index++) numberBytes[index] = source[at + index] as number;
  return numberView;
}

/** As a number, if that is exact. */
function exact(integer: bigint): number | bigint {
  return integer >= -maxExact && integer <= maxExact ? Number(integer) : integer;
}

function truncated(): RangeError {
  return new RangeError('the bytes end within a value');
}
