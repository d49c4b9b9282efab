// Any value as JSON, and as text for people. What a peer sent may be of any shape and depth, and is
// bounded here.
import { inspect } from 'node:util';
import { cleanLines } from '../text.js';

const maxDepth = 32;

/**
 * A value as JSON has it: bigints and dates as texts, bytes as base64, maps as objects, sets as
 * lists, what JSON cannot express as null.
 */
export function jsonable(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null || depth > maxDepth ? null : objectOf(value, depth + 1);
    default:
      return null;
  }
}

function objectOf(value: object, depth: number): unknown {
  if (Array.isArray(value)) return value.map((each) => jsonable(each, depth));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) return bytesOf(value);
    return Array.from(value as unknown as Iterable<number | bigint>, (each) =>
      jsonable(each, depth),
    );
  }
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64');
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  if (value instanceof Set) return Array.from(value, (each) => jsonable(each, depth));
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) {
    const { name, message } = value;
    return { name, message, ...plain(value, depth) };
  }
  return plain(value, depth);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function plain(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, each]) => [key, jsonable(each, depth)] as const);
  return Object.fromEntries(entries);
}

/** A value on one line, for a terminal. */
export function shortText(value: unknown): string {
  return inspect(value, {
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    depth: 8,
    maxArrayLength: 32,
    maxStringLength: 256,
  }).replace(/\s*\n\s*/g, ' ');
}

/** JSON for people: a text as it is, short values on one line, longer ones over several. */
export function niceJson(value: unknown, columns: number): string {
  if (typeof value === 'string') return cleanLines(value);
  const line = JSON.stringify(value) ?? 'null';
  return line.length <= columns ? line : JSON.stringify(value, undefined, 2);
}

/** The same value with each leaf replaced by what kind of value it is: for output that others see. */
export function redacted(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return `<text ${value.length}>`;
    case 'object':
      if (value === null || depth > maxDepth) return null;
      if (value instanceof Uint8Array) return `<bytes ${value.length}>`;
      if (Array.isArray(value)) return value.map((each) => redacted(each, depth + 1));
      if (value instanceof Date) return '<time>';
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, redacted(each, depth + 1)]),
      );
    default:
      return `<${typeof value}>`;
  }
}
