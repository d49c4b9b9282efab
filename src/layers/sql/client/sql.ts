// Statements as values: a text and its parameters, made by the tag `sql` or by a call.
import { show } from '../../../base/show.js';
import { refused } from '../checks.js';
import type { SqlInput } from '../values.js';

/** The values of a statement: by place, or by name. */
export type SqlParameters = readonly SqlInput[] | Readonly<Record<string, SqlInput>>;

/** A statement with the values of its parameters. Made by {@link sql}. */
export class SqlStatement {
  /** The text, with a `?` for each value if it comes from a template. */
  readonly text: string;
  /** The values; `undefined` if it has no parameters. */
  readonly values: SqlParameters | undefined;

  /** @internal */
  constructor(text: string, values: SqlParameters | undefined) {
    this.text = text;
    this.values = values;
  }
}

/** What goes into a template: a value, or a statement whose text becomes a part of this one. */
export type TemplateValue = SqlInput | SqlStatement;

/** Makes statements. */
export interface SqlTag {
  /** A statement from a template: what stands in `${}` is a value, never a part of the text. */
  (strings: TemplateStringsArray, ...values: readonly TemplateValue[]): SqlStatement;
  /** A statement from a text, with the values of its parameters. */
  (text: string, values?: SqlParameters): SqlStatement;
  /** A quoted name of a table or column, for a template. */
  identifier(name: string): SqlStatement;
  /** Several values or parts of statements, separated by commas, for a template. */
  list(items: readonly TemplateValue[]): SqlStatement;
}

function template(strings: readonly string[], values: readonly TemplateValue[]): SqlStatement {
  let text = strings[0] ?? '';
  const all: SqlInput[] = [];
  for (const [at, value] of values.entries()) {
    if (value instanceof SqlStatement) {
      if (value.values !== undefined && !isList(value.values)) {
        throw refused(
          'a part of a statement has values by name; only those by place can be joined',
        );
      }
      text += value.text;
      all.push(...(value.values ?? []));
    } else {
      text += '?';
      all.push(value);
    }
    text += strings[at + 1] ?? '';
  }
  return new SqlStatement(text, all);
}

/** Whether parameters are by place. */
export function isList(values: SqlParameters): values is readonly SqlInput[] {
  return Array.isArray(values);
}

function make(first: unknown, ...rest: readonly unknown[]): SqlStatement {
  if (isTemplate(first)) return template(first, rest as readonly TemplateValue[]);
  if (typeof first !== 'string') throw refused(`the statement is ${show(first)}; expected a text`);
  const [values] = rest;
  if (values !== undefined && (typeof values !== 'object' || values === null)) {
    throw refused(`the values are ${show(values)}; expected an array or an object`);
  }
  return new SqlStatement(first, values as SqlParameters | undefined);
}

function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value;
}

/**
 * Makes a statement: sql`select * from users where id = ${id}`, or `sql(text, values)`.
 *
 * ```ts
 * const byName = sql`select * from ${sql.identifier(table)} where name in (${sql.list(names)})`;
 * ```
 */
export const sql: SqlTag = Object.assign(make, {
  identifier(name: string): SqlStatement {
    if (typeof name !== 'string' || name === '' || name.includes('\0')) {
      throw refused(`the name is ${show(name)}; expected a text without NUL`);
    }
    return new SqlStatement(`"${name.replaceAll('"', '""')}"`, undefined);
  },
  list(items: readonly TemplateValue[]): SqlStatement {
    return template(items.map((_, at) => (at === 0 ? '' : ', ')).concat(''), items);
  },
});

/** What the methods that run a statement take: a template, or a statement with options. */
export type StatementParameters<Options> =
  | readonly [strings: TemplateStringsArray, ...values: readonly TemplateValue[]]
  | readonly [statement: SqlStatement | string, options?: Options];

/** The statement and the options of a call. */
export function parametersOf<Options>(
  given: StatementParameters<Options>,
): readonly [SqlStatement, Options | undefined] {
  const [first, ...rest] = given;
  if (isTemplate(first)) return [template(first, rest as readonly TemplateValue[]), undefined];
  if (first instanceof SqlStatement) return [first, rest[0] as Options | undefined];
  return [make(first), rest[0] as Options | undefined];
}
