// Parses label expressions. Operators by precedence: `!`, `&`, `|`; parentheses; `true` and
// `false`; `#7` for the endpoint with that id; anything else is a name, quoted unless it consists
// of letters, digits and _ . : / @ + = ~ -. Two explicit stacks (Dijkstra's shunting yard) instead
// of recursion: no text can exhaust the call stack. native/core/selector/selector_text.cc does the
// same for C, because parsing here needs no addon and can show the column; the vectors in
// test/vectors keep both equal.
import { show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import {
  anyone,
  combine,
  type LabelExpression,
  label,
  nobody,
  peerWithId,
} from './label-expression.js';
import { LabelExpressionTooComplexError } from './label-program.js';
import { SelectorSyntaxError } from './selector-syntax-error.js';
import { nextToken, type Token } from './tokenize-label.js';

/** The most code units of a text: four times what the longest program can need unescaped. */
export const maxTextLength = 16_384;

type Operator = { readonly kind: '&' | '|' | '!' | '('; readonly start: number };

const precedence = { '(': 0, '|': 1, '&': 2, '!': 3 } as const;

/**
 * Parses a text such as `'renderer & codec & !busy'`.
 * @throws SelectorSyntaxError with the column of the mistake.
 * @throws LabelExpressionTooComplexError if the expression exceeds a limit, which the error names.
 */
export function parseLabelExpression(text: string): LabelExpression {
  if (typeof text !== 'string') {
    throw new InvalidArgumentError(`selector is ${show(text)}; expected a string`, { value: text });
  }
  if (text.length > maxTextLength) {
    throw new LabelExpressionTooComplexError(
      `selector text is ${text.length} characters long; the limit is ${maxTextLength}`,
      { limit: maxTextLength },
    );
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #operands: LabelExpression[] = [];
  readonly #operators: Operator[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): LabelExpression {
    let index = 0;
    let operandIsNext = true;
    for (;;) {
      const { token, end } = nextToken(this.#text, index);
      index = end;
      operandIsNext = operandIsNext ? this.#operand(token) : this.#operator(token);
      if (token.kind === 'end') return this.#popOperand();
    }
  }

  /** Takes a token where an operand is expected. Returns whether an operand is still expected. */
  #operand(token: Token): boolean {
    switch (token.kind) {
      case '!':
      case '(':
        this.#operators.push({ kind: token.kind, start: token.start });
        return true;
      case 'constant':
        this.#operands.push(token.value ? anyone : nobody);
        return false;
      case 'name':
        this.#operands.push(label(token.name));
        return false;
      case 'peer':
        this.#operands.push(peerWithId(token.id));
        return false;
      default:
        throw new SelectorSyntaxError(
          `expected a label, found ${shown(token)}`,
          this.#text,
          token.start,
        );
    }
  }

  /** Takes a token after an operand. Returns whether an operand is expected next. */
  #operator(token: Token): boolean {
    switch (token.kind) {
      case '&':
      case '|':
        this.#reduce(precedence[token.kind]);
        this.#operators.push({ kind: token.kind, start: token.start });
        return true;
      case ')':
        this.#reduce(precedence['(']);
        if (this.#operators.pop() === undefined) {
          throw new SelectorSyntaxError("')' without '('", this.#text, token.start);
        }
        return false;
      case 'end': {
        this.#reduce(precedence['(']);
        const open = this.#operators.pop();
        if (open !== undefined) {
          throw new SelectorSyntaxError("'(' without ')'", this.#text, open.start);
        }
        return false;
      }
      default:
        throw new SelectorSyntaxError(
          `expected '&' or '|', found ${shown(token)}`,
          this.#text,
          token.start,
        );
    }
  }

  /** Applies the operators on the stack with a higher precedence than `limit`. */
  #reduce(limit: number): void {
    for (;;) {
      const operator = this.#operators.at(-1);
      if (operator === undefined || precedence[operator.kind] <= limit) return;
      if (operator.kind === '!') {
        this.#operators.pop();
        this.#operands.push(this.#popOperand().not());
      } else if (operator.kind !== '(') {
        this.#combineChain(operator.kind);
      }
    }
  }

  /**
   * Applies a whole chain `a & b & c` at once: pairwise, a long chain would be copied at each step.
   */
  #combineChain(kind: '&' | '|'): void {
    let count = 1;
    while (this.#operators.at(-1)?.kind === kind) {
      this.#operators.pop();
      count += 1;
    }
    const [first, ...others] = this.#operands.splice(-count);
    if (first !== undefined) {
      this.#operands.push(combine(kind === '&' ? 'and' : 'or', first, others));
    }
  }

  #popOperand(): LabelExpression {
    // The grammar guarantees an operand at each call; the fallback is for the compiler.
    return this.#operands.pop() ?? nobody;
  }
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end of the text';
  if (token.kind === 'name') return JSON.stringify(token.name);
  if (token.kind === 'constant') return `'${token.value}'`;
  if (token.kind === 'peer') return `'#${token.id}'`;
  return `'${token.kind}'`;
}
