// Labels and selectors, for other folders and the package's users.
export { anyone, LabelExpression, label, nobody } from './label-expression.js';
export { checkLabel, checkLabelName } from './label-name.js';
export { LabelExpressionTooComplexError } from './label-program.js';
export { parseLabelExpression } from './parse-label.js';
export {
  type MulticastOptions,
  multicast,
  type PeerLike,
  Selector,
  type SelectorKind,
  toSelector,
  unicast,
} from './selector.js';
export { SelectorSyntaxError } from './selector-syntax-error.js';
