// The structure of a label expression, from which its text is printed.

/** An operand of an expression: an expression itself. */
export interface LabelOperand {
  readonly node: LabelNode;
  toString(): string;
}

/** The structure of one expression; its operands are expressions of the type `Operand`. */
export type LabelNode<Operand extends LabelOperand = LabelOperand> =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'leaf'; readonly name: string }
  | { readonly kind: 'peer'; readonly id: number }
  | { readonly kind: 'not'; readonly operand: Operand }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Operand[] };
