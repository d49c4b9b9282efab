// Compares two versions of an interface and says what the difference means for those who know only
// one of them.
import { type Change, type Effect, TypeDiff } from './diff-types.js';
import type { Interface, MethodDefinition, NamedTypes, PropertyDefinition } from './interface.js';
import { type Fields, isSchema, type StructSchema } from './schema.js';

/** The differences between two versions of an interface. */
export interface InterfaceDiff {
  /** All of them; those that break most come first. Changed documentation is none. */
  readonly changes: readonly Change[];
  /** The worst effect; `'compatible'` also without changes. */
  readonly effect: Effect;
  /** The version that the new interface needs at least: the old one if nothing has changed. */
  readonly version: string;
  /** Whether the version of the new interface says as much as its changes require. */
  readonly isVersioned: boolean;
}

const severity: Readonly<Record<Effect, number>> = {
  'wire-breaking': 2,
  'source-breaking': 1,
  compatible: 0,
};

/**
 * What has changed between two versions of an interface, and what each change means. A change that
 * breaks needs another major version, which the two have nothing in common with; any other needs
 * another minor version.
 */
export function diff(before: Interface, after: Interface): InterfaceDiff {
  const types = new TypeDiff();
  if (before.name !== after.name) {
    types.add('interface', 'wire-breaking', `${after.name} now, before ${before.name}`);
  }
  compare(types, 'methods', before.methods, after.methods, (path, a, b) =>
    compareMethods(types, path, a, b),
  );
  compare(types, 'properties', before.properties, after.properties, (path, a, b) =>
    compareProperties(types, path, a, b),
  );
  compare(types, 'signals', before.signals, after.signals, (path, a, b) => types.types(path, a, b));
  const changes = types.changes.sort((a, b) => severity[b.effect] - severity[a.effect]);
  const effect = changes[0]?.effect ?? 'compatible';
  const version = changes.length === 0 ? before.version : nextVersion(before, effect);
  return { changes, effect, version, isVersioned: isAtLeast(after.version, version) };
}

function nextVersion({ major, version }: Interface, effect: Effect): string {
  const minor = Number(version.split('.')[1]);
  return effect === 'compatible' ? `${major}.${minor + 1}` : `${major + 1}.0`;
}

function isAtLeast(version: string, least: string): boolean {
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [version, least].map((each) =>
    each.split('.').map(Number),
  ) as [number[], number[]];
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

function compare<T>(
  types: TypeDiff,
  path: string,
  before: { readonly [name: string]: T },
  after: { readonly [name: string]: T },
  each: (path: string, before: T, after: T) => void,
): void {
  for (const [name, member] of Object.entries(before)) {
    const next = after[name];
    if (next === undefined) types.add(`${path}.${name}`, 'wire-breaking', 'removed');
    else each(`${path}.${name}`, member, next);
  }
  for (const name of Object.keys(after)) {
    if (before[name] === undefined) types.add(`${path}.${name}`, 'compatible', 'added');
  }
}

const none: Fields = Object.freeze({});

function compareMethods(
  types: TypeDiff,
  path: string,
  before: MethodDefinition,
  after: MethodDefinition,
): void {
  types.types(`${path}.args`, before.args ?? none, after.args ?? none);
  for (const part of ['returns', 'stream', 'input'] as const) {
    const [a, b] = [before[part], after[part]];
    const at = `${path}.${part}`;
    if (a !== undefined && b !== undefined) types.types(at, a, b);
    else if (a !== undefined) types.add(at, 'wire-breaking', 'removed');
    else if (b !== undefined) types.add(at, 'wire-breaking', 'added');
  }
  compareErrors(types, `${path}.errors`, before.errors ?? {}, after.errors ?? {});
  if (before.idempotent === true && after.idempotent !== true) {
    types.add(
      `${path}.idempotent`,
      'wire-breaking',
      'no longer so, but older callers send it again',
    );
  } else if (before.idempotent !== true && after.idempotent === true) {
    types.add(`${path}.idempotent`, 'compatible', 'so now');
  }
}

function compareErrors(
  types: TypeDiff,
  path: string,
  before: { readonly [code: string]: NamedTypes },
  after: { readonly [code: string]: NamedTypes },
): void {
  for (const [code, data] of Object.entries(before)) {
    const next = after[code];
    if (next === undefined) types.add(`${path}.${code}`, 'source-breaking', 'removed');
    else types.types(`${path}.${code}`, dataOf(data), dataOf(next));
  }
  for (const code of Object.keys(after)) {
    if (before[code] !== undefined) continue;
    types.add(`${path}.${code}`, 'compatible', 'added; older callers get it as an undeclared one');
  }
}

function dataOf(data: NamedTypes): Fields | StructSchema {
  return isSchema(data) ? (data as unknown as StructSchema) : data;
}

function compareProperties(
  types: TypeDiff,
  path: string,
  before: PropertyDefinition,
  after: PropertyDefinition,
): void {
  types.types(`${path}.type`, before.type, after.type);
  const [a, b] = [before.access ?? 'read-only', after.access ?? 'read-only'];
  if (a === b) return;
  const effect = b === 'read-write' ? 'compatible' : 'wire-breaking';
  types.add(`${path}.access`, effect, `${b} now, before ${a}`);
}
