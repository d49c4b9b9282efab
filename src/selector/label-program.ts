// The program that a label expression is compiled to: a postfix program for a stack machine of
// booleans. This file has its instructions and joins programs; only native code evaluates them.
// test/vectors/selectors.json fixes the format.
//
//   op    operand                                   effect
//   0x00  -                                         push false
//   0x01  -                                         push true
//   0x02  u8 length 1..255, that many UTF-8 bytes   push: has the label exactly this string?
//   0x03  -                                         pop b, pop a, push a and b
//   0x04  -                                         pop b, pop a, push a or b
//   0x05  -                                         pop a, push not a
//   0x06  u64 little-endian                         push: is this the endpoint's id?
//
// A program is valid if exactly one value is left at its end.
import { nameErrors } from '../base/name-errors.js';
import { InvalidSelectorError } from '../errors/index.js';
import { limits } from '../limits.js';

/** The first byte of each instruction. */
export const opcode = {
  false: 0x00,
  true: 0x01,
  leaf: 0x02,
  and: 0x03,
  or: 0x04,
  not: 0x05,
  peer: 0x06,
} as const;

/** A program with its size, so that a larger one can be refused before it is built. */
export interface LabelProgram {
  readonly bytes: Uint8Array;
  readonly operations: number;
  readonly depth: number;
}

/** A label expression exceeds a limit of the program it is compiled to; `limit` is that limit. */
export class LabelExpressionTooComplexError extends InvalidSelectorError {
  static {
    nameErrors(LabelExpressionTooComplexError, 'LabelExpressionTooComplexError');
  }
}

/** A program of one instruction. */
export function singleOperation(bytes: Uint8Array): LabelProgram {
  return { bytes, operations: 1, depth: 1 };
}

/** `operand` followed by NOT. */
export function negated(operand: LabelProgram): LabelProgram {
  const { operations, depth } = operand;
  checkLimits(operand.bytes.length + 1, operations + 1, depth);
  const bytes = new Uint8Array(operand.bytes.length + 1);
  bytes.set(operand.bytes);
  bytes[operand.bytes.length] = opcode.not;
  return { bytes, operations: operations + 1, depth };
}

/**
 * Joins the operands with `op`, as soon as two of them are on the stack: `a b AND c AND`, not
 * `a b c AND AND`. So a flat chain of any length has a depth of 2.
 */
export function joined(
  op: typeof opcode.and | typeof opcode.or,
  operands: readonly LabelProgram[],
): LabelProgram {
  let length = operands.length - 1;
  let operations = operands.length - 1;
  let depth = 0;
  for (const [index, operand] of operands.entries()) {
    length += operand.bytes.length;
    operations += operand.operations;
    depth = Math.max(depth, operand.depth + (index === 0 ? 0 : 1));
  }
  checkLimits(length, operations, depth);
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const [index, operand] of operands.entries()) {
    bytes.set(operand.bytes, end);
    end += operand.bytes.length;
    if (index > 0) bytes[end++] = op;
  }
  return { bytes, operations, depth };
}

// The native evaluator checks the same limits.
function checkLimits(bytes: number, operations: number, depth: number): void {
  const { maxSelectorBytes, maxSelectorOperations, maxSelectorDepth } = limits;
  if (bytes > maxSelectorBytes) refuse('has', bytes, 'bytes', maxSelectorBytes);
  if (operations > maxSelectorOperations) {
    refuse('has', operations, 'operations', maxSelectorOperations);
  }
  if (depth > maxSelectorDepth) refuse('nests', depth, 'levels', maxSelectorDepth);
}

function refuse(verb: string, value: number, unit: string, limit: number): never {
  throw new LabelExpressionTooComplexError(
    `label expression ${verb} ${value} ${unit}; the limit is ${limit}`,
    { limit, value },
  );
}
