// The options of calls, of `connect` and of `serve`, and their checks.
import type { Interface } from '../interface/entry-values.js';
import { InvalidArgumentError } from './errors.js';

/** Options of a call. */
export interface CallOptions {
  /**
   * Which of the servers: a label expression that is added to the interface's own label, or a peer.
   * Not over a message port, which has one other side. Default: any.
   */
  readonly to?: string | object | undefined;
  /**
   * Milliseconds until the call rejects with a `DeadlineError`, waiting for a server included. The
   * server sees what is left, and so do the calls that it makes for this one. Default: that of
   * `connect`.
   */
  readonly timeout?: number | undefined;
  /** Aborting it cancels the call, at its server, too. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Gives the objects and regions among the arguments away: the layer closes them once the call is
   * over. Default: false, they are lent for the call and stay the caller's.
   */
  readonly give?: boolean | undefined;
}

/** Options of setting a property. */
export interface SetOptions extends CallOptions {
  /** Sets only if the property still has this version; else the call rejects with `ConflictError`. */
  readonly ifVersion?: number | undefined;
}

/** Options of `connect`. */
export interface ConnectOptions {
  /** `to` of every call that gives none. */
  readonly to?: string | object | undefined;
  /** `timeout` of every call with one result that gives none. Default: none. */
  readonly timeout?: number | undefined;
  /** How arguments are encoded; the server answers likewise. Default: `'messagepack'`. */
  readonly codec?: 'messagepack' | 'json' | undefined;
}

const callOptions = ['to', 'timeout', 'signal', 'give'];
const maxTimeout = 0x7fff_ffff;

/** Checks the options of a call. */
export function checkCall(given: CallOptions, others: readonly string[] = []): CallOptions {
  checkNames('a call', given, [...callOptions, ...others]);
  const { timeout, signal, give } = given;
  checkTimeout(timeout);
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw refusal('signal is no AbortSignal');
  }
  if (give !== undefined && typeof give !== 'boolean') {
    throw refusal(`give is ${String(give)}; expected true or false`);
  }
  return given;
}

/** Checks a timeout in milliseconds. */
export function checkTimeout(timeout: unknown): void {
  if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return;
  if (typeof timeout !== 'number' || Number.isNaN(timeout) || timeout > maxTimeout) {
    throw refusal(`timeout is ${String(timeout)}; expected milliseconds up to ${maxTimeout}`);
  }
}

/** Refuses options that do not exist. */
export function checkNames(where: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw refusal(`the options of ${where} are ${String(given)}; expected an object`);
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw refusal(`unknown option '${name}' of ${where}; known: ${known.join(', ')}`);
  }
}

/** An argument of this process that is wrong. */
export function refusal(message: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError(message, { executed: 'no', cause });
}

/** Whether several interfaces were given. */
export function isList(sources: Interface | readonly Interface[]): sources is readonly Interface[] {
  return Array.isArray(sources);
}
