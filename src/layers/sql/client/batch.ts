// Batches of statements, as a program sees them.
import { SqliteError } from '../errors.js';
import { type IntegerMode, type ReceivedResult, SqlResult } from './result.js';
import type { SqlStatement } from './sql.js';

/** A statement of a batch in which each may fail. */
export interface BatchStep {
  /** The statement. */
  readonly statement: SqlStatement | string;
  /** Runs it only if all of these steps, by their places from 0, have succeeded. */
  readonly ifDone?: readonly number[] | undefined;
  /** Runs it only if all of these steps have failed. */
  readonly ifFailed?: readonly number[] | undefined;
}

/** What became of a statement of a batch. */
export interface Outcome {
  /** Whether it has run, has failed, or was skipped because of its conditions. */
  readonly state: 'done' | 'failed' | 'skipped';
  /** Its result, if it is done. */
  readonly result?: SqlResult;
  /** Its error, if it has failed. */
  readonly error?: SqliteError;
}

/** An outcome as it arrives. */
interface ReceivedOutcome {
  readonly state: string;
  readonly result?: ReceivedResult | undefined;
  readonly error?:
    | { readonly name: string; readonly number: number; readonly message: string }
    | undefined;
}

/** An outcome of a message. */
export function outcomeOf(
  { state, result, error }: ReceivedOutcome,
  step: number,
  integers: IntegerMode,
): Outcome {
  if (result !== undefined) return { state: 'done', result: new SqlResult(result, integers) };
  if (error === undefined) return { state: state === 'failed' ? 'failed' : 'skipped' };
  const { message, name, number } = error;
  return { state: 'failed', error: new SqliteError(message, name, number, step) };
}
