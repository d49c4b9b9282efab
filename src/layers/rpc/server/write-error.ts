// Errors as a server sends them: `{ code, message, data? }`. Never a stack.
import type { Encoder } from '../coding.js';
import { CallError, type CallErrorCode, DeclaredError } from '../errors.js';
import type { Member } from '../members.js';

/** Characters of a text that are sent. */
const maxText = 4096;

/** An error on its way to the caller. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly data?: unknown;
}

/** An error of the layer itself. */
export function layerError(code: CallErrorCode, message: string): WireError {
  return { code, message: message.slice(0, maxText) };
}

/** What became of a call at another server, which the caller of this one gets to know as it is. */
export class PassedOn extends Error {
  readonly code: CallErrorCode;
  /** The calls that the other server had under way; `undefined` if it was not busy. */
  readonly load: number | undefined;

  constructor(code: CallErrorCode, message: string, load?: number) {
    super(message);
    this.code = code;
    this.load = load;
  }
}

/** What a caller gets for each call whose answer was not kept. */
export const overrunError = layerError(
  'OVERRUN',
  'the caller did not take its answers in time, so the server has dropped them',
);

/**
 * What a method threw. A declared error of its own interface keeps its code and data; everything
 * else is `HANDLER_FAILED`, with its text only if `tellMessage`.
 */
export function thrownError(
  thrown: unknown,
  member: Member,
  encoder: Encoder,
  codec: number,
  tellMessage: boolean,
): WireError {
  if (thrown instanceof DeclaredError && thrown.interface === member.interface) {
    const shape = member.errors.get(thrown.code);
    if (shape !== undefined) {
      try {
        const data = encoder.encode(shape, thrown.data, codec);
        return { code: thrown.code, message: thrown.message.slice(0, maxText), data };
      } catch (error) {
        return layerError(
          'INVALID_RESULT',
          `the data of ${thrown.code} is wrong: ${textOf(error)}`,
        );
      }
    }
  }
  if (thrown instanceof PassedOn && thrown.code !== 'HANDLER_FAILED') {
    return layerError(thrown.code, thrown.message);
  }
  const text = tellMessage ? textOf(thrown) : '';
  return layerError('HANDLER_FAILED', text === '' ? `${member.name} failed` : text);
}

/** Whether an error is one that a method may expect: thrown on purpose, or by the end of its call. */
export function isExpected(thrown: unknown, member: Member): boolean {
  if (thrown instanceof DeclaredError) return member.errors.has(thrown.code);
  if (thrown instanceof PassedOn) return thrown.code !== 'HANDLER_FAILED';
  return thrown instanceof CallError && thrown.code === 'CANCELLED';
}

function textOf(thrown: unknown): string {
  try {
    const text: unknown = thrown instanceof Error ? thrown.message : String(thrown);
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}
