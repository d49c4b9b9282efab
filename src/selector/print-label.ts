// Prints label expressions as text, which parse-label.ts parses to an equal expression.
import { isBareName } from './label-name.js';
import type { LabelNode } from './label-node.js';

/**
 * The text of an expression, with only the parentheses that precedence (`!`, then `&`, then `|`)
 * requires.
 */
export function printNode(node: LabelNode): string {
  switch (node.kind) {
    case 'constant':
      return String(node.value);
    case 'leaf':
      return isBareName(node.name) ? node.name : quote(node.name);
    case 'peer':
      return `#${node.id}`;
    case 'not':
      return `!${printOperand(node.operand.node, node.operand.toString(), 3)}`;
    case 'and':
      return node.operands
        .map((operand) => printOperand(operand.node, operand.toString(), 2))
        .join(' & ');
    case 'or':
      return node.operands
        .map((operand) => printOperand(operand.node, operand.toString(), 1))
        .join(' | ');
  }
}

function printOperand(node: LabelNode, text: string, outerPrecedence: number): string {
  return precedence(node) < outerPrecedence ? `(${text})` : text;
}

function precedence({ kind }: LabelNode): number {
  if (kind === 'or') return 1;
  if (kind === 'and') return 2;
  return 3;
}

// The parser knows all escapes of JSON. Characters that are invisible in a terminal are escaped,
// too.
function quote(name: string): string {
  return JSON.stringify(name).replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
