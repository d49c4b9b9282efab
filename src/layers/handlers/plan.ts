// A table as a plan: checked, with conditions compiled and middleware composed. It belongs to no
// endpoint, so that one table can be at work several times.
import type { AnyMessageType, MessageBox, RawContent, Selector } from '../../index.js';
import type { MessageContext } from './context.js';
import type { Run } from './middleware.js';
import type { SeatMessage } from './seat.js';
import type { CompiledCondition } from './sender-condition.js';
import type { Served } from './served.js';

/** How a route tries again, in milliseconds. */
export interface RetryPlan {
  readonly times: number;
  readonly delay: number;
  readonly maxDelay: number;
}

/** A letter to the dead-letter place, whatever its box. */
export interface AnyLetter {
  readonly route: string;
  readonly message: SeatMessage;
  readonly error: unknown;
  readonly attempts: number;
}

/** One route. */
export interface RoutePlan {
  readonly name: string;
  /** The key of its type in the box. */
  readonly type: string;
  readonly from: CompiledCondition | undefined;
  readonly mode: 'serial' | 'concurrent' | 'ordered';
  readonly concurrency: number;
  readonly queue: number;
  readonly order: ((message: SeatMessage) => string | number | undefined) | undefined;
  readonly retry: RetryPlan;
  readonly run: Run<MessageContext>;
  readonly deadLetter: ((letter: AnyLetter) => unknown) | undefined;
  /** For a route that forwards: whom to, as lists show it. */
  readonly to: string | undefined;
  /** Whether a value is a message of the box. */
  readonly isReply: (value: unknown) => boolean;
}

/** Where forwarded messages go. */
export type ForwardTo =
  | Selector
  | string
  | ((content: RawContent, from: SeatMessage['from']) => Selector | string);

/** All that a table says. */
export interface Plan {
  /** The types of the box by their keys. */
  readonly types: ReadonlyMap<string, AnyMessageType>;
  /** What the endpoint joins with. */
  readonly box: MessageBox;
  /** Routes by `message.type`, in the order in which they are tried. */
  readonly routes: ReadonlyMap<string, readonly RoutePlan[]>;
  /** Selectors by the keys of types that are sent. */
  readonly emits: ReadonlyMap<string, Selector | undefined>;
  readonly services: readonly Served[];
  readonly hooks: Hooks;
}

/** A hook, with its table as `this`. */
export type Hook = ((sender: unknown) => unknown) | undefined;

/** The hooks of a table. */
export interface Hooks {
  readonly onStart: Hook;
  readonly onIdle: Hook;
  readonly onStop: Hook;
}
