// What a schema is compiled to: a pair of functions that check a value on its way to the wire and
// back. Compiled once; no code is made from text.
import type { AttachmentSink, AttachmentSource } from './attachments.js';
import { InvalidValueError, type Issue, type PathStep } from './errors.js';
import type { Packing } from './packing.js';

/** The two text and binary forms of a payload. */
export type WireCodec = 'messagepack' | 'json';

/** What holds for one value that is being encoded or decoded. */
export interface Walk {
  /** Whether the payload will be JSON, which has no bytes and no integers of 64 bits. */
  readonly json: boolean;
  readonly sink: AttachmentSink;
  readonly source: AttachmentSource;
  /** How many structs of a recursive type are open. */
  depth: number;
}

/** A compiled schema. Both functions throw {@link Refused}. */
export interface Node {
  /** Checks a value of the program and returns its wire form. */
  readonly encode: (value: unknown, walk: Walk) => unknown;
  /** Checks a value from the wire and returns that of the program. */
  readonly decode: (wire: unknown, walk: Walk) => unknown;
  /** What a struct does about it when it is missing; without this it must be there. */
  readonly whenMissing?: 'omit' | 'fill' | 'ask' | undefined;
  /** The quick way for MessagePack; of use only if all parts have one. */
  readonly packing?: Packing | undefined;
  /** The nodes of the parts of a value. */
  readonly parts?: (() => readonly Node[]) | undefined;
}

/** The deepest nesting of structs, lists and maps in a value of a recursive type or of `any`. */
export const maxDepth = 100;

/**
 * Travels from the wrong part outwards and collects its path on the way. Not an Error: a stack
 * would cost more than the whole check.
 */
export class Refused {
  readonly path: PathStep[] = [];
  readonly message: string;
  /** Issues of a foreign schema, relative to the path. */
  readonly issues: readonly Issue[] | undefined;
  readonly cause: unknown;

  constructor(message: string, issues?: readonly Issue[], cause?: unknown) {
    this.message = message;
    this.issues = issues;
    this.cause = cause;
  }

  /** The error that the caller gets. */
  toError(): InvalidValueError {
    const path = Object.freeze(this.path.reverse());
    const issues = this.issues?.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
    return new InvalidValueError(
      issues ?? [{ path, message: this.message }],
      this.cause === undefined ? undefined : { cause: this.cause },
    );
  }
}

/** Adds the place to a refusal on its way out; for `catch` clauses. */
export function outwards(thrown: unknown, step: PathStep): unknown {
  if (thrown instanceof Refused) thrown.path.push(step);
  return thrown;
}
