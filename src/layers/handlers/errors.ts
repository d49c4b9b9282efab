// The errors of this layer. They extend Error: their codes are this layer's own.
import { nameErrors } from '../../base/name-errors.js';

/** The base of the errors of this layer. Compare `code`, which never changes. */
export abstract class HandlersError extends Error {
  /** The stable code, `'ERR_BUSBAR_HANDLERS_…'`. */
  abstract readonly code: `ERR_BUSBAR_HANDLERS_${string}`;
}

/** A table, or a route of it, is wrong. `handle` throws it before it joins. */
export class TableError extends HandlersError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_HANDLERS_TABLE';
  /** The key of the table; `undefined` if no single one is wrong. */
  readonly key: string | undefined;

  constructor(message: string, key?: string) {
    super(message);
    this.key = key;
  }
}

/** A middleware called `next()` a second time. */
export class NextTwiceError extends HandlersError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_HANDLERS_NEXT_TWICE';
}

/** A handler returned something that is no message of its box. */
export class ReplyError extends HandlersError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_HANDLERS_REPLY';
}

/** A worker could not be started, or ended before it was asked to; `cause` may say why. */
export class WorkerError extends HandlersError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_HANDLERS_WORKER';
}

nameErrors(TableError, 'TableError');
nameErrors(NextTwiceError, 'NextTwiceError');
nameErrors(ReplyError, 'ReplyError');
nameErrors(WorkerError, 'WorkerError');
