// Evaluates the literals and builder calls of an interface's TypeScript, without running it.
import { InterfaceFileError, InvalidInterfaceError } from './errors.js';
import { type AnySchema, type Fields, isSchema, type Schema } from './schema.js';
import { t } from './t.js';
import { placeOf, type Token, tokensOf } from './type-script-tokens.js';

const maxDepth = 64;

/** A property of an object literal. */
export interface Property {
  readonly doc: string | undefined;
  readonly at: number;
  /** The value; a getter's is evaluated when it is asked for. */
  readonly value: () => unknown;
  readonly isGetter: boolean;
}

/** An object literal, whose meaning depends on where it stands. */
export class ObjectLiteral {
  readonly properties = new Map<string, Property>();
}

/** A call that is no builder of `t`, as of `defineInterface`. */
export class OtherCall {
  readonly callee: string;
  readonly args: readonly unknown[];
  readonly at: number;

  constructor(callee: string, args: readonly unknown[], at: number) {
    this.callee = callee;
    this.args = args;
    this.at = at;
  }
}

/** Reads one text from its tokens on. */
export class Evaluator {
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #tokens: readonly Token[];
  /** The constants that were defined so far. */
  readonly constants = new Map<string, unknown>();
  #next = 0;
  #depth = 0;

  constructor(text: string, file: string | undefined) {
    this.#text = text;
    this.#file = file;
    this.#tokens = tokensOf(text, file);
  }

  /** Refuses what begins at an offset. */
  refuse(at: number, problem: string, cause?: unknown): never {
    const options = cause === undefined ? undefined : { cause };
    throw new InterfaceFileError(placeOf(this.#text, at, this.#file), problem, options);
  }

  /** Calls a function of the value form; its refusals get the place of `at`. */
  within<T>(at: number, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof InvalidInterfaceError) this.refuse(at, error.message, error);
      throw error;
    }
  }

  /** The token that comes next. */
  get token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  /** Takes the next token. */
  take(): Token {
    const { token } = this;
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }

  /** Takes the next token if it has this text and is no string. */
  takeIf(text: string): boolean {
    const { token } = this;
    if (token.kind === 'string' || token.text !== text) return false;
    this.take();
    return true;
  }

  /** Takes a token with this text; refuses any other. */
  expect(text: string): void {
    const { token } = this;
    if (!this.takeIf(text)) this.refuse(token.at, `found ${shown(token)}; expected '${text}'`);
  }

  /** Takes tokens up to one with this text outside of all brackets. */
  skipTo(text: string): void {
    let open = 0;
    for (;;) {
      const { token } = this;
      if (token.kind === 'end') this.refuse(token.at, `the file ends; expected '${text}'`);
      if (token.kind === 'sign') {
        if (open === 0 && token.text === text) return;
        if ('{(['.includes(token.text)) open += 1;
        if ('})]'.includes(token.text)) open -= 1;
      }
      this.take();
    }
  }

  /** The value of the expression that comes next. */
  expression(): unknown {
    this.#depth += 1;
    if (this.#depth > maxDepth) this.refuse(this.token.at, 'this is nested too deep');
    let value = this.#primary();
    while (this.takeIf('.')) value = this.#method(value);
    this.#depth -= 1;
    return value;
  }

  #primary(): unknown {
    const { kind, text, at } = this.take();
    if (kind === 'string') return text;
    if (kind === 'number') return Number(text);
    if (kind === 'bigint') return BigInt(text);
    if (kind === 'word') return this.#word(text, at);
    if (text === '{') return this.#object();
    if (text === '[') return this.#list(']');
    return this.refuse(at, `found '${text}'; expected a value`);
  }

  #word(word: string, at: number): unknown {
    switch (word) {
      case 'true':
      case 'false':
        return word === 'true';
      case 'null':
        return null;
      case 't':
        return this.#builder();
      case 'Number':
        return this.#constantOfNumber(at);
      case 'new':
        return this.#date(at);
      case 'Uint8Array':
        this.expect('.');
        this.expect('of');
        return Uint8Array.from(this.#arguments() as number[]);
      default:
        if (this.constants.has(word)) return this.constants.get(word);
        if (this.token.text !== '(') this.refuse(at, `'${word}' is not defined before this`);
        return new OtherCall(word, this.#arguments(), at);
    }
  }

  #constantOfNumber(at: number): number {
    this.expect('.');
    const { text } = this.take();
    if (text === 'NaN') return Number.NaN;
    if (text === 'POSITIVE_INFINITY') return Number.POSITIVE_INFINITY;
    if (text === 'NEGATIVE_INFINITY') return Number.NEGATIVE_INFINITY;
    return this.refuse(at, `'Number.${text}' has no place in an interface`);
  }

  #date(at: number): Date {
    this.expect('Date');
    const [text] = this.#arguments();
    return typeof text === 'string' ? new Date(text) : this.refuse(at, 'expected a date as text');
  }

  #builder(): unknown {
    this.expect('.');
    const { text: name, at } = this.take();
    if (!Object.hasOwn(t, name)) this.refuse(at, `t has no '${name}'`);
    const builder: unknown = t[name as keyof typeof t];
    if (typeof builder !== 'function') return builder;
    const args = this.#arguments().map((arg) => this.#argument(name, arg, at));
    return this.within(at, () => Reflect.apply(builder, t, args));
  }

  /** Objects are the fields of a struct, and plain values elsewhere. */
  #argument(builder: string, arg: unknown, at: number): unknown {
    if (builder === 'struct' && arg instanceof ObjectLiteral) return this.fields(arg);
    if (builder === 'optional' || builder === 'json') return this.plain(arg);
    if (arg instanceof ObjectLiteral) this.refuse(at, `t.${builder}() takes no object`);
    return arg;
  }

  #method(value: unknown): unknown {
    const { text, at } = this.take();
    if (!isSchema(value) || text !== 'doc') this.refuse(at, `'.${text}' has no place here`);
    const [docs] = this.#arguments();
    return this.within(at, () => (value as Schema).doc(docs as string));
  }

  #arguments(): unknown[] {
    this.expect('(');
    return this.#list(')');
  }

  #list(close: string): unknown[] {
    const values: unknown[] = [];
    while (!this.takeIf(close)) {
      values.push(this.expression());
      if (!this.takeIf(',') && this.token.text !== close) this.expect(close);
    }
    return values;
  }

  #object(): ObjectLiteral {
    const literal = new ObjectLiteral();
    while (!this.takeIf('}')) {
      const { doc, at } = this.token;
      const { name, property } = this.#property(doc, at);
      if (literal.properties.has(name)) this.refuse(at, `'${name}' is there twice`);
      literal.properties.set(name, property);
      if (!this.takeIf(',') && this.token.text !== '}') this.expect('}');
    }
    return literal;
  }

  #property(doc: string | undefined, at: number): { name: string; property: Property } {
    const first = this.take();
    const isKey = first.kind === 'word' || first.kind === 'string' || first.kind === 'number';
    if (!isKey) this.refuse(at, `found ${shown(first)}; expected a name`);
    if (first.text === 'get' && this.token.kind !== 'sign') return this.#getter(doc, at);
    this.expect(':');
    const value = this.expression();
    return { name: first.text, property: { doc, at, value: () => value, isGetter: false } };
  }

  // Its body is read when the value is asked for: what it names is defined by then.
  #getter(doc: string | undefined, at: number): { name: string; property: Property } {
    const name = this.take().text;
    this.expect('(');
    this.expect(')');
    this.expect('{');
    this.expect('return');
    const start = this.#next;
    this.skipTo(';');
    this.expect(';');
    this.expect('}');
    let known: { readonly value: unknown } | undefined;
    const value = (): unknown => {
      known ??= { value: this.#evaluateAt(start) };
      return known.value;
    };
    return { name, property: { doc, at, value, isGetter: true } };
  }

  #evaluateAt(start: number): unknown {
    const back = this.#next;
    this.#next = start;
    const value = this.expression();
    this.#next = back;
    return value;
  }

  /** An object literal as fields; comments above names are documentation. */
  fields(literal: ObjectLiteral): Fields {
    const fields: Fields = Object.create(null);
    for (const [name, property] of literal.properties) {
      const get = (): AnySchema => this.#documented(property);
      const described = property.isGetter ? { get } : { value: get() };
      Object.defineProperty(fields, name, { enumerable: true, ...described });
    }
    return fields;
  }

  #documented({ doc, at, value }: Property): AnySchema {
    const schema = value();
    if (!isSchema(schema)) this.refuse(at, 'expected a schema, such as t.f64');
    if (doc === undefined) return schema;
    return this.within(at, () => (schema as Schema).doc(doc));
  }

  /** An object literal as a plain value. */
  plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((part) => this.plain(part));
    if (!(value instanceof ObjectLiteral)) return value;
    const plain: Record<string, unknown> = Object.create(null);
    for (const [name, property] of value.properties) plain[name] = this.plain(property.value());
    return plain;
  }
}

function shown({ kind, text }: Token): string {
  return kind === 'end' ? text : kind === 'string' ? JSON.stringify(text) : `'${text}'`;
}
