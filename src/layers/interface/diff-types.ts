// What a change of a type means for peers that know the one or the other. Every rule looks both
// ways: old senders meet new receivers, and new senders old ones.
import { newWalk, nodeOf } from './compile.js';
import { jsonSchemaOf } from './json-schema.js';
import { canonicalJson } from './model.js';
import { type AnySchema, type Fields, isOwn, isSchema, type OwnSchema } from './schema.js';

/** What a change means for programs that were made for the other version. */
export type Effect =
  /** They go on as they are, and so does their source text. */
  | 'compatible'
  /** They go on as they are; compiled anew, their source text may not fit. */
  | 'source-breaking'
  /** Calls, results or signals between the two versions are refused, or mean something else. */
  | 'wire-breaking';

/** One difference between two versions of an interface. */
export interface Change {
  /** Where it is, as in `methods.setTarget.args.celsius`, or `types.Sample.at` for a named type. */
  readonly path: string;
  /** What it means for programs that were made for the other version. */
  readonly effect: Effect;
  /** What is different, in words. */
  readonly text: string;
}

type Optional = OwnSchema & { readonly kind: 'optional' };

/** Compares types, and collects the differences. Named types are compared once. */
export class TypeDiff {
  readonly changes: Change[] = [];
  readonly #compared = new Set<string>();

  add(path: string, effect: Effect, text: string): void {
    this.changes.push({ path, effect, text });
  }

  /** Compares two types, or fields of structs. */
  types(path: string, before: AnySchema | Fields, after: AnySchema | Fields): void {
    const [a, b] = [structOf(before), structOf(after)];
    if (a !== undefined && b !== undefined) this.#structs(path, a, b);
    else this.#schemas(path, before as AnySchema, after as AnySchema);
  }

  #structs(path: string, before: Named, after: Named): void {
    if (this.#isCompared(path, before.name, after.name)) return;
    this.fields(placeOf(path, before.name, after.name), before.fields, after.fields);
  }

  /** Whether two types of these names were compared before; tells that their names differ. */
  #isCompared(path: string, before: string | undefined, after: string | undefined): boolean {
    if (before !== after) {
      this.add(path, 'source-breaking', `the type is ${nameOf(after)}, before ${nameOf(before)}`);
    }
    if (before === undefined || after === undefined) return false;
    const pair = `${before} ${after}`;
    const isKnown = this.#compared.has(pair);
    this.#compared.add(pair);
    return isKnown;
  }

  /** Compares the fields of two structs, or arguments. */
  fields(path: string, before: Fields, after: Fields): void {
    for (const [name, schema] of Object.entries(before)) {
      const at = `${path}.${name}`;
      const next = after[name];
      if (next !== undefined) this.#field(at, schema, next);
      else if (mayMiss(schema)) this.add(at, 'source-breaking', 'removed; it could be missing');
      else this.add(at, 'wire-breaking', 'removed, but older receivers require it');
    }
    for (const [name, schema] of Object.entries(after)) {
      if (before[name] !== undefined) continue;
      const at = `${path}.${name}`;
      if (mayMiss(schema)) this.add(at, 'compatible', 'added; it may be missing');
      else this.add(at, 'wire-breaking', 'added, but older senders do not send it');
    }
  }

  #field(path: string, before: AnySchema, after: AnySchema): void {
    if (mayMiss(before) && !mayMiss(after)) {
      this.add(path, 'wire-breaking', 'required now, but older senders may leave it out');
    } else if (!mayMiss(before) && mayMiss(after)) {
      this.add(path, 'wire-breaking', 'optional now, but older receivers require it');
    } else if (isOptional(before) && isOptional(after)) {
      this.#defaults(path, before, after);
    }
    this.types(path, innerOf(before), innerOf(after));
  }

  #defaults(path: string, before: Optional, after: Optional): void {
    const [a, b] = [defaultOf(before), defaultOf(after)];
    if (a === b) return;
    if (b === undefined) this.add(path, 'source-breaking', `no default now, before ${a}`);
    else if (a === undefined) this.add(path, 'compatible', `the default is ${b} now, before none`);
    else this.add(path, 'compatible', `the default is ${b} now, before ${a}`);
  }

  #schemas(path: string, before: AnySchema, after: AnySchema): void {
    if (!isSchema(before) || !isSchema(after) || !isOwn(before) || !isOwn(after)) {
      this.#described(path, before, after);
    } else if (before.kind !== after.kind) {
      this.#kinds(path, before, after);
    } else if (before.kind === 'enum' && after.kind === 'enum') {
      if (this.#isCompared(path, before.name, after.name)) return;
      this.#values(placeOf(path, before.name, after.name), before.values, after.values);
    } else if (before.kind === 'json' || after.kind === 'json') {
      this.#described(path, before, after);
    } else if (isOptional(before) && isOptional(after)) {
      this.#field(path, before, after);
    } else if ('of' in before && 'of' in after) {
      this.types(`${path}${before.kind === 'list' ? '[]' : '{}'}`, before.of, after.of);
    }
  }

  #kinds(path: string, before: OwnSchema, after: OwnSchema): void {
    const texts = `${after.kind} now, before ${before.kind}`;
    const isText = (schema: OwnSchema): boolean => ['string', 'enum'].includes(schema.kind);
    const isJson = (schema: OwnSchema): boolean => ['any', 'json'].includes(schema.kind);
    // Receivers keep the values of an enum that they do not know, and JSON is what it is.
    const isSame = [isText, isJson].some((is) => is(before) && is(after));
    this.add(path, isSame ? 'source-breaking' : 'wire-breaking', texts);
  }

  #values(path: string, before: readonly string[], after: readonly string[]): void {
    for (const value of before) {
      if (!after.includes(value)) this.add(`${path}.${value}`, 'source-breaking', 'removed');
    }
    for (const value of after) {
      if (!before.includes(value)) {
        this.add(`${path}.${value}`, 'compatible', 'added; older receivers get it as a text');
      }
    }
  }

  /** Schemas of other libraries: what they accept is known by their descriptions only. */
  #described(path: string, before: AnySchema | Fields, after: AnySchema | Fields): void {
    const [a, b] = [before, after].map((schema) => {
      return isSchema(schema) ? canonicalJson(jsonSchemaOf(schema, 'input')) : 'fields';
    });
    if (a !== b) this.add(path, 'wire-breaking', 'described differently by its schema');
  }
}

interface Named {
  readonly name: string | undefined;
  readonly fields: Fields;
}

function structOf(type: AnySchema | Fields): Named | undefined {
  if (!isSchema(type)) return { name: undefined, fields: type };
  return isOwn(type) && type.kind === 'struct' ? type : undefined;
}

function placeOf(path: string, before: string | undefined, after: string | undefined): string {
  return after !== undefined && before === after ? `types.${after}` : path;
}

function nameOf(name: string | undefined): string {
  return name === undefined ? 'without a name' : name;
}

function isOptional(schema: AnySchema): schema is AnySchema & Optional {
  return isOwn(schema) && schema.kind === 'optional';
}

function innerOf(schema: AnySchema): AnySchema {
  return isOptional(schema) ? schema.of : schema;
}

/** Whether a field may be missing: only a foreign schema itself knows. */
export function mayMiss(schema: AnySchema): boolean {
  if (isOwn(schema)) return schema.kind === 'optional';
  try {
    nodeOf(schema).encode(undefined, newWalk(true));
    return true;
  } catch {
    return false;
  }
}

function defaultOf({ of, default: value }: Optional): string | undefined {
  if (value === undefined) return undefined;
  return canonicalJson(nodeOf(of).encode(value, newWalk(true)));
}
