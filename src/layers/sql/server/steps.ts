// Several statements in the transaction that is open on a connection: each in a savepoint of its own
// and, if they are to succeed together, all of them in one more.
import { resultName } from '../engine/results.js';
import { Refusal } from '../text/classify.js';
import { type StatementText, statementOf } from '../text/statements.js';
import type { ChangeLog } from './change-log.js';
import { type Failures, StepFailed } from './failures.js';
import type { PackedResult, Session, StatementArgs } from './session.js';

/** A statement of a batch. */
export interface Step extends StatementArgs {
  readonly ifDone?: readonly number[] | undefined;
  readonly ifFailed?: readonly number[] | undefined;
}

/** What became of one. */
export interface Outcome {
  readonly state: 'done' | 'failed' | 'skipped';
  readonly result?: PackedResult;
  readonly error?: { readonly name: string; readonly number: number; readonly message: string };
}

/** The most statements of one batch or script. */
const maxSteps = 10_000;

/** Refuses what cannot run among other statements. `owned`: in a transaction of the caller. */
export function checkShared({ kind, sql }: StatementText, owned: boolean): void {
  if (kind === 'alone') {
    throw new Refusal('transaction', `${sql.slice(0, 20)} cannot run inside a transaction`);
  }
  if (kind === 'savepoint' && !owned) {
    throw new Refusal('savepoint', 'savepoints need a transaction; begin one by transaction()');
  }
}

/** A connection that changes are counted for. */
export interface Place {
  readonly session: Session;
  readonly changes: ChangeLog;
}

/**
 * Runs `work` in a savepoint: if it fails, nothing of it remains.
 * @throws What `work` throws.
 */
export function inSavepoint<T>({ session, changes }: Place, name: string, work: () => T): T {
  const mark = changes.mark();
  session.command(`SAVEPOINT ${name}`);
  let value: T;
  try {
    value = work();
  } catch (error) {
    changes.truncate(mark);
    // Some errors undo the whole transaction, and `ON CONFLICT ROLLBACK` does.
    if (session.connection.inTransaction) {
      session.command(`ROLLBACK TO ${name}`);
      session.command(`RELEASE ${name}`);
    }
    throw error;
  }
  session.command(`RELEASE ${name}`);
  return value;
}

/**
 * Compiles the texts of a batch; statements that no caller may run fail before anything has run.
 * @throws StepFailed
 */
export function compileSteps(steps: readonly Step[], owned: boolean): StatementText[] {
  if (steps.length > maxSteps) {
    throw new Refusal('too-long', `there are ${steps.length} steps; the limit is ${maxSteps}`);
  }
  return steps.map(({ sql, ifDone = [], ifFailed = [] }, step) => {
    try {
      const wrong = [...ifDone, ...ifFailed].find((other) => other >= step);
      if (wrong !== undefined) {
        throw new Refusal('values', `a condition names step ${wrong}, which is not before it`);
      }
      const statement = statementOf(sql);
      checkShared(statement, owned);
      return statement;
    } catch (error) {
      throw new StepFailed(step, error);
    }
  });
}

/** Runs steps that succeed or fail together. @throws StepFailed */
export function runTogether(
  place: Place,
  statements: readonly StatementText[],
  steps: readonly StatementArgs[],
): PackedResult[] {
  return inSavepoint(place, 'busbar_batch', () =>
    statements.map((statement, step) => {
      try {
        return place.session.run(statement, steps[step] as StatementArgs);
      } catch (error) {
        throw new StepFailed(step, error);
      }
    }),
  );
}

/** Runs steps of which each may fail. @throws StepFailed if one undoes the whole transaction. */
export function runEach(
  place: Place,
  statements: readonly StatementText[],
  steps: readonly Step[],
  failures: Failures,
): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const [step, statement] of statements.entries()) {
    const args = steps[step] as Step;
    const is = (state: Outcome['state']) => (other: number) => outcomes[other]?.state === state;
    if (!(args.ifDone ?? []).every(is('done')) || !(args.ifFailed ?? []).every(is('failed'))) {
      outcomes.push({ state: 'skipped' });
      continue;
    }
    try {
      const result = inSavepoint(place, 'busbar_step', () => place.session.run(statement, args));
      outcomes.push({ state: 'done', result });
    } catch (error) {
      const number = failures.resultOf(error);
      if (number === undefined || !place.session.connection.inTransaction) {
        throw new StepFailed(step, error);
      }
      const { message } = error as Error;
      outcomes.push({ state: 'failed', error: { name: resultName(number), number, message } });
    }
  }
  return outcomes;
}
