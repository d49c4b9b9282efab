// The model of an interface, as `/describe` has it, as far as forms need it.

/** A type in a model. */
export type TypeModel = string | { readonly [key: string]: unknown };

/** Named types. */
export type FieldsModel = Readonly<Record<string, TypeModel>>;

/** A method. */
export interface MethodModel {
  readonly doc?: string;
  readonly args?: TypeModel;
  readonly returns?: TypeModel;
  readonly stream?: TypeModel;
  readonly input?: TypeModel;
  readonly errors?: Readonly<Record<string, unknown>>;
  readonly idempotent?: boolean;
}

/** An interface. */
export interface InterfaceModel {
  readonly interface: string;
  readonly version: string;
  readonly doc?: string;
  readonly types?: Readonly<Record<string, TypeModel>>;
  readonly methods?: Readonly<Record<string, MethodModel>>;
  readonly properties?: Readonly<
    Record<string, { readonly type: TypeModel; readonly access?: string; readonly doc?: string }>
  >;
  readonly signals?: Readonly<Record<string, unknown>>;
}

/** What a field of a form has to be. */
export interface FieldKind {
  readonly kind: 'number' | 'integer' | 'big' | 'bool' | 'string' | 'time' | 'enum' | 'json';
  readonly optional: boolean;
  readonly values?: readonly string[];
  readonly doc?: string | undefined;
  /** As the interface writes it. */
  readonly text: string;
}

const own = new Set([
  'struct',
  'list',
  'map',
  'enum',
  'optional',
  'schema',
  'type',
  'doc',
  'default',
]);

/** The fields of the arguments of a method. */
export function fieldsOf({ types = {} }: InterfaceModel, args: TypeModel | undefined): FieldsModel {
  let type = args;
  for (let depth = 0; typeof type === 'string' && depth < 8; depth++) type = types[type];
  if (typeof type !== 'object') return {};
  const { struct } = type;
  if (typeof struct === 'string') return fieldsOf({ types } as InterfaceModel, struct);
  if (typeof struct === 'object' && struct !== null) return struct as FieldsModel;
  return type as FieldsModel;
}

/** What stands for a type in a form. */
export function fieldKind({ types = {} }: InterfaceModel, given: TypeModel): FieldKind {
  let type: unknown = given;
  let optional = false;
  let doc: string | undefined;
  for (let depth = 0; depth < 8; depth++) {
    if (typeof type === 'string') {
      if (type.endsWith('?')) {
        optional = true;
        type = type.slice(0, -1);
      } else if (Object.hasOwn(types, type as string)) type = types[type as string];
      else break;
    } else if (typeof type === 'object' && type !== null && !Array.isArray(type)) {
      const parts = type as Readonly<Record<string, unknown>>;
      if (typeof parts.doc === 'string') doc = parts.doc;
      if ('default' in parts) optional = true;
      if ('optional' in parts) {
        optional = true;
        type = parts.optional;
      } else if ('type' in parts && Object.keys(parts).every((name) => own.has(name)))
        type = parts.type;
      else break;
    } else break;
  }
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return { ...plainKind(type), optional, doc, text };
}

function plainKind(type: unknown): Pick<FieldKind, 'kind' | 'values'> {
  if (typeof type === 'string') {
    if (type === 'bool') return { kind: 'bool' };
    if (/^f(32|64)$/.test(type)) return { kind: 'number' };
    if (/^[iu]64$/.test(type)) return { kind: 'big' };
    if (/^[iu](8|16|32|53)$/.test(type)) return { kind: 'integer' };
    if (type === 'time') return { kind: 'time' };
    if (type === 'string' || type === 'bytes') return { kind: 'string' };
    return { kind: 'json' };
  }
  const values = (type as { readonly enum?: unknown } | null)?.enum;
  if (Array.isArray(values)) return { kind: 'enum', values: values.map(String) };
  if (typeof values === 'object' && values !== null)
    return { kind: 'enum', values: Object.keys(values) };
  return { kind: 'json' };
}
