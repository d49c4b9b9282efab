// Writes an interface as YAML, which needs no library: the model is small, and its form is ours.
import type { Interface } from './interface.js';
import { type Json, modelOf } from './model.js';
import { isAmbiguous } from './yaml-words.js';

const width = 100;
/** Members with a documentation are spread over lines, and so is what is above members. */
const flowDepth = 2;

/**
 * An interface as YAML, in the one form that `busbar format` gives it: the same text for the same
 * interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function printYaml(given: Interface): string {
  return lines(modelOf(given) as unknown as Json, '', 0)
    .join('\n')
    .concat('\n');
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The lines of a block mapping. */
function lines(value: Json, indent: string, depth: number): string[] {
  if (!isObject(value)) return [indent + flow(value)];
  return Object.entries(value).flatMap(([key, part]) => entry(key, part, indent, depth));
}

function entry(key: string, value: Json, indent: string, depth: number): string[] {
  const head = `${indent}${scalar(key)}:`;
  if (typeof value === 'string') return text(head, value, indent, key === 'doc');
  const inline = `${head} ${flow(value)}`;
  if (!isObject(value) || Object.keys(value).length === 0) return [inline];
  if (depth + 1 >= flowDepth && inline.length <= width && !hasDoc(value)) return [inline];
  return [head, ...lines(value, `${indent}  `, depth + 1)];
}

function hasDoc(value: Json): boolean {
  return isObject(value) && ('doc' in value || Object.values(value).some(hasDoc));
}

const sentence = /^[A-Za-z](?:[\w ,.()'/;!?-]|:(?! |$))*[\w.)!?]$/;

function text(head: string, value: string, indent: string, isDoc: boolean): string[] {
  const rows = value.split('\n');
  const isBlock =
    rows.length > 1 && rows.every((row) => /^(?:\S(?:.*\S)?)?$/u.test(row) && !hasControl(row));
  if (isBlock && rows[0] !== '' && rows.at(-1) !== '') {
    return [`${head} |-`, ...rows.map((row) => (row === '' ? '' : `${indent}  ${row}`))];
  }
  const isPlain = isDoc && sentence.test(value) && !isAmbiguous(value);
  return [`${head} ${isPlain ? value : scalar(value)}`];
}

// Also line separators, which YAML may take for the end of a line.
function hasControl(value: string): boolean {
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(value);
}

function flow(value: Json): string {
  if (typeof value === 'string') return scalar(value);
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, part]) => `${scalar(key)}: ${flow(part)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

// In a flow, too: names, names with dots, and types such as list<f64>?.
const plain = /^[A-Za-z_$][\w.$-]*(?:<[\w<>?]*>)?\??$/;

function scalar(value: string): string {
  if (plain.test(value) && !isAmbiguous(value)) return value;
  if (!hasControl(value)) return `'${value.replaceAll("'", "''")}'`;
  const escaped = JSON.stringify(value);
  return escaped.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    [...character]
      .flatMap((each) => each.split(''))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
