// A Stinger document as the model of an interface, with notes on what the model cannot say.
import type {
  FieldsModel,
  InterfaceModel,
  MethodModel,
  NamedModel,
  PropertyModel,
  TypeModel,
} from '../model.js';
import { ModelError, type Place } from '../model-place.js';
import { checkEnumValue, checkFieldName, checkMemberName } from '../names.js';
import type {
  StingerArg,
  StingerDocument,
  StingerEnum,
  StingerMethod,
  StingerProperty,
  StingerSignal,
  StingerStruct,
  StingerType,
} from './document.js';
import { Names, TypeNames } from './names.js';

/** Something that the interface does not say as Stinger's file does. */
export interface PlacedNote {
  readonly place: Place;
  readonly text: string;
}

/** The longest documentation, in characters. */
const maxDoc = 4096;

/** The keys of a file. */
const parts: ReadonlySet<string> = new Set([
  ...['stingeripc', 'interface', 'enums', 'structures', 'signals', 'properties', 'methods'],
  'constants',
]);

const simple: Readonly<Record<string, string>> = {
  integer: 'i32',
  float: 'f64',
  boolean: 'bool',
  string: 'string',
  datetime: 'time',
  duration: 'duration',
  binary: 'bytes',
};

/** Converts one document. */
export class Converter {
  readonly notes: PlacedNote[] = [];
  readonly #document: StingerDocument;
  readonly #members = new Names((name) => checkMemberName('', name));
  readonly #types = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(document: StingerDocument) {
    this.#document = document;
    const names = new TypeNames();
    for (const kind of ['enums', 'structures'] as const) {
      for (const name of Object.keys(document[kind] ?? {})) {
        this.#types.set(`${kind}.${name}`, names.give(name));
      }
    }
  }

  /** The name that an enum or structure has in the model. */
  typeName(kind: 'enums' | 'structures', name: string): string {
    return this.#types.get(`${kind}.${name}`) ?? '';
  }

  /** The model; `name` replaces that of the interface. */
  model(name: string | undefined): InterfaceModel {
    const { interface: head, methods, properties, signals } = this.#document;
    const doc = this.#documentation(['interface', 'documentation'], this.#headLines());
    const written = {
      methods: this.#mapped('methods', methods, (place, each) => this.#method(place, each)),
      properties: this.#mapped('properties', properties, (place, each) =>
        this.#property(place, each),
      ),
      signals: this.#mapped('signals', signals, (place, each) => this.#signal(place, each)),
    };
    const types = this.#typesInUse();
    for (const key of Object.keys(this.#document)) {
      if (!parts.has(key)) this.#note([key], 'is not known and left out');
    }
    return {
      interface: name ?? `stinger.${this.#named(['interface', 'name'], head.name)}`,
      version: this.#version(head.version),
      ...(doc !== undefined && { doc }),
      ...(Object.keys(types).length > 0 && { types }),
      ...written,
    };
  }

  #named(place: Place, name: string): string {
    const own = name.replace(/^(?=[^A-Za-z])/, 'x');
    if (own !== name) this.#note(place, `is '${own}' here`);
    return own;
  }

  #version(text: string): string {
    const place = ['interface', 'version'];
    const [, major, minor = '0', rest] = /^(\d{1,5})(?:\.(\d{1,5}))?(.*)$/.exec(text) ?? [];
    if (major === undefined) {
      this.#note(place, 'is no version of numbers; it is 0.0 here');
      return '0.0';
    }
    const version = `${Number(major)}.${Number(minor)}`;
    if (rest !== '' && rest !== '.0') this.#note(place, `is ${version} here`);
    return version;
  }

  #headLines(): (string | undefined)[] {
    const { title, summary, documentation, license } = this.#document.interface;
    const constants = Object.entries(this.#document.constants ?? {});
    if (constants.length > 0) {
      this.#note(['constants'], 'are documentation of the interface; it has no constants');
    }
    const lines = constants.map(
      ([name, { value, description }]) =>
        `- \`${name}\` = \`${JSON.stringify(value)}\`${description === undefined ? '' : `: ${description}`}`,
    );
    return [
      title,
      summary,
      documentation,
      lines.length === 0 ? undefined : `Constants:\n\n${lines.join('\n')}`,
      license === undefined ? undefined : `License: ${license}`,
    ];
  }

  #mapped<T, R>(
    kind: string,
    members: Readonly<Record<string, T>> | undefined,
    write: (place: Place, member: T) => R,
  ): Record<string, R> {
    const made: Record<string, R> = {};
    for (const [name, member] of Object.entries(members ?? {})) {
      const place = [kind, name];
      const own = this.#members.give(name, place);
      if (own !== name) this.#note(place, `is called '${own}' here`);
      made[own] = write(place, member);
    }
    return made;
  }

  #method(place: Place, method: StingerMethod): MethodModel {
    const { arguments: args, returnValues = [] } = method;
    const doc = this.#memberDoc(place, method);
    return {
      ...(doc !== undefined && { doc }),
      ...(args.length > 0 && { args: { struct: this.#fields([...place, 'arguments'], args) } }),
      ...(returnValues.length > 0 && {
        returns: { struct: this.#fields([...place, 'returnValues'], returnValues) },
      }),
    };
  }

  #property(place: Place, property: StingerProperty): PropertyModel {
    const doc = this.#memberDoc(place, property);
    return {
      ...(doc !== undefined && { doc }),
      type: { struct: this.#fields([...place, 'values'], property.values) },
      access: property.readOnly === true ? 'read-only' : 'read-write',
    };
  }

  #signal(place: Place, signal: StingerSignal): NamedModel {
    const doc = this.#memberDoc(place, signal);
    const struct = this.#fields([...place, 'payload'], signal.payload ?? []);
    return doc === undefined ? { struct } : { doc, struct };
  }

  #fields(place: Place, args: readonly StingerArg[]): FieldsModel {
    const names = new Names((name) => checkFieldName('', name));
    const fields: Record<string, TypeModel> = {};
    const seen = new Set<string>();
    for (const [index, arg] of args.entries()) {
      const at = [...place, index];
      if (seen.has(arg.name))
        throw new ModelError([...at, 'name'], `is '${arg.name}' for the second time`);
      seen.add(arg.name);
      const name = names.give(arg.name, [...at, 'name']);
      if (name !== arg.name) this.#note([...at, 'name'], `is '${name}' here`);
      fields[name] = this.#field(at, arg);
    }
    return fields;
  }

  #field(place: Place, arg: StingerArg): TypeModel {
    const type = this.#type(place, arg);
    const text = arg.optional === true ? `${type}?` : type;
    const { description, schema, example, index, contentType } = arg;
    if (schema !== undefined) this.#note([...place, 'schema'], 'is documentation only');
    if (index !== undefined) this.#note([...place, 'index'], 'is documentation only');
    const doc = this.#documentation(place, [
      [
        description,
        contentType === undefined ? undefined : `Content type: ${contentType}.`,
        schema === undefined ? undefined : `Constraint: \`${JSON.stringify(schema)}\`.`,
        example === undefined ? undefined : `Example: \`${JSON.stringify(example)}\`.`,
        index === undefined ? undefined : `Index: ${index}.`,
      ]
        .filter((part) => part !== undefined && part !== '')
        .join(' '),
    ]);
    return doc === undefined ? text : { doc, type: text };
  }

  #type(place: Place, { type, enumName, structName, itemType, ...versions }: StingerType): string {
    if (itemType !== undefined && type === 'array') {
      const { contentType } = itemType;
      if (contentType !== undefined) {
        this.#note([...place, 'itemType', 'contentType'], 'is lost');
      }
      return `list<${this.#type([...place, 'itemType'], itemType)}>`;
    }
    if (type === 'enum') {
      return this.#reference([...place, 'enumName'], 'enums', enumName ?? '', versions.enumVersion);
    }
    if (type === 'struct') {
      const at = [...place, 'structName'];
      return this.#reference(at, 'structures', structName ?? '', versions.structVersion);
    }
    return simple[type] ?? 'any';
  }

  #reference(
    place: Place,
    kind: 'enums' | 'structures',
    name: string,
    version: string | undefined,
  ): string {
    const own = this.#types.get(`${kind}.${name}`);
    const declared = own === undefined ? undefined : this.#document[kind]?.[name];
    if (own === undefined || declared === undefined) {
      throw new ModelError(place, `is '${name}', which is not among the ${kind}`);
    }
    const known = ownDoc(declared).version;
    if (typeof version === 'string' && known !== undefined) {
      checkVersions(place, name, version, known);
    }
    this.#used.add(`${kind}.${name}`);
    return own;
  }

  /** The types that members use, and those that these use. */
  #typesInUse(): Record<string, TypeModel> {
    const types: Record<string, TypeModel> = {};
    const done = new Set<string>();
    // A struct may use further ones, which are then in use, too.
    for (let before = -1; before !== done.size; ) {
      before = done.size;
      for (const key of [...this.#used]) {
        if (done.has(key)) continue;
        done.add(key);
        types[this.#types.get(key) ?? ''] = this.#declared(key);
      }
    }
    for (const key of this.#types.keys()) {
      if (!done.has(key)) this.#note(key.split('.'), 'is left out, since no member uses it');
    }
    return types;
  }

  #declared(key: string): TypeModel {
    const [kind = '', name = ''] = key.split('.');
    const place = [kind, name];
    return kind === 'enums'
      ? this.#enum(place, this.#document.enums?.[name] as StingerEnum)
      : this.#struct(place, this.#document.structures?.[name] as StingerStruct);
  }

  #struct(place: Place, struct: StingerStruct): TypeModel {
    const doc = this.#memberDoc(place, ownDoc(struct));
    const fields = this.#fields([...place, 'members'], struct.members);
    return doc === undefined ? { struct: fields } : { doc, struct: fields };
  }

  #enum(place: Place, given: StingerEnum): TypeModel {
    const names = new Names((name) => checkEnumValue('', name));
    const values: string[] = [];
    const lines: string[] = [];
    let hasNumbers = false;
    for (const [index, { name, description, value }] of given.values.entries()) {
      const at = [...place, 'values', index, 'name'];
      const own = allowedValue(name) ? names.take(name) : names.give(name, at);
      if (own !== name) this.#note(at, `is '${own}' here`);
      values.push(own);
      hasNumbers ||= value !== undefined;
      const number = value === undefined ? '' : ` (${value})`;
      const text = description === undefined || description === '' ? '' : `: ${description}`;
      lines.push(`- \`${own}\`${number}${text}`);
    }
    if (hasNumbers) this.#note([...place, 'values'], 'have numbers, which are documentation only');
    const isTold = lines.some((line) => !line.endsWith('`'));
    const doc = this.#memberDoc(place, ownDoc(given), isTold ? lines.join('\n') : undefined);
    return doc === undefined ? { enum: values } : { doc, enum: values };
  }

  #memberDoc(
    place: Place,
    {
      documentation,
      version,
      consumers,
    }: { documentation?: string; version?: string; consumers?: readonly string[] },
    more?: string,
  ): string | undefined {
    if (version !== undefined) this.#note([...place, 'version'], 'is documentation only');
    if (consumers !== undefined) this.#note([...place, 'consumers'], 'are documentation only');
    return this.#documentation(place, [
      documentation,
      more,
      version === undefined ? undefined : `Version ${version}.`,
      consumers === undefined || consumers.length === 0
        ? undefined
        : `Consumers: ${consumers.join(', ')}.`,
    ]);
  }

  /** Paragraphs as one documentation, which is cut if it is too long. */
  #documentation(place: Place, paragraphs: readonly (string | undefined)[]): string | undefined {
    const text = paragraphs
      .map((paragraph) => paragraph?.trim() ?? '')
      .filter((paragraph) => paragraph !== '')
      .join('\n\n');
    if (text === '') return undefined;
    if (text.length <= maxDoc) return text;
    this.#note(place, `has a documentation of more than ${maxDoc} characters, which is cut`);
    return `${text.slice(0, maxDoc - 1).replace(/[\ud800-\udbff]$/, '')}…`;
  }

  #note(place: Place, text: string): void {
    this.notes.push({ place, text });
  }
}

function allowedValue(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name);
}

/** Refuses the use of another version than the declared one; the patch level does not count. */
function checkVersions(place: Place, name: string, used: string, declared: string): void {
  const numbers = (version: string) => version.split('.').concat('0').slice(0, 2).map(Number);
  if (numbers(used).join('.') !== numbers(declared).join('.')) {
    throw new ModelError(
      place.slice(0, -1),
      `uses version ${used} of ${name}, which has version ${declared}`,
    );
  }
}

/**
 * Of an enum or struct, where `consumers` is a key that means nothing and may hold anything. In the
 * versions of the schema that do not know the other two, they may, too.
 */
function ownDoc({ documentation, version }: StingerEnum | StingerStruct) {
  return {
    ...(typeof documentation === 'string' && { documentation }),
    ...(typeof version === 'string' && { version }),
  };
}
