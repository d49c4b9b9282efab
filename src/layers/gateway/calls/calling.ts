// `POST /call/…`: calls a method with the JSON of the body as its arguments.
import type { MethodShapes } from '../../interface/entry-values.js';
import type { CallOptions } from '../../rpc/index.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { StreamedCalls } from '../streams/streamed-calls.js';
import { callOptionsOf } from './call-options.js';
import { withShape } from './error-shapes.js';
import type { Exposures } from './exposed.js';
import { memberOf, type NamedMember } from './member-path.js';
import type { Method, NamedMethod } from './named-method.js';
import type { Values } from './values.js';

/** Answers calls. */
export class Calling {
  readonly #exposures: Exposures;
  readonly #values: Values;
  readonly #streams: StreamedCalls;

  constructor(exposures: Exposures, values: Values, streams: StreamedCalls) {
    this.#exposures = exposures;
    this.#values = values;
    this.#streams = streams;
  }

  /** A call by POST. */
  async post(exchange: Exchange): Promise<void> {
    const method = await this.#method(exchange);
    const { definition, shapes } = method;
    const options = callOptionsOf(exchange);
    if (definition.input !== undefined) return this.#withInput(exchange, method, options);
    const given = await exchange.readJson();
    return this.#answer(exchange, method, this.#argumentsOf(shapes, given), options);
  }

  /** A call of an idempotent method by GET, with its arguments in the query. */
  async get(exchange: Exchange): Promise<void> {
    const method = await this.#method(exchange);
    const { definition, shapes, name } = method;
    // Whatever fetches an address on its own, as browsers do, must not change anything.
    if (definition.idempotent !== true || definition.input !== undefined) {
      throw new Refusal('METHOD_NOT_ALLOWED', `${name} is not idempotent: use POST`, {
        allow: 'POST',
      });
    }
    const text = exchange.target.query.get('args');
    const values = this.#argumentsOf(shapes, textJson(text));
    return this.#answer(exchange, method, values, callOptionsOf(exchange));
  }

  #method(exchange: Exchange): NamedMethod | Promise<NamedMethod> {
    const named = memberOf(exchange, this.#exposures);
    return named instanceof Promise
      ? named.then((each) => methodOf(exchange, each))
      : methodOf(exchange, named);
  }

  #argumentsOf({ args }: MethodShapes, given: unknown): readonly unknown[] {
    if (args !== undefined) return [this.#values.decode(args, given ?? {})];
    if (given === undefined || isEmpty(given)) return [];
    throw new Refusal('BAD_REQUEST', 'the method takes no arguments');
  }

  async #answer(
    exchange: Exchange,
    method: NamedMethod,
    values: readonly unknown[],
    options: CallOptions,
  ): Promise<void> {
    if (method.definition.stream !== undefined) {
      return this.#streams.answer(exchange, method, values, options);
    }
    let result: unknown;
    try {
      result = await method.call(...values, options);
    } catch (error) {
      throw withShape(error, method.shapes);
    }
    exchange.text(200, this.#values.text(method.shapes.returns, result, exchange));
  }

  // The first line has the arguments, if the method has any; the others are the items.
  async #withInput(exchange: Exchange, method: NamedMethod, options: CallOptions): Promise<void> {
    const { shapes } = method;
    exchange.checkBody('lines');
    const lines = exchange.readLines();
    const values: unknown[] = [];
    if (shapes.args !== undefined) {
      const { value } = (await lines.next()) as { readonly value: unknown };
      values.push(...this.#argumentsOf(shapes, value));
    }
    const { input } = shapes;
    const items = async function* (all: Values): AsyncGenerator<unknown> {
      for await (const line of lines) yield input === undefined ? line : all.decode(input, line);
    };
    return this.#answer(exchange, method, [...values, items(this.#values)], options);
  }
}

function methodOf({ grant }: Exchange, { exposed, name }: NamedMember): NamedMethod {
  const { source, shapes, client } = exposed;
  const found = shapes.methods.get(name);
  const definition = Object.hasOwn(source.methods, name) ? source.methods[name] : undefined;
  if (found === undefined || definition === undefined) {
    throw new Refusal('NOT_FOUND', `${source.name} has no method of this name`);
  }
  if (grant?.readOnly === true && definition.idempotent !== true) {
    throw new Refusal('FORBIDDEN', 'the token allows idempotent methods only');
  }
  const call = (client as unknown as Record<string, Method>)[name] as Method;
  return { exposed, name, definition, shapes: found, call };
}

function textJson(text: string | null): unknown {
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('BAD_REQUEST', 'args is no JSON');
  }
}

function isEmpty(given: unknown): boolean {
  if (given === null) return true;
  return typeof given === 'object' && Object.keys(given).length === 0;
}
