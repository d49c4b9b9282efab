// A method that a request names.
import type { MethodDefinition, MethodShapes } from '../../interface/entry-values.js';
import type { Exposed } from './exposed.js';

/** A method of a client. */
export type Method = (...values: unknown[]) => unknown;

/** A method that was asked for. */
export interface NamedMethod {
  readonly exposed: Exposed;
  readonly name: string;
  readonly definition: MethodDefinition;
  readonly shapes: MethodShapes;
  readonly call: Method;
}
