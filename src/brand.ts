// The mark on this package's own values. It lets two copies of the package in one process recognise
// each other's values: neither copy can use them (classes and native code differ), but its errors
// can name them.
import { types } from 'node:util';

/** A registered symbol, so every copy of the package has the same one. */
const brand = Symbol.for('busbar.kind');

/** Unregistered, so it differs between copies. */
const thisCopy = Symbol('copy');

interface Mark {
  readonly kind: string;
  readonly copy: symbol;
}

/**
 * Marks `object`, and every object with it as prototype, as this package's own. `kind` is the
 * public name.
 */
export function mark(object: object, kind: string): void {
  Object.defineProperty(object, brand, { value: { kind, copy: thisCopy } satisfies Mark });
}

/**
 * Marks the instances of a class. The tag shows codecs that an instance is more than its own
 * properties.
 */
export function markInstances({ name, prototype }: { name: string; prototype: object }): void {
  mark(prototype, name);
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

/** The kind of a marked value, in words; `undefined` for any other value. */
export function markOf(value: object): string | undefined {
  // Reading a property of a proxy would run its owner's code.
  if (types.isProxy(value)) return undefined;
  const { [brand]: found } = value as { readonly [brand]?: Partial<Mark> };
  if (typeof found?.kind !== 'string') return undefined;
  return found.copy === thisCopy ? found.kind : `${found.kind} of another copy of this package`;
}
