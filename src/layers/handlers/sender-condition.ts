// The label expression of a route as a function of a sender: routes are chosen for each message, so
// an expression is compiled once, and its outcome is remembered for each sender.
import { type LabelExpression, type Peer, parseLabelExpression } from '../../index.js';

type Node = LabelExpression['node'];

/** Whether a sender matches. */
export type SenderCondition = (from: Peer) => boolean;

/** A condition with its text. */
export interface CompiledCondition {
  readonly text: string;
  readonly matches: SenderCondition;
}

/**
 * Compiles a condition.
 * @throws SelectorSyntaxError if a text is no label expression.
 */
export function conditionOf(from: string | LabelExpression): CompiledCondition {
  const expression = typeof from === 'string' ? parseLabelExpression(from) : from;
  const evaluate = compile(expression.node);
  // A sender has the same Peer until its label changes.
  const known = new WeakMap<Peer, boolean>();
  return {
    text: expression.toString(),
    matches: (peer) => {
      const before = known.get(peer);
      if (before !== undefined) return before;
      const outcome = evaluate(peer);
      known.set(peer, outcome);
      return outcome;
    },
  };
}

// No deeper than the parser allows expressions to be.
function compile(node: Node): SenderCondition {
  switch (node.kind) {
    case 'constant':
      return () => node.value;
    case 'leaf':
      return ({ label }) => label.includes(node.name);
    case 'peer':
      return ({ id }) => id === node.id;
    case 'not': {
      const operand = compile(node.operand.node);
      return (peer) => !operand(peer);
    }
    case 'and': {
      const operands = node.operands.map((operand) => compile(operand.node));
      return (peer) => operands.every((operand) => operand(peer));
    }
    case 'or': {
      const operands = node.operands.map((operand) => compile(operand.node));
      return (peer) => operands.some((operand) => operand(peer));
    }
  }
}
