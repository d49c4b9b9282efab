// Writes what a call brings back: results, items, errors, the answers of several servers.

import type { Shape } from '../../interface/entry-values.js';
import type { Answer } from '../../rpc/index.js';
import { type MemberRow, shownPeer } from '../bus/member-rows.js';
import { exitCode, exitCodeOf, sentenceOf } from '../failure.js';
import { type Form, formOf } from '../table.js';
import { clean } from '../text.js';
import type { OptionValues, Output } from '../usage.js';
import { jsonable, niceJson } from '../values/json-value.js';

/** Objects and regions in a result are written as their indexes. */
const sink = { addObject: () => 0, addRegion: () => 0 };

/** Writes the results of one command. */
export class Results {
  readonly #output: Output;
  readonly #form: Form;

  constructor(options: OptionValues, output: Output) {
    this.#output = output;
    this.#form = formOf(options, output);
  }

  /** The result of a method, or the value of a property; none is no line. */
  result(value: unknown, shape: Shape | undefined): void {
    const json = shape === undefined ? null : jsonOf(value, shape);
    if (this.#form === 'json') this.#line({ kind: 'result', value: json });
    else if (shape !== undefined) this.#text(json);
  }

  /** An item of a stream. */
  item(value: unknown, shape: Shape): void {
    const json = jsonOf(value, shape);
    if (this.#form === 'json') this.#line({ kind: 'item', value: json });
    else this.#text(json);
  }

  /** What one of several servers answered. Returns the code for it. */
  answer({ from, value, error }: Answer, shape: Shape | undefined): number {
    const { id, pid, label } = from;
    const peer: Pick<MemberRow, 'id' | 'pid' | 'label'> = { id, pid, label };
    if (error !== undefined) {
      if (this.#form === 'json') this.#line({ kind: 'error', from: peer, ...errorOf(error) });
      else this.#output.complain(`${shownPeer(from)}: ${failureText(error)}`);
      return exitCodeOf(error);
    }
    const json = shape === undefined ? null : jsonOf(value, shape);
    if (this.#form === 'json') this.#line({ kind: 'result', from: peer, value: json });
    else this.#output.print(`${clean(shownPeer(from))}\t${oneLine(json)}`);
    return exitCode.ok;
  }

  /** Why there is no result. Returns the code that the program ends with. */
  failure(error: unknown): number {
    if (this.#form === 'json') this.#line({ kind: 'error', ...errorOf(error) });
    this.#output.complain(`busbar: ${failureText(error)}`);
    return exitCodeOf(error);
  }

  #line(value: object): void {
    this.#output.print(JSON.stringify(value));
  }

  #text(json: unknown): void {
    const columns = this.#output.terminal()?.columns;
    this.#output.print(columns === undefined ? oneLine(json) : niceJson(json, columns));
  }
}

function oneLine(json: unknown): string {
  return typeof json === 'string' ? clean(json) : JSON.stringify(json);
}

function jsonOf(value: unknown, shape: Shape): unknown {
  return jsonable(shape.encode(value, sink, 'json'));
}

interface ErrorJson {
  readonly code: string;
  readonly message: string;
  /** `no`, `maybe` or `yes`. */
  readonly executed?: unknown;
  /** Of an error that the interface declares. */
  readonly data?: unknown;
}

function errorOf(error: unknown): ErrorJson {
  if (!(error instanceof Error)) return { code: 'ERROR', message: String(error) };
  const { code, executed, data } = error as Partial<ErrorJson>;
  return {
    code: typeof code === 'string' ? code : error.name,
    message: error.message,
    ...(executed !== undefined && { executed }),
    ...(data !== undefined && { data: jsonable(data) }),
  };
}

function failureText(error: unknown): string {
  const { code, data } = errorOf(error);
  if (data === undefined) return sentenceOf(error);
  return `the method answered with ${code}: ${JSON.stringify(data)}`;
}
