// Measures a value that a port does not encode itself: a structured clone, which another process may
// have made. A clone can be more than the tree that MessagePack and JSON can write: a cycle, or a
// few objects that refer to each other so often that a walk through them would never end. Such a
// value is refused here, before anything else looks into it.

import { Packed } from '../../interface/entry-values.js';

/** As deep as MessagePack is read; see maxDepth in src/messages/codecs. */
const maxDepth = 1000;

/** Roughly the bytes of a value of this process as MessagePack; exactly, of one that is packed. */
export function sizeOf(value: unknown): number {
  if (value instanceof Packed) return value.end - value.start;
  return measured(value, true);
}

/**
 * The same for a value that a peer made.
 * @throws TypeError if the value is no tree: it has an object in two places, holes in a list, memory
 * that its sender can still write to, or is nested too deep.
 */
export function sizeOfReceived(value: unknown): number {
  return measured(value, false);
}

function measured(value: unknown, trusted: boolean): number {
  return typeof value === 'object' && value !== null
    ? sizeOfObject(value, { seen: new Set(), trusted, depth: 0 })
    : sizeOfPrimitive(value);
}

interface Walk {
  /** The lists and objects met so far. */
  readonly seen: Set<object>;
  readonly trusted: boolean;
  depth: number;
}

function sizeOfPrimitive(value: unknown): number {
  if (typeof value === 'string') return value.length + 3;
  return typeof value === 'number' || typeof value === 'bigint' ? 9 : 1;
}

function sizeOfObject(value: object, walk: Walk): number {
  if (ArrayBuffer.isView(value)) return sizeOfView(value, walk.trusted);
  if (++walk.depth > maxDepth) throw new TypeError(`the payload is nested over ${maxDepth} deep`);
  if (walk.seen.has(value)) throw new TypeError('the payload has an object in two places');
  const size = Array.isArray(value) ? sizeOfList(value, walk) : sizeOfMembers(value, walk);
  walk.depth--;
  return size;
}

function sizeOfList(list: readonly unknown[], walk: Walk): number {
  let size = 3;
  if (list.length > 0) walk.seen.add(list);
  for (let index = 0; index < list.length; index++) {
    const each = list[index];
    // A list without members can have a length of four billions.
    if (each === undefined && !(index in list)) throw new TypeError('a list has a hole');
    size += sizeOfPart(each, walk);
  }
  return size;
}

function sizeOfMembers(object: object, walk: Walk): number {
  let size = 3;
  const members = Object.entries(object);
  // Dates, for example, may be in two places.
  if (members.length > 0) walk.seen.add(object);
  for (const [key, each] of members) size += key.length + 1 + sizeOfPart(each, walk);
  return size;
}

function sizeOfPart(value: unknown, walk: Walk): number {
  return typeof value === 'object' && value !== null
    ? sizeOfObject(value, walk)
    : sizeOfPrimitive(value);
}

function sizeOfView({ buffer, byteLength }: ArrayBufferView, trusted: boolean): number {
  // Of any realm, and where there is no such class.
  if (!trusted && Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]') {
    throw new TypeError('the payload has a view of shared memory');
  }
  return byteLength + 5;
}
