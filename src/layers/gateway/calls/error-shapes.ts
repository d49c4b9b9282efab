// Which method a declared error is of: its data is encoded by the shapes of that method.
import type { MethodShapes, Shape } from '../../interface/entry-values.js';
import { DeclaredError } from '../../rpc/entry-port.js';

const methods = new WeakMap<DeclaredError, MethodShapes>();

/** Remembers which method an error is of, and returns the error. */
export function withShape(error: unknown, shapes: MethodShapes): unknown {
  if (error instanceof DeclaredError) methods.set(error, shapes);
  return error;
}

/** The shape of the data of an error. */
export function dataShapeOf(error: DeclaredError): Shape | undefined {
  return methods.get(error)?.errors.get(error.code);
}
