// Writes objects other than arrays and object literals. The engine is asked what an object is, not
// the object's constructor, so values of another realm (node:vm, jsdom, jest) are written like all
// others.
import { types } from 'node:util';
import { markOf } from '../../brand.js';
import { show } from '../../checks.js';
import { isDetached } from '../../memory/detached.js';
import {
  arrayBufferKind,
  extensionCode,
  kindOfView,
  ownOfErrors,
} from './message-pack-extensions.js';
import { Refusal, within } from './message-pack-refusal.js';
import {
  enter,
  leave,
  writeArray,
  writeByte,
  writeBytes,
  writeHead,
  writeInt64,
  writeMembers,
  writeSize,
  writeUint32,
  writeValue,
} from './message-pack-writer.js';

const { toString: toText } = Object.prototype;
const { toJSON: bufferToJson } = Buffer.prototype;

/**
 * Writes an object as the kind that the engine knows it to be, or as the result of its `toJSON`, or
 * as its own members. The caller has read `toJSON`, once, since it may be a getter.
 */
export function writeOther(value: object, toJSON: unknown): void {
  if (ArrayBuffer.isView(value)) {
    if (toJSON === undefined || toJSON === bufferToJson || !writeJson(value, toJSON)) {
      writeView(value);
    }
    return;
  }
  // One call settles the most frequent case: an instance of a class or an object without a
  // prototype.
  const tag = toText.call(value);
  if (tag === '[object Date]' && types.isDate(value)) writeDate(value);
  else if (toJSON !== undefined && writeJson(value, toJSON)) return;
  else if (tag === '[object Object]') writeMembers(value);
  else writeTagged(value);
}

/**
 * Refuses an object without members that is more than `{}`, as which it would arrive: a promise, an
 * iterator, a `WeakMap`, a `MemoryRegion`.
 */
export function refuseEmpty(object: object): void {
  const { [Symbol.toStringTag]: tag } = object as Partial<Record<symbol, unknown>>;
  if (tag !== undefined || (object.constructor !== Object && isOpaque(object))) refuse(object);
}

/** Objects with nothing that could be sent, whatever members they were given. */
const opaqueKinds = [
  types.isBoxedPrimitive,
  types.isSharedArrayBuffer,
  types.isPromise,
  types.isWeakMap,
  types.isWeakSet,
  types.isGeneratorObject,
  types.isExternal,
  types.isKeyObject,
  types.isCryptoKey,
  // Some runtimes lack some of these checks.
].filter((is) => typeof is === 'function') as readonly ((value: object) => boolean)[];

function isOpaque(object: object): boolean {
  return opaqueKinds.some((is) => is(object));
}

function refuse(object: object): never {
  throw new Refusal(`is ${described(object)}`);
}

function described(value: unknown): string {
  if (typeof value !== 'object' || value === null || markOf(value) !== undefined) {
    return show(value);
  }
  const tag = toText.call(value).slice('[object '.length, -1);
  const name: unknown = tag === 'Object' ? value.constructor?.name : tag;
  if (typeof name !== 'string' || name === '') return 'an object';
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function writeTagged(value: object): void {
  if (types.isMap(value)) writeMap(value);
  else if (types.isSet(value)) writeSet(value);
  else if (types.isAnyArrayBuffer(value)) writeBuffer(value);
  else if (types.isRegExp(value)) writeRegExp(value);
  else if (types.isNativeError(value) || value instanceof Error) writeError(value);
  else if (isOpaque(value) || markOf(value) !== undefined) refuse(value);
  else writeMembers(value);
}

/** False if `toJSON` is not a function, or returned the object itself. */
function writeJson(value: object, toJSON: unknown): boolean {
  if (typeof toJSON !== 'function') return false;
  const json: unknown = toJSON.call(value);
  if (json === value) return false;
  enter();
  writeValue(json);
  leave();
  return true;
}

function writeMap(map: Map<unknown, unknown>): void {
  // Read at once: a getter of a member could change the map.
  const entries = [...Map.prototype.entries.call(map)];
  checkKeys(entries);
  writeHead(entries.length, 0x80, 0xde);
  enter();
  for (const [key, value] of entries) {
    try {
      writeValue(key);
      writeValue(value);
    } catch (error) {
      throw within(error, String(key));
    }
  }
  leave();
}

// The keys become names of members.
function checkKeys(entries: readonly (readonly [unknown, unknown])[]): void {
  if (entries.every(([key]) => typeof key === 'string')) return;
  const names = new Set<string>();
  for (const [key] of entries) {
    if (!keyTypes.has(typeof key)) throw new Refusal(`is a Map with ${described(key)} as a key`);
    const name = String(key);
    if (names.has(name)) throw new Refusal(`is a Map with two keys that are ${name} as text`);
    names.add(name);
  }
}

const keyTypes: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean']);

function writeSet(set: Set<unknown>): void {
  writeExtension(extensionCode.set);
  enter();
  writeArray([...Set.prototype.values.call(set)]);
  leave();
}

// With the members that Node adds to its own errors: code, errno, path.
function writeError(error: Error): void {
  const members: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (!ownOfErrors.has(key)) members[key] = (error as unknown as Record<string, unknown>)[key];
  }
  const { name, message, cause } = error;
  const content: unknown[] = [String(name), String(message)];
  if (Object.hasOwn(error, 'errors') && members.errors === undefined) {
    members.errors = (error as AggregateError).errors;
  }
  const hasMembers = Object.keys(members).length > 0;
  if (cause !== undefined || hasMembers) content.push(cause);
  if (hasMembers) content.push(members);
  writeExtension(extensionCode.error);
  writeHead(content.length, 0x90, 0xdc);
  enter();
  enter();
  writeValue(content[0]);
  writeValue(content[1]);
  if (content.length > 2) writeMember('cause', cause);
  if (hasMembers) writeMembers(members);
  leave();
  leave();
}

function writeMember(key: string, value: unknown): void {
  try {
    writeValue(value);
  } catch (error) {
    throw within(error, key);
  }
}

function writeRegExp({ source, flags }: RegExp): void {
  writeExtension(extensionCode.regExp);
  writeArray([source, flags]);
}

/** Begins an extension whose content is a value: an unused byte, followed by the value. */
function writeExtension(code: number): void {
  writeSizedHead(0xd4, code);
  writeByte(0);
}

// writeValue() has already reserved 16 bytes.
function writeSizedHead(token: number, code: number): void {
  writeByte(token);
  writeByte(code);
}

function writeDate(date: Date): void {
  const time = Date.prototype.getTime.call(date);
  const seconds = Math.floor(time / 1000);
  const nanoseconds = (time - seconds * 1000) * 1e6;
  if (Number.isNaN(time)) {
    writeSizedHead(0xd4, extensionCode.timestamp);
    writeByte(0xff);
  } else if (nanoseconds === 0 && seconds >= 0 && seconds < 2 ** 32) {
    writeSizedHead(0xd6, extensionCode.timestamp);
    writeUint32(seconds);
  } else if (seconds >= 0 && seconds < 2 ** 34) {
    writeSizedHead(0xd7, extensionCode.timestamp);
    writeUint32(nanoseconds * 4 + Math.floor(seconds / 2 ** 32));
    writeUint32(seconds % 2 ** 32);
  } else {
    writeSize(12, 0xc7);
    writeByte(extensionCode.timestamp);
    writeUint32(nanoseconds);
    writeInt64(BigInt(seconds));
  }
}

function writeView(view: ArrayBufferView): void {
  if (isDetached(view.buffer)) throw new Refusal('is an array whose memory was transferred');
  const kind = kindOfView(view);
  if (kind < 0) refuse(view);
  const content = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (types.isUint8Array(view)) {
    writeSize(content.length, 0xc4);
    writeBytes(content);
  } else {
    writeViewContent(kind, content);
  }
}

function writeBuffer(buffer: ArrayBufferLike): void {
  if (types.isSharedArrayBuffer(buffer)) refuse(buffer);
  if (isDetached(buffer)) throw new Refusal('is an ArrayBuffer that was transferred');
  writeViewContent(arrayBufferKind, new Uint8Array(buffer));
}

function writeViewContent(kind: number, content: Uint8Array): void {
  writeSize(content.length + 1, 0xc7);
  writeByte(extensionCode.view);
  writeByte(kind);
  writeBytes(content);
}
