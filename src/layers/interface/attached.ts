// Compiled schemas of kernel objects and memory regions: an index in the payload, the thing itself
// beside it.
import { show } from '../../base/show.js';
import { type Node, Refused } from './node.js';

// Recognised by shape: importing the classes would load the bus, which this layer runs without.
const has = (value: unknown, ...members: readonly string[]): value is object =>
  typeof value === 'object' && value !== null && members.every((name) => name in value);

function attach<T>(add: () => T): T {
  try {
    return add();
  } catch (error) {
    throw new Refused(error instanceof Error ? error.message : 'cannot be sent', undefined, error);
  }
}

function index(wire: unknown): number {
  if (typeof wire !== 'number' || !Number.isInteger(wire) || wire < 0) {
    throw new Refused(`is ${show(wire)}; expected the index of an attachment`);
  }
  return wire;
}

/** Kernel objects. */
export const object: Node = {
  encode(value, { sink }) {
    if (!has(value, 'take', 'fd')) throw new Refused(`is ${show(value)}; expected a KernelObject`);
    return attach(() => sink.addObject(value as Parameters<typeof sink.addObject>[0]));
  },
  decode(wire, { source }) {
    const taken = source.takeObject(index(wire));
    if (taken === undefined) throw new Refused('names no object of the message, or one twice');
    return taken;
  },
};

/** Memory regions. */
export const region: Node = {
  encode(value, { sink }) {
    if (!has(value, 'release', 'bytes') && !has(value, 'region', 'offset', 'length')) {
      throw new Refused(`is ${show(value)}; expected a MemoryRegion or a part of one`);
    }
    return attach(() => sink.addRegion(value as Parameters<typeof sink.addRegion>[0]));
  },
  decode(wire, { source }) {
    const taken = source.takeRegion(index(wire));
    if (taken === undefined) throw new Refused('names no region of the message, or one twice');
    return taken;
  },
};
