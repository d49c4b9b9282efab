// The JSON Schemas that Stinger takes as constraints of a value: those of draft 4 that its C++ code
// can check.
import {
  either,
  integer,
  list,
  object,
  type Rule,
  record,
  such,
  text,
  truth,
  word,
} from './rules.js';

const number: Rule = such((value) => typeof value === 'number', 'a number');
const count = integer(0);
const simpleType = word(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']);

/** A JSON Schema as a constraint. */
export const constraint: Rule = (value, place) => rule(value, place);

const schemas = list(constraint, { least: 1 });
const named = record(text(), constraint);
const schemaOrTruth = either([truth, constraint], 'a schema, or true or false');
const names = list(text(), { unique: true });

const rule = object({
  isClosed: true,
  known: {
    title: text(),
    description: text(),
    default: () => undefined,
    definitions: named,
    $ref: text(),
    type: either(
      [simpleType, list(simpleType, { least: 1, unique: true })],
      'a type such as string, or a list of types',
    ),
    enum: list(() => undefined, { least: 1, unique: true }),
    allOf: schemas,
    anyOf: schemas,
    oneOf: schemas,
    not: constraint,
    multipleOf: such((value) => typeof value === 'number' && value > 0, 'a number above 0'),
    maximum: number,
    exclusiveMaximum: truth,
    minimum: number,
    exclusiveMinimum: truth,
    maxLength: count,
    minLength: count,
    pattern: text(),
    items: either([constraint, schemas], 'a schema, or a list of schemas'),
    additionalItems: schemaOrTruth,
    maxItems: count,
    minItems: count,
    uniqueItems: truth,
    maxProperties: count,
    minProperties: count,
    required: names,
    properties: named,
    patternProperties: named,
    additionalProperties: schemaOrTruth,
    dependencies: record(text(), either([constraint, names], 'a schema, or a list of names')),
  },
});
