// The mark on this package's own values. By it two copies of the package in one process recognise one another's: they
// cannot use them, since each has its own classes and its own native code, but they can say so.
import { types } from 'node:util';

/** Registered, so that every copy has the same one. */
const brand = Symbol.for('busbar.kind');

/** Each copy has another one. */
const thisCopy = Symbol('copy');

interface Mark {
  readonly kind: string;
  readonly copy: symbol;
}

/** Marks an object, and all that have it as prototype, as this package's own. `kind` is the name that users know. */
export function mark(object: object, kind: string): void {
  Object.defineProperty(object, brand, { value: { kind, copy: thisCopy } satisfies Mark });
}

/** The same of the instances of a class; codecs see by the tag that there is more to them than their members. */
export function markInstances({ name, prototype }: { name: string; prototype: object }): void {
  mark(prototype, name);
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

/** What a value of this package is, in words; `undefined` for all others. */
export function markOf(value: object): string | undefined {
  // Looking at a proxy runs code of its owner.
  if (types.isProxy(value)) return undefined;
  const { [brand]: found } = value as { readonly [brand]?: Partial<Mark> };
  if (typeof found?.kind !== 'string') return undefined;
  return found.copy === thisCopy ? found.kind : `${found.kind} of another copy of this package`;
}
