// Label expressions: immutable conditions on the label of an endpoint, built with label(), and(),
// or() and not(). They are compiled while they are built (label-program.ts), so the call that makes
// an expression too complex throws, and no later code recurses deeper than the limits allow.
import { markInstances } from '../brand.js';
import { show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import { checkLabelName } from './label-name.js';
import type { LabelNode } from './label-node.js';
import { joined, type LabelProgram, negated, opcode, singleOperation } from './label-program.js';
import { printNode } from './print-label.js';

/**
 * A condition on an endpoint's label. Immutable: every method returns a new expression. Made by
 * {@link label}, {@link anyone}, {@link nobody} and {@link parseLabelExpression}.
 */
export class LabelExpression {
  /** @internal */
  readonly node: LabelNode<LabelExpression>;
  readonly #program: LabelProgram;
  #text: string | undefined;

  /** @internal */
  constructor(node: LabelNode<LabelExpression>, program: LabelProgram) {
    this.node = node;
    this.#program = program;
    Object.freeze(this);
  }

  /**
   * True where this expression and all others are true. A string is the name of a label; it is not
   * parsed.
   * @throws LabelExpressionTooComplexError if the result exceeds a limit, which the error names.
   * @throws InvalidLabelError if a string is not a valid label.
   */
  and(...others: readonly (LabelExpression | string)[]): LabelExpression {
    return combine('and', this, others);
  }

  /**
   * True where this expression or any other is true. A string is the name of a label; it is not
   * parsed.
   * @throws LabelExpressionTooComplexError if the result exceeds a limit, which the error names.
   * @throws InvalidLabelError if a string is not a valid label.
   */
  or(...others: readonly (LabelExpression | string)[]): LabelExpression {
    return combine('or', this, others);
  }

  /**
   * True where this expression is false.
   * @throws LabelExpressionTooComplexError if the result exceeds a limit, which the error names.
   */
  not(): LabelExpression {
    return new LabelExpression({ kind: 'not', operand: this }, negated(this.#program));
  }

  /** The text form, which parses to an equal expression: `renderer & codec & !busy`. */
  toString(): string {
    this.#text ??= printNode(this.node);
    return this.#text;
  }

  /** A copy of the program that the native evaluator runs; its format is in `label-program.ts`. */
  get program(): Uint8Array {
    return this.#program.bytes.slice();
  }

  /** @internal The program itself, read-only. */
  static programOf(expression: LabelExpression): LabelProgram {
    return expression.#program;
  }
}

/**
 * True for every endpoint whose label contains exactly `name`. Not parsed: `label('a & b')` is one
 * name.
 * @throws InvalidLabelError if the name is empty, longer than 255 bytes or not well-formed Unicode.
 */
export function label(name: string): LabelExpression {
  checkLabelName(name);
  const text = Buffer.from(name);
  const bytes = new Uint8Array(2 + text.length);
  bytes[0] = opcode.leaf;
  bytes[1] = text.length;
  bytes.set(text, 2);
  return new LabelExpression({ kind: 'leaf', name }, singleOperation(bytes));
}

/** True for every endpoint, even one without a label. In text: `true`. */
export const anyone: LabelExpression = constant(true);

/** True for no endpoint. In text: `false`. */
export const nobody: LabelExpression = constant(false);

/**
 * True for the one endpoint with this id. In text: `#7`.
 * @throws InvalidArgumentError if the id is not an integer of 0 to 2^53 - 1.
 */
export function peerWithId(id: number): LabelExpression {
  if (!Number.isSafeInteger(id) || id < 0) {
    throw new InvalidArgumentError(`peer id is ${show(id)}; expected an integer of 0 to 2^53 - 1`, {
      value: id,
    });
  }
  const bytes = new Uint8Array(9);
  bytes[0] = opcode.peer;
  new DataView(bytes.buffer).setBigUint64(1, BigInt(id), true);
  return new LabelExpression({ kind: 'peer', id }, singleOperation(bytes));
}

/**
 * @internal Combines all operands into one expression; the parser uses it for a whole chain at
 * once.
 */
export function combine(
  kind: 'and' | 'or',
  first: LabelExpression,
  others: readonly (LabelExpression | string)[],
): LabelExpression {
  if (others.length === 0) return first;
  // Flattens operands of the same kind into their own operands, to keep nesting minimal.
  const operands: LabelExpression[] = [];
  for (const operand of [first, ...others]) {
    const expression = toExpression(operand);
    const { node } = expression;
    if (node.kind === kind) operands.push(...node.operands);
    else operands.push(expression);
  }
  const programs = operands.map((operand) => LabelExpression.programOf(operand));
  return new LabelExpression({ kind, operands }, joined(opcode[kind], programs));
}

function toExpression(operand: LabelExpression | string): LabelExpression {
  if (operand instanceof LabelExpression) return operand;
  if (typeof operand === 'string') return label(operand);
  throw new InvalidArgumentError(
    `operand is ${show(operand)}; expected a label expression or a label`,
    { value: operand },
  );
}

function constant(value: boolean): LabelExpression {
  const bytes = Uint8Array.of(value ? opcode.true : opcode.false);
  return new LabelExpression({ kind: 'constant', value }, singleOperation(bytes));
}

markInstances(LabelExpression);
