// The base class of all errors of busbar, and the factory that makes the base classes for
// errors.ts. It formats nothing: the code that throws an error writes its whole text.
import { nameErrors } from '../base/name-errors.js';
import type { BusErrorCode, EntryOf, ErrorName } from './error-list.js';
import { entryOf } from './error-lookup.js';

/** Why one receiver did not get a message that was sent with `deliver`. */
export interface DeliveryFailure {
  /** The receiver; 0 if none was found. */
  readonly peerId: number;
  /** The `code` of an error, for example `'ERR_BUSBAR_PEER_GONE'`. */
  readonly reason: string;
}

/**
 * The facts that an error carries beside its text. Each known fact becomes a field of the error; an
 * unknown one is `undefined`.
 */
export interface BusErrorFacts {
  /** The identifier of the bus. */
  readonly bus?: string | undefined;
  /** The id of the endpoint of this process that the error belongs to. */
  readonly endpointId?: number | undefined;
  /** The id of the other endpoint. */
  readonly peerId?: number | undefined;
  /** The error number of the operating system, as it is in `errno`. */
  readonly osCode?: number | undefined;
  /** The system call that failed, as in `'memfd_create'`. */
  readonly syscall?: string | undefined;
  /** The path that the system call failed for. */
  readonly path?: string | undefined;
  /** The name of the option or argument that was refused. */
  readonly option?: string | undefined;
  /** The value that was refused. */
  readonly value?: unknown;
  /** The limit that was exceeded, in the unit that the message names. */
  readonly limit?: number | undefined;
  /** The message type concerned: its key in the message box, or else its UUID. */
  readonly type?: string | undefined;
  /** The receivers that did not get the message; only in an `UndeliveredError`. */
  readonly failures?: readonly DeliveryFailure[] | undefined;
  /** The error that caused this one, unchanged. */
  readonly cause?: unknown;
}

const factNames = [
  'bus',
  'endpointId',
  'peerId',
  'osCode',
  'syscall',
  'path',
  'option',
  'value',
  'limit',
  'type',
  'failures',
] as const satisfies readonly (keyof BusErrorFacts)[];

/**
 * The base of all errors of this package. Compare `code`, which never changes, or use `instanceof`
 * with the subclasses; the text is for people and may change.
 */
export abstract class BusError extends Error {
  /** The stable code: `'ERR_BUSBAR_…'`. */
  abstract readonly code: BusErrorCode;

  // Declared, not defined: only known facts become properties, so a log of the error shows no empty
  // ones.
  /** The identifier of the bus. */
  declare readonly bus: string | undefined;
  /** The id of the endpoint of this process that the error concerns. */
  declare readonly endpointId: number | undefined;
  /** The id of the other endpoint. */
  declare readonly peerId: number | undefined;
  /** The error number of the operating system, as in `errno`. */
  declare readonly osCode: number | undefined;
  /** The system call that failed, as in `'memfd_create'`. */
  declare readonly syscall: string | undefined;
  /** The file that the call failed for. */
  declare readonly path: string | undefined;
  /** The name of the option or argument that was refused. */
  declare readonly option: string | undefined;
  /** The value that was refused. */
  declare readonly value: unknown;
  /** The limit that was exceeded, in the unit that the text names. */
  declare readonly limit: number | undefined;
  /** The message type: its key in the message box, or its UUID. */
  declare readonly type: string | undefined;
  /** The receivers that did not get the message; only in an `UndeliveredError`. */
  declare readonly failures: readonly DeliveryFailure[] | undefined;

  constructor(message: string, facts: BusErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    for (const name of factNames) {
      if (facts[name] !== undefined) Object.assign(this, { [name]: facts[name] });
    }
  }
}

/** The result of {@link errorClass}: a class whose instances carry the code of `N`. */
export type BusErrorClass<N extends ErrorName> = new (
  message?: string,
  facts?: BusErrorFacts,
) => BusError & { readonly code: EntryOf<N>['code'] };

/**
 * Makes the base class for one row of the list. The default text is that of the row. `error.name`
 * is `shownName`, by default the name of the row with `Error` appended.
 */
export function errorClass<N extends ErrorName>(
  name: N,
  shownName = `${name}Error`,
): BusErrorClass<N> {
  const entry = entryOf(name);
  class ListedError extends BusError {
    override readonly code: BusErrorCode = entry.code;

    constructor(message: string = entry.text, facts?: BusErrorFacts) {
      super(message, facts);
    }
  }
  nameErrors(ListedError, shownName);
  // The compiler cannot see that the `code` of this row is that of N; entryOf() ensures it.
  return ListedError as unknown as BusErrorClass<N>;
}
