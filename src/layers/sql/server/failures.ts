// What a failed statement becomes on its way to the caller: one of the errors that the interface
// declares. Other errors are this program's own, and travel as they are.
import type { Call } from '../../rpc/index.js';
import type { Engine } from '../engine/engine.js';
import { resultName } from '../engine/results.js';
import type { SqlService } from '../service.js';
import { Refusal } from '../text/classify.js';
import { TooLarge } from './session.js';

type Query = (typeof SqlService)['methods']['query'];

/** Why a transaction is over. */
export type OverReason = 'committed' | 'rolled-back' | 'idle' | 'failed' | 'lost' | 'unknown';

/** A call for a transaction that is over, or that is not the caller's. */
export class Over extends Error {
  readonly why: OverReason;

  constructor(why: OverReason) {
    super(
      why === 'unknown'
        ? 'there is no such transaction of this caller'
        : `the transaction is over: ${why}`,
    );
    this.why = why;
  }
}

/** A step of a batch has failed. */
export class StepFailed extends Error {
  readonly step: number;

  constructor(step: number, cause: unknown) {
    super('a step has failed', { cause });
    this.step = step;
  }
}

/** The part of a call that makes errors. */
export type ErrorMaker = Pick<Call<Query>, 'error'>;

/** Makes the errors of calls. */
export class Failures {
  readonly #engine: Engine;
  readonly #maxResult: number;

  constructor(engine: Engine, maxResult: number) {
    this.#engine = engine;
    this.#maxResult = maxResult;
  }

  /** SQLite's result in an error; `undefined` if it is none of the driver. */
  resultOf(error: unknown): number | undefined {
    return this.#engine.resultOf(error);
  }

  /** The error that the caller gets. */
  declared(error: unknown, call: ErrorMaker): unknown {
    if (error instanceof StepFailed) return this.#made(error.cause, call, { step: error.step });
    return this.#made(error, call, {});
  }

  #made(error: unknown, call: ErrorMaker, step: { readonly step?: number }): unknown {
    if (error instanceof Refusal) {
      return call.error('Refused', { reason: error.reason, ...step }, error.message);
    }
    if (error instanceof Over)
      return call.error('TransactionOver', { why: error.why }, error.message);
    if (error instanceof TooLarge) {
      const limit = this.#maxResult;
      return call.error('TooLarge', { limit }, `the result has more than ${limit} bytes`);
    }
    const number = this.resultOf(error);
    if (number === undefined) return error;
    return call.error(
      'Sqlite',
      { name: resultName(number), number, ...step },
      (error as Error).message,
    );
  }
}
