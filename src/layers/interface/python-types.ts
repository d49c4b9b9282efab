// The types of an interface in Python: annotations, the classes that they need, and defaults.
import { jsonSchemaOf } from './json-schema.js';
import {
  flat,
  type PythonCode,
  pythonBytes,
  pythonCall,
  pythonList,
  pythonString,
  subscript,
} from './python-layout.js';
import {
  type AnySchema,
  type EnumSchema,
  isOwn,
  type OwnSchema,
  type SimpleKind,
  type StructSchema,
} from './schema.js';

/** What a module has besides its interface. */
export interface PythonModule {
  /** The class of a struct with a name, or of one without that is used in a place. */
  structClass(schema: StructSchema, words: readonly string[]): string;
  /** The class of an enum with a name. */
  enumClass(schema: EnumSchema): string;
  /** The member of an enum's class. */
  enumMember(schema: EnumSchema, value: string): string;
  /** The names of a struct's fields in Python, by those on the wire. */
  fieldNames(schema: StructSchema): ReadonlyMap<string, string>;
  /** Imports a name; returns how it is written. */
  use(module: string, name: string): string;
}

const plain: Readonly<Partial<Record<SimpleKind, string>>> = {
  ...{ bool: 'bool', f64: 'float', i64: 'int', string: 'str', bytes: 'bytes' },
};
const imported: Readonly<Partial<Record<SimpleKind, readonly [string, string]>>> = {
  time: ['datetime', 'datetime'],
  duration: ['datetime', 'timedelta'],
  object: ['busbar', 'KernelObject'],
  region: ['busbar', 'MemoryRegion'],
  any: ['typing', 'Any'],
};

/** The annotation of a schema; `words` name the place, for structs without a name. */
export function annotation(
  module: PythonModule,
  schema: AnySchema,
  words: readonly string[],
): PythonCode {
  if (!isOwn(schema)) return describedAny(module, jsonSchemaOf(schema, 'input'));
  switch (schema.kind) {
    case 'struct':
      return module.structClass(schema, words);
    case 'enum':
      if (schema.name !== undefined) return module.enumClass(schema);
      return subscript(module.use('typing', 'Literal'), schema.values.map(pythonString));
    case 'list':
      return subscript('list', [annotation(module, schema.of, words)]);
    case 'map':
      return subscript('dict', ['str', annotation(module, schema.of, words)]);
    case 'optional': {
      if (schema.default !== undefined) return annotation(module, schema.of, words);
      const inner = withNone(module, schema.of);
      if (inner !== undefined) return inner;
      const of = annotation(module, schema.of, words);
      return typeof of === 'string' ? `${of} | None` : { ...of, close: `${of.close} | None` };
    }
    case 'json':
      return describedAny(module, schema.schema);
    default:
      return simple(module, schema.kind);
  }
}

/** The types that take `None` between their brackets, which formatters leave there. */
function withNone(module: PythonModule, of: AnySchema): PythonCode | undefined {
  if (!isOwn(of)) return describedAny(module, jsonSchemaOf(of, 'input'), ' | None');
  if (of.kind === 'json') return describedAny(module, of.schema, ' | None');
  if (of.kind !== 'enum' || of.name !== undefined) return undefined;
  const values = [...of.values.map(pythonString), 'None'];
  return subscript(module.use('typing', 'Literal'), values);
}

function simple(module: PythonModule, kind: SimpleKind): string {
  const name = imported[kind];
  if (name !== undefined) return module.use(...name);
  return plain[kind] ?? `rpc.${kind.toUpperCase()}`;
}

function describedAny(module: PythonModule, schema: object, none = ''): PythonCode {
  const described = pythonCall('rpc.JsonSchema', [{ code: jsonLiteral(schema) }]);
  const any = `${module.use('typing', 'Any')}${none}`;
  return subscript(module.use('typing', 'Annotated'), [any, described]);
}

/** A JSON value as Python. */
function jsonLiteral(value: unknown): PythonCode {
  switch (typeof value) {
    case 'string':
      return pythonString(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 1e21
        ? `${BigInt(value)}`
        : String(value).replace('e+', 'e');
    default:
      if (value === null || value === undefined) return 'None';
  }
  if (Array.isArray(value)) {
    return pythonList(
      '[',
      value.map((each) => ({ code: jsonLiteral(each) })),
      ']',
    );
  }
  const entries = Object.entries(value as object).filter(([, each]) => each !== undefined);
  const parts = entries.map(([key, each]) => ({
    head: `${pythonString(key)}: `,
    code: jsonLiteral(each),
  }));
  return pythonList('{', parts, '}');
}

/** The default of an optional schema as an expression. */
export function defaultValue(
  module: PythonModule,
  schema: AnySchema,
  value: unknown,
  words: readonly string[],
): PythonCode {
  if (!isOwn(schema)) return jsonLiteral(value);
  switch (schema.kind) {
    case 'list':
      return pythonList(
        '[',
        (value as readonly unknown[]).map((each) => ({
          code: defaultValue(module, schema.of, each, words),
        })),
        ']',
      );
    case 'map':
      return pythonList(
        '{',
        Object.entries(value as object).map(([key, each]) => ({
          head: `${pythonString(key)}: `,
          code: defaultValue(module, schema.of, each, words),
        })),
        '}',
      );
    case 'optional':
      return value === undefined ? 'None' : defaultValue(module, schema.of, value, words);
    case 'struct':
      return structValue(module, schema, value as Readonly<Record<string, unknown>>, words);
    case 'enum':
      if (schema.name === undefined) return pythonString(value as string);
      return `${module.enumClass(schema)}.${module.enumMember(schema, value as string)}`;
    case 'json':
      return jsonLiteral(value);
    default:
      return simpleValue(module, schema, value);
  }
}

function structValue(
  module: PythonModule,
  schema: StructSchema,
  value: Readonly<Record<string, unknown>>,
  words: readonly string[],
): PythonCode {
  const names = module.fieldNames(schema);
  const parts = Object.entries(value)
    .filter(([name, each]) => each !== undefined && names.has(name))
    .map(([name, each]) => ({
      head: `${names.get(name)}=`,
      code: defaultValue(module, schema.fields[name] as AnySchema, each, [...words, name]),
    }));
  return pythonCall(module.structClass(schema, words), parts);
}

function simpleValue(
  module: PythonModule,
  { kind }: OwnSchema & { kind: SimpleKind },
  value: unknown,
): PythonCode {
  switch (kind) {
    case 'bool':
      return value === true ? 'True' : 'False';
    case 'f64':
    case 'f32':
      return floatLiteral(value as number);
    case 'string':
      return pythonString(value as string);
    case 'bytes':
      return pythonBytes(value as Uint8Array);
    case 'time':
      return timeLiteral(module, value as Date);
    case 'duration':
      return pythonCall(module.use('datetime', 'timedelta'), [
        `milliseconds=${floatLiteral(value as number).replace(/\.0$/, '')}`,
      ]);
    case 'any':
      return jsonLiteral(value);
    default:
      return `${value}`;
  }
}

function floatLiteral(value: number): string {
  if (!Number.isFinite(value))
    return `float(${pythonString(String(value).replace('Infinity', 'inf').replace('NaN', 'nan'))})`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value).replace('e+', 'e');
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function timeLiteral(module: PythonModule, value: Date): PythonCode {
  const parts = [value.getUTCFullYear(), value.getUTCMonth() + 1, value.getUTCDate()];
  const time = [value.getUTCHours(), value.getUTCMinutes(), value.getUTCSeconds()];
  const numbers = [...parts, ...time].map(String);
  if (value.getUTCMilliseconds() > 0) numbers.push(`${value.getUTCMilliseconds() * 1000}`);
  const zone = `tzinfo=${module.use('datetime', 'UTC')}`;
  return pythonCall(module.use('datetime', 'datetime'), [...numbers, zone]);
}

/** Whether a default is an object that may be changed, which each value needs a copy of. */
export function isMutable(schema: AnySchema): boolean {
  if (!isOwn(schema)) return true;
  if (schema.kind === 'optional') return isMutable(schema.of);
  return ['list', 'map', 'struct', 'json', 'any'].includes(schema.kind);
}

/** The code on one line, for a place that has no other. */
export function oneLine(code: PythonCode): string {
  return flat(code);
}
