// What a Stinger file must be, by the versions of its form.
import { ModelError, type Place } from '../model-place.js';
import { constraint } from './constraint-rule.js';
import {
  integer,
  isObject,
  list,
  matching,
  object,
  type Rule,
  record,
  such,
  text,
  truth,
  word,
} from './rules.js';

/** The versions that can be read. */
const versions = ['0.0.7', '0.0.8', '0.0.9', '0.1.0', '0.1.1', '0.2.0'];

const reserved = [
  ...['type', 'class', 'struct', 'enum', 'list', 'map', 'set', 'optional', 'bool', 'int', 'float'],
  ...['string', 'datetime', 'duration', 'binary'],
];

const token = matching(/^[a-zA-Z0-9_-]+$/, 'letters, digits, _ and -');
const name: Rule = (value, place) => {
  token(value, place);
  if (reserved.includes(value as string))
    throw new ModelError(place, `is '${value}', a reserved word`);
};
const line = matching(/^[^\n\r]*$/, 'one line', 512);
const version = matching(/^[0-9]+(?:\.[0-9]+){0,2}$/, "a version such as '1.2.3'");

const primitives = ['float', 'string', 'integer', 'boolean', 'datetime', 'duration'];

const scalar = such(
  (value) => value === null || ['string', 'number', 'boolean'].includes(typeof value),
  'a text, a number, a truth value or null',
);
const textOrNull = such((value) => value === null || typeof value === 'string', 'a text or null');

/** The keys that a type needs beside `type`, and their rules. */
interface TypeKeys {
  readonly required: readonly string[];
  readonly known: Readonly<Record<string, Rule>>;
}

const enumKeys: TypeKeys = {
  required: ['enumName'],
  known: { enumName: text(), enumVersion: version, example: textOrNull },
};
const structKeys: TypeKeys = {
  required: ['structName'],
  known: {
    structName: text(),
    structVersion: version,
    example: such((value) => value === null || isObject(value), 'an object or null'),
  },
};
const binaryKeys: TypeKeys = {
  required: ['contentType'],
  known: {
    contentType: (value, place) => {
      text()(value, place);
      if (value === 'application/json') throw new ModelError(place, 'is JSON, which is no binary');
    },
  },
};

/** The rules of one version. */
class Rules {
  readonly #isNewer: boolean;

  constructor(isNewer: boolean) {
    this.#isNewer = isNewer;
  }

  readonly #arg: Rule = (value, place) => {
    object({
      required: ['name', 'type'],
      known: {
        name,
        optional: truth,
        description: line,
        schema: this.#isNewer ? constraint : such(isObject, 'a JSON Schema'),
        index: integer(1),
      },
      instead: { documentation: 'description' },
    })(value, place);
    this.#type(value, place, true);
  };

  /** An argument's type, or that of the elements of an array. */
  #type(value: unknown, place: Place, isArg: boolean): void {
    object({ required: ['type'] })(value, place);
    const { type } = value as { readonly type: unknown };
    const binary = this.#isNewer ? binaryKeys : { required: [], known: { example: scalar } };
    const kinds: Readonly<Record<string, TypeKeys>> = {
      ...Object.fromEntries(
        primitives.map((kind) => [kind, { required: [], known: { example: scalar } }]),
      ),
      binary,
      enum: enumKeys,
      struct: structKeys,
      ...(isArg && { array: this.#arrayKeys }),
    };
    word(Object.keys(kinds))(type, [...place, 'type']);
    object(kinds[type as string] as TypeKeys)(value, place);
  }

  readonly #arrayKeys: TypeKeys = {
    required: ['itemType'],
    known: {
      itemType: (value, place) => this.#type(value, place, false),
      example: such((value) => value === null || Array.isArray(value), 'a list or null'),
    },
  };

  readonly #payload = list(this.#arg, { unique: true });

  /** A member; what has a version names the versions of the enums and structs that it uses. */
  #member(payloads: readonly string[], keys: Parameters<typeof object>[0]): Rule {
    const rule = object({
      ...keys,
      known: {
        ...keys.known,
        documentation: text(),
        version,
        consumers: list(token, { unique: true }),
      },
      instead: { ...keys.instead, description: 'documentation', consumer: 'consumers' },
    });
    return (value, place) => {
      rule(value, place);
      const member = value as Readonly<Record<string, unknown>>;
      if (Object.hasOwn(member, 'consumers') && !Object.hasOwn(member, 'version')) {
        throw new ModelError(place, "has consumers; it needs the key 'version', too");
      }
      if (!Object.hasOwn(member, 'version')) return;
      for (const payload of payloads) needVersions(member[payload], [...place, payload]);
    };
  }

  document(): Rule {
    const payload = this.#payload;
    const struct = object({
      required: ['members'],
      known: { members: payload, documentation: text(), version },
      instead: { description: 'documentation' },
    });
    const top = { description: 'documentation', enums: '', structures: '', signals: '' };
    return object({
      required: ['stingeripc', 'interface'],
      known: {
        stingeripc: object({ required: ['version'], known: { version: word(versions) } }),
        interface: object({
          required: ['name', 'version'],
          known: {
            name: (value, place) => {
              text(32)(value, place);
              name(value, place);
            },
            title: text(64),
            summary: text(128),
            version: text(32),
            documentation: text(),
            license: text(),
          },
          instead: { ...top, properties: '', methods: '', constants: '' },
        }),
        enums: record(name, this.#enum()),
        structures: record(name, (value, place) => {
          struct(value, place);
          const { members, version: own } = value as Readonly<Record<string, unknown>>;
          if (own !== undefined) needVersions(members, [...place, 'members']);
        }),
        signals: record(
          name,
          this.#member(['payload'], {
            known: { payload },
            instead: meant('payload', ['arguments', 'args', 'params', 'values']),
          }),
        ),
        properties: record(
          name,
          this.#member(['values'], {
            required: ['values'],
            known: { values: list(this.#arg, { least: 1, unique: true }), readOnly: truth },
            instead: meant('values', ['payload', 'arguments', 'params', 'value']),
          }),
        ),
        methods: record(
          name,
          this.#member(['arguments', 'returnValues'], {
            required: ['arguments'],
            known: { arguments: payload, returnValues: payload },
            instead: {
              ...meant('arguments', ['argument', 'params', 'payload', 'args', 'arg']),
              ...meant('returnValues', [
                ...['returnValue', 'returnArgs', 'returnParams', 'returnPayload', 'returns'],
                'returnArg',
              ]),
            },
          }),
        ),
        constants: record(
          name,
          object({
            required: ['type', 'value'],
            known: {
              type: word(['float', 'string', 'integer', 'boolean']),
              value: such(
                (value) => ['string', 'number', 'boolean'].includes(typeof value),
                'a text, a number or a truth value',
              ),
              description: line,
            },
            instead: { documentation: 'description' },
          }),
        ),
      },
      instead: {
        ...meant('enums', ['enumerations', 'enum', 'enumeration']),
        ...meant('structures', ['structs', 'struct', 'structure']),
        ...meant('signals', ['sigs', 'signal']),
        ...meant('properties', ['props', 'property']),
        ...meant('methods', ['method']),
        ...meant('constants', ['const', 'constant']),
      },
    });
  }

  #enum(): Rule {
    const value = object({
      required: ['name'],
      known: { name: token, description: line, value: integer() },
      instead: { documentation: 'description' },
    });
    return object({
      required: ['values'],
      known: {
        values: list(value, { least: 1, unique: true }),
        documentation: text(),
      },
      instead: { description: 'documentation' },
    });
  }
}

function meant(right: string, wrong: readonly string[]): Record<string, string> {
  return Object.fromEntries(wrong.map((key) => [key, right]));
}

/** Refuses an enum or struct among arguments that does not say which version it has. */
function needVersions(args: unknown, place: Place): void {
  if (!Array.isArray(args)) return;
  for (const [index, arg] of args.entries()) {
    const { type, itemType } = arg as Readonly<Record<string, unknown>>;
    const at = [...place, index];
    needVersion(arg, at);
    if (type === 'array') needVersion(itemType, [...at, 'itemType']);
  }
}

function needVersion(use: unknown, place: Place): void {
  const { type } = use as { readonly type: unknown };
  for (const kind of ['enum', 'struct']) {
    if (type === kind && !Object.hasOwn(use as object, `${kind}Version`)) {
      throw new ModelError(
        place,
        `lacks the key '${kind}Version', which it needs since what it is part of has a version`,
      );
    }
  }
}

/** The rule for a whole file, by the version that it names. */
export function documentRule(named: unknown): Rule {
  return new Rules(named === '0.2.0').document();
}
