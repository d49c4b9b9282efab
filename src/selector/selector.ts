// Selectors: the receivers of a message. A selector is a label expression and whether one or all of
// the matching endpoints get the message. Equal selectors are the same object while the cache holds
// them, because an endpoint looks up routes by this object: `send(unicast('moon'), …)` must not
// parse and compile each time.
import { markInstances } from '../brand.js';
import { checkBoolean, checkOptions, show } from '../checks.js';
import { InvalidArgumentError, InvalidSelectorError } from '../errors/index.js';
import { LabelExpression, peerWithId } from './label-expression.js';
import { parseLabelExpression } from './parse-label.js';
import { TwoGenerationCache } from './two-generation-cache.js';

/** One of the matching endpoints, or all of them. */
export type SelectorKind = 'unicast' | 'multicast';

/** Anything with the id of an endpoint: a `Peer`, or an endpoint itself. */
export interface PeerLike {
  /** The endpoint's id. */
  readonly id: number;
}

/** Options of {@link multicast}. */
export interface MulticastOptions {
  /** Excludes the sender even if its label matches. Default: false. */
  readonly excludeSelf?: boolean;
}

/** The receivers of a message. Immutable; made by {@link unicast} and {@link multicast}. */
export class Selector {
  /** Whether one or all of the matching endpoints get the message. */
  readonly kind: SelectorKind;
  /** The condition on labels. */
  readonly expression: LabelExpression;
  /** Whether the sender is excluded even if its label matches. */
  readonly excludeSelf: boolean;
  /** Equal keys mean equal selection; expressions with different texts have different keys. */
  readonly key: string;

  /** @internal */
  constructor(kind: SelectorKind, expression: LabelExpression, excludeSelf: boolean, key: string) {
    this.kind = kind;
    this.expression = expression;
    this.excludeSelf = excludeSelf;
    this.key = key;
    Object.freeze(this);
  }

  /** A copy of the program that the native evaluator runs; its format is in `label-program.ts`. */
  get program(): Uint8Array {
    return this.expression.program;
  }

  /** The key, as in `unicast moon`. */
  toString(): string {
    return this.key;
  }
}

// A guess: a process with more different selectors generates their texts.
const cachedSelectors = 1024;

/** Interns the selectors of one kind, by text, by expression object and by peer id. */
class Interner {
  readonly #kind: SelectorKind;
  readonly #excludeSelf: boolean;
  readonly #prefix: string;
  readonly #byText = new TwoGenerationCache<string, Selector>(cachedSelectors);
  readonly #byPeer = new TwoGenerationCache<number, Selector>(cachedSelectors);
  readonly #byExpression = new WeakMap<LabelExpression, Selector>();
  // Most senders use one selector repeatedly; comparing with the last text saves the look-up.
  #lastText = '';
  #last: Selector | undefined;

  constructor(kind: SelectorKind, excludeSelf: boolean) {
    this.#kind = kind;
    this.#excludeSelf = excludeSelf;
    this.#prefix = excludeSelf ? `${kind} (not self) ` : `${kind} `;
  }

  ofText(text: string): Selector {
    if (text === this.#lastText && this.#last !== undefined) return this.#last;
    let selector = this.#byText.get(text);
    if (selector === undefined) {
      selector = this.ofExpression(parseLabelExpression(text));
      this.#byText.set(text, selector);
    }
    this.#lastText = text;
    this.#last = selector;
    return selector;
  }

  ofExpression(expression: LabelExpression): Selector {
    if (expression.node.kind === 'peer') return this.ofPeer(expression.node.id);
    let selector = this.#byExpression.get(expression);
    if (selector === undefined) {
      // Another expression object, or another spelling, may have the same text.
      const text = expression.toString();
      selector = this.#byText.get(text) ?? this.#create(expression);
      this.#byText.set(text, selector);
      this.#byExpression.set(expression, selector);
    }
    return selector;
  }

  ofPeer(id: number): Selector {
    let selector = this.#byPeer.get(id);
    if (selector === undefined) {
      selector = this.#create(peerWithId(id));
      this.#byPeer.set(id, selector);
    }
    return selector;
  }

  #create(expression: LabelExpression): Selector {
    const key = this.#prefix + expression;
    return new Selector(this.#kind, expression, this.#excludeSelf, key);
  }
}

const unicasts = new Interner('unicast', false);
const multicasts = new Interner('multicast', false);
const multicastsToOthers = new Interner('multicast', true);

/**
 * Selects one of the matching endpoints: the one with the fewest unread bytes, round-robin on ties.
 * A string is parsed as in {@link parseLabelExpression}; a peer selects exactly this endpoint. The
 * same text gives the same object, so calling this for every message is cheap.
 * @throws SelectorSyntaxError if the text is not a label expression.
 * @throws LabelExpressionTooComplexError if the expression exceeds a limit, which the error names.
 */
export function unicast(to: string | LabelExpression | PeerLike): Selector {
  if (typeof to === 'string') return unicasts.ofText(to);
  if (to instanceof LabelExpression) return unicasts.ofExpression(to);
  if (typeof to === 'object' && to !== null && typeof to.id === 'number') {
    return unicasts.ofPeer(to.id);
  }
  throw refusal('unicast', to, 'a string, a label expression or a peer');
}

/**
 * Selects all matching endpoints, including the sender unless `excludeSelf` is set. A string is
 * parsed as in {@link parseLabelExpression}. The same text gives the same object.
 * @throws SelectorSyntaxError if the text is not a label expression.
 * @throws LabelExpressionTooComplexError if the expression exceeds a limit, which the error names.
 */
export function multicast(to: string | LabelExpression, options?: MulticastOptions): Selector {
  const interner = options !== undefined && isToOthers(options) ? multicastsToOthers : multicasts;
  if (typeof to === 'string') return interner.ofText(to);
  if (to instanceof LabelExpression) return interner.ofExpression(to);
  throw refusal('multicast', to, 'a string or a label expression');
}

/**
 * The selector of an argument that may also be a text; a text means a unicast.
 * @throws InvalidSelectorError if it is neither.
 */
export function toSelector(to: Selector | string): Selector {
  if (to instanceof Selector) return to;
  if (typeof to === 'string') return unicasts.ofText(to);
  throw new InvalidSelectorError(
    `selector is ${show(to)}; expected unicast(…), multicast(…) or a string`,
    { value: to },
  );
}

function isToOthers(options: MulticastOptions): boolean {
  const { excludeSelf = false } = checkOptions('multicast()', options, ['excludeSelf']);
  checkBoolean('excludeSelf', excludeSelf);
  return excludeSelf;
}

function refusal(where: string, to: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`${where}() of ${show(to)}; expected ${expected}`, { value: to });
}

markInstances(Selector);
