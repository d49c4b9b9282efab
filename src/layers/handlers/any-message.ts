// What middleware sees: any message of any box, or a call. Types only.
import type { Peer } from '../../index.js';

/**
 * Runs around handlers: calls `next()` once, or not at all, and returns what it returns, or
 * something else. An exception is a failure of the handler.
 */
export type Middleware = (message: AnyMessage, context: AnyContext, next: () => unknown) => unknown;

/** Any message that a table handles; for a call, its method and arguments. */
export interface AnyMessage {
  /** The key of the type in the box; for a call, `interface.method`. */
  readonly type: string;
  /** What the handler gets as its first argument. */
  readonly payload: unknown;
  /** Who sent it. */
  readonly from: Peer;
  /** Its number. */
  readonly id: number;
  /** The bytes beside the payload; `undefined` if there are none, and for a call. */
  readonly metadata: Uint8Array | undefined;
}

/** The context of any message. */
export interface AnyContext {
  /** 1, and one more with each retry. */
  readonly attempt: number;
  /** Aborts when the handler should stop. */
  readonly signal: AbortSignal;
}
