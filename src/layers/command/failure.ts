// How a command fails: the codes that the program ends with, and one sentence with the next step.
import { UsageError } from './usage.js';

/** The codes that the program ends with. They never change. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** Nobody is there: no bus, no member that matches, no server. */
  nobody: 3,
  /** The time was over. */
  deadline: 4,
  interrupted: 130,
} as const;

/** A failure whose text already says what to do next. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

interface Advice {
  readonly exitCode: number;
  /** What to do next. */
  readonly next: string;
}

const failed = (next: string): Advice => ({ exitCode: exitCode.failed, next });

/** By the `code` of an error, so that no error class has to be loaded. */
const advices: Readonly<Record<string, Advice>> = {
  ERR_BUSBAR_TOKEN_MISMATCH: failed('put its token into BUSBAR_TOKEN or a file for --token-file'),
  ERR_BUSBAR_VERSION_MISMATCH: failed('use the busbar of the version that its members have'),
  ERR_BUSBAR_PERMISSION: failed('busbar doctor says more'),
  ERR_BUSBAR_LIMIT_EXCEEDED: failed('busbar ls shows who is there'),
  ERR_BUSBAR_NO_RECIPIENT: { exitCode: exitCode.nobody, next: 'busbar ls shows who is there' },
  ERR_BUSBAR_TIMEOUT: { exitCode: exitCode.deadline, next: 'busbar doctor looks for the reason' },
  ERR_BUSBAR_QUEUE_FULL: failed('its receiver is slow or stopped; busbar doctor says which'),
  ERR_BUSBAR_TOO_LARGE: failed('send less, or raise maxMessageBytes of the members'),
  ERR_BUSBAR_ABORTED: { exitCode: exitCode.interrupted, next: '' },
  NO_RECIPIENT: { exitCode: exitCode.nobody, next: 'busbar ls shows who is there' },
  DEADLINE: { exitCode: exitCode.deadline, next: 'give it more with --timeout' },
  CANCELLED: { exitCode: exitCode.interrupted, next: '' },
  PEER_GONE: failed('it may have been executed: look before you call again'),
  BUSY: failed('try again later, or another server with --to'),
  ENOENT: failed('check the name of the file'),
  EACCES: failed('check the rights of the file'),
};

/** The code that the program ends with because of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof Failure) return error.exitCode;
  return adviceOf(error)?.exitCode ?? exitCode.failed;
}

/** An error in one sentence with the next step. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const next = error instanceof Failure || error instanceof UsageError ? '' : adviceOf(error)?.next;
  return next === undefined || next === '' ? error.message : `${error.message}; ${next}`;
}

function adviceOf(error: unknown): Advice | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' && Object.hasOwn(advices, code) ? advices[code] : undefined;
}
