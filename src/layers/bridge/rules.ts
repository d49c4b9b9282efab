// The rules of a bridge: the lists of what may cross. What is on no list does not cross, so each rule
// is checked as a whole when the bridge is made.
import { show } from '../../base/show.js';
import {
  type AnyMessageType,
  messageType,
  parseLabelExpression,
  type Selector,
  unicast,
} from '../../index.js';
import type { Interface } from '../interface/entry-values.js';
import { membersOf } from '../rpc/entry-port.js';
import { checkKeys, checkWhole, refused } from './checks.js';
import type { QueueLimits, WhenQueueFull } from './queue.js';

/** A message type in a list: itself, its name, or its UUID. */
export type ListedType = AnyMessageType | string;

/** What every rule for messages has. */
export interface MessageRule {
  /** The message types that may cross. Types of calls and answers never cross by a rule. */
  readonly types: readonly ListedType[];
  /** Bytes that may wait, 1 to 1 GiB. Default: 4 MiB. */
  readonly queueBytes?: number | undefined;
}

/** What leaves the bus: messages that members send to a label of the bridge. */
export interface OutRule extends MessageRule {
  /** The labels of the bridge on the bus, by which members send to this rule. */
  readonly label: string | readonly string[];
  /**
   * What happens when the broker takes less than comes. `'wait'`: messages stay with their senders,
   * whose own limits say what follows. `'drop'`: the newest is dropped. `'key'`: of each sender and
   * type the newest waits. Default: `'wait'`.
   */
  readonly whenFull?: WhenQueueFull | undefined;
}

/** What comes onto the bus. */
export interface InRule extends MessageRule {
  /** Whom the messages are for, as in `send`: a text is a unicast. */
  readonly to: string | Selector;
  /**
   * What happens when a receiver on the bus is full. `'wait'`: messages wait here for it, up to
   * `queueBytes`, then the newest is dropped. `'drop'`: this receiver does not get them, others do.
   * `'key'`: each receiver gets the newest of each type, as with `key` of `send`. Default: `'wait'`.
   */
  readonly whenFull?: WhenQueueFull | undefined;
}

/** The message types of a rule. */
export class TypeList {
  /** The name of each UUID, where it has one. */
  readonly #names = new Map<string, string | undefined>();

  constructor(types: readonly AnyMessageType[]) {
    for (const { id, name } of types) this.#names.set(id, name);
  }

  /** The UUIDs. */
  get ids(): readonly string[] {
    return [...this.#names.keys()];
  }

  /** Whether a UUID, in lower case, is listed. */
  has(id: string): boolean {
    return this.#names.has(id);
  }

  /** The name that a listed UUID was derived from; `undefined` if it was not. */
  nameOf(id: string): string | undefined {
    return this.#names.get(id);
  }
}

/** A rule of `out` that is in order. */
export interface CheckedOutRule extends QueueLimits {
  readonly label: readonly string[];
  readonly types: TypeList;
}

/** A rule of `in` that is in order. */
export interface CheckedInRule extends QueueLimits {
  readonly to: string | Selector;
  readonly types: TypeList;
}

const usualQueue = 4 * 1024 * 1024;
const mostQueue = 1024 * 1024 * 1024;
const policies: readonly WhenQueueFull[] = ['wait', 'drop', 'key'];
const mostRules = 256;
const ofRules = ['types', 'queueBytes', 'whenFull'];

// A bridge that passed these on would let anybody call anything, or answer in the name of others.
const never: ReadonlySet<string> = new Set(
  ['busbar.rpc', 'busbar.describe', 'busbar.ping', 'busbar.stats'].map(
    (name) => messageType(name).id,
  ),
);

/**
 * Checks the rules of `out`; `more` are the names of the options that the broker adds.
 * @throws InvalidArgumentError with the path of what is wrong.
 */
export function checkOutRules<R extends OutRule>(
  rules: readonly R[] | undefined,
  more: readonly string[],
): readonly { readonly rule: CheckedOutRule; readonly given: R }[] {
  return listOf('out', rules).map((given, index) => {
    const where = `out[${index}]`;
    checkRule(where, given, ['label', ...ofRules, ...more]);
    const { label } = given;
    const labels: readonly unknown[] = Array.isArray(label) ? label : [label];
    if (labels.length === 0 || labels.some((each) => typeof each !== 'string' || each === '')) {
      throw refused(`${where}.label is ${show(label)}; expected one or more labels`, 'label');
    }
    return { rule: { ...common(where, given), label: labels as readonly string[] }, given };
  });
}

/**
 * Checks the rules of `in`, likewise.
 * @throws InvalidArgumentError with the path of what is wrong.
 */
export function checkInRules<R extends InRule>(
  rules: readonly R[] | undefined,
  more: readonly string[],
): readonly { readonly rule: CheckedInRule; readonly given: R }[] {
  return listOf('in', rules).map((given, index) => {
    const where = `in[${index}]`;
    checkRule(where, given, ['to', ...ofRules, ...more]);
    return { rule: { ...common(where, given), to: toOf(where, given.to) }, given };
  });
}

/**
 * Checks the interfaces of `serve` or `connect`.
 * @throws InvalidArgumentError if it is no list, or has an interface twice.
 */
export function checkInterfaces(
  option: string,
  given: readonly Interface[] | undefined,
): readonly Interface[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    throw refused(`${option} is ${show(given)}; expected a list of interfaces`, option);
  }
  const list = given as readonly Interface[];
  const labels = new Set(list.map((source) => membersOf(source).label));
  if (labels.size < list.length) throw refused(`${option} has an interface twice`, option);
  return list;
}

function listOf<R>(option: string, rules: readonly R[] | undefined): readonly R[] {
  if (rules === undefined) return [];
  if (!Array.isArray(rules)) {
    throw refused(`${option} is ${show(rules)}; expected a list of rules`, option);
  }
  if (rules.length > mostRules) {
    throw refused(`${option} has ${rules.length} rules; the limit is ${mostRules}`, option);
  }
  return rules;
}

function checkRule(where: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw refused(`${where} is ${show(given)}; expected a rule`, where);
  }
  checkKeys(where, given, known);
}

function common(where: string, given: OutRule | InRule): QueueLimits & { types: TypeList } {
  const { queueBytes = usualQueue, whenFull = 'wait' } = given;
  checkWhole(`${where}.queueBytes`, queueBytes, 1, mostQueue);
  if (!policies.includes(whenFull)) {
    const known = policies.map((each) => `'${each}'`).join(', ');
    throw refused(`${where}.whenFull is ${show(whenFull)}; expected one of ${known}`, 'whenFull');
  }
  return { queueBytes, whenFull, types: typesOf(where, given.types) };
}

function typesOf(where: string, given: unknown): TypeList {
  if (!Array.isArray(given) || given.length === 0) {
    throw refused(`${where}.types is ${show(given)}; list the types that may cross`, 'types');
  }
  return new TypeList(given.map((each: unknown) => typeOf(where, each)));
}

function typeOf(where: string, given: unknown): AnyMessageType {
  const { id, codec } = Object(given) as Partial<AnyMessageType>;
  const isType = typeof id === 'string' && codec !== undefined;
  if (!isType && typeof given !== 'string') {
    throw refused(`${where}.types has ${show(given)}; expected a type, name or UUID`, 'types');
  }
  const type = isType ? (given as AnyMessageType) : messageType(given as string);
  if (never.has(type.id)) {
    throw refused(`${where}.types has ${type.name ?? type.id}, which belongs to calls`, 'types');
  }
  return type;
}

function toOf(where: string, to: unknown): string | Selector {
  if (typeof to === 'string') {
    // Syntax errors are told now.
    return unicast(parseLabelExpression(to));
  }
  const { kind } = Object(to) as Partial<Selector>;
  if (kind === 'unicast' || kind === 'multicast') return to as Selector;
  throw refused(`${where}.to is ${show(to)}; expected a label expression or a selector`, 'to');
}
