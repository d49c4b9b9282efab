// What calls know of the tracing of them: who is to be told what happens. Types only.
import type { Cause, Trace } from '../wire/metadata.js';
import type { CallDiagnostics } from './diagnostics.js';

/** A call at its client. */
export interface CallTracing extends CallDiagnostics {
  /** It was sent. */
  sent(peer: number, id: number): void;
  /** Starting it is over. */
  returned(): void;
  /** It is over; only the first of these counts. */
  finish(): void;
  /** It has failed, likewise. */
  failed(error: Error): void;
  /** It is about to be sent again. */
  next(): CallTracing;
}

/** A call at its server. */
export interface HandlingTracing extends CallDiagnostics {
  /** The message that the calls of the method are made for. */
  readonly cause: Cause;
  /** What the calls of the method are sent with. */
  readonly nested: Trace | undefined;
  /** The method has thrown. */
  threw(thrown: unknown): void;
  /** It is over; only the first of these counts. */
  finish(code?: string, error?: unknown): void;
  /** It has failed, likewise. */
  failed(error: Error): void;
}
